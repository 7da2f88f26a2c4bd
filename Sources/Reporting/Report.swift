import ArrayFiles
import Essentials
import Foundation
import Plotting

/// A result in all its forms: JSON members, printed lines, a picture, arrays. Reports show results; they compute nothing.
public protocol Report {
    /// What the result is of, and how it was computed.
    var context: RunContext { get }
    /// The members beside those of the context.
    var fields: [(key: String, value: JSONValue)] { get }
    /// For people, without the context's.
    var lines: [String] { get }
    /// The same for a window of so many columns, nil for lines of any length: tables fit it, other lines are folded where they are shown.
    func lines(width: Int?) -> [PrintedLine]
    /// Nil where there is nothing to draw.
    var figure: (any Figure)? { get }
    /// For NumPy; a 2-D array's first axis is β.
    var arrays: [(name: String, array: NumericArray)] { get }
    /// A header and rows of numbers.
    var table: (header: [String], rows: [[Double]])? { get }
    /// A first column of words for the table; nil where its rows have no names.
    var rowNames: (header: String, names: [String])? { get }
    /// Numbers on a grid, for ParaView; nil where there is none.
    var grid: GridData? { get }
}

/// Why a result was not written.
public enum ReportError: DescribedError {
    case unknownFormat(String)
    case nothingToWrite(path: String, command: String)
    case unevenGrid(path: String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unknownFormat(let path):
            "cannot tell the format of '\(path)'; expected a name that ends in \(writableFormats.map { "." + $0 }.joined(separator: ", "))"
        case .nothingToWrite(let path, let command):
            "\(command) has nothing that can be written to '\(path)' in that format"
        case .unevenGrid(let path):
            "\(path): .vti needs evenly spaced coordinates, and here one was moved to 0; use .vtr, or a range and points that "
                + "meet 0"
        }
    }
}

/// The endings of files that results are written as.
public let writableFormats = pictureFormats + ["npz", "json", "csv", "vti", "vtr"]
/// The endings of pictures.
public let pictureFormats = ["png", "svg", "pdf", "eps", "pgf"]

/// A picture in the format that a path's ending names; nil for another ending.
///
/// - Throws: `PlottingError` where a PNG is too large.
func encodedPicture(
    _ figure: any Figure, for path: String, _ style: FigureStyle, _ metadata: [(keyword: String, text: String)]
) throws -> [UInt8]? {
    switch (path as NSString).pathExtension.lowercased() {
    case "png": try style.draw(figure).png(scale: style.dotsPerInch / 72, metadata: metadata)
    case "svg": Array(style.draw(figure).svg(metadata: metadata, fontFamily: style.fontFamily).utf8)
    case "pdf": style.draw(figure).pdf(metadata: metadata)
    case "eps": style.draw(figure).eps(metadata: metadata)
    case "pgf": Array(style.draw(figure).pgf(metadata: metadata).utf8)
    default: nil
    }
}

extension Report {
    /// There is no grid.
    public var grid: GridData? { nil }
    /// Rows have no names.
    public var rowNames: (header: String, names: [String])? { nil }
    /// No line is one of a table.
    public func lines(width: Int?) -> [PrintedLine] { lines.map { PrintedLine($0) } }

    /// All that is printed for people: what the result is of, under which model and loss, and the result.
    public func printed(width: Int?) -> [PrintedLine] {
        context.lines.enumerated().map { PrintedLine($1, isHeader: $0 == 0) } + lines(width: width)
    }

    /// All members, the context's first.
    public var json: JSONValue { .object(context.fields + fields) }

    /// Whether a path's ending is one that a result can be written as.
    public static func checkFormat(of path: String) throws(ReportError) {
        guard writableFormats.contains((path as NSString).pathExtension.lowercased()) else {
            throw .unknownFormat(path)
        }
    }

    /// Writes the result in the format that the path's ending names, whole or not at all.
    ///
    /// - Parameters:
    ///   - style: of a picture; files of numbers have none.
    ///   - origin: where the result comes from, which the file says; nil to leave it out.
    public func write(to path: String, style: FigureStyle = FigureStyle(), origin: Origin? = nil) throws {
        try AtomicFile.write(try encoded(for: path, style, origin), to: path)
    }

