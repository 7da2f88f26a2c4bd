import Datasets
import Networks
import Tensors

/// Examples converted to the precision of a computation, where programs read them.
final class ExampleStore {
    let count: Int
    private let inputs: Buffer, targets: Buffer
    private let inputBytes: Int, targetBytes: Int

    init(_ data: Dataset, _ indices: some Collection<Int>, _ loss: Loss, _ precision: Precision) {
        count = indices.count
        let example = data.exampleSize
        if case .tokens(let tokens) = data.inputs {
            inputBytes = example * 4
            inputs = Buffer(byteCount: indices.count * inputBytes)
            let to = inputs.address.assumingMemoryBound(to: Int32.self)
            for (row, index) in indices.enumerated() {
                for j in 0..<example { to[row * example + j] = tokens[index * example + j] }
            }
        } else {
            inputBytes = example * precision.size
            inputs = Buffer(byteCount: indices.count * inputBytes)
            let total = indices.count * example
            switch precision {
            case .float:
                data.copyInputs(of: indices, to: UnsafeMutableBufferPointer(start: inputs.address.assumingMemoryBound(to: Float.self), count: total))
            case .double:
                data.copyInputs(of: indices, to: UnsafeMutableBufferPointer(start: inputs.address.assumingMemoryBound(to: Double.self), count: total))
            }
        }
        switch (data.targets, loss.takesClasses) {
        case (.classes(let labels, _), true):
            targetBytes = 4
            targets = Buffer(byteCount: indices.count * 4)
            let to = targets.address.assumingMemoryBound(to: Int32.self)
            for (row, index) in indices.enumerated() { to[row] = labels[index] }
        case (.classes(let labels, let classes), false):
            // A regression on classes: their one-hot rows.
            targetBytes = classes * precision.size
            targets = Buffer(byteCount: indices.count * targetBytes)
            for (row, index) in indices.enumerated() { targets.store([1], from: row * classes + Int(labels[index]), as: precision) }
        case (.values(let values, let width), _):
            targetBytes = width * precision.size
            targets = Buffer(byteCount: indices.count * targetBytes)
            for (row, index) in indices.enumerated() {
                targets.store(values[(index * width)..<((index + 1) * width)], from: row * width, as: precision)
            }
        }
    }

    func inputs(from example: Int) -> UnsafeRawPointer { UnsafeRawPointer(inputs.address + example * inputBytes) }
    func targets(from example: Int) -> UnsafeRawPointer { UnsafeRawPointer(targets.address + example * targetBytes) }

    /// Overwrites the inputs of one example, as augmentation does.
    func withInputs<Scalar>(of example: Int, as type: Scalar.Type, _ body: (UnsafeMutableBufferPointer<Scalar>) -> Void) {
        let start = (inputs.address + example * inputBytes).assumingMemoryBound(to: Scalar.self)
        body(UnsafeMutableBufferPointer(start: start, count: inputBytes / MemoryLayout<Scalar>.stride))
    }
}
