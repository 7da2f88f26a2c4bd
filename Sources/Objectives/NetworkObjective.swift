import ArrayFiles
import Autodiff
import Datasets
import Essentials
import Networks
import Ranks
import Tensors

/// L(θ) = (1/n) Σ ℓ(f(xᵢ; θ), yᵢ) of a network on a data set, taken in batches that fit a memory budget.
///
/// Where elements have weights, or labels that do not count, it is Σ w ℓ / Σ w over all elements of the data. A ragged last batch counts by its size; sums over batches are in Float64. Statistics of batch normalisation are part of the
/// function: `with(statistics:)` gives the same network on the same data with others, and shares the compiled programs.
public final class NetworkObjective: Objective {
    private let programs: NetworkPrograms
    private let statistics: Statistics

    /// What batch normalisation subtracts and divides by, and whatever else the network's buffers hold.
    private enum Statistics {
        /// The same everywhere, in the order of the network's buffers.
        case fixed([Double])
        /// Another at every θ.
        case varying((_ theta: [Double]) throws -> [Double])
    }

    /// The network.
    public var network: Network { programs.network }
    /// The loss of an example.
    public var loss: Loss { programs.loss }
    /// Whether batch normalisation uses the statistics given, or those of every batch.
    public var batchNorm: BatchNormMode { programs.batchNorm }
    /// What the network computes in.
    public var precision: Precision { programs.precision }
    /// n.
    public var examples: Int { programs.examples }
    /// P.
    public var dimension: Int { network.parameters.count }
    /// The relative rounding error of a product.
    public var rounding: Double { precision == .float ? 0x1p-23 : 0x1p-52 }

    /// What the process may take. To be changed before anything is computed.
    public var memory: MemoryBudget {
        get { programs.memory }
        set { programs.memory = newValue }
    }

    /// Called between batches, with those that are done and how many there are; what it throws ends the computation.
    public var betweenBatches: ((_ done: Int, _ count: Int) throws -> Void)? {
        get { programs.betweenBatches }
        set { programs.betweenBatches = newValue }
    }

    /// Keeps what is computed in a journal, and takes from it what was computed before. To be called before anything is computed.
    ///
    /// - Parameter identity: of what the objective is made of.
    func keep(in journal: any Journal, _ identity: ContentKey) {
        programs.journal = ObjectiveJournal(journal, identity)
    }

    /// What is computed at a place, or was before.
    private func kept(
        _ kind: BatchProgram.Kind, _ name: String? = nil, at place: NetworkPrograms.Place,
        along vectors: [[Double]] = [], _ compute: () throws -> [Double]
    ) throws -> [Double] {
        guard let journal = programs.journal else { return try compute() }
        return try journal.numbers(
            name ?? "\(kind)", batch: programs.batchSize(kind), at: place, along: vectors, compute: compute)
    }

    /// Examples of a batch whose loss is computed at once, and whose statistics are those of batch normalisation by batches.
    ///
    /// - Throws: `ObjectiveError` where a batch does not fit the memory.
    public var batchSize: Int { get throws { try programs.batchSize } }

    /// Bytes that data and the few vectors of every analysis take.
    var heldBytes: Int { programs.heldBytes }

    /// The memory limit, in bytes, below which derivatives up to one are refused.
    public func leastMemory(_ derivative: DerivativeOrder = .product) -> Int { programs.leastMemory(derivative.kinds) }

    /// - Parameters:
    ///   - statistics: the network's buffers, such as running means, in the order of its layout.
    ///   - batchSize: examples taken at once; `nil` for as many as work well in memory.
    /// - Throws: `ObjectiveError` where the data do not fit the network.
    public init(
        network: Network, statistics: [Double] = [], data: Dataset, loss: Loss, batchNorm: BatchNormMode = .stored,
        precision: Precision = .float, batchSize: Int? = nil, memory: MemoryBudget = MemoryBudget()
    ) throws(ObjectiveError) {
        precondition(
            statistics.count == network.buffers.count,
            "\(statistics.count) buffer values, not \(network.buffers.count)")
        programs = try NetworkPrograms(
            network, data, loss, batchNorm, precision, batchSize: batchSize, memory: memory)
        self.statistics = .fixed(statistics)
    }

