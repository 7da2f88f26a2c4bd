import Foundation

/// The operators that draw a page. PDF's y runs upwards; everything is turned over by the first one.
struct PDFPage {
    private(set) var content: String
    /// Thousandths of opacity in use, with the number of the graphics state that sets each.
    private(set) var opacities: [Int: Int] = [:]
    private(set) var images: [IndexedImage] = []
    /// The fonts of the drawing's letters.
    let fonts: [(name: String, font: TrueTypeFont)]

    init(_ drawing: Drawing) {
        content = "1 0 0 -1 0 \(Self.number(drawing.size.height)) cm\n1 j\n"
        fonts = drawing.fonts.enumerated().map { ("F\($0 + 1)", $1) }
    }

    mutating func write(_ elements: [Drawing.Element]) {
        for element in elements {
            switch element {
            case .fill(let path, let color): fill(path, color)
            case .stroke(let path, let stroke): write(path, stroke)
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
        content += "q \(paint(color, "rg"))\(Self.data(path, closesAll: true))f Q\n"
    }

    private mutating func write(_ path: Path, _ stroke: Stroke) {
        content += "q \(paint(stroke.color, "RG"))\(Self.number(stroke.width)) w \(stroke.cap == .round ? 1 : 0) J "
        if !stroke.dash.isEmpty { content += "[\(stroke.dash.map(Self.number).joined(separator: " "))] 0 d " }
        content += "\(Self.data(path, closesAll: false))S Q\n"
    }

    /// The line's glyphs, moved together where pairs ask for it; text runs upwards, so it is turned over again.
    private mutating func write(_ line: TextLine) {
        guard let (name, font) = fonts.first(where: { $0.font.weight == line.weight }) else { return }
        let start = line.start, angle = line.rotation * .pi / 180
        var shown = "<", previous: Character?
        for character in line.string {
            if let previous, let kern = StrokeFont.kerning["\(previous)\(character)"] {
                shown += "> \(Self.number(-1000 * kern)) <"
            }
            shown += String(format: "%04X", font.number(of: character))
            previous = character
        }
        let matrix = [cos(angle), sin(angle), sin(angle), -cos(angle)].map(Self.precise).joined(separator: " ")
        content += "q \(paint(line.color, "rg"))BT /\(name) \(Self.number(line.size)) Tf \(matrix) "
        content += "\(Self.number(start.x)) \(Self.number(start.y)) Tm [\(shown)>] TJ ET Q\n"
    }

    /// Even cells are an image. Of others, neighbours of one colour in a row are one rectangle; every cell reaches a hair under the next,
    /// so that no viewer shows a seam between them.
    private mutating func write(_ raster: CellRaster) {
        if let image = IndexedImage(raster) {
            let box = image.box
            content += "q \(Self.number(box.width)) 0 0 \(Self.number(-box.height)) "
            content += "\(Self.number(box.x)) \(Self.number(box.maxY)) cm /I\(images.count) Do Q\n"
            images.append(image)
            return
        }
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

    private static func data(_ path: Path, closesAll: Bool) -> String {
        func place(_ p: Point) -> String { "\(number(p.x)) \(number(p.y))" }
        return path.words(
            closesAll: closesAll, move: { "\(place($0)) m " }, line: { "\(place($0)) l " }, close: "h ")
    }

    static func number(_ value: Double) -> String { SVG.number(value) }

    /// Six decimals, for the directions of a matrix.
    private static func precise(_ value: Double) -> String { String(format: "%.6f", value) }

    /// A keyword as a PDF name: letters and digits.
    static func name(_ keyword: String) -> String { keyword.filter { $0.isASCII && ($0.isLetter || $0.isNumber) } }

    /// Text as UTF-16 in hexadecimal, which needs no escapes.
    static func text(_ string: String) -> String {
        "<FEFF" + string.utf16.map { String(format: "%04X", $0) }.joined() + ">"
    }
}
