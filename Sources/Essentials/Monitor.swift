/// What long work reports to, and by which it is asked to stop.
///
/// Work calls `update` between its steps. What the monitor throws there, such as an `Interruption`, ends the work.
public struct Monitor: Sendable {
    /// How far a piece of work is.
    public struct State {
        /// What is being done, such as `slice` or `eigenvectors`.
        public let task: String
        /// Steps done, and how many there are; nil where that cannot be known.
        public let done: Int, total: Int?
        /// Further words, made only where they are shown.
        public let detail: () -> String
    }

    private let onUpdate: @Sendable (State) throws -> Void
    private let onRemark: @Sendable (String) -> Void
    private let onCheck: @Sendable () throws -> Void

    /// - Parameters:
    ///   - onUpdate: called between steps, often, on the thread that works; what it throws ends the work.
    ///   - onRemark: called with what a user should know while the work goes on, one line each.
    ///   - onCheck: called more often still, between batches of examples, perhaps on other threads; what it throws ends the work.
    public init(
        onUpdate: @escaping @Sendable (State) throws -> Void = { _ in },
        onRemark: @escaping @Sendable (String) -> Void = { _ in }, onCheck: @escaping @Sendable () throws -> Void = {}
    ) {
        (self.onUpdate, self.onRemark, self.onCheck) = (onUpdate, onRemark, onCheck)
    }

    /// Says nothing and never stops the work.
    public static let silent = Monitor()

    /// Says how far a task is, and throws where the work is to end.
    ///
    /// - Parameters:
    ///   - task: what is being done, such as `slice`.
    ///   - done: steps done.
    ///   - total: how many there are; nil where that cannot be known.
    ///   - detail: further words, made only where they are shown.
    public func update(_ task: String, _ done: Int, of total: Int?, _ detail: @autoclosure () -> String = "") throws {
        try withoutActuallyEscaping(detail) {
            try onUpdate(State(task: task, done: done, total: total, detail: $0))
        }
    }

    /// The same monitor for a part of the work: every task of it goes by this name.
    public func named(_ name: String) -> Monitor {
        Monitor(
            onUpdate: { try onUpdate(State(task: name, done: $0.done, total: $0.total, detail: $0.detail)) },
            onRemark: onRemark, onCheck: onCheck)
    }

    /// Throws where the work is to end.
    public func check() throws { try onCheck() }

    /// Says what a user should know.
    public func remark(_ text: String) { onRemark(text) }
}