    private init(_ programs: NetworkPrograms, _ statistics: Statistics) {
        (self.programs, self.statistics) = (programs, statistics)
    }

    /// The same loss with other statistics of batch normalisation, such as running means that training went on averaging.
    ///
    /// - Parameter statistics: in the order of the network's buffers.
    public func with(statistics: [Double]) -> NetworkObjective { NetworkObjective(programs, .fixed(statistics)) }

    /// The same loss with statistics that depend on θ: for paths between networks, along which stored ones are those of neither.
    ///
    /// Derivatives take the statistics for constants. They are asked for at every computation.
    public func with(statistics: @escaping (_ theta: [Double]) throws -> [Double]) -> NetworkObjective {
        NetworkObjective(programs, .varying(statistics))
    }

    /// The sum of all weights, and how many elements have a class that counts.
    private var total: Double { programs.counts.total }
    private var classified: Double { programs.counts.classified(of: 0..<examples) }

    private func place(_ theta: [Double], along directions: [[Double]] = []) throws -> NetworkPrograms.Place {
        switch statistics {
        case .fixed(let values): .init(theta: .vector(theta), statistics: values, directions: directions)
        case .varying(let at): .init(theta: .vector(theta), statistics: try at(theta), directions: directions)
        }
    }

    /// θ of a model as it lies in Float32, unless a journal or statistics look at the vector.
    private func place(_ weights: StoredVector) throws -> NetworkPrograms.Place {
        guard precision == .float, programs.journal == nil, case .fixed(let statistics) = statistics,
            let floats = weights.floats
        else { return try place(weights.vector) }
        precondition(weights.count == dimension, "θ of length \(weights.count), not \(dimension)")
        return .init(theta: .floats(floats), statistics: statistics)
    }

    /// The network's buffers as the data's own batches would have them at θ: the mean over batches of each batch's mean and
    /// unbiased variance, weighted by their size (PyTorch's running averages with momentum None).
    ///
    /// - Precondition: the objective normalises by batch. Where there is no batch normalisation, the buffers are empty.
    public func batchStatistics(at theta: [Double]) throws -> [Double] {
        precondition(batchNorm == .batch, "batch statistics of an objective that normalises by stored ones")
        let place = try place(theta)
        return try kept(.value, "statistics", at: place) {
            try programs.sums(.value, at: place, numbers: network.buffers.count) { result, sums in
                for (buffer, values) in result.statistics {
                    let first = network.buffers.offsets[buffer]
                    for (i, value) in values.enumerated() {
                        sums[first + i] += value * Double(result.program.batch) / Double(examples)
                    }
                }
            }[0]
        }
    }

    /// How much some examples, by their numbers, count in the mean: the sum of the weights of their elements.
    public func weight(of examples: [Int]) -> Double { programs.counts.weight(of: examples) }

    /// Mean loss and share of elements classified right (nil for regression).
    public func evaluate(at theta: [Double]) throws -> Evaluation { try evaluate(at: place(theta)) }

    /// The same at a model's θ.
    func evaluate(at weights: StoredVector) throws -> Evaluation { try evaluate(at: place(weights)) }

    private func evaluate(at place: NetworkPrograms.Place) throws -> Evaluation {
        let numbers = try kept(.value, at: place) {
            let sum = try programs.sums(.value, at: place, numbers: 2) { $0.addLoss(to: &$1) }[0]
            return evaluation(sum).numbers
        }
        return Evaluation(numbers)
    }

    /// The standard error of L(θ) over examples; nil where a batch's statistics or a loss of whole batches join them, and where logits are so
    /// many that their losses are summed by blocks.
    public func standardError(at theta: [Double]) throws -> Double? {
        guard batchNorm == .stored || network.buffers.tensors.isEmpty, loss.fixedBatch == nil, examples > 1 else {
            return nil
        }
        let place = try place(theta), batchSize = try programs.batchSize(.value)
        // Σℓ, Σℓ², Σwℓ and Σw², and batches without losses of examples.
        let sums = try kept(.value, "standard error", at: place) {
            try programs.sums(.value, at: place, numbers: 5) { result, sums in
                let losses = result.losses
                guard losses.count == result.program.batch else { return sums[4] += 1 }
                for (row, loss) in losses.enumerated() {
                    let weight = programs.counts.weight(of: [result.batch * batchSize + row])
                    sums[0] += loss
                    sums[1] += loss * loss
                    sums[2] += weight * loss
                    sums[3] += weight * weight
                }
            }[0]
        }
        guard sums[4] == 0 else { return nil }
        let mean = sums[0] / total, count = Double(examples)
        let squares = max(0, sums[1] - 2 * mean * sums[2] + mean * mean * sums[3])
        return (squares * count / (count - 1)).squareRoot() / total
    }

