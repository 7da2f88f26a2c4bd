import Essentials

extension Safetensors {
    /// Reads a file's bytes.
    ///
    /// - Throws: `SafetensorsError` where they are no safetensors file or a damaged one.
    public init(_ bytes: [UInt8]) throws(SafetensorsError) {
        let header = try SafetensorsHeader(bytes, size: bytes.count)
        self.init(
            parsed: header.entries.map { entry in
                let own = bytes[header.place(entry)]
                return NamedArray(name: entry.name, array: NumericArray(checked: entry.shape, entry.type, Array(own)))
            }, metadata: header.metadata)
    }
}

/// The header of a safetensors file: its metadata, and its arrays, which are found to lie side by side up to the file's
/// end.
struct SafetensorsHeader {
    /// In the order of their bytes.
    let entries: [Safetensors.Entry]
    let metadata: [String: String]
    /// Where the first array begins.
    let length: Int

    /// Where an array's bytes are in the file.
    func place(_ entry: Safetensors.Entry) -> Range<Int> {
        (length + entry.range.lowerBound)..<(length + entry.range.upperBound)
    }

    /// How many bytes at a file's beginning are its header.
    ///
    /// - Parameters:
    ///   - beginning: the first nine bytes, or more.
    ///   - size: the file's.
    static func length(_ beginning: [UInt8], size: Int) throws(SafetensorsError) -> Int {
        guard beginning.count > 8, beginning[8] == UInt8(ascii: "{"),
            let announced = ByteReader(bytes: beginning).littleEndian(UInt64.self, at: 0)
        else { throw .notSafetensors(FileKind(beginning)) }
        guard announced <= UInt64(Safetensors.maximalHeader) else { throw .headerTooLong(announced) }
        let length = Int(announced)
        guard length <= size - 8 else { throw .headerTruncated(expected: length, found: size - 8) }
        return 8 + length
    }

    /// - Parameters:
    ///   - bytes: the file's header, or more of its beginning.
    ///   - size: the file's.
    init(_ bytes: [UInt8], size: Int) throws(SafetensorsError) {
        length = try Self.length(bytes, size: size)
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes[8..<length])
        } catch {
            if case .duplicateKey(let key) = error { throw .duplicateName(key) }
            throw .malformedHeader(error)
        }
        guard case .object(let members) = json else { throw .notSafetensors(FileKind(bytes)) }

        var metadata: [String: String] = [:]
        var entries: [Safetensors.Entry] = []
        for (key, value) in members {
            if key == "__metadata__" {
                metadata = try Self.metadata(value)
            } else {
                entries.append(try Self.entry(key, value))
            }
        }
        // Arrays of no numbers take no room and come before the one that begins at the same place.
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        let found = size - length
        var position = 0
        for entry in entries {
            let begin = entry.range.lowerBound
            if begin < position { throw .overlap(entry.name) }
            if begin > position { throw .gap(before: entry.name, bytes: begin - position) }
            position = entry.range.upperBound
        }
        if position > found { throw .truncated(expected: position, found: found) }
        if position < found { throw .trailingBytes(found - position) }
        (self.entries, self.metadata) = (entries, metadata)
    }

    /// One array; its shape, type and length are found to agree.
    private static func entry(_ name: String, _ value: JSONValue) throws(SafetensorsError) -> Safetensors.Entry {
        guard case .object(let members) = value else { throw .badEntry(name, "it is no JSON object") }
        var type: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        for (key, value) in members {
            switch key {
            case "dtype":
                guard case .string(let word) = value else { throw .badEntry(name, "'dtype' is no text") }
                guard let known = ElementType(rawValue: word) else { throw .unknownType(name, word) }
                type = known
            case "shape": shape = try integers(name, key, value)
            case "data_offsets": offsets = try integers(name, key, value)
            default: throw .badEntry(name, "unknown key '\(key)'")
            }
        }
        guard let type else { throw .badEntry(name, "there is no 'dtype'") }
        guard let shape else { throw .badEntry(name, "there is no 'shape'") }
        guard let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .badOffsets(name, offsets ?? [])
        }
        guard let needed = NumericArray.byteCount(shape: shape, size: type.size) else {
            throw .shapeOverflows(name, shape)
        }
        guard needed == offsets[1] - offsets[0] else {
            throw .lengthMismatch(name, shape: shape, expected: needed, found: offsets[1] - offsets[0])
        }
        return Safetensors.Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static func integers(_ name: String, _ key: String, _ value: JSONValue) throws(SafetensorsError) -> [Int] {
        guard case .array(let elements) = value else { throw .badEntry(name, "'\(key)' is no list") }
        var result: [Int] = []
        for element in elements {
            guard case .integer(let number) = element, number >= 0 else {
                throw .badEntry(name, "'\(key)' holds something that is no whole number from 0")
            }
            result.append(number)
        }
        return result
    }

    private static func metadata(_ value: JSONValue) throws(SafetensorsError) -> [String: String] {
        guard case .object(let members) = value else { throw .metadataNotText("__metadata__") }
        var result: [String: String] = [:]
        for (key, value) in members {
            guard case .string(let text) = value else { throw .metadataNotText(key) }
            result[key] = text
        }
        return result
    }
}

