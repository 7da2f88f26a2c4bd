import ArrayFiles
import Essentials
import Foundation

/// A piece of a page. Text that is put into one is escaped; only another piece is taken as it is.
struct HTML: ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}
        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ plain: String) { text += HTML.escaped(plain) }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }
        mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
        mutating func appendInterpolation(_ pieces: [HTML]) {
            text += pieces.map(\.text).joined(separator: "\n")
        }
    }

    /// Pieces with something between them.
    init(joining pieces: [HTML], by separator: String) {
        text = pieces.map(\.text).joined(separator: separator)
    }

    /// Text as a page shows it, also within the quotes of an attribute.
    static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(\.printable).joined(separator: "\n")
            .replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }

    /// Numbers for a script, in which no tag can begin or end.
    static func data(_ value: JSONValue) -> HTML {
        var piece = HTML(stringLiteral: "")
        piece.text = value.text.replacing("<", with: "\\u003c").replacing(">", with: "\\u003e")
        return piece
    }

    /// The program's own script, style or shader, which is no text of any file.
    static func own(_ bytes: [UInt8]) -> HTML { HTML(stringLiteral: String(decoding: bytes, as: UTF8.self)) }

    /// A picture that lies in the page.
    static func picture(_ image: [UInt8], type: String, width: Double, describedAs words: String) -> HTML {
        let data = Data(image).base64EncodedString()
        return
            "<img width=\"\(Int(width))\" alt=\"\(words)\" src=\"data:image/\(HTML(stringLiteral: type));base64,\(HTML(stringLiteral: data))\">"
    }

    /// The source of a script or style as a policy of content names it.
    static func hash(_ piece: HTML) -> HTML {
        let digits = Array(SHA256.hexadecimal(Array(piece.text.utf8)).utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)!
        }
        return HTML(stringLiteral: "'sha256-\(Data(bytes).base64EncodedString())'")
    }
}

extension String {
    /// The same, with no end of a line before a sign of percent or around an equals sign.
    var unbroken: String { replacing(" %", with: "\u{A0}%").replacing(" = ", with: "\u{A0}=\u{A0}") }
}

extension Format {
    /// A number with four significant digits, with a true minus.
    static func figure(_ value: Double) -> String {
        value.isFinite ? String(format: "%.4g", value).replacing("-", with: "−") : number(value)
    }
    /// The same with three digits, for errors.
    static func brief(_ value: Double) -> String { short(value).replacing("-", with: "−") }
    /// Words in a row: `a, b and c`.
    static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
