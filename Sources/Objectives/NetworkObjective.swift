import Autodiff
import Datasets
import Networks
import Tensors

/// L(θ) = (1/n) Σ ℓ(f(xᵢ; θ), yᵢ) of a network on a data set, taken in batches that fit a memory limit. A ragged last batch
/// counts by its size; sums over batches are in Float64.
public final class NetworkObjective: Objective, MemoryHolder {
    public let network: Network
    public let loss: Loss
    public let batchNorm: BatchNormMode
    public let precision: Precision
    /// n.
    public let examples: Int
    /// Bytes that the process may take: data, vectors, programs, and what they keep; nil for the default.
    public let memoryLimit: Int?
    /// With whom the memory is shared; nil where nobody else has a part in it.
    public var sharedMemory: SharedMemory?
    /// Called between batches; what it throws ends the computation.
    public var betweenBatches: (() throws -> Void)?

    /// Bytes that the process may take where nothing else is said.
    public static let defaultMemoryLimit = 1 << 30

    private let store: ExampleStore
    private let heldBytes: Int
    /// What the caller takes of the memory for more than a few vectors; to be changed before anything is computed.
    public var reservedBytes: Int
    private let requestedBatch: Int?
    private let theta: Buffer, buffers: Buffer
    private var tangents: [Buffer] = []
    private var directions: [Buffer] = [], storedDirections: [[Double]] = []
    private var storedTheta: [Double]?
    /// Grows when θ changes; what an instance keeps of an older θ is out of date.
    private var version = 0
    private var series: [BatchProgram.Kind: BatchSeries] = [:]

    /// - Parameters:
    ///   - bufferValues: the network's buffers, such as running means, in the order of its layout.
    ///   - batchSize: examples taken at once; by default as many as work well in memory.
    ///   - memoryLimit: bytes that the process may take; by default 1 GiB, and more where data and vectors leave less than a
    ///     quarter of it for programs.
    ///   - reservedBytes: what the caller takes of it for more than a few vectors.
    /// - Throws: `ObjectiveError` where the data do not fit the network.
    public init(
        network: Network, bufferValues: [Double], data: Dataset, loss: Loss, batchNorm: BatchNormMode = .stored,
        precision: Precision = .float, batchSize: Int? = nil, memoryLimit: Int? = nil, reservedBytes: Int = 0
    ) throws(ObjectiveError) {
        precondition(
            bufferValues.count == network.buffers.count,
            "\(bufferValues.count) buffer values, not \(network.buffers.count)")
        try Self.check(data, network, loss)
        self.network = network
        self.loss = loss
        self.batchNorm = batchNorm
        self.precision = precision
        self.memoryLimit = memoryLimit
        examples = data.count
        requestedBatch = network.largestBatch.map { min(batchSize ?? $0, $0) } ?? batchSize
        store = try ExampleStore(data, 0..<data.count, outputs: network.outputs, loss, precision)
        heldBytes = data.byteCount + store.byteCount + BatchSeries.vectorBytes(network)
        self.reservedBytes = reservedBytes
        theta = Buffer(byteCount: network.parameters.count * precision.size)
        buffers = Buffer(byteCount: network.buffers.count * precision.size)
        buffers.store(bufferValues, as: precision)
    }

    /// Whether a network and a loss can be applied to data.
    public static func check(_ data: Dataset, _ network: Network, _ loss: Loss) throws(ObjectiveError) {
        guard data.exampleSize == network.inputShape.reduce(1, *) else {
            throw .dataMismatch(
                expected: "examples of shape \(network.inputShape)", found: "examples of shape \(data.exampleShape)")
        }
        if let vocabulary = network.vocabulary, case .tokens(let tokens) = data.inputs,
            let worst = tokens.max(), Int(worst) >= vocabulary
        {
            throw .unknownToken(token: Int(worst), vocabulary: vocabulary)
        }
        switch data.targets {
        case .classes(let labels, let classes):
            if let worst = labels.first(where: { $0 < 0 || Int($0) >= network.outputs }) {
                throw .labelOutOfRange(label: Int(worst), outputs: network.outputs)
            }
            // A regression on classes takes their one-hot rows.
            guard loss.takesClasses || classes == network.outputs else {
                throw .dataMismatch(
                    expected: "\(network.outputs) classes for the loss \(loss.name)", found: "\(classes)")
            }
        case .values(_, let width):
            guard !loss.takesClasses else {
                throw .dataMismatch(
                    expected: "class labels for the loss \(loss.name)", found: "\(width) real targets an example")
            }
            guard width == network.outputs else {
                throw .dataMismatch(expected: "\(network.outputs) targets an example", found: "\(width)")
            }
        }
    }

