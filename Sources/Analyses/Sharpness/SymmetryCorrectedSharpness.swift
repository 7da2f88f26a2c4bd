import Essentials
import Objectives
import Tensors

/// The worst case of a network with attention, of its function and not of its weights: at the balanced point of θ's orbit, over directions
/// across the orbit (da Silva, Dangel, Oore 2025, arXiv 2505.05409, who measure on the quotient by the same symmetry).
///
/// W_Q A and W_K A⁻ᵀ are the same network for every A, but have another worst case, another λmax, another trace. `AttentionSymmetry` has a
/// point on each orbit that no choice of A moves, up to rotations. There ‖ε‖₂ is the metric, and directions along the orbit, which at first
/// order change nothing, are left out. The paper's metrics are others, and its balls follow geodesics; this choice is ours: no inverse of
/// a Gram matrix is needed, and for balanced weights the ball is the plain one.
public struct SymmetryCorrectedSharpness: Sendable {
    /// At each radius, ascending, as in the plain search.
    public internal(set) var points: [(radius: Double, worstCase: WorstCaseSharpness)]
    /// ‖Π∇L‖₂ at the balanced point.
    public let gradientNorm: Double
    /// How far the balanced point is from θ, ‖θ₀ − θ‖₂.
    public let distance: Double
    /// L(θ₀) − L(θ): rounding alone.
    public let lossChange: Double
    /// What was found of the network.
    public let symmetry: AttentionSymmetry

    /// - Parameters:
    ///   - analysis: how the worst case is searched; its norm is ℓ2, without adaptive scaling.
    ///   - value: L(θ).
    /// - Throws: what the objective and the monitor throw.
    init(
        _ objective: any Objective, at theta: [Double], _ symmetry: AttentionSymmetry, _ analysis: SharpnessAnalysis,
        value: Double, monitor: Monitor
    ) throws {
        var analysis = analysis
        (analysis.measures, analysis.norm, analysis.adaptiveShift, analysis.batchSize) = (.worstCase, .l2, nil, nil)
        let origin = try symmetry.balanced(theta)
        let result = try analysis.run(AcrossOrbits(objective, symmetry, from: origin), at: origin, monitor: monitor)
        points = result.points.compactMap { point in point.worstCase.map { (point.radius, $0) } }
        gradientNorm = result.gradientNorm
        distance = Vectors.norm(Vectors.sum(origin, -1, theta))
        lossChange = try objective.value(at: origin) - value
        self.symmetry = symmetry
    }
}
