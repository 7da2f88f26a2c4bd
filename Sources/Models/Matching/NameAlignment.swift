import ArrayFiles

/// Which names of a model and of a file mean the same tensor, although wrappers may have put prefixes before either.
///
/// A prefix is found by evidence, not in a list: it is the one without which the most names agree. Where two prefixes explain as
/// many names in different ways, the names are no guide and stay open.
struct NameAlignment {
    /// A name of the model and one of the file, by their places in the lists.
    struct Pair: Hashable {
        let wanted: Int
        let given: Int
        /// Whether numbers in the names differ and the order of the numbers was taken.
        var isByNumbers = false
    }

    private(set) var pairs: [Pair] = []
    /// Names of the file that could each be one of the model's: `[model's, file's, file's]`.
    private(set) var rivals: [[String]] = []
    /// The places of names that rivals leave open.
    private(set) var torn: (wanted: Set<Int>, given: Set<Int>) = ([], [])

    private struct Prefixes: Hashable {
        var wanted: [String] = []
        var given: [String] = []
        var length: Int { wanted.count + given.count }
    }

    /// A side of the alignment: the parts of each open name, and where each name is; names that two tensors share are no guide.
    private struct Side {
        var parts: [Int: [String]]
        var places: [String: Int]

        init(_ names: [String], _ form: StateNames.Form, open: Set<Int>) {
            parts = Dictionary(uniqueKeysWithValues: open.map { ($0, StateNames.parts(names[$0], form)) })
            var found: [String: Int?] = [:]
            for (index, parts) in parts {
                let name = parts.joined(separator: ".")
                found.updateValue(found[name] == nil ? index : nil, forKey: name)
            }
            places = found.compactMapValues { $0 }
        }

        mutating func remove(_ index: Int) {
            guard let parts = parts.removeValue(forKey: index) else { return }
            places[parts.joined(separator: ".")] = nil
        }

        /// Prefixes that at least half of the names have.
        func commonPrefixes() -> [[String]] {
            var counts: [[String]: Int] = [:]
            for parts in parts.values {
                for length in 1..<max(1, parts.count) { counts[Array(parts[..<length]), default: 0] += 1 }
            }
            return counts.filter { 2 * $0.value >= parts.count }.map(\.key)
        }
    }

    private var wanted: Side, given: Side
    private let leastParts: Int
    private let isOrdered: Bool

    /// - Parameters:
    ///   - open: the places of names that are to be found.
    ///   - mayDifferOnBothSides: whether both may have a prefix, `m.` here and `model.` there, if these are the prefixes of most names.
    ///   - isOrdered: whether the file is in the order of the modules, which numbers in its names must not run against.
    ///   - leastParts: how many parts names must have in common where prefixes differ on both sides.
    init(
        _ wantedNames: [String], _ givenNames: [String], _ form: StateNames.Form,
        open: (wanted: Set<Int>, given: Set<Int>),
        mayDifferOnBothSides: Bool, leastParts: Int = 2, isOrdered: Bool = false
    ) {
        self.isOrdered = isOrdered
        wanted = Side(wantedNames, form, open: open.wanted)
        given = Side(givenNames, form, open: open.given)
        self.leastParts = leastParts
        var isFirst = mayDifferOnBothSides
        while !wanted.parts.isEmpty, !given.parts.isEmpty, takeBest(wantedNames, givenNames, isFirst) {
            isFirst = false
        }
    }

    /// Takes the pairs of the prefixes that explain the most names.
    private mutating func takeBest(_ wantedNames: [String], _ givenNames: [String], _ isFirst: Bool) -> Bool {
        let counts = candidates(isFirst)
        guard let most = counts.values.max(), most > 0 else { return false }
        let best = counts.filter { $0.value == most }.map(\.key).sorted {
            ($0.length, $0.wanted.joined(separator: "."), $0.given.joined(separator: "."))
                < ($1.length, $1.wanted.joined(separator: "."), $1.given.joined(separator: "."))
        }
        let chosen = pairs(best[0])
        // Names that agree as they are need no prefix, whatever else agrees with one.
        if best[0].length > 0 {
            var byWanted = Dictionary(grouping: chosen, by: \.wanted).mapValues { Set($0.map(\.given)) }
            var byGiven = Dictionary(grouping: chosen, by: \.given).mapValues { Set($0.map(\.wanted)) }
            for other in best.dropFirst().prefix(32) {
                for pair in pairs(other) {
                    byWanted[pair.wanted, default: []].insert(pair.given)
                    byGiven[pair.given, default: []].insert(pair.wanted)
                }
            }
            let torn = byWanted.filter { $0.value.count > 1 }, shared = byGiven.filter { $0.value.count > 1 }
            if !torn.isEmpty || !shared.isEmpty {
                if let (wanted, found) = torn.min(by: { $0.key < $1.key }) {
                    rivals.append([wantedNames[wanted]] + found.sorted().map { givenNames[$0] })
                }
                let places = (
                    wanted: shared.values.reduce(Set(torn.keys)) { $0.union($1) },
                    given: torn.values.reduce(Set(shared.keys)) { $0.union($1) }
                )
                remove(places.wanted, places.given)
                self.torn.wanted.formUnion(places.wanted)
                self.torn.given.formUnion(places.given)
                return true
            }
        }
        let decided = byNumbers(chosen, best[0])
        for pair in decided.pairs { remove([pair.wanted], [pair.given]) }
        for pair in decided.open { remove([pair.wanted], [pair.given]) }
        pairs += decided.pairs
        return true
    }

