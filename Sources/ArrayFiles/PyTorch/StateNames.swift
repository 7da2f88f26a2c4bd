/// The conventions of names in PyTorch's state dictionaries.
public enum StateNames {
    /// Whether the name is a counter of batch normalisation, which no evaluation needs.
    public static func isCounter(_ name: String) -> Bool { name.hasSuffix("num_batches_tracked") }

    /// Whether the name is a running mean or variance of batch normalisation.
    public static func isStatistic(_ name: String) -> Bool {
        ["running_mean", "running_var"].contains(split(name).leaf)
    }

    /// Whether the name is that of a tensor which PEFT adds to a model: a low-rank factor, or a module that it trains as a whole.
    public static func isOfAdapter(_ name: String) -> Bool {
        name.split(separator: ".").contains { $0.hasPrefix("lora_") || $0 == "modules_to_save" }
    }

    /// Whether the name is that of a module's tensor that PEFT keeps beside the one that it trains in its place.
    public static func isReplaced(_ name: String) -> Bool { name.split(separator: ".").contains("original_module") }

    /// Divides a name at its last dot: `layers.1.weight` is `weight` of the module `layers.1`.
    public static func split(_ name: String) -> (module: String, leaf: String) {
        guard let dot = name.lastIndex(of: ".") else { return ("", name) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }

    /// How much of a name is taken as it is.
    public enum Form: CaseIterable, Sendable {
        /// All of it.
        case plain
        /// Without what wrappers put into names (`torch.compile`, `DataParallel`, FSDP, PEFT), and with PyTorch's present names for
        /// weight and spectral normalisation, scale and shift.
        case unwrapped
        /// And with one word for what networks call the same layer: the last one, and the projection of a residual block.
        case synonymous
    }

    /// The parts of a name between its dots, in a form that makes names of the same tensor equal.
    public static func parts(_ name: String, _ form: Form) -> [String] {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard form != .plain else { return parts }
        let bare = renamed(unwrapped(parts))
        return form == .unwrapped ? bare : bare.map { synonyms[$0] ?? $0 }
    }

    private static let wrappers: Set = [
        "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "base_layer",
    ]

    private static func unwrapped(_ parts: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < parts.count {
            let part = parts[index]
            index += 1
            if wrappers.contains(part), index < parts.count { continue }
            let isKept = part == "modules_to_save", isAdapter = isKept || part.hasPrefix("lora_")
            if !isKept { result.append(part) }
            // `lora_A.default.weight` in the model is `lora_A.weight` in the adapter's file: the adapter's name is left out.
            if isAdapter, index < parts.count, !["weight", "bias"].contains(parts[index]) { index += 1 }
        }
        // The magnitudes of DoRA are a parameter of the adapter, and a module's in the model.
        if result.suffix(2) == ["lora_magnitude_vector", "weight"] { result.removeLast() }
        return result
    }

    private static func renamed(_ parts: [String]) -> [String] {
        var parts = parts
        if parts.count >= 3, parts[parts.count - 3] == "parametrizations" {
            let ends = ["original0": "_g", "original1": "_v", "original": "_orig"]
            if let end = ends[parts[parts.count - 1]] {
                let parameter = parts[parts.count - 2]
                parts.removeLast(3)
                parts.append(parameter + end)
            }
        }
        let module = parts.dropLast().last?.lowercased() ?? ""
        if let leaf = parts.last, module.contains("norm") || module.hasPrefix("ln") || module.hasPrefix("bn") {
            parts[parts.count - 1] = ["gamma": "weight", "beta": "bias"][leaf] ?? leaf
        }
        return parts
    }

    /// Words for the same layer in the networks of akamaster and kuangliu on one hand, of torchvision, timm and chenyaofo on the
    /// other.
    private static let synonyms = [
        "linear": "fc", "classifier": "fc", "head": "fc", "shortcut": "downsample",
    ]

    /// Whether a part of a name is a word for the same layer as another word that other names have: then neither says which layer it is.
    public static func isAmbiguous(_ name: String, among words: Set<String>) -> Bool {
        parts(name, .unwrapped).contains { part in
            guard let common = synonyms[part] ?? (synonyms.values.contains(part) ? part : nil) else { return false }
            return words.filter { $0 == common || synonyms[$0] == common }.count > 1
        }
    }

    /// The parts of names between their dots.
    public static func words(_ names: [String]) -> Set<String> { Set(names.flatMap { parts($0, .unwrapped) }) }

    /// What networks call their last layer alone.
    public static let lastLayers: Set = [
        "out", "output", "output_layer", "head", "classifier", "fc", "linear", "fc_out", "linear_out", "final", "last",
        "logits", "readout",
    ]
}
