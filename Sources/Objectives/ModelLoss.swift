import ArrayFiles
import Datasets
import Essentials
import Models
import Networks
import Ranks
import Tensors

/// The loss of a model on examples of its data: what analyses of a checkpoint look at.
///
/// It is the loss that was trained, on the model's own data or on others, with the statistics of batch normalisation and the term of
/// weight decay that the settings ask for.
public final class ModelLoss: ExampleObjective {
    /// Which examples, in what arithmetic, and which loss exactly.
    public struct Settings: Sendable {
        /// Of the data; the training split by default, whose loss the minimum is a minimum of.
        public var split = Split.train
        /// Other data than the model was trained on; nil for its own.
        public var data: DataSpecification?
        /// Only the first so many examples; nil for all.
        public var examples: Int?
        /// Examples taken at once; nil for what suits the memory.
        public var batchSize: Int?
        /// What the network computes in. Float32 by default; vectors and sums are Float64 in any case.
        public var precision = Precision.float
        /// Where batch normalisation gets its statistics.
        public var statistics = BatchStatistics.stored
        /// Whether the loss contains the term ½λ‖θ‖².
        public var weightDecay = WeightDecayTerm.none
        /// Whether the loss sees each example's logits with mean 0 and norm 1.
        public var normalizesLogits = false

        /// The training loss as it was trained, without weight decay, in Float32.
        public init() {}
    }

    /// Where batch normalisation gets its statistics.
    public enum BatchStatistics: String, Sendable, Codable, CaseIterable {
        /// The checkpoint's running averages.
        case stored
        /// Every batch's own.
        case batch
        /// Averages over the data of each batch's own, measured first (`NetworkObjective.batchStatistics`).
        case recalibrate
    }

    /// The model that is analysed.
    public let model: Model
    /// What the model is called, such as its checkpoint's path.
    public let name: String
    /// The settings that it was made with.
    public let settings: Settings
    /// The examples, as the model sees them.
    public let data: Dataset
    /// The name of the data.
    public let dataName: String
    private let isOnGiven: Bool
    /// The model's loss; of one that is defined on batches, with the size of the settings.
    public let loss: Loss
    /// Of batch normalisation, in the order of the network's buffers: averaged over the data for `.recalibrate`, the model's own else.
    public let statistics: [Double]
    /// Examples whose statistics of batch normalisation are taken together: nil for stored ones, and for networks without.
    public let normalizedBatch: Int?
    /// λ of the term ½λ‖θ‖²; 0 where the loss has none.
    public let weightDecay: Double
    /// Bytes for vectors of θ's length beyond the few that every analysis holds.
    public private(set) var vectorMemory: Int
    let memory: MemoryBudget
    private let monitor: Monitor
    /// The loss on the data, without and with the term of weight decay.
    private let base: NetworkObjective, objective: any Objective

    /// Examples whose statistics are averaged for `.recalibrate` where no batch size is given: those that the training normalised
    /// together, or 128 (He et al. 2015) where it is not known.
    private static func recalibrationBatch(_ model: Model, _ examples: Int) -> Int {
        let settings = model.metadata.training?.settings ?? [:]
        // The shards of m-SAM are normalised each on its own.
        let own = [settings["batch-size"], settings["m"]].compactMap { $0.flatMap(Int.init(exactly:)) }.min() ?? 128
        return ObjectiveError.normalizableBatch(of: examples, most: own)
    }

