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
    private let inputs: [Buffer], targets: Buffer, weights: Buffer
    private let inputBytes: [Int], targetBytes: Int, weightBytes: Int
    private let takesTokens: [Bool]
    private let precision: Precision
    private let loss: Loss
    private let layout: LossLayout
    /// Bytes of streamed inputs that are kept in memory: batches.
    private static let mostInMemory = 256 << 20

    /// Room for examples of a data set, for a network and its loss; none is loaded.
    init(
        capacity: Int, of data: Dataset, for network: Network, _ loss: Loss, _ layout: LossLayout,
        _ precision: Precision
    ) throws(ObjectiveError) {
        self.capacity = capacity
        (self.loss, self.layout, self.precision) = (loss, layout, precision)
        takesTokens = network.inputs.map(\.takesTokens)
        inputBytes = zip(data.arrays, network.inputs).map { $0.size * ($1.takesTokens ? 4 : precision.size) }
        targetBytes = layout.targetWidth * (layout.target == .classes ? 4 : precision.size)
        weightBytes = layout.isWeighted ? layout.elements * precision.size : 0
        var inputs: [Buffer] = [], bytes = 0
        for (array, width) in zip(data.arrays, inputBytes) {
            // Inputs that stay in their file do not fit into memory here either.
            if case .streamed = array.values, capacity * width > Self.mostInMemory {
                guard let file = Buffer(inTemporaryFileOf: capacity * width) else {
                    throw .noRoom(bytes: capacity * width)
                }
                inputs.append(file)
            } else {
                inputs.append(Buffer(byteCount: capacity * width))
                bytes += inputs[inputs.count - 1].byteCount
            }
        }
        self.inputs = inputs
        targets = Buffer(byteCount: capacity * targetBytes)
        weights = Buffer(byteCount: capacity * weightBytes)
        byteCount = bytes + targets.byteCount + weights.byteCount
    }

    convenience init(
        _ data: Dataset, _ indices: some Collection<Int>, for network: Network, _ loss: Loss, _ layout: LossLayout,
        _ precision: Precision
    ) throws(ObjectiveError) {
        try self.init(capacity: indices.count, of: data, for: network, loss, layout, precision)
        load(indices, of: data)
    }

    /// Puts these examples in the first places.
    func load(_ indices: some Collection<Int>, of data: Dataset) {
        precondition(indices.count <= capacity, "\(indices.count) examples in room for \(capacity)")
        for (array, buffer) in inputs.enumerated() {
            let total = indices.count * data.arrays[array].size
            func space<Scalar>(_ type: Scalar.Type) -> UnsafeMutableBufferPointer<Scalar> {
                UnsafeMutableBufferPointer(start: buffer.address.assumingMemoryBound(to: type), count: total)
            }
            if takesTokens[array] {
                data.copyTokens(of: indices, array: array, to: space(Int32.self))
            } else if precision == .float {
                data.copyInputs(of: indices, array: array, to: space(Float.self))
            } else {
                data.copyInputs(of: indices, array: array, to: space(Double.self))
            }
        }
        loadTargets(indices, of: data)
        guard layout.isWeighted else { return }
        var row = [Double](repeating: 0, count: layout.elements)
        for (place, index) in indices.enumerated() {
            row.withUnsafeMutableBufferPointer { ElementCounts.weights(of: index, data, loss, layout, $0) }
            weights.store(row, from: place * row.count, as: precision)
        }
    }

    private func loadTargets(_ indices: some Collection<Int>, of data: Dataset) {
        let width = layout.targetWidth
        switch (data.targets, layout.target) {
        case (.classes(let labels, _), .classes):
            let to = targets.address.assumingMemoryBound(to: Int32.self)
            for (row, index) in indices.enumerated() {
                for element in 0..<width {
                    let label = labels[index * width + element]
                    // A label that does not count is any.
                    to[row * width + element] = layout.isWeighted && Int(label) == loss.ignoreIndex ? 0 : label
                }
            }
        case (.classes(let labels, _), .values), (.classes(let labels, _), .distributions):
            // A regression on classes: their one-hot rows.
            for (row, index) in indices.enumerated() {
                let oneHot = (0..<width).map { $0 == Int(labels[index]) ? 1.0 : 0 }
                targets.store(oneHot, from: row * width, as: precision)
            }
        case (.values(let values, _), _):
            for (row, index) in indices.enumerated() where width > 0 {
                targets.store(values[(index * width)..<((index + 1) * width)], from: row * width, as: precision)
            }
        case (_, .none), (.none, _): break
        }
    }

    /// Where the data of a batch are, from an example on.
    func place(from example: Int) -> BatchProgram.Data {
        func at(_ buffer: Buffer, _ bytes: Int) -> UnsafeRawPointer {
            UnsafeRawPointer(buffer.address + example * bytes)
        }
        return BatchProgram.Data(
            inputs: zip(inputs, inputBytes).map(at), targets: at(targets, targetBytes),
            weights: at(weights, weightBytes))
    }

    /// Overwrites the first input of one example, as augmentation does.
    func withInputs<Scalar>(of example: Int, as type: Scalar.Type, _ body: (UnsafeMutableBufferPointer<Scalar>) -> Void)
    {
        let start = (inputs[0].address + example * inputBytes[0]).assumingMemoryBound(to: Scalar.self)
        body(UnsafeMutableBufferPointer(start: start, count: inputBytes[0] / MemoryLayout<Scalar>.stride))
    }
}
