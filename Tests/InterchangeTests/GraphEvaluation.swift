import Autodiff
import Tensors

/// Runs a graph once in Float64 on numbers given for its inputs.
func evaluate(_ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], _ precision: Precision = .double)
    -> [[Double]]
{
    let executable = Executable(graph, outputs: outputs, precision: precision)
    let instance = executable.makeInstance()
    var buffers: [Buffer] = []
    for (input, numbers) in inputs {
        precondition(numbers.count == input.type.count)
        let buffer = Buffer(byteCount: numbers.count * precision.size)
        buffer.store(numbers, as: precision)
        executable.bind(input, to: buffer.address, in: instance)
        buffers.append(buffer)
    }
    executable.run(instance)
    return withExtendedLifetime(buffers) {
        outputs.map { output in
            if output.type.element == .real { return executable.numbers(of: output, in: instance) }
            let indices = executable.address(of: output, in: instance).assumingMemoryBound(to: Int32.self)
            return (0..<output.type.count).map { Double(indices[$0]) }
        }
    }
}

/// Numbers in a range, from a seed.
func sample(_ count: Int, _ range: ClosedRange<Double> = -1...1, seed: UInt64 = 1) -> [Double] {
    let random = RandomNumbers(seed: seed).named("sample")
    return (0..<count).map { range.lowerBound + (range.upperBound - range.lowerBound) * random.uniform(at: $0) }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
