import Essentials
import Foundation

extension Drawing {
    /// The picture as an SVG 1.1 document of the same size, in points.
    ///
    /// Text stays text (`<text>`), so it can be searched and edited. Maps of even cells are images.
    ///
    /// - Parameters:
    ///   - metadata: pairs of keyword and text, written into `<metadata>` as `<entry name="keyword">text</entry>`.
    ///   - fontFamily: families for all letters, as CSS lists them, for a picture that follows its page; nil for the built-in font, whose
    ///     letters the file then holds.
    public func svg(metadata: [(keyword: String, text: String)] = [], fontFamily: String? = nil) -> String {
        var writer = SVG(fontFamily: fontFamily)
        writer.write(self, metadata: metadata)
        return writer.output
    }
}

/// Writes drawings as SVG.
struct SVG {
    private(set) var output = ""
    private var clipCount = 0
    private let fontFamily: String?

    init(fontFamily: String?) { self.fontFamily = fontFamily }

    mutating func write(_ drawing: Drawing, metadata: [(keyword: String, text: String)]) {
        let (width, height) = (Self.number(drawing.size.width), Self.number(drawing.size.height))
        output += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        output +=
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"\(width)pt\" height=\"\(height)pt\""
        output += " viewBox=\"0 0 \(width) \(height)\" role=\"img\" xmlns:xlink=\"http://www.w3.org/1999/xlink\""
        let fonts = fontFamily == nil ? drawing.fonts : []
        let family = Self.family(of: fonts)
        output += " font-family=\"\(Self.escaped(fontFamily ?? "\(family), Helvetica, Arial, sans-serif"))\">\n"
        if !drawing.summary.isEmpty { output += "<title>\(Self.escaped(drawing.summary))</title>\n" }
        if !metadata.isEmpty {
            output += "<metadata>\n"
            for (keyword, text) in metadata {
                output += "<entry xmlns=\"urn:landscape:metadata\" name=\"\(Self.escaped(keyword))\">"
                output += "\(Self.escaped(text))</entry>\n"
            }
            output += "</metadata>\n"
        }
        if !fonts.isEmpty {
            output += "<defs><style>\n"
            for font in fonts {
                output += "@font-face{font-family:\(family);font-weight:\(font.weight == .bold ? "bold" : "normal");"
                output += "src:url(data:font/ttf;base64,\(Data(font.encoded()).base64EncodedString()))}\n"
            }
            output += "</style></defs>\n"
        }
        if drawing.background.opacity > 0 {
            output += "<rect width=\"\(width)\" height=\"\(height)\"\(Self.paint("fill", drawing.background))/>\n"
        }
        write(drawing.elements)
        output += "</svg>\n"
    }

    /// A name that no font of other letters has, as a page may hold several pictures.
    private static func family(of fonts: [TrueTypeFont]) -> String {
        let letters = fonts.map { String($0.characters) }.joined(separator: "\u{1}")
        return "Landscape-" + String(PNG.checksum(Array(letters.utf8)), radix: 16)
    }

    private mutating func write(_ elements: [Drawing.Element]) {
        for element in elements {
            switch element {
            case .fill(let path, let color):
                output += "<path d=\"\(Self.data(path, closesAll: true))\"\(Self.paint("fill", color))/>\n"
            case .stroke(let path, let stroke):
                write(path, stroke)
            case .text(let line):
                write(line)
            case .cells(let raster):
                write(raster)
            case .group(let name, let clip, let children):
                var reference = ""
                if let clip {
                    clipCount += 1
                    output += "<clipPath id=\"clip\(clipCount)\">"
                    output += "<path d=\"\(Self.data(.rectangle(clip), closesAll: true))\"/></clipPath>\n"
                    reference = " clip-path=\"url(#clip\(clipCount))\""
                }
                output += "<g class=\"\(Self.escaped(name))\"\(reference)>\n"
                write(children)
                output += "</g>\n"
            }
        }
    }

    private mutating func write(_ path: Path, _ stroke: Stroke) {
        output += "<path d=\"\(Self.data(path, closesAll: false))\" fill=\"none\"\(Self.paint("stroke", stroke.color))"
        output += " stroke-width=\"\(Self.number(stroke.width))\""
        if stroke.cap == .round { output += " stroke-linecap=\"round\"" }
        output += " stroke-linejoin=\"round\""
        if !stroke.dash.isEmpty {
            output += " stroke-dasharray=\"\(stroke.dash.map(Self.number).joined(separator: " "))\""
        }
        if stroke.isCrisp { output += " shape-rendering=\"crispEdges\"" }
        output += "/>\n"
    }

