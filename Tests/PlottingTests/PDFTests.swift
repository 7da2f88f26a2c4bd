import CZlib
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

    private static func inflated(_ stream: [UInt8]) throws -> [UInt8] {
        var count = uLong(64 * stream.count + 65_536), result = [UInt8](repeating: 0, count: Int(count))
        try #require(uncompress(&result, &count, stream, uLong(stream.count)) == Z_OK)
        return Array(result[..<Int(count)])
    }

    /// The objects' text with all streams inflated.
    private func inflated(_ bytes: [UInt8]) throws -> String {
        var text = "", rest = bytes[...]
        while let start = rest.firstRange(of: Array("stream\n".utf8)),
            let end = rest[start.upperBound...].firstRange(of: Array("\nendstream".utf8))
        {
            text += String(decoding: rest[..<start.lowerBound], as: UTF8.self)
            text += String(decoding: try Self.inflated(Array(rest[start.upperBound..<end.lowerBound])), as: UTF8.self)
            rest = rest[end.upperBound...]
        }
        return text + String(decoding: rest, as: UTF8.self)
    }

    /// The cross-reference table leads to every object, streams are as long as they say, the last line leads to the table.
    @Test func structure() throws {
        let bytes = drawing.pdf(metadata: [("Title", "λ (a)"), ("Soft ware", "x")])
        let text = String(decoding: bytes, as: Unicode.ASCII.self)
        #expect(
            text.hasPrefix("%PDF-1.5\n") && text.hasSuffix("%%EOF\n")
                && bytes == drawing.pdf(metadata: [("Title", "λ (a)"), ("Soft ware", "x")]))
        func at(_ offset: Int) -> String {
            String(decoding: bytes[offset..<min(offset + 40, bytes.count)], as: Unicode.ASCII.self)
        }
        let table = try #require(text.firstMatch(of: /startxref\n(\d+)\n/).flatMap { Int($0.1) })
        let places = text.matches(of: /(\d{10}) 00000 n \n/).compactMap { Int($0.1) }
        #expect(places.count > 5 && at(table).hasPrefix("xref\n0 \(places.count + 1)\n"))
        for (index, place) in places.enumerated() { #expect(at(place).hasPrefix("\(index + 1) 0 obj\n")) }
        for stream in text.matches(of: /\/Length (\d+) >>\nstream\n/) {
            let start = text[..<stream.range.upperBound].unicodeScalars.count
            #expect(at(start + (Int(stream.1) ?? 0)).hasPrefix("\nendstream"))
        }
        #expect(text.contains("/MediaBox [0 0 200 100]") && text.contains("/Title <FEFF03BB002000280061"))
    }

    @Test func operators() throws {
        let text = try inflated(drawing.pdf())
        let lines = text.split(separator: "\n")
        // Cells of one colour are joined in a row; invisible ones are left out. 2 of the first row, 2 of the second.
        #expect(lines.filter { $0.contains(" re f Q") }.count == 4)
        #expect(text.contains("5 5 50 50 re W n") && text.contains("[3 1] 0 d"))
        #expect(text.contains("/G1 << /Type /ExtGState /ca 0.5 /CA 0.5 >>") && text.contains("/G1 gs 0.2 0.4 0.6 RG"))
        // Every state that is saved is restored.
        #expect(lines.filter { $0.hasPrefix("q ") }.count == lines.filter { $0.hasSuffix("Q") }.count)
        #expect(!text.contains("nan") && !text.contains("inf "))
    }

    /// Text is shown by a font that is in the file, and every glyph says which character it is.
    @Test func textIsText() throws {
        let text = try inflated(drawing.pdf())
        #expect(text.contains("/Subtype /Type0 /BaseFont /LNDSCP+Landscape-Regular") && text.contains("/FontFile2"))
        let shown = try #require(text.firstMatch(of: /\[<([0-9A-F <>.-]*)>\] TJ/)?.1)
        let glyphs = shown.split(separator: /[^0-9A-F]+/).filter { $0.count % 4 == 0 }.joined()
        var meaning: [Substring: String] = [:]
        for match in text.matches(of: /<([0-9A-F]{4})> <([0-9A-F]{4})>\n/) {
            meaning[match.1] = UInt32(match.2, radix: 16).flatMap(Unicode.Scalar.init).map { String($0) }
        }
        let read = stride(from: 0, to: glyphs.count, by: 4).map { place -> String in
            let start = glyphs.index(glyphs.startIndex, offsetBy: place)
            return meaning[glyphs[start..<glyphs.index(start, offsetBy: 4)]] ?? "?"
        }
        #expect(read.joined() == "λ₁ = 0.5")
    }
}