    /// - Parameters:
    ///   - name: what the model is called in results and messages, such as its path.
    ///   - examples: examples in memory, as the model sees them, in place of those that the settings name; nil for those.
    ///   - loaded: the examples that the settings name where they are loaded already, as for another model of the same data; nil to
    ///     load them.
    ///   - derivative: the highest that the analysis takes, for which memory is asked for before work begins.
    ///   - vectors: how many vectors of θ's length the analysis holds beside the few of every one: at least, and at most. Of a memory
    ///     limit they get what the least need, and a quarter of what is more than enough.
    ///   - held: vectors of that length that the caller holds, which are not the analysis's to use.
    ///   - memory: what the process may take, shared by all losses of one analysis.
    ///   - monitor: asked between batches whether to go on.
    /// - Throws: `DatasetError`, `FileError` or `ModelError` where the data cannot be loaded or are not the model's kind;
    ///   `ObjectiveError` where the memory is too small or the weight decay is unknown.
    public init(
        _ model: Model, name: String = "model", _ settings: Settings = Settings(), on examples: Dataset? = nil,
        loaded: Dataset? = nil, derivative: DerivativeOrder = .product,
        vectors: ClosedRange<Int> = 0...0, held: Int = 0, memory: MemoryBudget = MemoryBudget(),
        monitor: Monitor = .silent
    ) throws {
        (self.model, self.name, self.settings, self.monitor) = (model, name, settings, monitor)
        isOnGiven = examples != nil
        var data =
            try examples ?? loaded
            ?? model.dataset(settings.split, settings.data, examples: settings.examples, memory: memory.limit)
        var loss = model.loss
        if var output = loss.outputLoss, case .batch(let usual) = output.subject {
            let size = settings.batchSize ?? usual, left = data.count % size
            output.subject = .batch(size)
            loss.kind = .output(output)
            if left > 0, left < data.count {
                monitor.remark(
                    "the loss is one of batches of \(size) examples: the last \(left) of \(data.count) examples fill none and are left out"
                )
                data = try data.prefix(data.count - left)
            }
        }
        let isOfLogits = model.network.givesRow && loss.outputLoss == nil && loss.scale == .logits
        guard !settings.normalizesLogits || isOfLogits else {
            throw UnusableRequest(
                "--normalize-logits is for models that give one row of logits an example; \(name) gives outputs of shape \(model.network.outputShape) for the loss \(loss.name)"
            )
        }
        (self.data, self.loss) = (data, loss)
        // Of the model's own data it was said when they were first read.
        if settings.data == nil, examples == nil, let remark = try model.locatedData.remark { monitor.remark(remark) }
        if settings.data != nil { for remark in data.remarks { monitor.remark(remark) } }
        dataName = examples?.name ?? settings.data.map { "\($0)" } ?? model.metadata.data.specification
        var memory = memory
        let perVector = 8 * model.network.parameters.count
        // A few megabytes of vectors are not worth a file, nor their moves.
        let few = min(vectors.upperBound, Self.alwaysHeld / perVector)
        let vectors = max(vectors.lowerBound, few)...vectors.upperBound
        let least = vectors.lowerBound * perVector
        let heldBytes = held * perVector
        memory.reserved = memory.limit == nil ? 0 : least + heldBytes
        let recalibration =
            settings.statistics == .recalibrate
            ? try Self.recalibration(model, loss, data, settings, memory, monitor) : nil
        let base = try Self.network(model, loss, data, settings, memory, monitor)
        if let limit = memory.limit {
            // Reading data of which only a part is used may have taken more.
            let peak = MachineMemory.peak.flatMap { $0 > limit ? $0 + $0 / 64 : nil } ?? 0
            let enough = max(base.leastMemory(derivative), recalibration?.leastMemory(.value) ?? 0, peak)
            guard limit >= enough else { throw ObjectiveError.memoryTooSmall(given: limit, needed: enough) }
            vectorMemory = min(least + (limit - enough) / 4, vectors.upperBound * perVector)
            memory.reserved = vectorMemory + heldBytes
            base.memory.reserved = memory.reserved
        } else {
            vectorMemory = try Self.vectorMemory(base, derivative, vectors)
        }
        self.memory = memory
        statistics = try recalibration?.batchStatistics(at: model.theta) ?? model.buffers
        self.base = base.with(statistics: statistics)
        let isNormalized = settings.statistics != .stored && model.network.buffers.count > 0
        normalizedBatch = isNormalized ? try (recalibration ?? base).batchSize : nil
        weightDecay = try settings.weightDecay.coefficient(of: model, name) ?? 0
        objective = Self.penalized(self.base, weightDecay)
        try Team.current?.confirm("model or data (\(name))", identity.hexadecimal(16))
        if let journal = monitor.journal {
            try journal.confirm("\(name) (\(settings.split.rawValue), \(data.count) examples)", identity.journal)
        }
        if settings.precision == .float, !model.weights.fitsFloat {
            monitor.remark(
                "weights in Float64 are rounded to Float32 here; --precision double computes with them as they are")
        }
    }

    /// How many vectors analyses hold that run one after another, from what each holds by itself: as many as any.
    package static func vectors(forEachOf needs: [ClosedRange<Int>]) -> ClosedRange<Int> {
        (needs.map(\.lowerBound).max() ?? 0)...(needs.map(\.upperBound).max() ?? 0)
    }

