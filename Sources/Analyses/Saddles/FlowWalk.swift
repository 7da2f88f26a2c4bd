import Essentials
import Foundation
import MatrixFree
import Objectives
import Tensors

/// A walk along the gradient flow, uphill along the lowest modes of the Hessian and downhill in the rest: to a saddle with some modes, to a
/// minimum with none.
///
/// Each step follows the flow of the quadratic model (`LinearizedFlow`) as far as the gradient there is the predicted one. Near a critical
/// point that is Newton's step.
struct FlowWalk {
    let objective: any Objective
    /// Modes that are climbed.
    let modes: Int
    /// ‖∇L‖ at which it ends.
    let tolerance: Double
    /// Steps at most, with those that were refused.
    let steps: Int
    /// Length of the first step at most; later ones are up to ten times as long.
    let radius: Double
    let seed: UInt64
    /// What its progress is called.
    let name: String

    /// Where it ended.
    struct End {
        var theta: [Double], value = Double.nan, gradient: [Double] = []
        var work = Work()
    }

    /// What it took.
    struct Work: Sendable, Equatable {
        var steps = 0, products = 0, gradients = 0
    }

    /// ‖g(θ + s) − (g + Hs)‖ over max(‖Hs‖, ‖g‖): what is accepted, and what the next step's length is to give. Ours.
    private static var most: Double { 0.25 }
    private static var wanted: Double { 0.1 }
    /// Vectors of a Krylov space at most. 200, ours.
    static let mostVectors = 200

    /// Steps without a smaller gradient after which modes are chosen in the other way. 50, ours.
    private static var patience: Int { 50 }

    /// What the next step depends on.
    private struct State {
        var theta: [Double], radius: Double, work = Work(), vectors: [[Double]] = []
        /// The smallest ‖∇L‖ since modes were last chosen in another way, and after how many steps.
        var least = Double.infinity, leastAt = 0
        /// Whether the lowest modes are climbed, whatever the former ones were.
        var takesLowest = false

        private static let head = 7

        var numbers: [Double] {
            let counts = [work.steps, work.products, work.gradients, leastAt, takesLowest ? 1 : 0].map(Double.init)
            return [radius, least] + counts + theta + vectors.joined()
        }

        init(theta: [Double], radius: Double) { (self.theta, self.radius) = (theta, radius) }

        /// Nil where the numbers are no state of so many parameters.
        init?(_ numbers: [Double], dimension: Int) {
            guard numbers.count >= Self.head + dimension, (numbers.count - Self.head) % dimension == 0 else {
                return nil
            }
            let counts = numbers[2..<Self.head].compactMap { Int(exactly: $0) }
            guard counts.count == 5 else { return nil }
            (radius, least, leastAt, takesLowest) = (numbers[0], numbers[1], counts[3], counts[4] == 1)
            work = Work(steps: counts[0], products: counts[1], gradients: counts[2])
            let parts = stride(from: Self.head, to: numbers.count, by: dimension).map {
                Array(numbers[$0..<$0 + dimension])
            }
            (theta, vectors) = (parts[0], Array(parts.dropFirst()))
        }

        /// Eigenvectors of eigenvalues that cross turn into each other. The walk may then go in circles, with the lowest modes as with those
        /// that are most like the former, but in other places.
        mutating func breakCircles(_ gradientNorm: Double) {
            if gradientNorm < least {
                (least, leastAt) = (gradientNorm, work.steps)
            } else if work.steps - leastAt >= FlowWalk.patience {
                (least, leastAt, takesLowest) = (gradientNorm, work.steps, !takesLowest)
            }
        }
    }

    /// Walks from a point. Its state is kept in the monitor's journal, and taken from there.
    ///
    /// - Throws: `UnusableRequest` where the loss at the start is not finite; what the objective and the monitor throw.
    func run(from start: [Double], monitor: Monitor) throws -> End {
        let key = monitor.key(of: objective, at: start, ["\(name) \(modes) \(tolerance) \(steps) \(radius) \(seed)"])
        var state =
            key.flatMap { monitor.journal?.numbers(of: $0) }.flatMap { State($0, dimension: start.count) }
            ?? State(theta: start, radius: radius)
        var end = End(theta: state.theta)
        (end.value, end.gradient) = try objective.valueAndGradient(at: state.theta)
        guard end.value.isFinite, Vectors.isFinite(end.gradient) else {
            throw UnusableRequest(
                "\(name): the loss or its gradient at the start is not finite; expected a point where both are")
        }
        if state.work.gradients == 0 { state.work.gradients = 1 }
        while state.work.steps < steps, Vectors.norm(end.gradient) > tolerance,
            state.radius > 0x1p-40 * (radius + Vectors.norm(state.theta))
        {
            func keep(isLast: Bool) {
                if let key { monitor.journal?.keepState(state.numbers, under: key, isLast: isLast) }
            }
            keep(isLast: false)
            // Where a step is interrupted, it is made again.
            let before = state
            do { try advance(&state, &end, monitor) } catch {
                state = before
                keep(isLast: true)
                throw error
            }
        }
        (end.theta, end.work) = (state.theta, state.work)
        return end
    }

