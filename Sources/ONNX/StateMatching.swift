import ArrayFiles
import Essentials

/// Which of a state dictionary's tensors each tensor of a graph is.
///
/// Evidence is taken in this order: the same name (wrappers' prefixes aside); the same numbers, where the graph was exported with
/// these very weights; what the exporter noted of a tensor that it renamed (`folded_from`, the module in its node's name); last, the
/// order of what is left, if every shape fits. Notes count for tensors that were renamed because they were transposed or repeated, and
/// order for those that were repeated or not renamed at all: what something else was done to, such as a standardised filter or a scaled matrix,
/// is no tensor of the module any more.
struct StateMatching {
    /// A floating-point tensor of the dictionary.
    struct State {
        let name: String
        let shape: [Int]
        let values: [Double]
    }

    /// A tensor of the graph.
    struct Wanted {
        let name: String
        let shape: [Int]
        /// Whether the weights must have it: a parameter or a running statistic. Others are taken over where a name fits.
        let isNeeded: Bool
        let isStatistic: Bool
        /// Whether it is a matrix whose filters are columns, as a folded transposition leaves a linear layer's.
        let isTransposed: Bool
        let change: Change
        /// Names that may be meant, by the exporter's notes.
        let origins: [String]
        /// The module that reads it, by the node's name, where the tensor has no name of a module's.
        let module: String?
        /// As it was exported.
        let values: [Double]
    }

    /// What the exporter did to a tensor of the module.
    enum Change {
        /// Nothing, by its name.
        case none
        case transposed
        /// Repeated for each example of a fixed batch.
        case repeated
        case unknown
    }

    struct Place: Equatable {
        let source: String
        let isTransposed: Bool
    }

    enum Evidence: String, CaseIterable {
        case name = "by name", numbers = "by their numbers", notes = "by what the exporter noted of them"
        case order = "by order, every shape fitting"
    }

    /// By names of the graph's tensors.
    private(set) var places: [String: Place] = [:]
    private(set) var notes: [String] = []

    private let wanted: [Wanted]
    private let state: [State]
    private var evidence: [String: Evidence] = [:]
    private var used: Set<String> = []

    /// - Parameter isOrdered: whether the dictionary is in the order of the modules.
    /// - Throws: `ONNXError.weights` where a tensor is missing, or one is left over that the graph may have been meant to have.
    init(_ wanted: [Wanted], state: [State], isOrdered: Bool) throws(ONNXError) {
        self.wanted = wanted
        self.state = state
        matchNames()
        matchNumbers()
        // Where all that is found is as it was exported, the rest would have been found, too.
        let isOther = !isAsExported { numbers in numbers.contains { $0 != numbers[0] } }
        if isOther { matchNotes() }
        let copies = copiesOfMatched()
        if isOther { matchOrder(isOrdered: isOrdered, leaving: copies) }
        try check(leaving: copies)
        describe()
    }

    private var missing: [Wanted] { wanted.filter { $0.isNeeded && places[$0.name] == nil } }
    private var unused: [State] { state.filter { !used.contains($0.name) } }

    private mutating func note(_ tensor: Wanted, _ source: State, _ by: Evidence) {
        places[tensor.name] = Place(source: source.name, isTransposed: Self.isTransposed(tensor, source, by))
        evidence[tensor.name] = by
        used.insert(source.name)
    }

    /// Whether a matrix of the dictionary is transposed in the graph. Shapes say so, but of a square one.
    private static func isTransposed(_ tensor: Wanted, _ source: State, _ by: Evidence) -> Bool {
        guard source.shape == tensor.shape else { return true }
        guard tensor.isTransposed, source.shape == source.shape.reversed() else { return false }
        switch by {
        case .numbers: return !isSame(tensor, source, false)
        case .notes: return tensor.change == .transposed
        case .order: return false
        case .name:
            // A name that the exporter kept is a matrix that it kept, unless its numbers say otherwise.
            guard !isSame(tensor, source, false) else { return false }
            return ParameterRules.isMadeUp(tensor.name) || isSame(tensor, source, true)
        }
    }

    /// Whether a tensor of the dictionary has the shape, as it is or transposed where an exporter transposes.
    private static func fits(_ tensor: Wanted, _ source: State) -> Bool {
        source.shape == tensor.shape || (tensor.isTransposed && source.shape == tensor.shape.reversed())
    }

    /// Whether what the exporter did accounts for the shape.
    private static func isExplained(_ tensor: Wanted, by source: State) -> Bool {
        switch tensor.change {
        case .repeated: source.shape == tensor.shape
        case .transposed: source.shape == tensor.shape.reversed()
        case .none, .unknown: false
        }
    }

    /// Whether the numbers are those of the graph, as they are or transposed.
    private static func isSame(_ tensor: Wanted, _ source: State, _ transposed: Bool) -> Bool {
        guard source.shape == (transposed ? tensor.shape.reversed() : tensor.shape) else { return false }
        guard transposed else { return source.values == tensor.values }
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        return (0..<rows).allSatisfy { row in
            (0..<columns).allSatisfy { tensor.values[row * columns + $0] == source.values[$0 * rows + row] }
        }
    }

    private mutating func matchNames() {
        let exact = Dictionary(state.map { ($0.name, $0) }) { first, _ in first }
        for tensor in wanted {
            if let source = exact[tensor.name], Self.fits(tensor, source) { note(tensor, source, .name) }
        }
        let bare = Dictionary(grouping: unused) { StateNames.unwrapped($0.name) }
        for tensor in wanted where places[tensor.name] == nil {
            if let found = bare[StateNames.unwrapped(tensor.name)], found.count == 1, !used.contains(found[0].name),
                Self.fits(tensor, found[0])
            {
                note(tensor, found[0], .name)
            }
        }
    }

