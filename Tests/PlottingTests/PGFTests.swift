import Testing

@testable import Plotting

@Suite struct PGFTests {
    /// A group of TeX does not end what PDF's graphics state has: each element sets its opacity and dashes.
    @Test func stateDoesNotLeak() throws {
        let path = Path.rectangle(Box(x: 0, y: 0, width: 10, height: 10))
        let text = Drawing(
            size: Size(width: 20, height: 20),
            elements: [
                .fill(path, Color(0x336699, opacity: 0.25)), .stroke(path, Stroke(.black, width: 1, dash: [3, 1])),
                .stroke(path, Stroke(.black, width: 1)), .text(TextLine("λ", at: Point(5, 5), size: 11)),
            ]
        ).pgf()
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("{\\landscapecolor{") }
        #expect(lines.count == 4)
        #expect(lines.map { $0.contains("}{0.25}") } == [true, false, false, false])
        #expect(lines.dropFirst().allSatisfy { $0.contains("}{1}") })
        #expect(lines[1].contains("\\pgfsetdash{{3bp}{1bp}}{0bp}") && lines[2].contains("\\pgfsetdash{}{0bp}"))
        #expect(lines[3].contains("\\landscapetext{") && lines[3].contains("$\\lambda$"))
    }

    /// Cells reach under their neighbours, and not out of the raster.
    @Test func cellsOverlap() {
        let raster = CellRaster(columnEdges: [0, 10, 20], rowEdges: [0, 10], colors: [.black, .white])
        let text = Drawing(size: Size(width: 20, height: 10), elements: [.cells(raster)]).pgf()
        #expect(text.contains("{\\pgfqpoint{10.75bp}{10bp}}") && text.contains("{\\pgfqpoint{10bp}{10bp}}"))
    }
}
