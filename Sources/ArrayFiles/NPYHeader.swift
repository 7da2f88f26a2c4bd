/// The header of a NumPy array file: a Python dictionary literal between the magic string and the numbers.
struct NPYHeader {
    /// The type code without its byte order, such as "f8", "b1" or "U12".
    var code: String
    var isBigEndian: Bool
    var isFortranOrder: Bool
    var shape: [Int]
    /// Where the numbers begin.
    var offset: Int

    static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    /// NumPy itself writes some 120 bytes and refuses more than 10 000 unless told to trust the file.
    static let maximalLength = 65_536

    init(_ bytes: [UInt8]) throws(NPYError) {
        guard bytes.count >= 6, bytes.starts(with: Self.magic) else { throw .notNPY }
        guard bytes.count >= 10 else { throw .truncatedHeader(expected: 10, found: bytes.count) }
        let length: Int
        let start: Int
        switch bytes[6] {
        case 1:
            start = 10
            length = Int(bytes[8]) | Int(bytes[9]) << 8
        case 2, 3:
            start = 12
            guard bytes.count >= 12 else { throw .truncatedHeader(expected: 12, found: bytes.count) }
            length = Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24
        default:
            throw .unknownVersion(major: bytes[6], minor: bytes[7])
        }
        guard length <= Self.maximalLength else { throw .headerTooLong(length) }
        guard bytes.count >= start + length else {
            throw .truncatedHeader(expected: start + length, found: bytes.count)
        }
        offset = start + length
        var scanner = PythonLiteralScanner(bytes[start..<offset])
        (code, isBigEndian, isFortranOrder, shape) = try Self.dictionary(&scanner)
    }

    private static func dictionary(
        _ scanner: inout PythonLiteralScanner
    ) throws(NPYError) -> (String, Bool, Bool, [Int]) {
        var description: String?
        var order: Bool?
        var shape: [Int]?
        try scanner.expect("{")
        while !scanner.take("}") {
            let key = try scanner.string()
            try scanner.expect(":")
            switch key {
            case "descr":
                // A structured type is a list here.
                if scanner.peek("[") { throw .unsupportedType("structured") }
                description = try scanner.string()
            case "fortran_order": order = try scanner.boolean()
            case "shape": shape = try scanner.tuple()
            default: throw .badHeader("an unknown key '\(key)'")
            }
            if !scanner.take(",") {
                try scanner.expect("}")
                break
            }
        }
        guard scanner.isAtEnd else { throw .badHeader("something behind the closing brace") }
        guard let description else { throw .badHeader("no 'descr'") }
        guard let order else { throw .badHeader("no 'fortran_order'") }
        guard let shape else { throw .badHeader("no 'shape'") }
        guard let first = description.unicodeScalars.first, description.unicodeScalars.count >= 2 else {
            throw .unsupportedType(description)
        }
        let hasOrder = "<>=|".unicodeScalars.contains(first)
        return (hasOrder ? String(description.dropFirst()) : description, first == ">", order, shape)
    }
}

/// Reads the few forms of Python literal that an NPY header consists of.
struct PythonLiteralScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private mutating func skipSpace() {
        while position < bytes.endIndex, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == bytes.endIndex
        }
    }

    mutating func peek(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return position < bytes.endIndex && UInt32(bytes[position]) == character.value
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        let isThere = peek(character)
        if isThere { position += 1 }
        return isThere
    }

    mutating func expect(_ character: Unicode.Scalar) throws(NPYError) {
        if !take(character) { throw .badHeader("no '\(character)' at byte \(position)") }
    }

    mutating func string() throws(NPYError) -> String {
        let quote: Unicode.Scalar = peek("\"") ? "\"" : "'"
        try expect(quote)
        let start = position
        while position < bytes.endIndex, UInt32(bytes[position]) != quote.value { position += 1 }
        guard position < bytes.endIndex else { throw .badHeader("a string without an end") }
        defer { position += 1 }
        let content = bytes[start..<position]
        guard content.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw .badHeader("a string that is not plain ASCII")
        }
        return String(decoding: content, as: UTF8.self)
    }

    mutating func boolean() throws(NPYError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw .badHeader("neither True nor False at byte \(position)")
    }

    mutating func tuple() throws(NPYError) -> [Int] {
        var result: [Int] = []
        try expect("(")
        while !take(")") {
            guard result.count < NumericArray.maximalRank else { throw .badHeader("more than 64 dimensions") }
            result.append(try integer())
            if !take(",") {
                try expect(")")
                break
            }
        }
        return result
    }

    private mutating func integer() throws(NPYError) -> Int {
        skipSpace()
        var value = 0
        let start = position
        while position < bytes.endIndex, (0x30...0x39).contains(bytes[position]) {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, carry) = scaled.addingReportingOverflow(Int(bytes[position] - 0x30))
            if overflow || carry { throw .badHeader("an extent too large for any computer") }
            value = next
            position += 1
        }
        guard position > start else { throw .badHeader("no extent at byte \(position)") }
        _ = take("L")  // Python 2 wrote long integers so.
        return value
    }
}