    private mutating func write(_ line: TextLine) {
        let angle = line.rotation * .pi / 180
        let x = line.position.x - sin(angle) * line.baselineDrop
        let y = line.position.y + cos(angle) * line.baselineDrop
        let text = fontFamily == nil ? Self.escaped(line.string) : Self.withShiftedDigits(line.string, size: line.size)
        output += "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(line.size))\""
        output += Self.paint("fill", line.color)
        if line.anchor != .start { output += " text-anchor=\"\(line.anchor.rawValue)\"" }
        if line.weight == .bold { output += " font-weight=\"bold\"" }
        if line.rotation != 0 {
            output += " transform=\"rotate(\(Self.number(line.rotation)) \(Self.number(x)) \(Self.number(y)))\""
        }
        output += ">\(text)</text>\n"
    }

    /// Raised and lowered characters as smaller, shifted plain ones: few fonts have all of the former.
    private static func withShiftedDigits(_ text: String, size: Double) -> String {
        var result = ""
        var shift = 0.0
        var run = ""
        var drawn = 0.0
        func finish(_ current: Double) {
            guard !run.isEmpty else { return }
            let isPlain = current == 0
            let dy = current - drawn
            if isPlain, dy == 0 {
                result += escaped(run)
            } else {
                let fontSize = isPlain ? "" : " font-size=\"\(number(0.66 * size))\""
                result += "<tspan dy=\"\(number(dy))\"\(fontSize)>\(escaped(run))</tspan>"
            }
            drawn = current
            run = ""
        }
        for character in text {
            let plain = StrokeFont.shifted[character]
            let wanted = plain.map { $0.isRaised ? -0.33 * size : 0.14 * size } ?? 0
            if wanted != shift {
                finish(shift)
                shift = wanted
            }
            run.append(plain?.base ?? character)
        }
        finish(shift)
        return result
    }

    /// Even cells are an image. Of others, those of one colour share a path: a tenth of the size of one rectangle each.
    private mutating func write(_ raster: CellRaster) {
        if let image = IndexedImage(raster), let data = try? PNG.encode(image) {
            let box = image.box
            output +=
                "<image x=\"\(Self.number(box.x))\" y=\"\(Self.number(box.y))\" width=\"\(Self.number(box.width))\""
            output += " height=\"\(Self.number(box.height))\" preserveAspectRatio=\"none\""
            if !image.isSmooth { output += " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\"" }
            output += " xlink:href=\"data:image/png;base64,\(Data(data).base64EncodedString())\"/>\n"
            return
        }
        var runs: [Color: String] = [:]
        var order: [Color] = []
        raster.forEachRun { row, columns, color in
            if runs[color] == nil { order.append(color) }
            let (left, right) = (raster.columnEdges[columns.lowerBound], raster.columnEdges[columns.upperBound])
            let (top, bottom) = (raster.rowEdges[row], raster.rowEdges[row + 1])
            runs[color, default: ""] +=
                "M\(Self.number(left)) \(Self.number(top))H\(Self.number(right))V\(Self.number(bottom))"
                + "H\(Self.number(left))z"
        }
        output += "<g shape-rendering=\"crispEdges\">\n"
        for color in order { output += "<path d=\"\(runs[color] ?? "")\"\(Self.paint("fill", color))/>\n" }
        output += "</g>\n"
    }

    private static func paint(_ attribute: String, _ color: Color) -> String {
        let opacity = color.opacity < 1 ? " \(attribute)-opacity=\"\(number(color.opacity))\"" : ""
        return " \(attribute)=\"\(color.hexText)\"\(opacity)"
    }

    private static func data(_ path: Path, closesAll: Bool) -> String {
        var text = ""
        for run in path.runs {
            let points = run.points.filter(\.isFinite)
            guard let first = points.first else { continue }
            text += "M\(number(first.x)) \(number(first.y))"
            for point in points.dropFirst() { text += "L\(number(point.x)) \(number(point.y))" }
            if run.isClosed || closesAll { text += "z" }
        }
        return text
    }

    /// At most three decimals: a thousandth of a point is far below what any device shows.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let thousandths = Int((min(1e9, max(-1e9, value)) * 1000).rounded())
        let (whole, rest) = abs(thousandths).quotientAndRemainder(dividingBy: 1000)
        var text = "\(thousandths < 0 ? "-" : "")\(whole)"
        if rest > 0 {
            var digits = String(rest)
            while digits.count < 3 { digits = "0" + digits }
            while digits.hasSuffix("0") { digits.removeLast() }
            text += ".\(digits)"
        }
        return text
    }

    /// Text for element content and attribute values. Characters that control a display or that XML 1.0 does not allow are written as their
    /// escapes, but for ends of lines and tabs; what is no character is dropped.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default:
                if [9, 10, 13].contains(scalar.value) {
                    result.unicodeScalars.append(scalar)
                } else if scalar.value != 0xFFFE, scalar.value != 0xFFFF {
                    result += String(scalar).printable
                }
            }
        }
        return result
    }
}
