import ArrayFiles
import Essentials
import Tensors

extension Checkpoint {
    /// The file's `format`, by which it is told from other safetensors files.
    static let format = "landscape-checkpoint"
    /// The version that this program writes, and the highest that it reads.
    static let version = 1
    static let optimizerPrefix = "optimizer."

    /// Reads a checkpoint and verifies both checksums.
    ///
    /// - Parameter limit: bytes that the file may have.
    /// - Throws: `FileError` where it cannot be read, is no checkpoint or is damaged.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> Checkpoint {
        try naming(path) { () throws(FileError) in
            let file = try Safetensors.read(path, limit: limit)
            var checkpoint = try FileError.in(path) { () throws(CheckpointError) in try Checkpoint(file) }
            checkpoint.metadata.place.folder = FilePath.folder(of: path)
            return checkpoint
        }
    }

    /// What `body` reads of a file. An error that the file is no checkpoint says how to import it.
    static func naming<Value>(_ path: String, _ body: () throws(FileError) -> Value) throws(FileError) -> Value {
        do throws(FileError) {
            return try body()
        } catch {
            guard case .malformed(_, let problem) = error else { throw error }
            let kind: FileKind
            switch problem {
            case CheckpointError.notACheckpoint(let found, _): kind = found
            case SafetensorsError.notSafetensors(let found): kind = found
            default: throw error
            }
            throw .malformed(path: path, problem: CheckpointError.notACheckpoint(kind, path: path))
        }
    }

    /// Replaces the file at `path`, atomically.
    ///
    /// It keeps where the data lie from there, as far as that says no more than their name and its own.
    ///
    /// - Throws: `FileError` where it cannot be written.
    public func write(to path: String) throws(FileError) {
        var placed = self
        if let given = try? metadata.locatedData()?.specification {
            placed.metadata.other[CheckpointMetadata.dataPlaceKey] = given.relative(toFolderOf: path)?.description
        }
        let file = try FileError.in(path) { () throws(CheckpointError) in try placed.safetensors() }
        try file.write(to: path)
    }

    /// The bytes of the file; equal checkpoints give equal bytes.
    ///
    /// - Throws: as `safetensors()`.
    public func encoded() throws(CheckpointError) -> [UInt8] { try safetensors().encoded() }

    /// The checkpoint that a file's bytes are; both checksums are verified.
    ///
    /// - Throws: `CheckpointError` where they are none, or damaged.
    public init(_ bytes: [UInt8]) throws(CheckpointError) {
        let file: Safetensors
        do {
            file = try Safetensors(bytes)
        } catch {
            throw .container(error)
        }
        try self.init(file)
    }

    /// The checkpoint that an already parsed safetensors file holds; both checksums are verified.
    ///
    /// - Throws: `CheckpointError` where it holds none, or a damaged one.
    public init(_ file: Safetensors) throws(CheckpointError) {
        let summary = try CheckpointSummary(file.entries, file.metadata)
        try summary.verify(file.digest)
        let arrays = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.array) })
        func tensors(_ entries: [Safetensors.Entry], prefix: String = "") -> [NamedArray] {
            entries.compactMap { entry in arrays[prefix + entry.name].map { NamedArray(name: entry.name, array: $0) } }
        }
        self.init(
            parameters: tensors(summary.parameters), buffers: tensors(summary.buffers),
            optimizerState: tensors(summary.optimizerState, prefix: Self.optimizerPrefix), metadata: summary.metadata)
    }

    /// The safetensors file of this checkpoint.
    ///
    /// - Throws: `CheckpointError` where two tensors have one name, or metadata cannot be written as JSON.
    public func safetensors() throws(CheckpointError) -> Safetensors {
        var text = metadata.other
        text["format"] = Self.format
        text["version"] = String(Self.version)
        text["model"] = metadata.model
        text["loss"] = metadata.loss
        text["precision"] = metadata.precision.rawValue
        text["seed"] = String(metadata.seed)
        text["step"] = String(metadata.step)
        text["epoch"] = String(metadata.epoch)
        text["data"] = try Self.encoded(metadata.data, "data")
        text["history"] = try Self.encoded(metadata.history, "history")
        text["training"] = try metadata.training.map { (record) throws(CheckpointError) in
            try Self.encoded(record, "training")
        }
        text["tool"] = metadata.tool
        text["created"] = metadata.created
        text["tensors"] = try Self.encoded(
            CheckpointSummary.Roles(
                parameters: parameters.map(\.name), buffers: buffers.map(\.name),
                optimizer: optimizerState.map(\.name)), "tensors")
        let state = optimizerState.map { NamedArray(name: Self.optimizerPrefix + $0.name, array: $0.array) }
        do {
            let plain = try Safetensors(tensors: parameters + buffers + state)
            text["sha256"] = plain.digest
            text["header_sha256"] = Self.headerDigest(plain.entries, text)
            return try Safetensors(tensors: plain.tensors, metadata: text)
        } catch {
            throw .container(error)
        }
    }

    /// SHA-256 of what the tensors' digest does not cover: names, types, shapes and the other metadata.
    package static func headerDigest(_ entries: [Safetensors.Entry], _ metadata: [String: String]) -> String {
        var lines = entries.map { "\($0.name)\0\($0.type.rawValue)\0\($0.shape)" }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "header_sha256" {
            lines.append("\(key)\0\(value)")
        }
        return SHA256.hexadecimal(Array(lines.joined(separator: "\0\0").utf8))
    }

    static func encoded(_ value: some Encodable, _ key: String) throws(CheckpointError) -> String {
        do {
            return try StoredJSON.text(of: value)
        } catch {
            throw .badMetadata(key, "it cannot be written as JSON")
        }
    }

    static func decoded<Value: Decodable>(
        _ text: String, _ key: String, _ type: Value.Type
    ) throws(CheckpointError) -> Value {
        do {
            return try StoredJSON.value(type, of: text)
        } catch let error as DecodingError {
            throw .badMetadata(key, Self.reason(error))
        } catch {
            throw .badMetadata(key, "it is no JSON")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "" : " at " + path.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "there is no '\(key.stringValue)'" + place(context.codingPath)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "a value of the wrong kind" + place(context.codingPath)
        default: "it is no JSON"
        }
    }
}
