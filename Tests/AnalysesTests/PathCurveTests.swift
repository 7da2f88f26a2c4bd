import Foundation
import Objectives
import Tensors
import Testing

@testable import Analyses

/// Chains between two networks, and the highest point of a path.
@Suite struct PathCurveTests {
    /// The surface of Müller and Brown (1979, doi 10.1007/BF00547608), whose minima and saddles are known.
    private enum MullerBrown {
        static let minima = [[-0.558223638, 1.441725842], [0.623499404, 0.028037759]]
        /// The loss of the higher of the two saddles between them.
        static let saddle = -40.66484351

        static func value(_ x: [Double]) -> (loss: Double, gradient: [Double]) {
            let heights = [-200.0, -100, -170, 15], a = [-1.0, -1, -6.5, 0.7], b = [0, 0, 11, 0.6]
            let c = [-10, -10, -6.5, 0.7], centers = [[1.0, 0], [0, 0.5], [-0.5, 1.5], [-1, 1]]
            var loss = 0.0, gradient = [0.0, 0.0]
            for i in 0..<4 {
                let dx = x[0] - centers[i][0], dy = x[1] - centers[i][1]
                let term = heights[i] * exp(a[i] * dx * dx + b[i] * dx * dy + c[i] * dy * dy)
                loss += term
                gradient[0] += term * (2 * a[i] * dx + b[i] * dy)
                gradient[1] += term * (b[i] * dx + 2 * c[i] * dy)
            }
            return (loss, gradient)
        }
    }

    private func band(_ bends: Int, steps: Int = 2000, cycles: Int = 1) throws -> (PathCurve, HighestPoint) {
        var curve = PathCurve(.neb, from: MullerBrown.minima[0], to: MullerBrown.minima[1], bends: bends)
        var training = PathCurve.Training()
        (training.steps, training.cycles, training.learningRate) = (steps, cycles, 1e-5)
        try curve.train(training, value: { MullerBrown.value($0).loss }) { MullerBrown.value($1) }
        return (curve, try highest(curve))
    }

    private func highest(_ curve: PathCurve) throws -> HighestPoint {
        let value = { MullerBrown.value(curve.point($0)).loss }
        let t = (0...50).map { Double($0) / 50 }
        return try HighestPoint(
            on: PathProfile(t: t, loss: t.map(value)), corners: Array(curve.places.dropFirst().dropLast()), value: value
        )
    }

    /// The band's highest point falls to the saddle's loss as pivots become more: a path between the minima is nowhere lower. Pivots that
    /// slide down along the band, or stay on the straight line, end far above.
    @Test func bandFindsTheSaddle() throws {
        let saddle = MullerBrown.saddle
        #expect(try highest(PathCurve(.neb, from: MullerBrown.minima[0], to: MullerBrown.minima[1])).loss > 10)
        let tops = try [3, 7, 15].map { try band($0).1 }
        let offsets = tops.map { $0.loss - saddle }
        #expect(tops.allSatisfy { $0.loss + $0.error > saddle }, "\(tops)")
        #expect(offsets[0] > offsets[1] && offsets[1] > offsets[2], "\(offsets)")
        #expect(offsets[1] < 0.1 && abs(offsets[2]) < 0.005 && tops[2].error < 0.02, "\(offsets)")
        // Spread evenly, as they began.
        let curve = try band(15).0, distances = curve.distances
        #expect(distances.max()! < 1.02 * distances.min()!, "\(distances)")
    }

    /// Every pivot of the trained band rests: the gradient across the band is small beside the whole.
    @Test func gradientLiesAlongTheBand() throws {
        var curve = try band(15).0
        let losses = curve.points.map { MullerBrown.value($0).loss }
        let forces = try curve.bandForces((losses[0], losses[16])) { MullerBrown.value($0) }
        for (inner, force) in forces.parts.enumerated() {
            #expect(Vectors.norm(force.vector) < 1e-6, "pivot \(inner): \(force.vector)")
        }
        #expect(MullerBrown.value(curve.points[4]).gradient.map(abs).max()! > 10)
    }

    /// AutoNEB puts pivots where three say too little of the loss between them, and comes nearer to the saddle by them.
    @Test func insertedPivots() throws {
        let few = try band(3, steps: 3000), more = try band(3, steps: 3000, cycles: 6)
        #expect(few.0.points.count == 5 && (6...15).contains(more.0.points.count))
        #expect(more.0.places == more.0.places.sorted() && more.0.places.first == 0 && more.0.places.last == 1)
        #expect(more.1.loss - MullerBrown.saddle < 0.2 * (few.1.loss - MullerBrown.saddle))
    }

