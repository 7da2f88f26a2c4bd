extension JSONValue {
    /// Reads JSON strictly: a key given twice is an error, and numbers are what they were when they were written, to the bit.
    ///
    /// Foundation's decoder would lose the order of the keys and accept a key given twice.
    ///
    /// - Throws: `JSONError` where the bytes are not exactly one JSON value in UTF-8, nested at most 16 levels.
    public init(parsing bytes: [UInt8]) throws(JSONError) { try self.init(parsing: bytes[...]) }

    /// Reads JSON strictly; places in errors count from the slice's first byte.
    ///
    /// - Throws: `JSONError` where the bytes are not exactly one JSON value in UTF-8, nested at most 16 levels.
    public init(parsing bytes: ArraySlice<UInt8>) throws(JSONError) {
        var scanner = Scanner(bytes: bytes, position: bytes.startIndex)
        self = try scanner.value(depth: 0)
        scanner.skipSpace()
        guard scanner.position == bytes.endIndex else { throw .unexpected(at: scanner.offset) }
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

        mutating func expect(_ character: Character) throws(JSONError) {
            if !take(character) { throw .unexpected(at: offset) }
        }

        mutating func value(depth: Int) throws(JSONError) -> JSONValue {
            // Headers and results nest a few levels; the limit keeps damaged files off the stack.
            guard depth < 16 else { throw .tooDeep }
            skipSpace()
            switch next {
            case UInt8(ascii: "{"): return try object(depth)
            case UInt8(ascii: "["): return try array(depth)
            case UInt8(ascii: "\""): return .string(try string())
            default: return try scalar()
            }
        }

        mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
            try expect("{")
            var members: [(key: String, value: JSONValue)] = []
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

        mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
            try expect("[")
            var elements: [JSONValue] = []
            if take("]") { return .array([]) }
            repeat { elements.append(try value(depth: depth + 1)) } while take(",")
            try expect("]")
            return .array(elements)
        }

        mutating func scalar() throws(JSONError) -> JSONValue {
            let start = position
            while let byte = next, byte == 0x2B || byte == 0x2D || byte == 0x2E || isAlphanumeric(byte) {
                position += 1
            }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default: break
            }
            guard Self.isNumber(bytes[start..<position]), let value = Double(word) else {
                throw .unexpected(at: start - bytes.startIndex)
            }
            // A whole number that no Int holds is a number all the same.
            return Int(word).map { .integer($0) } ?? .number(value)
        }

        /// Whether it is `-`, whole digits without a zero in front, a fraction and an exponent, as far as there are such.
        private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
            var rest = word
            func digits() -> Int {
                let count = rest.prefix { (0x30...0x39).contains($0) }.count
                rest = rest.dropFirst(count)
                return count
            }
            if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            let isZero = rest.first == UInt8(ascii: "0"), whole = digits()
            guard whole == 1 || (whole > 1 && !isZero) else { return false }
            if rest.first == UInt8(ascii: ".") {
                rest.removeFirst()
                guard digits() > 0 else { return false }
            }
            if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
                rest.removeFirst()
                if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
                guard digits() > 0 else { return false }
            }
            return rest.isEmpty
        }

        private func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }

        mutating func string() throws(JSONError) -> String {
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

        private mutating func escape() throws(JSONError) -> Unicode.Scalar {
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

        private mutating func hexadecimal() throws(JSONError) -> UInt32 {
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

/// Why bytes are not JSON.
public enum JSONError: DescribedError, Equatable {
    /// A byte that JSON does not have there.
    case unexpected(at: Int)
    /// An object has the same key twice.
    case duplicateKey(String)
    /// Lists and objects are nested beyond 16 levels.
    case tooDeep
    /// A text is no UTF-8, or has an escape for half a character.
    case notUnicode

    /// What is wrong, to stand behind "the header has".
    public var description: String {
        switch self {
        case .unexpected(let offset): "malformed JSON at byte \(offset)"
        case .duplicateKey(let key): "the key '\(key.shown)' twice"
        case .tooDeep: "JSON nested more than 16 levels"
        case .notUnicode: "JSON text that is no Unicode"
        }
    }
}
