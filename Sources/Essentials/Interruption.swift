/// The wish to stop: long work looks for it between steps, keeps what it has, and ends with this error.
public struct Interruption: Error, Sendable, Equatable {
    /// How to go on, such as the command that resumes; nil where nothing was kept.
    public var advice: String?

    /// A wish to stop.
    public init(advice: String? = nil) { self.advice = advice }
}
