import Essentials
import Objectives
import Tensors

extension WorstCaseSearch {
    /// Vectors of a climb that is on its way: where it is, what it tries, and the slopes of both. With them the gradient and an eigenvector
    /// at θ.
    static let awake = 8

    /// How many vectors of θ's length a search holds in memory: at least those of one climb with what is found at every radius; the starts
    /// and tops that wait may lie in a file. At most all of them, and a Krylov basis before.
    static func vectors(
        restarts: Int, radii: Int, norm: Ball.Norm = .l2, classes: Int = usualClasses
    ) -> ClosedRange<Int> {
        // The gradient's, both of the eigenvectors, and those of the quadratic model and of a smaller radius.
        let starts = min(3 + 2 * eigenvectors + restarts + 2 * classes, max(climbing, restarts))
        let between = (parents - 1) * generations
        // Of each further radius ε and its coordinates; in ℓ2 the quadratic model's maximiser, too.
        let least = awake + (norm == .linf ? 2 * radii : 3 * (radii - 1))
        return least...(least + max(200, 3 * starts + 2 * between))
    }

    /// As far as the arithmetic resolves an increase: a mean of losses in Float32 has a relative error near 1e-8, of which an increase
    /// that is a hundredth of the loss loses two digits.
    static func tolerance(of objective: any Objective) -> Double { objective.rounding > 0x1p-40 ? 1e-6 : 1e-9 }

    /// The part of the data on which the starts of a search compete: a random one by the seed.
    ///
    /// - Parameters:
    ///   - examples: how many; nil for 4096 of 16384 or more, 0 for all.
    ///   - scaling: the diagonal of the ball's T; nil for the identity.
    /// - Returns: nil where all of the data is looked at, or the objective has no examples.
    public static func scout(
        _ objective: any Objective, at theta: [Double], examples: Int? = nil, scaling: [Double]? = nil,
        seed: UInt64 = 0,
        monitor: Monitor = .silent
    ) throws -> Scout? {
        guard let whole = objective as? any ExampleObjective, whole.hasParts else { return nil }
        let count =
            examples ?? (whole.examples >= SharpnessAnalysis.largeData ? SharpnessAnalysis.scoutDefault : 0)
        guard count > 0, count < whole.examples else { return nil }
        let order = RandomNumbers(seed: seed).named("scout").permutation(whole.examples)
        let part = try whole.restricted(to: order.prefix(count).sorted())
        let model = try monitor.following("eigenvectors of \(count) examples") {
            try LocalModel(
                part, at: theta, scaling: scaling, vectors: eigenvectors, memoryLimit: objective.vectorMemory,
                seed: seed, progress: $0)
        }
        return Scout(part, examples: count, model: model)
    }
}

extension LocalModel {
    /// What worst-case searches around θ share, with the eigenvectors to start from unless a scout has them.
    init(
        around theta: [Double], _ objective: any Objective, scaling: [Double]? = nil, radii: [Double],
        scout: WorstCaseSearch.Scout?, seed: UInt64, monitor: Monitor
    ) throws {
        self = try monitor.following("largest eigenvalue") {
            try LocalModel(
                objective, at: theta, scaling: scaling, radii: radii,
                vectors: scout == nil ? WorstCaseSearch.eigenvectors : 1,
                start: scout?.topVector, memoryLimit: objective.vectorMemory, seed: seed, progress: $0)
        }
    }
}
