import Objectives
import Tensors
import Testing

@testable import Analyses

/// (x² + y² − 1)²: a valley along the unit circle.
private final class Ring: Objective {
    let dimension = 2
    func evaluate(at t: [Double]) -> Evaluation {
        let r = t[0] * t[0] + t[1] * t[1] - 1
        return Evaluation(loss: r * r)
    }
    func valueAndGradient(at t: [Double]) -> (value: Double, gradient: [Double]) {
        let r = t[0] * t[0] + t[1] * t[1] - 1
        return (r * r, [4 * r * t[0], 4 * r * t[1]])
    }
    func hessianVectorProducts(at t: [Double], along vectors: [[Double]]) -> [[Double]] { vectors }
    func gaussNewtonVectorProducts(at t: [Double], along vectors: [[Double]]) -> [[Double]] { vectors }
}

@Suite struct PathTests {
    private func training(steps: Int, rate: Double, seed: UInt64 = 0) -> PathCurve.Training {
        var training = PathCurve.Training()
        (training.steps, training.learningRate, training.seed) = (steps, rate, seed)
        return training
    }

    /// Across the ring, the loss rises to 1 in the middle; with ends of other heights the rise is over the line between them.
    @Test func barrier() throws {
        let objective = Ring()
        let across = try PathProfile(objective, count: 21, point: PathProfile.line(from: [-1, 0], to: [1, 0]))
        #expect(abs(across.barrier - 1) < 1e-14 && across.barrierAt == 0.5)
        #expect(across.loss.first == 0 && across.loss.last == 0)
        let tilted = PathProfile(t: [0, 0.25, 0.5, 0.75, 1], loss: [1, 2, 3, 3, 3])
        #expect(tilted.barrier == 1 && tilted.barrierAt == 0.5)  // 3 over (1 + 3)/2
        let valley = PathProfile(t: [0, 0.5, 1], loss: [1, 0.2, 1])
        #expect(valley.barrier == 0)
        #expect(PathProfile(t: [0, 0.5, 1], loss: [1, .nan, 1]).barrier == .infinity)
        #expect(PathProfile(t: [0, 0.5, 1], loss: [1, 2, .nan]).barrier.isNaN)
        #expect(PathProfile(t: [0, 0.5, 1], loss: [.infinity, 2, 1]).barrier.isNaN)
    }

