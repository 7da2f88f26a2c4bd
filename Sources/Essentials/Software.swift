/// What results and checkpoints say wrote them.
public enum Software {
    /// Of this package (semantic versioning).
    public static let version = "0.1.0"
    /// The name with the version.
    public static let name = "Landscape \(version)"
}
