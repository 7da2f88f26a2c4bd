import Essentials

/// Named arrays and text in the safetensors format (github.com/huggingface/safetensors).
///
/// A file is eight bytes with the header's length, a JSON header, and the numbers of all arrays without gaps. Any
/// safetensors reader opens what this writes. Reading trusts nothing: the header's length and every type, shape and
/// offset are checked, and every byte after the header must belong to exactly one array.
public struct Safetensors: Sendable, Equatable {
    /// A tensor as the file's header describes it.
    public struct Entry: Sendable, Equatable {
        /// Its name in the file.
        public let name: String
        /// How each number is stored.
        public let type: ElementType
        /// Extents, outermost first.
        public let shape: [Int]
        /// Its bytes, counted from the first byte of all arrays.
        public let range: Range<Int>

        /// Number of elements.
        public var count: Int { range.count / type.size }

        /// The same tensor under another name.
        public func renamed(_ name: String) -> Entry { Entry(name: name, type: type, shape: shape, range: range) }
    }

    /// The tensors, in the order of their bytes in the file.
    public let tensors: [NamedArray]
    /// The header's `__metadata__`: text by key.
    public let metadata: [String: String]

    /// The most bytes that a header may have, 100 MB, as in the reference implementation.
    public static let maximalHeader = 100_000_000

    /// The content of a file with these tensors.
    ///
    /// They are ordered by falling element size, which aligns each in the file; within a size they keep their order.
    ///
    /// - Throws: `SafetensorsError` where two have one name, or one is named `__metadata__`.
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

    /// The numbers of the tensor of that name; `nil` where there is none.
    public subscript(name: String) -> NumericArray? { tensors.first { $0.name == name }?.array }

    /// SHA-256 of the numbers' bytes, as they lie in the file.
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

    /// Reads a file.
    ///
    /// - Parameter limit: the most bytes that are read into memory; larger files are refused.
    ///   `FileContent.defaultLimit` fits the machine.
    /// - Throws: `FileError` where the file cannot be read or is no intact safetensors file.
    public static func read(
        _ path: String, limit: Int = FileContent.defaultLimit
    ) throws(FileError) -> Safetensors {
        try SafetensorsFile(path).content(limit: limit)
    }

    /// Replaces the file at `path`, atomically.
    ///
    /// - Throws: `FileError` where the file cannot be written.
    public func write(to path: String) throws(FileError) {
        try AtomicFile.write(to: path) { (sink) throws(FileError) in
            try sink.write(header)
            for tensor in tensors { try sink.write(tensor.array.bytes) }
        }
    }

    /// The bytes of the file. The same content gives the same bytes.
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
