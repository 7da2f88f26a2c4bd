/// A JSON value whose objects keep the order of their members.
///
/// It is the one form of JSON here: headers of safetensors files, results, and what results say of themselves.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number that is written without point and exponent, and that an `Int` holds.
    case integer(Int)
    /// Any other number. Infinity and NaN, which JSON cannot say, are written as `null`.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Members in their order.
    case object([(key: String, value: JSONValue)])

    /// A number; `null` for nil.
    public init(_ value: Double?) { self = value.map { .number($0) } ?? .null }
    /// Both ends of an interval, `[low, high]`; `null` for nil.
    public init(_ interval: ClosedRange<Double>?) {
        self = interval.map { JSONValue([$0.lowerBound, $0.upperBound]) } ?? .null
    }
    /// A list of numbers.
    public init(_ values: [Double]) { self = .array(values.map { .number($0) }) }

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

    /// The number; nil for other kinds of value.
    public var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The number where it is whole, also where it was written as `5.0`; nil for other values.
    public var int: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The text; nil for other kinds of value.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
}

extension JSONValue: Equatable {
    /// Whether both are written alike.
    public static func == (a: JSONValue, b: JSONValue) -> Bool { a.text == b.text }
}