/// Why bytes are no intact safetensors file, or tensors cannot be in one.
public enum SafetensorsError: DescribedError, Equatable {
    case notSafetensors(FileKind)
    case headerTooLong(UInt64)
    case headerTruncated(expected: Int, found: Int)
    case malformedHeader(JSONError)
    case duplicateName(String)
    case reservedName
    case metadataNotText(String)
    case badEntry(String, String)
    case unknownType(String, String)
    case shapeOverflows(String, [Int])
    case badOffsets(String, [Int])
    case lengthMismatch(String, shape: [Int], expected: Int, found: Int)
    case overlap(String)
    case gap(before: String, bytes: Int)
    case truncated(expected: Int, found: Int)
    case trailingBytes(Int)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notSafetensors(let kind):
            "found \(kind.name), expected safetensors; name a file that 'landscape train' or 'import' has written"
        case .headerTooLong(let length):
            "found a header of \(length) bytes, expected at most \(Safetensors.maximalHeader); the file is damaged"
        case .headerTruncated(let expected, let found):
            "the header is cut short: found \(found) bytes, expected \(expected); copy or download the file again"
        case .malformedHeader(let problem):
            "the header has \(problem); the file is damaged: copy or download it again"
        case .duplicateName(let name): "found the tensor or key '\(name.shown)' twice, expected every name once"
        case .reservedName: "a tensor cannot be named __metadata__; rename it"
        case .metadataNotText(let key): "the metadata '\(key.shown)' is not text, expected only text there"
        case .badEntry(let name, let what):
            "the header's entry for tensor '\(name.shown)' is damaged: \(what.shown); copy or download the file again"
        case .unknownType(let name, let type):
            "tensor '\(name.shown)' has type '\(type.shown)', expected one of "
                + ElementType.allCases.map(\.rawValue).joined(separator: " ") + "; convert it"
        case .shapeOverflows(let name, let shape):
            "tensor '\(name.shown)' has the shape \(shape.shown), more numbers than a computer can address; the file is damaged"
        case .badOffsets(let name, let offsets):
            "tensor '\(name.shown)' has the offsets \(offsets.shown), expected a begin and an end not before it"
        case .lengthMismatch(let name, let shape, let expected, let found):
            "tensor '\(name.shown)' of shape \(shape.shown) has \(found) bytes, expected \(expected); the file is damaged"
        case .overlap(let name): "tensor '\(name.shown)' shares bytes with the one before it; the file is damaged"
        case .gap(let name, let bytes):
            "\(bytes) bytes before tensor '\(name.shown)' belong to no tensor, expected none; the file is damaged"
        case .truncated(let expected, let found):
            "the tensors are cut short: found \(found) bytes, expected \(expected); copy or download the file again"
        case .trailingBytes(let count):
            "found \(count) bytes behind the last tensor, expected none; copy or download the file again"
        }
    }
}
