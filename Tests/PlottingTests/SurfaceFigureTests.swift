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

    private static let bowl = map(21, 21) { $0 * $0 + 2 * $1 * $1 }
    private static func view(_ azimuth: Double, _ elevation: Double) -> SurfaceFigure.View {
        SurfaceFigure.View(azimuth: azimuth, elevation: elevation)
    }

    private static func isOnPage(_ point: Point, _ drawing: Drawing) -> Bool {
        0...drawing.size.width ~= point.x && 0...drawing.size.height ~= point.y
    }

    @Test func words() {
        let drawing = SurfaceFigure(Self.bowl).draw()
        for text in ["bowl", "α", "β", "loss"] { #expect(drawing.texts.contains { $0.string == text }, "\(text)") }
        #expect(drawing.groups(named: "colour-bar").count == 1)
        #expect(drawing.strings(inGroup: "height-axis").contains("1"), "the height axis has ticks with numbers")
        #expect(!drawing.texts.contains { $0.string.contains("log scale") })
        #expect(drawing.strings(inGroup: "key").contains("minimum (0, 0): 0"))
    }

    /// On a logarithmic scale heights are logarithms, ticks are at powers of ten, and the axis says so.
    @Test func logarithmicHeight() {
        let drawing = SurfaceFigure(Self.map(21, 21) { exp(2 * ($0 + $1)) }).draw()
        let words = drawing.strings(inGroup: "height-axis")
        #expect(words.contains("loss, log scale"))
        #expect(words.contains("0.1") && words.contains("10"))
        // The exponential of a plane is a plane again: opposite corners of its outline are as far from the middle.
        let field = HeightField(
            SortedGrid(x: [0, 1, 2], y: [0, 1], values: [1, 10, 100, 10, 100, 1000]),
            AxisRange(covering: [1, 1000], scale: .logarithmic))
        #expect(
            abs((field.height(0.5, 0) ?? 0) - 1.0 / 3) < 1e-12 && abs((field.height(0.75, 0.5) ?? 0) - 2.0 / 3) < 1e-12)
    }

    /// Faces far from the eye are drawn first: on a level ground, one that hides another comes later.
    @Test(arguments: [35.0, 125, 180, 215, 305]) func order(_ azimuth: Double) throws {
        let view = Self.view(azimuth, 40)
        var camera = Camera(view)
        camera.scale = 300
        let mesh = SurfaceMesh(
            field: HeightField(
                SortedGrid(x: [0, 1, 2], y: [0, 1, 2], values: [Double](repeating: 1, count: 9)),
                AxisRange(covering: [0, 2], scale: .linear)), camera: camera, colors: .viridis)
        let faces = Drawing(size: Size(width: 1, height: 1), elements: [.group("s", clip: nil, mesh.elements())])
            .fills(inGroup: "s")
        #expect(faces.count == 50 * 50)
        // The page's y of a face's nearest corner: faces that follow each other in a column go down.
        let lowest = faces.map { $0.points.map(\.y).max()! }
        let rows = lowest.indices.filter { $0 % 50 > 0 }
        #expect(rows.allSatisfy { lowest[$0] > lowest[$0 - 1] - 0.03 })
        #expect(lowest[49 * 50] > lowest[0], "columns go down as well")
    }

    /// The colours at a point of the picture, with and without a peak near the eye.
    @Test func nearPeakHidesWhatIsBehind() throws {
        func picture(_ peak: Double, _ pit: Double) -> PixelCanvas {
            // The eye is at −y. A pit behind the middle, and a wall in front of it, near y = −0.6.
            var map = Self.map(41, 41) { _, y in y > 0.1 && y < 0.6 ? pit : abs(y + 0.6) < 0.08 ? peak : 1 }
            (map.valueRange, map.contours, map.marksMinimum, map.center) = (0...4, .none, false, nil)
            return PixelCanvas(SurfaceFigure(map, view: Self.view(-90, 20)).draw(), scale: 2)
        }
        // Where neighbours meet, the rounding of a pixel's share shows.
        func differences(_ a: PixelCanvas, _ b: PixelCanvas) -> Int {
            zip(a.bytes, b.bytes).count { abs(Int($0) - Int($1)) > 24 }
        }
        // Level ground shows what lies behind it; a high wall before it hides it wholly.
        #expect(differences(picture(1, 1), picture(1, 0.6)) > 5000)
        #expect(differences(picture(4, 1), picture(4, 0.6)) == 0)
    }

    /// A hidden mark is not drawn, and the key says so; the view chosen by default shows it.
    @Test(arguments: [5, 21, 101]) func automaticViewShowsTheMinimum(_ count: Int) {
        // A valley that opens to one side, whichever it is: from three others a ridge hides its minimum.
        let sides: [(Double, Double) -> Double] = [{ x, y in x }, { x, y in -x }, { x, y in y }, { x, y in -y }]
        for (index, side) in sides.enumerated() {
            let map = Self.map(count, count) { x, y in
                let open = (side(x, y) + 1) / 2
                return 1 + (1 - open) + 3 * (1 - open) * (x * x + y * y) - open * exp(-4 * (x * x + y * y))
            }
            let drawing = SurfaceFigure(map).draw()
            #expect(drawing.groups(named: "minimum").count == 1, "side \(index)")
            #expect(!drawing.strings(inGroup: "key").contains { $0.contains("hidden") })
            #expect(SurfaceFigure(map).draw() == drawing, "the view is the same every time")
        }
        let deep = Self.map(41, 41) { x, y in x * x + y * y > 0.3 ? 4 : 4 * (x * x + y * y) / 0.3 }
        let low = SurfaceFigure(deep, view: Self.view(-60, 10)).draw()
        #expect(low.groups(named: "minimum").isEmpty)
        #expect(low.strings(inGroup: "key").contains { $0.hasPrefix("minimum") && $0.contains("hidden)") })
        #expect(SurfaceFigure(deep).draw().groups(named: "minimum").count == 1)
    }

    /// No two lines of text touch, and all lie on the page, from any side, with short and long words.
    @Test(arguments: Array(stride(from: -180.0, to: 180, by: 22.5))) func labels(_ azimuth: Double) {
        for elevation in [0.0, 30, 60, 90] {
            for words in [("α", "β"), ("eigenvector 1, λ = 5.2", "eigenvector 2, λ = 0.0031")] {
                for width in [470.0, 300] {
                    var map = Self.map(3, 3) { exp(3 * $0) + $1 * $1 }
                    (map.xLabel, map.yLabel, map.size) = (words.0, words.1, Size(width: width, height: 420))
                    map.showsColorBar = width > 400
                    let drawing = SurfaceFigure(map, view: Self.view(azimuth, elevation)).draw()
                    let texts = drawing.texts
                    let remark = "\(azimuth), \(elevation), \(words.0), \(width)"
                    for (index, line) in texts.enumerated() {
                        #expect(line.corners.allSatisfy { Self.isOnPage($0, drawing) }, "\(remark): \(line.string)")
                        let met = texts[..<index].first(where: line.overlaps)
                        #expect(met == nil, "\(remark): \(line.string) on \(met?.string ?? "")")
                    }
                }
            }
        }
    }

    /// A fine grid is averaged to 50 cells, a coarse one subdivided to at most 50; both ends stay.
    @Test func thinning() {
        for (count, cells, step) in [
            (2, 50, 50), (5, 48, 12), (21, 40, 2), (41, 40, 2), (51, 50, 2), (52, 50, 2), (101, 50, 2), (1001, 50, 2),
        ] {
            let sampling = AxisSampling((0..<count).map(Double.init))
            #expect(sampling.places.count == cells + 1 && sampling.lineStep == step, "\(count)")
            #expect(sampling.places.first == 0 && sampling.places.last == 1)
            #expect(zip(sampling.places, sampling.places.dropFirst()).allSatisfy { $0 < $1 })
            for weights in sampling.weights {
                #expect(abs(weights.reduce(0) { $0 + $1.weight } - 1) < 1e-12)
                #expect(weights.allSatisfy { (0..<count).contains($0.index) })
            }
        }
        // A line stays itself at places inside, whether averaged or subdivided, on uneven coordinates as well.
        for x in [(0...200).map { Double($0) }, [0.0, 1, 3, 4]] as [[Double]] {
            let last = x[x.count - 1]
            let grid = SortedGrid(x: x, y: [0, 1], values: x + x)
            let field = HeightField(grid, AxisRange(covering: [0, last], scale: .linear))
            for place in field.columns.places.dropFirst().dropLast() {
                #expect(abs((field.height(place, 0.5) ?? -1) - place) < 1e-9)
            }
        }
        let drawing = SurfaceFigure(Self.map(301, 301) { $0 * $1 }).draw()
        #expect(drawing.fills(inGroup: "surface").count == 50 * 50)
        #expect(drawing.strokes(inGroup: "surface").count <= 50 * 50)
        #expect(drawing.svg().utf8.count < 700_000)
    }

    /// Level ground has the colour bar's colour; slopes towards the light are lighter, the lower side is dark.
    @Test func shading() {
        let shading = SurfaceShading(light: Vector(0.6, 0, 0.8))
        let color = Color(0x208080)
        #expect(shading.color(color, normal: Vector(0, 0, 1), isUnderside: false) == color)
        let lit = shading.color(color, normal: Vector(0.6, 0, 0.8), isUnderside: false)
        let dim = shading.color(color, normal: Vector(-0.6, 0, 0.8), isUnderside: false)
        let below = shading.color(color, normal: Vector(0, 0, 1), isUnderside: true)
        #expect(lit.luminance > color.luminance && color.luminance > dim.luminance && dim.luminance > below.luminance)
    }

    /// Cells without a value are missing on the surface and hatched on the floor.
    @Test func holes() {
        let whole = SurfaceFigure(Self.bowl).draw()
        #expect(whole.groups(named: "non-finite").isEmpty)
        var values = Self.bowl.values
        values[10 * 21 + 10] = .infinity
        let map = HeatmapFigure(x: Self.bowl.x, y: Self.bowl.y, values: values)
        let holed = SurfaceFigure(map).draw()
        // The four cells around it, each of 2 × 2 faces.
        #expect(holed.fills(inGroup: "surface").count == whole.fills(inGroup: "surface").count - 16)
        #expect(holed.groups(named: "non-finite").count == 1)
        #expect(holed.strings(inGroup: "key").contains("non-finite: 1 of 441 cells"))
    }

    /// A path lies on the surface where it is seen, its shadow on the floor; points outside are left out.
    @Test func path() throws {
        var map = Self.bowl
        map.overlays = [.init(label: "training", x: [3, .nan, -0.4, 0], y: [0, 0, 0.1, 0])]
        let drawing = SurfaceFigure(map).draw()
        let line = try #require(drawing.strokes(inGroup: "overlay").first)
        let shadow = try #require(drawing.strokes(inGroup: "shadow").first)
        #expect(line.points.count > 20 && shadow.runs.count == 1)
        #expect((line.points + shadow.points).allSatisfy { Self.isOnPage($0, drawing) })
        #expect(drawing.fills(inGroup: "overlay").count == 2, "two of four points are inside")
        // At eye level the near side of the bowl hides all.
        let low = SurfaceFigure(map, view: Self.view(-60, 0)).draw()
        #expect(low.strokes(inGroup: "overlay").first?.points.isEmpty == true)
        #expect(low.groups(named: "shadow").count == 1)
    }

    @Test func contoursLieOnTheFloor() {
        var map = Self.bowl
        map.contours = .levels([0.5, 1])
        let drawing = SurfaceFigure(map).draw()
        #expect(drawing.groups(named: "contour").count == 2)
        #expect(drawing.strokes(inGroup: "contour").flatMap(\.runs).allSatisfy { $0.points.count > 10 })
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
        let huge = [1e300, -1e300, 1e308, 3e-300]
        for f in [{ $0 + $1 }, { _, _ in 3 }, { huge[$0 > 0 ? ($1 > 0 ? 0 : 1) : ($1 > 0 ? 2 : 3)] }]
            as [(Double, Double) -> Double]
        {
            let drawing = drawn(2, 2, f), faces = drawing.fills(inGroup: "surface")
            #expect(faces.count == 2500 && notes(drawing).isEmpty)
            #expect(faces.flatMap(\.points).allSatisfy { Self.isOnPage($0, drawing) })
        }
    }

    /// Surfaces side by side have one scale and one colour bar, as heatmaps do.
    @Test func panelsShareTheScale() {
        let panels = [Self.map(5, 5) { $0 + $1 + 2 }, Self.map(5, 5) { 2 * ($0 + $1 + 2) }].map { SurfaceFigure($0) }
        let drawing = PanelFigure(title: "two", panels: panels).draw()
        #expect(drawing.groups(named: "colour-bar").count == 1)
        let labels = drawing.groups(named: "height-axis").map { children in
            children.compactMap { if case .text(let line) = $0 { line.string } else { nil } }
        }
        #expect(labels.count == 2 && labels[0] == labels[1])
        let words = drawing.groups(named: "x-axis").map { $0.count }
        #expect(words.count == 2 && words[0] == words[1], "one view for both")
    }

    @Test func samplesAndLabels() {
        var map = Self.map(5, 5) { $0 + $1 }
        map.samples = [Point(0, 0), Point(0.5, -0.5), Point(.nan, 0)]
        map.labels = [HeatmapFigure.Label(text: "A", at: Point(0.2, 0.2))]
        for drawing in [map.draw(), SurfaceFigure(map).draw()] {
            guard case .fill(let dots, _)? = drawing.groups(named: "samples").first?.first else {
                Issue.record("no dots")
                return
            }
            #expect(dots.runs.count == 2)
            #expect(drawing.texts.contains { $0.string == "A" })
        }
    }
}
