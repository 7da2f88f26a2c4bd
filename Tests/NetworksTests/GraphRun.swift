import Autodiff
import Tensors

/// A compiled graph with memory for its inputs.
final class GraphRun {
    let executable: Executable
    let instance: Executable.Instance
    private var buffers: [Buffer] = []

    init(_ graph: Graph, _ outputs: [Value], _ precision: Precision) {
        executable = Executable(graph, outputs: outputs, precision: precision)
        instance = executable.makeInstance()
    }

    func bind(_ input: Value, _ numbers: [Double]) {
        precondition(numbers.count == input.type.count)
        let buffer = Buffer(byteCount: numbers.count * executable.precision.size)
        buffer.store(numbers, as: executable.precision)
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }

    func bind(_ input: Value, indices: [Int32]) {
        let buffer = Buffer(byteCount: indices.count * 4)
        for (i, n) in indices.enumerated() { buffer.address.assumingMemoryBound(to: Int32.self)[i] = n }
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }

    /// Tensors that lie one after another in a vector.
    func bindTensors(_ inputs: [Value], _ numbers: [Double]) {
        var next = 0
        for input in inputs {
            bind(input, Array(numbers[next..<(next + input.type.count)]))
            next += input.type.count
        }
    }

    func run(from stage: Stage = .data) { executable.run(instance, from: stage) }
    func numbers(_ output: Value) -> [Double] { executable.numbers(of: output, in: instance) }
}
