import ArrayFiles
import Essentials
import Foundation

/// What a result's file says of where it comes from: `.json`, `.npz`, `.png`, `.svg`, `.pdf`, `.eps`, `.pgf`, `.vti`
/// or `.vtr`.
public struct SavedProvenance {
    private let path: String
    private let members: [(key: String, value: JSONValue)]

    /// Reads it.
    ///
    /// - Returns: nil for a file that is no result of this program.
    /// - Throws: `FileError` where the file cannot be read.
    public static func read(_ path: String) throws -> SavedProvenance? {
        guard let text = try text(of: path), case .object(let members)? = try? JSONValue(parsing: Array(text.utf8)),
            members.contains(where: { $0.key == "command" })
        else { return nil }
        return SavedProvenance(path: path, members: members)
    }

    private static func text(of path: String) throws -> String? {
        switch (path as NSString).pathExtension.lowercased() {
        case "npz":
            guard let archive = try? NPZ.read(path), archive.contains("metadata") else { return nil }
            return try? archive.text("metadata")
        case "json": return String(decoding: try FileContent.bytes(of: path), as: UTF8.self)
        case "png": return png(try FileContent.bytes(of: path))
        case "svg":
            let text = String(decoding: try FileContent.bytes(of: path), as: UTF8.self)
            return text.firstMatch(of: /name="Comment">([^<]*)<\/entry>/).map { plain(String($0.1)) }
        case "vti", "vtr": return xml(String(decoding: try FileContent.bytes(of: path), as: UTF8.self))
        case "eps", "pgf": return comment(String(decoding: try FileContent.bytes(of: path), as: UTF8.self))
        case "pdf": return pdf(try FileContent.bytes(of: path))
        default: return nil
        }
    }

    /// The comment among a PNG's chunks.
    private static func png(_ bytes: [UInt8]) -> String? {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return nil }
        var place = 8
        while place + 12 <= bytes.count {
            let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - place - 12 else { return nil }
            let kind = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            let data = bytes[(place + 8)..<(place + 8 + length)]
            if data.starts(with: Array("Comment\0".utf8)) {
                if kind == "tEXt" { return String(data.dropFirst(8).map { Character(Unicode.Scalar($0)) }) }
                // No compression, no language, no translation of the keyword.
                if kind == "iTXt" { return String(decoding: data.dropFirst(12), as: UTF8.self) }
            }
            place += 12 + length
        }
        return nil
    }

    /// The comment of a VTK file, in which two hyphens stand apart.
    private static func xml(_ text: String) -> String? {
        text.firstMatch(of: /<!-- (.*?) -->/).map { String($0.1).replacing("- -", with: "--") }
    }

    /// The comment of LaTeX, or of PostScript, whose lines are short and whose signs beyond ASCII are JSON's escapes.
    private static func comment(_ text: String) -> String? {
        var lines: [Substring] = []
        for line in text.split(separator: "\n").prefix(200) {
            if line.hasPrefix("% Comment: ") {
                lines = [line.dropFirst(11)]
            } else if !lines.isEmpty {
                guard line.hasPrefix("%+ ") else { break }
                lines.append(line.dropFirst(3))
            }
        }
        return lines.isEmpty ? nil : lines.joined()
    }

    /// The comment among a PDF's information, which is UTF-16 in hexadecimal.
    private static func pdf(_ bytes: [UInt8]) -> String? {
        guard let start = bytes.firstRange(of: Array("/Comment <FEFF".utf8))?.upperBound,
            let end = bytes[start...].firstIndex(of: UInt8(ascii: ">"))
        else { return nil }
        let digits = bytes[start..<end].compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count % 4 == 0 else { return nil }
        let units = stride(from: 0, to: digits.count, by: 4).map { at in
            digits[at..<(at + 4)].reduce(UInt16(0)) { $0 << 4 | UInt16($1) }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func plain(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")].reduce(text) { $0.replacing($1.0, with: $1.1) }
    }

    private func text(_ key: String) -> String? { members.first { $0.key == key }?.value.string }

    private var origin: JSONValue? { members.first { $0.key == "provenance" }?.value }

    /// The path of each checkpoint and of weights in its place, the digest it had, and the one that a file of this name has now.
    private var files: [(kind: String, path: String, stored: String?, now: String?)] {
        var files: [(kind: String, path: String?, stored: String?)] = []
        if case .array(let list)? = origin?["checkpoints"] {
            files = list.map { ("checkpoint", $0["checkpoint"]?.string, $0["sha256"]?.string) }
        }
        if let weights = origin?[RunContext.weightsKey] {
            files.append((RunContext.weightsKey, weights["path"]?.string, weights["sha256"]?.string))
        }
        return files.compactMap { kind, path, stored in
            path.map { (kind, $0, stored, try? Origin.digest(of: $0)) }
        }
    }

    /// What it says, without the numbers of the result.
    public var json: JSONValue {
        let words = members.filter { member in
            switch member.value {
            case .array, .object: false
            default: member.key != "command"
            }
        }
        return .object([
            ("command", .string("info")), ("file", .string(path)),
            ("result_of", text("command").map { .string($0) } ?? .null),
            ("result", .object(words)), ("provenance", origin ?? .null),
        ])
    }

    /// For people.
    public var lines: [String] {
        var lines = [
            "\(path): a result of '\(text("command") ?? "")' by \(text("software") ?? "Landscape \(origin?["version"]?.string ?? "")")"
        ]
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty {
                lines.append(name.padding(toLength: 12, withPad: " ", startingAt: 0) + value)
            }
        }
        add("command", origin?["command_line"]?.string)
        add("date", origin?["date"]?.string)
        add("machine", origin?["machine"]?.string)
        add("model", text("model"))
        add("data", text("data").map { data in "\(data), \(text("split") ?? "")" })
        if origin == nil { add("checkpoint", text("checkpoint")) }
        for (kind, path, stored, now) in files {
            let state =
                stored == nil
                ? ""
                : now == nil
                    ? " (no such file here)"
                    : now == stored ? " (the same file is here)" : " (ANOTHER file of this name is here)"
            add(kind, "\(path)  SHA-256 \(stored ?? "not known")\(state)")
        }
        return lines
    }
}
