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
        self = JSONValue(
            any: try JSONSerialization.jsonObject(with: try encoder.encode(value), options: .fragmentsAllowed))
    }

    private init(any value: Any) {
        switch value {
        case let object as [String: Any]:
            self = .object(object.sorted { $0.key < $1.key }.map { ($0.key, JSONValue(any: $0.value)) })
        case let array as [Any]: self = .array(array.map { JSONValue(any: $0) })
        case let string as String: self = string == "\u{1}" ? .null : .string(string)
        case let number as NSNumber:
            if isBoolean(number) {
                self = .bool(number.boolValue)
            } else if let int = Int(exactly: number.doubleValue) {
                self = .integer(int)
            } else {
                self = .number(number.doubleValue)
            }
        default: self = .null
        }
    }

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

/// Whether a number of Foundation's came from a JSON `true` or `false`.
private func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
