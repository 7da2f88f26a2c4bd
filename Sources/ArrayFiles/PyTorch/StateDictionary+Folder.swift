import Essentials

/// Weights that lie in several files: shards with their index, and folders as Hugging Face's libraries save them.
extension StateDictionary {
    /// Reads the tensors of a file, of the shards that an index (`model.safetensors.index.json`) names, or of a folder's weights.
    ///
    /// - Parameter limit: the most bytes that are read of all files together, and that compressed parts may expand to.
    /// - Throws: `FileError` where a file cannot be read, is damaged, or holds no weights or those of several models.
    public static func read(
        _ path: String, limit: Int = FileContent.defaultLimit
    ) throws(FileError) -> StateDictionary {
        if RandomAccessFile.isFolder(path) { return try read(weightsFile(in: path), limit: limit) }
        guard path.lowercased().hasSuffix(".json") else { return try readFile(path, limit: limit) }
        return try readShards(path, limit: limit)
    }

    /// Whether the tensors are an adapter's alone, as PEFT saves them, and a model's other tensors are elsewhere.
    public var isAdapter: Bool {
        tensors.contains { StateNames.isOfAdapter($0.name) }
            && tensors.allSatisfy { $0.name.hasPrefix("base_model.model.") && !$0.name.contains(".base_layer.") }
    }

    /// These tensors, and those of an adapter in place of the ones that it was trained to replace.
    public func overlaid(by adapter: StateDictionary) -> StateDictionary {
        // A wrapper's prefix may stand before the adapter's names, so that the model's own are their ends.
        var replaced: Set<String> = []
        for tensor in adapter.tensors {
            let parts = StateNames.parts(tensor.name, .plain)
            for length in 0..<parts.count where length <= 2 || parts.count - length > 1 {
                replaced.insert(parts[length...].joined(separator: "."))
            }
        }
        let kept = tensors.filter { !replaced.contains($0.name) }
        return StateDictionary(kept + adapter.tensors, isInModuleOrder: false)
    }

    /// What a folder's `config.json` or `adapter_config.json` says of the model; nil where there is none.
    ///
    /// - Throws: `FileError` where the file cannot be read or is no JSON.
    public static func configuration(in folder: String, _ name: String = "config.json") throws(FileError) -> JSONValue?
    {
        let path = "\(folder)/\(name)"
        guard RandomAccessFile.isRegular(path) else { return nil }
        return try FileContent.parse(path, limit: 1 << 24) { (bytes) throws(ShardError) in
            do throws(JSONError) {
                return try JSONValue(parsing: bytes)
            } catch {
                throw .malformed("it has \(error)")
            }
        }
    }

    /// What weights are called in a folder, the likeliest first.
    private static let names = [
        "model.safetensors", "diffusion_pytorch_model.safetensors", "adapter_model.safetensors", "pytorch_model.bin",
        "adapter_model.bin",
    ]

    /// The path of the file or index that holds a folder's weights.
    ///
    /// - Throws: `FileError.malformed` with `ShardError.noWeights` where there is none.
    public static func weightsFile(in folder: String) throws(FileError) -> String {
        let candidates = names.flatMap { ["\(folder)/\($0)", "\(folder)/\($0).index.json"] }
        if let found = candidates.first(where: RandomAccessFile.isRegular) { return found }
        if FileKind.of(folder) == .savedModel {
            throw .malformed(path: folder, problem: PyTorchError.notWeights(.savedModel))
        }
        throw .malformed(path: folder, problem: ShardError.noWeights(expected: names))
    }

    /// The files that `read` reads of a path that is no folder: itself, or an index and its shards.
    public static func files(of path: String) throws(FileError) -> [String] {
        guard path.lowercased().hasSuffix(".json") else { return [path] }
        let shards = try FileContent.parse(path, limit: Safetensors.maximalHeader) {
            (bytes) throws(ShardError) in try index(bytes)
        }
        return [path] + shards.map { beside(path, $0.name) }
    }

    private static func beside(_ path: String, _ name: String) -> String {
        let folder = FilePath.folder(of: path)
        return folder.isEmpty ? name : folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    }

    /// Shards that an index names. Each must hold exactly the tensors that the index says.
    private static func readShards(_ path: String, limit: Int) throws(FileError) -> StateDictionary {
        let shards = try FileContent.parse(path, limit: min(limit, Safetensors.maximalHeader)) {
            (bytes) throws(ShardError) in try index(bytes)
        }
        var tensors: [NamedArray] = [], left = limit
        for (name, expected) in shards {
            let shard = try readFile(beside(path, name), limit: left)
            let found = Set(shard.tensors.map(\.name))
            if let missing = expected.first(where: { !found.contains($0) }) {
                throw .malformed(path: path, problem: ShardError.missing(missing, shard: name))
            }
            if let extra = shard.tensors.first(where: { !expected.contains($0.name) }) {
                throw .malformed(path: path, problem: ShardError.unlisted(extra.name, shard: name))
            }
            left -= shard.tensors.reduce(0) { $0 + $1.array.bytes.count }
            tensors += shard.tensors
        }
        return StateDictionary(tensors, isInModuleOrder: false)
    }

    /// The shards of an index, in the order of their names, each with the tensors that it is to hold.
    private static func index(_ bytes: [UInt8]) throws(ShardError) -> [(name: String, tensors: Set<String>)] {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch { throw .malformed("it has \(error)") }
        guard case .object(let members)? = json["weight_map"], !members.isEmpty else {
            throw .malformed("it has no weight_map of tensors' names and files")
        }
        var shards: [String: Set<String>] = [:]
        for (tensor, value) in members {
            guard let file = value.string else { throw .malformed("the file of '\(tensor.shown)' is no text") }
            guard FilePath.staysBelow(file) else { throw .leadsOut(file) }
            shards[file, default: []].insert(tensor)
        }
        return shards.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Why a folder, or an index of shards, gives no weights.
public enum ShardError: DescribedError, Equatable {
    /// A folder without weights.
    case noWeights(expected: [String])
    /// An index that is none.
    case malformed(String)
    /// A path that leads out of the index's folder.
    case leadsOut(String)
    /// A tensor that its shard does not hold.
    case missing(String, shard: String)
    /// A tensor that a shard holds and the index does not name.
    case unlisted(String, shard: String)

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .noWeights(let expected):
            "found a folder without weights, expected one with \(expected.joined(separator: ", ")) or an index of shards; name the file"
        case .malformed(let problem):
            "this is not JSON as transformers writes it: \(problem); download the file again"
        case .leadsOut(let file):
            "the index names '\(file.shown)', which leads out of its folder, expected files beside it; download the model again"
        case .missing(let tensor, let shard):
            "tensor '\(tensor.shown)' is not in \(shard.shown), where the index says that it is; download the shards again"
        case .unlisted(let tensor, let shard):
            "\(shard.shown) holds '\(tensor.shown)', which the index does not name; take shards and index from one download"
        }
    }
}
