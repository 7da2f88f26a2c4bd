import ArrayFiles
import Foundation
import Tensors

extension Checkpoint {
    /// The file's `format`, by which it is told from other safetensors files.
    static let format = "landscape-checkpoint"
    /// The version that this program writes, and the highest that it reads.
    static let version = 1
    static let optimizerPrefix = "optimizer."

    /// Reads a checkpoint and verifies both checksums.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> Checkpoint {
        let file = try Safetensors.read(path, limit: limit)
        return try FileError.in(path) { () throws(CheckpointError) in try Checkpoint(file) }
    }

    /// Replaces the file at `path`, atomically.
    public func write(to path: String) throws(FileError) {
        let file = try FileError.in(path) { () throws(CheckpointError) in try safetensors() }
        try file.write(to: path)
    }

    /// The bytes of the file; equal checkpoints give equal bytes.
    public func encoded() throws(CheckpointError) -> [UInt8] { try safetensors().encoded() }

    public init(_ bytes: [UInt8]) throws(CheckpointError) {
        let file: Safetensors
        do {
            file = try Safetensors(bytes)
        } catch {
            throw .container(error)
        }
        try self.init(file)
    }

    /// The checkpoint that an already parsed safetensors file holds.
    public init(_ file: Safetensors) throws(CheckpointError) {
        let summary = try CheckpointSummary(file.entries, file.metadata)
        try summary.verify(file.digest)
        let arrays = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.array) })
        func tensors(_ entries: [Safetensors.Entry], prefix: String = "") -> [Tensor] {
            entries.compactMap { entry in arrays[prefix + entry.name].map { Tensor(name: entry.name, array: $0) } }
        }
        self.init(
            parameters: tensors(summary.parameters), buffers: tensors(summary.buffers),
            optimizerState: tensors(summary.optimizerState, prefix: Self.optimizerPrefix), metadata: summary.metadata)
    }

    /// The safetensors file of this checkpoint.
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
        let state = optimizerState.map { Tensor(name: Self.optimizerPrefix + $0.name, array: $0.array) }
        do {
            let plain = try Safetensors(tensors: parameters + buffers + state)
            text["sha256"] = plain.digest
            text["header_sha256"] = Self.headerDigest(plain.entries, text)
            return try Safetensors(tensors: plain.tensors, metadata: text)
        } catch {
            throw .container(error)
        }
    }

    private static let sourceNamesKey = "source_names", sourceAxesKey = "source_filter_axes"

    /// Entries of the metadata that keep how tensors were in the file that they came from, by their names here.
    ///
    /// - Parameters:
    ///   - names: what they were called there, where that differs.
    ///   - filterAxes: the axis there that comes first here, where it is another than the first.
    public static func source(
        names: [String: String], filterAxes: [String: Int] = [:]
    ) throws(CheckpointError) -> [String: String] {
        var entries: [String: String] = [:]
        if !names.isEmpty { entries[sourceNamesKey] = try encoded(names, sourceNamesKey) }
        if !filterAxes.isEmpty { entries[sourceAxesKey] = try encoded(filterAxes, sourceAxesKey) }
        return entries
    }

    /// Parameters and buffers under the names, and with the axes, that they came with, so that the program that wrote them reads them
    /// again.
    public var exchangedTensors: [Tensor] {
        func entry<Value: Decodable>(_ key: String) -> [String: Value] {
            metadata.other[key].flatMap { try? Self.decoded($0, key, [String: Value].self) } ?? [:]
        }
        let own = parameters + buffers, axes: [String: Int] = entry(Self.sourceAxesKey)
        var names: [String: String] = entry(Self.sourceNamesKey)
        if Set(own.map { names[$0.name] ?? $0.name }).count < own.count { names = [:] }
        return own.map { tensor in
            Tensor(
                name: names[tensor.name] ?? tensor.name,
                array: axes[tensor.name].flatMap { tensor.array.movingFirstAxis(to: $0) } ?? tensor.array)
        }
    }

    /// Parameters and buffers alone, as other programs exchange weights. `format: pt` is what PyTorch's readers look for.
    public func weights() throws(FileError) -> Safetensors {
        try FileError.in("the checkpoint") { () throws(SafetensorsError) in
            try Safetensors(tensors: exchangedTensors, metadata: ["format": "pt"])
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

    private static func encoded(_ value: some Encodable, _ key: String) throws(CheckpointError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw .badMetadata(key, "it cannot be written as JSON")
        }
    }

    static func decoded<Value: Decodable>(
        _ text: String, _ key: String, _ type: Value.Type
    ) throws(CheckpointError) -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return try decoder.decode(type, from: Data(text.utf8))
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
