import Essentials
import Tensors

extension PathCurve {
    /// Why a curve was not trained.
    public struct Diverged: DescribedError {
        let step: Int
        /// One line: what was found, what was expected, what to do.
        public var description: String {
            "the curve's training diverged at step \(step + 1): the loss or its gradient is not finite; try a smaller --lr"
        }
    }

    /// How a curve is trained.
    public struct Training: Sendable {
        /// Steps, each of which moves every inner point; 1000, ours.
        public var steps = 1000
        /// Constant in the first half of the steps, then falling linearly to 1 % in the last tenth, as Garipov et al. have it; 0.05, ours.
        public var learningRate = 0.05
        /// Of stochastic gradient descent; 0.9, as both papers have it.
        public var momentum = 0.9
        /// Runs of a nudged elastic band, before each but the first of which pivots are inserted.
        public var cycles = 1
        /// Of the places t.
        public var seed: UInt64 = 0

        /// 1000 steps in one cycle.
        public init() {}

        /// Whether a cycle after the first begins with a step.
        func beginsCycle(_ step: Int) -> Bool {
            let length = max(1, steps / cycles)
            return step > 0 && step % length == 0 && step / length < cycles
        }

        /// The learning rate of a step.
        func rate(_ step: Int) -> Double { learningRate * Self.schedule(Double(step) / Double(steps)) }

        /// The share of the learning rate at a share of the training.
        static func schedule(_ share: Double) -> Double {
            share < 0.5 ? 1 : share < 0.9 ? 1 - (share - 0.5) / 0.4 * 0.99 : 0.01
        }
    }

    /// Moves the inner points by stochastic gradient descent with momentum: by w_k(t) ∇L(φ(t)) at a random t, or by the forces on the
    /// pivots of a band.
    ///
    /// - Parameters:
    ///   - state: what `keeping` got, to go on from there; nil to begin.
    ///   - keeping: gets the state after each step, and whether the training ends with it.
    ///   - progress: gets the steps done and the last loss; what it throws ends the training.
    ///   - value: the whole loss at a point, by which pivots are inserted.
    ///   - gradient: the loss of a batch and its gradient at a point, given the number of the step.
    /// - Returns: how many gradients were taken.
    /// - Throws: `Diverged`; what the closures throw.
    @discardableResult public mutating func train(
        _ training: Training, from state: [Double]? = nil,
        keeping: (_ isLast: Bool, _ state: () -> [Double]) -> Void = { _, _ in },
        progress: (Int, Double) throws -> Void = { _, _ in },
        value: (_ point: [Double]) throws -> Double = { _ in 0 },
        gradient: (_ step: Int, _ point: [Double]) throws -> (loss: Double, gradient: [Double])
    ) throws -> Int {
        var motion = Motion(self)
        if let state { motion.restore(state, to: &self, training) }
        let random = RandomNumbers(seed: training.seed).named("curve")
        let ends = kind == .neb ? (try value(points[0]), try value(points[points.count - 1])) : (0, 0)
        for step in motion.step..<max(motion.step, training.steps) {
            if kind == .neb, training.beginsCycle(step) {
                try insertPivots(value)
                motion.rest(self)
            }
            let forces =
                try kind == .neb
                ? bandForces(ends) { try gradient(step, $0) }
                : force(at: random.uniform(at: step)) { try gradient(step, $0) }
            guard forces.loss.isFinite, forces.size.isFinite else { throw Diverged(step: step) }
            motion.move(&self, by: forces, momentum: training.momentum, rate: training.rate(step))
            keeping(false) { motion.state(of: self) }
            do { try progress(step + 1, forces.loss) } catch {
                keeping(true) { motion.state(of: self) }
                throw error
            }
        }
        return motion.gradients
    }

    /// What moves the inner points in a step.
    struct Forces {
        /// Of the batch: at φ(t), or the highest of the pivots.
        let loss: Double
        /// The largest norm of a gradient; not finite where one is not.
        let size: Double
        /// For each inner point a vector and its factor.
        let parts: [(weight: Double, vector: [Double])]
        /// How many gradients it took.
        let gradients: Int
    }

    /// The chain rule gives an inner point w_k(t) ∇L(φ(t)).
    private func force(
        at t: Double, _ gradient: (_ point: [Double]) throws -> (loss: Double, gradient: [Double])
    ) throws -> Forces {
        let found = try gradient(point(t)), weights = weights(at: t)
        return Forces(
            loss: found.loss, size: Vectors.norm(found.gradient),
            parts: weights[1..<points.count - 1].map { ($0, found.gradient) }, gradients: 1)
    }

    /// What a training goes on from: velocities of the inner points, steps and gradients done.
    private struct Motion {
        private(set) var step = 0, gradients = 0
        private var velocity: [[Double]] = []

        init(_ curve: PathCurve) { rest(curve) }

        /// No velocity of any point.
        mutating func rest(_ curve: PathCurve) {
            velocity = curve.points.dropFirst(2).map { Vectors.zeros($0.count) }
        }

        mutating func move(_ curve: inout PathCurve, by forces: Forces, momentum: Double, rate: Double) {
            for (inner, part) in forces.parts.enumerated() {
                Vectors.scale(&velocity[inner], by: momentum)
                Vectors.add(part.weight, part.vector, to: &velocity[inner])
                Vectors.add(-rate, velocity[inner], to: &curve.points[inner + 1])
            }
            (step, gradients) = (step + 1, gradients + forces.gradients)
        }

        func state(of curve: PathCurve) -> [Double] {
            [Double(step), Double(gradients)] + curve.places + curve.points.dropFirst().dropLast().joined()
                + velocity.joined()
        }

        /// A state of this training; one of anything else is left alone.
        mutating func restore(_ state: [Double], to curve: inout PathCurve, _ training: Training) {
            let length = curve.points[0].count
            // Two numbers, n + 2 places, n points and n velocities.
            guard state.count > 4, let done = Int(exactly: state[0]), let taken = Int(exactly: state[1]),
                (0...training.steps).contains(done), (state.count - 4) % (1 + 2 * length) == 0
            else { return }
            let inner = (state.count - 4) / (1 + 2 * length), first = 4 + inner
            func vectors(_ numbers: Range<Int>) -> [[Double]] {
                numbers.map { Array(state[first + $0 * length..<first + ($0 + 1) * length]) }
            }
            (step, gradients, velocity) = (done, taken, vectors(inner..<2 * inner))
            curve.places = Array(state[2..<first])
            curve.points = [curve.points[0]] + vectors(0..<inner) + [curve.points[curve.points.count - 1]]
        }
    }
}
