import ArrayFiles
import ONNX

/// Evidence of names.
extension WeightMatching {
    /// Tensors of the same name as in the file: as they are, without prefixes on either side, and by known renamings. Where names
    /// agree, they decide.
    mutating func matchNames() throws(Failure) {
        let wantedNames = wanted.map(\.name), givenNames = given.map(\.name)
        var torn: (wanted: Set<Int>, given: Set<Int>) = ([], [])
        let words = (wanted: StateNames.words(wantedNames), given: StateNames.words(givenNames))
        for form in StateNames.Form.allCases {
            var open = (
                wanted: Set(wanted.indices.filter { places[wanted[$0].name] == nil && !torn.wanted.contains($0) }),
                given: Set(given.indices.filter { !used.contains(given[$0].name) && !torn.given.contains($0) })
            )
            if form == .synonymous {
                open.wanted = open.wanted.filter { !StateNames.isAmbiguous(wantedNames[$0], among: words.wanted) }
                open.given = open.given.filter { !StateNames.isAmbiguous(givenNames[$0], among: words.given) }
            }
            let alignment = NameAlignment(
                wantedNames, givenNames, form, open: open, mayDifferOnBothSides: places.isEmpty,
                isOrdered: isOrdered)
            torn.wanted.formUnion(alignment.torn.wanted)
            torn.given.formUnion(alignment.torn.given)
            rivals += alignment.rivals
            for pair in alignment.pairs {
                let tensor = wanted[pair.wanted], source = given[pair.given]
                guard Self.fits(tensor, source) else {
                    if tensor.isNeeded { throw .shape(of: source, tensor) }
                    continue
                }
                place(
                    tensor, source, pair.isByNumbers ? .numbering : .name,
                    isTransposed: Self.isTransposedByName(tensor, source))
            }
        }
        if isArchitecture { try matchLastLayer() }
    }

    /// A name that the exporter kept is a matrix that it kept, unless its numbers say otherwise.
    private static func isTransposedByName(_ tensor: WantedTensor, _ source: Given) -> Bool {
        guard source.shape == tensor.shape else { return true }
        guard Self.mayBeEither(tensor, source), !Self.isSame(tensor, source, transposed: false) else { return false }
        return tensor.isMadeUp || Self.isSame(tensor, source, transposed: true)
    }

    /// The last of an architecture's numbered layers, such as `fc3`, where the file has one layer that is called as last layers are,
    /// such as `out`, and none of the same number.
    private mutating func matchLastLayer() throws(Failure) {
        let modules = Set(wanted.map { StateNames.split($0.name).module }.filter { !$0.contains(".") })
        let numbered = modules.map { (name: $0, number: LayerNumbers($0)) }.filter { $0.number.stem == "fc#" }
        guard let last = numbered.max(by: { $0.number.numbers[0] < $1.number.numbers[0] })?.name else { return }
        let own = wanted.filter { StateNames.split($0.name).module == last }
        let open = Dictionary(grouping: unused) { StateNames.split($0.name).module }
        let named = open.keys.filter { StateNames.lastLayers.contains(StateNames.split($0).leaf) }
        let leaves = Set(own.map { StateNames.split($0.name).leaf })
        guard own.allSatisfy({ places[$0.name] == nil }), named.count == 1, let module = named.first,
            let theirs = open[module], Set(theirs.map { StateNames.split($0.name).leaf }) == leaves
        else { return }
        for tensor in own {
            let leaf = StateNames.split(tensor.name).leaf
            guard let source = theirs.first(where: { StateNames.split($0.name).leaf == leaf }) else { continue }
            guard source.shape == tensor.shape else { throw .shape(of: source, tensor) }
            place(tensor, source, .name)
        }
    }
}
