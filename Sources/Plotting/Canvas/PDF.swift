import Essentials
import Foundation

extension Drawing {
    /// The picture as a PDF 1.5 document of one page of the same size, all in vectors but for maps of even cells, which are images. The
    /// same drawing gives the same bytes.
    ///
    /// Letters are those of the built-in font, embedded as far as it is used and with their meaning, so that text can be selected and
    /// searched.
    ///
    /// - Parameter metadata: pairs of keyword and text for the document's information. Of a keyword, letters and digits
    ///   are kept.
    public func pdf(metadata: [(keyword: String, text: String)] = []) -> [UInt8] {
        var page = PDFPage(self)
        if background.opacity > 0 {
            page.fill(.rectangle(Box(x: 0, y: 0, width: size.width, height: size.height)), background)
        }
        page.write(elements)
        var document = PDFDocument()
        let fonts = page.fonts.map { "/\($0.name) \(document.add($0.font)) 0 R" }
        let images = page.images.enumerated().map { "/I\($0) \(document.add($1)) 0 R" }
        let states = page.opacities.sorted { $0.value < $1.value }.map { opacity, name in
            let value = PDFPage.number(Double(opacity) / 1000)
            return "/G\(name) << /Type /ExtGState /ca \(value) /CA \(value) >>"
        }
        let content = document.add("<< ", stream: Array(page.content.utf8))
        let resources = [("ExtGState", states), ("Font", fonts), ("XObject", images)].filter { !$0.1.isEmpty }
            .map { "/\($0.0) << \($0.1.joined(separator: " ")) >>" }.joined(separator: " ")
        let (width, height) = (PDFPage.number(size.width), PDFPage.number(size.height))
        let pages = document.count + 2
        let leaf = document.add(
            "<< /Type /Page /Parent \(pages) 0 R /MediaBox [0 0 \(width) \(height)] /Contents \(content) 0 R "
                + "/Resources << \(resources) >> >>")
        document.add("<< /Type /Pages /Kids [\(leaf) 0 R] /Count 1 >>")
        let root = document.add("<< /Type /Catalog /Pages \(pages) 0 R >>")
        let entries = metadata.map { "/\(PDFPage.name($0.keyword)) \(PDFPage.text($0.text))" }
        let information = document.add("<< \(entries.joined(separator: "\n")) >>")
        return document.finished(root: root, information: information)
    }
}

/// The objects of a document, and where they lie in the file.
struct PDFDocument {
    private var bytes = Array("%PDF-1.5\n%\u{E9}\u{E8}\n".utf8)
    private var places: [Int] = []

    var count: Int { places.count }

    /// Adds an object.
    ///
    /// - Returns: its number.
    @discardableResult
    mutating func add(_ object: String) -> Int {
        places.append(bytes.count)
        bytes += Array("\(places.count) 0 obj\n\(object)\nendobj\n".utf8)
        return places.count
    }

    /// Adds compressed data.
    ///
    /// - Parameter dictionary: its beginning, without length, filter and end.
    mutating func add(_ dictionary: String, stream: [UInt8]) -> Int {
        let data = ZlibStream.compressed(stream)
        places.append(bytes.count)
        let start = "\(places.count) 0 obj\n\(dictionary)/Filter /FlateDecode /Length \(data.count) >>\nstream\n"
        bytes += Array(start.utf8) + data + Array("\nendstream\nendobj\n".utf8)
        return places.count
    }

    mutating func finished(root: Int, information: Int) -> [UInt8] {
        var end = "xref\n0 \(places.count + 1)\n0000000000 65535 f \n"
        for place in places { end += String(format: "%010d 00000 n \n", place) }
        end += "trailer\n<< /Size \(places.count + 1) /Root \(root) 0 R /Info \(information) 0 R >>\n"
        return bytes + Array("\(end)startxref\n\(bytes.count)\n%%EOF\n".utf8)
    }

    /// Adds a font with its outlines, widths and the meaning of its glyphs.
    mutating func add(_ font: TrueTypeFont) -> Int {
        func thousandths(_ units: Int) -> Int {
            Int((Double(units) * 1000 / Double(TrueTypeFont.unitsPerEm)).rounded())
        }
        let data = font.encoded()
        let file = add("<< /Length1 \(data.count) ", stream: data)
        // A subset's name begins with six letters of its own.
        let name = "LNDSCP+\(font.name)"
        let (ascent, descent) = (thousandths(TrueTypeFont.ascent), thousandths(TrueTypeFont.descent))
        let descriptor = add(
            "<< /Type /FontDescriptor /FontName /\(name) /Flags 4 /FontBBox [-100 \(descent) 1000 \(ascent)] "
                + "/ItalicAngle 0 /Ascent \(ascent) /Descent \(descent) "
                + "/CapHeight \(thousandths(TrueTypeFont.capHeight)) /StemV \(font.weight == .bold ? 122 : 84) "
                + "/FontFile2 \(file) 0 R >>")
        let widths = font.advances.map { "\(thousandths($0))" }.joined(separator: " ")
        let descendant = add(
            "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /\(name) /CIDToGIDMap /Identity "
                + "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
                + "/FontDescriptor \(descriptor) 0 R /W [0 [\(widths)]] >>")
        let meaning = add("<< ", stream: Array(Self.meaning(of: font).utf8))
        return add(
            "<< /Type /Font /Subtype /Type0 /BaseFont /\(name) /Encoding /Identity-H "
                + "/DescendantFonts [\(descendant) 0 R] /ToUnicode \(meaning) 0 R >>")
    }

    /// The map from glyphs to Unicode (PDF 32000-1, 9.10.3).
    private static func meaning(of font: TrueTypeFont) -> String {
        var text = """
            /CIDInit /ProcSet findresource begin 12 dict begin begincmap
            /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
            /CMapName /Adobe-Identity-UCS def /CMapType 2 def
            1 begincodespacerange <0000> <FFFF> endcodespacerange

            """
        for start in stride(from: 0, to: font.characters.count, by: 100) {
            let part = font.characters[start..<min(start + 100, font.characters.count)]
            text += "\(part.count) beginbfchar\n"
            for character in part {
                let unicode = String(character).utf16.map { String(format: "%04X", $0) }.joined()
                text += "<\(String(format: "%04X", font.number(of: character)))> <\(unicode)>\n"
            }
            text += "endbfchar\n"
        }
        return text + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
    }

    /// Adds a picture of cells.
    mutating func add(_ image: IndexedImage) -> Int {
        let colors = image.palette.flatMap { [$0.red, $0.green, $0.blue] }
        let table = colors.map { String(format: "%02X", $0) }.joined()
        return add(
            "<< /Type /XObject /Subtype /Image /Width \(image.width) /Height \(image.height) /BitsPerComponent 8 "
                + "/ColorSpace [/Indexed /DeviceRGB \(image.palette.count - 1) <\(table)>] "
                + "/Interpolate \(image.isSmooth) ", stream: image.pixels)
    }
}