    /// Bytes for vectors where memory has no limit: `MemoryBudget.forSpeed`, and for a large model as many as its least need, or a basis that
    /// has to be restarted less often where the machine has room for one.
    private static func vectorMemory(
        _ base: NetworkObjective, _ derivative: DerivativeOrder, _ vectors: ClosedRange<Int>
    ) throws -> Int {
        let perVector = 8 * base.dimension, usable = MachineMemory.usable
        let least = vectors.lowerBound * perVector
        // What is held for certain must fit the machine; small models need no look. (More vectors than a few times
        // as many as they have numbers are a request that the analysis refuses.)
        let certain = min(vectors.lowerBound, 64 + 4 * base.dimension) * perVector
        guard certain + 8 * perVector > usable / 16 else { return max(MemoryBudget.forSpeed, least) }
        base.memory.reserved = certain
        let enough = base.leastMemory(derivative)
        guard enough <= usable else { throw ObjectiveError.memoryTooSmall(given: nil, needed: enough) }
        let comfortable = min(vectors.upperBound, restartedBasis) * perVector
        base.memory.reserved = max(least, min(comfortable, certain + (usable - enough) / 2))
        return max(MemoryBudget.forSpeed, base.memory.reserved)
    }

    /// Bytes of vectors that a limit is to have room for, whatever the least is.
    private static let alwaysHeld = 8 << 20

    /// Vectors of a Krylov basis that is not restarted much too often: 32, ours.
    private static let restartedBasis = 32

    /// The same loss for an analysis that takes other derivatives and holds other vectors, as if it had been made for these.
    ///
    /// - Parameters: as in `init`.
    /// - Throws: `ObjectiveError.memoryTooSmall` where they do not fit the machine.
    /// - Precondition: memory has no limit. A limit leaves batches what vectors do not take, so that the loss is made anew for others.
    public func makeRoom(for derivative: DerivativeOrder, vectors: ClosedRange<Int>) throws {
        precondition(memory.limit == nil, "room for other vectors within a limit of \(memory.limit ?? 0) bytes")
        vectorMemory = try Self.vectorMemory(base, derivative, vectors)
    }

    /// A digest of all that the loss depends on: network, θ, statistics of batch normalisation, data, arithmetic.
    public private(set) lazy var identity: ContentKey = {
        var key = Self.identity(model, loss, data, settings)
        key.add(model.weights)
        key.add(statistics)
        key.add("\(weightDecay)")
        return key
    }()

    /// θ of the model.
    public var theta: [Double] { model.theta }
    /// P, the length of θ.
    public var dimension: Int { objective.dimension }
    /// The relative rounding error of a product.
    public var rounding: Double { objective.rounding }
    /// n.
    public var examples: Int { data.count }
    /// Whether the loss contains the term of weight decay, be λ 0 or not.
    public var includesWeightDecay: Bool { settings.weightDecay != .none }
    /// The loss's name, such as `cross-entropy`.
    public var lossName: String { loss.name + (settings.normalizesLogits ? " of normalised logits" : "") }

    /// Whether eigenvalues of the Hessian repeat by construction: with mean squared errors of several outputs, every eigenvalue of a
    /// linear model has as many copies.
    public var hasRepeatedEigenvalues: Bool { model.network.outputs > 1 && !loss.takesClasses }

    /// L(θ) and the accuracy of the model itself.
    public func evaluation() throws -> Evaluation {
        weightDecay == 0 ? try base.evaluate(at: model.weights) : try evaluate(at: theta)
    }

    /// L(θ), and the accuracy where examples are classified.
    public func evaluate(at theta: [Double]) throws -> Evaluation { try objective.evaluate(at: theta) }

    /// L(θ + Σₖ cₖ dₖ) for each c of `coordinates`.
    public func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws
        -> [Evaluation]
    {
        try objective.evaluate(at: theta, along: directions, coordinates: coordinates)
    }

    /// The standard error of L(θ) over examples.
    public func standardError(at theta: [Double]) throws -> Double? { try objective.standardError(at: theta) }

