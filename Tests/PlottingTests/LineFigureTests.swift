import Foundation
import Testing

@testable import Plotting

@Suite struct LineFigureTests {
    @Test func pointsStandWhereTheAxesSay() throws {
        var figure = LineFigure(series: [Series("a", x: [1, 2, 4], y: [10, 1000, 100])])
        figure.xAxis = Axis("x", range: 0...5)
        figure.leftAxis = Axis("y", scale: .logarithmic, range: 1...10_000)
        let drawing = figure.draw()
        let frame = try #require(drawing.frame)
        let points = try #require(drawing.strokes(inGroup: "series-0").first).points
        let expected = [(0.2, 0.25), (0.4, 0.75), (0.8, 0.5)]
        #expect(points.count == 3)
        for (point, place) in zip(points, expected) {
            #expect(abs(point.x - (frame.x + place.0 * frame.width)) < 1e-9)
            #expect(abs(point.y - (frame.maxY - place.1 * frame.height)) < 1e-9)
        }
    }

    /// Names stand at 1, 2, … under the axis where there is room for all of them; else numbers do.
    @Test func namesAlongTheAxis() throws {
        func figure(_ names: [String]) -> LineFigure {
            let count = Double(names.count)
            return LineFigure(
                xAxis: Axis("tensor", range: 0.5...(count + 0.5), isWhole: true, names: names),
                series: [Series("", x: names.indices.map { Double($0 + 1) }, y: names.map { _ in 1 }, marker: .circle)])
        }
        let names = ["conv1.weight", "conv1.bias", "fc.weight"]
        let drawing = figure(names).draw()
        let frame = try #require(drawing.frame)
        let texts = drawing.texts.filter { names.contains($0.string) }
        #expect(texts.map(\.string) == names)
        for (index, text) in texts.enumerated() {
            #expect(abs(text.position.x - (frame.x + (Double(index) + 0.5) / 3 * frame.width)) < 1e-9)
            #expect(text.rotation == -90 && text.anchor == .end && text.position.y > frame.maxY)
        }
        let many = (1...100).map { "layer\($0).weight" }
        let crowded = figure(many).draw().strings(inGroup: "x-axis")
        #expect(crowded.contains { Int($0) != nil } && !crowded.contains { $0.hasPrefix("layer") })
    }

    @Test func nonFiniteValuesLeaveGaps() throws {
        let y: [Double] = [1, 2, .nan, 3, .infinity, 4, 5, 6]
        let figure = LineFigure(series: [Series("a", x: (0..<8).map(Double.init), y: y)])
        let path = try #require(figure.draw().strokes(inGroup: "series-0").first)
        #expect(path.runs.map(\.points.count) == [2, 3])
        // The lonely point between two gaps becomes a dot.
        #expect(figure.draw().fills(inGroup: "series-0").count == 1)
        var logarithmic = figure
        logarithmic.leftAxis.scale = .logarithmic
        logarithmic.series = [Series("a", x: [0, 1, 2, 3], y: [1, 0, 1, 10])]
        #expect(logarithmic.draw().strokes(inGroup: "series-0").first?.runs.map(\.points.count) == [2])
    }

    @Test func rightAxisBelongsToItsSeries() throws {
        var figure = LineFigure(
            leftAxis: Axis("loss", range: 0...4), rightAxis: Axis("accuracy", range: 0...1),
            series: [
                Series("loss", x: [0, 1], y: [1, 3]), Series("accuracy", x: [0, 1], y: [0.5, 0.25], side: .right),
            ])
        let drawing = figure.draw()
        let frame = try #require(drawing.frame)
        let right = try #require(drawing.strokes(inGroup: "series-1").first).points
        #expect(abs(right[0].y - (frame.maxY - 0.5 * frame.height)) < 1e-9)
        #expect(drawing.strings(inGroup: "right-axis").contains("accuracy"))
        #expect(drawing.texts.contains { $0.string == "accuracy (right axis)" })
        figure.series.removeLast()
        #expect(figure.draw().groups(named: "right-axis").isEmpty)
    }

