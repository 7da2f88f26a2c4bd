import Essentials

/// Why work cannot go on from a journal.
public enum JournalError: DescribedError, Equatable {
    case changed(path: String, name: String)
    case damaged(path: String)
    case inUse(path: String)
    case ofOtherWork(path: String, found: String, expected: String)

    /// True: without --resume the work begins anew.
    public var isOfRequest: Bool { true }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .changed(let path, let name):
            "--resume: \(path) keeps work on another \(name): the checkpoint, its data or how they are read have changed; start without --resume"
        case .damaged(let path):
            "--resume: \(path) holds no work that was kept; remove it and start without --resume"
        case .inUse(let path): "--resume: another run of this command is at work on \(path); wait until it has ended"
        case .ofOtherWork(let path, let found, let expected):
            "--resume: \(path) keeps the work of '\(found)', expected '\(expected)'; repeat its options, or start without --resume"
        }
    }
}
