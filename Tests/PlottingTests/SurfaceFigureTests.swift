import Foundation
import Testing

@testable import Plotting

@Suite struct SurfaceFigureTests {
    static func map(_ columns: Int, _ rows: Int, _ f: (Double, Double) -> Double) -> HeatmapFigure {
        let x = (0..<columns).map { Double($0) / Double(max(1, columns - 1)) * 2 - 1 }
        let y = (0..<rows).map { Double($0) / Double(max(1, rows - 1)) * 2 - 1 }
        return HeatmapFigure(
            title: "bowl", xLabel: "α", yLabel: "β", valueLabel: "loss", x: x, y: y,
            values: y.flatMap { b in x.map { a in f(a, b) } })
    }

    /// One face and one edge for every cell whose corners are all finite.
    @Test func cells() {
        let whole = SurfaceFigure(Self.map(6, 4) { $0 * $0 + $1 * $1 }).draw()
        #expect(whole.groups(named: "surface").first?.count == 2 * 5 * 3)
        #expect(whole.groups(named: "colour-bar").count == 1)
        let holed = SurfaceFigure(Self.map(6, 4) { $0 > 0.9 && $1 > 0.9 ? .nan : $0 * $1 }).draw()
        #expect(holed.groups(named: "surface").first?.count == 2 * (5 * 3 - 1))
        for text in ["bowl", "α", "β", "loss"] { #expect(whole.texts.contains { $0.string == text }, "\(text)") }
    }

    /// What is near the viewer is drawn later, and everything lies on the page.
    @Test func orderAndPlace() throws {
        let drawing = SurfaceFigure(Self.map(9, 9) { $0 * $0 + 2 * $1 * $1 }).draw()
        var lowest: [Double] = []
        for case .fill(let path, _) in try #require(drawing.groups(named: "surface").first) {
            #expect(
                path.points.allSatisfy {
                    $0.x >= 0 && $0.x <= drawing.size.width && $0.y >= 0 && $0.y <= drawing.size.height
                })
            lowest.append(path.points.map(\.x).min()!)
        }
        #expect(lowest.count == 64)
        // On a flat ground, later faces lie lower on the page.
        let flat = SurfaceFigure(Self.map(5, 5) { a, b in a == -1 && b == -1 ? 1 : 0 }).draw()
        let heights = try #require(flat.groups(named: "surface").first).compactMap { element -> Double? in
            guard case .fill(let path, _) = element else { return nil }
            return path.points.map(\.y).reduce(0, +) / 4
        }
        #expect(heights.last! > heights.first!)
    }

    @Test func degenerate() {
        for (columns, rows) in [(0, 0), (1, 1), (1, 5), (5, 1), (2, 2)] {
            _ = SurfaceFigure(Self.map(columns, rows) { $0 + $1 }).draw()
            _ = SurfaceFigure(Self.map(columns, rows) { _, _ in .nan }).draw()
            _ = SurfaceFigure(Self.map(columns, rows) { _, _ in 3 }).draw()
        }
        // Thinned out, with the last row and column kept.
        let large = SurfaceFigure(Self.map(1001, 3) { $0 + $1 }).draw()
        #expect((large.groups(named: "surface").first?.count ?? 0) <= 2 * 126 * 2)
    }

    @Test func samplesAndLabels() {
        var map = Self.map(5, 5) { $0 * $0 + $1 * $1 }
        map.samples = [Point(0, 0), Point(0.5, -0.5), Point(.nan, 0)]
        map.labels = [HeatmapFigure.Label(text: "A", at: Point(0.2, 0.2))]
        let drawing = map.draw()
        guard case .fill(let dots, _)? = drawing.groups(named: "samples").first?.first else {
            Issue.record("no dots")
            return
        }
        #expect(dots.runs.count == 2)
        #expect(drawing.texts.contains { $0.string == "A" })
    }
}
