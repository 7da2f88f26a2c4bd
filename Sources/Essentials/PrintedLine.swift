/// A line of a result, as it is printed for people.
public struct PrintedLine: Sendable, Equatable {
    /// What it says.
    public let text: String
    /// Whether it heads what follows, as the first line of a table does; terminals show that in bold.
    public let isHeader: Bool

    /// A line of a result.
    public init(_ text: String, isHeader: Bool = false) { (self.text, self.isHeader) = (text, isHeader) }
}

/// Columns under their titles. Where a window is too narrow, those that do not fit follow below, each time after the first one.
public struct TextTable: Sendable {
    /// A title, and a cell for each row.
    public struct Column: Sendable {
        /// Above the cells.
        public let title: String
        /// As many as the table has rows.
        public let cells: [String]
        /// Least width in characters, with the space before or after it.
        public let width: Int
        /// Whether cells end at the same place, as numbers may.
        public let isRight: Bool

        /// A column of a table.
        ///
        /// - Parameters:
        ///   - width: least width in characters, with the space that sets it apart; wider where a cell needs it.
        ///   - isRight: whether cells end at the same place; else they begin there.
        public init(_ title: String, _ cells: [String], width: Int = 0, isRight: Bool = false) {
            (self.title, self.cells, self.width, self.isRight) = (title, cells, width, isRight)
        }

        private var space: Int { max(width, ([title] + cells).map { $0.columnsWide }.max()! + 2) }

        fileprivate var lines: [String] {
            let space = space
            return ([title] + cells).map { cell in
                let blank = String(repeating: " ", count: space - cell.columnsWide)
                return isRight ? blank + cell : cell + blank
            }
        }
    }

    /// From the left.
    public let columns: [Column]

    /// - Precondition: as many cells in each column.
    public init(_ columns: [Column]) {
        precondition(Set(columns.map(\.cells.count)).count <= 1, "columns of several lengths")
        self.columns = columns
    }

    /// The lines of the table.
    ///
    /// - Parameter width: of the window, in characters; nil for lines of any length.
    public func lines(width: Int? = nil) -> [PrintedLine] {
        guard let first = columns.first else { return [] }
        var groups: [[String]] = [], current = first.lines, last = first
        /// The rows with one more column; what begins beside numbers that end there is set apart.
        func joined(_ rows: [String], _ column: Column, after last: Column) -> [String] {
            zip(rows, column.lines).map { $0 + (last.isRight && !column.isRight ? "  " : "") + $1 }
        }
        for (number, column) in columns.enumerated().dropFirst() {
            let wider = joined(current, column, after: last)
            let isTooWide =
                width.map { most in wider.contains { $0.withoutTrailingSpaces.columnsWide > most } } ?? false
            // The first of a group stays even if it is too wide.
            if isTooWide, number > 1, current != first.lines {
                groups.append(current)
                current = joined(first.lines, column, after: first)
            } else {
                current = wider
            }
            last = column
        }
        return (groups + [current]).flatMap { rows in
            rows.enumerated().map { PrintedLine($1.withoutTrailingSpaces, isHeader: $0 == 0) }
        }
    }
}
