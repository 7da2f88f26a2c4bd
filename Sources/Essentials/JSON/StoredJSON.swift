import Foundation

/// How values are kept as text in files, so that equal values give equal text: keys in alphabetical order, no escapes that need not be,
/// infinity and NaN as words.
package enum StoredJSON {
    private static let positive = "Infinity", negative = "-Infinity", nan = "NaN"

    /// - Throws: what the value's own encoding throws.
    package static func text(of value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: positive, negativeInfinity: negative, nan: nan)
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// - Throws: `DecodingError` where the text is not that of such a value.
    package static func value<Value: Decodable>(_ type: Value.Type, of text: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: positive, negativeInfinity: negative, nan: nan)
        return try decoder.decode(type, from: Data(text.utf8))
    }
}
