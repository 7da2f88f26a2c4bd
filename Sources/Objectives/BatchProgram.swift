import Autodiff
import Networks
import Tensors

/// A network, its loss and a derivative of it, compiled for one size of batch.
final class BatchProgram {
    enum Kind: Hashable {
        /// Losses of the examples.
        case value
        /// What the network gives for the examples.
        case outputs
        /// What the network says that its parameters reach the loss through, of which so many numbers are added up.
        case predictions(sums: Int)
        /// Losses, and the gradient of their sum.
        case gradient
        /// As `gradient`, of one example at a time.
        case exampleGradient
        /// The Hessian of the sum of losses times a vector.
        case hessian
        /// The Gauss–Newton matrix of the sum of losses times a vector.
        case gaussNewton
        /// The sum over examples of E[gᵢgᵢᵀ] times a vector, with targets drawn from the model's distribution.
        case fisher
        /// The sum over examples of gᵢgᵢᵀ times a vector.
        case empiricalFisher
        /// Losses at points θ + Σₖ cₖ dₖ. For each direction: which parameter tensors it moves.
        case displacedValue(moves: [[Bool]])

        /// Whether what depends on θ alone serves several runs.
        var keeps: Bool { !isForward && !isGradient }

        /// Whether the network is run forwards alone, once for every θ.
        private var isForward: Bool {
            switch self {
            case .value, .outputs, .predictions: true
            default: false
            }
        }

        /// Whether it is the gradient of losses.
        private var isGradient: Bool { self == .gradient || self == .exampleGradient }

        /// Bytes of vectors of θ's length beside the program: θ in Float64, as it is stored, and for a derivative its sum in Float64, the vector
        /// that it is taken along and how that is stored. (A Lanczos basis comes on top. What an optimiser holds is not counted.)
        func vectorBytes(_ network: Network, _ precision: Precision) -> Int {
            let perNumber =
                switch self {
                case .value, .outputs, .predictions: 8 + precision.size
                case .gradient, .exampleGradient: 2 * 8 + precision.size
                case .displacedValue(let moves): (1 + moves.count) * (8 + precision.size)
                case .hessian, .gaussNewton, .fisher, .empiricalFisher: 4 * 8 + 2 * precision.size
                }
            return perNumber * network.parameters.count
        }

        /// Whether a batch gives as many numbers as there are parameters.
        var hasDerivative: Bool {
            switch self {
            case .gradient, .exampleGradient, .hessian, .gaussNewton, .fisher, .empiricalFisher: true
            case .value, .outputs, .predictions, .displacedValue: false
            }
        }

        /// Numbers of the sum that batches add to, where that counts in memory.
        func sums(_ network: Network) -> Int {
            if case .predictions(let sums) = self { sums } else { hasDerivative ? network.parameters.count : 0 }
        }

        /// Whether logits of many classes may be computed for some rows at a time.
        var allowsBlocks: Bool { self != .outputs && self != .empiricalFisher }

        /// Operations of a batch for each parameter, at least, for what is done with every parameter once a batch to cost little beside
        /// them: weights are read, and where there is a derivative it is added up. Weights that come from memory each time take longer.
        func operationsPerParameter(cached: Bool) -> Int {
            let hasDerivative = !isForward
            return cached ? (hasDerivative ? 3000 : 0) : (hasDerivative ? 6000 : 2000)
        }

        /// Bytes of a batch that work well. Values that are kept come from memory anyway, and beside each batch's there is
        /// something of the weights' size; a derivative comes back to what is long out of a core's own cache; a value alone needs
        /// no more than its present layer.
        var preferredBytes: Int { keeps ? 16 << 20 : isGradient ? 10 << 20 : 1 << 20 }
    }

    let kind: Kind
    let batch: Int
    /// Whether a run passes the derivative on, part by part, and has no memory for the whole.
    let passesDerivative: Bool
    let executable: Executable
    /// Bytes that it takes to run one batch: those that grow with it, and all.
    var batchBytes: Int { executable.keptBytes + executable.scratchBytes }
    var bytes: Int { executable.keptBytes + executable.arenaBytes }
    var parameters: Int { network.parameters.count }

    /// Whether weights are too many for the caches, so that threads had better read them together.
    let sharesWeights: Bool
    private static let mostCached = 32 << 20

    /// Whether it takes longer to compute again what a batch may keep than to read it: 32 operations a byte do.
    var keepingPays: Bool {
        if case .displacedValue = kind { return executable.keptOperations >= 32 * executable.keptBytes }
        return true
    }

    let network: Network
    let built: Network.Built
    private let target: Value?, weights: Value?
    /// Where logits are too many to be computed at once.
    private let blocked: BlockedCrossEntropy?
    /// v, or the coordinates of a point.
    private let tangents: [Value]
    /// Of a displaced value: each direction's tensors, nil where it moves none.
    private let directions: [[Value?]]
    let losses: Value
    let correct: Value?
    let derivative: [Value]

    /// Where the data of a batch are.
    struct Data {
        let inputs: [UnsafeRawPointer]
        let targets: UnsafeRawPointer, weights: UnsafeRawPointer
    }

