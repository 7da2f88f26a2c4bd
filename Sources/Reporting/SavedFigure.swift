import ArrayFiles
import Essentials
import Foundation
import Plotting

/// Why a file's picture cannot be drawn again.
public enum SavedFigureError: DescribedError {
    case noFigure(path: String)
    case notJSON(path: String, reason: String)
    case shard(path: String)
    case damaged(path: String, reason: String)
    case notALine(path: String)
    case repeated(path: String)
    case differentQuantities(String, String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .noFigure(let path):
            "\(path) holds no figure; expected a result that 'landscape slice' or another analysis wrote with -o X.npz or -o X.json"
        case .notJSON(let path, let reason):
            "\(path) is not whole JSON: \(reason); expected the result as it was written: write it again, or use another copy"
        case .shard(let path): "\(path) is a shard; join the shards with 'landscape merge' first"
        case .damaged(let path, let reason): "\(path): its figure is damaged: \(reason); write it again"
        case .notALine(let path):
            "\(path) is no curve; only results with one plot of lines can be drawn over each other"
        case .repeated(let path): "\(path): a file is named twice; name different files"
        case .differentQuantities(let a, let b):
            "one file is of '\(a)', another of '\(b)'; expected files of one quantity to draw over each other"
        }
    }
}

/// The figure of a result that was written as `.npz` or `.json`.
public struct SavedFigure {
    /// As the result drew it.
    public let figure: any Figure
    /// What the result says of itself, as one JSON text, without its lists and tables.
    public let provenance: String

    /// Reads a result's figure.
    ///
    /// - Throws: `FileError`, `NPZError`; `SavedFigureError` where the file holds none.
    public init(reading path: String) throws {
        let record: JSONValue, list: (String) -> [Double]?
        if path.lowercased().hasSuffix(".json") {
            let result = try Self.json(path)
            guard let own = result["figure"] else { throw SavedFigureError.noFigure(path: path) }
            record = own
            list = { name in Self.member(name, of: result)?.numbers }
            provenance = Self.withoutNumbers(result).text
        } else {
            let archive = try NPZ.read(path)
            guard archive.contains("figure") else {
                guard archive.contains("curvature_hvp") else { throw SavedFigureError.noFigure(path: path) }
                // Slices of versions that kept no figures.
                let report = try SliceReport(reading: path)
                guard let own = report.figure else { throw SavedFigureError.shard(path: path) }
                (figure, provenance) = (own, report.context.provenance)
                return
            }
            do { record = try JSONValue(parsing: Array(try archive.text("figure").utf8)) } catch let error as JSONError
            {
                throw SavedFigureError.damaged(path: path, reason: "\(error)")
            }
            list = { name in archive.contains(name) ? try? archive.array(name).doubles : nil }
            let metadata = (try? archive.text("metadata")) ?? ""
            provenance =
                (try? JSONValue(parsing: Array(metadata.utf8))).map { Self.withoutNumbers($0).text } ?? metadata
        }
        do { figure = try FigureRecord(record, beside: list).figure } catch {
            throw SavedFigureError.damaged(path: path, reason: Self.words(error))
        }
    }

    static func json(_ path: String) throws -> JSONValue {
        let bytes = try FileContent.bytes(of: path)
        do { return try JSONValue(parsing: bytes) } catch {
            let isCut = if case .unexpected(let place) = error { place >= bytes.count } else { false }
            throw SavedFigureError.notJSON(
                path: path, reason: isCut ? "it ends early, after \(bytes.count) bytes" : "\(error)")
        }
    }

    private static func member(_ name: String, of result: JSONValue) -> JSONValue? {
        guard case .object(let members) = result else { return nil }
        return members.first { $0.key == name }?.value
    }

    /// What a result says of itself, without its lists and tables: a picture says where it comes from, and the file has the numbers.
    private static func withoutNumbers(_ result: JSONValue) -> JSONValue {
        guard case .object(let members) = result else { return result }
        return .object(
            members.filter { member in
                switch member.value {
                case .array, .object: member.key == "provenance"
                default: true
                }
            })
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case DecodingError.dataCorrupted(let context): context.debugDescription
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has another type"
        default: "\(error)"
        }
    }

    /// The curves of several results in one plot, named by their files.
    ///
    /// - Throws: `SavedFigureError` where one is no plot of lines, or they are of different quantities.
    public static func overlay(_ files: [(path: String, saved: SavedFigure)]) throws(SavedFigureError) -> LineFigure {
        var result: LineFigure?, names = shortNames(files.map(\.path))
        let stems = names.map { ($0 as NSString).deletingPathExtension }
        if Set(stems).count == stems.count { names = stems }
        guard Set(names).count == names.count else { throw .repeated(path: files[0].path) }
        var titles: [String] = []
        for (number, (path, saved)) in files.enumerated() {
            guard let lines = saved.figure as? LineFigure else { throw .notALine(path: path) }
            titles.append(lines.title)
            if let first = result {
                if first.leftAxis.label != lines.leftAxis.label {
                    throw .differentQuantities(first.leftAxis.label, lines.leftAxis.label)
                }
                guard let shared = sharedLabel(first.xAxis.label, lines.xAxis.label) else {
                    throw .differentQuantities(first.xAxis.label, lines.xAxis.label)
                }
                result?.xAxis.label = shared
            }
            let named = lines.series.filter { !$0.label.isEmpty }.count
            // One colour for each file, one kind of line for each quantity.
            let series = lines.series.enumerated().map { place, series in
                var own = series
                own.dash = Series.dashes[place % Series.dashes.count]
                own.label = series.label.isEmpty ? "" : named == 1 ? names[number] : "\(names[number]): \(series.label)"
                own.color = Color.seriesPalette[number % Color.seriesPalette.count]
                return own
            }
            if result == nil {
                result = lines
                result?.series = series
                result?.title = names.joined(separator: ", ")
            } else {
                result?.series += series
            }
        }
        guard var result else { throw .noFigure(path: "") }
        // One letter along different directions: what each is along must be said.
        if Set(titles).count > 1 {
            result.subtitle = zip(names, titles).map { "\($0): \($1)" }.joined(separator: " · ")
        }
        return result
    }

    /// The name of an axis for two files: the letter that names like `α, eigenvector 1` begin with, where only what follows differs; nil
    /// for different quantities.
    private static func sharedLabel(_ a: String, _ b: String) -> String? {
        guard a != b else { return a }
        let letters = [a, b].map { $0.prefix { $0 != "," } }
        return letters[0] == letters[1] ? "\(letters[0]), each along its own direction" : nil
    }

    /// Writes a figure as a picture in the format that the path's ending names, whole or not at all.
    ///
    /// - Throws: `ReportError.unknownFormat` where the ending is none of a picture.
    public static func write(_ figure: any Figure, to path: String, style: FigureStyle, provenance: String) throws {
        let metadata = [("Title", figure.title), ("Software", Software.name), ("Comment", provenance)]
        guard let bytes = try encodedPicture(figure, for: path, style, metadata) else {
            throw ReportError.unknownFormat(path)
        }
        try AtomicFile.write(bytes, to: path)
    }
}
