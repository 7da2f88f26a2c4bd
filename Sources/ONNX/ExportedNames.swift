/// What the names of an exporter's tensors tell.
///
/// Read letter by letter: Swift compiles a regular expression at every use, which takes longer than all else that is done for a tensor,
/// and a file may have any number of them.
enum ExportedNames {
    /// Whether a tensor has no name of a PyTorch module's: `val_12`, `onnx::Mul_34`.
    static func isMadeUp(_ name: String) -> Bool {
        if name.hasPrefix("onnx::") { return true }
        // (val|const|scalar_tensor_default|_tensor_constant)_?\d*(_\w+)?
        let stems = ["val", "const", "scalar_tensor_default", "_tensor_constant"]
        guard let stem = stems.first(where: name.hasPrefix) else { return false }
        let rest = name.utf8.dropFirst(stem.utf8.count), tail = rest.drop(while: isDigit)
        guard let first = tail.first else { return true }
        return first == underscore && tail.allSatisfy(isOfWord) && (tail.count > 1 || tail.count == rest.count)
    }

    /// Whether PyTorch's exporter made an initializer of a tensor that the model's code wrote down, such as a scale of its inputs:
    /// `lifted_tensor_3`, `clone_1`.
    static func isLifted(_ name: String) -> Bool {
        var stem = name.utf8[...]
        while let last = stem.last, isDigit(last) {
            let shorter = withoutDigits(stem)
            guard shorter.last == underscore else { break }
            stem = shorter.dropLast()
        }
        let text = Substring(stem)
        return text.hasSuffix("lifted_tensor")
            || ["clone", "detach", "alias", "_to_copy", "lift_fresh_copy"].contains(text)
    }

    /// Whether PyTorch's own modules, and those of the usual libraries, have parameters of this name, whatever the module's own is.
    static func isUsual(_ name: String) -> Bool {
        let leaf = name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        if usual.contains(leaf) { return true }
        if let stem = recurrentStem(leaf), recurrent.contains(stem) { return true }
        if leaf.hasPrefix("original") { return leaf.utf8.dropFirst(8).allSatisfy(isDigit) }
        return leaf.hasPrefix("lora_") && leaf.utf8.count > 5 && leaf.utf8.allSatisfy(isOfWord)
    }

    /// Whether it is of a recurrent layer of PyTorch's: `lstm.weight_ih_l0_reverse`.
    static func isRecurrent(_ name: String) -> Bool {
        guard let stem = recurrentStem(name[...]) else { return false }
        return recurrent.contains(where: stem.hasSuffix)
    }

    /// The operator that the older exporter names a tensor by: `Mul` of `onnx::Mul_34`.
    static func operation(_ name: String) -> Substring? {
        guard name.hasPrefix("onnx::") else { return nil }
        let rest = name.utf8.dropFirst(6), stem = withoutDigits(rest)
        guard stem.count < rest.count, stem.last == underscore else { return nil }
        let kind = stem.dropLast()
        return !kind.isEmpty && kind.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 }) ? Substring(kind) : nil
    }

    /// What stands between single quotes, as Python prints lists of names: `a`, `b` of `['a', 'b']`.
    static func quoted(_ text: String) -> [Substring] {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        return stride(from: 1, to: parts.count - 1, by: 2).map { parts[$0] }
    }

    // MARK: parts of names

    private static let usual: Set<Substring> = {
        var names: Set<Substring> = [
            "weight", "bias", "gamma", "beta", "kernel", "weight_g", "weight_v", "weight_orig", "bias_k", "bias_v",
            "cls_token", "class_token", "logit_scale",
        ]
        for part in ["in", "q", "k", "v"] { names.formUnion(["\(part)_proj_weight", "\(part)_proj_bias"]) }
        for place in ["pos", "position"] {
            for end in ["", "s", "ding", "dings"] { names.insert("\(place)_embed\(end)") }
        }
        return names
    }()
    private static let recurrent: Set<Substring> = [
        "weight_ih_l", "weight_hh_l", "weight_hr_l", "bias_ih_l", "bias_hh_l", "bias_hr_l",
    ]

    /// What stands before the number of a recurrent layer: `weight_ih_l` of `weight_ih_l0_reverse`.
    private static func recurrentStem(_ name: Substring) -> Substring? {
        let bytes = (name.hasSuffix("_reverse") ? name.dropLast(8) : name).utf8, stem = withoutDigits(bytes)
        return stem.count < bytes.count && stem.last == UInt8(ascii: "l") ? Substring(stem) : nil
    }

    private static let underscore = UInt8(ascii: "_")
    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
    /// Letters, digits and underscores; beyond ASCII all is taken for letters.
    private static func isOfWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || 0x61...0x7A ~= byte | 0x20 || byte == underscore || byte >= 0x80
    }
    private static func withoutDigits(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
        guard let last = bytes.lastIndex(where: { !isDigit($0) }) else { return bytes.prefix(0) }
        return bytes[...last]
    }
}
