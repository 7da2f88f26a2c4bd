import Testing

@testable import Plotting

@Suite struct PanelFigureTests {
    static func line(_ label: String, _ y: [Double]) -> LineFigure {
        LineFigure(
            title: label, leftAxis: Axis("loss"),
            series: [Series("loss", x: [0, 1], y: y), Series("rise", x: [0, 1], y: y)])
    }

    /// Panels of the same series have one legend, under all of them.
    @Test func oneLegend() throws {
        let figures = [Self.line("a", [0, 1]), Self.line("b", [1, 3])]
        let drawing = PanelFigure(title: "both", panels: figures).draw()
        #expect(drawing.texts.filter { $0.string == "rise" }.count == 1)
        #expect(drawing.strings(inGroup: "key").filter { !$0.isEmpty } == ["loss", "rise"])
        let entry = try #require(drawing.texts.first { $0.string == "rise" })
        #expect(entry.position.y < drawing.size.height && entry.position.y > drawing.size.height - 30)
        // Of different series, each panel has its own.
        var other = figures[1]
        other.series[1].label = "fall"
        let own = PanelFigure(title: "both", panels: [figures[0], other]).draw()
        #expect(own.texts.filter { $0.string == "loss" && $0.rotation == 0 }.count == 2)
        other.series[1].label = "rise"
        other.series[1].color = .black
        #expect(PanelFigure(panels: [figures[0], other]).draw().texts.filter { $0.string == "rise" }.count == 2)
    }

    @Test func notesStandBelow() {
        var figure = PanelFigure(panels: [Self.line("a", [0, 1]), Self.line("b", [1, 3])])
        figure.notes = ["1 first.bin", "2 second.bin"]
        #expect(figure.draw().strings(inGroup: "key").suffix(2) == ["1 first.bin", "2 second.bin"])
    }

    /// Rows fill; a last row of fewer panels stands in the middle.
    @Test func rows() {
        let columns = (1...13).map { PanelRows.columns(for: $0) }
        #expect(columns == [1, 2, 3, 2, 3, 3, 4, 4, 3, 4, 4, 4, 3])
        #expect(PanelRows.columns(for: 0) == 1)
        let box = Box(x: 10, y: 20, width: 300, height: 200)
        let five = PanelRows(count: 5, columns: 3)
        #expect(five.cell(0, in: box) == Box(x: 10, y: 20, width: 100, height: 100))
        #expect(five.cell(3, in: box) == Box(x: 60, y: 120, width: 100, height: 100))
        #expect(five.cell(4, in: box) == Box(x: 160, y: 120, width: 100, height: 100))
    }

    /// Panels fit a size that is given: three stand beside each other on a slide, below each other in a column.
    @Test func arrangements() throws {
        let figure = PanelFigure(title: "three", panels: (0..<3).map { Self.line("panel \($0)", [0, 1]) }, columns: 3)
        func drawing(_ width: Double, _ height: Double?) -> Drawing {
            var style = FigureStyle()
            (style.width, style.height) = (width, height)
            return style.draw(figure)
        }
        func titles(_ drawing: Drawing) -> [Point] {
            drawing.texts.filter { $0.string.hasPrefix("panel") }.map(\.position)
        }
        let slide = titles(drawing(500, 280)), column = titles(drawing(320, nil))
        #expect(Set(slide.map(\.y)).count == 1 && Set(slide.map(\.x)).count == 3)
        #expect(Set(column.map(\.x)).count == 1 && Set(column.map(\.y)).count == 3)
        // Lines below each other are lower than wide.
        #expect(drawing(320, nil).size.height <= 3 * 0.8 * 320 + 1)
    }

    /// A panel's title stands above the middle of its plot.
    @Test func titlesAreAbovePlots() throws {
        let drawing = PanelFigure(panels: (0..<2).map { Self.line("\($0)", [0, 1]) }).draw()
        let frame = try #require(drawing.strokes(inGroup: "grid").first).boundingBox
        let title = try #require(drawing.texts.first { $0.string == "0" && $0.weight == .bold })
        #expect(abs(title.position.x - frame.center.x) < 1e-9)
    }
}
