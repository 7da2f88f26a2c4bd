extension Character {
    /// Columns of a terminal that it takes: 2 for East Asian wide characters and emoji, 0 for marks alone, else 1.
    fileprivate var columnsWide: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.value {
        case ..<0x300: return 1
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default:
            let category = first.properties.generalCategory
            return category == .nonspacingMark || category == .enclosingMark ? 0 : 1
        }
    }
}

extension StringProtocol {
    /// Columns of a terminal that the text takes, without escape sequences in it.
    public var columnsWide: Int { reduce(0) { $0 + $1.columnsWide } }

    /// The beginning of the text that fits so many columns, with an ellipsis where something is left out.
    public func cut(toColumns most: Int) -> String {
        guard columnsWide > most else { return String(self) }
        var result = "", columns = 1
        for character in self {
            columns += character.columnsWide
            if columns > most { break }
            result.append(character)
        }
        return most > 0 ? result + "…" : ""
    }

    /// The text over as many lines as a window needs. Lines break between words, best where parts meet (three spaces or more),
    /// and go on four columns farther in; a word that is longer than a line stays whole.
    ///
    /// - Parameter most: columns of the window.
    public func folded(toColumns most: Int) -> [String] {
        guard columnsWide > most else { return [String(self)] }
        let indent = prefix { $0 == " " }.count, further = Swift.min(indent + 4, Swift.max(0, most / 3))
        var lines: [String] = [], line = String(prefix(indent)), isEmpty = true
        for (gap, word) in words {
            let isCell = gap > 2 && !isEmpty && line.columnsWide > most / 2
            let length = line.columnsWide + (isEmpty ? 0 : gap)
            // A cell moves as a whole if it fits the next line.
            let needed = isCell ? cell(from: word) : word.columnsWide
            let isTooLong = length + word.columnsWide > most
            let movesCell = isCell && length + needed > most && further + needed <= most
            if !isEmpty, isTooLong || movesCell {
                lines.append(line)
                (line, isEmpty) = (String(repeating: " ", count: further), true)
            }
            line += (isEmpty ? "" : String(repeating: " ", count: gap)) + word
            isEmpty = false
        }
        return lines + [line]
    }

    /// Words, each with the number of spaces before it.
    private var words: [(gap: Int, word: SubSequence)] {
        var result: [(Int, SubSequence)] = [], gap = 0, start: Index?
        for index in indices {
            if self[index] == " " {
                if let begin = start { result.append((gap, self[begin..<index])) }
                gap = start == nil ? gap + 1 : 1
                start = nil
            } else if start == nil {
                start = index
            }
        }
        if let start { result.append((gap, self[start...])) }
        return result
    }

    /// Columns of the words from one on, up to where three spaces follow.
    private func cell(from word: SubSequence) -> Int {
        var columns = 0, blanks = 0
        for character in self[word.startIndex...] {
            blanks = character == " " ? blanks + 1 : 0
            if blanks > 2 { return columns - 2 }
            columns += character.columnsWide
        }
        return columns - blanks
    }

    /// The text without the spaces at its end.
    public var withoutTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
