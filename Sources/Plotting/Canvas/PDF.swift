import Foundation

extension Drawing {
    /// The picture as a PDF 1.4 document of one page of the same size, all in vectors. The same drawing gives the same
    /// bytes.
    ///
    /// Letters are drawn by the built-in font, so the page looks the same everywhere and needs no font for α or λ.
    ///
    /// - Parameter metadata: pairs of keyword and text for the document's information. Of a keyword, letters and digits
    ///   are kept.
    public func pdf(metadata: [(keyword: String, text: String)] = []) -> [UInt8] {
        var page = PDFPage(height: size.height)
        page.fill(.rectangle(Box(x: 0, y: 0, width: size.width, height: size.height)), background)
        page.write(elements)
        var states = ""
        for (name, opacity) in page.opacities.map({ ($0.value, $0.key) }).sorted(by: { $0.0 < $1.0 }) {
            let value = PDFPage.number(Double(opacity) / 1000)
            states += "/G\(name) << /Type /ExtGState /ca \(value) /CA \(value) >> "
        }
        let (width, height) = (PDFPage.number(size.width), PDFPage.number(size.height))
        let entries = metadata.map { "/\(PDFPage.name($0.keyword)) \(PDFPage.text($0.text))" }
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 \(width) \(height)] /Contents 4 0 R "
                + "/Resources << /ExtGState << \(states)>> >> >>",
            "<< /Length \(page.content.utf8.count) >>\nstream\n\(page.content)\nendstream",
            "<< \(entries.joined(separator: "\n")) >>",
        ]
        var document = "%PDF-1.4\n"
        var places: [Int] = []
        for (index, object) in objects.enumerated() {
            places.append(document.utf8.count)
            document += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = document.utf8.count
        document += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for place in places { document += String(format: "%010d 00000 n \n", place) }
        document += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R /Info 5 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Array(document.utf8)
    }
}

/// The operators that draw a page. PDF's y runs upwards; everything is turned over by the first one.
struct PDFPage {
    private(set) var content: String
    /// Thousandths of opacity in use, with the number of the graphics state that sets each.
    private(set) var opacities: [Int: Int] = [:]

    init(height: Double) { content = "1 0 0 -1 0 \(Self.number(height)) cm\n1 j\n" }

    mutating func write(_ elements: [Drawing.Element]) {
        for element in elements {
            switch element {
            case .fill(let path, let color): fill(path, color)
            case .stroke(let path, let stroke):
                write(path.runs, stroke.color, width: stroke.width, stroke.cap, stroke.dash)
            case .text(let line): write(line)
            case .cells(let raster): write(raster)
            case .group(_, let clip, let children):
                guard let clip else {
                    write(children)
                    continue
                }
                content += "q \(Self.rectangle(clip.x, clip.y, clip.width, clip.height)) W n\n"
                write(children)
                content += "Q\n"
            }
        }
    }

    mutating func fill(_ path: Path, _ color: Color) {
        content += "q \(paint(color, "rg"))\(Self.data(path.runs, closesAll: true))f Q\n"
    }

    private mutating func write(
        _ runs: [Path.Run], _ color: Color, width: Double, _ cap: Stroke.Cap, _ dash: [Double] = []
    ) {
        content += "q \(paint(color, "RG"))\(Self.number(width)) w \(cap == .round ? 1 : 0) J "
        if !dash.isEmpty { content += "[\(dash.map(Self.number).joined(separator: " "))] 0 d " }
        content += "\(Self.data(runs, closesAll: false))S Q\n"
    }

    private mutating func write(_ line: TextLine) {
        let angle = line.rotation * .pi / 180
        let (sine, cosine) = (sin(angle), cos(angle))
        let font = StrokeFont.standard
        let advance = font.width(of: line.string, size: line.size, weight: line.weight)
        let start = line.anchor == .start ? 0 : line.anchor == .middle ? -advance / 2 : -advance
        func place(_ p: Point) -> Point {
            let (x, y) = (p.x + start, p.y + line.baselineDrop)
            return Point(line.position.x + cosine * x - sine * y, line.position.y + sine * x + cosine * y)
        }
        for part in font.strokes(of: line.string, size: line.size, weight: line.weight) {
            let runs = part.runs.map { Path.Run(points: $0.points.map(place), isClosed: $0.isClosed) }
            write(runs, line.color, width: part.width, .round)
        }
    }

    /// Neighbours of one colour in a row are one rectangle; every cell reaches a hair under the next, so that no viewer shows a
    /// seam between them.
    private mutating func write(_ raster: CellRaster) {
        let overlap = 0.1
        raster.forEachRun { row, columns, color in
            let (left, top) = (raster.columnEdges[columns.lowerBound], raster.rowEdges[row])
            let right = raster.columnEdges[columns.upperBound] + (columns.upperBound < raster.columns ? overlap : 0)
            let bottom = raster.rowEdges[row + 1] + (row + 1 < raster.rows ? overlap : 0)
            content += "q \(paint(color, "rg"))\(Self.rectangle(left, top, right - left, bottom - top)) f Q\n"
        }
    }

    private mutating func paint(_ color: Color, _ operation: String) -> String {
        let parts = [color.red, color.green, color.blue].map { Self.number(Double($0) / 255) }
        let text = "\(parts.joined(separator: " ")) \(operation) "
        guard color.opacity < 1 else { return text }
        let thousandths = Int((max(0, color.opacity) * 1000).rounded())
        let state = opacities[thousandths] ?? opacities.count + 1
        opacities[thousandths] = state
        return "/G\(state) gs " + text
    }

    private static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        "\(number(x)) \(number(y)) \(number(width)) \(number(height)) re"
    }

    private static func data(_ runs: [Path.Run], closesAll: Bool) -> String {
        var text = ""
        for run in runs {
            let points = run.points.filter(\.isFinite)
            guard let first = points.first else { continue }
            text += "\(number(first.x)) \(number(first.y)) m "
            // A dot is a line of no length with round ends.
            for point in points.count == 1 ? points[...] : points.dropFirst() {
                text += "\(number(point.x)) \(number(point.y)) l "
            }
            if run.isClosed || closesAll { text += "h " }
        }
        return text
    }

    static func number(_ value: Double) -> String { SVG.number(value) }

    /// A keyword as a PDF name: letters and digits.
    static func name(_ keyword: String) -> String { keyword.filter { $0.isASCII && ($0.isLetter || $0.isNumber) } }

    /// Text as UTF-16 in hexadecimal, which needs no escapes.
    static func text(_ string: String) -> String {
        "<FEFF" + string.utf16.map { String(format: "%04X", $0) }.joined() + ">"
    }
}
