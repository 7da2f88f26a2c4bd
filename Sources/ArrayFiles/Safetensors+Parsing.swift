extension Safetensors {
    public init(_ bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count > 8, bytes[8] == UInt8(ascii: "{"),
            let announced = ByteReader(bytes: bytes).littleEndian(UInt64.self, at: 0)
        else { throw .notSafetensors(found: Self.kind(bytes)) }
        guard announced <= UInt64(Self.maximalHeader) else { throw .headerTooLong(announced) }
        let length = Int(announced)
        guard length <= bytes.count - 8 else {
            throw .headerTruncated(expected: length, found: bytes.count - 8)
        }
        let start = 8 + length
        let json: JSONHeader
        do {
            json = try JSONHeader.parse(bytes[8..<start])
        } catch {
            if case .duplicateKey(let key) = error { throw .duplicateName(key) }
            throw .malformedHeader(error)
        }
        guard case .object(let members) = json else { throw .notSafetensors(found: Self.kind(bytes)) }

        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        for (key, value) in members {
            if key == "__metadata__" {
                metadata = try Self.metadata(value)
            } else {
                entries.append(try Entry(name: key, value))
            }
        }
        // Arrays of no numbers take no room and come before the one that begins at the same place.
        entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        let found = bytes.count - start
        var position = 0
        for entry in entries {
            if entry.begin < position { throw .overlap(entry.name) }
            if entry.begin > position { throw .gap(before: entry.name, bytes: entry.begin - position) }
            position = entry.end
        }
        if position > found { throw .truncated(expected: position, found: found) }
        if position < found { throw .trailingBytes(found - position) }
        self.init(
            parsed: entries.map { entry in
                let content = Array(bytes[(start + entry.begin)..<(start + entry.end)])
                return Tensor(name: entry.name, array: NumericArray(checked: entry.shape, entry.type, content))
            }, metadata: metadata)
    }

    /// One array as the header describes it; its shape, type and length have been found to agree.
    private struct Entry {
        let name: String
        let type: ElementType
        let shape: [Int]
        let begin: Int
        let end: Int

        init(name: String, _ value: JSONHeader) throws(SafetensorsError) {
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
                case "shape": shape = try Self.integers(name, key, value)
                case "data_offsets": offsets = try Self.integers(name, key, value)
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
            (self.name, self.type, self.shape) = (name, type, shape)
            (begin, end) = (offsets[0], offsets[1])
        }

        private static func integers(
            _ name: String, _ key: String, _ value: JSONHeader
        ) throws(SafetensorsError) -> [Int] {
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
    }

    private static func metadata(_ value: JSONHeader) throws(SafetensorsError) -> [String: String] {
        guard case .object(let members) = value else { throw .metadataNotText("__metadata__") }
        var result: [String: String] = [:]
        for (key, value) in members {
            guard case .string(let text) = value else { throw .metadataNotText(key) }
            result[key] = text
        }
        return result
    }

    /// What the bytes look like instead.
    private static func kind(_ bytes: [UInt8]) -> String {
        let kinds: [([UInt8], String)] = [
            ([0x50, 0x4B], "a ZIP file (.pth, .pt or .npz)"), ([0x93, 0x4E, 0x55], "an NPY file"),
            ([0x1F, 0x8B], "a gzip file"), ([0x80, 0x02], "a Python pickle"),
            ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
            ([0x7B], "JSON text"),
        ]
        return kinds.first { bytes.starts(with: $0.0) }?.1 ?? "\(bytes.count) bytes of something else"
    }
}

/// What can be wrong with the bytes of a safetensors file.
public enum SafetensorsError: DescribedError, Equatable {
    case notSafetensors(found: String)
    case headerTooLong(UInt64)
    case headerTruncated(expected: Int, found: Int)
    case malformedHeader(JSONHeaderError)
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

    public var description: String {
        switch self {
        case .notSafetensors(let found):
            "not a safetensors file: found \(found); name a file that 'landscape train' or 'import' has written"
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