    /// Replaces the network's buffers, such as running means that training went on averaging.
    public func setBuffers(_ values: [Double]) {
        precondition(
            values.count == network.buffers.count, "\(values.count) buffer values, not \(network.buffers.count)")
        buffers.store(values, as: precision)
        version += 1  // programs read buffers in the same stage as θ
    }

    /// The network's buffers as the data's own batches would have them at θ: the mean over batches of each batch's mean and
    /// unbiased variance, weighted by their size (PyTorch's running averages with momentum None). For an objective that
    /// normalises by batch; where there is no batch norm, the buffers are empty.
    public func batchStatistics(at theta: [Double]) throws -> [Double] {
        precondition(batchNorm == .batch, "batch statistics of an objective that normalises by stored ones")
        var sums = [Double](repeating: 0, count: network.buffers.count)
        try run(.value, at: theta) { program, instance, _, _ in
            for (buffer, values) in program.statistics(instance) {
                let first = network.buffers.offsets[buffer]
                for (i, value) in values.enumerated() {
                    sums[first + i] += value * Double(program.batch) / Double(examples)
                }
            }
        }
        return sums
    }

    public var dimension: Int { network.parameters.count }

    /// Mean loss and share of examples classified right (nil for regression).
    public func evaluate(at theta: [Double]) throws -> Evaluation {
        var loss = 0.0, correct: Double? = self.loss.takesClasses ? 0 : nil
        try run(.value, at: theta) { program, instance, _, _ in
            loss += program.lossSum(instance)
            if let count = program.correctCount(instance) { correct? += count }
        }
        return Evaluation(loss: loss / Double(examples), accuracy: correct.map { $0 / Double(examples) })
    }

    /// Points are taken several at a time; what does not depend on their coordinates is computed once for these.
    public func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws
        -> [Evaluation]
    {
        precondition(directions.allSatisfy { $0.count == dimension }, "directions of another length than θ")
        if storedDirections != directions {
            self.directions = directions.map { direction in
                let buffer = Buffer(byteCount: dimension * precision.size)
                buffer.store(direction, as: precision)
                return buffer
            }
            storedDirections = directions
            version += 1
        }
        let moves = directions.map { direction in
            network.parameters.tensors.indices.map { direction[network.parameters.range($0)].contains { $0 != 0 } }
        }
        let kind = BatchProgram.Kind.displacedValue(moves: moves)
        let together = min(Self.pointsAtOnce, try series(kind).tangentsAtOnce)
        var results: [Evaluation] = []
        for first in stride(from: 0, to: coordinates.count, by: together) {
            let points = coordinates[first..<min(first + together, coordinates.count)]
            var losses = points.map { _ in 0.0 }, correct: [Double]? = loss.takesClasses ? losses : nil
            try run(kind, at: theta, tangents: Array(points)) { program, instance, context, number in
                losses[number] += program.lossSum(instance, context)
                if let count = program.correctCount(instance, context) { correct?[number] += count }
            }
            results += losses.indices.map { i in
                Evaluation(loss: losses[i] / Double(examples), accuracy: correct.map { $0[i] / Double(examples) })
            }
        }
        return results
    }

    private static let pointsAtOnce = 16

