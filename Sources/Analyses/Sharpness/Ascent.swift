import Objectives
import Tensors

/// Climbs on a loss in a ball, in the coordinates z = T⁻¹ε.
struct Ascent {
    let objective: any Objective
    let theta: [Double]
    let ball: Ball
    /// L(θ) of this objective.
    let base: Double
    /// Losses with their gradients, and losses alone.
    private(set) var gradients = 0, values = 0
    /// Of these, losses that were not finite. Nothing climbs to such a point.
    private(set) var nonfinite = 0

    /// One start's way up.
    struct Climb {
        let name: String
        /// Where it is, and ∂L/∂z there; empty while the climb rests.
        var z: [Double], increase: Double, slope: [Double]
        private var resting: (z: Shelved, slope: Shelved)?
        /// Increase after every iteration.
        var curve: [Double]
        var converged = false, isActive = true
        /// How far beyond the farthest point the next step tries to go, in lengths of the way there.
        var stretch = 1.0
        /// The longest projected step that is tried next, in lengths ‖z‖₂ of the farthest point.
        var reach = Ascent.longestReach
        /// The higher climb that it met.
        var joined: String?
        /// The increase before the last round.
        var before = 0.0
        /// Whether it was given up, because it would have stayed below the highest.
        var leftBehind = false

        init(name: String, z: [Double], increase: Double, slope: [Double], curve: [Double], isActive: Bool = true) {
            (self.name, self.z, self.increase, self.slope) = (name, z, increase, slope)
            (self.curve, self.isActive) = (curve, isActive)
        }

        var iterations: Int { curve.count - 1 }
        /// Where it is, resting or not.
        var place: [Double] { resting?.z.vector ?? z }
        /// Whether it may be a top: it has been given up for no other.
        var isTop: Bool { joined == nil && !leftBehind && increase.isFinite }

        /// Its vectors go to a shelf until `rise`; those of a climb that leads nowhere are gone.
        mutating func rest(on shelf: VectorShelf) throws {
            if resting == nil, isTop { resting = (try shelf.put(z), try shelf.put(slope)) }
            if !isTop { resting = nil }
            (z, slope) = ([], [])
        }

        mutating func rise() {
            if let resting { (z, slope) = (resting.z.vector, resting.slope.vector) }
            resting = nil
        }

        mutating func finish() { (converged, isActive) = (true, false) }
    }

    private static let longestReach = 4.0, shortestReach = 1e-4
    /// How often a start that is not finite is moved half of the way to θ; 16, ours.
    static let halvings = 16

    init(_ objective: any Objective, at theta: [Double], _ ball: Ball, base: Double) {
        (self.objective, self.theta, self.ball, self.base) = (objective, theta, ball, base)
    }

    private func point(_ z: [Double]) -> [Double] { Vectors.sum(theta, 1, ball.scaled(z)) }

    /// L − L(θ).
    mutating func increase(_ z: [Double]) throws -> Double {
        values += 1
        let value = try objective.value(at: point(z)) - base
        if !value.isFinite { nonfinite += 1 }
        return value
    }

    /// L − L(θ) and ∂L/∂z.
    private mutating func evaluate(_ z: [Double]) throws -> (increase: Double, slope: [Double]) {
        gradients += 1
        let (value, gradient) = try objective.valueAndGradient(at: point(z))
        let slope = ball.scaled(gradient)
        // A finite loss with a gradient that is not leads nowhere, but it is a loss in the ball.
        if !(value - base).isFinite { nonfinite += 1 }
        return (value - base, slope.allSatisfy(\.isFinite) ? slope : slope.map { _ in 0 })
    }

    mutating func begin(_ name: String, at z: [Double]) throws -> Climb {
        var z = z
        var (increase, slope) = try evaluate(z)
        // A start beyond what can be computed begins nearer to θ.
        for _ in 0..<Self.halvings where !increase.isFinite {
            z = z.map { $0 / 2 }
            (increase, slope) = try evaluate(z)
        }
        return Climb(
            name: name, z: z, increase: increase, slope: slope, curve: [increase], isActive: increase.isFinite)
    }

