import Foundation

extension JSONValue {
    /// On one line, with a space behind commas and colons.
    public var text: String { written(comma: ", ", colon: ": ") }

    /// On one line, without spaces, as safetensors headers have it.
    public var compactText: String { written(comma: ",", colon: ":") }

    private func written(comma: String, colon: String) -> String {
        var result = ""
        write(to: &result, comma, colon)
        return result
    }

    private func write(to text: inout String, _ comma: String, _ colon: String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): JSONValue.quote(value, to: &text)
        case .array(let values):
            text += "["
            for (i, value) in values.enumerated() {
                if i > 0 { text += comma }
                value.write(to: &text, comma, colon)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (i, member) in members.enumerated() {
                if i > 0 { text += comma }
                JSONValue.quote(member.key, to: &text)
                text += colon
                member.value.write(to: &text, comma, colon)
            }
            text += "}"
        }
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            // What would command a terminal that the text is printed on; the same character to whoever parses it.
            case _ where !scalar.isShown:
                for unit in scalar.utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    /// The value of an encodable result, by way of its own coding keys, in alphabetical order. Numbers that are not finite become null.
    ///
    /// - Throws: what the value's own encoding throws.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.notFinite, negativeInfinity: Self.notFinite, nan: Self.notFinite)
        self = try JSONValue(parsing: Array(try encoder.encode(value))).encoded
    }

    /// No text of a result.
    private static let notFinite = "\u{1}"

    /// What an encoder wrote, made canonical.
    private var encoded: JSONValue {
        switch self {
        case .string(Self.notFinite): .null
        case .number(let value): abs(value) < 0x1p53 ? Int(exactly: value).map { .integer($0) } ?? self : self
        case .array(let values): .array(values.map(\.encoded))
        case .object(let members):
            .object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.encoded) })
        default: self
        }
    }
}
