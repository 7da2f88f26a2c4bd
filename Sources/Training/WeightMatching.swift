import ArrayFiles
import Networks

/// Which of a file's tensors is which of a network's: by name where all names fit, else by order where all shapes do.
struct WeightMatching: Equatable {
    typealias Entry = (name: String, shape: [Int])

    /// The file's name of each tensor of the network.
    private(set) var places: [String: String] = [:]
    /// What a user should know of how they were matched.
    private(set) var notes: [String] = []

    /// Why tensors do not fit.
    struct Failure: Error, Equatable {
        var missing: [String], unexpected: [String], reason: String
    }

    /// Parts of names that mean the same layer in the networks of akamaster and kuangliu on one hand, of torchvision, timm and
    /// chenyaofo on the other: the last layer, and the projection of a residual block.
    private static let synonyms: [Set<String>] = [["linear", "fc", "classifier", "head"], ["shortcut", "downsample"]]

    init(parameters: [Entry], buffers: [Entry], file: [Entry]) throws(Failure) {
        let file = file.filter { !StateNames.isCounter($0.name) }
        let expected = parameters + buffers
        let names = Set(expected.map(\.name))
        var found: [String: Entry] = [:]
        var stripped = 0, renamed = 0
        for entry in file {
            var name = entry.name
            while !names.contains(name), let prefix = StateNames.wrapperPrefixes.first(where: name.hasPrefix) {
                name.removeFirst(prefix.count)
            }
            if name != entry.name { stripped += 1 }
            if !names.contains(name), let known = Self.synonym(of: name, in: names) {
                name = known
                renamed += 1
            }
            // Where this makes two tensors one, names are no guide.
            found[found[name] == nil ? name : entry.name] = entry
        }
        let missing = expected.map(\.name).filter { found[$0] == nil }
        let unexpected = found.filter { !names.contains($0.key) }.map(\.value.name).sorted()
        if missing.isEmpty, unexpected.isEmpty {
            for (name, shape) in expected {
                guard let entry = found[name] else { continue }
                guard entry.shape == shape else {
                    throw Failure(
                        missing: [], unexpected: [],
                        reason: "Every name fits, but '\(entry.name)' has shape \(entry.shape), expected \(shape)")
                }
                places[name] = entry.name
            }
            if stripped > 0 {
                notes.append(
                    "\(stripped) tensor names were matched without their prefix, such as 'module.' or 'model.'")
            }
            if renamed > 0 {
                let example = expected.lazy.compactMap { entry in found[entry.name].map { ($0.name, entry.name) } }
                    .first { Self.leaf($0.0, 2) != Self.leaf($0.1, 2) }
                notes.append(
                    "\(renamed) tensors have other names in the file: "
                        + (example.map { "'\($0.0)' was taken as '\($0.1)'" } ?? "matched by table"))
            }
            return
        }
        let projects = unexpected.contains { $0.contains("shortcut.") || $0.contains("downsample.") }
        let failure = Failure(
            missing: missing, unexpected: unexpected,
            reason: "By order they do not fit either: numbers or shapes differ"
                + (projects ? "; the file has projections on its shortcuts, as model resnet…:B" : ""))
        let (fileBuffers, fileParameters) = file.partitioned { StateNames.isStatistic($0.name) }
        func pair(_ order: ([Entry]) -> [Entry]) -> [String: String]? {
            var result: [String: String] = [:]
            for (wanted, given) in [(parameters, order(fileParameters)), (buffers, order(fileBuffers))] {
                guard wanted.count == given.count else { return nil }
                for (a, b) in zip(wanted, given) {
                    guard a.shape == b.shape else { return nil }
                    result[a.name] = b.name
                }
            }
            return result
        }
        // Python's safetensors writes names in alphabetical order, so the order of modules is first taken from their numbers.
        guard let places = pair({ StateNames.inModuleOrder($0, name: \.name) }) ?? pair({ $0 }) else { throw failure }
        self.places = places
        let example = expected.first.map { "'\(places[$0.name] ?? "")' as '\($0.name)'" } ?? ""
        notes.append(
            "names differ from the model's, so tensors were matched by order, every shape fitting: \(example) and so on"
        )
    }

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

extension Array {
    /// Those that satisfy the condition, and the others, both in order.
    fileprivate func partitioned(_ isFirst: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