    /// The means of sums of losses and of elements classified right.
    private func evaluation(_ sum: [Double]) -> Evaluation {
        Evaluation(loss: sum[0] / total, accuracy: loss.takesClasses ? sum[1] / classified : nil)
    }

    /// What does not depend on the points' coordinates is computed once where memory can keep it; else points are taken several at a
    /// time, and it is computed once for these.
    public func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws
        -> [Evaluation]
    {
        precondition(directions.allSatisfy { $0.count == dimension }, "directions of another length than θ")
        guard case .fixed = statistics else {
            return try coordinates.map { try evaluate(at: Self.point(theta, along: directions, $0)) }
        }
        let moves = directions.map { direction in
            network.parameters.tensors.indices.map { direction[network.parameters.range($0)].contains { $0 != 0 } }
        }
        let kind = BatchProgram.Kind.displacedValue(moves: moves)
        // Each point at once has displaced weights of its own, which leave the cache.
        let together =
            try programs.keepsEveryBatch(kind) ? 1 : min(programs.pointsAtOnce(kind), programs.tangentsAtOnce(kind))
        let place = try place(theta, along: directions)
        func compute(_ coordinates: [[Double]]) throws -> [Evaluation] {
            guard let team = Team.current, coordinates.count >= Self.pointsOfRank * team.count else {
                return try evaluate(kind, at: place, coordinates, together: together)
            }
            let shares = (0..<team.count).map {
                $0 * coordinates.count / team.count..<($0 + 1) * coordinates.count / team.count
            }
            let own = try evaluate(
                kind, at: place, Array(coordinates[shares[team.rank]]), together: together, isShared: false)
            return try Self.gathered(own, shares.map(\.count), by: team)
        }
        guard let journal = programs.journal else { return try compute(coordinates) }
        let batch = try programs.batchSize(kind)
        return try journal.evaluations("\(kind)", batch: batch, at: place, coordinates, compute: compute)
    }

    /// Points for each rank from which on ranks share the points of a slice and not the batches, which would be messages for each: with
    /// 4, ours, a rank waits for another a fifth of the time at most.
    private static let pointsOfRank = 4

    /// What all ranks have computed, in their order.
    private static func gathered(_ own: [Evaluation], _ counts: [Int], by team: Team) throws -> [Evaluation] {
        let width = own[0].numbers.count
        let numbers = try team.gather(own.flatMap(\.numbers), counts: counts.map { $0 * width })
        return stride(from: 0, to: numbers.count, by: width).map { Evaluation(Array(numbers[$0..<$0 + width])) }
    }

    private func evaluate(
        _ kind: BatchProgram.Kind, at place: NetworkPrograms.Place, _ coordinates: [[Double]], together: Int,
        isShared: Bool = true
    ) throws -> [Evaluation] {
        var results: [Evaluation] = []
        for first in stride(from: 0, to: coordinates.count, by: together) {
            let points = coordinates[first..<min(first + together, coordinates.count)]
            let part = (number: first / together, count: (coordinates.count + together - 1) / together)
            let sums = try programs.sums(
                kind, at: place, tangents: Array(points), part: part, isShared: isShared, numbers: 2
            ) { $0.addLoss(to: &$1) }
            results += sums.map(evaluation)
        }
        return results
    }

    /// f(xᵢ; θ) of every example, examples × outputs, row-major.
    public func outputs(at theta: [Double]) throws -> [Double] { try programs.outputs(at: place(theta)) }

