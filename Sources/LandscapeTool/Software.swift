/// What results and checkpoints say wrote them.
enum Software {
    static let version = "0.1.0"
    static let name = "Landscape \(version)"
}

/// An argument that cannot be used, found after parsing.
struct UnusableArgument: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