    init(
        _ network: Network, _ loss: Loss, _ layout: LossLayout, _ batchNorm: BatchNormMode, _ kind: Kind, batch: Int,
        _ precision: Precision
    ) {
        self.kind = kind
        self.batch = batch
        self.network = network
        let graph = Graph()
        let built = network.build(in: graph, batch: batch, batchNorm: batchNorm)
        self.built = built
        blocked = kind.allowsBlocks ? BlockedCrossEntropy(built.output, loss, layout, in: graph) : nil
        let whole = blocked == nil
        switch layout.target {
        case .classes:
            target = whole ? graph.input("target", TensorType([batch * layout.elements], .index), .data) : nil
        case .distributions, .values:
            target = graph.input("target", TensorType([batch, layout.targetWidth]), .data)
        case .none: target = nil
        }
        weights =
            whole && layout.isWeighted ? graph.input("weights", TensorType([batch, layout.elements]), .data) : nil
        var losses: Value, correct: Value?, derivative: [Value] = []
        let parameters = built.parameters
        switch kind {
        case .displacedValue(let moves): tangents = moves.map { _ in graph.input("c", TensorType([1]), .tangent) }
        case .value, .gradient, .exampleGradient, .outputs, .predictions: tangents = []
        case .hessian, .gaussNewton, .fisher, .empiricalFisher:
            tangents = parameters.map { graph.input("v", $0.type, .tangent) }
        }
        if let blocked {
            switch kind {
            case .gradient, .exampleGradient: (losses, correct, derivative) = blocked.gradient(at: parameters)
            case .hessian:
                derivative = blocked.hessianVectorProduct(at: parameters, along: tangents)
                losses = graph.constant(0)
            case .gaussNewton, .fisher:
                derivative = blocked.gaussNewtonVectorProduct(
                    at: parameters, along: tangents, isFisher: kind == .fisher)
                losses = graph.constant(0)
            default: (losses, correct) = blocked.values()
            }
        } else {
            let found = loss.contributions(built.output, target: target, weights: weights, layout, batch: batch)
            (losses, correct) = (found.losses, found.correct)
            // Of a loss that the network computes itself, parameters reach it through what it says they do.
            let total = losses.sum(), model = built.predictions.isEmpty ? [found.through] : built.predictions
            switch kind {
            case .gradient, .exampleGradient: derivative = graph.gradient(of: total, at: parameters)
            case .hessian: derivative = graph.hessianVectorProduct(of: total, at: parameters, along: tangents)
            case .gaussNewton:
                derivative = graph.gaussNewtonVectorProduct(
                    of: (found.curvature ?? total).sum(), through: model, at: parameters, along: tangents)
            case .fisher:
                derivative = graph.gaussNewtonVectorProduct(
                    of: found.information!().sum(), through: model, at: parameters, along: tangents)
            case .empiricalFisher:
                derivative = graph.empiricalFisherVectorProduct(
                    of: total, through: found.base, examples: batch, at: parameters, along: tangents)
            case .value, .outputs, .predictions, .displacedValue: break
            }
        }
        var outputs: [Value], directions: [[Value?]] = []
        switch kind {
        case .displacedValue(let moves):
            directions = moves.map { moves in
                zip(moves, parameters).map { $0 ? graph.input("d", $1.type, .parameters) : nil }
            }
            outputs = graph.displaced(
                [losses] + (correct.map { [$0] } ?? []), at: parameters, along: directions, by: tangents)
            losses = outputs[0]
            correct = outputs.count > 1 ? outputs[1] : nil
        case .value, .gradient, .exampleGradient:
            outputs = [losses] + (correct.map { [$0] } ?? []) + built.statistics.compactMap { $0 }
        case .outputs: outputs = [built.output]
        case .predictions: outputs = built.predictions
        case .hessian, .gaussNewton, .fisher, .empiricalFisher: outputs = []
        }
        // What threads compute together is collected at once; what each computes has to wait for its turn.
        sharesWeights = network.parameters.count * precision.size > Self.mostCached
        passesDerivative = kind.hasDerivative && sharesWeights
        self.derivative = derivative
        (self.losses, self.correct, self.directions) = (losses, correct, directions)
        // Batches that are not normalised as a whole are small enough as they are.
        executable = Executable(
            graph, outputs: passesDerivative ? outputs : outputs + derivative, precision: precision,
            examples: batchNorm == .batch ? batch : 1, keepsApart: blocked != nil, runsWhole: !kind.keeps,
            passing: passesDerivative ? derivative : [])
    }

    /// Where θ, the buffers, directions and v (or coordinates) are read from at every run.
    func bind(
        _ context: Executable.Context, theta: UnsafeRawPointer, buffers: UnsafeRawPointer,
        directions addresses: [UnsafeRawPointer] = [], tangent: UnsafeRawPointer?
    ) {
        let size = executable.precision.size
        if case .displacedValue = kind, let tangent {
            for (k, direction) in directions.enumerated() {
                executable.bind(tangents[k], to: tangent + k * size, in: context)
                for (i, value) in direction.enumerated() {
                    guard let value else { continue }
                    executable.bind(value, to: addresses[k] + network.parameters.offsets[i] * size, in: context)
                }
            }
        }
        for (i, parameter) in built.parameters.enumerated() {
            executable.bind(parameter, to: theta + network.parameters.offsets[i] * size, in: context)
            if let tangent, directions.isEmpty, !tangents.isEmpty {
                executable.bind(tangents[i], to: tangent + network.parameters.offsets[i] * size, in: context)
            }
        }
        for (i, buffer) in built.buffers.enumerated() {
            executable.bind(buffer, to: buffers + network.buffers.offsets[i] * size, in: context)
        }
    }

    /// Where a batch is read from at every run.
    func bind(_ instance: Executable.Instance, _ data: Data) {
        for (input, address) in zip(built.inputs, data.inputs) { executable.bind(input, to: address, in: instance) }
        blocked?.bind(executable, instance, data)
        if let target { executable.bind(target, to: data.targets, in: instance) }
        if let weights { executable.bind(weights, to: data.weights, in: instance) }
    }
}
