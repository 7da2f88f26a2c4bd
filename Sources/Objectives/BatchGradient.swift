import Autodiff
import Datasets
import Networks
import Tensors

/// The gradient of the mean loss over a batch of examples in training mode: batch normalisation uses the batch's own
/// statistics, and inputs may be augmented. What a training step needs.
///
/// Programs are compiled once for each size of batch that occurs (whole ones, and a ragged last one), and their memory is
/// used again. A batch that does not fit the memory limit is taken in parts whose gradients are added, which batch
/// normalisation does not allow.
public final class BatchGradient {
    public let network: Network
    public let loss: Loss
    public let precision: Precision
    public let data: Dataset
    /// The largest batch that can be given.
    public let batchSize: Int
    /// Examples taken at once: `batchSize`, or less where memory does not allow it.
    public let partSize: Int
    /// How often a gradient was computed.
    public private(set) var evaluations = 0

    private let theta: Buffer, buffers: Buffer
    private let store: ExampleStore
    private var programs: [Int: (program: BatchProgram, instance: Executable.Instance)] = [:]
    private var loaded: (examples: [Int], epoch: Int?)?

    /// What a batch gives beside its gradient.
    public struct Batch: Sendable {
        /// Mean loss.
        public let loss: Double
        /// Examples classified right; nil for regression.
        public let correct: Double?
        /// Mean and unbiased variance of this batch for each buffer that training averages: number in the network's layout, values.
        public let statistics: [(buffer: Int, values: [Double])]
    }

    /// - Parameters:
    ///   - batchSize: the largest batch; more than the data have is taken as all of them.
    ///   - memoryLimit: bytes that programs may take; 1 GiB by default.
    /// - Throws: `ObjectiveError` where the data do not fit the network, or a batch does not fit the memory.
    public init(
        network: Network, data: Dataset, loss: Loss, batchSize: Int, precision: Precision = .float,
        memoryLimit: Int = 1 << 30
    ) throws(ObjectiveError) {
        precondition(batchSize > 0, "batches of \(batchSize) examples")
        try NetworkObjective.check(data, network, loss)
        self.network = network
        self.data = data
        self.loss = loss
        self.precision = precision
        self.batchSize = min(batchSize, data.count)
        theta = Buffer(byteCount: network.parameters.count * precision.size)
        buffers = Buffer(byteCount: network.buffers.count * precision.size)
        func program(_ size: Int) -> BatchProgram {
            BatchProgram(network, loss, .batch, .gradient, batch: size, precision)
        }

        // A small program tells whether the whole batch can be tried without running out of memory.
        var size = network.buffers.tensors.isEmpty ? min(self.batchSize, network.largestBatch ?? .max) : self.batchSize
        let probe = program(min(size, 16))
        if probe.bytes / probe.batch * size > 2 * memoryLimit {
            size = max(1, memoryLimit / max(1, probe.bytes / probe.batch))
        }
        var whole = size == probe.batch ? probe : program(size)
        while whole.bytes > memoryLimit, size > 1 {
            size = max(1, min(size - 1, size * memoryLimit / whole.bytes))
            whole = program(size)
        }
        guard whole.bytes <= memoryLimit else { throw .memoryTooSmall(given: memoryLimit, needed: whole.bytes) }
        guard size == self.batchSize || network.buffers.tensors.isEmpty else {
            throw .batchTooLarge(
                batch: self.batchSize, given: memoryLimit, needed: probe.bytes / probe.batch * self.batchSize)
        }
        partSize = size
        store = try ExampleStore(capacity: size, of: data, outputs: network.outputs, loss, precision)
        prepare(whole)
    }

    /// The mean loss of these examples at θ, and its gradient.
    ///
    /// - Parameters:
    ///   - examples: numbers of examples in the data, at most `batchSize`.
    ///   - augmentation: applied to the inputs of images, as it is in that epoch.
    ///   - gradient: of the network's number of parameters; overwritten.
    public func evaluate(
        at point: [Double], examples: [Int], augmentation: Augmentation? = nil, epoch: Int = 0,
        gradient: inout [Double]
    ) -> Batch {
        precondition(
            point.count == network.parameters.count, "θ of length \(point.count), not \(network.parameters.count)")
        precondition(gradient.count == point.count, "a gradient of length \(gradient.count), not \(point.count)")
        precondition(
            !examples.isEmpty && examples.count <= batchSize, "\(examples.count) examples in a batch of \(batchSize)")
        evaluations += 1
        theta.store(point, as: precision)
        gradient.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        var lossSum = 0.0, correct: Double? = loss.takesClasses ? 0 : nil
        var statistics: [(buffer: Int, values: [Double])] = []
        for first in stride(from: 0, to: examples.count, by: partSize) {
            let part = Array(examples[first..<min(first + partSize, examples.count)])
            load(part, augmentation, epoch: epoch)
            let (program, instance) = prepared(part.count)
            program.executable.run(instance)
            lossSum += program.lossSum(instance)
            if let count = program.correctCount(instance) { correct? += count }
            program.addDerivative(instance, instance.context, to: &gradient)
            statistics = program.statistics(instance)
        }
        Vectors.scale(&gradient, by: 1 / Double(examples.count))
        return Batch(loss: lossSum / Double(examples.count), correct: correct, statistics: statistics)
    }

    /// Examples stay loaded for the second gradient of a step.
    private func load(_ part: [Int], _ augmentation: Augmentation?, epoch: Int) {
        let augmentedEpoch = augmentation == nil ? nil : epoch
        if let loaded, loaded.examples == part, loaded.epoch == augmentedEpoch { return }
        store.load(part, of: data)
        if let augmentation {
            precondition(data.exampleShape.count == 3, "augmentation of examples of shape \(data.exampleShape)")
            for (row, example) in part.enumerated() {
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
        loaded = (part, augmentedEpoch)
    }

    private func prepared(_ size: Int) -> (program: BatchProgram, instance: Executable.Instance) {
        if let known = programs[size] { return known }
        return prepare(BatchProgram(network, loss, .batch, .gradient, batch: size, precision))
    }

    @discardableResult
    private func prepare(_ program: BatchProgram) -> (program: BatchProgram, instance: Executable.Instance) {
        let instance = program.executable.makeInstance()
        program.bind(instance.context, theta: theta.address, buffers: buffers.address, tangent: nil)
        program.bind(instance, inputs: store.inputs(from: 0), targets: store.targets(from: 0))
        programs[program.batch] = (program, instance)
        return (program, instance)
    }
}
