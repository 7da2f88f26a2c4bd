/// The named tensors of a network, from any file that holds them: safetensors, both forms of `torch.save`, NPZ.
///
/// Pickles are read by an interpreter that calls no function, so an untrusted file runs no code.
public struct StateDictionary: Sendable {
    /// The tensors in the order of the file; names of nested dictionaries are joined by dots.
    public let tensors: [NamedArray]
    /// Path in the file of the dictionary that holds them, such as `state_dict` or `checkpoint.model`; `nil` for the
    /// top.
    public let key: String?
    /// The file itself, where it is safetensors.
    public let safetensors: Safetensors?

    /// Whether the tensors are in the order in which the network declares them. Python's safetensors writes names in alphabetical order.
    public var isInModuleOrder: Bool { safetensors == nil }

    /// Reads the tensors of a file.
    ///
    /// - Parameter limit: the most bytes that are read, and that compressed parts may expand to together.
    /// - Throws: `FileError` where the file cannot be read, is damaged, or holds no weights or those of several models.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> StateDictionary
    {
        try FileContent.parse(path, limit: limit) { (bytes) throws(PyTorchError) in
            try StateDictionary(bytes, limit: limit)
        }
    }

    /// Reads the tensors that a file's bytes hold, whatever its format.
    ///
    /// - Parameter limit: the most bytes that compressed parts may expand to together.
    /// - Throws: `PyTorchError` where the bytes are damaged, need code to be run, or hold no weights or those of
    ///   several models.
    public init(_ bytes: [UInt8], limit: Int = FileContent.defaultLimit) throws(PyTorchError) {
        if bytes.starts(with: [0x50, 0x4B]) {
            safetensors = nil
            let archive: ZipArchive
            do { archive = try ZipArchive(bytes, limit: limit) } catch { throw .archive(error) }
            // Members are decompressed one by one, and all are kept.
            var total = 0
            for member in archive.members {
                guard member.size <= limit - total else {
                    throw .archive(.tooLarge(member.name, bytes: member.size, limit: limit))
                }
                total += member.size
            }
            if !archive.names.isEmpty, archive.names.allSatisfy({ $0.hasSuffix(".npy") }) {
                (tensors, key) = (try Self.arrays(bytes, limit: limit), nil)
            } else {
                (tensors, key) = try Self.weights(of: try PyTorchFile(archive, fileSize: bytes.count, limit: limit))
            }
        } else if bytes.first == 0x80, bytes.dropFirst(2).starts(with: PyTorchFile.legacyMagic) {
            safetensors = nil
            (tensors, key) = try Self.weights(of: try PyTorchFile(legacy: bytes, limit: limit))
        } else {
            do {
                let file = try Safetensors(bytes)
                (tensors, key, safetensors) = (file.tensors, nil, file)
            } catch {
                if case .notSafetensors(let found) = error { throw .notPyTorch(found: found) }
                throw .safetensors(error)
            }
        }
    }

    private static func arrays(_ bytes: [UInt8], limit: Int) throws(PyTorchError) -> [NamedArray] {
        var tensors: [NamedArray] = []
        do {
            let archive = try NPZ(bytes, limit: limit)
            // Texts (what exports say about themselves) are no weights.
            for name in archive.names where (try? archive.text(name)) == nil {
                tensors.append(NamedArray(name: name, array: try archive.array(name)))
            }
        } catch {
            throw .array(error)
        }
        return tensors
    }

    // MARK: Which dictionary

    /// Keys under which training scripts keep the weights, the likeliest first.
    static let usualKeys = [
        "state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params",
        "state_dict_ema", "model_ema",
    ]
    /// Keys of tensors that are no weights.
    private static let otherKeys: Set = [
        "optimizer", "optimizer_state_dict", "optim", "scheduler", "scaler", "rng_state",
    ]
    private static let mostLevels = 8, mostEntries = 200_000, longestName = 1000

