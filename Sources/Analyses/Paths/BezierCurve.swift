import Essentials
import Foundation
import Tensors

/// A curve of low loss between two networks: φ(t) = Σ B_k(t) θ_k with Bernstein's polynomials, whose ends are the networks and
/// whose inner points, the bends, are trained to minimise E_t L(φ(t)), t uniform in [0, 1] (Garipov et al. 2018,
/// arXiv 1802.10026, algorithm 1).
public struct BezierCurve: Sendable {
    /// The first network, the bends, the second network.
    public private(set) var points: [[Double]]

    /// Why a curve was not trained.
    public struct Diverged: DescribedError {
        let step: Int
        /// One line: what was found, what was expected, what to do.
        public var description: String {
            "the curve's training diverged at step \(step + 1): the loss or its gradient is not finite; try a smaller --lr"
        }
    }

    /// Bends evenly spaced on the straight line, which is where Garipov et al. start.
    public init(from a: [Double], to b: [Double], bends: Int = 1) {
        precondition(bends >= 1 && a.count == b.count, "\(bends) bends between \(a.count) and \(b.count) parameters")
        points = (0...(bends + 1)).map { PathProfile.line(from: a, to: b)(Double($0) / Double(bends + 1)) }
    }

    /// B_k(t) = (n over k) t^k (1 − t)^(n−k), k = 0...n.
    public static func bernstein(_ degree: Int, _ t: Double) -> [Double] {
        // By de Casteljau's recurrence: no binomials, no cancellation.
        var values = [1.0]
        for _ in 0..<degree {
            var next = [Double](repeating: 0, count: values.count + 1)
            for (k, value) in values.enumerated() {
                next[k] += (1 - t) * value
                next[k + 1] += t * value
            }
            values = next
        }
        return values
    }

    /// φ(t); the networks themselves at 0 and 1.
    public func point(_ t: Double) -> [Double] {
        if t == 0 { return points[0] }
        if t == 1 { return points[points.count - 1] }
        var result = [Double](repeating: 0, count: points[0].count)
        for (weight, point) in zip(Self.bernstein(points.count - 1, t), points) {
            Vectors.add(weight, point, to: &result)
        }
        return result
    }

    /// The length of the curve over the distance of its ends, by `segments` chords.
    public func relativeLength(segments: Int = 64) -> Double {
        let distance = Vectors.norm(Vectors.sum(points[points.count - 1], -1, points[0]))
        var length = 0.0, last = points[0]
        for i in 1...segments {
            let next = point(Double(i) / Double(segments))
            length += Vectors.norm(Vectors.sum(next, -1, last))
            last = next
        }
        return distance > 0 ? length / distance : 1
    }

    /// Trains the bends by stochastic gradient descent with momentum. The chain rule gives a bend B_k(t) ∇L(φ(t)).
    ///
    /// - Parameters:
    ///   - learningRate: constant in the first half of the steps, then falling linearly to 1 % in the last tenth, as Garipov et
    ///     al. have it.
    ///   - gradient: the loss of a batch and its gradient at a point, given the number of the step.
    ///   - state: what `keeping` got, to go on from there; nil to begin.
    ///   - keeping: gets the state after each step, and whether the training ends with it.
    ///   - progress: gets the steps done and the last loss; what it throws ends the training.
    public mutating func train(
        steps: Int, learningRate: Double, momentum: Double = 0.9, seed: UInt64 = 0, from state: [Double]? = nil,
        keeping: (_ isLast: Bool, _ state: () -> [Double]) -> Void = { _, _ in },
        progress: (Int, Double) throws -> Void = { _, _ in },
        gradient: (_ step: Int, _ point: [Double]) throws -> (loss: Double, gradient: [Double])
    ) throws {
        let places = RandomNumbers(seed: seed).named("curve")
        let bends = 1..<(points.count - 1)
        var velocity = bends.map { _ in [Double](repeating: 0, count: points[0].count) }
        let length = points[0].count
        var first = 0
        if let state, state.count == 1 + 2 * bends.count * length, let done = Int(exactly: state[0]),
            (0...steps).contains(done)
        {
            first = done
            func vector(_ number: Int) -> [Double] { Array(state[1 + number * length..<1 + (number + 1) * length]) }
            for bend in bends {
                (points[bend], velocity[bend - 1]) = (vector(bend - 1), vector(bends.count + bend - 1))
            }
        }
        for step in first..<steps {
            let t = places.uniform(at: step)
            let found = try gradient(step, point(t))
            let size = Vectors.norm(found.gradient)
            guard found.loss.isFinite, size.isFinite else { throw Diverged(step: step) }
            let weights = Self.bernstein(points.count - 1, t)
            let rate = learningRate * Self.schedule(Double(step) / Double(steps))
            for bend in bends {
                Vectors.scale(&velocity[bend - 1], by: momentum)
                Vectors.add(weights[bend], found.gradient, to: &velocity[bend - 1])
                Vectors.add(-rate, velocity[bend - 1], to: &points[bend])
            }
            func state() -> [Double] { [Double(step + 1)] + points[bends].joined() + velocity.joined() }
            keeping(false, state)
            do { try progress(step + 1, found.loss) } catch {
                keeping(true, state)
                throw error
            }
        }
    }

    /// The share of the learning rate at a share of the training.
    static func schedule(_ share: Double) -> Double {
        share < 0.5 ? 1 : share < 0.9 ? 1 - (share - 0.5) / 0.4 * 0.99 : 0.01
    }
}
