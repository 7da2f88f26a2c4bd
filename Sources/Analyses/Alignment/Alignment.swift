import ArrayFiles
import Datasets
import Essentials
import Models
import Networks
import Objectives
import Tensors

/// One network with its hidden units in the order in which they agree with another's: the same function, other weights.
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
    /// What they were matched by.
    public let kind: Kind
    /// Of each hidden dimension: unit i of the aligned network is the unit `permutations[dimension][i]` of the one given.
    public let permutations: [[Int]]
    /// Passes over all dimensions, the last of which changed nothing.
    public let passes: Int
    /// ‖θ_A − θ_B‖₂ before, and after.
    public let distances: (before: Double, after: Double)
    /// The matching by activations; nil for one by weights.
    public let activations: ActivationMatching?
    /// How the permutations were refined; nil where they were not.
    public let refinement: StraightThrough?
    /// The largest change of an output over some examples in Float64, relative to the largest output: 0 or rounding.
    public let outputChange: Double

    /// What units are matched by.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Their weights: `WeightMatching`.
        case weights
        /// What they compute on examples: `ActivationMatching`.
        case activations
    }

    /// How networks are aligned.
    public struct Settings: Sendable {
        /// What units are matched by.
        public var kind = Kind.weights
        /// Training examples, from the first, whose activations are compared, and by which refined permutations are judged; 1000, ours.
        public var examples = 1000
        /// A refinement of the permutations by the loss half way; nil for none.
        public var refinement: StraightThrough.Settings?
        /// Of the order in which dimensions are matched, and of batches.
        public var seed: UInt64 = 0
        /// What the process may take.
        public var memory = MemoryBudget()

        /// By weights.
        public init() {}
    }

    /// Why networks cannot be aligned.
    public enum Failure: DescribedError, Equatable {
        /// A network no unit of which may be permuted.
        case noHiddenUnits(model: String)
        /// Networks whose graphs do not say which activations of one stand for which of the other.
        case differentGraphs
        /// Outputs that changed, though the graph says that they do not.
        case outputsChanged(Double)

        /// True for what another checkpoint can do.
        public var isOfRequest: Bool { if case .outputsChanged = self { false } else { true } }
        /// One line: what was found, what was expected, what to do.
        public var description: String {
            switch self {
            case .noHiddenUnits(let model):
                "\(model) has no hidden units whose order is free, so there is nothing to align; expected a network with a hidden layer"
            case .differentGraphs:
                "the networks' graphs do not show which activations are to be compared; expected two networks of one graph that is the same for every batch; align them by weights"
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
    ///   - settings: what units are matched by.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where the networks differ in their tensors; `Failure`; what the data and the network's outputs throw.
    public init(
        of second: Model, named name: String, to first: Model, named firstName: String,
        _ settings: Settings = Settings(), monitor: Monitor = .silent
    ) throws {
        try first.checkTensors(of: second, name, as: firstName)
        let symmetry = PermutationSymmetry(of: first.network)
        guard !symmetry.dimensions.isEmpty else { throw Failure.noHiddenUnits(model: first.metadata.model) }
        (self.symmetry, kind) = (symmetry, settings.kind)
        let data = try second.dataset(.train, nil), seed = settings.seed
        try OutputProbe.checkSameFunction(of: (second, name), as: (first, firstName), on: data)
        var found: [[Int]], matched: ActivationMatching?
        switch kind {
        case .weights:
            let matching = try WeightMatching(
                symmetry, first.theta, second.theta, first.network.parameters, seed: seed
            ) { try monitor.update("weight matching", $0, of: WeightMatching.usualOrders) }
            (found, passes) = (matching.permutations, matching.passes)
        case .activations:
            let matching = try ActivationMatching(
                symmetry, of: second, to: first, on: data.prefix(min(settings.examples, data.count)), seed: seed,
                memory: settings.memory, monitor: monitor)
            (found, passes, matched) = (matching.permutations, matching.passes, matching)
        }
        refinement = try settings.refinement.map {
            try StraightThrough(
                $0, from: found, symmetry, of: second, to: first, on: data, examples: settings.examples, seed: seed,
                memory: settings.memory, monitor: monitor)
        }
        if let refinement {
            found = refinement.permutations
            if let after = matched?.correlation(of: found) { matched?.correlations.after = after }
        }
        (permutations, activations) = (found, matched)
        let (theta, buffers) = symmetry.permuted(second.theta, second.buffers, by: permutations)
        distances = (
            Vectors.norm(Vectors.sum(first.theta, -1, second.theta)), Vectors.norm(Vectors.sum(first.theta, -1, theta))
        )
        model = Model(
            second.network, theta: theta, buffers: buffers, loss: second.loss, metadata: second.metadata)
        outputChange = try OutputProbe(second, on: data, examples: 8).change(
            at: theta, statistics: buffers)
        guard outputChange <= Self.tolerance else { throw Failure.outputsChanged(outputChange) }
    }

    /// A digest of all that a part of the work depends on.
    static func key(_ settings: String, _ first: Model, _ second: Model, _ data: Dataset) -> JournalKey {
        var key = ContentKey(
            "\(Software.name) \(Precision.kernels) \(first.metadata.model) \(second.metadata.model) \(first.metadata.precision) \(first.loss.specification) \(settings)"
        )
        for numbers in [first.theta, first.buffers, second.theta, second.buffers] { key.add(numbers) }
        key.add(data)
        return key.journal
    }

    /// What its file keeps; the optimiser's state, which is in the former order, is no part of it.
    public var checkpoint: Checkpoint { model.derived(as: "aligned", theta: model.theta, buffers: model.buffers) }

    /// Units in another place, and all, over all dimensions.
    public var units: (moved: Int, all: Int) {
        let dimensions = symmetry.dimensions
        return (dimensions.indices.reduce(0) { $0 + moved($1) }, dimensions.reduce(0) { $0 + $1.size })
    }

    /// How many units of a dimension are in another place.
    public func moved(_ dimension: Int) -> Int {
        permutations[dimension].enumerated().count { $0.offset != $0.element }
    }
}