    /// f(xᵢ; θ) of every example, examples × outputs, row-major.
    public func outputs(at theta: [Double]) throws -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(examples * network.outputs)
        try run(.value, at: theta) { program, instance, _, _ in result += program.outputs(instance) }
        return result
    }

    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        var loss = 0.0, gradient = [Double](repeating: 0, count: dimension)
        try run(.gradient, at: theta) { program, instance, context, _ in
            loss += program.lossSum(instance)
            program.addDerivative(instance, context, to: &gradient)
        }
        Vectors.scale(&gradient, by: 1 / Double(examples))
        return (loss / Double(examples), gradient)
    }

    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.hessian, at: theta, along: vectors)
    }

    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.gaussNewton, at: theta, along: vectors)
    }

    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.empiricalFisher, at: theta, along: vectors)
    }

    private func products(_ kind: BatchProgram.Kind, at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]
    {
        var results = vectors.map { _ in [Double](repeating: 0, count: dimension) }
        // What depends on θ alone is computed once a batch, then each vector's part.
        let together = min(vectors.count, try series(kind).tangentsAtOnce)
        for first in stride(from: 0, to: vectors.count, by: max(1, together)) {
            let some = Array(vectors[first..<min(first + together, vectors.count)])
            try run(kind, at: theta, tangents: some) { program, instance, context, number in
                program.addDerivative(instance, context, to: &results[first + number])
            }
        }
        for i in results.indices { Vectors.scale(&results[i], by: 1 / Double(examples)) }
        return results
    }

    /// Runs a kind of program on every batch, for each tangent if there are any, and hands what it gives to `collect`.
    private func run(
        _ kind: BatchProgram.Kind, at point: [Double], tangents values: [[Double]] = [],
        _ collect: (BatchProgram, Executable.Instance, Executable.Context, Int) -> Void
    ) throws {
        precondition(point.count == dimension, "θ of length \(point.count), not \(dimension)")
        if storedTheta != point {
            theta.store(point, as: precision)
            storedTheta = point
            version += 1
        }
        for (number, value) in values.enumerated() {
            let bytes = value.count * precision.size
            if number == tangents.count { tangents.append(Buffer(byteCount: bytes)) }
            if tangents[number].byteCount < bytes { tangents[number] = Buffer(byteCount: bytes) }
            tangents[number].store(value, as: precision)
        }
        let series = try series(kind)
        makeRoom(for: series, tangents: max(1, values.count))
        let work = BatchSeries.Work<any Error>(
            version: version, tangents: max(1, values.count),
            bindContext: { [self] program, context, number in
                program.bind(
                    context, theta: theta.address, buffers: buffers.address,
                    directions: directions.map { UnsafeRawPointer($0.address) },
                    tangent: number < values.count ? UnsafeRawPointer(tangents[number].address) : nil)
            },
            bindData: { [store] program, instance, first in
                program.bind(instance, inputs: store.inputs(from: first), targets: store.targets(from: first))
            }, between: betweenBatches)
        try series.run(work, collect: collect)
    }

    /// Other programs give up their memory where there is not enough for all.
    private func makeRoom(for series: BatchSeries, tangents: Int) {
        sharedMemory?.claim(by: self)
        let others = self.series.values.filter { $0 !== series }
        guard others.reduce(series.bytes(tangents: tangents), { $0 + $1.usedBytes }) > series.room else { return }
        for other in others { other.release() }
    }

    func releaseMemory() {
        for series in series.values { series.release() }
    }

    private func series(_ kind: BatchProgram.Kind) throws -> BatchSeries {
        if let known = series[kind] { return known }
        let made = try makeSeries(kind)
        series[kind] = made
        return made
    }

    private func makeSeries(_ kind: BatchProgram.Kind) throws -> BatchSeries {
        var requested = requestedBatch
        if case .displacedValue = kind {
            // The same batches as elsewhere, so that θ itself has the same loss to the bit.
            requested = try series(.value).batchSize
        }
        do {
            return try makeSeries(kind, requested, memoryLimit)
        } catch .memoryTooSmall(let given, let needed) {
            // What is enough for this kind of program alone would be refused by the next.
            throw ObjectiveError.memoryTooSmall(given: given, needed: max(needed, leastMemory))
        }
    }

    /// The memory limit, in bytes, below which values, gradients or Hessian products are refused.
    public var leastMemory: Int {
        var least = 0
        for kind in [BatchProgram.Kind.value, .gradient, .hessian] {
            do throws(ObjectiveError) {
                _ = try makeSeries(kind, 1, 0)
            } catch {
                if case .memoryTooSmall(_, let needed) = error { least = max(least, needed) }
            }
        }
        return least
    }

    private func makeSeries(
        _ kind: BatchProgram.Kind, _ requested: Int?, _ memoryLimit: Int?
    ) throws(ObjectiveError) -> BatchSeries {
        try BatchSeries(
            examples: examples, requested: requested, preference: batchNorm == .batch ? .many : .inCache,
            memoryLimit: memoryLimit, heldBytes: heldBytes + reservedBytes, keeps: kind.keeps
        ) { [network, loss, batchNorm, precision] in
            BatchProgram(network, loss, batchNorm, kind, batch: $0, precision)
        }
    }
}
