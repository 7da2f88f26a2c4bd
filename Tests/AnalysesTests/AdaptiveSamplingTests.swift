import Foundation
import Objectives
import ReferenceModels
import Testing

@testable import Analyses

/// Adaptive sampling against functions that are known everywhere.
@Suite struct AdaptiveSamplingTests {
    static func grid(_ columns: Int = 51, _ rows: Int = 51) -> SliceGrid {
        SliceGrid(SliceAxis(range: -1...1, points: columns), SliceAxis(range: -1...1, points: rows))
    }

    /// What was found and the largest true error, relative to the true range.
    static func sample(
        _ grid: SliceGrid, tolerance: Double = 0.01, seed: UInt64 = 0, _ f: (Double, Double) -> Double
    ) throws -> (surface: AdaptiveSurface, error: Double, truth: [Double]) {
        let truth = (0..<grid.count).map { f(grid.coordinates($0).alpha, grid.coordinates($0).beta) }
        var sampling = AdaptiveSampling(
            grid, channels: [.controlled(forcesLogarithm: false)], tolerance: tolerance, seed: seed)
        let surface = try sampling.run { $0.map { [truth[$0]] } }
        let finite = truth.filter(\.isFinite)
        let range = finite.max()! - finite.min()!
        let error = zip(surface.values[0], truth).reduce(0) { worst, pair in
            guard pair.0.isFinite, pair.1.isFinite else {
                return pair.0.isFinite == pair.1.isFinite ? worst : .infinity
            }
            return max(worst, abs(pair.0 - pair.1) / range)
        }
        for i in truth.indices where surface.isMeasured[i] {
            #expect(surface.values[0][i].bitPattern == truth[i].bitPattern, "a measured value was changed")
        }
        return (surface, error, truth)
    }

    /// Over two and a half decades, like a network's loss: few points, in the logarithm.
    @Test(arguments: [0, 1, 2] as [UInt64]) func smooth(_ seed: UInt64) throws {
        let found = try Self.sample(Self.grid(), seed: seed) { exp(3 * $0 * $0 + 2 * $1 * $1 + $0 * $1) }
        #expect(found.surface.isMeasured.count { $0 } * 8 <= 51 * 51)
        #expect(found.error <= 0.01)
        #expect(found.surface.accuracy.heldOut == 59 && found.surface.accuracy.error <= 0.01)
        #expect(found.surface.accuracy.logarithmicError != nil)
        // 59 of 59 within a bound: 95 % of the rest is, with 95 % confidence.
        #expect(abs(found.surface.accuracy.coverage - 0.95) < 0.001)
    }

    /// Along kinks, points lie closer than elsewhere.
    @Test func kinks() throws {
        let grid = Self.grid()
        func f(_ a: Double, _ b: Double) -> Double { 1 + abs(a + 0.3 * b) + 0.2 * abs(b - 0.1) }
        let found = try Self.sample(grid, f)
        // The worst of 2600 may lie somewhat beyond what 59 drawn at random show.
        #expect(found.error <= 0.02)
        let near = (0..<grid.count).filter { abs(grid.coordinates($0).alpha + 0.3 * grid.coordinates($0).beta) < 0.06 }
        let density = Double(near.count { found.surface.isMeasured[$0] }) / Double(near.count)
        #expect(density > 2 * Double(found.surface.isMeasured.count { $0 }) / Double(grid.count))
    }

    /// A step stays a step: no value between its two sides, and none on the wrong one.
    @Test func cliff() throws {
        let found = try Self.sample(Self.grid()) { 1 + ($0 * $0 + $1 * $1 < 0.5 ? 0 : 1) + 0.3 * $0 }
        #expect(found.error <= 0.01)
        #expect(found.surface.isMeasured.count { $0 } < 51 * 51 / 2)
    }

    /// Nothing finite is invented where the function is not, and the reverse.
    @Test func nonFiniteRegions() throws {
        let found = try Self.sample(Self.grid()) { a, b in
            a + b > 1.1 ? .infinity : (a < -0.7 && b < -0.5 ? .nan : 2 + a * a - b)
        }
        #expect(found.error <= 0.01)
        #expect(zip(found.surface.values[0], found.truth).allSatisfy { $0.isNaN == $1.isNaN })
        #expect(found.surface.isMeasured.count { $0 } < 51 * 51 / 3)
    }

    /// Nothing but what was held out is needed where nothing changes; no range, no division by it.
    @Test func constant() throws {
        let found = try Self.sample(Self.grid(21, 11)) { _, _ in 3 }
        #expect(found.surface.values[0].allSatisfy { abs($0 - 3) < 1e-12 })
        #expect(found.surface.isMeasured.count { $0 } < 130)
    }

