import Essentials
import Models
import Networks
import Objectives
import Tensors

/// One network with its hidden units in the order in which they are nearest to another's: the same function, other weights.
///
/// ```swift
/// let alignment = try Alignment(of: second, named: "b.bin", to: first, named: "a.bin")
/// try alignment.checkpoint.write(to: "b-aligned.bin")
/// ```
public struct Alignment: Sendable {
    /// The aligned network. It has the metadata of the one given, without its optimiser's state.
    public let model: Model
    /// Which units could be permuted.
    public let symmetry: PermutationSymmetry
    /// How they were.
    public let matching: WeightMatching
    /// The largest change of an output over some examples in Float64, relative to the largest output: 0 or rounding.
    public let outputChange: Double

    /// Why networks cannot be aligned.
    public enum Failure: DescribedError, Equatable {
        /// A network no unit of which may be permuted.
        case noHiddenUnits(model: String)
        /// Outputs that changed, though the graph says that they do not.
        case outputsChanged(Double)

        /// True for what another checkpoint can do.
        public var isOfRequest: Bool { if case .noHiddenUnits = self { true } else { false } }
        /// One line: what was found, what was expected, what to do.
        public var description: String {
            switch self {
            case .noHiddenUnits(let model):
                "\(model) has no hidden units whose order is free, so there is nothing to align; expected a network with a hidden layer"
            case .outputsChanged(let change):
                "the permuted network's outputs differ by \(Format.short(change)) of the largest: its symmetry was derived wrongly, and nothing was written; please report this network"
            }
        }
    }

    /// Outputs in Float64 may change by so much: sums in another order. 1e-9, ours.
    static let tolerance = 1e-9

    /// - Parameters:
    ///   - second: the network to align, and what it is called.
    ///   - first: the network that stays.
    ///   - seed: of the order in which dimensions are matched.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where the networks differ in their tensors; `Failure`; what the data and the network's outputs throw.
    public init(
        of second: Model, named name: String, to first: Model, named firstName: String, seed: UInt64 = 0,
        monitor: Monitor = .silent
    ) throws {
        try first.checkTensors(of: second, name, as: firstName)
        symmetry = PermutationSymmetry(of: first.network)
        guard !symmetry.dimensions.isEmpty else { throw Failure.noHiddenUnits(model: first.metadata.model) }
        matching = try WeightMatching(symmetry, first.theta, second.theta, first.network.parameters, seed: seed) {
            try monitor.update("weight matching", $0, of: WeightMatching.usualOrders)
        }
        let (theta, buffers) = symmetry.permuted(second.theta, second.buffers, by: matching.permutations)
        model = Model(
            second.network, theta: theta, buffers: buffers, loss: second.loss, metadata: second.metadata)
        outputChange = try OutputProbe(second, on: second.dataset(.train, nil), examples: 8).change(
            at: theta, statistics: buffers)
        guard outputChange <= Self.tolerance else { throw Failure.outputsChanged(outputChange) }
    }

    /// What its file keeps.
    public var checkpoint: Checkpoint {
        var metadata = model.metadata
        // No training goes on from it: the optimiser's state is in the former order.
        metadata.training?.derivation = "aligned"
        return Model.checkpoint(model.network, theta: model.theta, buffers: model.buffers, metadata: metadata)
    }

    /// Units in another place, and all, over all dimensions.
    public var units: (moved: Int, all: Int) {
        let dimensions = symmetry.dimensions
        return (dimensions.indices.reduce(0) { $0 + moved($1) }, dimensions.reduce(0) { $0 + $1.size })
    }

    /// How many units of a dimension are in another place.
    public func moved(_ dimension: Int) -> Int {
        matching.permutations[dimension].enumerated().count { $0.offset != $0.element }
    }
}
