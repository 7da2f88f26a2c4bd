import Autodiff
import Datasets
import Essentials
import Networks
import Ranks
import Tensors

/// The compiled programs of a network on a data set, with the memory that they run in: what all objectives of one network and data
/// share, whatever their statistics of batch normalisation.
final class NetworkPrograms: MemoryHolder {
    let network: Network
    let loss: Loss
    let batchNorm: BatchNormMode
    let precision: Precision
    /// n; without those that fill no batch, for a loss of whole batches.
    let examples: Int
    /// How much each of them counts.
    let counts: ElementCounts
    var memory: MemoryBudget
    /// Called between batches, with those that are done and how many there are; what it throws ends the computation.
    var betweenBatches: ((_ done: Int, _ count: Int) throws -> Void)?
    /// Where results are kept and found again; nil where they are not.
    var journal: ObjectiveJournal?

    private let layout: LossLayout
    private let store: ExampleStore
    /// Bytes that data take.
    let heldBytes: Int
    private let requestedBatch: Int?
    private let buffers: Buffer
    /// θ, of its own or a model's.
    private var theta: Buffer?
    private var tangents: [Buffer] = []
    private var directions: [Buffer] = []
    // What the buffers above hold.
    private var storedTheta: Theta?, storedStatistics: [Double]?, storedDirections: [[Double]] = []
    /// Grows when θ, statistics or directions change; what an instance keeps of older ones is out of date.
    private var version = 0
    private var series: [BatchProgram.Kind: BatchSeries] = [:]

    init(
        _ network: Network, _ data: Dataset, _ loss: Loss, _ batchNorm: BatchNormMode, _ precision: Precision,
        batchSize: Int?, memory: MemoryBudget
    ) throws(ObjectiveError) {
        (self.network, self.loss, self.batchNorm, self.precision) = (network, loss, batchNorm, precision)
        self.memory = memory
        layout = try ObjectiveError.layout(loss, data, network)
        counts = try ElementCounts(data, loss, layout)
        var examples = data.count
        if let size = loss.fixedBatch {
            examples = examples / size * size
            guard network.canBuild(batch: size) else {
                throw .batchUnbuildable(batch: size, only: network.onlyBatch)
            }
        }
        self.examples = examples
        requestedBatch = network.largestBatch.map { min(batchSize ?? $0, $0) } ?? batchSize
        store = try ExampleStore(data, 0..<data.count, for: network, loss, layout, precision)
        heldBytes = data.byteCount + store.byteCount
        buffers = Buffer(byteCount: network.buffers.count * precision.size)
    }

    /// Where a program runs: θ, the network's buffers, and for displaced points the directions.
    struct Place {
        let theta: Theta, statistics: [Double]
        var directions: [[Double]] = []
    }

    /// θ where it is.
    enum Theta: Equatable {
        case vector([Double])
        /// As a model has it, in Float32, to be read alone.
        case floats(Buffer)

        static func == (a: Theta, b: Theta) -> Bool {
            switch (a, b) {
            case (.vector(let a), .vector(let b)): a == b
            case (.floats(let a), .floats(let b)): a === b
            default: false
            }
        }
    }

    /// How many tangents a kind of program may be run for at once.
    func tangentsAtOnce(_ kind: BatchProgram.Kind) throws -> Int { try series(kind).tangentsAtOnce }

    /// How many points a kind of program is best run for at once where batches are not kept: 16, and 4 where what they share takes little
    /// of the time.
    func pointsAtOnce(_ kind: BatchProgram.Kind) throws -> Int { try series(kind).keepingPays ? 16 : 4 }

    /// Whether a kind of program keeps what depends on data and θ alone of every batch.
    func keepsEveryBatch(_ kind: BatchProgram.Kind) throws -> Bool { try series(kind).keepsEveryBatch }

    /// Runs a kind of program on every batch, for each tangent if there are any, and adds up what it gives: on several ranks, each
    /// computes some of the batches, and all get the sums.
    ///
    /// - Parameters:
    ///   - part: which of how many runs for one result this is; progress is told of all together.
    ///   - isShared: whether ranks share the batches.
    ///   - numbers: how many each sum has.
    ///   - add: adds what a batch gives to a sum.
    /// - Returns: a sum for each tangent; one where there are none.
    func sums(
        _ kind: BatchProgram.Kind, at place: Place, tangents values: [[Double]] = [],
        part: (number: Int, count: Int) = (0, 1), isShared: Bool = true, numbers: Int,
        _ add: (BatchResult, inout [Double]) -> Void
    ) throws -> [[Double]] {
        let tree = try series(kind).tree(), count = max(1, values.count)
        // One leaf is computed by each rank alone, which takes no longer.
        let team = isShared && tree.tree.count > 1 ? Team.current : nil
        let share = team.map { tree.batches(of: tree.tree.shares($0.count)[$0.rank]) }
        let sums = BatchSums(tree, tangents: count, numbers: numbers)
        try run(kind, at: place, tangents: values, part: part, batches: share) { result in
            sums.add(result.batch, of: result.tangent) { add(result, &$0) }
        }
        return try sums.finish(team)
    }

