import ArrayFiles
import ONNX

/// Evidence of shapes: what no other assignment fits, given the numbers in names and, where the file keeps it, the order.
extension WeightMatching {
    /// Tensors that could each be one of several.
    struct Ambiguity: Equatable {
        var wanted: [String], given: [String]
        var shape: [Int]
    }

    /// A module's tensors, or a tensor alone, on one side.
    private struct Unit {
        let name: String
        /// By leaf, such as `weight`; a tensor alone has one of no name.
        var tensors: [(leaf: String, index: Int)] = []
        /// Leaves and shapes: only units of one kind can be the same.
        var kind = ""
        fileprivate var shapes: [String] = []
        /// Whether all its tensors were found by name.
        var isPlaced = true
        /// The unit on the other side that one of its tensors was found in.
        var partner: String?

        func mayBe(_ other: Unit) -> Bool {
            // A tensor alone that is a weight here and a bias there is not the same.
            let roles = [self, other].map { StateNames.split($0.name).leaf }
            let areKnown = roles.allSatisfy { ["weight", "bias", "running_mean", "running_var"].contains($0) }
            if tensors[0].leaf.isEmpty, areKnown, roles[0] != roles[1] { return false }
            // What other libraries call kernel is [inputs, outputs], whatever its shape fits.
            if (roles[0] == "kernel") != (roles[1] == "kernel") { return false }
            return (partner == nil || partner == other.name) && (other.partner == nil || other.partner == name)
        }
    }

    /// Matches what is left open where no two assignments fit.
    ///
    /// Modules are compared by the names and shapes of their tensors; where these differ, tensors are compared alone. A module whose
    /// kind occurs once on either side is matched. Modules of one kind whose names differ in one number are matched in the order of the
    /// numbers. In a file that keeps the modules' order, a module that alone is left open of its kind is matched, too, and whatever
    /// is matched by order must come in that order.
    mutating func matchRemaining() {
        let copies = copiesOfMatched
        let open = missing, rest = unused.filter { !copies.contains($0.name) }
        guard !open.isEmpty, !rest.isEmpty, isArchitecture || holdsOtherWeights,
            open.allSatisfy({ [.none, .repeated].contains($0.change) })
        else { return }
        if !match(byModule: true, Set(open.map(\.name)), Set(rest.map(\.name))) {
            _ = match(byModule: false, Set(open.map(\.name)), Set(rest.map(\.name)))
        }
    }

    /// - Returns: whether there are as many of each kind on both sides.
    private mutating func match(byModule: Bool, _ open: Set<String>, _ rest: Set<String>) -> Bool {
        let byName = places.filter { [.name, .numbering].contains(evidence[$0.key]) }.mapValues(\.source)
        let back = Dictionary(byName.map { ($0.value, $0.key) }) { first, _ in first }
        let own = Self.units(
            wanted.indices.filter { open.contains(wanted[$0].name) || byName[wanted[$0].name] != nil }, byModule,
            partners: byName
        ) { (wanted[$0].name, wanted[$0].shape, wanted[$0].isStatistic) }
        let theirs = Self.units(
            given.indices.filter { rest.contains(given[$0].name) || back[given[$0].name] != nil }, byModule,
            partners: back
        ) { (given[$0].name, given[$0].shape, StateNames.isStatistic(given[$0].name)) }
        let kinds = Dictionary(grouping: own, by: \.kind).filter { $0.value.contains { !$0.isPlaced } }
        let others = Dictionary(grouping: theirs, by: \.kind)
        guard kinds.allSatisfy({ $0.value.count == others[$0.key]?.count }),
            others.allSatisfy({ $0.value.allSatisfy(\.isPlaced) || kinds[$0.key] != nil })
        else { return false }

        var found: [(own: Unit, other: Unit, evidence: Evidence)] = []
        for members in kinds.values.sorted(by: { $0[0].tensors[0].index < $1[0].tensors[0].index }) {
            let candidates = others[members[0].kind] ?? []
            if let pairs = pairs(members, candidates) {
                found += pairs
            } else {
                let (leaf, first) = members[0].tensors[0]
                func names(_ units: [Unit], _ name: (Int) -> String) -> [String] {
                    units.filter { !$0.isPlaced }.compactMap { unit in
                        unit.tensors.first { $0.leaf == leaf }.map { name($0.index) }
                    }
                }
                ambiguities.append(
                    Ambiguity(
                        wanted: names(members) { wanted[$0].name }, given: names(candidates) { given[$0].name },
                        shape: wanted[first].shape))
            }
        }
        isOutOfOrder = !isInOrder(found, own, theirs)
        guard ambiguities.isEmpty, !isOutOfOrder else { return true }
        for (unit, other, evidence) in found {
            for (leaf, index) in unit.tensors where places[wanted[index].name] == nil {
                guard let source = other.tensors.first(where: { $0.leaf == leaf }) else { continue }
                place(wanted[index], given[source.index], evidence)
            }
        }
        return true
    }

