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
    @Test(arguments: [35.0, 125, 215, 305]) func orderAndPlace(_ azimuth: Double) throws {
        func surface(_ f: (Double, Double) -> Double) throws -> (faces: [Path], size: Size) {
            var figure = SurfaceFigure(Self.map(9, 9, f))
            figure.azimuth = azimuth
            let drawing = figure.draw()
            return (drawing.fills(inGroup: "surface"), drawing.size)
        }
        let (bowl, size) = try surface { $0 * $0 + 2 * $1 * $1 }
        #expect(bowl.count == 64)
        for face in bowl {
            #expect(
                face.points.count == 4
                    && face.points.allSatisfy { 0...size.width ~= $0.x && 0...size.height ~= $0.y })
        }
        // On a flat ground, what is nearer lies lower on the page: from face to face it goes down.
        let flat = try surface { _, _ in 1 }.faces.map { $0.points.reduce(0) { $0 + $1.y } / 4 }
        #expect(flat.count == 64)
        #expect(zip(flat, flat.dropFirst()).allSatisfy { face, next in next >= face - 1e-9 })
        #expect(flat[63] > flat[0] + 50)
        // Relief does not change the order: across the page, faces follow each other as those of the flat ground do.
        let across = try surface { _, _ in 1 }.faces
        let shift = bowl[0].points[0].x - across[0].points[0].x  // colour bars' labels are of different widths
        let differences = zip(bowl, across).flatMap { zip($0.points, $1.points).map { $0.x - $1.x - shift } }
        #expect(differences.allSatisfy { abs($0) < 1e-9 })
    }

    /// Without a cell there is no surface but a note; with one cell there is one, on the page.
    @Test func degenerate() {
        func drawn(_ columns: Int, _ rows: Int, _ f: (Double, Double) -> Double) -> Drawing {
            SurfaceFigure(Self.map(columns, rows, f)).draw()
        }
        func notes(_ drawing: Drawing) -> [String] {
            drawing.texts.map(\.string).filter { $0.hasPrefix("no ") || $0.hasPrefix("one ") }
        }
        for (columns, rows, note) in [
            (0, 0, "no data"), (1, 1, "one row or column"), (1, 5, "one row or column"), (5, 1, "one row or column"),
        ] {
            for value in [3.0, .nan] {
                let drawing = drawn(columns, rows) { _, _ in value }
                #expect(drawing.groups(named: "surface").isEmpty, "\(columns)×\(rows) of \(value)")
                #expect(notes(drawing) == [value.isNaN && columns > 0 ? "no finite values" : note])
            }
        }
        let none = drawn(2, 2) { _, _ in .nan }
        #expect(none.groups(named: "surface").isEmpty && notes(none) == ["no finite values"])
        for f in [{ $0 + $1 }, { _, _ in 3 }] as [(Double, Double) -> Double] {
            let drawing = drawn(2, 2, f), faces = drawing.fills(inGroup: "surface")
            #expect(faces.count == 1 && notes(drawing).isEmpty)
            for point in faces.flatMap(\.points) {
                #expect(0...drawing.size.width ~= point.x && 0...drawing.size.height ~= point.y)
            }
        }
    }

    /// Many cells are thinned out to at most 120 along an axis, with the first and last row and column kept: the surface of a plane
    /// ends where that of few cells does.
    @Test func thinning() throws {
        func box(_ columns: Int, _ rows: Int) -> (count: Int, box: Box) {
            let faces = SurfaceFigure(Self.map(columns, rows) { $0 + 2 * $1 }).draw().fills(inGroup: "surface")
            return (faces.count, Path(runs: faces.flatMap(\.runs)).boundingBox)
        }
        let (four, whole) = box(3, 3)
        #expect(four == 4)
        // Every 9th of 1001 columns, from 0 to 999, and the last.
        for (columns, rows, count) in [(1001, 3, 112 * 2), (3, 1001, 112 * 2), (121, 3, 120 * 2), (122, 3, 61 * 2)] {
            let (found, extent) = box(columns, rows)
            #expect(found == count, "\(columns)×\(rows)")
            for (a, b) in [
                (extent.x, whole.x), (extent.y, whole.y), (extent.maxX, whole.maxX), (extent.maxY, whole.maxY),
            ] {
                #expect(abs(a - b) < 1e-9, "\(columns)×\(rows)")
            }
        }
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
