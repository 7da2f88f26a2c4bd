import Foundation
import Testing

@testable import Plotting

/// Data without anything to see must still give a picture, with all words on the page.
@Suite struct DegenerateFigureTests {
    static let figures: [any Figure] = {
        let nan = Double.nan
        let lines: [LineFigure] = [
            LineFigure(title: "none", series: []),
            LineFigure(title: "empty", series: [Series("a", x: [], y: [])]),
            LineFigure(
                title: "nan", leftAxis: Axis("y", scale: .logarithmic),
                series: [Series("a", x: [0, 1], y: [nan, nan])]),
            LineFigure(
                title: "point", series: [Series("a", x: [3], y: [7], errors: Series.Band(lower: [nan], upper: [nan]))]),
            LineFigure(title: "equal", series: [Series("a", x: [2, 2], y: [-5, -5])]),
            LineFigure(title: "huge", series: [Series("a", x: [0, 1, 2], y: [-1.7e308, .infinity, 1.7e308])]),
            LineFigure(
                title: "tiny", leftAxis: Axis("", scale: .logarithmic),
                series: [Series("a", x: [0, 1], y: [.leastNonzeroMagnitude, 3 * .leastNonzeroMagnitude])]),
            LineFigure(
                title: "negative", leftAxis: Axis("", scale: .logarithmic),
                series: [Series("a", x: [0, 1], y: [-1, -2])]),
            LineFigure(
                title: "far", leftAxis: Axis("", range: 0...1e-12),
                series: [Series("a", x: [0, 1], y: [-1e300, 1e300])]),
        ]
        let heatmaps: [HeatmapFigure] = [
            HeatmapFigure(title: "none", x: [], y: [], values: []),
            HeatmapFigure(title: "no rows", x: [0, 1], y: [], values: []),
            HeatmapFigure(title: "one", x: [0], y: [0], values: [3.5]),
            HeatmapFigure(title: "nan", x: [0, 1], y: [0], values: [nan, .infinity]),
            HeatmapFigure(title: "equal", x: [0, 1], y: [0, 1], values: [2, 2, 2, 2]),
            HeatmapFigure(title: "huge", x: [0, 1], y: [0, 1], values: [-1.7e308, 1.7e308, 0, 1]),
            HeatmapFigure(title: "same places", x: [1, 1], y: [0, nan], values: [1, 2, 3, 4]),
            HeatmapFigure(
                title: "zero and more", x: [0, 1], y: [0, 1], values: [0, .leastNonzeroMagnitude, 1e300, 1]),
        ]
        var forced = HeatmapFigure(title: "forced", x: [0, 1], y: [0, 1], values: [-1, 0, -3, nan])
        forced.valueScale = .logarithmic
        forced.valueCap = .percentile(nan)
        let panels: [any Figure] = [
            PanelFigure(title: "no panels", panels: []),
            PanelFigure(title: "mixed", panels: [lines[2], heatmaps[3], forced], columns: 2),
            PanelFigure(title: "nothing anywhere", panels: [heatmaps[0], heatmaps[3]]),
        ]
        return lines + heatmaps + [forced] + panels
    }()

    @Test(arguments: figures.indices) func drawsWithinThePage(_ index: Int) throws {
        let figure = Self.figures[index]
        let drawing = figure.draw()
        #expect(drawing.texts.contains { $0.string == figure.title })
        for line in drawing.texts {
            #expect(line.position.isFinite, "\(figure.title): \(line.string)")
            #expect(line.position.x >= 0 && line.position.x <= drawing.size.width, "\(figure.title): \(line.string)")
            #expect(line.position.y >= 0 && line.position.y <= drawing.size.height, "\(figure.title): \(line.string)")
        }
        #expect(try drawing.png(scale: 1).count > 1000)
    }

    @Test func sayThatThereIsNothing() {
        #expect(LineFigure(series: []).draw().texts.contains { $0.string == "no data" })
        let nan = HeatmapFigure(x: [0], y: [0], values: [.nan]).draw()
        #expect(nan.texts.contains { $0.string == "no finite values" })
        #expect(nan.groups(named: "colour-bar").isEmpty && nan.groups(named: "minimum").isEmpty)
    }
}
