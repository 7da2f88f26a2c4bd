import Foundation

extension Drawing {
    /// The picture as an Encapsulated PostScript file (EPSF 3.0, language level 3) of the same size.
    ///
    /// Letters are text in the built-in font. PostScript has no transparency: what lets the ground shine through is mixed with the colour
    /// of the background.
    ///
    /// - Parameter metadata: pairs of keyword and text, as comments.
    public func eps(metadata: [(keyword: String, text: String)] = []) -> [UInt8] {
        var page = PostScriptPage(self)
        if background.opacity > 0 {
            page.fill(.rectangle(Box(x: 0, y: 0, width: size.width, height: size.height)), background)
        }
        page.write(elements)
        let (width, height) = (SVG.number(size.width), SVG.number(size.height))
        var text = "%!PS-Adobe-3.0 EPSF-3.0\n"
        text += "%%BoundingBox: 0 0 \(Int(size.width.rounded(.up))) \(Int(size.height.rounded(.up)))\n"
        text += "%%HiResBoundingBox: 0 0 \(width) \(height)\n%%LanguageLevel: 3\n"
        text += "%%Title: \(PostScriptPage.comment(summary))\n"
        for (keyword, value) in metadata where keyword != "Title" {
            // Lines of PostScript have at most 255 characters.
            let words = PostScriptPage.comment("\(keyword): \(value)")
            for start in stride(from: 0, to: words.count, by: 200) {
                text += "%\(start > 0 ? "+ " : " ")\(words.dropFirst(start).prefix(200))\n"
            }
        }
        text += "%%EndComments\n"
        for font in fonts { text += PostScriptPage.definition(of: font) }
        text += "gsave 0 \(height) translate 1 -1 scale 1 setlinejoin\n\(page.content)grestore\nshowpage\n%%EOF\n"
        return Array(text.utf8)
    }
}

/// The operators that draw a page in PostScript.
private struct PostScriptPage {
    private(set) var content = ""
    private let ground: Color

    init(_ drawing: Drawing) { ground = drawing.background.opacity > 0 ? drawing.background : .white }

    mutating func write(_ elements: [Drawing.Element]) {
        for element in elements {
            switch element {
            case .fill(let path, let color): fill(path, color)
            case .stroke(let path, let stroke):
                guard stroke.color.opacity > 0 else { continue }
                content += "\(paint(stroke.color))\(SVG.number(stroke.width)) setlinewidth "
                content += "\(stroke.cap == .round ? 1 : 0) setlinecap "
                content += "[\(stroke.dash.map(SVG.number).joined(separator: " "))] 0 setdash\n"
                content += "\(Self.data(path, closesAll: false))stroke\n"
            case .text(let line): write(line)
            case .cells(let raster): write(raster)
            case .group(_, let clip, let children):
                content += "gsave\n"
                if let clip { content += "\(Self.rectangle(clip)) rectclip\n" }
                write(children)
                content += "grestore\n"
            }
        }
    }

    mutating func fill(_ path: Path, _ color: Color) {
        guard color.opacity > 0 else { return }
        content += "\(paint(color))\(Self.data(path, closesAll: true))fill\n"
    }

    private mutating func write(_ line: TextLine) {
        guard !line.string.isEmpty else { return }
        let font = line.weight == .bold ? "Landscape-Bold" : "Landscape-Regular", start = line.start
        content += "gsave \(paint(line.color))\(SVG.number(start.x)) \(SVG.number(start.y)) translate "
        content +=
            "\(SVG.number(line.rotation)) rotate 1 -1 scale /\(font) \(SVG.number(line.size)) selectfont 0 0 moveto\n"
        var previous: Character?
        for character in line.string {
            if let previous, let kern = StrokeFont.kerning["\(previous)\(character)"] {
                content += "\(SVG.number(kern * line.size)) 0 rmoveto "
            }
            content += "/\(Self.name(character)) glyphshow "
            previous = character
        }
        content += "grestore\n"
    }

