import ArrayFiles
import ONNX

/// Which tensor of a file of weights is which of a model's, whether the model is an architecture of a known name or a graph.
///
/// Evidence is taken step by step. A step looks at the tensors that no step before it has placed. Which steps there are depends on
/// the model: `architecture` and `graph`.
struct WeightMatching {
    /// A tensor of the file.
    struct Given {
        let name: String
        let shape: [Int]
        /// Its numbers; empty where no step looks at them.
        let values: [Double]
    }

    /// Where a tensor's numbers are.
    struct Place: Equatable {
        /// The tensor's name in the file.
        let source: String
        let isTransposed: Bool
    }

    /// By what a tensor was found.
    enum Evidence: String, CaseIterable {
        case name, numbering, numbers = "values", exporterNotes = "exporter", order, shape
    }

    let wanted: [WantedTensor]
    let given: [Given]
    /// Whether the model is an architecture of this program, whose tensors are in the order of its layers.
    let isArchitecture: Bool
    /// Whether the file is in the order of the modules.
    let isOrdered: Bool

    /// By names of the model's tensors.
    private(set) var places: [String: Place] = [:]
    private(set) var evidence: [String: Evidence] = [:]
    private(set) var used: Set<String> = []
    /// What a user should know of how tensors were matched.
    var notes: [String] = []

    /// What keeps tensors open: names that agree in two ways, tensors that could each be one of several, an order that contradicts.
    var rivals: [[String]] = []
    var ambiguities: [Ambiguity] = []
    var isOutOfOrder = false

    private init(_ wanted: [WantedTensor], _ given: [Given], isArchitecture: Bool, isOrdered: Bool) {
        (self.wanted, self.given, self.isArchitecture, self.isOrdered) = (wanted, given, isArchitecture, isOrdered)
    }

    /// Tensors that the weights must have and that no step has placed.
    var missing: [WantedTensor] { wanted.filter { $0.isNeeded && places[$0.name] == nil } }
    /// Tensors of the file that no step has placed.
    var unused: [Given] { given.filter { !used.contains($0.name) } }

    mutating func place(_ tensor: WantedTensor, _ source: Given, _ by: Evidence, isTransposed: Bool = false) {
        places[tensor.name] = Place(source: source.name, isTransposed: isTransposed)
        evidence[tensor.name] = by
        used.insert(source.name)
    }
}

extension WeightMatching {
    /// Matches the tensors of an architecture of this program: by name, then by what alone fits.
    ///
    /// - Parameters:
    ///   - tensors: of the file; whole numbers and counters of batch normalisation are passed over.
    ///   - isOrdered: whether the file is in the order of the modules.
    /// - Throws: where a tensor is missing, left over or of another shape, or could be one of several.
    init(architecture wanted: [WantedTensor], _ tensors: [NamedArray], isOrdered: Bool) throws(Failure) {
        let given = Self.floating(tensors).map { Given(name: $0.name, shape: $0.array.shape, values: []) }
        self.init(wanted, given, isArchitecture: true, isOrdered: isOrdered)
        try matchNames()
        matchRemaining()
        try check()
        describe()
    }

    /// Matches the tensors of a graph, taking evidence in this order: names; the same numbers, where the graph was exported with these
    /// very weights; what the exporter noted of a tensor that it renamed (`folded_from`, the module in its node's name); last, what alone
    /// fits. Notes count for tensors that were renamed because they were transposed or repeated, and the last for those that were
    /// repeated or not renamed at all: what something else was done to, such as a standardised filter or a scaled matrix, is no tensor
    /// of the module any more.
    ///
    /// - Parameters:
    ///   - tensors: of the file; whole numbers and counters of batch normalisation are passed over.
    ///   - isOrdered: whether the file is in the order of the modules.
    /// - Throws: where a tensor is missing, could be one of several, or one is left over that the graph may have been meant to have.
    init(graph wanted: [WantedTensor], _ tensors: [NamedArray], isOrdered: Bool) throws(Failure) {
        let given = Self.floating(tensors).map {
            Given(name: $0.name, shape: $0.array.shape, values: $0.array.doubles)
        }
        self.init(wanted, given, isArchitecture: false, isOrdered: isOrdered)
        try matchNames()
        matchNumbers()
        matchOrigins()
        matchModules()
        matchRemaining()
        try check()
        describe()
    }

    /// Matches the tensors of a checkpoint with those of other weights of the same network, by name alone.
    ///
    /// - Parameters:
    ///   - tensors: of the file; whole numbers and counters of batch normalisation are passed over.
    ///   - isOrdered: whether the file is in the order of the modules.
    /// - Throws: where a tensor is missing, left over or of another shape, or could be one of several.
    init(named wanted: [WantedTensor], _ tensors: [NamedArray], isOrdered: Bool) throws(Failure) {
        let given = Self.floating(tensors).map {
            Given(name: $0.name, shape: $0.array.shape, values: $0.array.doubles)
        }
        self.init(wanted, given, isArchitecture: false, isOrdered: isOrdered)
        try matchNames()
        try check(
            "Expected the tensors of the checkpoint by the names that 'landscape export' writes; save the weights under these names, without others"
        )
        describe()
    }

    private static func floating(_ tensors: [NamedArray]) -> [NamedArray] {
        tensors.filter { $0.array.type.isFloatingPoint && !StateNames.isCounter($0.name) }
    }
}