    @Test(arguments: [(2, 2), (51, 2), (3, 40), (2, 30)]) func narrowGrids(_ columns: Int, _ rows: Int) throws {
        let found = try Self.sample(Self.grid(columns, rows), tolerance: 0.05) { sin(3 * $0) + $1 * $1 }
        #expect(found.error <= 0.1)
    }

    @Test func oneDirection() throws {
        let grid = SliceGrid(SliceAxis(range: -1...1, points: 201))
        let found = try Self.sample(grid) { a, _ in 1 + a * a + 0.5 * sin(4 * a) }
        #expect(found.error <= 0.01)
        #expect(found.surface.isMeasured.count { $0 } < 60)
    }

    /// The same points whoever asks, and values that are known already do not change the course.
    @Test func isDeterministic() throws {
        func f(_ a: Double, _ b: Double) -> Double { exp(a - b) + abs(a) }
        let (one, two) = (try Self.sample(Self.grid(31, 21), f), try Self.sample(Self.grid(31, 21), f))
        #expect(one.surface.isMeasured == two.surface.isMeasured && one.surface.values == two.surface.values)
    }

    /// Channels that are carried along are interpolated, and their error at the held-out points is told in their own unit.
    @Test func carriedChannels() throws {
        let grid = Self.grid(31, 31)
        var sampling = AdaptiveSampling(
            grid, channels: [.controlled(forcesLogarithm: false), .carried], tolerance: 0.01)
        let surface = try sampling.run { indices in
            indices.map(grid.coordinates).map { a, b in [1 + a * a + b * b, 0.5 + 0.4 * a] }
        }
        let error = (0..<grid.count).map { abs(surface.values[1][$0] - 0.5 - 0.4 * grid.coordinates($0).alpha) }.max()!
        #expect(error < 1e-9)  // the interpolation reproduces linear functions
        #expect(try #require(surface.accuracy.carriedError) < 1e-9)
    }

    /// A real network: within the tolerance of the full grid, with fewer evaluations, and exact where evaluated.
    @Test func network() throws {
        let r = try Reference.mlp()
        let objective = try r.objective()
        let pair = SliceDirections(
            SliceDirections.random(2, dimension: r.theta.count, seed: 3), kind: "random", at: r.theta,
            r.network.parameters,
            normalization: .filter, orthogonalizes: true)
        let axis = SliceAxis(range: -1...1, points: 31)
        var full = SliceComputation(pair, alpha: axis, beta: axis)
        try full.run(objective, at: r.theta)
        let truth = try full.result(objective, at: r.theta)
        var adaptive = SliceComputation(pair, alpha: axis, beta: axis)
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try adaptive.refine(objective, at: r.theta, tolerance: 0.005) { count, _ in if count > 60 { throw Stop() } }
        }
        #expect(adaptive.finished.count > 60)
        // Gone on with, it is the same as without the interruption.
        try adaptive.refine(objective, at: r.theta, tolerance: 0.005)
        var whole = SliceComputation(pair, alpha: axis, beta: axis)
        try whole.refine(objective, at: r.theta, tolerance: 0.005)
        #expect(adaptive.finished == whole.finished)
        let slice = try adaptive.result(objective, at: r.theta)
        let range = truth.loss.max()! - truth.loss.min()!
        let error = zip(slice.loss, truth.loss).map { abs($0 - $1) / range }.max()!
        #expect(error <= 0.005, "\(error)")
        #expect(slice.isMeasured?[slice.minimum!.beta * 31 + slice.minimum!.alpha] == true)
        #expect(slice.audit.evaluations < 31 * 31 / 2)
        #expect(slice.audit.centerIsExact == true)
        #expect(slice.audit.curvatureFromGrid[0] == truth.audit.curvatureFromGrid[0])
    }

    /// The lowest value is one that was evaluated, also where interpolations swing below it: squares over many decades.
    @Test(arguments: [4.0, 12, 30, 60]) func lowestIsMeasured(_ steepness: Double) throws {
        for tolerance in [0.02, 0.2] {
            let found = try Self.sample(Self.grid(41, 41), tolerance: tolerance) { a, b in
                // A valley whose bottom is exactly 0, beside a cliff.
                let t = max(0, exp(steepness * (a + 0.3 * b)) - 1)
                return t * t
            }
            let (values, surface) = (found.surface.values[0], found.surface)
            let measured = values.indices.filter { surface.isMeasured[$0] }.map { values[$0] }.min()!
            #expect(measured >= 0 && values.allSatisfy { $0 >= measured })
        }
        // Where all is the same, nothing is lower or higher.
        let flat = try Self.sample(Self.grid(41, 41)) { _, _ in 0.25 }
        #expect(flat.surface.values[0].allSatisfy { $0 >= 0.25 && $0 < 0.25 + 1e-12 })
    }
}
