import Datasets
import Essentials
import Models
import Networks
import Tensors

/// A model's outputs for a few examples in Float64, to see whether other weights compute the same.
package struct OutputProbe {
    private let objective: NetworkObjective
    private let before: [Double], largest: Double

    /// - Parameters:
    ///   - data: examples that the model takes.
    ///   - examples: how many of them at most; a network may take a number of its own.
    ///   - precision: of the network.
    /// - Throws: what the network's outputs throw.
    package init(_ model: Model, on data: Dataset, examples: Int, precision: Precision = .double) throws {
        let count = min(data.count, model.network.onlyBatch ?? examples)
        objective = try model.objective(data.subset(Array(0..<count)), precision: precision)
        before = try objective.outputs(at: model.theta)
        largest = before.reduce(0) { max($0, abs($1)) }
    }

    /// The largest change of an output at other weights, relative to the largest output; ∞ where one is not finite.
    ///
    /// - Parameter statistics: other buffers; nil for the model's own.
    package func change(at theta: [Double], statistics: [Double]? = nil) throws -> Double {
        let objective = statistics.map { self.objective.with(statistics: $0) } ?? objective
        return change(to: try objective.outputs(at: theta))
    }

    private func change(to after: [Double]) -> Double {
        guard before.count == after.count else { return .infinity }
        let change = zip(before, after).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return change == 0 ? 0 : change.isFinite ? change / largest : .infinity
    }

    /// Two exports of one network differ by rounding; 1e-3 of the largest output, ours, is far above that in Float32.
    private static let tolerance = 1e-3

    /// Makes sure that two models compute the same by the same weights: where their names leave that open, by the outputs for two examples.
    ///
    /// - Parameters:
    ///   - other: a model with the tensors of the first, and what it is called.
    ///   - model: the first, and what it is called.
    /// - Throws: `UnusableRequest` where they do not; what outputs throw.
    package static func checkSameFunction(
        of other: (model: Model, name: String), as model: (model: Model, name: String), on data: Dataset
    ) throws {
        let (a, b) = (model.model.network, other.model.network)
        // Two files may have one name.
        let isNamed = !a.specification.hasPrefix("onnx:") && a.specification == b.specification
        if isNamed && a.options == b.options || data.count == 0 { return }
        let probe = try OutputProbe(other.model, on: data, examples: 2, precision: .float)
        // Outputs that are not finite say nothing.
        guard probe.before.allSatisfy(\.isFinite) else { return }
        let there = Model(
            a, theta: other.model.theta, buffers: other.model.buffers, loss: other.model.loss,
            metadata: other.model.metadata)
        let after = try OutputProbe(there, on: data, examples: 2, precision: .float).before
        guard probe.change(to: after) > tolerance else { return }
        throw UnusableRequest(
            "\(other.name), \(other.model.metadata.model), computes something else by its weights than \(model.name), \(model.model.metadata.model), would by the same; expected two networks of one graph"
        )
    }
}