    @Test func bandsStemsAndErrorBars() throws {
        var series = Series(
            "λ", x: [1, 2], y: [4, 2], marker: .circle, band: .init(lower: [3, 1], upper: [5, 3]),
            errors: .init(lower: [2, 2], upper: [7, 2]))
        series.stemBase = 0
        series.lineWidth = 0
        var figure = LineFigure(series: [series])
        figure.leftAxis.range = 0...8
        let drawing = figure.draw()
        let frame = try #require(drawing.frame)
        func value(_ p: Point) -> Double { (frame.maxY - p.y) / frame.height * 8 }
        let band = try #require(drawing.fills(inGroup: "series-0").first).points.map(value)
        #expect(zip(band, [5, 3, 1, 3]).allSatisfy { abs($0 - $1) < 1e-9 })
        let stems = try #require(drawing.strokes(inGroup: "series-0").first)
        #expect(stems.runs.map { $0.points.map { value($0).rounded() } } == [[0, 4], [0, 2]])
        let bars = try #require(drawing.strokes(inGroup: "error-bars").first)
        // One bar with two caps; an error of zero has none.
        #expect(bars.runs.count == 3)
        #expect(bars.runs[0].points.map { value($0).rounded() } == [2, 7])
    }

    /// The only thing in the legend's favourite corner is a bar.
    @Test func legendsKeepOffErrorBars() throws {
        let series = Series(
            "mean", x: [0, 1], y: [0, 1], marker: .circle, errors: .init(lower: [0, 0.9], upper: [0, 10]))
        let drawing = LineFigure(series: [series]).draw()
        let legend = try #require(drawing.fills(inGroup: "legend").first).boundingBox
        let bar = try #require(drawing.strokes(inGroup: "error-bars").first).runs[0].points
        #expect(!bar.contains { legend.contains($0) } && legend.maxX < bar[0].x)
    }

    @Test func legendsAndLabelsKeepOffTheData() throws {
        let x = (0..<100).map { Double($0) / 99 }
        // Empty only in the upper left half.
        var figure = LineFigure(series: [Series("rising", x: x, y: x), Series("flat", x: x, y: x.map { 0.3 * $0 })])
        figure.referenceLines = [ReferenceLine(.vertical, at: 0.8, label: "checkpoint")]
        let drawing = figure.draw()
        let legend = try #require(drawing.fills(inGroup: "legend").first).boundingBox
        let label = try #require(drawing.fills(inGroup: "reference-label").first).boundingBox
        #expect(!legend.overlaps(label))
        for path in drawing.strokes(inGroup: "series-0") + drawing.strokes(inGroup: "series-1") {
            #expect(!path.points.contains { legend.contains($0) || label.contains($0) })
        }
    }

    @Test func crowdedPlotsHaveTheLegendBelow() throws {
        let x = (0..<400).map(Double.init)
        let crowded = LineFigure(series: [Series("noise", x: x, y: x.map { sin(1.9 * $0) })])
        let drawing = crowded.draw()
        #expect(drawing.groups(named: "legend").isEmpty)
        let frame = try #require(drawing.frame)
        let entry = try #require(drawing.texts.first { $0.string == "noise" })
        #expect(entry.position.y > frame.maxY && entry.position.y < drawing.size.height)
    }

    @Test func seriesWithoutColorDiffer() {
        let series = (0..<9).map { Series("\($0)", x: [0, 1], y: [0, Double($0)]) }
        let plan = LinePlan(LineFigure(series: series), frame: Box(x: 0, y: 0, width: 400, height: 300))
        let looks = plan.series.map { "\($0.color ?? .black) \($0.dash ?? [])" }
        #expect(Set(looks).count == 9)
    }