    func encoded(for path: String, _ style: FigureStyle = FigureStyle(), _ origin: Origin? = nil) throws -> [UInt8] {
        let source = origin.map { [(key: "provenance", value: $0.json)] } ?? []
        var provenance: String { JSONValue.object(context.provenanceFields + source).text }
        let nothing = ReportError.nothingToWrite(path: path, command: context.command)
        switch (path as NSString).pathExtension.lowercased() {
        case let ending where pictureFormats.contains(ending):
            guard let figure, let bytes = try encodedPicture(figure, for: path, style, pictureMetadata(figure, source))
            else {
                throw nothing
            }
            return bytes
        case "vti":
            guard let grid else { throw nothing }
            guard let bytes = VTK.imageData(grid, about: provenance) else {
                throw ReportError.unevenGrid(path: path)
            }
            return bytes
        case "vtr":
            guard let grid else { throw nothing }
            return VTK.rectilinearGrid(grid, about: provenance)
        case "npz":
            let arrays = arrays
            var members = arrays.map { (name: $0.name, value: NPZ.Value.array($0.array)) }
            members.append(("metadata", .text(JSONValue.object(context.provenanceFields + fields + source).text)))
            if let figure = recordedFigure {
                // Vectors of θ's length are in no figure.
                let lists = arrays.filter { $0.array.count <= Self.mostDrawn }.map { ($0.name, $0.array.doubles) }
                let record = try FigureRecord(figure).json(beside: lists)
                members.append(("figure", .text(record.text)))
            }
            return try NPZ.encode(members)
        case "json":
            var members = context.fields + fields + source
            if let figure = recordedFigure {
                let lists = fields.compactMap { field in field.value.numbers.map { (field.key, $0) } }
                members.append(("figure", try FigureRecord(figure).json(beside: lists)))
            }
            return Array((JSONValue.object(members).text + "\n").utf8)
        case "csv":
            let table = table ?? scalars
            let numbers = table.rows.map { $0.map { $0.isNaN ? "nan" : "\($0)" } }
            var lines = ([table.header.map(\.cell)] + numbers).map { $0.joined(separator: ",") }
            if let rowNames {
                let names = ([rowNames.header] + rowNames.names).map(\.cell)
                lines = zip(names, lines).map { $0 + "," + $1 }
            }
            return Array((lines.joined(separator: "\n") + "\n").utf8)
        default: throw ReportError.unknownFormat(path)
        }
    }

    /// Every single number of the result as a table of one row, for results that are no table themselves.
    var scalars: (header: [String], rows: [[Double]]) {
        var header: [String] = [], row: [Double] = []
        func add(_ members: [(key: String, value: JSONValue)], _ prefix: String) {
            for (key, value) in members {
                switch value {
                case .number(let number): (header, row) = (header + [prefix + key], row + [number])
                case .integer(let number): (header, row) = (header + [prefix + key], row + [Double(number)])
                case .object(let inner): add(inner, prefix + key + ".")
                default: break
                }
            }
        }
        add(context.fields + fields, "")
        return (header, [row])
    }

    /// The figure, for a file that it can be drawn again from; nil where it holds so many numbers that JSON would need gigabytes.
    private var recordedFigure: (any Figure)? {
        figure.flatMap { FigureRecord.numbers(of: $0) <= Self.mostDrawn ? $0 : nil }
    }
    private static var mostDrawn: Int { 300_000 }

    private func pictureMetadata(_ figure: any Figure, _ source: [(key: String, value: JSONValue)])
        -> [(keyword: String, text: String)]
    {
        [
            ("Title", figure.title), ("Software", context.software),
            ("Comment", JSONValue.object(context.provenanceFields + source).text),
        ]
    }
}

extension String {
    /// A cell of a CSV file that holds this text: quoted where a comma or a quote would end it. What a spreadsheet would take for a formula
    /// begins with an apostrophe, as OWASP advises (CSV injection), and control characters are escaped.
    fileprivate var cell: String {
        let isFormula = first.map { "=+-@".contains($0) } ?? false
        let text = (isFormula && Double(self) == nil ? "'" : "") + printable
        return text.contains { ",;\"".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
