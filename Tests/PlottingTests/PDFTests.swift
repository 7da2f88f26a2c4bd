import Foundation
import Testing

@testable import Plotting

@Suite struct PDFTests {
    private var drawing: Drawing {
        let raster = CellRaster(
            columnEdges: [10, 20, 30, 40], rowEdges: [10, 20, 30],
            colors: [.black, .black, .white, .white, .black, Color(0xFF0000, opacity: 0)])
        return Drawing(
            size: Size(width: 200, height: 100),
            elements: [
                .group("data", clip: Box(x: 5, y: 5, width: 50, height: 50), [.cells(raster)]),
                .stroke(
                    .line(Point(0, 0), Point(200, 100)), Stroke(Color(0x336699, opacity: 0.5), width: 2, dash: [3, 1])),
                .text(TextLine("λ₁ = 0.5", at: Point(100, 50), size: 10, rotation: -90)),
            ])
    }

    /// The cross-reference table leads to every object, the stream is as long as it says, the last line leads to the table.
    @Test func structure() throws {
        let bytes = drawing.pdf(metadata: [("Title", "λ (a)"), ("Soft ware", "x")])
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(
            text.hasPrefix("%PDF-1.4\n") && text.hasSuffix("%%EOF\n")
                && bytes == drawing.pdf(metadata: [("Title", "λ (a)"), ("Soft ware", "x")]))
        func at(_ offset: Int) -> String {
            String(decoding: bytes[offset..<min(offset + 40, bytes.count)], as: UTF8.self)
        }
        let table = try #require(text.firstMatch(of: /startxref\n(\d+)\n/).flatMap { Int($0.1) })
        #expect(at(table).hasPrefix("xref\n0 6\n"))
        let places = text.matches(of: /(\d{10}) 00000 n \n/).compactMap { Int($0.1) }
        #expect(places.count == 5)
        for (index, place) in places.enumerated() { #expect(at(place).hasPrefix("\(index + 1) 0 obj\n")) }
        let stream = try #require(text.firstMatch(of: /<< \/Length (\d+) >>\nstream\n/))
        let start = text[..<stream.range.upperBound].utf8.count
        #expect(at(start + (Int(stream.1) ?? 0)).hasPrefix("\nendstream"))
        #expect(text.contains("/MediaBox [0 0 200 100]") && text.contains("/Title <FEFF03BB002000280061"))
    }

    @Test func operators() {
        let text = String(decoding: drawing.pdf(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        // Cells of one colour are joined in a row; invisible ones are left out. 2 of the first row, 2 of the second.
        #expect(lines.filter { $0.contains(" re f Q") }.count == 4)
        #expect(text.contains("5 5 50 50 re W n") && text.contains("[3 1] 0 d"))
        #expect(text.contains("/G1 << /Type /ExtGState /ca 0.5 /CA 0.5 >>") && text.contains("/G1 gs 0.2 0.4 0.6 RG"))
        // Every state that is saved is restored.
        #expect(lines.filter { $0.hasPrefix("q ") }.count == lines.filter { $0.hasSuffix("Q") }.count)
        #expect(!text.contains("nan") && !text.contains("inf"))
    }
}