    @Test func horizontalTickLabelsDoNotTouch() throws {
        for range in [0.0...1, 0...123_456, -1e-5...1e-5, 100_000...100_001, -0.99999...(-0.99998)] {
            var figure = LineFigure(series: [], size: Size(width: 260, height: 200))
            figure.xAxis.range = range
            let drawing = figure.draw()
            let frame = try #require(drawing.frame)
            let labels = drawing.groups(named: "x-axis").flatMap { children in
                children.compactMap {
                    if case .text(let line) = $0, line.position.y < frame.maxY + 10 { line } else { nil }
                }
            }
            #expect(labels.count >= 2, "\(range)")
            for (a, b) in zip(labels, labels.dropFirst()) {
                #expect(b.position.x - a.position.x > (a.width + b.width) / 2 + 3, "\(range): \(labels.map(\.string))")
            }
        }
    }

    @Test func thinningKeepsTheExtremes() {
        // Three places across, each with a spike in the middle of many points.
        let points = (0..<3000).map { index -> Point in
            let y: Double = index % 1000 == 400 ? -7 : index % 1000 == 700 ? 9 : 1
            return Point(Double(index / 1000) * 5, y)
        }
        let thin = SeriesDrawing.thinned(points)
        #expect(thin.map(\.x) == [0, 0, 0, 0, 5, 5, 5, 5, 10, 10, 10, 10])
        #expect(thin.map(\.y) == [1, -7, 9, 1, 1, -7, 9, 1, 1, -7, 9, 1])
        #expect(SeriesDrawing.thinned(Array(points.prefix(2000))).count == 2000)
        let apart = (0..<5000).map { Point(Double($0), 1) }
        #expect(SeriesDrawing.thinned(apart) == apart)
    }

    /// Zero has no place on a logarithmic axis: it is marked at the foot, and counted.
    @Test(arguments: [
        ([0.0, 0, 1, 10], 2), ([-1, 5, 0.5, 0], 2), ([1, 2, 3, 4], 0), ([0, 0, 0, 1], 3), ([.nan, 1, 0, 2], 1),
    ])
    func whatALogarithmicAxisLeavesOut(_ values: [Double], _ missing: Int) {
        for legend in [LineFigure.LegendPlace.automatic, .below, .none] {
            for label in ["loss", ""] {
                var figure = LineFigure(series: [Series(label, x: [0, 1, 2, 3], y: values)])
                figure.leftAxis = Axis("loss", scale: .logarithmic)
                figure.legend = legend
                let notes = figure.draw().texts.map(\.string).filter { $0.contains("not positive") }
                #expect(notes == (missing > 0 ? ["not positive, at the foot: \(missing) of 4 points"] : []))
                figure.leftAxis.scale = .linear
                #expect(!figure.draw().texts.contains { $0.string.contains("not positive") })
            }
        }
    }

    /// Lines in one frame differ in dash as well as in colour; a line alone is solid, as is the first of several.
    @Test func dashes() {
        func dashes(_ series: [Series]) -> [[Double]] { Series.distinct(series).map { $0.dash ?? [] } }
        func line(_ dash: [Double]? = nil, width: Double = 1.6) -> Series {
            var series = Series("a", x: [0, 1], y: [0, 1])
            (series.dash, series.lineWidth) = (dash, width)
            return series
        }
        #expect(dashes([line()]) == [[]])
        let five = dashes((0..<5).map { _ in line() })
        #expect(five == Series.dashes && Set(five).count == 5)
        // A dash that was given stays, and no other line has it; dots alone take none.
        let given = dashes([line(), line(Series.dashes[1]), line(), line(width: 0), line([])])
        #expect(given == [[], Series.dashes[1], Series.dashes[2], [], []])
        #expect(dashes([line(), line(width: 0)]) == [[], []])
        let key = LineFigure(series: [line(), line()]).draw().groups(named: "legend").flatMap(\.self)
        let strokes = key.compactMap {
            if case .stroke(_, let stroke) = $0, !stroke.isCrisp { stroke.dash } else { nil }
        }
        #expect(strokes == [[], Series.dashes[1]], "the key shows dashes")
    }

