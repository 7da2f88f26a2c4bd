import Autodiff
import Datasets
import Networks
import Ranks
import Tensors

/// The gradient of the mean loss over a batch of examples in training mode: batch normalisation uses the batch's own
/// statistics, and inputs may be augmented. What a training step needs.
///
/// A batch that is normalised is computed as a whole; any other in parts that work well in memory, whose gradients are added.
/// Programs are compiled once for each size of batch that occurs (whole ones, and a ragged last one), and their memory is used
/// again.
public final class BatchGradient: MemoryHolder {
    /// The network whose gradient is computed.
    public let network: Network
    /// The loss of an example.
    public let loss: Loss
    /// What the network computes in.
    public let precision: Precision
    /// The examples that batches are drawn from.
    public let data: Dataset
    /// The largest batch that can be given.
    public let batchSize: Int
    /// Examples that are computed at once: `batchSize`, or a part of it.
    public let partSize: Int
    /// How often a gradient was computed.
    public private(set) var evaluations = 0
    /// Whether a batch is computed as a whole, because it is normalised or has a loss of its own.
    package let isWhole: Bool
    /// Whether ranks share the parts of a batch; not where they share batches.
    package var sharesParts = true
    private let memory: MemoryBudget
    private let counts: ElementCounts

    private let theta: Buffer, buffers: Buffer
    private let store: ExampleStore
    private let series: BatchSeries
    private var loaded: (examples: [Int], epoch: Int?)?

    /// What a batch gives beside its gradient.
    public struct Batch: Sendable {
        /// Mean loss.
        public let loss: Double
        /// How much the batch counts: its examples, or the sum of the weights of their elements.
        public let weight: Double
        /// Elements classified right; nil for regression.
        public let correct: Double?
        /// Elements that have a class that counts.
        public let classified: Double
        /// Mean and unbiased variance of this batch for each buffer that training averages: number in the network's layout, values.
        public let statistics: [(buffer: Int, values: [Double])]

        package init(
            loss: Double, weight: Double, correct: Double?, classified: Double,
            statistics: [(buffer: Int, values: [Double])]
        ) {
            (self.loss, self.weight, self.correct, self.classified) = (loss, weight, correct, classified)
            self.statistics = statistics
        }
    }

    /// - Parameters:
    ///   - batchSize: the largest batch; more than the data have is taken as all of them.
    ///   - memory: what the process may take, with the data.
    /// - Throws: `ObjectiveError` where the data do not fit the network, or a batch does not fit the memory.
    public init(
        network: Network, data: Dataset, loss: Loss, batchSize: Int, precision: Precision = .float,
        memory: MemoryBudget = MemoryBudget()
    ) throws(ObjectiveError) {
        precondition(batchSize > 0, "batches of \(batchSize) examples")
        let layout = try ObjectiveError.layout(loss, data, network)
        counts = try ElementCounts(data, loss, layout)
        self.network = network
        self.data = data
        self.loss = loss
        self.precision = precision
        self.memory = memory
        self.batchSize = min(batchSize, data.count)
        theta = Buffer(byteCount: network.parameters.count * precision.size)
        buffers = Buffer(byteCount: network.buffers.count * precision.size)
        store = try ExampleStore(
            capacity: self.batchSize, of: data, for: network, loss, layout, precision)
        // Without statistics of a batch, its examples have nothing to do with each other.
        var isWhole = !network.buffers.tensors.isEmpty
        if loss.fixedBatch != nil {
            isWhole = true
            guard network.canBuild(batch: self.batchSize) else {
                throw .batchUnbuildable(batch: self.batchSize, only: network.onlyBatch)
            }
        }
        self.isWhole = isWhole
        series = try BatchSeries(
            examples: self.batchSize, requested: network.largestBatch, preference: isWhole ? .whole : .inCache,
            numbers: network.parameters.count, memory: memory, heldBytes: data.byteCount + store.byteCount, keeps: false
        ) {
            BatchProgram(network, loss, layout, isWhole ? .batch : .stored, .gradient, batch: $0, precision)
        }
        partSize = series.batchSize
    }

