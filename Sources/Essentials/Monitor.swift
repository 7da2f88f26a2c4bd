/// The receiver of progress, the one who may stop long work, and the keeper of what it has computed.
///
/// Work calls `update(_:_:of:_:)` between its steps. An error that the monitor throws there, such as an `Interruption`,
/// ends the work.
public struct Monitor: Sendable {
    /// How far a task has come.
    public struct State {
        /// Name of the task, such as `slice` or `eigenvectors`.
        public let task: String
        /// Steps done, and how many there are; `total` is `nil` where that cannot be known.
        public let done: Int, total: Int?
        /// Steps that come next together, before progress is reported again; one, where nothing else is known.
        public let next: Int
        /// Further words for whoever shows progress. They are made only when they are asked for.
        public let detail: () -> String
    }

    private let onUpdate: @Sendable (State) throws -> Void
    private let onRemark: @Sendable (String) -> Void
    private let onCheck: @Sendable () throws -> Void
    private let onBatch: @Sendable (_ done: Int, _ count: Int) -> Void
    /// Where results are kept for work that goes on with them; nil where they are not.
    public let journal: (any Journal)?

    /// A monitor made of closures. Each does nothing where it is not given.
    ///
    /// - Parameters:
    ///   - onUpdate: called between steps, often, on the thread that works. An error that it throws ends the work.
    ///   - onRemark: called with each remark that a user should see while the work goes on, one line each.
    ///   - onCheck: called more often still, between batches of examples, perhaps on other threads. An error that it
    ///     throws ends the work.
    ///   - onBatch: called before each batch of examples, perhaps on other threads, with the batches of this pass over the
    ///     data that are done, and how many it has.
    ///   - journal: where results are kept for work that goes on with them; nil where they are not.
    public init(
        onUpdate: @escaping @Sendable (State) throws -> Void = { _ in },
        onRemark: @escaping @Sendable (String) -> Void = { _ in }, onCheck: @escaping @Sendable () throws -> Void = {},
        onBatch: @escaping @Sendable (_ done: Int, _ count: Int) -> Void = { _, _ in }, journal: (any Journal)? = nil
    ) {
        (self.onUpdate, self.onRemark, self.onCheck) = (onUpdate, onRemark, onCheck)
        (self.onBatch, self.journal) = (onBatch, journal)
    }

    /// The same monitor with a journal.
    public func keeping(in journal: any Journal) -> Monitor {
        Monitor(onUpdate: onUpdate, onRemark: onRemark, onCheck: onCheck, onBatch: onBatch, journal: journal)
    }

    /// Shows nothing and never stops the work.
    public static let silent = Monitor()

    /// Reports that `done` of `total` steps of a task are done.
    ///
    /// - Parameters:
    ///   - task: name of the task, such as `slice`.
    ///   - done: steps done.
    ///   - total: steps of the whole task; `nil` where that cannot be known.
    ///   - next: steps that come next together, before progress is reported again.
    ///   - detail: further words, made only where they are shown.
    /// - Throws: what the monitor's closure throws; the caller ends its work and passes the error on.
    public func update(
        _ task: String, _ done: Int, of total: Int?, next: Int = 1, _ detail: @autoclosure () -> String = ""
    ) throws {
        try withoutActuallyEscaping(detail) {
            try onUpdate(State(task: task, done: done, total: total, next: next, detail: $0))
        }
    }

    /// The same monitor for a part of the work: all of its tasks are reported under this name.
    public func named(_ name: String) -> Monitor {
        Monitor(
            onUpdate: {
                try onUpdate(State(task: name, done: $0.done, total: $0.total, next: $0.next, detail: $0.detail))
            },
            onRemark: onRemark, onCheck: onCheck, onBatch: onBatch, journal: journal)
    }

    /// Asks whether to go on.
    ///
    /// - Throws: what the monitor's closure throws; the caller ends its work and passes the error on.
    public func check() throws { try onCheck() }

    /// Reports how far a pass over the data has come, and asks whether to go on.
    ///
    /// - Parameters:
    ///   - batch: batches of this pass that are done.
    ///   - count: batches of the pass.
    /// - Throws: what the monitor's closure throws; the caller ends its work and passes the error on.
    public func check(batch: Int, of count: Int) throws {
        onBatch(batch, count)
        try onCheck()
    }

    /// Tells the user one line about the work, such as a fallback that was taken.
    public func remark(_ text: String) { onRemark(text) }
}
