import Foundation
import Testing

@testable import Plotting

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Reads an SVG document: which elements there are, and what its texts say.
private final class SVGReader: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var texts: [String] = []
    var titles: [String] = []
    var entries: [String: String] = [:]
    var classes: Set<String> = []
    var root: [String: String] = [:]
    private var path: [(name: String, attributes: [String: String])] = []

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        if path.isEmpty { root = attributes }
        path.append((name, attributes))
        counts[name, default: 0] += 1
        if let group = attributes["class"] { classes.insert(group) }
        if name == "text" { texts.append("") }
        if name == "title" { titles.append("") }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if path.contains(where: { $0.name == "text" }) { texts[texts.count - 1] += string }
        if path.last?.name == "title" { titles[titles.count - 1] += string }
        if let last = path.last, last.name == "entry" { entries[last.attributes["name"] ?? "", default: ""] += string }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        path.removeLast()
    }
}

@Suite struct SVGTests {
    private static func read(_ svg: String) throws -> SVGReader {
        let reader = SVGReader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        try #require(parser.parse(), "not well formed: \(String(describing: parser.parserError))")
        return reader
    }

    @Test func specialCharactersSurvive() throws {
        let title = "L(θ) < 1 & \"λ\" > 0 \u{1}'"
        let figure = LineFigure(
            title: title, series: [Series("a<b> & c", x: [0, 1], y: [0, 1])], size: Size(width: 480, height: 300))
        let svg = figure.draw().svg(metadata: [("Title & more", "{\"a\": \"<b>\"}")])
        #expect(!svg.contains("L(θ) < 1"))
        let document = try Self.read(svg)
        #expect(document.titles == ["L(θ) < 1 & \"λ\" > 0 \\u{1}'"])
        #expect(document.texts.contains("L(θ) < 1 & \"λ\" > 0 \\u{1}'"))
        #expect(document.texts.contains("a<b> & c"))
        #expect(document.entries == ["Title & more": "{\"a\": \"<b>\"}"])
        #expect(document.root["width"] == "480pt" && document.root["viewBox"] == "0 0 480 300")
    }

    @Test func everyPrimitiveIsThere() throws {
        let drawing = HeatmapFigureTests.example().draw()
        let document = try Self.read(drawing.svg())
        #expect(document.texts == drawing.texts.map(\.string))
        #expect(
            document.classes.isSuperset(of: ["cells", "contour", "minimum", "centre", "colour-bar", "key", "x-axis"]))
        #expect(
            document.counts["clipPath"] == drawing.groups(named: "cells").count + drawing.groups(named: "contour").count
        )
    }

    @Test func raisedAndLoweredDigitsBecomePlainOnes() throws {
        let drawing = Drawing(
            size: Size(width: 100, height: 50),
            elements: [.text(TextLine("2×10⁻⁷ d₁", at: Point(5, 20), size: 10))])
        // The built-in font has the letters themselves; the page's may not.
        #expect(try Self.read(drawing.svg()).texts == ["2×10⁻⁷ d₁"])
        let svg = drawing.svg(fontFamily: "serif")
        #expect(!svg.contains("@font-face") && svg.contains("font-family=\"serif\""))
        #expect(try Self.read(svg).texts == ["2×10−7 d1"])
        // Up by 3.3, back down, and down by 1.4.
        #expect(svg.contains("2×10<tspan dy=\"-3.3\" font-size=\"6.6\">−7</tspan><tspan dy=\"3.3\"> d</tspan>"))
        #expect(svg.contains("<tspan dy=\"1.4\" font-size=\"6.6\">1</tspan>"))
    }

    @Test func cellsOfOneColorShareAPath() throws {
        let red = Color(0xFF0000)
        let blue = Color(0x0000FF)
        let raster = CellRaster(
            columnEdges: [0, 1, 2, 4], rowEdges: [0, 5, 10], colors: [red, red, blue, blue, red, red])
        let svg = Drawing(size: Size(width: 4, height: 10), elements: [.cells(raster)]).svg()
        #expect(svg.contains("<path d=\"M0 0H2V5H0zM1 5H4V10H1z\" fill=\"#ff0000\"/>"))
        #expect(svg.contains("<path d=\"M2 0H4V5H2zM0 5H1V10H0z\" fill=\"#0000ff\"/>"))
        #expect(svg.contains("crispEdges"))
    }

    @Test func evenCellsAreAnImage() throws {
        let colors = (0..<6).map { Color(red: UInt8(40 * $0), green: 9, blue: 7) }
        let raster = CellRaster(columnEdges: [0, 1, 2, 3], rowEdges: [0, 5, 10], colors: colors)
        let svg = Drawing(size: Size(width: 3, height: 10), elements: [.cells(raster)]).svg()
        #expect(svg.contains("<image x=\"0\" y=\"0\" width=\"3\" height=\"10\"") && svg.contains("pixelated"))
        let image = try #require(IndexedImage(raster))
        #expect(image.pixels == [0, 1, 2, 3, 4, 5] && image.palette == colors)
        // A colour that lets the ground through, and more colours than a palette holds, stay rectangles.
        var clear = raster
        clear.colors[0] = Color(0, opacity: 0)
        #expect(IndexedImage(clear) == nil)
        let many = (0..<300).map { Color(UInt32($0)) }
        #expect(
            IndexedImage(CellRaster(columnEdges: (0...300).map(Double.init), rowEdges: [0, 1], colors: many)) == nil)
    }

    @Test func numbersAreShortAndFinite() {
        #expect(SVG.number(1.5) == "1.5")
        #expect(SVG.number(-0.0304) == "-0.03")
        #expect(SVG.number(-0.0001) == "0")
        #expect(SVG.number(12) == "12")
        #expect(SVG.number(.nan) == "0")
    }
}
