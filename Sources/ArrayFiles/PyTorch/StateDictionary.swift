import Essentials

/// The named tensors of a network, from any file that holds them: safetensors, both forms of `torch.save`, NPZ.
///
/// Pickles are read by an interpreter that calls no function, so an untrusted file runs no code.
public struct StateDictionary: Sendable {
    /// The tensors in the order of the file; names of nested dictionaries are joined by dots.
    public let tensors: [NamedArray]
    /// Path in the file of the dictionary that holds them, such as `state_dict` or `checkpoint.model`; `nil` for the
    /// top.
    public let key: String?
    /// Paths of dictionaries that hold tensors of the same names, such as averaged weights, and were not taken.
    public let others: [String]
    /// The file itself, where it is one of safetensors.
    public let safetensors: Safetensors?
    /// Whether the tensors are in the order in which the network declares them. Python's safetensors writes names in alphabetical order.
    public let isInModuleOrder: Bool
    /// What stands beside the weights, such as `epoch` or `hyper_parameters.lr`: numbers and text as they are, objects by their names.
    public var settings: [(name: String, value: String)] = []

    /// Tensors from several files.
    init(_ tensors: [NamedArray], isInModuleOrder: Bool) {
        (self.tensors, self.isInModuleOrder) = (tensors, isInModuleOrder)
        (key, safetensors, others) = (nil, nil, [])
    }

    /// Reads the tensors of a file.
    static func readFile(_ path: String, limit: Int) throws(FileError) -> StateDictionary {
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
        let kind = FileKind(bytes)
        if bytes.starts(with: [0x50, 0x4B]) {
            (safetensors, isInModuleOrder) = (nil, true)
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
                (tensors, key, others) = (try Self.arrays(bytes, limit: limit), nil, [])
            } else {
                let found = FileKind(zip: archive.names)
                guard found == .pyTorch else { throw .notWeights(found) }
                let file = try PyTorchFile(archive, fileSize: bytes.count, limit: limit)
                (tensors, key, others) = try Self.weights(of: file)
                settings = Self.settings(of: file)
            }
        } else if kind == .pyTorch {
            (safetensors, isInModuleOrder) = (nil, true)
            let file = try PyTorchFile(legacy: bytes, limit: limit)
            (tensors, key, others) = try Self.weights(of: file)
            settings = Self.settings(of: file)
        } else {
            do {
                let file = try Safetensors(bytes)
                (tensors, key, others, safetensors, isInModuleOrder) = (file.tensors, nil, [], file, false)
            } catch {
                if case .notSafetensors(let kind) = error { throw .notWeights(kind) }
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

    private static func weights(
        of file: PyTorchFile
    ) throws(PyTorchError) -> ([NamedArray], key: String?, others: [String]) {
        let graph = file.graph
        var place = file.root
        var path: [String] = []
        var known: [Int: Bool] = [:]
        var rest: [(path: [String], place: Int)] = []
        if let name = unknown(graph, place) { throw .wholeModule(name) }
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
            guard !candidates.isEmpty else {
                let module = members.lazy.compactMap { usualKeys.contains($0.name) ? unknown(graph, $0.value) : nil }
                    .first
                if let module { throw .wholeModule(module) }
                throw .noTensors(found: members.map(\.name))
            }
            let usual = usualKeys.lazy.compactMap { key in candidates.first { $0.name == key } }.first
            if let chosen = usual ?? (candidates.count == 1 ? candidates[0] : nil) {
                rest += candidates.filter { $0.name != chosen.name }.map { (path + [$0.name], $0.value) }
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
        let others = rest.filter { holdsNames(names, graph, $0.place) }
        return (
            try file.arrays(wanted), path.isEmpty ? nil : path.joined(separator: "."),
            others.map { $0.path.joined(separator: ".") }
        )
    }

    /// Whether a dictionary has a tensor of every name, a wrapper's prefix before it or not.
    private static func holdsNames(_ names: Set<String>, _ graph: PickleGraph, _ place: Int) -> Bool {
        var found: [(name: String, tensor: Int)] = []
        var visited = 0
        do { try flatten(graph, place, "", mostLevels, &found, &visited) } catch { return false }
        var missing = names
        for (name, _) in found {
            var end = name[...]
            missing.remove(name)
            while let dot = end.firstIndex(of: ".") {
                end = end[end.index(after: dot)...]
                missing.remove(String(end))
            }
        }
        return missing.isEmpty
    }

    /// The name of an object that was not made.
    private static func unknown(_ graph: PickleGraph, _ place: Int) -> String? {
        switch graph[place] {
        case .unknown(let name), .constructor(.unknown(let name)): name
        default: nil
        }
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

    private static let mostSettings = 100

    /// What stands beside the weights: numbers and text of the top, and of dictionaries that keep the settings of a training.
    private static func settings(of file: PyTorchFile) -> [(name: String, value: String)] {
        let graph = file.graph
        func text(_ place: Int) -> String? {
            switch graph[place] {
            case .boolean(let value): value ? "True" : "False"
            case .integer(let value): String(value)
            case .real(let value): "\(value)"
            case .text(let value): value.shown
            case .unknown(let name), .constructor(.unknown(let name)): "an object of \(name.shown), which was not made"
            default: nil
            }
        }
        var result: [(name: String, value: String)] = []
        for (name, value) in graph.members(file.root) ?? [] where result.count < mostSettings {
            if let text = text(value) {
                result.append((name.shown, text))
            } else if ["hyper_parameters", "hparams", "args", "config"].contains(name) {
                for (own, value) in (graph.members(value) ?? []).prefix(mostSettings - result.count) {
                    if let text = text(value) { result.append(("\(name).\(own.shown)", text)) }
                }
            }
        }
        return result
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
            // Whatever a module keeps of its own beside its tensors.
            if name.hasSuffix("_extra_state") { continue }
            if let object = unknown(graph, value) { throw .forbidden(object) }
            if case .tensor(let index) = graph[value] {
                found.append((prefix + name, index))
            } else if case .dictionary = graph[value] {
                guard levels > 1 else { throw .tooDeep }
                try flatten(graph, value, prefix + name + ".", levels - 1, &found, &visited)
            }
        }
    }
}
