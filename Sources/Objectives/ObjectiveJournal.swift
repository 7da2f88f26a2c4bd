import ArrayFiles
import Datasets
import Essentials
import Networks
import Tensors

/// Results of an objective in a journal: losses, gradients and products, found by all that they depend on.
final class ObjectiveJournal {
    private let journal: any Journal
    /// Of network, data, loss and arithmetic.
    private let identity: ContentKey
    /// The vectors of the last place, such as θ of a slice, and their digests. The programs hold them, too.
    private var known: [(vector: [Double], key: ContentKey)] = []

    init(_ journal: any Journal, _ identity: ContentKey) { (self.journal, self.identity) = (journal, identity) }

    /// What is computed at a place, or was.
    ///
    /// - Parameters:
    ///   - kind: what is computed there.
    ///   - batch: examples that are computed at once, whose sums are rounded together.
    ///   - vectors: of θ's length, on which it depends beside θ.
    func numbers(
        _ kind: String, batch: Int, at place: NetworkPrograms.Place, along vectors: [[Double]] = [],
        compute: () throws -> [Double]
    ) throws -> [Double] {
        let unknown = Self.vectors(of: place).filter { find($0) == nil } + vectors
        return try journal.numbers(digested: unknown.reduce(0) { $0 + $1.count }) {
            var key = key(kind, batch, place)
            for vector in vectors { key.add(vector) }
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
        let key = key(kind, batch, place)
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

    /// What is computed, and where.
    private func key(_ kind: String, _ batch: Int, _ place: NetworkPrograms.Place) -> ContentKey {
        known = Self.vectors(of: place).map { vector in
            if let key = find(vector) { return (vector, key) }
            var key = ContentKey()
            key.add(vector)
            return (vector, key)
        }
        var key = identity
        key.add("\(kind) \(batch) \(known.count)")
        for one in known { key.add(one.key) }
        return key
    }

    private static func vectors(of place: NetworkPrograms.Place) -> [[Double]] {
        guard case .vector(let theta) = place.theta else { preconditionFailure("a journal of θ that is no vector") }
        return [theta, place.statistics] + place.directions
    }

    private func find(_ vector: [Double]) -> ContentKey? {
        // Arrays are values: the same storage, kept alive here, holds the same numbers.
        known.first { known in
            known.vector.count == vector.count
                && known.vector.withUnsafeBufferPointer { a in
                    vector.withUnsafeBufferPointer { $0.baseAddress == a.baseAddress }
                }
        }?.key
    }
}

extension ContentKey {
    /// Takes in a vector as an array of its numbers.
    mutating func add(_ vector: StoredVector) { add(numbers: vector.count) { vector.numbers($0) } }

    /// Takes in all examples: names, shapes and numbers.
    package mutating func add(_ data: Dataset) {
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
