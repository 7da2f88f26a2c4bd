/// A request that cannot be carried out as it stands, such as a direction that is zero or a file that is no slice.
public struct UnusableRequest: DescribedError, Equatable {
    /// What was found, what was expected, what to do.
    public let description: String

    /// - Parameter description: one line: what was found, what was expected, what to do.
    public init(_ description: String) { self.description = description }

    /// True: the request itself cannot be meant.
    public var isOfRequest: Bool { true }
}