    /// A narrow rise between two pivots gets one, at its top; none elsewhere.
    @Test func placeOfAnInsertion() throws {
        var curve = PathCurve(.neb, from: [0], to: [1], bends: 1)
        try curve.insertPivots { x in x[0] + (abs(x[0] - 0.7) < 0.06 ? 1 : 0) }
        #expect(curve.places.count == 4 && abs(curve.places[2] - 0.7) < 0.051, "\(curve.places)")
        #expect(abs(curve.points[2][0] - curve.places[2]) < 1e-14)
        // A rise of less than a fifth of the range is left.
        try curve.insertPivots { x in x[0] + (abs(x[0] - 0.3) < 0.06 ? 0.15 : 0) }
        #expect(curve.places.count == 4)
    }

    /// Towards the higher neighbour; at a highest pivot both by their differences, at ends of unequal height (Henkelman & Jónsson).
    @Test func tangents() {
        var curve = PathCurve(.neb, from: [0, 0], to: [2, 2], bends: 1)
        curve.points[1] = [2, 0]
        func tangent(_ losses: [Double]) -> [Double] { curve.tangent(1, losses) }
        #expect(tangent([0, 1, 3]) == [0, 1] && tangent([3, 1, 0]) == [1, 0])
        // ΔV: 3 before, 1 after, the end after is the higher one: 3 of the vector ahead, 1 of that back.
        let found = tangent([0, 3, 2]), size = 10.0.squareRoot()
        #expect(abs(found[0] - 1 / size) < 1e-15 && abs(found[1] - 3 / size) < 1e-15, "\(found)")
        curve.points[1] = [0, 0]
        #expect(tangent([1, 0.5, 0]) == [0, 0])
    }

    /// Inner points at their places, straight pieces between them; half of a chain of one bend lies before the bend.
    @Test func chains() {
        var curve = PathCurve(.polygon, from: [0, 0], to: [4, 0], bends: 1)
        curve.points[1] = [2, 6]
        #expect(curve.point(0.25) == [1, 3] && curve.point(0.5) == [2, 6] && curve.point(0.75) == [3, 3])
        #expect(abs(curve.relativeLength() - 2 * 40.0.squareRoot() / 4) < 1e-14)
        curve.places[1] = 0.2
        #expect(curve.point(0.1) == [1, 3] && curve.point(1) == [4, 0])
    }

    /// w_k(t) ∇L(φ(t)) is the derivative of L(φ(t)) by θ_k, of every kind.
    @Test(arguments: PathCurve.Kind.allCases) func chainRule(_ kind: PathCurve.Kind) {
        var curve = PathCurve(kind, from: MullerBrown.minima[0], to: MullerBrown.minima[1], bends: 3)
        for k in 1...3 { curve.points[k][0] -= 0.1 * Double(k) }
        for t in [0.0, 0.13, 0.5, 0.61, 1] {
            let weights = curve.weights(at: t), gradient = MullerBrown.value(curve.point(t)).gradient
            #expect(weights.count == 5 && abs(weights.reduce(0, +) - 1) < 1e-14)
            for k in 1...3 {
                for axis in 0..<2 {
                    let values = [1e-5, -1e-5].map { step in
                        var other = curve
                        other.points[k][axis] += step
                        return MullerBrown.value(other.point(t)).loss
                    }
                    let difference = (values[0] - values[1]) / 2e-5
                    #expect(abs(difference - weights[k] * gradient[axis]) < 1e-5 * max(1, abs(gradient[axis])))
                }
            }
        }
    }

    /// Of ½‖θ − c‖² the best bend is known: ∫ w(φ − c) dt = 0 gives 3c/2 − (a + b)/4 for a chain, 5c/2 − 3(a + b)/4 for a Bezier curve.
    @Test(arguments: [(PathCurve.Kind.polygon, 1.5, 0.25), (.bezier, 2.5, 0.75)])
    func bestBend(_ kind: PathCurve.Kind, _ ofCenter: Double, _ ofEnds: Double) throws {
        let a = [1.0, 0], b = [-1.0, 2], center = [3.0, -1]
        var curve = PathCurve(kind, from: a, to: b)
        var training = PathCurve.Training()
        (training.steps, training.learningRate) = (20_000, 0.02)
        try curve.train(training) { _, point in
            let offset = Vectors.sum(point, -1, center)
            return (0.5 * Vectors.dot(offset, offset), offset)
        }
        for axis in 0..<2 {
            let expected = ofCenter * center[axis] - ofEnds * (a[axis] + b[axis])
            #expect(abs(curve.points[1][axis] - expected) < 0.15, "\(curve.points[1]), \(expected)")
        }
    }