    /// The derivatives that a kind of program gives, summed over all batches and multiplied by a number: one for each tangent, or one. Where
    /// it is the gradient, the sum of losses follows, as it is.
    func derivatives(
        _ kind: BatchProgram.Kind, at place: Place, tangents values: [[Double]] = [], times scale: Double
    ) throws -> [[Double]] {
        let count = network.parameters.count, withLosses = kind == .gradient
        var results: [[Double]] = []
        // One batch is all: what it gives is written once, and needs no sum.
        if try series(kind).tree().batches == 1 {
            try run(kind, at: place, tangents: values) {
                results.append($0.derivative(times: scale, withLosses: withLosses))
            }
            return results
        }
        results = try sums(kind, at: place, tangents: values, numbers: count + (withLosses ? 1 : 0)) { result, sum in
            result.addDerivative(to: &sum)
            if withLosses { sum[count] += result.lossSum }
        }
        for i in results.indices {
            let losses = withLosses ? [results[i].removeLast()] : []
            Vectors.scale(&results[i], by: scale)
            results[i] += losses
        }
        return results
    }

    /// The gradient of the one batch that is all, times a number, as it was computed; nil where there are several.
    func storedGradient(at place: Place, times scale: Double) throws -> StoredVector? {
        guard try series(.gradient).tree().batches == 1 else { return nil }
        var gradient: StoredVector?
        try run(.gradient, at: place) { gradient = $0.storedDerivative(times: scale) }
        return gradient
    }