    /// L(θ) and ∇L(θ), P numbers.
    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        try objective.valueAndGradient(at: theta)
    }

    /// ∇L(θ) of the model itself, P numbers.
    package func gradient() throws -> StoredVector {
        weightDecay == 0
            ? try base.gradient(at: model.weights) : StoredVector(try valueAndGradient(at: theta).gradient)
    }

    /// ‖gᵢ‖₂ of every example's own gradient (`NetworkObjective.gradientNorms`).
    ///
    /// - Throws: `ObjectiveError.noEmpiricalFisher` with weight decay, which is no part of an example's loss, and where an example has no
    ///   loss of its own.
    public func gradientNorms(at theta: [Double]) throws -> [Double] {
        guard weightDecay == 0 else { throw ObjectiveError.noEmpiricalFisher }
        return try base.with(statistics: statistics).gradientNorms(at: theta)
    }

    /// The class of each example; nil where examples have none, or several.
    public var exampleClasses: [Int]? { labels?.0 }

    /// H v for each v, P numbers each.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try objective.hessianVectorProducts(at: theta, along: vectors)
    }

    /// G v for each v, P numbers each.
    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try objective.gaussNewtonVectorProducts(at: theta, along: vectors)
    }

    /// F v for each v, P numbers each.
    public func fisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try objective.fisherVectorProducts(at: theta, along: vectors)
    }

    /// F̂ v for each v, P numbers each.
    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try objective.empiricalFisherVectorProducts(at: theta, along: vectors)
    }

    /// False where the loss is one of fixed batches.
    public var hasParts: Bool { loss.fixedBatch == nil }

    /// The loss on some of the examples, with the same statistics of batch normalisation.
    public func restricted(to examples: [Int]) throws -> any Objective {
        let part = try Self.network(model, loss, data.subset(examples), settings, memory, monitor)
        // This loss keeps its data meanwhile.
        if memory.limit != nil { part.memory.reserved += max(0, base.heldBytes - part.heldBytes) }
        return penalized(part.with(statistics: statistics))
    }

    /// The sum of the weights of some of the examples' elements.
    public func weight(of examples: [Int]) -> Double { base.weight(of: examples) }

    /// The examples of each class that count, the first of them where copies of all would take more than 32 vectors of θ's length.
    /// None where a loss on one class alone would be normalised by that class's statistics.
    public var classes: [[Int]] {
        // A copy in the data's precision and one in that of the computation, at most 8 bytes a number each.
        let bytes = 16 * data.arrays.reduce(1) { $0 + $1.size }
        return examplesByClass(most: max(1, 32 * 8 * dimension / bytes))
    }

    /// The examples of each class that count, all of them.
    public var examplesByClass: [[Int]] { examplesByClass(most: .max) }

    private func examplesByClass(most: Int) -> [[Int]] {
        guard settings.statistics != .batch || normalizedBatch == nil, let (labels, count) = labels else { return [] }
        var classes = [[Int]](repeating: [], count: count)
        for (example, label) in labels.enumerated() where classes.indices.contains(label) {
            if classes[label].count < most, weight(of: [example]) > 0 { classes[label].append(example) }
        }
        return classes
    }

    /// The class of each example, and how many there are; nil where examples have none, or several.
    private var labels: ([Int], count: Int)? {
        switch data.targets {
        case .classes(let labels, let count) where labels.count == data.count: return (labels.map { Int($0) }, count)
        case .values(let values, let width) where width == 1 && values.allSatisfy { $0 == 0 || $0 == 1 }:
            guard case .binaryCrossEntropy = loss.kind else { return nil }
            return (values.map { Int($0) }, 2)
        default: return nil
        }
    }

    /// Whether the model has the other split of the same data.
    public var hasOtherSplit: Bool {
        settings.data == nil && !isOnGiven && (settings.split == .test || model.metadata.data.testExamples != nil)
    }

    /// The same loss on the other split of the same data, with the same statistics of batch normalisation.
    ///
    /// - Throws: `DatasetError.noTestSplit` where there is none.
    public func onOtherSplit() throws -> any Objective {
        // The other split may have fewer examples than are asked for.
        let all = try model.dataset(
            settings.split == .train ? .test : .train, settings.data, memory: memory.limit)
        let other = try all.prefix(min(settings.examples ?? all.count, all.count))
        return penalized(try Self.network(model, loss, other, settings, memory, monitor).with(statistics: statistics))
    }

    /// The loss at points far from the model: statistics of batch normalisation are measured anew at each for `.recalibrate`, and are
    /// for `.stored` what `stored` gives, such as a mixture of those of the networks around.
    ///
    /// - Parameter statistics: in place of those of the settings.
    public func away(
        _ statistics: BatchStatistics, stored: @escaping (_ theta: [Double]) -> [Double]
    ) throws -> any Objective {
        guard model.network.buffers.count > 0 else { return objective }
        switch statistics {
        case .batch: return objective
        case .stored: return penalized(base.with(statistics: stored))
        case .recalibrate: return penalized(base.with(statistics: try measuredStatistics()))
        }
    }

    /// Statistics of batch normalisation measured anew at a θ; none for a network without.
    public func measuredStatistics() throws -> (_ theta: [Double]) throws -> [Double] {
        guard model.network.buffers.count > 0 else { return { _ in [] } }
        let measured = try Self.recalibration(model, loss, data, settings, memory, monitor)
        return { try measured.batchStatistics(at: $0) }
    }

    /// `normalizedBatch` of `away(_:stored:)`.
    public func normalizedBatch(_ statistics: BatchStatistics) throws -> Int? {
        guard statistics == .recalibrate, settings.statistics != .recalibrate, model.network.buffers.count > 0 else {
            return statistics == settings.statistics ? normalizedBatch : nil
        }
        return try Self.recalibration(model, loss, data, settings, memory, monitor).batchSize
    }

    /// Another model of the same network, for losses on common terms.
    ///
    /// - Parameters:
    ///   - other: the other model.
    ///   - path: what it is called.
    /// - Throws: `UnusableRequest` where its tensors or its weight decay are others.
    public func checkComparable(_ other: Model, _ path: String) throws {
        try checkTensors(of: other, path)
        try checkWeightDecay(of: other, path)
    }

    /// - Throws: `UnusableRequest` where another model has other tensors.
    public func checkTensors(of other: Model, _ path: String) throws {
        if let journal = monitor.journal {
            var key = ContentKey()
            key.add(other.weights)
            key.add(other.buffers)
            try journal.confirm(path, key.journal)
        }
        try model.checkTensors(of: other, path, as: name)
        try OutputProbe.checkSameFunction(of: (other, path), as: (model, name), on: data)
    }

    /// Losses of several networks can be compared with one weight decay alone.
    ///
    /// - Throws: `UnusableRequest` where another model's is another.
    public func checkWeightDecay(of other: Model, _ path: String) throws {
        guard let found = try settings.weightDecay.coefficient(of: other, path), found != weightDecay else { return }
        throw UnusableRequest(
            "\(path) was trained with weight decay \(found), \(name) with \(weightDecay); give one for all with --weight-decay"
        )
    }

    /// Gradients of random batches for a training near the model, such as that of a curve between networks.
    ///
    /// - Parameter batchSize: the largest batch.
    /// - Throws: `ObjectiveError` where a batch does not fit the memory, or has one example and batch normalisation needs two.
    public func batchGradient(batchSize: Int) throws(ObjectiveError) -> BatchGradient {
        try ObjectiveError.checkSingleExample(
            model.network, examples: data.count, batchSize: min(batchSize, data.count), option: "--curve-batch-size"
        ) { ObjectiveError.lastBatch(data.count, $0) }
        return try BatchGradient(
            network: model.network, data: data, loss: loss, batchSize: batchSize, precision: settings.precision,
            memory: memory)
    }

    private func penalized(_ other: NetworkObjective) -> any Objective { Self.penalized(other, weightDecay) }

    private static func penalized(_ loss: NetworkObjective, _ weightDecay: Double) -> any Objective {
        weightDecay == 0 ? loss : PenalizedObjective(loss, weightDecay: weightDecay)
    }

    private static func network(
        _ model: Model, _ loss: Loss, _ data: Dataset, _ settings: Settings, _ memory: MemoryBudget, _ monitor: Monitor
    ) throws -> NetworkObjective {
        let objective = try model.objective(
            data, loss: loss, batchNorm: settings.statistics == .batch ? .batch : .stored,
            precision: settings.precision, batchSize: settings.batchSize, memory: memory,
            normalizesLogits: settings.normalizesLogits)
        objective.betweenBatches = { try monitor.check(batch: $0, of: $1) }
        keep(objective, model, loss, data, settings, monitor)
        return objective
    }

    private static func keep(
        _ objective: NetworkObjective, _ model: Model, _ loss: Loss, _ data: Dataset, _ settings: Settings,
        _ monitor: Monitor
    ) {
        guard let journal = monitor.journal else { return }
        objective.keep(in: journal, identity(model, loss, data, settings))
    }

    /// A digest of what its numbers depend on beside θ and the statistics of batch normalisation.
    private static func identity(_ model: Model, _ loss: Loss, _ data: Dataset, _ settings: Settings) -> ContentKey {
        let metadata = model.metadata
        var key = ContentKey(
            "\(Software.name) \(Precision.kernels) \(metadata.model) \(loss.specification) \(loss.fixedBatch ?? 0)")
        key.add("\(settings.precision) \(settings.statistics) \(settings.normalizesLogits)")
        for (name, text) in metadata.other.sorted(by: { $0.key < $1.key }) {
            key.add(name)
            key.add(text)
        }
        key.add(data)
        return key
    }

    private static func recalibration(
        _ model: Model, _ loss: Loss, _ data: Dataset, _ settings: Settings, _ memory: MemoryBudget, _ monitor: Monitor
    ) throws -> NetworkObjective {
        let objective = try model.objective(
            data, loss: loss, batchNorm: .batch, precision: settings.precision,
            batchSize: settings.batchSize ?? recalibrationBatch(model, data.count), memory: memory)
        objective.betweenBatches = { try monitor.check(batch: $0, of: $1) }
        keep(objective, model, loss, data, settings, monitor)
        return objective
    }
}