    private mutating func write(_ raster: CellRaster) {
        guard let image = IndexedImage(raster) else {
            raster.forEachRun { row, columns, color in
                let (x, y) = (raster.columnEdges[columns.lowerBound], raster.rowEdges[row])
                let box = Box(
                    x: x, y: y, width: raster.columnEdges[columns.upperBound] - x, height: raster.rowEdges[row + 1] - y)
                content += "\(paint(color))\(Self.rectangle(box)) rectfill\n"
            }
            return
        }
        let table = image.palette.map { String(format: "%02X%02X%02X", $0.red, $0.green, $0.blue) }
        let (width, height) = (image.width, image.height)
        content += "gsave \(SVG.number(image.box.x)) \(SVG.number(image.box.y)) translate "
        content += "\(SVG.number(image.box.width)) \(SVG.number(image.box.height)) scale\n"
        content += "[/Indexed /DeviceRGB \(image.palette.count - 1) <\(Self.folded(table.joined()))>] setcolorspace\n"
        content += "<< /ImageType 1 /Width \(width) /Height \(height) /BitsPerComponent 8 /Decode [0 255] "
        content += "/Interpolate \(image.isSmooth) /ImageMatrix [\(width) 0 0 \(height) 0 0] "
        content += "/DataSource currentfile /ASCIIHexDecode filter /FlateDecode filter >> image\n"
        let data = ZlibStream.compressed(image.pixels).map { String(format: "%02X", $0) }.joined()
        content += "\(Self.folded(data))>\ngrestore\n"
    }

    private func paint(_ color: Color) -> String {
        func part(_ above: UInt8, _ below: UInt8) -> String {
            SVG.number((Double(below) + color.opacity * (Double(above) - Double(below))) / 255)
        }
        return
            "\(part(color.red, ground.red)) \(part(color.green, ground.green)) \(part(color.blue, ground.blue)) setrgbcolor "
    }

    private static func rectangle(_ box: Box) -> String {
        [box.x, box.y, box.width, box.height].map(SVG.number).joined(separator: " ")
    }

    private static func data(_ path: Path, closesAll: Bool) -> String {
        func place(_ p: Point) -> String { "\(SVG.number(p.x)) \(SVG.number(p.y))" }
        return "newpath\n"
            + path.words(
                closesAll: closesAll, move: { "\(place($0)) moveto\n" }, line: { "\(place($0)) lineto\n" },
                close: "closepath\n")
    }

    /// Adobe's names of glyphs by their scalars, from which readers get the text back.
    static func name(_ character: Character) -> String {
        character.unicodeScalars.map { String(format: $0.value > 0xFFFF ? "u%05X" : "uni%04X", $0.value) }
            .joined(separator: "_")
    }

    /// A Type 42 font: TrueType inside PostScript (Adobe's technical note 5012).
    static func definition(of font: TrueTypeFont) -> String {
        let names = font.characters.map { "/\(name($0)) \(font.number(of: $0)) def" }
        var text = "11 dict begin /FontName /\(font.name) def /FontType 42 def /FontMatrix [1 0 0 1 0 0] def "
        text += "/PaintType 0 def /FontBBox [-0.1 -0.25 1 0.8] def\n"
        text += "/Encoding 256 array def 0 1 255 {Encoding exch /.notdef put} for\n"
        text +=
            "/CharStrings \(names.count + 1) dict dup begin /.notdef 0 def\n\(names.joined(separator: "\n"))\nend def\n"
        let bytes = font.encoded()
        text += "/sfnts [\n"
        // A string has at most 65535 bytes, and a zero at its end that does not count.
        for start in stride(from: 0, to: bytes.count, by: 65_532) {
            let part = bytes[start..<min(start + 65_532, bytes.count)]
            text += "<\(folded(part.map { String(format: "%02X", $0) }.joined()))00>\n"
        }
        return text + "] def FontName currentdict end definefont pop\n"
    }

    private static func folded(_ text: String) -> String {
        let letters = Array(text.utf8)
        return stride(from: 0, to: letters.count, by: 120).map {
            String(decoding: letters[$0..<min($0 + 120, letters.count)], as: UTF8.self)
        }.joined(separator: "\n")
    }

    /// ASCII alone, on one line.
    static func comment(_ text: String) -> String {
        text.unicodeScalars.map { (32..<127).contains($0.value) ? String($0) : String(format: "\\u%04X", $0.value) }
            .joined()
    }
}
