import Foundation
import Tensors
import Testing

@testable import Analyses

/// Sublevel sets of functions whose minima, saddles and holes are known.
@Suite struct TopologyTests {
    static func axis(_ range: ClosedRange<Double>, _ points: Int) -> [Double] {
        (0..<points).map { range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(points - 1) }
    }

    /// A function of the plane on a square of points.
    static func plane(_ axis: [Double], _ f: (Double, Double) -> Double) -> [Double] {
        axis.flatMap { y in axis.map { x in f(x, y) } }
    }

    /// Wells of depth −0.15, −0.05, 0.05 and 0.15 at (±1, ±1); saddles of 0.9, 0.95, 1.05 and 1.1 between, all on the grid.
    static func fourWells(_ x: Double, _ y: Double) -> Double {
        (x * x - 1) * (x * x - 1) + (y * y - 1) * (y * y - 1) + 0.1 * x + 0.05 * y
    }
    static let wellAxis = (-20...20).map { Double($0) / 10 }

    @Test func doubleWell() throws {
        // (x² − 1)² + x/4: wells near ±1, the barrier near 0; at the grid's points ±1 and 0 exactly.
        let x = (-8...8).map { Double($0) / 4 }
        let topology = try SublevelTopology(values: x.map { ($0 * $0 - 1) * ($0 * $0 - 1) + $0 / 4 }, shape: [17])
        #expect(topology.branches.map(\.minimum) == [4, 12] && topology.branches.map(\.saddle) == [nil, 8])
        #expect(topology.branches.map(\.birth) == [-0.25, 0.25] && topology.branches[1].death == 1)
        #expect(topology.branches[1].parent == 0 && topology.branches.map(\.persistence) == [.infinity, 0.75])
        #expect(topology.branches.map(\.points) == [9, 8] && !topology.branches.contains(where: \.isOnEdge))
        #expect(topology.holes.isEmpty && topology.nonfinite == 0)
        #expect([-0.3, 0, 0.5, 1].map { topology.bettiNumbers(at: $0) } == [[0], [1], [2], [1]])
        #expect(topology.minima(persistence: 0.75) == 2 && topology.minima(persistence: 0.76) == 1)
    }

