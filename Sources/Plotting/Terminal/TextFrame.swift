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
                guard let share = range.fraction(of: tick.value), -0.001...1.001 ~= share else { return nil }
                let place = min(length - 1, max(0, Int(share * Double(length))))
                return (isVertical ? length - 1 - place : place, tick.label)
            }
        }

        var width: Int { labels.map(\.text.columnsWide).max() ?? 0 }
    }

    let left: TextAxis, right: TextAxis?, bottom: TextAxis

    /// The lines: the names of the vertical axes, the canvas between the axes, and the horizontal axis under it.
    func lines(_ canvas: TextCanvas, _ colors: TerminalColors) -> [String] {
        let margin = left.width, blank = String(repeating: " ", count: margin)
        var lines: [String] = []
        let names = [left.name, right?.name].compactMap { $0 }.filter { !$0.isEmpty }
        if !names.isEmpty {
            let width = margin + 2 + canvas.columns + (right.map { $0.width + 2 } ?? 0)
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
        var words = Array(repeating: Character(" "), count: margin + 2 + canvas.columns + 4)
        var free = 0
        for (place, text) in bottom.labels {
            ruler[place] = "┬"
            let start = max(0, margin + 2 + place - text.count / 2)
            guard start >= free, start + text.count <= words.count else { continue }
            for (offset, character) in text.enumerated() { words[start + offset] = character }
            free = start + text.count + 1
        }
        lines.append(blank + " └" + String(ruler) + (right == nil ? "" : "┘"))
        lines.append(String(words).withoutTrailingSpaces + (bottom.name.isEmpty ? "" : "  " + bottom.name))
        return lines
    }
}