    /// One step that is accepted, or the last that may be tried.
    private func advance(_ state: inout State, _ end: inout End, _ monitor: Monitor) throws {
        let theta = state.theta, gradient = end.gradient, size = Vectors.norm(gradient)
        let (name, steps, done) = (name, steps, state.work.steps)
        let text = "loss \(Format.short(end.value)), ‖∇L‖ \(Format.short(size)), radius \(Format.short(state.radius))"
        try monitor.update(name, done, of: steps, text)
        let inner = Monitor(onUpdate: {
            try monitor.update(name, done, of: steps, "\(text); \($0.task): \($0.detail())")
        })
        let hessian = CurvatureOperator(objective, at: theta)
        state.breakCircles(size)
        let climbed = try climbed(of: hessian, near: state.vectors, takesLowest: state.takesLowest, inner)
        state.work.products += climbed.products
        state.vectors = climbed.modes.map(\.vector)
        let matrix = ReflectedOperator(base: hessian, modes: climbed.modes)
        var flow = try LinearizedFlow(
            matrix, gradient: matrix.reflected(gradient), capacity: capacity, tolerance: 1e-3,
            rounding: objective.rounding)
        var isAccepted = false, known = 0
        while !isAccepted, state.work.steps < steps, state.radius > 0x1p-40 * (radius + Vectors.norm(theta)) {
            let step = try flow.step(radius: state.radius) { try inner.update("step", $0, of: nil, "\($0) products") }
            let change = try hessian.apply(step.vector)
            state.work.products += flow.products - known + 1
            known = flow.products
            let length = Vectors.norm(step.vector), point = Vectors.sum(theta, 1, step.vector)
            let (value, next) = try objective.valueAndGradient(at: point)
            state.work.gradients += 1
            state.work.steps += 1
            var error = Double.infinity
            if value.isFinite, Vectors.isFinite(next) {
                let predicted = Vectors.sum(gradient, 1, change)
                error = Vectors.norm(Vectors.sum(next, -1, predicted)) / max(Vectors.norm(change), size)
            }
            let rises = modes == 0 && value > end.value + 4 * objective.rounding * abs(end.value)
            isAccepted = error < .infinity && (!rises && error <= Self.most || Vectors.norm(next) <= tolerance)
            let factor = min(2, max(0.25, error > 0 ? (Self.wanted / error).squareRoot() : 2))
            if isAccepted {
                (state.theta, end.value, end.gradient) = (point, value, next)
                // A whole step was not ended by the radius, which stays if the model is good.
                let longer = step.isWhole && factor >= 1 ? max(state.radius, length * factor) : length * factor
                state.radius = min(10 * radius, longer)
            } else {
                state.radius = length * min(0.5, factor)
            }
        }
    }

    /// As many vectors as the Krylov space of a step has room for.
    private var capacity: Int {
        min(Self.mostVectors, max(8, objective.vectorMemory / 8 / objective.dimension - 2 * modes - 8))
    }

    /// Lowest modes beside those that are climbed, among which these are found again. 2, ours.
    private static var others: Int { 2 }

    /// The modes that are climbed: the lowest at first, then those among the lowest that are most like the former ones.
    private func climbed(
        of hessian: CurvatureOperator, near former: [[Double]], takesLowest: Bool, _ monitor: Monitor
    ) throws -> (modes: [(value: Double, vector: [Double])], products: Int) {
        guard modes > 0 else { return ([], 0) }
        // With a tenth of a random vector, without which a mode that comes below the others would never be seen.
        var start: [Double]?
        if !former.isEmpty {
            var near = RandomNumbers(seed: seed).named(name).normals(hessian.dimension)
            Vectors.scale(&near, by: 0.1 / Vectors.norm(near))
            for vector in former { Vectors.add(1, vector, to: &near) }
            start = near
        }
        let isFree = former.isEmpty || takesLowest, count = isFree ? modes : modes + Self.others
        let found = try monitor.following("modes") {
            try Lanczos(
                largest: 0, smallest: count, tolerance: 1e-2, maximumProducts: 300,
                memoryLimit: objective.vectorMemory - 4 * count * 8 * hessian.dimension, seed: seed,
                rounding: objective.rounding
            ).run(hessian, start: start, progress: $0)
        }
        let all = zip(found.smallest, found.smallestVectors).map { (value: $0.value, vector: $1) }
        guard !isFree else { return (all, found.products) }
        let likeness = all.map { mode in former.reduce(0) { $0 + pow(Vectors.dot($1, mode.vector), 2) } }
        let chosen = all.indices.sorted { likeness[$0] > likeness[$1] }.prefix(modes).sorted()
        return (chosen.map { all[$0] }, found.products)
    }
}