    /// The one assignment of units of one kind; nil where there are several.
    private func pairs(_ own: [Unit], _ theirs: [Unit]) -> [(own: Unit, other: Unit, evidence: Evidence)]? {
        let open = own.filter { !$0.isPlaced }, rest = theirs.filter { !$0.isPlaced }
        if own.count == 1 {
            return own[0].mayBe(theirs[0]) ? [(own[0], theirs[0], isOrdered ? .order : .shape)] : nil
        }
        // Names that were matched may be a part of the numbered ones, or stand beside them.
        if let pairs = numbered(own, theirs) ?? numbered(open, rest) { return pairs }
        guard isOrdered, open.count == 1, rest.count == 1, open[0].mayBe(rest[0]) else { return nil }
        return [(open[0], rest[0], .order)]
    }

    /// Units in the order of the one number in which their names differ; nil where there is none, or what was matched contradicts it.
    private func numbered(_ own: [Unit], _ theirs: [Unit]) -> [(own: Unit, other: Unit, evidence: Evidence)]? {
        guard own.count > 1, own.count == theirs.count, let order = LayerNumbers.order(theirs.map(\.name)),
            let places = isArchitecture ? Array(own.indices) : LayerNumbers.order(own.map(\.name)),
            // Numbers that run against the order of the modules are no order of layers.
            places == Array(own.indices), !isOrdered || order == Array(theirs.indices)
        else { return nil }
        let pairs = zip(places, order).map { (own: own[$0], other: theirs[$1], evidence: Evidence.numbering) }
        return pairs.allSatisfy { $0.own.mayBe($0.other) } ? pairs : nil
    }

    /// Whether what is matched by order comes in the same order on both sides, as far as the file has one.
    private func isInOrder(_ found: [(own: Unit, other: Unit, evidence: Evidence)], _ own: [Unit], _ theirs: [Unit])
        -> Bool
    {
        guard isOrdered, found.contains(where: { $0.evidence == .order }) else { return true }
        let byName = Dictionary(theirs.map { ($0.name, $0) }) { first, _ in first }
        var places = found.map { ($0.own.tensors[0].index, $0.other.tensors[0].index) }
        let known = Set(found.map(\.own.name))
        for unit in own where !known.contains(unit.name) {
            if let other = unit.partner.flatMap({ byName[$0] }) {
                places.append((unit.tensors[0].index, other.tensors[0].index))
            }
        }
        let order = places.sorted { $0.0 < $1.0 }.map(\.1)
        return zip(order, order.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// The tensors of a side as modules or alone, in their order.
    private static func units(
        _ indices: [Int], _ byModule: Bool, partners: [String: String],
        _ tensor: (Int) -> (name: String, shape: [Int], isStatistic: Bool)
    ) -> [Unit] {
        var result: [Unit] = [], places: [String: Int] = [:]
        for index in indices {
            let (name, shape, isStatistic) = tensor(index)
            let (module, leaf) = StateNames.split(name)
            let place = places[byModule ? module : name] ?? result.count
            if place == result.count {
                result.append(Unit(name: byModule ? module : name))
                places[result[place].name] = place
            }
            result[place].tensors.append((byModule ? leaf : "", index))
            result[place].shapes.append((byModule ? leaf : isStatistic ? "statistic" : "") + "\(shape)")
            if let partner = partners[name] {
                result[place].partner = byModule ? StateNames.split(partner).module : partner
            } else {
                result[place].isPlaced = false
            }
        }
        // A module's tensors may come in any order.
        for place in result.indices {
            result[place].kind = result[place].shapes.sorted().joined(separator: " ")
        }
        return result
    }
}
