import Essentials

/// A canvas with a vertical axis on its left, perhaps one on its right, and a horizontal axis below it.
struct TextFrame {
    /// Ticks by the row or column that they stand at, and the name of the axis.
    struct TextAxis {
        let name: String
        let labels: [(place: Int, text: String)]

        /// The ticks of a range over so many characters.
        ///
        /// - Parameters:
        ///   - isVertical: whether values grow upwards.
        ///   - spacing: characters that a tick takes.
        init(_ name: String, _ range: AxisRange, length: Int, isVertical: Bool, spacing: Int) {
            let ticks = Ticks(range, count: max(2, length / spacing))
            let note = ticks.annotation.isEmpty ? "" : " (\(ticks.annotation))"
            let scale = range.scale == .logarithmic ? ", logarithmic" : ""
            self.name = (name + scale + note).printable
            labels = ticks.major.compactMap { tick in
                guard let place = TextFrame.place(range.fraction(of: tick.value), of: length) else { return nil }
                return (isVertical ? length - 1 - place : place, tick.label)
            }
        }

        var width: Int { labels.map(\.text.columnsWide).max() ?? 0 }
    }

    let left: TextAxis, right: TextAxis?, bottom: TextAxis

    /// Columns right of the canvas for the name of the horizontal axis.
    static let spaceBeside = 5

    /// The character at a share of an axis; nil beyond its ends.
    static func place(_ share: Double?, of length: Int) -> Int? {
        guard let share, -0.001...1.001 ~= share else { return nil }
        return min(length - 1, max(0, Int(share * Double(length))))
    }

    /// The lines: the names of the vertical axes, the canvas between the axes, and the horizontal axis under it.
    func lines(_ canvas: TextCanvas, _ colors: TerminalColors) -> [String] {
        let margin = left.width, blank = String(repeating: " ", count: margin)
        var lines: [String] = []
        let width = margin + 2 + canvas.columns + (right.map { $0.width + 2 } ?? 0)
        var names = [left.name, right?.name].compactMap { $0 }.filter { !$0.isEmpty }
        if !names.isEmpty {
            names = names.map { $0.cut(toColumns: (width - 2) / names.count) }
            let gap = max(2, width - names.reduce(0) { $0 + $1.columnsWide })
            lines.append(names.joined(separator: String(repeating: " ", count: gap)))
        }
        for (row, text) in canvas.lines(colors).enumerated() {
            let label = left.labels.first { $0.place == row }?.text
            var line = label.map { String(repeating: " ", count: margin - $0.columnsWide) + $0 + " ┤" } ?? blank + " │"
            line += text
            if let right {
                let label = right.labels.first { $0.place == row }?.text
                line += label.map { "├ " + $0 } ?? "│"
            }
            lines.append(line)
        }
        var ruler = Array(repeating: Character("─"), count: canvas.columns)
        var words = Array(repeating: Character(" "), count: margin + 2 + canvas.columns)
        var free = 0
        for (place, text) in bottom.labels {
            ruler[place] = "┬"
            let start = max(0, min(margin + 2 + place - text.count / 2, words.count - text.count))
            guard start >= free, start + text.count <= words.count else { continue }
            for (offset, character) in text.enumerated() { words[start + offset] = character }
            free = start + text.count + 1
        }
        lines.append(blank + " └" + String(ruler) + (right == nil ? "" : "┘"))
        // A longer name has a line of its own, under the middle.
        let name = bottom.name.cut(toColumns: canvas.columns), isShort = name.columnsWide + 2 <= Self.spaceBeside
        let start = margin + 2 + (canvas.columns - name.columnsWide) / 2
        lines.append(isShort && !name.isEmpty ? String(words) + "  " + name : String(words).withoutTrailingSpaces)
        if !isShort { lines.append(String(repeating: " ", count: start) + name) }
        return lines
    }
}
