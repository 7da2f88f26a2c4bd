import ArrayFiles
import ONNX

/// Evidence of names.
extension WeightMatching {
    /// A graph's tensors of the same name as in the file.
    mutating func matchNames() {
        let exact = Dictionary(given.map { ($0.name, $0) }) { first, _ in first }
        for tensor in wanted {
            guard let source = exact[tensor.name], Self.fits(tensor, source) else { continue }
            place(tensor, source, .name, isTransposed: Self.isTransposedByName(tensor, source))
        }
    }

    /// A graph's tensors of the same name without the prefixes of wrappers; two of one such name are no guide.
    mutating func matchUnwrappedNames() {
        let bare = Dictionary(grouping: unused) { StateNames.unwrapped($0.name) }
        for tensor in wanted where places[tensor.name] == nil {
            guard let found = bare[StateNames.unwrapped(tensor.name)], found.count == 1,
                !used.contains(found[0].name), Self.fits(tensor, found[0])
            else { continue }
            place(tensor, found[0], .name, isTransposed: Self.isTransposedByName(tensor, found[0]))
        }
    }

    /// A name that the exporter kept is a matrix that it kept, unless its numbers say otherwise.
    private static func isTransposedByName(_ tensor: WantedTensor, _ source: Given) -> Bool {
        guard source.shape == tensor.shape else { return true }
        guard Self.mayBeEither(tensor, source), !Self.isSame(tensor, source, transposed: false) else { return false }
        return tensor.isMadeUp || Self.isSame(tensor, source, transposed: true)
    }

    // MARK: Architectures

    /// An architecture's tensors by name, all of them or none: without prefixes where that helps, and by `synonyms`.
    mutating func matchAllNames() throws(Failure) {
        let names = Set(wanted.map(\.name))
        var found: [String: Given] = [:]
        var stripped = 0, renamed = 0
        for source in given {
            let bare = Self.withoutPrefix(source.name, expected: names)
            if bare != source.name { stripped += 1 }
            var name = bare
            if !names.contains(name), let known = Self.synonym(of: name, in: names) {
                name = known
                renamed += 1
            }
            // Where this makes two tensors one, names are no guide.
            found[found[name] == nil ? name : source.name] = source
        }
        let missing = wanted.map(\.name).filter { found[$0] == nil }
        let unexpected = found.filter { !names.contains($0.key) }.map(\.value.name).sorted()
        guard missing.isEmpty, unexpected.isEmpty else {
            failure = .byOrderNeither(missing: missing, unexpected: unexpected)
            return
        }
        for tensor in wanted {
            guard let source = found[tensor.name] else { continue }
            guard source.shape == tensor.shape else { throw .shape(of: source, expected: tensor.shape) }
            place(tensor, source, .name)
        }
        if stripped > 0 {
            notes.append(
                "\(stripped) tensor names were matched without their prefix, such as 'module.' or 'model.'")
        }
        if renamed > 0 {
            let example = wanted.lazy.compactMap { tensor in found[tensor.name].map { ($0.name, tensor.name) }
            }
            .first { Self.leaf($0.0, 2) != Self.leaf($0.1, 2) }
            notes.append(
                "\(renamed) tensors have other names in the file: "
                    + (example.map { "'\($0.0)' was taken as '\($0.1)'" } ?? "matched by table"))
        }
    }

    /// A name without as many prefixes of wrappers as make it one that is expected.
    private static func withoutPrefix(_ name: String, expected: Set<String>) -> String {
        var name = name
        while !expected.contains(name), let prefix = StateNames.wrapperPrefixes.first(where: name.hasPrefix) {
            name.removeFirst(prefix.count)
        }
        return name
    }

    /// Parts of names that mean the same layer in the networks of akamaster and kuangliu on one hand, of torchvision, timm and
    /// chenyaofo on the other: the last layer, and the projection of a residual block.
    private static let synonyms: [Set<String>] = [["linear", "fc", "classifier", "head"], ["shortcut", "downsample"]]

    /// The expected name that a name means, by `synonyms`; nil where there is none.
    static func synonym(of name: String, in expected: Set<String>) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for (index, part) in parts.enumerated() {
            for group in synonyms where group.contains(part) {
                for other in group.sorted() where other != part {
                    var changed = parts
                    changed[index] = other
                    let candidate = changed.joined(separator: ".")
                    if expected.contains(candidate) { return candidate }
                }
            }
        }
        return nil
    }

    /// The last parts of a name.
    private static func leaf(_ name: String, _ count: Int) -> [Substring] { name.split(separator: ".").suffix(count) }
}
