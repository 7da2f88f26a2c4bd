/// The colours that a terminal can show.
public enum TerminalColors: Sendable {
    /// Any, by 24 bits (`COLORTERM=truecolor`).
    case all
    /// The 256 of xterm's palette.
    case palette
    /// None: shades of characters stand for values.
    case none
}

/// A figure that can also be drawn with characters.
public protocol TextFigure: Figure {
    /// The figure as lines of text, with escape sequences for colours.
    ///
    /// - Parameters:
    ///   - columns: most characters of a line.
    ///   - rows: most lines; a figure that needs more for its words takes them.
    func text(columns: Int, rows: Int, colors: TerminalColors) -> [String]
}

/// Characters in a rectangle, each with its colours.
struct TextCanvas {
    struct Cell: Equatable {
        var character: Character = " "
        /// Nil for the terminal's own.
        var ink: Color?, ground: Color?
    }

    let columns: Int, rows: Int
    private var cells: [Cell]

    init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        cells = Array(repeating: Cell(), count: columns * rows)
    }

    subscript(row: Int, column: Int) -> Cell {
        get { cells[row * columns + column] }
        set { cells[row * columns + column] = newValue }
    }

    /// The rows as text. Colours are given where they change, and end with each line.
    func lines(_ colors: TerminalColors) -> [String] {
        (0..<rows).map { row in
            var line = "", last = Cell()
            for column in 0..<columns {
                let cell = self[row, column]
                if colors != .none, (cell.ink, cell.ground) != (last.ink, last.ground) {
                    last = cell
                    guard cell.ink != nil || cell.ground != nil else {
                        line += "\u{1B}[0m"
                        line.append(cell.character)
                        continue
                    }
                    let codes = [
                        cell.ink.map { $0.code(38, colors) } ?? "39", cell.ground.map { $0.code(48, colors) } ?? "49",
                    ]
                    line += "\u{1B}[\(codes.joined(separator: ";"))m"
                }
                line.append(cell.character)
            }
            return last.ink == nil && last.ground == nil ? line : line + "\u{1B}[0m"
        }
    }
}

extension Color {
    /// The parameters that select it: `38` before those of text, `48` before those of the ground.
    fileprivate func code(_ kind: Int, _ colors: TerminalColors) -> String {
        colors == .all ? "\(kind);2;\(red);\(green);\(blue)" : "\(kind);5;\(paletteNumber)"
    }

    /// The nearest of xterm's 256 colours: a cube of 6 × 6 × 6 from 16 on, and 24 greys from 232 on.
    var paletteNumber: Int {
        let steps = [0, 95, 135, 175, 215, 255], parts = [red, green, blue].map(Int.init)
        func distance(_ other: [Int]) -> Int { zip(parts, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        let nearest = parts.map { part in steps.indices.min { abs(steps[$0] - part) < abs(steps[$1] - part) }! }
        let grey = max(0, min(23, (parts.reduce(0, +) / 3 - 3) / 10))
        let isGrey = distance([8 + 10 * grey, 8 + 10 * grey, 8 + 10 * grey]) < distance(nearest.map { steps[$0] })
        return isGrey ? 232 + grey : 16 + 36 * nearest[0] + 6 * nearest[1] + nearest[2]
    }

    /// The colour half-way to another one.
    func mixed(with other: Color) -> Color {
        func mean(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8((Int(a) + Int(b)) / 2) }
        return Color(red: mean(red, other.red), green: mean(green, other.green), blue: mean(blue, other.blue))
    }
}
