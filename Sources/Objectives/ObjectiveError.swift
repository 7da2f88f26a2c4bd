import Datasets
import Essentials
import Models
import Networks

/// Why an objective cannot be made or computed.
public enum ObjectiveError: DescribedError, Equatable {
    /// Data that the network or the loss cannot be applied to.
    case data(DataMismatch)
    /// `given` is nil where no limit was, and the machine has too little.
    case memoryTooSmall(given: Int?, needed: Int)
    /// Inputs that are larger than memory have no place to be mapped from.
    case noRoom(bytes: Int)
    case batchTooLarge(batch: Int, given: Int, needed: Int)
    /// A batch of one example of a network whose batch normalisation has one value a channel of it.
    case singleExample(division: String, advice: String)
    case noGradient
    case noHessian
    case noGaussNewton
    /// Targets have no distribution for this loss; nil for an objective without a model of targets.
    case noFisher(loss: String?)
    case noEmpiricalFisher
    /// A loss that the network computes itself, and no output through which parameters reach it.
    case noPrediction
    /// A graph that cannot be built for batches of this size.
    case batchUnbuildable(batch: Int, only: Int?)
    /// An analysis of parts of the data, such as m-sharpness, of an objective that has no examples.
    case noExamples
    /// A closure gave a vector of another length than θ.
    case wrongLength(found: Int, expected: Int)
    /// A checkpoint that does not say its weight decay, or one that belongs to no term of the loss.
    case weightDecay(String)

    /// True where another request to the same files can do.
    public var isOfRequest: Bool {
        switch self {
        case .weightDecay, .noFisher: true
        default: false
        }
    }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .data(let mismatch): "\(mismatch)"
        case .memoryTooSmall(nil, let needed):
            "this analysis needs at least \((needed >> 20) + 1)M for batches of one example, but \(MachineMemory.isLimitedBySpace ? "the address space (ulimit -v) leaves \(MachineMemory.usable >> 20)M, half of it; raise that limit" : "the machine can give \(MachineMemory.usable >> 20)M; use a larger machine, a smaller model"), or an analysis that holds fewer vectors of its size"
        case .memoryTooSmall(let given?, let needed):
            "--memory \(given >> 20)M is too little: this model needs at least \((needed >> 20) + 1)M, for batches of one example; give --memory \((needed >> 20) + 1)M or more"
        case .noRoom(let bytes):
            "the inputs take \((bytes >> 20) + 1)M, but the folder of temporary files (TMPDIR) or the address space (ulimit -v) has no room for them; make room there, or use fewer --examples"
        case .batchTooLarge(let batch, let given, let needed):
            "a batch of \(batch) examples needs \((needed >> 20) + 1)M, but the limit is \(given >> 20)M; batch normalisation needs the whole batch at "
                + "once: use a smaller --batch-size or, in an analysis, more --memory"
        case .singleExample(let division, let advice):
            "\(division): a batch of one example gives batch normalisation one value a channel, which has no variance; \(advice)"
        case .noGradient: "this objective has no gradient, which the analysis needs; give its gradient, too"
        case .noHessian:
            "this objective has no Hessian products, which the analysis needs; give hessianVectorProduct, too"
        case .noGaussNewton:
            "the Gauss–Newton matrix is not defined for this objective; give gaussNewtonVectorProduct, or use the Hessian"
        case .noFisher(let loss?):
            "the Fisher matrix is of targets that the model itself draws, and for the loss \(loss) no distribution of them is defined; use --operator ggn or empirical-fisher"
        case .noFisher(nil):
            "the Fisher matrix is not defined for this objective, which has no model of targets; use the Gauss–Newton matrix"
        case .noEmpiricalFisher:
            "this needs the gradient of each example's own loss, and here examples have none; use a loss that is a mean over examples, --batchnorm stored, and no weight decay"
        case .noPrediction:
            "the Gauss–Newton matrix needs the output through which alone the parameters reach the loss; import the graph with --prediction NAME, or use the Hessian"
        case .batchUnbuildable(let batch, let only):
            only.map {
                "the graph was exported for batches of \($0) examples, and of \(batch) it is another function; use --batch-size \($0), or export it with dynamic_shapes"
            } ?? "the graph cannot be built for batches of \(batch) examples; give another --batch-size"
        case .noExamples:
            "this analysis needs batches of examples, but the objective has none, or is a loss of fixed batches; use one that is a mean over examples"
        case .wrongLength(let found, let expected):
            "the objective gave a vector of \(found) numbers, expected as many as θ has: \(expected)"
        case .weightDecay(let problem): problem
        }
    }
}

extension ObjectiveError {
    /// Refuses a batch of one example that batch normalisation has one value a channel of.
    ///
    /// - Parameter smallest: of a batch size, the examples of its smallest batch.
    package static func checkSingleExample(
        _ network: Network, examples: Int, batchSize: Int, m: Int? = nil, option: String = "--batch-size",
        or other: String = "",
        smallest: (_ batchSize: Int) -> Int
    ) throws(ObjectiveError) {
        guard smallest(batchSize) == 1, network.needsTwoExamples else { return }
        let below = (2..<max(2, min(batchSize, examples))).reversed().prefix(1000)
        let better = (Array(below) + [2, 3].filter { $0 <= examples }).first { smallest($0) > 1 }
        let advice = better.map { "use \(option) \($0)" } ?? (m == nil ? "use more examples" : "use another --m")
        throw .singleExample(
            division: "\(examples) examples in batches of \(batchSize)\(m.map { " with --m \($0)" } ?? "")",
            advice: advice + other)
    }

    /// Examples of the last batch of so many examples.
    package static func lastBatch(_ examples: Int, _ batchSize: Int) -> Int {
        let rest = examples % batchSize
        return rest == 0 ? min(batchSize, examples) : rest
    }

    /// The largest batch of at most so many examples whose last batch has more than one, which alone would have no variance.
    package static func normalizableBatch(of examples: Int, most: Int) -> Int {
        guard most > 1 else { return 1 }
        return (2...most).reversed().first { lastBatch(examples, $0) > 1 } ?? most
    }

    /// How outputs meet targets; refuses data that a network and a loss cannot be applied to.
    static func layout(_ loss: Loss, _ data: Dataset, _ network: Network) throws(ObjectiveError) -> LossLayout {
        do {
            return try LossLayout(loss, of: data, for: network)
        } catch {
            throw .data(error)
        }
    }
}
