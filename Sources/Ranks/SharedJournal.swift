import Essentials

/// A journal of several ranks: rank 0 keeps it, and all take the results that it finds, so that they stay in step.
public final class SharedJournal: Journal {
    private let team: Team
    /// Nil on others than rank 0.
    private let kept: (any Journal)?
    /// Whether results of an earlier run may be found. The thread that works alone reads and writes it.
    private nonisolated(unsafe) var mayHaveEarlier: Bool

    /// - Parameters:
    ///   - kept: rank 0's journal; `nil` on others.
    ///   - resumes: whether the work goes on from an earlier run.
    public init(_ team: Team, _ kept: (any Journal)?, resumes: Bool) {
        (self.team, self.kept, mayHaveEarlier) = (team, kept, resumes)
    }

    /// Numbers of rank 0; nil where it has none, and where it cannot be asked any more, which the next sum tells.
    private func shared(_ numbers: @autoclosure () -> [Double]?) -> [Double]? {
        (try? team.broadcast(numbers())) ?? nil
    }

    /// Whether ranks do different things at present, so that none can ask another.
    private var isAlone: Bool { Team.current == nil }

    /// Whether rank 0 has results that were not asked for yet.
    public var hasEarlier: Bool {
        guard mayHaveEarlier, !isAlone else { return false }
        mayHaveEarlier = shared(kept?.hasEarlier == true ? [] : nil) != nil
        return mayHaveEarlier
    }

    /// What rank 0 finds.
    public func numbers(of key: JournalKey) -> [Double]? {
        isAlone ? nil : shared(kept?.numbers(of: key))
    }

    /// False on others than rank 0, and where ranks do different things.
    public func isWorthKeeping(_ count: Int, digested: Int, seconds: Double) -> Bool {
        guard !isAlone else { return false }
        return kept?.isWorthKeeping(count, digested: digested, seconds: seconds) ?? false
    }

    /// Keeps numbers on rank 0.
    public func keep(_ numbers: [Double], under key: JournalKey, seconds: Double) {
        kept?.keep(numbers, under: key, seconds: seconds)
    }

    /// What rank 0 finds, else what all compute and rank 0 keeps.
    public func part(_ key: JournalKey, compute: () throws -> [Double]) throws -> [Double] {
        if hasEarlier, let known = numbers(of: key) { return known }
        guard let kept, !isAlone else { return try compute() }
        return try kept.part(key, compute: compute)
    }

    /// Compares on rank 0.
    public func confirm(_ name: String, _ digest: JournalKey) throws { try kept?.confirm(name, digest) }

    /// Keeps a state on rank 0.
    public func keepState(_ numbers: @autoclosure () -> [Double], under key: JournalKey, isLast: Bool) {
        if !isAlone { kept?.keepState(numbers(), under: key, isLast: isLast) }
    }
}