    /// Each iteration tries to go towards the ball's farthest point along the slope (the limit of a projected step as its
    /// length grows, which for a convex function always leads up) and beyond it, as far as has worked lately; then that point
    /// itself; then projected steps of shrinking length, for which the loss alone is looked at first.
    mutating func climb(_ c: inout Climb, iterations: Int, tolerance: Double) throws {
        for _ in 0..<iterations where c.isActive {
            let far = ball.farthest(along: c.slope)
            // What a first-order model still promises within the ball (the Frank–Wolfe gap).
            let gap = Vectors.dot(c.slope, far) - Vectors.dot(c.slope, c.z)
            guard gap > tolerance * max(abs(c.increase), 1e-12), try step(&c, towards: far) else {
                // At the top, or nothing nearby is higher in this arithmetic.
                c.finish()
                return
            }
            c.curve.append(c.increase)
        }
    }

    /// Moves to a higher point, if one of those tried is.
    private mutating func step(_ c: inout Climb, towards far: [Double]) throws -> Bool {
        for isBeyond in c.stretch > 1 ? [true, false] : [false] {
            let candidate =
                isBeyond ? ball.stretched(Vectors.sum(c.z, c.stretch, Vectors.sum(far, -1, c.z))) : far
            // After a short step this one fails as a rule: the loss alone says so for a third of the cost.
            if c.reach < Self.longestReach {
                let value = try increase(candidate)
                guard value.isFinite, value > c.increase else { continue }
            }
            let next = try evaluate(candidate)
            if next.increase.isFinite, next.increase > c.increase {
                (c.z, c.increase, c.slope) = (candidate, next.increase, next.slope)
                c.reach = Self.longestReach
                c.stretch = min(64, c.stretch * 2)
                return true
            }
            if isBeyond { c.stretch = 1 }
        }
        // In the cube ‖far‖₂ is ρ√P, not ρ: a step of ρ/‖slope‖₂ would move a coordinate by ρ/√P only.
        let unit = Vectors.norm(far) / Vectors.norm(c.slope)
        var reach = c.reach
        while reach >= Self.shortestReach {
            let candidate = ball.projection(Vectors.sum(c.z, reach * unit, c.slope))
            let value = try increase(candidate)
            if value.isFinite, value > c.increase {
                let next = try evaluate(candidate)
                (c.z, c.increase, c.slope) = (candidate, next.increase, next.slope)
                (c.stretch, c.reach) = (1, min(Self.longestReach, 4 * reach))
                return true
            }
            reach /= 4
        }
        c.reach = Self.longestReach
        return false
    }

    /// Which climbs have come to different places, the highest first; the others are ended and said to have joined those.
    ///
    /// - Parameters:
    ///   - nearness: what is near, relative to ρ.
    ///   - othersStay: whether climbs that have ended by themselves are left as they are.
    @discardableResult
    func tops(_ climbs: inout [Climb], nearness: Double, othersStay: Bool = false) -> [Int] {
        var tops: [Int] = []
        let order = climbs.indices.filter { climbs[$0].isTop }
            .sorted { climbs[$0].increase > climbs[$1].increase }
        for i in order {
            if climbs[i].isActive || !othersStay,
                let near = tops.first(where: { isNear(climbs[$0], climbs[i], nearness) })
            {
                (climbs[i].joined, climbs[i].isActive) = (climbs[near].name, false)
            } else {
                tops.append(i)
            }
        }
        return tops
    }

    private func isNear(_ a: Climb, _ b: Climb, _ nearness: Double) -> Bool {
        ball.length(Vectors.sum(a.place, -1, b.place)) < nearness * ball.radius
    }

    /// Ends the climbs that would stay below the highest if another round multiplied their increase as the last one did.
    ///
    /// Losses can grow by such factors when weights move far, so what a round added says less about the next.
    static func leaveBehind(_ climbs: inout [Climb]) {
        let highest = climbs.map(\.increase).filter(\.isFinite).max() ?? 0
        for i in climbs.indices where climbs[i].isActive && climbs[i].before > 0 {
            let next = climbs[i].increase * (climbs[i].increase / climbs[i].before)
            if next < highest { (climbs[i].isActive, climbs[i].leftBehind) = (false, true) }
        }
    }

    /// Whether the climbs go on, those that are near a higher one being ended.
    func join(_ climbs: inout [Climb], nearness: Double) -> Bool {
        tops(&climbs, nearness: nearness, othersStay: true)
        return climbs.contains(where: \.isActive)
    }
}
