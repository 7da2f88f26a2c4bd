import Tensors

/// A compiled graph with memory of its own for its inputs, for what is run on numbers at hand, such as a trial.
public final class GraphRun {
    public let executable: Executable
    public let instance: Executable.Instance
    private var buffers: [Buffer] = []

    public init(_ executable: Executable) {
        self.executable = executable
        instance = executable.makeInstance()
    }

    public convenience init(_ graph: Graph, _ outputs: [Value], _ precision: Precision) {
        self.init(Executable(graph, outputs: outputs, precision: precision))
    }

    public func bind(_ input: Value, _ numbers: [Double]) {
        precondition(numbers.count == input.type.count, "\(numbers.count) numbers for an input \(input.type)")
        let buffer = Buffer(byteCount: numbers.count * executable.precision.size)
        buffer.store(numbers, as: executable.precision)
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }

    public func bind(_ input: Value, indices: [Int32]) {
        precondition(indices.count == input.type.count, "\(indices.count) indices for an input \(input.type)")
        let buffer = Buffer(byteCount: indices.count * 4)
        for (i, n) in indices.enumerated() { buffer.address.assumingMemoryBound(to: Int32.self)[i] = n }
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }

    /// Tensors that lie one after another in a vector.
    public func bindTensors(_ inputs: [Value], _ numbers: [Double]) {
        var next = 0
        for input in inputs {
            bind(input, Array(numbers[next..<(next + input.type.count)]))
            next += input.type.count
        }
    }

    public func run(from stage: Stage = .data) {
        // The instance knows addresses only.
        withExtendedLifetime(buffers) { executable.run(instance, from: stage) }
    }

    public func numbers(_ output: Value) -> [Double] {
        if output.type.element == .real { return executable.numbers(of: output, in: instance) }
        let indices = executable.address(of: output, in: instance).assumingMemoryBound(to: Int32.self)
        return (0..<output.type.count).map { Double(indices[$0]) }
    }
}