    /// The ends are the networks themselves, and places along the line are found again.
    @Test func lines() {
        let a = RandomNumbers(seed: 1).normals(50), b = RandomNumbers(seed: 2).normals(50)
        let line = PathProfile.line(from: a, to: b), place = PathProfile.place(from: a, to: b)
        #expect(line(0) == a && line(1) == b)
        #expect(place(a) == 0 && abs(place(b) - 1) < 1e-15)
        for t in [0.1, 0.5, 0.77, 1.3] { #expect(abs(place(line(t)) - t) < 1e-14) }
    }

    @Test func bernstein() {
        for t in [0.0, 0.2, 0.5, 1] {
            let two = PathCurve.bernstein(2, t)
            #expect(zip(two, [(1 - t) * (1 - t), 2 * t * (1 - t), t * t]).allSatisfy { abs($0 - $1) < 1e-15 })
            for degree in 1...6 { #expect(abs(PathCurve.bernstein(degree, t).reduce(0, +) - 1) < 1e-14) }
        }
        // Before training, the curve is the straight line, for any number of bends.
        for bends in 1...4 {
            let curve = PathCurve(.bezier, from: [1, 2], to: [3, -2], bends: bends)
            for t in [0.0, 0.3, 1] {
                #expect(zip(curve.point(t), [1 + 2 * t, 2 - 4 * t]).allSatisfy { abs($0 - $1) < 1e-14 })
            }
            #expect(abs(curve.relativeLength() - 1) < 1e-12)
        }
    }

    /// One step moves the bend by −η B₁(t) ∇L(φ(t)), and the ends not at all.
    @Test func oneStep() throws {
        let objective = Ring()
        var curve = PathCurve(.bezier, from: [1, 0.5], to: [-0.5, 1])
        let before = curve.points[1]
        let t = RandomNumbers(seed: 7).named("curve").uniform(at: 0)
        let gradient = objective.valueAndGradient(at: curve.point(t)).gradient
        try curve.train(training(steps: 1, rate: 0.1, seed: 7)) { _, point in
            let found = objective.valueAndGradient(at: point)
            return (found.value, found.gradient)
        }
        for i in 0..<2 { #expect(abs(curve.points[1][i] - (before[i] - 0.1 * 2 * t * (1 - t) * gradient[i])) < 1e-15) }
        #expect(curve.points[0] == [1, 0.5] && curve.points[2] == [-0.5, 1])
    }

    /// A curve around the ring's hill: its barrier is a small part of the line's; the same seed gives the same bits.
    @Test(arguments: [1, 2]) func aroundAHill(_ bends: Int) throws {
        let objective = Ring(), a = [1.0, 0], b = [-0.6, 0.8]
        let line = try PathProfile(objective, count: 41, point: PathProfile.line(from: a, to: b))
        func trained(_ seed: UInt64) throws -> PathCurve {
            var curve = PathCurve(.bezier, from: a, to: b, bends: bends)
            try curve.train(training(steps: 2000, rate: 0.05, seed: seed)) { _, point in
                let found = objective.valueAndGradient(at: point)
                return (found.value, found.gradient)
            }
            return curve
        }
        let curve = try trained(1)
        let profile = try PathProfile(objective, count: 41, point: curve.point)
        #expect(line.barrier > 0.5 && profile.barrier < 0.1 * line.barrier, "\(line.barrier), \(profile.barrier)")
        #expect(try trained(1).points == curve.points)
        #expect(try trained(2).points != curve.points)
        // From one point of the circle to another: at least the chord, and not much more than the arc of 127°.
        #expect(curve.relativeLength() > 1.05 && curve.relativeLength() < 1.4)
        #expect(throws: PathCurve.Diverged.self) {
            var other = PathCurve(.bezier, from: a, to: b)
            try other.train(training(steps: 5, rate: 0.1)) { _, _ in (.nan, [0, 0]) }
        }
    }

    /// A triangle in a plane of known axes: places, and how much of each corner a point is made of.
    @Test func planes() throws {
        let a = RandomNumbers(seed: 3).normals(20)
        var u = RandomNumbers(seed: 4).normals(20), v = RandomNumbers(seed: 5).normals(20)
        Vectors.scale(&u, by: 1 / Vectors.norm(u))
        Vectors.add(-Vectors.dot(u, v), u, to: &v)
        Vectors.scale(&v, by: 1 / Vectors.norm(v))
        let b = Vectors.sum(a, 4, u), c = Vectors.sum(Vectors.sum(a, 1, u), 3, v)
        let plane = try #require(CheckpointPlane(a, b, c))
        for (found, expected) in zip(plane.corners, [(0.0, 0.0), (4, 0), (1, 3)]) {
            #expect(abs(found.x - expected.0) < 1e-12 && abs(found.y - expected.1) < 1e-12)
        }
        let middle = (0..<20).map { (a[$0] + b[$0] + c[$0]) / 3 }
        let known: [(point: [Double], weights: [Double])] = [
            (a, [1, 0, 0]), (b, [0, 1, 0]), (c, [0, 0, 1]), (middle, [1.0 / 3, 1.0 / 3, 1.0 / 3]),
        ]
        for (point, weights) in known {
            for (found, expected) in zip(plane.weights(at: point), weights) { #expect(abs(found - expected) < 1e-12) }
        }
        // Beyond A, none of B and C.
        let beyond = Vectors.sum(Vectors.sum(a, -2, u), -1, v)
        #expect(plane.weights(at: beyond) == [1, 0, 0])
        #expect(CheckpointPlane(a, b, Vectors.sum(a, 2.5, u)) == nil)
        #expect(CheckpointPlane(a, a, c) == nil)
    }
}
