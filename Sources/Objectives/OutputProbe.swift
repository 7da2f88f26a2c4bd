import Datasets
import Models
import Tensors

/// A model's outputs for a few examples in Float64, to see whether other weights compute the same.
package struct OutputProbe {
    private let objective: NetworkObjective
    private let before: [Double], largest: Double

    /// - Parameters:
    ///   - data: examples that the model takes.
    ///   - examples: how many of them at most; a network may take a number of its own.
    /// - Throws: what the network's outputs throw.
    package init(_ model: Model, on data: Dataset, examples: Int) throws {
        let count = min(data.count, model.network.onlyBatch ?? examples)
        objective = try model.objective(data.subset(Array(0..<count)), precision: .double)
        before = try objective.outputs(at: model.theta)
        largest = before.reduce(0) { max($0, abs($1)) }
    }

    /// The largest change of an output at other weights, relative to the largest output; ∞ where one is not finite.
    ///
    /// - Parameter statistics: other buffers; nil for the model's own.
    package func change(at theta: [Double], statistics: [Double]? = nil) throws -> Double {
        let objective = statistics.map { self.objective.with(statistics: $0) } ?? objective
        let change = try zip(before, objective.outputs(at: theta)).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return change == 0 ? 0 : change.isFinite ? change / largest : .infinity
    }
}
