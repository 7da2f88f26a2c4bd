import Foundation
import Networks
import Objectives
import Tensors
import Testing

@testable import Analyses

@Suite struct SliceTests {
    static let layout = ParameterLayout([
        TensorSpecification("weight", [2, 3], .constant(0)), TensorSpecification("bias", [2], .constant(0)),
        TensorSpecification("conv", [2, 1, 2, 1], .constant(0)),
    ])
    static let theta: [Double] = [1, 2, 2, 0, 3, 4, 7, 8, 0, 0, -6, 8]

    @Test func filterNormalization() {
        var d = Array(repeating: 1.0, count: 12)
        d[8] = 3
        d[9] = 4
        DirectionNormalization.filter.apply(to: &d, at: Self.theta, Self.layout)
        // Filters of the dense weight are rows of norm 3 and 5; of the convolution output channels of norm 0 and 10.
        let row = 3 / 3.0.squareRoot(), second = 5 / 3.0.squareRoot(), channel = 10 / 2.0.squareRoot()
        let expected = [row, row, row, second, second, second, 0, 0, 0, 0, channel, channel]
        for (a, b) in zip(d, expected) { #expect(abs(a - b) < 1e-14) }
        var included = Array(repeating: 1.0, count: 12)
        DirectionNormalization.filter.apply(to: &included, at: Self.theta, Self.layout, includes1D: true)
        #expect(abs(Vectors.norm(Array(included[6..<8])) - (49.0 + 64).squareRoot()) < 1e-13)
    }

    @Test func layerAndWeightNormalization() {
        var d = RandomNumbers(seed: 1).normals(12)
        DirectionNormalization.layer.apply(to: &d, at: Self.theta, Self.layout)
        #expect(abs(Vectors.norm(Array(d[0..<6])) - 34.0.squareRoot()) < 1e-13)
        #expect(d[6] == 0 && d[7] == 0)
        var w = Array(repeating: 2.0, count: 12)
        DirectionNormalization.weight.apply(to: &w, at: Self.theta, Self.layout, includes1D: true)
        #expect(w == Self.theta.map { 2 * abs($0) })
        var none = Array(repeating: 2.0, count: 12)
        DirectionNormalization.none.apply(to: &none, at: Self.theta, Self.layout)
        #expect(none == Array(repeating: 2.0, count: 12))
    }

    /// The projection must divide by ‖d₁‖²: without it the pair below has a cosine of −0.86.
    @Test func orthogonalization() {
        let d1 = Array(repeating: 3.0, count: 12), d2 = (0..<12).map { Double($0) + 1 }
        let pair = SliceDirections(
            [d1, d2], kind: "file", at: Self.theta, Self.layout, normalization: .none, orthogonalizes: true)
        #expect(abs(pair.cosine!) < 1e-14)
        let oblique = SliceDirections(
            [d1, d2], kind: "file", at: Self.theta, Self.layout, normalization: .none, orthogonalizes: false)
        let expected = 78 / (12.0.squareRoot() * d2.reduce(0) { $0 + $1 * $1 }.squareRoot())
        #expect(abs(oblique.cosine! - expected) < 1e-14)
    }

    @Test(arguments: [2, 5, 50, 51]) func axesContainZero(_ points: Int) {
        for range in [-1.0...1.0, -0.3...2.0, 0...1, -5...(-0.0)] {
            let axis = SliceAxis(range: range, points: points)
            #expect(axis.values.count == points)
            #expect(axis.zero != nil)
            #expect(zip(axis.values, axis.values.dropFirst()).allSatisfy { $0 < $1 })
            if points > 2 { #expect(axis.values.first == range.lowerBound && axis.values.last == range.upperBound) }
        }
        #expect(SliceAxis(range: 1...2, points: points).zero == nil)
    }

    /// On a quadratic away from its minimum, on a non-square grid off centre: values by formula at [β][α], exact curvature.
    @Test func quadratic() throws {
        let matrix: [Double] = [4, 1, 1, 3], linear = [0.5, -2.0]
        let objective = QuadraticObjective(matrix: matrix, linear: linear, constant: 7)
        let layout = ParameterLayout([TensorSpecification("w", [2], .constant(0))])
        let theta = [1.5, -0.25], d = [[1.0, 2.0], [-1.0, 0.5]]
        let directions = SliceDirections(
            d, kind: "file", at: theta, layout, normalization: .none, orthogonalizes: false)
        var computation = SliceComputation(
            directions, alpha: SliceAxis(range: -1...2, points: 7), beta: SliceAxis(range: -2...1, points: 4))
        try computation.run(objective, at: theta)
        let slice = try computation.result(objective, at: theta)
        #expect(slice.alpha.count == 7 && slice.beta.count == 4 && slice.loss.count == 28)
        for (row, b) in slice.beta.enumerated() {
            for (column, a) in slice.alpha.enumerated() {
                let x = [theta[0] + a * d[0][0] + b * d[1][0], theta[1] + a * d[0][1] + b * d[1][1]]
                let value = 7 + 0.5 * x[0] - 2 * x[1] + 0.5 * (4 * x[0] * x[0] + 2 * x[0] * x[1] + 3 * x[1] * x[1])
                #expect(abs(slice.loss[row * 7 + column] - value) < 1e-12)
            }
        }
        // dᵀAd: 4 + 4 + 12 = 20 and 4 − 1 + 0.75 = 3.75; second differences of a quadratic are exact.
        #expect(slice.audit.curvatureFromProduct == [20, 3.75])
        #expect(abs(slice.audit.curvatureFromGrid[0]! - 20) < 1e-9)
        #expect(abs(slice.audit.curvatureFromGrid[1]! - 3.75) < 1e-9)
        #expect(slice.audit.centerIsExact == true)
        #expect(slice.audit.nonfinite == 0 && slice.audit.evaluations == 28)
    }

    /// Along three directions: values at [γ][β][α], the curvature of each, and a minimum with its place.
    @Test func quadraticThroughSpace() throws {
        let objective = QuadraticObjective(matrix: [4, 1, 0, 1, 3, 0, 0, 0, 2], linear: [0.5, -2, 1], constant: 7)
        let theta = [1.5, -0.25, 0.5], d = [[1.0, 2, 0], [-1, 0.5, 1], [0, 1, -1]]
        let grid = SliceGrid(
            SliceAxis(range: -1...2, points: 7), SliceAxis(range: -2...1, points: 4),
            SliceAxis(range: -1...1, points: 5))
        #expect(grid.shape == [5, 4, 7] && grid.count == 140 && grid.origin == (2 * 4 + 2) * 7 + 2)
        var computation = SliceComputation(SliceDirections(d, kind: "file"), grid)
        try computation.run(objective, at: theta)
        let slice = try computation.result(objective, at: theta)
        for index in 0..<grid.count {
            let place = grid.place(index)
            #expect(grid.index(row: grid.row(index), column: grid.column(index), layer: grid.layer(index)) == index)
            let x = (0..<3).map { i in theta[i] + (0..<3).reduce(0) { $0 + place[$1] * d[$1][i] } }
            let square = 4 * x[0] * x[0] + 2 * x[0] * x[1] + 3 * x[1] * x[1] + 2 * x[2] * x[2]
            #expect(abs(slice.loss[index] - (7 + 0.5 * x[0] - 2 * x[1] + x[2] + square / 2)) < 1e-12)
        }
        // dᵀAd: 20, 3.75 + 2 and 3 + 2.
        #expect(slice.audit.curvatureFromProduct == [20, 5.75, 5])
        for (curvature, expected) in zip(slice.audit.curvatureFromGrid, [20, 5.75, 5]) {
            #expect(abs(try #require(curvature) - expected) < 1e-9)
        }
        #expect(slice.audit.centerIsExact == true && slice.audit.relativeReach.count == 3 && !slice.isPlane)
        #expect(slice.minimumPoint == slice.loss.indices.min { slice.loss[$0] < slice.loss[$1] })
    }

    /// The audit's two curvatures come from different places: |x| has none by its derivatives, and the grid sees the kink.
    @Test func auditSeesKinks() throws {
        final class Kink: Objective {
            let dimension = 1
            func evaluate(at theta: [Double]) -> Evaluation { Evaluation(loss: abs(theta[0])) }
            func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
                (abs(theta[0]), [theta[0] < 0 ? -1 : 1])
            }
            func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
                vectors.map { _ in [0] }
            }
            func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
                vectors.map { _ in [0] }
            }
        }
        let directions = SliceDirections(
            [[1]], kind: "file", at: [0], ParameterLayout([TensorSpecification("w", [1], .constant(0))]),
            normalization: .none, orthogonalizes: true)
        var computation = SliceComputation(directions, alpha: SliceAxis(range: -1...1, points: 3))
        try computation.run(Kink(), at: [0])
        let audit = try computation.result(Kink(), at: [0]).audit
        // (|−1| − 2·0 + |1|)/1².
        #expect(audit.curvatureFromProduct == [0] && audit.curvatureFromGrid == [2])
    }

    /// A grid whose value at the origin is another than the checkpoint's, in the last bit even, is not said to be exact.
    @Test func auditOfTheCentre() {
        let axis = SliceAxis(range: -1...1, points: 3)
        func isExact(_ origin: Double, _ center: Double) -> Bool? {
            Slice(
                grid: SliceGrid(axis), directions: SliceDirections([[1]], kind: "file"),
                values: SliceValues(loss: [1, origin, 1], accuracy: nil), center: Evaluation(loss: center),
                curvature: [0], relativeReach: [1]
            ).audit.centerIsExact
        }
        #expect(isExact(0.3, 0.3) == true && isExact(0.3, (0.3).nextUp) == false && isExact(0.3, .nan) == false)
        #expect(isExact(0, -0.0) == false)
        let aside = Slice(
            grid: SliceGrid(SliceAxis(range: 1...2, points: 3)), directions: SliceDirections([[1]], kind: "file"),
            values: SliceValues(loss: [1, 2, 1], accuracy: nil), center: Evaluation(loss: 2), curvature: [0],
            relativeReach: [1])
        #expect(aside.audit.centerIsExact == nil)
    }

    @Test func nonFiniteValuesStay() throws {
        final class Cliff: Objective {
            let dimension = 1
            func evaluate(at theta: [Double]) -> Evaluation {
                Evaluation(loss: theta[0] > 1.5 ? .infinity : theta[0] < -1.5 ? .nan : theta[0] * theta[0])
            }
            func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
                (theta[0] * theta[0], [2 * theta[0]])
            }
            func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
                vectors.map { [2 * $0[0]] }
            }
            func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
                vectors.map { [2 * $0[0]] }
            }
        }
        let directions = SliceDirections(
            [[1]], kind: "file", at: [0], ParameterLayout([TensorSpecification("w", [1], .constant(0))]),
            normalization: .none, orthogonalizes: true)
        var computation = SliceComputation(directions, alpha: SliceAxis(range: -2...2, points: 9))
        try computation.run(Cliff(), at: [0])
        let slice = try computation.result(Cliff(), at: [0])
        #expect(slice.loss[0].isNaN && slice.loss[8] == .infinity && slice.audit.nonfinite == 2)
        #expect(slice.minimum! == (4, 0))
    }

    /// Shards are parts of the same grid: together all of it, to the same bits, and no point twice.
    @Test func shards() throws {
        let objective = RosenbrockObjective()
        let layout = ParameterLayout([TensorSpecification("w", [2], .constant(0))])
        let directions = SliceDirections(
            [[1, 0], [0, 1]], kind: "file", at: [0.3, 0.4], layout, normalization: .none, orthogonalizes: true)
        let (alpha, beta) = (SliceAxis(range: -1...1, points: 5), SliceAxis(range: -1...1, points: 4))
        var whole = SliceComputation(directions, alpha: alpha, beta: beta)
        try whole.run(objective, at: [0.3, 0.4])
        var points: [Int: SlicePoint] = [:]
        for number in 1...3 {
            var part = SliceComputation(directions, alpha: alpha, beta: beta)
            try part.run(objective, at: [0.3, 0.4], shard: SliceShard(number, of: 3))
            #expect(part.finished.keys.allSatisfy { points[$0] == nil })
            points.merge(part.finished) { first, _ in first }
            let slice = try part.result(objective, at: [0.3, 0.4])
            #expect(
                slice.isMeasured?.count { $0 } == part.finished.count && slice.audit.evaluations == part.finished.count)
        }
        #expect(points == whole.finished)
    }

    /// Values on other data at the same points.
    @Test func otherSplit() throws {
        let train = QuadraticObjective(matrix: [1], linear: [0]), test = QuadraticObjective(matrix: [2], linear: [1])
        let layout = ParameterLayout([TensorSpecification("w", [1], .constant(0))])
        let directions = SliceDirections(
            [[1]], kind: "file", at: [0.5], layout, normalization: .none, orthogonalizes: true)
        var computation = SliceComputation(directions, alpha: SliceAxis(range: -1...1, points: 5))
        try computation.run(train, other: test, at: [0.5])
        let slice = try computation.result(train, at: [0.5])
        for (a, (own, other)) in zip(slice.alpha, zip(slice.loss, try #require(slice.other).loss)) {
            let x = 0.5 + a
            #expect(abs(own - 0.5 * x * x) < 1e-15 && abs(other - (x + x * x)) < 1e-15)
        }
    }

    @Test func band() {
        let band = SliceBand([[1, 2, .nan, 4], [3, 0, 1, .infinity]])
        #expect(band.mean[0] == 2 && band.lowest[1] == 0 && band.highest[1] == 2)
        #expect(band.mean[2].isNaN && band.spread[3] == .infinity)
    }
}
