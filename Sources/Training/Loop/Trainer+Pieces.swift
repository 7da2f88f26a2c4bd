import Objectives
import Ranks
import Tensors

/// The gradients of a step's pieces, be they shards or batches, added up in a fixed tree. Several ranks share the pieces.
extension Trainer {
    /// The mean of the pieces' vectors, each with its examples' weight.
    ///
    /// - Parameters:
    ///   - isShared: whether ranks share the pieces, where they do not share larger ones already.
    ///   - seen: what each batch was like, in the order of examples.
    ///   - vector: the vector of a piece; adds what its batches were like.
    /// - Throws: `NotFinite` of the first piece that has it; `RankError` where another rank fails.
    func mean(
        over pieces: [[Int]], isShared: Bool, _ seen: inout [SeenBatch],
        _ vector: ([Int], inout [SeenBatch]) throws -> [Double]
    ) throws -> [Double] {
        guard pieces.count > 1 else { return try vector(pieces[0], &seen) }
        let numbers = network.parameters.count, tree = BatchTree(batches: pieces.count, numbers: numbers)
        let team = isShared && batches.sharesParts ? Team.current : nil
        let share = team.map { tree.batches(of: tree.tree.shares($0.count)[$0.rank]) }
        let weights = pieces.map { batches.weight(of: $0) }, weight = weights.reduce(0, +)
        let sums = BatchSums(tree, tangents: 1, numbers: numbers, isPlain: false), formerLoss = lastFiniteLoss
        var own = PieceFindings()
        if team != nil { (batches.sharesParts, lastFiniteLoss) = (false, nil) }
        defer { if team != nil { batches.sharesParts = true } }
        for number in share ?? pieces.indices {
            var found: [Double]?
            do {
                if own.failure == nil { found = try vector(pieces[number], &own.seen) }
            } catch let failure as NotFinite {
                // The other ranks learn of it below.
                guard team != nil else { throw failure }
                own.failure = failure
            }
            sums.add(number, of: 0) { sum in
                // As in the mean over all. A piece in which nothing counts has no say.
                if let found { Vectors.add(weight > 0 ? weights[number] / weight : 0, found, to: &sum) }
            }
        }
        let sum = try sums.finish(team)[0]
        if let team {
            own.lastLoss = lastFiniteLoss
            own = try own.joined(by: team)
            lastFiniteLoss = own.lastLoss ?? formerLoss
            if let failure = own.failure { throw failure }
        }
        seen += own.seen
        return sum
    }
}

/// A batch at θ whose gradient was computed, and how many examples it has.
typealias SeenBatch = (batch: BatchGradient.Batch, count: Int)

/// What a rank has found of its pieces beside their vectors.
struct PieceFindings {
    var seen: [SeenBatch] = []
    /// The first number that is not finite.
    var failure: Trainer.NotFinite?
    /// The last mean loss before it.
    var lastLoss: Double?

    private static let quantities = ["loss", "gradient"].flatMap { [$0, $0 + Trainer.afterClimb] }

    /// What all ranks have found, in the order of pieces, up to the first failure.
    func joined(by team: Team) throws -> PieceFindings {
        let lengths = try team.gather([Double(numbers.count)], counts: .init(repeating: 1, count: team.count))
        let counts = lengths.map { Int($0) }, all = try team.gather(numbers, counts: counts)
        var result = PieceFindings(), first = 0
        for count in counts where result.failure == nil {
            let next = PieceFindings(Array(all[first..<first + count]))
            result.seen += next.seen
            (result.failure, result.lastLoss) = (next.failure, next.lastLoss ?? result.lastLoss)
            first += count
        }
        return result
    }

    init() {}

    private var numbers: [Double] {
        let failed = failure.flatMap { Self.quantities.firstIndex(of: $0.quantity) } ?? -1
        var result = [Double(failed), lastLoss ?? .nan]
        for (batch, count) in seen {
            result += [Double(count), batch.loss, batch.weight, batch.correct ?? -1, batch.classified]
            result.append(Double(batch.statistics.count))
            for (buffer, values) in batch.statistics {
                result += [Double(buffer), Double(values.count)] + values
            }
        }
        return result
    }

    private init(_ numbers: [Double]) {
        var place = 0
        func next() -> Double {
            place += 1
            return numbers[place - 1]
        }
        let failed = Int(next()), loss = next()
        failure = failed >= 0 ? Trainer.NotFinite(quantity: Self.quantities[failed]) : nil
        lastLoss = loss.isNaN ? nil : loss
        while place < numbers.count {
            let count = Int(next()), loss = next(), weight = next(), correct = next(), classified = next()
            let statistics = (0..<Int(next())).map { _ in
                let buffer = Int(next()), length = Int(next())
                return (buffer: buffer, values: (0..<length).map { _ in next() })
            }
            let batch = BatchGradient.Batch(
                loss: loss, weight: weight, correct: correct < 0 ? nil : correct, classified: classified,
                statistics: statistics)
            seen.append((batch, count))
        }
    }
}