    /// f(xᵢ; θ) of every example, examples × outputs.
    func outputs(at place: Place) throws -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(examples * network.outputs)
        try run(.outputs, at: place) { result += $0.outputs }
        return result
    }

    /// What `number` makes of each batch, in their order.
    func each(_ kind: BatchProgram.Kind, at place: Place, _ number: (BatchResult) -> Double) throws -> [Double] {
        var numbers: [Double] = []
        try run(kind, at: place) { numbers.append(number($0)) }
        return numbers
    }

    /// Runs a kind of program on batches, for each tangent if there are any, and hands what it gives to `collect`.
    ///
    /// - Parameter batches: which of them; nil for all.
    private func run(
        _ kind: BatchProgram.Kind, at place: Place, tangents values: [[Double]] = [],
        part: (number: Int, count: Int) = (0, 1), batches: Range<Int>? = nil, _ collect: BatchSeries.Collect
    ) throws {
        store(place)
        for (number, value) in values.enumerated() {
            let bytes = value.count * precision.size
            if number == tangents.count { tangents.append(Buffer(byteCount: bytes)) }
            if tangents[number].byteCount < bytes { tangents[number] = Buffer(byteCount: bytes) }
            tangents[number].store(value, as: precision)
        }
        let series = try series(kind)
        if batchNorm == .batch {
            try ObjectiveError.checkSingleExample(
                network, examples: examples, batchSize: series.batchSize, or: " or --batchnorm stored"
            ) { ObjectiveError.lastBatch(examples, $0) }
        }
        makeRoom(for: series, tangents: max(1, values.count))
        let work = BatchSeries.Work<any Error>(
            version: version, tangents: max(1, values.count),
            bindContext: { [self] program, context, number in
                program.bind(
                    context, theta: theta!.address, buffers: buffers.address,
                    directions: directions.map { UnsafeRawPointer($0.address) },
                    tangent: number < values.count ? UnsafeRawPointer(tangents[number].address) : nil)
            },
            bindData: { [store] program, instance, first in
                program.bind(instance, store.place(from: first))
            }, between: between(part))
        try series.run(work, batches: batches, collect: collect)
    }

    /// What happens between batches: the caller is told, and ranks that are gone end the computation.
    private func between(_ part: (number: Int, count: Int)) -> ((Int, Int) throws -> Void)? {
        let team = Team.current
        guard betweenBatches != nil || team != nil else { return nil }
        return { [betweenBatches] done, count in
            try team?.check()
            try betweenBatches?(part.number * count + done, part.count * count)
        }
    }

    private func store(_ place: Place) {
        precondition(
            place.statistics.count == network.buffers.count,
            "\(place.statistics.count) buffer values, not \(network.buffers.count)")
        if storedTheta != place.theta {
            store(place.theta)
            storedTheta = place.theta
            version += 1
        }
        // Programs read buffers in the same stage as θ.
        if storedStatistics != place.statistics {
            buffers.store(place.statistics, as: precision)
            storedStatistics = place.statistics
            version += 1
        }
        if !place.directions.isEmpty, storedDirections != place.directions {
            directions = place.directions.map { direction in
                let buffer = Buffer(byteCount: direction.count * precision.size)
                buffer.store(direction, as: precision)
                return buffer
            }
            storedDirections = place.directions
            version += 1
        }
    }

    private func store(_ place: Theta) {
        switch place {
        case .floats(let floats):
            precondition(precision == .float, "θ in Float32 for a network in Float64")
            theta = floats
        case .vector(let vector):
            let count = network.parameters.count
            precondition(vector.count == count, "θ of length \(vector.count), not \(count)")
            // What is a model's stays as it is.
            if case .vector = storedTheta {} else { theta = Buffer(byteCount: count * precision.size) }
            theta!.store(vector, as: precision)
        }
    }

    /// Other programs give up their memory where there is not enough for all.
    private func makeRoom(for series: BatchSeries, tangents: Int) {
        memory.holder.claim(by: self)
        let others = self.series.values.filter { $0 !== series }
        guard others.reduce(series.bytes(tangents: tangents), { $0 + $1.usedBytes }) > series.roomForSpeed else {
            return
        }
        for other in others { other.release() }
    }

    func releaseMemory() {
        for series in series.values { series.release() }
    }

    private func series(_ kind: BatchProgram.Kind) throws -> BatchSeries {
        if let known = series[kind] { return known }
        let made = try makeSeries(kind)
        // Machines of other sizes might choose others.
        try Team.current?.confirm("batch size", "\(made.batchSize) (\(made.tangentsAtOnce))")
        series[kind] = made
        return made
    }

    /// Examples that a kind of program computes at once.
    func batchSize(_ kind: BatchProgram.Kind) throws -> Int { try series(kind).batchSize }

    /// Examples of a batch whose loss is computed at once.
    var batchSize: Int { get throws { try series(.value).batchSize } }

    private func makeSeries(_ kind: BatchProgram.Kind) throws -> BatchSeries {
        var requested = requestedBatch
        // Where batches are normalised by their own statistics, others would be those of another function.
        let isNormalized = batchNorm == .batch && !network.buffers.tensors.isEmpty && kind != .value
        var isDisplaced = false
        if case .displacedValue = kind { isDisplaced = true }
        // The same batches as elsewhere, so that θ itself has the same loss to the bit.
        if isDisplaced || isNormalized { requested = try batchSize }
        if kind == .exampleGradient { requested = 1 }
        do throws(ObjectiveError) {
            return try makeSeries(kind, requested, memory, isNormalized: isNormalized)
        } catch {
            guard case .memoryTooSmall(let given, let needed) = error else { throw error }
            // What is enough for this kind of program alone would be refused by the next.
            throw ObjectiveError.memoryTooSmall(given: given, needed: max(needed, leastMemory([.value, kind])))
        }
    }

    /// The memory limit, in bytes, below which some kinds of programs are refused.
    func leastMemory(_ kinds: [BatchProgram.Kind]) -> Int {
        var least = 0
        for kind in kinds {
            do throws(ObjectiveError) {
                _ = try makeSeries(kind, 1, MemoryBudget(limit: 0, reserved: memory.reserved))
            } catch {
                if case .memoryTooSmall(_, let needed) = error { least = max(least, needed) }
            }
        }
        return least
    }

    private func makeSeries(
        _ kind: BatchProgram.Kind, _ requested: Int?, _ memory: MemoryBudget, isNormalized: Bool = false
    ) throws(ObjectiveError) -> BatchSeries {
        if case .gaussNewton = kind, loss.outputLoss != nil, !network.hasPrediction { throw .noPrediction }
        if case .gaussNewton = kind, case .kullbackLeibler = loss.kind, !layout.isPlainRow { throw .noGaussNewton }
        if case .fisher = kind {
            guard loss.hasModelDistribution else { throw .noFisher(loss: loss.name) }
            if case .kullbackLeibler = loss.kind, !layout.isPlainRow { throw .noFisher(loss: loss.name) }
        }
        if kind == .empiricalFisher || kind == .exampleGradient, network.givesOneForBatch { throw .noEmpiricalFisher }
        var preference: BatchSeries.Preference = batchNorm == .batch ? .many : .inCache
        if isNormalized, let requested { preference = .fixed(requested) }
        if let size = loss.fixedBatch { preference = .fixed(size) }
        return try BatchSeries(
            examples: examples, requested: requested, preference: preference,
            numbers: kind.sums(network), memory: memory,
            heldBytes: heldBytes + kind.vectorBytes(network, precision), keeps: kind.keeps
        ) { [network, loss, layout, batchNorm, precision] in
            BatchProgram(network, loss, layout, batchNorm, kind, batch: $0, precision)
        }
    }
}
