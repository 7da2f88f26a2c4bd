/// Labels that do not count in a loss.
public enum IgnoredLabel {
    /// −100, the default of PyTorch's `ignore_index`.
    public static let standard = -100
}
