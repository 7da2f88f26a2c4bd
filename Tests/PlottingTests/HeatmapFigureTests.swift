import Foundation
import Testing

@testable import Plotting

@Suite struct HeatmapFigureTests {
    /// 5 columns and 3 rows, rows along y; the lowest value at row 2, column 3, which is (α, β) = (0.5, 2).
    static func example() -> HeatmapFigure {
        let (x, y) = ([-1.0, -0.5, 0, 0.5, 1], [-2.0, 0, 2])
        var values = y.indices.flatMap { row in x.indices.map { 10 + Double(5 * row + $0) } }
        values[2 * 5 + 3] = 9
        return HeatmapFigure(
            title: "Loss", xLabel: "α", yLabel: "β", valueLabel: "training loss", x: x, y: y, values: values)
    }

    @Test func rowsRunAlongYFromTheBottom() throws {
        var figure = Self.example()
        figure.valueScale = .linear
        let raster = try #require(figure.draw().rasters(inGroup: "cells").first)
        #expect(raster.columns == 5 && raster.rows == 3)
        // The picture's top row is the last row of values.
        #expect(raster.colors[0 * 5 + 3] == ColorMap.viridis.colors[0])
        #expect(raster.colors[0 * 5 + 4] == ColorMap.viridis.colors[255])
        #expect(raster.colors[2 * 5 + 0] == ColorMap.viridis.color(at: 1.0 / 15))
    }

    @Test func marksStandAtTheirCells() throws {
        let drawing = Self.example().draw()
        let frame = try #require(drawing.frame)
        // Cell edges are at −1.25 … 1.25 and −3 … 3.
        let minimum = try #require(drawing.strokes(inGroup: "minimum").first).boundingBox.center
        #expect(abs(minimum.x - (frame.x + frame.width * (0.5 + 1.25) / 2.5)) < 1e-9)
        #expect(abs(minimum.y - (frame.maxY - frame.height * (2.0 + 3) / 6)) < 1e-9)
        let center = try #require(drawing.strokes(inGroup: "centre").first).boundingBox.center
        #expect(abs(center.x - frame.center.x) < 1e-9 && abs(center.y - frame.center.y) < 1e-9)
        #expect(drawing.strings(inGroup: "key") == ["centre (0, 0): 17", "minimum (0.5, 2): 9"])
    }

    /// Lines between regions stand half-way between points, and a record of too few regions is refused.
    @Test func linesPartRegions() throws {
        var figure = Self.example()
        figure.regions = (0..<15).map { $0 % 5 < 2 ? 0 : 1 }
        figure.regionLabel = "basins: 2"
        let drawing = figure.draw(), frame = try #require(drawing.frame)
        let line = try #require(drawing.strokes(inGroup: "regions").first).boundingBox
        // Columns 1 and 2 are at −0.5 and 0: of −1.25 … 1.25 the line is at −0.25, from the foot to the top.
        #expect(abs(line.center.x - (frame.x + frame.width * 1.0 / 2.5)) < 1e-9 && line.width == 0)
        #expect(abs(line.height - frame.height) < 1e-9)
        #expect(drawing.strings(inGroup: "key").contains("basins: 2"))
        let record = try FigureRecord(figure).json()
        let again = try #require(try FigureRecord(json: record).figure as? HeatmapFigure)
        #expect(again.regions == figure.regions)
        figure.regions = [1]
        #expect(throws: DecodingError.self) { try FigureRecord(json: FigureRecord(figure).json()) }
        #expect(figure.draw().strokes(inGroup: "regions").isEmpty)
    }

    @Test func orderOfCoordinatesDoesNotMatter() {
        let figure = Self.example()
        let mirrored = HeatmapFigure(
            title: "Loss", xLabel: "α", yLabel: "β", valueLabel: "training loss", x: figure.x.reversed(),
            y: figure.y.reversed(), values: figure.values.reversed())
        #expect(mirrored.draw() == figure.draw())
    }