    /// The mean loss of these examples at θ, and its gradient.
    ///
    /// - Parameters:
    ///   - examples: numbers of examples in the data, at most `batchSize`.
    ///   - augmentation: applied to the inputs of images, as it is in that epoch.
    ///   - gradient: of the network's number of parameters; overwritten.
    /// - Throws: `RankError` where this process is one of several that share the parts, and another fails; on rank 0 `Interruption`, too.
    public func evaluate(
        at point: [Double], examples: [Int], augmentation: Augmentation? = nil, epoch: Int = 0,
        gradient: inout [Double]
    ) throws -> Batch {
        precondition(
            point.count == network.parameters.count, "θ of length \(point.count), not \(network.parameters.count)")
        precondition(gradient.count == point.count, "a gradient of length \(gradient.count), not \(point.count)")
        precondition(
            !examples.isEmpty && examples.count <= batchSize, "\(examples.count) examples in a batch of \(batchSize)")
        evaluations += 1
        memory.holder.claim(by: self)
        theta.store(point, as: precision)
        load(examples, augmentation, epoch: epoch)
        // Behind the gradient the loss, and how many elements are right.
        let parameters = point.count, tree = series.tree(examples: examples.count)
        let sums = BatchSums(tree, tangents: 1, numbers: parameters + 2)
        // One leaf is computed by each rank alone, which takes no longer.
        let team = sharesParts && tree.tree.count > 1 ? Team.current : nil
        var statistics: [(buffer: Int, values: [Double])] = []
        let work = BatchSeries.Work<any Error>(
            version: evaluations,
            bindContext: { [theta, buffers] program, context, _ in
                program.bind(context, theta: theta.address, buffers: buffers.address, tangent: nil)
            },
            bindData: { [store] program, instance, first in
                program.bind(instance, store.place(from: first))
            }, between: Team.current.map { team in { _, _ in try team.check() } })
        let share = team.map { tree.batches(of: tree.tree.shares($0.count)[$0.rank]) }
        try series.run(work, examples: examples.count, batches: share) { result in
            sums.add(result.batch, of: result.tangent) { sum in
                result.addDerivative(to: &sum)
                result.addLoss(to: &sum, at: parameters)
            }
            statistics = result.statistics
        }
        gradient = try sums.finish(team)[0]
        let correct = gradient.removeLast(), lossSum = gradient.removeLast()
        // A batch in which nothing counts has no gradient.
        let weight = counts.weight(of: examples)
        Vectors.scale(&gradient, by: weight > 0 ? 1 / weight : 0)
        return Batch(
            loss: weight > 0 ? lossSum / weight : 0, weight: weight, correct: loss.takesClasses ? correct : nil,
            classified: counts.classified(of: examples), statistics: statistics)
    }

    /// How much some examples count in the mean of their loss.
    public func weight(of examples: [Int]) -> Double { counts.weight(of: examples) }

    func releaseMemory() { series.release() }

    /// Examples stay loaded for the second gradient of a step.
    private func load(_ examples: [Int], _ augmentation: Augmentation?, epoch: Int) {
        let augmentedEpoch = augmentation == nil ? nil : epoch
        if let loaded, loaded.examples == examples, loaded.epoch == augmentedEpoch { return }
        store.load(examples, of: data)
        if let augmentation {
            precondition(data.exampleShape.count == 3, "augmentation of examples of shape \(data.exampleShape)")
            for (row, example) in examples.enumerated() {
                switch precision {
                case .float:
                    store.withInputs(of: row, as: Float.self) {
                        augmentation.apply(to: $0, shape: data.exampleShape, epoch: epoch, example: example)
                    }
                case .double:
                    store.withInputs(of: row, as: Double.self) {
                        augmentation.apply(to: $0, shape: data.exampleShape, epoch: epoch, example: example)
                    }
                }
            }
        }
        loaded = (examples, augmentedEpoch)
    }
}
