/// The error with which long work ends when it was asked to stop.
///
/// Work looks for the wish between its steps and keeps what it has.
public struct Interruption: Error, Sendable, Equatable {
    /// How to go on, such as the command that resumes; `nil` where nothing was kept.
    public var advice: String?

    /// An interruption, with what to tell the user about going on.
    public init(advice: String? = nil) { self.advice = advice }
}
