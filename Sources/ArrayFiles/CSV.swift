import Essentials
import Foundation

/// A table of numbers as text, one row a line.
///
/// Columns are separated by commas; or by semicolons or tabs, where the first line has those and no comma. The first
/// line gives the column names where none of its cells is a number, or fewer than half are and the others are words. A
/// stray `?` or an empty cell in a line of numbers is an error. Cells may be quoted, and empty lines are skipped.
public struct CSV: Sendable, Equatable {
    /// The column names; `nil` where the first line holds numbers alone.
    public let header: [String]?
    /// Number of rows, without the line of names; at least 1.
    public let rows: Int
    /// Number of columns, the same in every row.
    public let columns: Int
    /// All numbers, rows × columns, row by row.
    public let values: [Double]

    /// Reads a table from a file.
    ///
    /// - Parameter limit: the most bytes that are read into memory; larger files are refused.
    ///   `FileContent.defaultLimit` fits the machine.
    /// - Throws: `FileError` where the file cannot be read or holds no such table.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> CSV {
        try FileContent.parse(path, limit: limit) { (bytes) throws(CSVError) in try CSV(bytes) }
    }

    /// Reads a table from the bytes of a file, UTF-8 with or without a byte order mark.
    ///
    /// - Throws: `CSVError` where there is no row, a row has another number of columns, or a cell holds no number.
    public init(_ bytes: [UInt8]) throws(CSVError) {
        var header: [String]?
        var values: [Double] = []
        var columns = 0
        var rows = 0
        var separator = UInt8(ascii: ",")
        var line = 0
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        // strtod needs a byte that ends the last number.
        let terminated = bytes + [0]
        while position < bytes.count {
            let end = bytes[position...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
            let range = Self.trimmed(bytes, position..<end)
            line += 1
            // "\r\n" is one end of line.
            position = end + 1
            if end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A { position += 1 }
            if range.isEmpty { continue }
            let isFirst = columns == 0
            if isFirst { separator = Self.separator(bytes[range]) }
            let cells = Self.cells(bytes, position: range, separator)
            if isFirst {
                columns = cells.count
                let texts = cells.map { String(decoding: bytes[$0], as: UTF8.self) }
                if Self.areNames(texts, numbers: cells.count { Self.number(terminated, $0) != nil }) {
                    header = texts
                    continue
                }
            }
            guard cells.count == columns else {
                throw .raggedRow(line: line, found: cells.count, expected: columns)
            }
            for (index, cell) in cells.enumerated() {
                guard let value = Self.number(terminated, cell) else {
                    let text = String(decoding: bytes[cell].prefix(20), as: UTF8.self)
                    throw .notANumber(line: line, column: index + 1, text: text, isFirst: isFirst)
                }
                values.append(value)
            }
            rows += 1
        }
        guard rows > 0 else { throw .noRows }
        self.header = header
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// Whether the cells of a first line, of which so many are numbers, are names of columns.
    private static func areNames(_ cells: [String], numbers: Int) -> Bool {
        guard numbers > 0 else { return cells.contains(where: isWord) }
        return 2 * numbers < cells.count && cells.count(where: isWord) + numbers == cells.count
    }

    /// Whether a text can be a name: it has a letter, and is no usual word for a missing value.
    private static func isWord(_ text: String) -> Bool {
        text.contains(where: \.isLetter) && !["na", "n/a", "nan", "null", "none", "nil"].contains(text.lowercased())
            && Double(text) == nil
    }

    private static func separator(_ line: ArraySlice<UInt8>) -> UInt8 {
        [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09].first { line.contains($0) } ?? UInt8(ascii: ",")
    }

    private static func cells(_ bytes: [UInt8], position: Range<Int>, _ separator: UInt8) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = position.lowerBound
        for index in position where bytes[index] == separator {
            result.append(unquoted(bytes, trimmed(bytes, start..<index)))
            start = index + 1
        }
        result.append(unquoted(bytes, trimmed(bytes, start..<position.upperBound)))
        return result
    }

    private static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, bytes[low] == 0x20 { low += 1 }
        while low < high, bytes[high - 1] == 0x20 { high -= 1 }
        return low..<high
    }

    private static func unquoted(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        let quote = UInt8(ascii: "\"")
        guard range.count >= 2, bytes[range.lowerBound] == quote, bytes[range.upperBound - 1] == quote else {
            return range
        }
        return (range.lowerBound + 1)..<(range.upperBound - 1)
    }

    private static func number(_ terminated: [UInt8], _ range: Range<Int>) -> Double? {
        guard !range.isEmpty, terminated[range.lowerBound] > 0x20 else { return nil }
        return terminated.withUnsafeBytes { buffer -> Double? in
            guard let base = buffer.bindMemory(to: CChar.self).baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = strtod(base + range.lowerBound, &end)
            guard let end, UnsafePointer(end) == base + range.upperBound else { return nil }
            return value
        }
    }
}

/// Why a text is no table of numbers. Lines and columns are counted from 1.
public enum CSVError: DescribedError, Equatable {
    case noRows
    case raggedRow(line: Int, found: Int, expected: Int)
    case notANumber(line: Int, column: Int, text: String, isFirst: Bool)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .noRows: "found no row of numbers, expected at least one; check that it is a CSV file"
        case .raggedRow(let line, let found, let expected):
            "line \(line): found \(found) columns, expected \(expected) as in the first line; complete the row"
        case .notANumber(let line, let column, let text, let isFirst):
            "line \(line), column \(column): found \(text.isEmpty ? "an empty cell" : "'\(text.shown)'"), expected a number; "
                + "replace it (class names by 0, 1, …)"
                + (isFirst ? "; names of columns are words, with numbers in fewer than half of the columns" : "")
        }
    }
}