    /// The ends of a line at values that are not finite are crossed, on both sides, and the values counted.
    @Test func nonFiniteEndsAreMarked() throws {
        let x = (0..<8).map(Double.init)
        var series = Series("a", x: x, y: [.nan, 1, 2, 3, .infinity, 4, 5, 6])
        let figure = LineFigure(series: [series, Series("b", x: x, y: x)])
        let plan = LinePlan(figure, frame: Box(x: 0, y: 0, width: 400, height: 300))
        let ends = SeriesDrawing(plan.series[0], plan.frame).brokenEnds
        #expect(ends == [1.0, 3, 5].enumerated().map { Point(plan.frame.x($1)!, plan.frame.y([1, 3, 4][$0])!) })
        let entry = "non-finite: 2 of 16 points"
        #expect(figure.draw().texts.contains { $0.string == entry })
        series.marksNonFinite = false
        let silent = LineFigure(series: [series])
        #expect(!silent.draw().texts.contains { $0.string.hasPrefix("non-finite") })
        #expect(silent.draw().strokes(inGroup: "series-0").count == 1)
    }

    @Test func zerosStandAtTheFoot() throws {
        var figure = LineFigure(series: [Series("", x: [0, 1, 2, 3], y: [1, 0, -2, 10])])
        figure.leftAxis.scale = .logarithmic
        let drawing = figure.draw()
        let frame = try #require(drawing.frame)
        let triangles = drawing.fills(inGroup: "series-0").filter { $0.points.count == 3 }
        #expect(triangles.count == 2)
        #expect(triangles.allSatisfy { abs($0.boundingBox.maxY - frame.maxY) < 1e-9 })
    }

    @Test func theKeySaysWhatIsOutOfView() {
        var figure = LineFigure(
            leftAxis: Axis("", range: 0...1),
            series: [
                Series("in", x: [0, 1], y: [0.2, 0.4]), Series("above", x: [0, 1], y: [3, 4]),
                Series("leaving", x: [0, 1], y: [0.5, 4]), Series("nothing", x: [0], y: [.nan]),
            ])
        func key(_ drawing: Drawing) -> [String] { drawing.texts.map(\.string).filter { $0.contains("view") } }
        #expect(key(figure.draw()) == ["above (out of view)"])
        figure.leftAxis.range = nil
        #expect(key(figure.draw()).isEmpty)
    }

    /// Names stand beside their points where there is room, never on each other; results in words stand in the frame.
    @Test func namesAndNotes() throws {
        var dots = Series("", x: [0, 1, 2, 2.01, 2.02, 2.03], y: [0, 1, 2, 2, 2, 2], marker: .circle)
        (dots.lineWidth, dots.names) = (0, ["first", "second", "a long name", "b", "c", "d"])
        dots.xErrors = .init(lower: [-0.5, 1, .nan, 0, 0, 0], upper: [0.5, 1, .nan, 0, 0, 0])
        var figure = LineFigure(series: [dots])
        figure.notes = ["τ = 0.5 [0.1, 0.9]"]
        let drawing = figure.draw()
        let frame = try #require(drawing.frame)
        let names = drawing.groups(named: "names").flatMap(\.self).compactMap {
            if case .text(let line) = $0 { line } else { nil }
        }
        #expect(names.map(\.string).starts(with: ["first", "second"]))
        for (index, name) in names.enumerated() {
            #expect(!names[..<index].contains(where: name.overlaps) && name.corners.allSatisfy(frame.contains))
        }
        #expect(drawing.strings(inGroup: "note") == figure.notes)
        let bars = try #require(drawing.strokes(inGroup: "error-bars").first)
        #expect(
            bars.runs[0].points[0].y == bars.runs[0].points[1].y && bars.runs[0].points[0].x < bars.runs[0].points[1].x)
    }
}