    private static func weights(of file: PyTorchFile) throws(PyTorchError) -> ([NamedArray], key: String?) {
        let graph = file.graph
        var place = file.root
        var path: [String] = []
        var known: [Int: Bool] = [:]
        while true {
            guard let members = graph.members(place) else {
                throw path.isEmpty ? .noTensors(found: ["no dictionary"]) : .noTensors(found: path)
            }
            let direct = members.filter { isTensor(graph, $0.value) }
            let isBeside = !direct.isEmpty && direct.allSatisfy { isNumber(graph, $0.value) }
            if !direct.isEmpty, !isBeside { break }
            guard path.count < mostLevels else { throw .tooDeep }
            let candidates = members.filter {
                !otherKeys.contains($0.name) && holdsTensors(graph, $0.value, mostLevels, &known)
            }
            // A loss or a step kept as a tensor beside the weights.
            if isBeside, !candidates.contains(where: { usualKeys.contains($0.name) }) { break }
            guard !candidates.isEmpty else { throw .noTensors(found: members.map(\.name)) }
            let usual = usualKeys.lazy.compactMap { key in candidates.first { $0.name == key } }.first
            if let chosen = usual ?? (candidates.count == 1 ? candidates[0] : nil) {
                path.append(chosen.name)
                place = chosen.value
            } else if candidates.allSatisfy({ isModule(graph, $0.value) }) {
                break  // modules as dictionaries: their names are joined
            } else {
                throw .severalModels(candidates.map(\.name))
            }
        }
        var wanted: [(name: String, tensor: Int)] = []
        var visited = 0
        try flatten(graph, place, "", mostLevels, &wanted, &visited)
        var names: Set<String> = []
        for (name, _) in wanted where !names.insert(name).inserted { throw .duplicateName(name) }
        return (try file.arrays(wanted), path.isEmpty ? nil : path.joined(separator: "."))
    }

    private static func isTensor(_ graph: PickleGraph, _ place: Int) -> Bool {
        if case .tensor = graph[place] { true } else { false }
    }

    /// Whether it is a tensor of one number.
    private static func isNumber(_ graph: PickleGraph, _ place: Int) -> Bool {
        if case .tensor(let index) = graph[place] { graph.tensors[index].shape.allSatisfy { $0 == 1 } } else { false }
    }

    /// Names of the tensors of a single layer.
    private static let leaves: Set = [
        "weight", "bias", "kernel", "scale", "running_mean", "running_var", "num_batches_tracked",
    ]

    /// Whether a dictionary is that of one layer.
    private static func isModule(_ graph: PickleGraph, _ place: Int) -> Bool {
        graph.members(place)?.allSatisfy { leaves.contains($0.name) } ?? false
    }

    /// Whether there is a tensor in a dictionary, or in one within, at most so many levels down. Each dictionary is looked into
    /// once, so that shared ones cannot multiply the work.
    private static func holdsTensors(_ graph: PickleGraph, _ place: Int, _ levels: Int, _ known: inout [Int: Bool])
        -> Bool
    {
        if let answer = known[place] { return answer }
        known[place] = false  // against cycles
        guard levels > 0, let members = graph.members(place) else { return false }
        let answer = members.contains { isTensor(graph, $0.value) || holdsTensors(graph, $0.value, levels - 1, &known) }
        known[place] = answer
        return answer
    }

    private static func flatten(
        _ graph: PickleGraph, _ place: Int, _ prefix: String, _ levels: Int,
        _ found: inout [(name: String, tensor: Int)],
        _ visited: inout Int
    ) throws(PyTorchError) {
        guard case .dictionary(let pairs) = graph[place] else { return }
        visited += pairs.count
        guard visited <= mostEntries else { throw .tooDeep }
        for (name, value) in graph.members(place) ?? [] {
            guard prefix.utf8.count + name.utf8.count <= longestName else { throw .tooDeep }
            if case .tensor(let index) = graph[value] {
                found.append((prefix + name, index))
            } else if case .dictionary = graph[value] {
                guard levels > 1 else { throw .tooDeep }
                try flatten(graph, value, prefix + name + ".", levels - 1, &found, &visited)
            }
        }
    }
}
