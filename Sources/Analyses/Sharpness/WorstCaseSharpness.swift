/// S_ρ = max L(θ+ε) − L(θ) over a ball: what a search found and how it found it. All values are increases over L(θ).
public struct WorstCaseSharpness: Sendable, Codable {
    /// The largest increase found at a feasible ε: a lower bound of S_ρ.
    public let lowerBound: Double
    /// The increase after SAM's one step ε = ρ T²g/‖Tg‖₂ (ℓ2) or ρ T sign(g) (ℓ∞).
    public let oneStep: Double
    /// ρ‖Tg‖₂ + ½ρ²λmax(THT) for ℓ2, ρ‖Tg‖₁ + ½ρ²Pλmax(THT) for ℓ∞, with 0 for a negative λmax.
    ///
    /// It is an upper bound for the quadratic model gᵀTz + ½zᵀTHTz over ‖z‖_p ≤ ρ: by Hölder's inequality, and as ‖z‖₂² is at most ρ² or
    /// Pρ². For the loss itself it is only an estimate.
    public let estimate: Double
    /// The exact maximum of the quadratic model in the ball (ℓ2 only).
    public let quadraticModel: Double?
    /// λmax of T H T, from the same search.
    public let largestEigenvalue: Double
    /// ‖T⁻¹ε‖_p of the best ε, to be compared with ρ.
    public let epsilonNorm: Double
    /// Whether the best ε lies on the boundary, within 1e-6 of ρ.
    public let constraintIsActive: Bool
    /// How the climb from every start ended.
    public let restarts: [Restart]
    /// How many hops from the highest top were tried. The last that led higher is the start `hop`.
    public let hops: Int
    /// Losses with gradients, losses alone and Hessian products that it took.
    public let gradients: Int, values: Int, products: Int
    /// Losses that were not finite, on all data and on the part where starts competed. None of them is a bound.
    public let nonfinite: Int
    /// The part of the data on which the starts competed; nil where it was all of it.
    public let scout: Scout?
    /// ε itself, P numbers. Not encoded.
    public internal(set) var epsilon: [Double] = []
    /// T⁻¹ε, in which the ball is a ball.
    var coordinates: [Double] = []

    /// What is not encoded.
    var vectors: [[Double]] {
        get { [epsilon, coordinates] }
        set { (epsilon, coordinates) = (newValue[0], newValue[1]) }
    }

    /// Gives back the memory of ε.
    mutating func forgetEpsilon() { (epsilon, coordinates) = ([], []) }

    /// The part of the data on which the starts competed.
    public struct Scout: Sendable, Codable {
        /// How many examples it has.
        public let examples: Int
        /// What it took there.
        public let gradients: Int, values: Int, products: Int
    }

    /// The climb from one start.
    public struct Restart: Sendable, Codable {
        /// `gradient`, `top-eigenvector+`, `random-1`, `trust-region` and so on.
        public let start: String
        /// L − L(θ) where the climb ended.
        public let increase: Double
        /// Iterations with all data.
        public let iterations: Int
        /// Increase after every iteration, with all data.
        public let curve: [Double]
        /// Whether no feasible direction leads up any more, to the tolerance; to 1e-3 for those that were not among the highest.
        public let converged: Bool
        /// The start whose climb this one met, where it ended; its increase is then that one's.
        public let joined: String?
        /// Whether the climb was given up, because it would have stayed below the highest. Its increase is where it was then.
        public let leftBehind: Bool

        enum CodingKeys: String, CodingKey {
            case start, increase, iterations, curve, converged, joined
            case leftBehind = "left_behind"
        }
    }

    enum CodingKeys: String, CodingKey {
        case restarts, hops, estimate, gradients, values, products, nonfinite, scout
        case lowerBound = "lower_bound"
        case oneStep = "one_step"
        case quadraticModel = "quadratic_model"
        case largestEigenvalue = "largest_eigenvalue"
        case epsilonNorm = "epsilon_norm"
        case constraintIsActive = "constraint_active"
    }

    /// Largest minus smallest increase over the starts, also those left behind: how much depends on where one begins. Searches with
    /// other seeds differ by less, as a rule.
    public var spread: Double {
        let increases = restarts.map(\.increase).filter(\.isFinite)
        return (increases.max() ?? 0) - (increases.min() ?? 0)
    }
}
