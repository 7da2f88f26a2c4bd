import Foundation

/// A JSON value whose objects keep their order. Numbers that JSON cannot say (infinite, NaN) become null.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    public init(_ value: Double?) { self = value.map { .number($0) } ?? .null }
    public init(_ values: [Double]) { self = .array(values.map { .number($0) }) }

    /// The value of an encodable result, by way of its own coding keys; non-finite numbers become null.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "\u{1}", negativeInfinity: "\u{1}", nan: "\u{1}")
        self = try JSONValue(parsing: encoder.encode(value))
    }

    /// Numbers are what they were when they were written, to the bit. (Foundation's `JSONSerialization` reads by way of decimals,
    /// and about one number in five comes out one bit off.)
    public init(parsing data: Data) throws { self = try JSONDecoder().decode(JSONValue.self, from: data) }

    /// The value at a path of keys and indices such as `trace.value` or `eigenvalues.0`; nil where there is none.
    public subscript(path: String) -> JSONValue? {
        path.split(separator: ".", omittingEmptySubsequences: false).reduce(self) { (value: JSONValue?, step) in
            switch value {
            case .object(let members): members.first { $0.key == step }?.value
            case .array(let values): Int(step).flatMap { values.indices.contains($0) ? values[$0] : nil }
            default: nil
            }
        }
    }

    /// What could stand in place of a path that leads nowhere: the keys, or the number of elements, where it goes wrong.
    public func keys(near path: String) -> String {
        let steps = path.split(separator: ".", omittingEmptySubsequences: false)
        var value = self, prefix = ""
        for step in steps {
            guard let next = value[String(step)] else { break }
            (value, prefix) = (next, prefix + step + ".")
        }
        switch value {
        case .object(let members): return "one of " + members.map { prefix + $0.key }.joined(separator: ", ")
        case .array(let values) where !values.isEmpty: return "\(prefix)0 to \(prefix)\(values.count - 1)"
        default: return prefix.isEmpty ? "another" : String(prefix.dropLast())
        }
    }

    public static func == (a: JSONValue, b: JSONValue) -> Bool { a.text == b.text }

    /// On one line.
    public var text: String {
        var result = ""
        write(to: &result)
        return result
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): text += JSONValue.quoted(value)
        case .array(let values):
            text += "["
            for (i, value) in values.enumerated() {
                if i > 0 { text += ", " }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (i, member) in members.enumerated() {
                if i > 0 { text += ", " }
                text += JSONValue.quoted(member.key) + ": "
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20: text += String(format: "\\u%04x", scalar.value)
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension JSONValue: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            // Beyond 2⁵³ only an integer says which one it is.
            if let integer = abs(number) < 0x1p53 ? Int(exactly: number) : try? container.decode(Int.self) {
                self = .integer(integer)
            } else {
                self = .number(number)
            }
        } else if let string = try? container.decode(String.self) {
            self = string == "\u{1}" ? .null : .string(string)
        } else if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let array = try? container.decode([JSONValue].self) {
            self = .array(array)
        } else {
            let object = try container.decode([String: JSONValue].self)
            self = .object(object.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
    }

    var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
    var int: Int? { if case .integer(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
}