    /// Tensors whose numbers are all the same, such as the ones of a fresh normalisation, are alike by chance.
    private mutating func matchNumbers() {
        for tensor in missing where tensor.values.contains(where: { $0 != tensor.values[0] }) {
            let found = unused.first {
                Self.fits(tensor, $0)
                    && (Self.isSame(tensor, $0, false) || (tensor.isTransposed && Self.isSame(tensor, $0, true)))
            }
            if let found { note(tensor, found, .numbers) }
        }
    }

    private mutating func matchNotes() {
        // Of several origins, the numbers were computed in some way.
        for tensor in missing where tensor.origins.count == 1 {
            let origin = StateNames.unwrapped(tensor.origins[0])
            let named = unused.filter { StateNames.unwrapped($0.name) == origin }
            if named.count == 1, Self.isExplained(tensor, by: named[0]) { note(tensor, named[0], .notes) }
        }
        // Two tensors of one module and shape cannot be told from each other by that.
        let left = missing
        for tensor in left where tensor.origins.isEmpty {
            guard let module = tensor.module.map({ StateNames.unwrapped($0 + ".") }) else { continue }
            let rivals = left.filter { $0.module == tensor.module && $0.shape == tensor.shape }
            let found = unused.filter {
                StateNames.unwrapped(StateNames.split($0.name).module + ".") == module
                    && Self.isExplained(tensor, by: $0)
            }
            if rivals.count == 1, found.count == 1 { note(tensor, found[0], .notes) }
        }
    }

    /// Tensors that are left over and are what a matched one is, as a table of tokens that also gives the logits is saved twice.
    private func copiesOfMatched() -> Set<String> {
        let kept = state.filter { used.contains($0.name) }
        return Set(
            unused.filter { copy in kept.contains { $0.shape == copy.shape && $0.values == copy.values } }.map(\.name))
    }

    private mutating func matchOrder(isOrdered: Bool, leaving copies: Set<String>) {
        let left = missing
        var rest = unused.filter { !copies.contains($0.name) }
        if !isOrdered { rest = StateNames.inModuleOrder(rest) { $0.name } }
        let fit = zip(left, rest).allSatisfy { [.none, .repeated].contains($0.change) && $0.shape == $1.shape }
        guard left.count == rest.count, fit else { return }
        for (tensor, source) in zip(left, rest) { note(tensor, source, .order) }
    }

    /// Whether the graph holds the numbers that the dictionary has, as far as tensors are matched. False where none counts.
    ///
    /// - Parameter counts: whether such numbers say anything.
    private func isAsExported(_ counts: ([Double]) -> Bool) -> Bool {
        let sources = Dictionary(state.map { ($0.name, $0) }) { first, _ in first }
        let matched = wanted.filter { places[$0.name] != nil && counts($0.values) }
        return !matched.isEmpty
            && matched.allSatisfy { tensor in
                guard let place = places[tensor.name], let source = sources[place.source] else { return false }
                return Self.isSame(tensor, source, place.isTransposed)
            }
    }

    private mutating func check(leaving copies: Set<String>) throws(ONNXError) {
        let unexpected = unused.filter { !copies.contains($0.name) }
        guard !missing.isEmpty || !unexpected.isEmpty else { return }
        if missing.isEmpty, isAsExported({ _ in true }) {
            notes.append(
                "the graph holds these very weights and reads none of: \(unexpected.map(\.name).shown); they are left out"
            )
            return
        }
        func list(_ items: [(String, [Int])]) -> [String] { items.map { "\($0.0.shown) \($0.1.shown)" } }
        throw .weights(
            missing: list(missing.map { ($0.name, $0.shape) }),
            unexpected: list(unexpected.map { ($0.name, $0.shape) }),
            advice: advice(unexpected))
    }

    private func advice(_ unexpected: [State]) -> String {
        let export =
            "export it with torch.onnx.export(…, dynamo=True, optimize=False), or dynamo=False, do_constant_folding=False"
        if let tensor = missing.first(where: { tensor in unexpected.contains { $0.name == tensor.name } }) {
            return
                "'\(tensor.name.shown)' is in both, but of different shapes: export the graph of the module that the weights are of"
        }
        if let statistic = unexpected.first(where: { StateNames.isStatistic($0.name) }),
            !wanted.contains(where: \.isStatistic)
        {
            return
                "The graph lacks the weights' batch normalisation (\(StateNames.split(statistic.name).module.shown)): exporters fold it into the convolutions before it, which makes other parameters. Keep it in the graph: \(export)"
        }
        if missing.isEmpty {
            return
                "Exporters fold tensors into others, and make one of those whose numbers are equal, as a fresh network's are. Load these weights into the module before its graph is exported, and \(export); what the graph rightly lacks, leave out of the file of weights"
        }
        return
            "Exporters rename tensors and fold some into others. Of the module that the weights are of, \(export), which keep them; what the weights rightly lack, --freeze, and it stays as the graph has it"
    }

    private mutating func describe() {
        for kind in Evidence.allCases {
            let found = wanted.filter { evidence[$0.name] == kind }
            let example =
                found.first { places[$0.name]?.isTransposed ?? false }
                ?? found.first {
                    places[$0.name]?.source != $0.name
                }
            guard let example, let place = places[example.name] else { continue }
            notes.append(
                "of the weights \(found.count) were matched \(kind.rawValue): '\(place.source.shown)' is "
                    + "'\(example.name.shown)'\(place.isTransposed ? ", transposed" : "")"
                    + (found.count > 1 ? ", and so on" : ""))
        }
    }
}
