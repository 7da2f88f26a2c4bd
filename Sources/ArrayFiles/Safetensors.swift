import Essentials

/// Named arrays and text in the safetensors format: eight bytes with the header's length, a JSON header, then the
/// numbers of all arrays without gaps. Any safetensors reader opens what this writes.
///
/// Reading believes nothing: the header's length, every type, shape and offset is checked, and every byte behind the
/// header must belong to exactly one array. Format: github.com/huggingface/safetensors.
public struct Safetensors: Sendable, Equatable {
    /// An array as the file's header describes it.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let type: ElementType
        public let shape: [Int]
        /// Its bytes, counted from the first of all arrays.
        public let range: Range<Int>

        /// How many numbers there are.
        public var count: Int { range.count / type.size }

        /// The same under another name.
        public func renamed(_ name: String) -> Entry { Entry(name: name, type: type, shape: shape, range: range) }
    }

    /// In the order of their bytes in the file.
    public let tensors: [NamedArray]
    /// The header's `__metadata__`.
    public let metadata: [String: String]

    /// The header's length may be no more, as in the reference implementation.
    public static let maximalHeader = 100_000_000

    /// The tensors are ordered by falling element size, which aligns each in the file, and otherwise stay in order.
    public init(tensors: [NamedArray], metadata: [String: String] = [:]) throws(SafetensorsError) {
        var names: Set<String> = []
        for tensor in tensors {
            guard tensor.name != Self.metadataKey else { throw .reservedName }
            guard names.insert(tensor.name).inserted else { throw .duplicateName(tensor.name) }
        }
        let sizes = Set(tensors.map(\.array.type.size)).sorted(by: >)
        self.tensors = sizes.flatMap { size in tensors.filter { $0.array.type.size == size } }
        self.metadata = metadata
    }

    static let metadataKey = "__metadata__"

    init(parsed tensors: [NamedArray], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The array of that name, if there is one.
    public subscript(name: String) -> NumericArray? { tensors.first { $0.name == name }?.array }

    /// SHA-256 of the numbers' bytes as they lie in the file.
    public var digest: String {
        var digest = SHA256()
        for tensor in tensors { digest.update(tensor.array.bytes) }
        return digest.hexadecimal()
    }

    /// The tensors' descriptions, in the same order.
    public var entries: [Entry] {
        var position = 0
        return tensors.map { tensor in
            let begin = position
            position += tensor.array.bytes.count
            return Entry(name: tensor.name, type: tensor.array.type, shape: tensor.array.shape, range: begin..<position)
        }
    }

    public static func read(
        _ path: String, limit: Int = FileContent.defaultLimit
    ) throws(FileError) -> Safetensors {
        try SafetensorsFile(path).content(limit: limit)
    }

    /// Replaces the file at `path`, atomically.
    public func write(to path: String) throws(FileError) {
        try AtomicFile.write(to: path) { (sink) throws(FileError) in
            try sink.write(header)
            for tensor in tensors { try sink.write(tensor.array.bytes) }
        }
    }

    /// The bytes of the file; the same content gives the same bytes.
    public func encoded() -> [UInt8] {
        tensors.reduce(into: header) { $0 += $1.array.bytes }
    }

    /// The length and the JSON, padded with spaces so that the numbers begin at a multiple of 8.
    private var header: [UInt8] {
        var members: [(key: String, value: JSONValue)] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue.string($0.value)) }
            members.append((Self.metadataKey, .object(pairs)))
        }
        for entry in entries {
            let offsets = [entry.range.lowerBound, entry.range.upperBound]
            members.append(
                (
                    entry.name,
                    .object([
                        ("dtype", .string(entry.type.rawValue)), ("shape", .array(entry.shape.map { .integer($0) })),
                        ("data_offsets", .array(offsets.map { .integer($0) })),
                    ])
                ))
        }
        var json = Array(JSONValue.object(members).compactText.utf8)
        while json.count % 8 != 0 { json.append(0x20) }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt64(json.count))
        return bytes + json
    }
}
