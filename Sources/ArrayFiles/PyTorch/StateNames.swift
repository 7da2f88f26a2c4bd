import Foundation

/// The conventions of names in PyTorch's state dictionaries.
public enum StateNames {
    /// Prefixes that wrappers put before every name: `DataParallel`, `torch.compile`, an attribute `model`.
    public static let wrapperPrefixes = ["module.", "_orig_mod.", "model.", "net.", "network."]

    /// Whether the name is a counter of batch normalisation, which no evaluation needs.
    public static func isCounter(_ name: String) -> Bool { name.hasSuffix("num_batches_tracked") }

    /// Whether the name is a running mean or variance of batch normalisation.
    public static func isStatistic(_ name: String) -> Bool {
        ["running_mean", "running_var"].contains(split(name).leaf)
    }

    /// The name without the prefixes of wrappers.
    public static func unwrapped(_ name: String) -> String {
        var name = name
        while let prefix = wrapperPrefixes.first(where: name.hasPrefix) { name.removeFirst(prefix.count) }
        return name
    }

    /// Divides a name at its last dot: `layers.1.weight` is `weight` of the module `layers.1`.
    public static func split(_ name: String) -> (module: String, leaf: String) {
        guard let dot = name.lastIndex(of: ".") else { return ("", name) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }

    /// Entries in the order of a network's modules: `layers.10.bias` after `layers.2.weight`, and within a module
    /// weight, bias, running mean, running variance. Python's safetensors writes names in alphabetical order, which
    /// loses that.
    public static func inModuleOrder<Entry>(_ entries: [Entry], name: (Entry) -> String) -> [Entry] {
        let ranks = ["weight": 0, "bias": 1, "running_mean": 2, "running_var": 3]
        return entries.sorted { a, b in
            let (left, right) = (split(name(a)), split(name(b)))
            if left.module != right.module {
                return left.module.compare(right.module, options: .numeric) == .orderedAscending
            }
            let (first, second) = (ranks[left.leaf] ?? 4, ranks[right.leaf] ?? 4)
            return first != second ? first < second : left.leaf < right.leaf
        }
    }
}