    /// Sums over batches of what is made of the network's predictions, in Float64 and in a fixed order.
    ///
    /// - Parameters:
    ///   - numbers: how many each batch adds to.
    ///   - add: adds what a batch's predictions give, each of which is row-major.
    func predictionSums(
        at theta: [Double], numbers: Int, add: ([[Double]], inout [Double]) -> Void
    ) throws -> [Double] {
        try programs.sums(.predictions(sums: numbers), at: place(theta), numbers: numbers) { add($0.predictions, &$1) }[
            0]
    }

    /// L(θ) and ∇L(θ), P numbers.
    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        try valueAndGradient(at: place(theta))
    }

    /// ∇L(θ) at a model's θ, P numbers, as it was computed where one batch is all.
    func gradient(at weights: StoredVector) throws -> StoredVector {
        let place = try place(weights)
        if programs.journal == nil, let gradient = try programs.storedGradient(at: place, times: 1 / total) {
            return gradient
        }
        return StoredVector(try valueAndGradient(at: place).gradient)
    }

    private func valueAndGradient(at place: NetworkPrograms.Place) throws -> (value: Double, gradient: [Double]) {
        var gradient = try kept(.gradient, at: place) {
            var gradient = try programs.derivatives(.gradient, at: place, times: 1 / total)[0]
            gradient[dimension] /= total
            return gradient
        }
        let value = gradient.removeLast()
        return (value, gradient)
    }

    /// ‖gᵢ‖₂ of every example's own gradient, n numbers; with weights, of gradients whose mean is ∇L. The mean of their squares is the trace
    /// of the empirical Fisher matrix.
    ///
    /// - Throws: `ObjectiveError.noEmpiricalFisher` where an example has no loss of its own.
    public func gradientNorms(at theta: [Double]) throws -> [Double] {
        guard batchNorm == .stored || network.buffers.tensors.isEmpty else { throw ObjectiveError.noEmpiricalFisher }
        let place = try place(theta), scale = Double(examples) / total
        return try kept(.exampleGradient, "gradient norms", at: place) {
            var gradient = Vectors.zeros(dimension)
            return try programs.each(.exampleGradient, at: place) { result in
                gradient.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
                result.addDerivative(to: &gradient)
                return scale * Vectors.norm(gradient)
            }
        }
    }

    /// H v for each v, P numbers each.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.hessian, at: theta, along: vectors)
    }

    /// G v for each v, P numbers each.
    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.gaussNewton, at: theta, along: vectors)
    }

    /// F v for each v, P numbers each.
    public func fisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.fisher, at: theta, along: vectors)
    }

    /// F̂ v for each v, P numbers each.
    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try products(.empiricalFisher, at: theta, along: vectors)
    }

    private func products(_ kind: BatchProgram.Kind, at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]
    {
        let place = try place(theta)
        // Gradients of examples are such that their mean is the gradient.
        let isFisher = (kind == .fisher || kind == .empiricalFisher) && total != Double(examples)
        let scale = isFisher ? Double(examples) / (total * total) : 1 / total
        // What depends on θ alone is computed once a batch, then each vector's part.
        let together = max(1, min(vectors.count, try programs.tangentsAtOnce(kind)))
        var results: [[Double]] = []
        for first in stride(from: 0, to: vectors.count, by: together) {
            let some = Array(vectors[first..<min(first + together, vectors.count)])
            func means() throws -> [[Double]] {
                try programs.derivatives(kind, at: place, tangents: some, times: scale)
            }
            guard programs.journal != nil else {
                results += try means()
                continue
            }
            // A copy of one product alone would count where θ is large.
            if some.count == 1 {
                results.append(try kept(kind, "mean \(kind)", at: place, along: some) { try means()[0] })
                continue
            }
            let numbers = try kept(kind, "mean \(kind)", at: place, along: some) { Array(try means().joined()) }
            results += some.indices.map { Array(numbers[$0 * dimension..<($0 + 1) * dimension]) }
        }
        return results
    }
}

extension Evaluation {
    /// Loss and, where examples are classified, accuracy.
    var numbers: [Double] { [loss] + (accuracy.map { [$0] } ?? []) }

    init(_ numbers: [Double]) { self.init(loss: numbers[0], accuracy: numbers.count > 1 ? numbers[1] : nil) }
}
