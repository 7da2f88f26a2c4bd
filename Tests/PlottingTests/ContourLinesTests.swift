import Foundation
import Testing

@testable import Plotting

@Suite struct ContourLinesTests {
    /// `f = (x−a)² + (y−b)²` on a shifted grid of unequal steps in x and y.
    static func paraboloid(center: Point, x: [Double], y: [Double]) -> [Double] {
        y.flatMap { b in x.map { a in pow(a - center.x, 2) + pow(b - center.y, 2) } }
    }

    static func grid(from low: Double, to high: Double, count: Int) -> [Double] {
        (0..<count).map { low + (high - low) * Double($0) / Double(count - 1) }
    }

    @Test func circleHasItsRadius() throws {
        let x = Self.grid(from: 3, to: 7, count: 41)
        let y = Self.grid(from: -11, to: -8, count: 25)
        let center = Point(5.03, -9.48)
        let values = Self.paraboloid(center: center, x: x, y: y)
        for radius in [0.4, 0.9, 1.3] {
            let runs = ContourLines.lines(values: values, x: x, y: y, level: radius * radius)
            #expect(runs.count == 1)
            let run = try #require(runs.first)
            #expect(run.isClosed)
            // Along an edge of length h the line through f misses f by at most h²·f″/8 = h²/4, so the crossing has
            // |r² − R²| ≤ h²/4 and |r − R| ≤ h²/(4(r + R)) < h²/(4R).
            let h = 0.125
            for point in run.points {
                #expect(abs((point - center).length - radius) < h * h / (4 * radius))
            }
            // Once around: the angles of the points cover the circle.
            #expect(run.points.count > 16)
            let turned = zip(run.points, run.points.dropFirst() + run.points.prefix(1)).reduce(0.0) { sum, pair in
                let (p, q) = (pair.0 - center, pair.1 - center)
                return sum + atan2(p.x * q.y - p.y * q.x, p.x * q.x + p.y * q.y)
            }
            #expect(abs(abs(turned) - 2 * .pi) < 1e-9)
        }
    }

    @Test func lineIsExactForAPlane() {
        let (x, y) = ([0.0, 1, 3, 7], [-2.0, 0, 5])
        let values = y.flatMap { b in x.map { a in 2 * a - 3 * b + 1 } }
        let runs = ContourLines.lines(values: values, x: x, y: y, level: 4)
        #expect(runs.count == 1)
        #expect(runs.first?.isClosed == false)
        for point in runs.flatMap(\.points) { #expect(abs(2 * point.x - 3 * point.y + 1 - 4) < 1e-12) }
    }

    @Test func nonFiniteCornersInterruptTheLine() {
        let x = Self.grid(from: 0, to: 4, count: 5)
        let values: [Double] = [0, 0, 0, 0, 0, 1, 1, .nan, 1, 1]
        let runs = ContourLines.lines(values: values, x: x, y: [0, 1], level: 0.5)
        #expect(runs.count == 2)
        #expect(runs.flatMap(\.points).allSatisfy { $0.isFinite && ($0.x <= 1 || $0.x >= 3) })
    }

    @Test func saddleFollowsTheMiddle() {
        // The mean of the corners is above the level, so the high corners are joined and the low ones cut off.
        let runs = ContourLines.lines(values: [1, 0, 0, 1], x: [0, 1], y: [0, 1], level: 0.4)
        #expect(runs.count == 2)
        for run in runs {
            let sum = run.points.map { $0.x - $0.y }
            #expect(sum.allSatisfy { $0 > 0 } || sum.allSatisfy { $0 < 0 })
        }
    }

    @Test func nothingToDraw() {
        #expect(ContourLines.lines(values: [1, 1, 1, 1], x: [0, 1], y: [0, 1], level: 2).isEmpty)
        #expect(ContourLines.lines(values: [1, 2], x: [0, 1], y: [0], level: 1.5).isEmpty)
        #expect(ContourLines.lines(values: [], x: [], y: [], level: 0).isEmpty)
        #expect(ContourLines.lines(values: [0, 1, 0, 1], x: [0, 1], y: [0, 1], level: .nan).isEmpty)
    }
}
