/// The name and version that results and checkpoints record.
public enum Software {
    /// The version of this package, by semantic versioning.
    public static let version = "0.1.0"
    /// Name and version, such as `Landscape 0.1.0`.
    public static let name = "Landscape \(version)"
}
