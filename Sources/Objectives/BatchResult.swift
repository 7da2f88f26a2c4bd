import Autodiff
import Tensors

/// What a batch gives for a tangent, while it is collected.
struct BatchResult {
    let program: BatchProgram
    let instance: Executable.Instance, context: Executable.Context
    let tangent: Int
    /// Its number in the data.
    let batch: Int
    /// Computes it, for a program that passes its derivative on: that is added first, and once. Nil where it has been computed.
    let run: ((Executable.Take?) -> Void)?

    /// Σ wℓ over the elements of each example; of each block of logits where they are summed by blocks.
    var losses: [Double] { numbers(of: program.losses) }

    /// Σ wℓ over the batch, in Float64.
    var lossSum: Double { losses.reduce(0, +) }

    /// How many elements are classified right; nil for regression.
    private var correctCount: Double? { program.correct.map { numbers(of: $0).reduce(0, +) } }

    /// f(x; θ) of the batch, examples × outputs; of an `.outputs` program.
    var outputs: [Double] { numbers(of: program.built.output) }

    /// What the network says that its parameters reach the loss through; of a `.predictions` program.
    var predictions: [[Double]] { program.built.predictions.map(numbers) }

    /// The batch's own statistic for each buffer that has one: buffer number and values.
    var statistics: [(buffer: Int, values: [Double])] {
        program.built.statistics.enumerated().compactMap { i, value in value.map { (i, numbers(of: $0)) } }
    }

    private func numbers(of output: Value) -> [Double] {
        program.executable.numbers(of: output, in: instance, context)
    }

    /// Adds the derivative to a sum, in Float64.
    ///
    /// - Parameter sum: at least as long as θ; numbers beyond stay.
    func addDerivative(to sum: inout [Double]) {
        let precision = program.executable.precision, layout = program.network.parameters
        sum.withUnsafeMutableBufferPointer { sum in
            forEachTensor { Vectors.add($1, as: precision, to: .init(rebasing: sum[layout.range($0)])) }
        }
    }

    /// The derivative times a number, in Float64: what a sum of this batch alone would be, in one pass.
    ///
    /// - Parameter withLosses: whether the sum of losses, as it is, comes last.
    func derivative(times scale: Double, withLosses: Bool) -> [Double] {
        let precision = program.executable.precision, layout = program.network.parameters
        return Vectors.written(layout.count + (withLosses ? 1 : 0)) { numbers in
            var count = 0
            forEachTensor {
                let range = layout.range($0)
                Vectors.store($1, as: precision, times: scale, in: .init(rebasing: numbers[range]))
                count += range.count
            }
            guard withLosses else { return count }
            numbers[count] = lossSum
            return count + 1
        }
    }

    /// The same numbers as `derivative(times:withLosses:)`, in the precision that they were computed in.
    func storedDerivative(times scale: Double) -> StoredVector {
        let precision = program.executable.precision, layout = program.network.parameters
        guard precision == .float else { return StoredVector(derivative(times: scale, withLosses: false)) }
        let floats = Buffer(byteCount: layout.count * precision.size)
        forEachTensor {
            let range = layout.range($0)
            floats.store($1, range.count, from: range.lowerBound, as: precision)
        }
        return StoredVector(floats, count: layout.count, times: scale)
    }

    /// Hands over where the derivative by each tensor of θ lies.
    private func forEachTensor(_ body: Executable.Take) {
        if let run { return withoutActuallyEscaping(body) { run($0) } }
        for (tensor, value) in program.derivative.enumerated() {
            body(tensor, program.executable.address(of: value, in: instance, context))
        }
    }

    /// Adds the sum of losses and, where examples are classified, how many elements are right to the two numbers from a place on.
    func addLoss(to sum: inout [Double], at place: Int = 0) {
        sum[place] += lossSum
        if let correctCount { sum[place + 1] += correctCount }
    }
}
