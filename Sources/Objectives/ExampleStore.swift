import Datasets
import Networks
import Tensors

/// Examples converted to the precision of a computation, where programs read them. The memory is made once; other examples
/// can be loaded into it, as many as it has room for.
final class ExampleStore {
    /// How many examples it has room for.
    let capacity: Int
    /// Bytes of memory that the examples take.
    let byteCount: Int
    private let inputs: Buffer, targets: Buffer
    private let inputBytes: Int, targetBytes: Int
    private let precision: Precision
    private let takesClasses: Bool
    private let outputs: Int
    /// Bytes of streamed inputs that are kept in memory: batches.
    private static let mostInMemory = 256 << 20

    /// Room for examples of a data set, for a network with that many outputs; none is loaded.
    init(capacity: Int, of data: Dataset, outputs: Int, _ loss: Loss, _ precision: Precision) throws(ObjectiveError) {
        self.capacity = capacity
        self.outputs = outputs
        self.precision = precision
        takesClasses = loss.takesClasses
        if case .tokens = data.inputs {
            inputBytes = data.exampleSize * 4
        } else {
            inputBytes = data.exampleSize * precision.size
        }
        targetBytes = takesClasses ? 4 : outputs * precision.size
        // Inputs that stay in their file do not fit into memory here either.
        var file: Buffer?
        if case .streamed = data.inputs, capacity * inputBytes > Self.mostInMemory {
            file = Buffer(inTemporaryFileOf: capacity * inputBytes)
            if file == nil { throw .noRoom(bytes: capacity * inputBytes) }
        }
        inputs = file ?? Buffer(byteCount: capacity * inputBytes)
        targets = Buffer(byteCount: capacity * targetBytes)
        byteCount = (file == nil ? inputs.byteCount : 0) + targets.byteCount
    }

    convenience init(
        _ data: Dataset, _ indices: some Collection<Int>, outputs: Int, _ loss: Loss, _ precision: Precision
    ) throws(ObjectiveError) {
        try self.init(capacity: indices.count, of: data, outputs: outputs, loss, precision)
        load(indices, of: data)
    }

    /// Puts these examples in the first places.
    func load(_ indices: some Collection<Int>, of data: Dataset) {
        precondition(indices.count <= capacity, "\(indices.count) examples in room for \(capacity)")
        let example = data.exampleSize
        if case .tokens(let tokens) = data.inputs {
            let to = inputs.address.assumingMemoryBound(to: Int32.self)
            for (row, index) in indices.enumerated() {
                for j in 0..<example { to[row * example + j] = tokens[index * example + j] }
            }
        } else {
            let total = indices.count * example
            switch precision {
            case .float:
                let to = inputs.address.assumingMemoryBound(to: Float.self)
                data.copyInputs(of: indices, to: UnsafeMutableBufferPointer(start: to, count: total))
            case .double:
                let to = inputs.address.assumingMemoryBound(to: Double.self)
                data.copyInputs(of: indices, to: UnsafeMutableBufferPointer(start: to, count: total))
            }
        }
        switch (data.targets, takesClasses) {
        case (.classes(let labels, _), true):
            let to = targets.address.assumingMemoryBound(to: Int32.self)
            for (row, index) in indices.enumerated() { to[row] = labels[index] }
        case (.classes(let labels, _), false):
            // A regression on classes: their one-hot rows.
            for (row, index) in indices.enumerated() {
                let oneHot = (0..<outputs).map { $0 == Int(labels[index]) ? 1.0 : 0 }
                targets.store(oneHot, from: row * outputs, as: precision)
            }
        case (.values(let values, let width), _):
            for (row, index) in indices.enumerated() {
                targets.store(values[(index * width)..<((index + 1) * width)], from: row * width, as: precision)
            }
        }
    }

    func inputs(from example: Int) -> UnsafeRawPointer { UnsafeRawPointer(inputs.address + example * inputBytes) }
    func targets(from example: Int) -> UnsafeRawPointer { UnsafeRawPointer(targets.address + example * targetBytes) }

    /// Overwrites the inputs of one example, as augmentation does.
    func withInputs<Scalar>(of example: Int, as type: Scalar.Type, _ body: (UnsafeMutableBufferPointer<Scalar>) -> Void)
    {
        let start = (inputs.address + example * inputBytes).assumingMemoryBound(to: Scalar.self)
        body(UnsafeMutableBufferPointer(start: start, count: inputBytes / MemoryLayout<Scalar>.stride))
    }
}
