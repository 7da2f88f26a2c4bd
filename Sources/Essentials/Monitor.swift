/// What long work reports to, and by which it is asked to stop.
///
/// Work calls `update` between its steps. What the monitor throws there, such as an `Interruption`, ends the work.
public struct Monitor: Sendable {
    /// How far a piece of work is.
    public struct State: Sendable {
        /// What is being done, such as `slice` or `eigenvectors`.
        public let task: String
        /// Steps done, and how many there are; nil where that cannot be known.
        public let done: Int, total: Int?
        /// Further words, made only where they are shown.
        public let detail: @Sendable () -> String
    }

    private let onUpdate: @Sendable (State) throws -> Void
    private let onRemark: @Sendable (String) -> Void

    /// - Parameters:
    ///   - onUpdate: called between steps, often; what it throws ends the work.
    ///   - onRemark: called with what a user should know while the work goes on, one line each.
    public init(
        onUpdate: @escaping @Sendable (State) throws -> Void, onRemark: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        (self.onUpdate, self.onRemark) = (onUpdate, onRemark)
    }

    /// Says nothing and never stops the work.
    public static let silent = Monitor(onUpdate: { _ in })

    /// Says how far a task is, and throws where the work is to end.
    public func update(
        _ task: String, _ done: Int, of total: Int?, _ detail: @autoclosure @escaping @Sendable () -> String = ""
    ) throws {
        try onUpdate(State(task: task, done: done, total: total, detail: detail))
    }

    /// Says what a user should know.
    public func remark(_ text: String) { onRemark(text) }
}
