import Essentials
import Plotting

/// The figure in a result's file: numbers that the file has anyway are named in place of repeated.
extension FigureRecord {
    /// Fewer numbers than this are repeated.
    private static let least = 16

    /// The record with `@name` for every list of numbers that has the bits of one that the file holds under this name.
    func json(beside lists: [(name: String, numbers: [Double])]) throws -> JSONValue {
        let known = Dictionary(grouping: lists.filter { $0.numbers.count >= Self.least }) { $0.numbers.count }
        func named(_ value: JSONValue) -> JSONValue {
            switch value {
            case .object(let members): return .object(members.map { ($0.key, named($0.value)) })
            case .array(let values):
                if let candidates = known[values.count], let numbers = Self.numbers(values),
                    let found = candidates.first(where: { zip($0.numbers, numbers).allSatisfy(Self.isSame) })
                {
                    return .string("@" + found.name)
                }
                return .array(values.map(named))
            default: return value
            }
        }
        return named(try JSONValue(parsing: try json()))
    }

    /// The record whose named lists are found in its file.
    ///
    /// - Throws: `DecodingError` where one is not there, or the record is damaged.
    init(_ record: JSONValue, beside list: (String) -> [Double]?) throws {
        func filled(_ value: JSONValue) -> JSONValue {
            switch value {
            case .object(let members): return .object(members.map { ($0.key, filled($0.value)) })
            case .array(let values): return .array(values.map(filled))
            case .string(let text) where text.hasPrefix("@"):
                guard let numbers = list(String(text.dropFirst())) else { return value }
                return .array(numbers.map { $0.isFinite ? .number($0) : .string(Self.word($0)) })
            default: return value
            }
        }
        try self.init(json: Array(filled(record).text.utf8))
    }

    private static func word(_ number: Double) -> String { number.isNaN ? "nan" : number > 0 ? "inf" : "-inf" }

    private static func isSame(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

    /// Numbers as a record writes them; nil for a list of something else.
    private static func numbers(_ values: [JSONValue]) -> [Double]? {
        var numbers: [Double] = []
        numbers.reserveCapacity(values.count)
        for value in values {
            switch value {
            case .number(let number): numbers.append(number)
            case .integer(let number): numbers.append(Double(number))
            case .string("nan"): numbers.append(.nan)
            case .string("inf"): numbers.append(.infinity)
            case .string("-inf"): numbers.append(-.infinity)
            default: return nil
            }
        }
        return numbers
    }
}

extension JSONValue {
    /// All numbers of a list, or of a list of lists in order, with NaN for null; nil for something else.
    var numbers: [Double]? {
        guard case .array(let values) = self else { return nil }
        var numbers: [Double] = []
        for value in values {
            switch value {
            case .null: numbers.append(.nan)
            case .array:
                guard let inner = value.numbers else { return nil }
                numbers += inner
            default:
                guard let number = value.double else { return nil }
                numbers.append(number)
            }
        }
        return numbers
    }
}
