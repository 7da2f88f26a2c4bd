import Essentials
import Objectives
import Ranks

extension Monitor {
    /// Parts of an analysis that have nothing to do with each other, each of which is kept as a whole. On several ranks each computes
    /// some of them alone.
    ///
    /// - Parameters:
    ///   - settings: all that the result of a part depends on beside the objective and θ.
    ///   - compute: the result of a part, by its number.
    func parts<Result: Codable>(
        _ count: Int, of objective: any Objective, at theta: [Double], _ settings: (Int) -> [String],
        compute: (Int) throws -> Result
    ) throws -> [Result] {
        guard let team = Team.current, count > 1 else {
            return try (0..<count).map { number in
                try part(of: objective, at: theta, settings(number)) { try compute(number) }
            }
        }
        var results: [Result] = []
        for first in stride(from: 0, to: count, by: team.count) {
            results += try round(
                Array(first..<min(first + team.count, count)), team,
                key: { key(of: objective, at: theta, settings($0)) }, compute)
        }
        return results
    }

    /// Parts that ranks compute at the same time, each at most one.
    private func round<Result: Codable>(
        _ numbers: [Int], _ team: Team, key: (Int) -> JournalKey?, _ compute: (Int) throws -> Result
    ) throws -> [Result] {
        let keys = numbers.map(key)
        var packed = keys.map { key -> [Double]? in
            guard let journal, let key, journal.hasEarlier else { return nil }
            return journal.numbers(of: key)
        }
        let missing = packed.indices.filter { packed[$0] == nil }
        let clock = ContinuousClock(), start = clock.now
        let own =
            team.rank < missing.count
            ? try Team.alone { try Self.packed(try compute(numbers[missing[team.rank]])) } : []
        let lengths = try team.gather([Double(own.count)], counts: .init(repeating: 1, count: team.count))
        let all = try team.gather(own, counts: lengths.map { Int($0) })
        let seconds = (clock.now - start) / .seconds(1)
        var place = 0
        for (rank, number) in missing.enumerated() {
            let found = Array(all[place..<place + Int(lengths[rank])])
            place += found.count
            packed[number] = found
            guard let journal, let key = keys[number],
                journal.isWorthKeeping(found.count, digested: 0, seconds: seconds)
            else { continue }
            journal.keep(found, under: key, seconds: seconds)
        }
        return try packed.map { try Self.unpacked($0!) }
    }
}
