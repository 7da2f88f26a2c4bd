import ArrayFiles
import Foundation
import Plotting

/// A result in all its forms: JSON members, printed lines, a picture, arrays. Reports show results; they compute nothing.
public protocol Report {
    var context: RunContext { get }
    /// The members beside those of the context.
    var fields: [(key: String, value: JSONValue)] { get }
    /// For people, without the context's.
    var lines: [String] { get }
    /// Nil where there is nothing to draw.
    var figure: (any Figure)? { get }
    /// For NumPy; a 2-D array's first axis is β.
    var arrays: [(name: String, array: NumericArray)] { get }
    /// A header and rows of numbers.
    var table: (header: [String], rows: [[Double]])? { get }
}

/// Why a result was not written.
public enum ReportError: Error, CustomStringConvertible {
    case unknownFormat(String)
    case nothingToWrite(path: String, command: String)

    public var description: String {
        switch self {
        case .unknownFormat(let path):
            "cannot tell the format of '\(path)'; expected a name that ends in .png, .svg, .npz, .json or .csv"
        case .nothingToWrite(let path, let command):
            "\(command) has nothing that can be written to '\(path)' in that format"
        }
    }
}

extension Report {
    /// All members, the context's first.
    public var json: JSONValue { .object(context.fields + fields) }

    /// Whether a path's ending is one that a result can be written as.
    public static func checkFormat(of path: String) throws(ReportError) {
        guard ["png", "svg", "npz", "json", "csv"].contains((path as NSString).pathExtension.lowercased()) else {
            throw .unknownFormat(path)
        }
    }

    /// Writes the result in the format that the path's ending names, whole or not at all.
    public func write(to path: String) throws {
        try AtomicFile.write(try encoded(for: path), to: path)
    }

    private func encoded(for path: String) throws -> [UInt8] {
        let nothing = ReportError.nothingToWrite(path: path, command: context.command)
        switch (path as NSString).pathExtension.lowercased() {
        case "png":
            guard let figure else { throw nothing }
            return try figure.draw().png(metadata: pictureMetadata(figure))
        case "svg":
            guard let figure else { throw nothing }
            return Array(figure.draw().svg(metadata: pictureMetadata(figure)).utf8)
        case "npz":
            guard !arrays.isEmpty else { throw nothing }
            return try NPZ.encode(arrays.map { ($0.name, .array($0.array)) } + [("metadata", .text(json.text))])
        case "json": return Array((json.text + "\n").utf8)
        case "csv":
            guard let table else { throw nothing }
            let rows = table.rows.map { $0.map { "\($0)" }.joined(separator: ",") }
            return Array((([table.header.joined(separator: ",")] + rows).joined(separator: "\n") + "\n").utf8)
        default: throw ReportError.unknownFormat(path)
        }
    }

    private func pictureMetadata(_ figure: any Figure) -> [(keyword: String, text: String)] {
        [("Title", figure.title), ("Software", context.software), ("Comment", context.provenance)]
    }
}
