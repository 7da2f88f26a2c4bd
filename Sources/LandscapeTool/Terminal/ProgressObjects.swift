import Landscape

/// Which objects `--progress json` writes, and when: asked ten times a second, it has one where the work has moved, and one a second
/// where it has not. A phase that had one has another at its end.
struct ProgressObjects {
    private static let idle = 1.0
    /// Where the work was at the last object of this phase; nil before the first.
    private var last: (mark: [Double], time: Double)?
    /// The last objects of phases that have ended.
    private var ended: [JSONValue] = []

    /// Notes that another phase takes the place of one.
    mutating func end(_ progress: Progress, at time: Double) {
        if last != nil { ended.append(progress.json(at: time)) }
        last = nil
    }

    /// What is to be written now.
    ///
    /// - Parameter isLast: whether the work is done, so that the phase ends.
    mutating func due(_ progress: Progress?, at time: Double, isLast: Bool = false) -> [JSONValue] {
        defer { ended = [] }
        guard let progress else { return ended }
        let mark = progress.mark
        guard isLast || last.map({ $0.mark != mark || time - $0.time >= Self.idle }) ?? true else { return ended }
        last = (mark, time)
        return ended + [progress.json(at: time)]
    }
}