    /// Interrupted after any step and gone on with, a training ends in the same bits; also where pivots were inserted meanwhile.
    @Test(arguments: PathCurve.Kind.allCases) func resumes(_ kind: PathCurve.Kind) throws {
        struct Stop: Error {}
        var training = PathCurve.Training()
        (training.steps, training.learningRate, training.cycles) = (40, 1e-5, kind.usualCycles)
        func run(from state: [Double]?, until last: Int) throws -> (PathCurve, gradients: Int, state: [Double]) {
            var curve = PathCurve(kind, from: MullerBrown.minima[0], to: MullerBrown.minima[1], bends: 2)
            var kept: [Double] = [], gradients = 0
            do {
                gradients = try curve.train(
                    training, from: state, keeping: { _, state in kept = state() },
                    progress: { step, _ in if step == last { throw Stop() } }, value: { MullerBrown.value($0).loss }
                ) { MullerBrown.value($1) }
            } catch is Stop {}
            return (curve, gradients, kept)
        }
        let whole = try run(from: nil, until: -1)
        #expect(kind == .neb ? whole.gradients > 80 && whole.0.points.count > 4 : whole.gradients == 40)
        for last in [1, 9, 10, 11, 25, 40] {
            let part = try run(from: nil, until: last)
            let rest = try run(from: part.state, until: -1)
            #expect(rest.0.points == whole.0.points && rest.0.places == whole.0.places, "\(last)")
            #expect(rest.gradients == whole.gradients, "\(last)")
        }
    }

    /// The loss that was found and the error hold the true highest loss between them, and the error is small.
    @Test(arguments: [0.1, 0.333, 0.51, 0.65]) func highestPoint(_ top: Double) throws {
        let value: (Double) -> Double = { 2 + exp(-50 * ($0 - top) * ($0 - top)) + 0.5 * exp(-200 * pow($0 - 0.9, 2)) }
        let t = (0...20).map { Double($0) / 20 }, profile = PathProfile(t: t, loss: t.map(value))
        let found = try HighestPoint(on: profile, value: value)
        let truth = (0...100_000).map { value(Double($0) / 100_000) }.max()!
        #expect(found.loss <= truth && truth <= found.loss + found.error + 1e-9, "\(found), \(truth)")
        #expect(found.error < 2e-4 && abs(found.t - top) < 0.01 && found.evaluations <= 21, "\(found)")
        // The profile alone would be further off.
        #expect(truth - profile.loss.max()! > found.error || profile.t.contains { abs($0 - top) < 1e-9 })
    }

    /// A kink at a corner is the highest point itself; a rise down to an end leaves the end; no number of a loss that is not finite.
    @Test func highestPointOfCorners() throws {
        let roof: (Double) -> Double = { 1 - abs($0 - 0.47) }
        let t = (0...10).map { Double($0) / 10 }
        let found = try HighestPoint(on: PathProfile(t: t, loss: t.map(roof)), corners: [0.47], value: roof)
        #expect(found.t == 0.47 && found.loss == 1 && found.error < 1e-4 && found.evaluations < 8, "\(found)")
        let falling = try HighestPoint(on: PathProfile(t: t, loss: t.map { 1 - $0 })) { 1 - $0 }
        #expect(falling.t == 0 && falling.loss == 1 && falling.error < 1e-12 && falling.evaluations == 0, "\(falling)")
        let lost = try HighestPoint(on: PathProfile(t: [0, 0.5, 1], loss: [1, .infinity, 1])) { _ in 1 }
        #expect(lost.t == 0.5 && lost.loss == .infinity && lost.error.isNaN)
        let unknown = try HighestPoint(on: PathProfile(t: [0, 0.5, 1], loss: [1, .nan, 1])) { _ in 1 }
        #expect(unknown.loss.isNaN && unknown.error.isNaN)
    }
}