    private mutating func remove(_ wantedPlaces: Set<Int>, _ givenPlaces: Set<Int>) {
        for place in wantedPlaces { wanted.remove(place) }
        for place in givenPlaces { given.remove(place) }
    }

    /// How many names agree without each pair of prefixes.
    private func candidates(_ isFirst: Bool) -> [Prefixes: Int] {
        var counts: [Prefixes: Int] = [:]
        for parts in wanted.parts.values {
            for length in 0..<parts.count where given.places[parts[length...].joined(separator: ".")] != nil {
                counts[Prefixes(wanted: Array(parts[..<length])), default: 0] += 1
            }
        }
        for parts in given.parts.values where parts.count > 1 {
            for length in 1..<parts.count where wanted.places[parts[length...].joined(separator: ".")] != nil {
                counts[Prefixes(given: Array(parts[..<length])), default: 0] += 1
            }
        }
        guard isFirst else { return counts }
        let theirs = given.commonPrefixes()
        for own in wanted.commonPrefixes() {
            for other in theirs where own.last != other.last && !Self.differInNumbers(own, other) {
                let prefixes = Prefixes(wanted: own, given: other)
                let found = pairs(prefixes).count
                if found > 0, 2 * found >= min(wanted.parts.count, given.parts.count) { counts[prefixes] = found }
            }
        }
        return counts
    }

    /// Whether two prefixes name different layers of the same list.
    private static func differInNumbers(_ a: [String], _ b: [String]) -> Bool {
        let places = [zip(a, b).first { $0 != $1 }, zip(a.suffix(1), b.suffix(1)).first { $0 != $1 }]
        return places.contains { place in
            place.map { LayerNumbers($0.0).stem == LayerNumbers($0.1).stem } ?? false
        }
    }

    /// The names that agree without these prefixes.
    private func pairs(_ prefixes: Prefixes) -> [Pair] {
        let least = prefixes.wanted.isEmpty || prefixes.given.isEmpty ? 1 : leastParts
        var result: [Pair] = []
        for (index, parts) in wanted.parts where parts.starts(with: prefixes.wanted) {
            let rest = parts.dropFirst(prefixes.wanted.count)
            guard rest.count >= least, let other = given.places[(prefixes.given + rest).joined(separator: ".")] else {
                continue
            }
            result.append(Pair(wanted: index, given: other))
        }
        return result.sorted { $0.wanted < $1.wanted }
    }

    // MARK: Numbers

    /// The same pairs, except where the numbers of the same layers differ: as many layers on both sides are matched in the order of
    /// their numbers, as a file that counts from 0 has layers of a model that counts from 1. Other differences leave these layers open.
    private func byNumbers(_ chosen: [Pair], _ prefixes: Prefixes) -> (pairs: [Pair], open: [Pair]) {
        func layers(_ side: Side, _ prefix: [String]) -> [String: [(index: Int, numbers: [Int])]] {
            var result: [String: [(index: Int, numbers: [Int])]] = [:]
            for (index, parts) in side.parts where parts.starts(with: prefix) && parts.count > prefix.count {
                let name = LayerNumbers(parts.dropFirst(prefix.count).joined(separator: "."))
                if !name.numbers.isEmpty { result[name.stem, default: []].append((index, name.numbers)) }
            }
            return result
        }
        let own = layers(wanted, prefixes.wanted), theirs = layers(given, prefixes.given)
        var differing: Set<Int> = [], ranked: [Pair] = []
        for (stem, members) in own {
            guard let others = theirs[stem] else { continue }
            let mine = Set(members.map(\.numbers)), given = Set(others.map(\.numbers))
            guard !mine.isSubset(of: given), !given.isSubset(of: mine) else { continue }
            differing.formUnion(members.map(\.index))
            guard members.count == others.count, mine.count == members.count, given.count == others.count else {
                continue
            }
            let ranks = LayerNumbers.ranks(members.map(\.numbers))
            let places = Dictionary(
                uniqueKeysWithValues: zip(LayerNumbers.ranks(others.map(\.numbers)), others.map(\.index)))
            guard Set(ranks) == Set(places.keys) else { continue }
            // Numbers that run against the order of the modules are no order of layers.
            let mineInOrder = zip(ranks, members).sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1.index)
            let theirsInOrder = places.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
            guard mineInOrder == mineInOrder.sorted(), !isOrdered || theirsInOrder == theirsInOrder.sorted() else {
                continue
            }
            for (rank, member) in zip(ranks, members) {
                if let other = places[rank] {
                    ranked.append(Pair(wanted: member.index, given: other, isByNumbers: true))
                }
            }
        }
        guard !differing.isEmpty else { return (chosen, []) }
        let kept = chosen.filter { !differing.contains($0.wanted) }
        let found = kept + ranked.sorted { $0.wanted < $1.wanted }
        guard keepsModules(found) else { return ([], chosen) }
        let places = Set(found.map(\.wanted))
        return (found, chosen.filter { !places.contains($0.wanted) })
    }

    /// Whether tensors of one module are of one module on the other side.
    private func keepsModules(_ pairs: [Pair]) -> Bool {
        var forth: [[String]: [String]] = [:], back: [[String]: [String]] = [:]
        for pair in pairs {
            let own = wanted.parts[pair.wanted]?.dropLast() ?? [], other = given.parts[pair.given]?.dropLast() ?? []
            let (a, b) = (Array(own), Array(other))
            if forth[a, default: b] != b || back[b, default: a] != a { return false }
            (forth[a], back[b]) = (b, a)
        }
        return true
    }
}
