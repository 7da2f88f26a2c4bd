import Essentials

/// The JSON that safetensors headers consist of: objects, arrays, strings and whole numbers, nested a few levels.
///
/// Foundation's decoder would lose the order of the keys and accept a key given twice.
enum JSONHeader: Equatable {
    case object([(key: String, value: JSONHeader)])
    case array([JSONHeader])
    case string(String)
    case integer(Int)
    /// A number with a fraction, true, false or null: well-formed, but nothing a header has a use for.
    case other

    static func == (a: JSONHeader, b: JSONHeader) -> Bool {
        switch (a, b) {
        case (.object(let x), .object(let y)): x.elementsEqual(y) { $0.key == $1.key && $0.value == $1.value }
        case (.array(let x), .array(let y)): x == y
        case (.string(let x), .string(let y)): x == y
        case (.integer(let x), .integer(let y)): x == y
        case (.other, .other): true
        default: false
        }
    }

    static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONHeaderError) -> JSONHeader {
        var scanner = Scanner(bytes: bytes, position: bytes.startIndex)
        let value = try scanner.value(depth: 0)
        scanner.skipSpace()
        guard scanner.position == bytes.endIndex else { throw .unexpected(at: scanner.offset) }
        return value
    }

    private struct Scanner {
        let bytes: ArraySlice<UInt8>
        var position: Int

        var offset: Int { position - bytes.startIndex }
        var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

        mutating func skipSpace() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        }

        mutating func take(_ character: Character) -> Bool {
            skipSpace()
            let isThere = next == character.asciiValue
            if isThere { position += 1 }
            return isThere
        }

        mutating func expect(_ character: Character) throws(JSONHeaderError) {
            if !take(character) { throw .unexpected(at: offset) }
        }

        mutating func value(depth: Int) throws(JSONHeaderError) -> JSONHeader {
            // A header is an object of objects of arrays.
            guard depth < 16 else { throw .tooDeep }
            skipSpace()
            switch next {
            case UInt8(ascii: "{"): return try object(depth)
            case UInt8(ascii: "["): return try array(depth)
            case UInt8(ascii: "\""): return .string(try string())
            default: return try scalar()
            }
        }

        mutating func object(_ depth: Int) throws(JSONHeaderError) -> JSONHeader {
            try expect("{")
            var members: [(key: String, value: JSONHeader)] = []
            var keys: Set<String> = []
            if take("}") { return .object([]) }
            repeat {
                skipSpace()
                let key = try string()
                guard keys.insert(key).inserted else { throw .duplicateKey(key) }
                try expect(":")
                members.append((key, try value(depth: depth + 1)))
            } while take(",")
            try expect("}")
            return .object(members)
        }

        mutating func array(_ depth: Int) throws(JSONHeaderError) -> JSONHeader {
            try expect("[")
            var elements: [JSONHeader] = []
            if take("]") { return .array([]) }
            repeat { elements.append(try value(depth: depth + 1)) } while take(",")
            try expect("]")
            return .array(elements)
        }

        mutating func scalar() throws(JSONHeaderError) -> JSONHeader {
            let start = position
            while let byte = next, byte == 0x2B || byte == 0x2D || byte == 0x2E || isAlphanumeric(byte) {
                position += 1
            }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            if ["true", "false", "null"].contains(word) { return .other }
            if !word.hasPrefix("+"), let value = Int(word) { return .integer(value) }
            // A whole number that no Int holds is well-formed JSON too.
            guard let first = word.utf8.first, first == 0x2D || (0x30...0x39).contains(first), Double(word) != nil
            else { throw .unexpected(at: start - bytes.startIndex) }
            return .other
        }

        private func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }

        mutating func string() throws(JSONHeaderError) -> String {
            guard next == UInt8(ascii: "\"") else { throw .unexpected(at: offset) }
            position += 1
            var content: [UInt8] = []
            while let byte = next {
                position += 1
                switch byte {
                case UInt8(ascii: "\""):
                    guard let text = String(validating: content, as: UTF8.self) else { throw .notUnicode }
                    return text
                case UInt8(ascii: "\\"): content += Array(String(try escape()).utf8)
                case ..<0x20: throw .unexpected(at: offset - 1)
                default: content.append(byte)
                }
            }
            throw .unexpected(at: offset)
        }

        private mutating func escape() throws(JSONHeaderError) -> Unicode.Scalar {
            guard let byte = next else { throw .unexpected(at: offset) }
            position += 1
            switch byte {
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
            case UInt8(ascii: "u"):
                var value = try hexadecimal()
                if (0xD800..<0xDC00).contains(value), next == UInt8(ascii: "\\") {
                    position += 1
                    guard next == UInt8(ascii: "u") else { throw .notUnicode }
                    position += 1
                    let low = try hexadecimal()
                    guard (0xDC00..<0xE000).contains(low) else { throw .notUnicode }
                    value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(value) else { throw .notUnicode }
                return scalar
            default: throw .unexpected(at: offset - 1)
            }
        }

        private mutating func hexadecimal() throws(JSONHeaderError) -> UInt32 {
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                    throw .unexpected(at: offset)
                }
                value = value << 4 | UInt32(digit)
                position += 1
            }
            return value
        }
    }
}

/// Why bytes are not the JSON of a safetensors header.
public enum JSONHeaderError: DescribedError, Equatable {
    case unexpected(at: Int)
    case duplicateKey(String)
    case tooDeep
    case notUnicode

    /// The fault as part of a sentence, such as `malformed JSON at byte 12`.
    public var description: String {
        switch self {
        case .unexpected(let offset): "malformed JSON at byte \(offset)"
        case .duplicateKey(let key): "the key '\(key.shown)' twice"
        case .tooDeep: "JSON nested more than 16 levels"
        case .notUnicode: "JSON text that is no Unicode"
        }
    }
}
