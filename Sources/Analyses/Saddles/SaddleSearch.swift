import Essentials
import Models
import Objectives
import Tensors

/// A search for a saddle of an objective by eigenvector following: uphill along the lowest modes of the Hessian, downhill in the rest (Cerjan,
/// Miller 1981, doi:10.1063/1.442352; without the whole Hessian Munro, Wales 1999, doi:10.1103/PhysRevB.59.3969). What it finds is verified,
/// and the descents to both sides are followed.
///
/// ```swift
/// let saddle = try SaddleSearch().run(objective, from: theta)
/// if saddle.point.verdict == .saddle { print(saddle.point.negative) }
/// ```
public struct SaddleSearch: Sendable {
    /// Modes that are climbed: the index of the saddle that is looked for. 1, a pass between two minima.
    public var index = 1
    /// ‖∇L‖₂ of a critical point at most. 1e-10, ours: Newton's last step goes below it, and the rounding of small networks in Float64 is less.
    public var gradientTolerance = 1e-10
    /// Steps of the search at most. 1000, ours: networks of a thousand parameters took up to 750.
    public var steps = 1000
    /// Steps of each descent at most; 0 for no descents. 1000, ours.
    public var descentSteps = 1000
    /// Length of the first step at most; nil for a twentieth of ‖θ‖, ours, and 0.1 at θ = 0.
    public var radius: Double?
    /// Residual of the eigenvalues that the verdict is about, relative to |λ|, as `Lanczos` has it.
    public var tolerance = 1e-4
    /// Products at most for these eigenvalues. 1000, as of a spectrum.
    public var maximumProducts = 1000
    /// Of everything random.
    public var seed: UInt64 = 0

    /// A saddle of index 1 to a gradient of 1e-10.
    public init() {}

    /// Where the descent to one side ended.
    public struct Descent: Sendable {
        /// The sign of the first step along the lowest eigenvector, whose largest component is positive.
        public let sign: Int
        /// The end.
        public let point: CriticalPoint
        /// ‖θ − θ*‖₂ from the saddle.
        public let distance: Double
        /// Steps made.
        public let steps: Int
    }

    /// What was found.
    public struct Result: Sendable {
        /// Where the search ended.
        public let point: CriticalPoint
        /// ‖θ − θ₀‖₂ from where it began.
        public let distance: Double
        /// Steps of the search.
        public let steps: Int
        /// Hessian products and gradients of all of it.
        public let products: Int, gradients: Int
        /// To either side, minus first; empty where there is no critical point with a direction that is certain to lead down.
        public let descents: [Descent]
    }

    /// How many vectors of θ's length the analysis holds beside the few of every one.
    public var vectors: ClosedRange<Int> {
        let least = 4 * (index + 2) + 24
        return least...max(least, 2 * FlowWalk.mostVectors, CriticalPoint.copies * CriticalPoint.mostDense)
    }

    /// Searches from a point.
    ///
    /// - Parameter monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` for more modes than parameters, and where the loss at the start is not finite; what the objective and the
    ///   monitor throw.
    /// - Precondition: an index, a tolerance, a radius and numbers of steps and products of at least 1 or above 0.
    public func run(
        _ objective: any Objective, from theta: [Double], monitor: Monitor = .silent
    ) throws -> Result {
        precondition(index > 0 && steps > 0 && descentSteps >= 0 && maximumProducts > 0, "steps of a search")
        precondition(gradientTolerance > 0 && tolerance > 0 && radius.map { $0 > 0 } ?? true, "tolerances of a search")
        guard index < theta.count || theta.count == 1 && index == 1 else {
            throw UnusableRequest(
                "--index \(index): expected fewer than the \(theta.count) parameters, of which some have to lead down")
        }
        let size = Vectors.norm(theta), radius = radius ?? (size > 0 ? size / 20 : 0.1)
        func walk(_ name: String, modes: Int, steps: Int) -> FlowWalk {
            FlowWalk(
                objective: objective, modes: modes, tolerance: gradientTolerance, steps: steps, radius: radius,
                seed: seed, name: name)
        }
        func point(_ end: FlowWalk.End, modes: Int) throws -> CriticalPoint {
            try CriticalPoint(
                objective, at: end.theta, value: end.value, gradient: end.gradient,
                .init(
                    tolerance: gradientTolerance, residual: tolerance, maximumProducts: maximumProducts,
                    count: min(theta.count, modes + 1), seed: seed),
                named: modes == 0 ? "end of the descent" : "verdict", monitor: monitor)
        }
        let search = try walk("saddle", modes: index, steps: steps).run(from: theta, monitor: monitor)
        let found = try point(search, modes: index)
        var (products, gradients) = (search.work.products + found.products, search.work.gradients)
        var descents: [Descent] = []
        if descentSteps > 0, found.gradientNorm <= gradientTolerance, let lowest = found.eigenvalues.first,
            lowest.isNegative
        {
            let length = displacement(lowest.value, found.loss, radius, rounding: objective.rounding)
            for sign in [-1, 1] {
                let start = Vectors.sum(found.theta, Double(sign) * length, found.lowestVector)
                let end = try walk("descent \(sign < 0 ? "−" : "+")", modes: 0, steps: descentSteps).run(
                    from: start, monitor: monitor)
                let point = try point(end, modes: 0)
                products += end.work.products + point.products
                gradients += end.work.gradients
                descents.append(
                    Descent(
                        sign: sign, point: point, distance: Vectors.norm(Vectors.sum(end.theta, -1, found.theta)),
                        steps: end.work.steps))
            }
        }
        return Result(
            point: found, distance: Vectors.norm(Vectors.sum(found.theta, -1, theta)), steps: search.work.steps,
            products: products, gradients: gradients, descents: descents)
    }

    /// The length of the first step down: so long that neither the gradient there is within the tolerance nor the change of the loss lost in
    /// rounding, and no longer than the first step of the search.
    private func displacement(_ curvature: Double, _ loss: Double, _ radius: Double, rounding: Double) -> Double {
        let visible = max(
            0.01 * radius, 100 * gradientTolerance / -curvature, (1e3 * rounding * abs(loss) / -curvature).squareRoot())
        return min(radius, visible)
    }
}

extension CriticalPoint {
    /// What a checkpoint of it keeps, in Float64: the model that the search began with at this θ.
    ///
    /// - Parameters:
    ///   - loss: that was searched.
    ///   - derivation: what it is, such as `saddle`.
    public func checkpoint(of loss: ModelLoss, as derivation: String) -> Checkpoint {
        loss.model.derived(as: derivation, theta: theta, buffers: loss.statistics, precision: .double)
    }
}
