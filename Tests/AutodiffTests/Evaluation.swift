import Tensors

@testable import Autodiff

/// Runs a graph once on numbers given for its inputs.
func evaluate(
    _ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], indices: [(Value, [Int32])] = [],
    _ precision: Precision = .double
) -> [[Double]] {
    evaluate(graph, outputs, inputs, indices: indices, kernels: Kernels(precision))
}

func evaluate(
    _ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], indices: [(Value, [Int32])] = [],
    kernels: Kernels
) -> [[Double]] {
    let executable = Executable(graph, outputs: outputs, kernels: kernels), precision = kernels.precision
    let instance = executable.makeInstance()
    var buffers: [Buffer] = []
    for (input, numbers) in inputs {
        precondition(numbers.count == input.type.count)
        let buffer = Buffer(byteCount: numbers.count * precision.size)
        buffer.store(numbers, as: precision)
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }
    for (input, numbers) in indices {
        let buffer = Buffer(byteCount: numbers.count * 4)
        for (i, n) in numbers.enumerated() { buffer.address.assumingMemoryBound(to: Int32.self)[i] = n }
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }
    executable.run(instance)
    return withExtendedLifetime(buffers) { outputs.map { executable.numbers(of: $0, in: instance) } }
}

/// Numbers in a range, from a seed.
func sample(_ count: Int, _ range: ClosedRange<Double> = -1...1, seed: UInt64 = 1) -> [Double] {
    let random = RandomNumbers(seed: seed).named("sample")
    return (0..<count).map { range.lowerBound + (range.upperBound - range.lowerBound) * random.uniform(at: $0) }
}

func dot(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a, b).reduce(0) { $0 + zip($1.0, $1.1).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// The largest difference relative to the largest number of `b` (or 1).
func relativeError(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = b.reduce(1e-300) { max($0, abs($1)) }
    return zip(a, b).reduce(0) {
        $1.0 == $1.1 ? $0 : max($0, ($1.0 - $1.1).magnitude.isNaN ? .infinity : abs($1.0 - $1.1))
    } / scale
}
