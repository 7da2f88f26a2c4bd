import Tensors

/// A compiled graph with memory for its inputs, for computing with numbers at hand, such as a trial of an imported
/// model.
public final class GraphRun {
    /// The compiled graph.
    public let executable: Executable
    /// The memory of its one batch.
    public let instance: Executable.Instance
    private var buffers: [Buffer] = []

    /// Runs of a graph that is compiled already.
    public init(_ executable: Executable) {
        self.executable = executable
        instance = executable.makeInstance()
    }

    /// Compiles a graph for its outputs.
    public convenience init(_ graph: Graph, _ outputs: [Value], _ precision: Precision) {
        self.init(Executable(graph, outputs: outputs, precision: precision))
    }

    /// Copies numbers into memory for an input, row-major, rounded to the executable's precision.
    ///
    /// - Precondition: as many as the input has elements.
    public func bind(_ input: Value, _ numbers: [Double]) {
        precondition(numbers.count == input.type.count, "\(numbers.count) numbers for an input \(input.type)")
        let buffer = Buffer(byteCount: numbers.count * executable.precision.size)
        buffer.store(numbers, as: executable.precision)
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }

    /// Copies indices into memory for an input.
    ///
    /// - Precondition: as many as the input has elements.
    public func bind(_ input: Value, indices: [Int32]) {
        precondition(indices.count == input.type.count, "\(indices.count) indices for an input \(input.type)")
        let buffer = Buffer(byteCount: indices.count * 4)
        for (i, n) in indices.enumerated() { buffer.address.assumingMemoryBound(to: Int32.self)[i] = n }
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }

    /// Binds inputs to consecutive parts of a vector, such as θ, in their order.
    public func bindTensors(_ inputs: [Value], _ numbers: [Double]) {
        var next = 0
        for input in inputs {
            bind(input, Array(numbers[next..<(next + input.type.count)]))
            next += input.type.count
        }
    }

    /// Computes all values from a stage on.
    public func run(from stage: Stage = .data) {
        // The instance knows addresses only.
        withExtendedLifetime(buffers) { executable.run(instance, from: stage) }
    }

    /// Elements of an output after a run, row-major; indices as numbers of the same value.
    public func numbers(_ output: Value) -> [Double] {
        if output.type.element == .real { return executable.numbers(of: output, in: instance) }
        let indices = executable.address(of: output, in: instance).assumingMemoryBound(to: Int32.self)
        return (0..<output.type.count).map { Double(indices[$0]) }
    }
}
