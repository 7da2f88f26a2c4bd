import ArrayFiles
import ONNX

/// Which tensor of a file of weights is which of a model's, whether the model is an architecture of a known name or a graph.
///
/// Evidence is taken step by step. A step looks at the tensors that no step before it has placed. Which steps there are, and in
/// which order, depends on the model: `architecture` and `graph`.
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
    enum Evidence: CaseIterable {
        case name, numbers, exporterNotes, order
    }

    /// Looks at what is not placed yet, and places what it can; the last ones refuse what does not fit, and tell what was found.
    enum Step {
        /// Of a graph, tensor by tensor.
        case names, unwrappedNames, numbers, exporterOrigins, exporterModules, remainingOrder
        /// Of an architecture, all or none.
        case allNames, allInOrder
        case checkArchitecture, checkGraph, describe
    }

    let wanted: [WantedTensor]
    let given: [Given]
    /// Whether the file is in the order of the modules.
    let isOrdered: Bool

    /// By names of the model's tensors.
    private(set) var places: [String: Place] = [:]
    private(set) var evidence: [String: Evidence] = [:]
    private(set) var used: Set<String> = []
    /// What a user should know of how tensors were matched.
    var notes: [String] = []
    /// What is said where no step places every tensor.
    var failure: Failure?

    private init(_ wanted: [WantedTensor], _ given: [Given], isOrdered: Bool, steps: [Step]) throws(Failure) {
        (self.wanted, self.given, self.isOrdered) = (wanted, given, isOrdered)
        for step in steps { try take(step) }
    }

    private mutating func take(_ step: Step) throws(Failure) {
        switch step {
        case .names: matchNames()
        case .unwrappedNames: matchUnwrappedNames()
        case .numbers: matchNumbers()
        case .exporterOrigins: matchOrigins()
        case .exporterModules: matchModules()
        case .remainingOrder: matchRemainingInOrder()
        case .allNames: try matchAllNames()
        case .allInOrder: matchAllInOrder()
        case .checkArchitecture: try checkArchitecture()
        case .checkGraph: try checkGraph()
        case .describe: describe()
        }
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
    /// Matches the tensors of an architecture of this program: by name where all names fit, else by order where all shapes do.
    ///
    /// - Parameter tensors: of the file; counters of batch normalisation are passed over.
    init(architecture wanted: [WantedTensor], _ tensors: [NamedArray]) throws(Failure) {
        let given = tensors.filter { !StateNames.isCounter($0.name) }.map {
            Given(name: $0.name, shape: $0.array.shape, values: [])
        }
        try self.init(wanted, given, isOrdered: false, steps: [.allNames, .allInOrder, .checkArchitecture])
    }

    /// Matches the tensors of a graph, taking evidence in this order: the same name (wrappers' prefixes aside); the same numbers, where
    /// the graph was exported with these very weights; what the exporter noted of a tensor that it renamed (`folded_from`, the module in
    /// its node's name); last, the order of what is left, if every shape fits. Notes count for tensors that were renamed because they
    /// were transposed or repeated, and order for those that were repeated or not renamed at all: what something else was done to, such
    /// as a standardised filter or a scaled matrix, is no tensor of the module any more.
    ///
    /// - Parameters:
    ///   - tensors: of the file; whole numbers and counters of batch normalisation are passed over.
    ///   - isOrdered: whether the file is in the order of the modules.
    /// - Throws: where a tensor is missing, or one is left over that the graph may have been meant to have.
    init(graph wanted: [WantedTensor], _ tensors: [NamedArray], isOrdered: Bool) throws(Failure) {
        let floating = tensors.filter { $0.array.type.isFloatingPoint && !StateNames.isCounter($0.name) }
        let given = floating.map { Given(name: $0.name, shape: $0.array.shape, values: $0.array.doubles) }
        try self.init(
            wanted, given, isOrdered: isOrdered,
            steps: [
                .names, .unwrappedNames, .numbers, .exporterOrigins, .exporterModules, .remainingOrder, .checkGraph,
                .describe,
            ])
    }
}