    @Test func fourWellsMeetAtTheirSaddles() throws {
        let topology = try SublevelTopology(values: Self.plane(Self.wellAxis, Self.fourWells), shape: [41, 41])
        func near(_ a: [Double], _ b: [Double]) -> Bool {
            zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 } && a.count == b.count
        }
        #expect(near(topology.branches.map(\.birth).sorted(), [-0.15, -0.05, 0.05, 0.15]))
        #expect(near(topology.branches.dropFirst().map(\.persistence).sorted(), [0.9, 0.9, 0.95]))
        #expect(topology.branches[0].death == .infinity && abs(topology.branches[0].birth + 0.15) < 1e-12)
        #expect(topology.branches.dropFirst().allSatisfy { $0.parent == 0 })
        #expect(
            [0, 0.92, 0.98, 1.07, 1.5, 2.1].map { topology.bettiNumbers(at: $0) }
                == [[2, 0], [3, 0], [2, 0], [1, 0], [1, 1], [1, 0]])
        let hole = try #require(topology.holes.first)
        #expect(topology.holes.count == 1 && near([hole.birth, hole.death], [1.1, 2]) && hole.maximum == 20 * 41 + 20)
        // Four quarters of the square; a point on the border between two goes to the lower one.
        let basins = topology.basins { _ in true }
        #expect(topology.branches.map(\.points).reduce(0, +) == 41 * 41 && Set(basins) == [0, 1, 2, 3])
        let corners = [0, 40, 40 * 41, 40 * 41 + 40].map { basins[$0] }
        #expect(Set(corners).count == 4 && corners[0] == 0)
        // Filled up to 0.92, the wells of 0.9 belong to a neighbour across a saddle.
        let filled = topology.basins { topology.branches[$0].persistence > 0.92 }
        #expect(Set(filled).count == 2)
        let distance = SaddleMinimumDistance(topology)
        #expect(
            near([distance.mean, distance.normalized!, distance.weighted], [0.95, 0.95 / 18.45, 0.2379610350981559]))
    }

    @Test func rotatedRastrigin() throws {
        // Its minima are those of u² − 10 cos 2πu along both rotated axes, near every pair of whole numbers.
        let axis = Self.axis(-3.3...3.3, 181), (cosine, sine) = (cos(0.46), sin(0.46))
        let values = Self.plane(axis) { x, y in
            let (u, v) = (cosine * x - sine * y, sine * x + cosine * y)
            return 20 + u * u + v * v - 10 * cos(2 * .pi * u) - 10 * cos(2 * .pi * v)
        }
        let wells = (-5...5).flatMap { m in (-5...5).map { n in (Double(m), Double(n)) } }.map { u, v in
            // One Newton step from the whole number: 2 u / (2 + 40 π²) off.
            let share = 1 - 2 / (2 + 40 * Double.pi * Double.pi)
            return (share * (cosine * u + sine * v), share * (cosine * v - sine * u))
        }
        #expect(wells.allSatisfy { abs(max(abs($0.0), abs($0.1)) - 3.3) > 0.1 })
        let inside = wells.count { max(abs($0.0), abs($0.1)) < 3.3 }
        let topology = try SublevelTopology(values: values, shape: [181, 181])
        #expect(topology.branches.count { !$0.isOnEdge } == inside && inside > 30)
        #expect(topology.branches[0].birth < 0.2 && topology.branches[0].minimum == 90 * 181 + 90)
    }

    @Test func monkeySaddle() throws {
        // x³ − 3 x y²: three valleys meet in one point, at 0.
        let values = Self.plane(Self.axis(-1...1, 21)) { x, y in x * x * x - 3 * x * y * y }
        let topology = try SublevelTopology(values: values, shape: [21, 21])
        #expect(topology.branches.map(\.death) == [.infinity, 0, 0])
        #expect(topology.branches.map(\.birth) == [-2, -2, -1] && topology.branches.allSatisfy(\.isOnEdge))
    }

    @Test func ringAndShell() throws {
        let axis = Self.axis(-1.5...1.5, 31)
        let ring = try SublevelTopology(
            values: Self.plane(axis) { x, y in (hypot(x, y) - 1) * (hypot(x, y) - 1) }, shape: [31, 31])
        #expect(ring.bettiNumbers(at: 0.1) == [1, 1] && ring.bettiNumbers(at: 1.1) == [1, 0])
        #expect(ring.holes[0].death == 1 && ring.holes[0].maximum == 15 * 31 + 15)
        let coarse = Self.axis(-1.5...1.5, 19)
        let shell = try SublevelTopology(
            values: coarse.flatMap { z in
                coarse.flatMap { y in
                    coarse.map { x in
                        let r = (x * x + y * y + z * z).squareRoot()
                        return (r - 1) * (r - 1)
                    }
                }
            }, shape: [19, 19, 19])
        #expect(shell.bettiNumbers(at: 0.1) == [1, 0, 1] && shell.bettiNumbers(at: 1.1) == [1, 0, 0])
        // A ring in space: its loop is known from the Euler characteristic alone.
        let torus = try SublevelTopology(
            values: coarse.flatMap { z in
                coarse.flatMap { y in coarse.map { x in (hypot(x, y) - 1) * (hypot(x, y) - 1) + z * z } }
            }, shape: [19, 19, 19])
        #expect(torus.bettiNumbers(at: 0.1) == [1, 1, 0])
    }

    @Test func plateausAndPoints() throws {
        // All equal: one component, whatever the order of points.
        let flat = try SublevelTopology(values: [Double](repeating: 2, count: 12), shape: [3, 4])
        #expect(flat.branches.count == 1 && flat.branches[0].points == 12 && flat.holes.isEmpty)
        #expect(flat.bettiNumbers(at: 2) == [1, 0] && SaddleMinimumDistance(flat).normalized == nil)
        #expect(SaddleMinimumDistance(flat).mean == 0)
        let single = try SublevelTopology(values: [3], shape: [1, 1, 1])
        #expect(single.branches.count == 1 && single.bettiNumbers(at: 3) == [1, 0, 0])
        // Zeros of both signs are equal.
        let zeros = try SublevelTopology(values: [0, -0.0, 0, -0.0], shape: [4])
        #expect(zeros.branches.count == 1)
    }

    @Test func whatIsNotFiniteNeverEnters() throws {
        // A wall of infinities parts the line; a NaN in the middle of a plane is a hole that nothing fills.
        let line = try SublevelTopology(values: [1, 2, .infinity, 0, .nan, 5, -.infinity], shape: [7])
        #expect(line.nonfinite == 3 && line.branches.map(\.minimum) == [3, 0, 5] && line.range == 0...5)
        #expect(
            line.branches.allSatisfy { $0.saddle == nil } && line.basins { _ in false } == [1, 1, -1, 0, -1, 2, -1])
        var values = [Double](repeating: 1, count: 9)
        values[4] = .nan
        let plane = try SublevelTopology(values: values, shape: [3, 3])
        #expect(plane.holes.map(\.maximum) == [nil] && plane.bettiNumbers(at: 1e300) == [1, 1])
        #expect(throws: TopologyError.self) { try SublevelTopology(values: [.nan, .infinity], shape: [2]) }
    }

    /// Values that move by ε move births and deaths by at most ε, and whatever else appears is at most 2 ε long.
    @Test func isStable() throws {
        let axis = (-80...80).map { Double($0) / 40 }, shape = [161, 161]
        let values = Self.plane(axis, Self.fourWells), epsilon = 0.02
        let noise = RandomNumbers(seed: 3).named("noise").normals(values.count).map { epsilon * tanh($0) }
        let before = try SublevelTopology(values: values, shape: shape)
        let after = try SublevelTopology(values: zip(values, noise).map(+), shape: shape)
        #expect(after.branches.count > 20)
        for (a, b) in zip(
            before.branches.sorted { $0.birth < $1.birth }, after.branches.prefix(4).sorted { $0.birth < $1.birth })
        {
            #expect(abs(a.birth - b.birth) <= epsilon && (a.death == b.death || abs(a.death - b.death) <= epsilon))
        }
        #expect(after.branches.dropFirst(4).allSatisfy { $0.persistence <= 2 * epsilon })
        let error = LevelError(epsilon)
        #expect(after.branches.count { error.isCertain(birth: $0.birth, death: $0.death) } == 4)
        #expect(after.holes.count { error.isCertain(birth: $0.birth, death: $0.death) } == 1)
    }
}
