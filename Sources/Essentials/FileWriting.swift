import Synchronization

/// Whether this process writes files. One of several that do the same work on the same files may be told not to.
public enum FileWriting {
    private static let isOff = Atomic(false)

    /// From now on files that would be written, and folders that would be made, are not, without an error.
    public static func stop() { isOff.store(true, ordering: .relaxed) }

    /// Whether files are not written.
    public static var isStopped: Bool { isOff.load(ordering: .relaxed) }
}
