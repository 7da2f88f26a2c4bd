import ArrayFiles
import Datasets
import Essentials
import Networks

/// Results of an objective in a journal: losses, gradients and products, found by all that they depend on.
final class ObjectiveJournal {
    private let journal: any Journal
    /// Of network, data, loss and arithmetic.
    private let identity: ContentKey
    /// Vectors that come again and again, such as θ of a slice, and their digests.
    private var known: [(vector: [Double], key: ContentKey)] = []
    private static let mostKnown = 4

    init(_ journal: any Journal, _ identity: ContentKey) { (self.journal, self.identity) = (journal, identity) }

    /// Whether looking at results one by one is of use.
    var hasEarlier: Bool { journal.hasEarlier }

    /// What is computed at a place, or was.
    ///
    /// - Parameters:
    ///   - kind: what is computed there.
    ///   - batch: examples that are computed at once, whose sums are rounded together.
    ///   - vectors: of θ's length, on which it depends beside θ.
    ///   - coordinates: further numbers on which it depends.
    func numbers(
        _ kind: String, batch: Int, at place: NetworkPrograms.Place, along vectors: [[Double]] = [],
        _ coordinates: [Double] = [], compute: () throws -> [Double]
    ) throws -> [Double] {
        let all = [place.theta, place.statistics] + place.directions + vectors
        let digested = all.reduce(coordinates.count) { $0 + (isKnown($1) ? 0 : $1.count) }
        return try journal.numbers(digested: digested) {
            var key = identity
            key.add("\(kind) \(batch) \(all.count)")
            for vector in all { key.add(digest(vector)) }
            key.add(coordinates)
            return key.journal
        } compute: {
            try compute()
        }
    }

    /// Losses at displaced points, of which those that were computed before are taken; the others are computed together.
    func evaluations(
        _ kind: String, batch: Int, at place: NetworkPrograms.Place, _ coordinates: [[Double]],
        compute: ([[Double]]) throws -> [Evaluation]
    ) throws -> [Evaluation] {
        var key = identity
        key.add("\(kind) \(batch) \(place.directions.count)")
        for vector in [place.theta, place.statistics] + place.directions { key.add(digest(vector)) }
        let keys = coordinates.map { coordinates in
            var own = key
            own.add(coordinates)
            return own.journal
        }
        var results = keys.map { journal.hasEarlier ? journal.numbers(of: $0).map(Evaluation.init) : nil }
        let missing = results.indices.filter { results[$0] == nil }
        guard !missing.isEmpty else { return results.map { $0! } }
        let clock = ContinuousClock(), start = clock.now
        let computed = try compute(missing.map { coordinates[$0] })
        let seconds = (clock.now - start) / .seconds(1) / Double(missing.count)
        for (i, evaluation) in zip(missing, computed) {
            results[i] = evaluation
            let numbers = evaluation.numbers
            if journal.isWorthKeeping(numbers.count, digested: 0, seconds: seconds) {
                journal.keep(numbers, under: keys[i], seconds: seconds)
            }
        }
        return results.map { $0! }
    }

    private func isSame(_ a: [Double], _ b: [Double]) -> Bool {
        // Arrays are values: the same storage, kept alive here, holds the same numbers.
        a.count == b.count
            && a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { $0.baseAddress == a.baseAddress } }
    }

    private func isKnown(_ vector: [Double]) -> Bool { known.contains { isSame($0.vector, vector) } }

    private func digest(_ vector: [Double]) -> ContentKey {
        if let found = known.first(where: { isSame($0.vector, vector) }) { return found.key }
        var key = ContentKey()
        key.add(vector)
        known.append((vector, key))
        if known.count > Self.mostKnown { known.removeFirst() }
        return key
    }
}

extension ContentKey {
    /// Takes in all examples: names, shapes and numbers.
    mutating func add(_ data: Dataset) {
        for input in data.arrays {
            add("\(input.name) \(input.shape)")
            switch input.values {
            case .floats(let values): add(values)
            case .doubles(let values): add(values)
            case .tokens(let values): add(values)
            case .streamed(let file): add(file.identity)
            }
        }
        switch data.targets {
        case .classes(let labels, let count):
            add("classes \(count) \(data.targetShape)")
            add(labels)
        case .values(let values, _):
            add("values \(data.targetShape)")
            add(values)
        case .none: add("none")
        }
        if let weights = data.weights {
            add("weights \(weights.shape)")
            add(weights.values)
        }
    }
}
