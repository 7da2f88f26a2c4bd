/// A request that cannot be carried out as it stands, such as a direction that is zero or a file that holds no slice.
public struct UnusableRequest: DescribedError, Equatable {
    /// One line: what was found, what was expected, what to do.
    public let description: String

    /// A refusal in the caller's words.
    ///
    /// - Parameter description: one line: what was found, what was expected, what to do.
    public init(_ description: String) { self.description = description }

    /// True: the request is at fault.
    public var isOfRequest: Bool { true }
}