    @Test func nonFiniteCellsAreHatched() throws {
        let figure = Self.example()
        #expect(figure.draw().groups(named: "non-finite").isEmpty)
        #expect(!figure.draw().texts.contains { $0.string.hasPrefix("non-finite") })
        var values = figure.values
        values[0] = .nan
        values[14] = .infinity
        let broken = HeatmapFigure(x: figure.x, y: figure.y, values: values)
        let drawing = broken.draw()
        let frame = try #require(drawing.frame)
        let hatching = try #require(drawing.strokes(inGroup: "non-finite").first)
        let cell = Size(width: frame.width / 5, height: frame.height / 3)
        let (lowLeft, topRight) = (
            Box(x: frame.x, y: frame.maxY - cell.height, width: cell.width, height: cell.height),
            Box(x: frame.maxX - cell.width, y: frame.y, width: cell.width, height: cell.height)
        )
        func grown(_ box: Box) -> Box {
            Box(x: box.x - 1e-6, y: box.y - 1e-6, width: box.width + 2e-6, height: box.height + 2e-6)
        }
        for point in hatching.points { #expect(grown(lowLeft).contains(point) || grown(topRight).contains(point)) }
        #expect(hatching.points.contains { grown(lowLeft).contains($0) })
        #expect(hatching.points.contains { grown(topRight).contains($0) })
        #expect(drawing.texts.contains { $0.string == "non-finite: 2 of 15 cells" })
        let raster = try #require(drawing.rasters(inGroup: "cells").first)
        #expect(raster.colors.filter { $0 == HeatmapMark.nonFiniteColor }.count == 2)
    }

    @Test func valueCapIsMarkedOnTheBar() throws {
        var figure = Self.example()
        #expect(!figure.draw().strings(inGroup: "colour-bar").contains { $0.hasPrefix("≥") })
        figure.valueCap = .value(16)
        figure.valueScale = .linear
        let drawing = figure.draw()
        #expect(drawing.strings(inGroup: "colour-bar").contains("≥ 16"))
        let raster = try #require(drawing.rasters(inGroup: "cells").first)
        #expect(raster.colors.filter { $0 == ColorMap.viridis.colors[255] }.count == 8)
        figure.valueCap = .percentile(50)
        // Sorted: 9, 10, …, 17, 18 … without 23; the eighth of fifteen is 16.
        #expect(figure.dataValueRange == 9...16)
    }

    @Test func valuesBelowTheScaleAreMarkedToo() {
        var figure = Self.example()
        figure.valueRange = 12...30
        let labels = figure.draw().strings(inGroup: "colour-bar")
        #expect(labels.contains("≤ 12") && !labels.contains { $0.hasPrefix("≥") } && !labels.contains("12"))
        let zero = HeatmapFigure(x: [0, 1], y: [0, 1], values: [0, 1, 10, 100])
        #expect(!zero.draw().strings(inGroup: "colour-bar").contains { $0.hasPrefix("≤") })
        var forced = zero
        forced.valueScale = .logarithmic
        #expect(forced.draw().strings(inGroup: "colour-bar").contains("≤ 1"))
    }

    @Test func automaticScaleIsLogarithmicForManyDecades() {
        let steep = HeatmapFigure(x: [0, 1], y: [0, 1], values: [1e-4, 1, 10, 100])
        let labels = steep.draw().strings(inGroup: "colour-bar")
        #expect(labels.contains("10⁻²"))
        let flat = HeatmapFigure(x: [0, 1], y: [0, 1], values: [1, 2, 3, 4])
        #expect(flat.draw().strings(inGroup: "colour-bar").contains("2.0"))
        let negative = HeatmapFigure(x: [0, 1], y: [0, 1], values: [-1, 2, 300, 4000])
        #expect(!negative.draw().strings(inGroup: "colour-bar").contains { $0.hasPrefix("10") && $0.count < 4 })
    }

    @Test func contoursLieOnTheirLevelAndCarryIt() throws {
        let x = ContourLinesTests.grid(from: -1, to: 1, count: 41)
        let y = ContourLinesTests.grid(from: -1, to: 1, count: 31)
        var figure = HeatmapFigure(
            x: x, y: y, values: ContourLinesTests.paraboloid(center: Point(0, 0), x: x, y: y))
        figure.contours = .levels([0.25, 0.64])
        let drawing = figure.draw()
        let frame = try #require(drawing.frame)
        #expect(drawing.groups(named: "contour").count == 2)
        #expect(drawing.strings(inGroup: "contour") == ["0.25", "0.64"])
        let (halfX, halfY) = (1.0, 1.0)
        for (path, radius) in zip(drawing.strokes(inGroup: "contour"), [0.5, 0.8]) {
            for point in path.points {
                let a = (point.x - frame.center.x) / frame.width * 2 * halfX
                let b = (point.y - frame.center.y) / frame.height * 2 * halfY
                // The label's gap ends between grid edges, on a chord: (2/30)²/8r more than the edges' error.
                #expect(abs((a * a + b * b).squareRoot() - radius) < 0.0045 / (2 * radius))
            }
        }
        figure.contours = .none
        #expect(figure.draw().groups(named: "contour").isEmpty)
    }

    @Test func panelsShareOneScale() throws {
        let low = HeatmapFigure(title: "a", valueLabel: "loss", x: [0, 1], y: [0, 1], values: [0, 1, 2, 3])
        let high = HeatmapFigure(title: "b", valueLabel: "loss", x: [0, 1], y: [0, 1], values: [0, 2, 4, 6])
        let shared = PanelFigure(title: "both", panels: [low, high]).draw()
        #expect(shared.groups(named: "colour-bar").count == 1)
        let rasters = shared.rasters(inGroup: "cells")
        #expect(rasters.count == 2)
        // 3 on the left and 2·… on the right are coloured on 0...6; rows come from the top.
        #expect(rasters[0].colors[1] == ColorMap.viridis.color(at: 0.5))
        #expect(rasters[1].colors[1] == ColorMap.viridis.color(at: 1))
        #expect(rasters[0].rowEdges == rasters[1].rowEdges)
        // A cap in one panel shows on the common bar.
        var capped = high
        capped.valueCap = .value(5)
        let labels = PanelFigure(panels: [low, capped]).draw().strings(inGroup: "colour-bar")
        #expect(labels.contains("≥ 5"))
        let own = PanelFigure(title: "each", panels: [low, high], sharesRanges: false).draw()
        #expect(own.groups(named: "colour-bar").count == 2)
        #expect(own.rasters(inGroup: "cells")[0].colors[1] == ColorMap.viridis.color(at: 1))
    }

    /// Labels of contours, and the values of centre and minimum, tell neighbours apart.
    @Test(arguments: [(1.0, 1e-6), (0.12533, 2e-5), (123_456, 0.01), (1, 1e-12), (-5, 1e-7), (0, 1)])
    func labelsDiffer(_ base: Double, _ size: Double) throws {
        let places = (0..<21).map { Double($0) / 10 - 1 }
        var figure = HeatmapFigure(
            title: "t", xLabel: "x", yLabel: "y", valueLabel: "v", x: places, y: places,
            values: places.flatMap { y in places.map { x in base + size * (x + 0.5 * y) } })
        figure.size = Size(width: 900, height: 800)
        let labels = figure.draw().strings(inGroup: "contour")
        #expect(labels.count > 2 && Set(labels).count == labels.count, "\(labels)")
        let key = figure.draw().strings(inGroup: "key").compactMap { $0.split(separator: ": ").last }
        #expect(key.count == 2 && key[0] != key[1], "\(key)")
    }

    /// The key names the dots, and says how much of a path is out of view.
    @Test func theKeyOfDotsAndPaths() {
        var figure = Self.example()
        figure.samples = [Point(0, 0), Point(0.5, 2), Point(7, 7)]
        figure.overlays = [.init(label: "path", x: [0, 0.5, 9], y: [0, 0, 0]), .init(label: "near", x: [0], y: [0])]
        let key = figure.draw().strings(inGroup: "key")
        #expect(key.contains("evaluated: 2 of 15 points"))
        #expect(key.contains("path (1 of 3 points out of view)") && key.contains("near"))
    }
}
