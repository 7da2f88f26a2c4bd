import Essentials

/// Why ranks cannot compute together, or can no more.
public enum RankError: DescribedError, Equatable {
    /// No library of MPI can be loaded.
    case noLibrary(launcher: String, reason: String)
    /// Slurm has started tasks that cannot find each other.
    case unconnected(count: Int)
    /// The library is not the launcher's.
    case otherLibrary(library: String, launcher: String)
    /// MPI does not start.
    case notStarted(library: String, code: Int)
    /// MPI waits for ranks that do not start it.
    case alone(library: String, seconds: Int)
    /// Ranks have other programs, options, weights or data.
    case different(what: String, rank: Int, host: String, found: String, expected: String)
    /// A rank has failed.
    case failed(rank: Int, host: String, text: String, code: Int32)
    /// A rank gives no sign of life.
    case lost(rank: Int, host: String, seconds: Int)
    /// A transfer cannot be made.
    case transfer(rank: Int, host: String, reason: String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .noLibrary(let launcher, let reason):
            "no MPI library for \(launcher) is found (\(reason)); install the one that the launcher belongs to, or name it in \(Launch.variable)"
        case .unconnected(let count):
            "srun has started \(count) tasks without MPI; give it --mpi=pmix or --mpi=pmi2, or set \(Launch.variable)=off for tasks that have nothing to do with each other"
        case .otherLibrary(let library, let launcher):
            "\(launcher) has started this process, but \(library) is another MPI; use the launcher of that library, or name the launcher's own in \(Launch.variable)"
        case .notStarted(let library, let code): "\(library) does not start: error \(code) of MPI_Init_thread"
        case .alone(let library, let seconds):
            "\(library) has waited \(seconds) s for the other ranks to start; give all ranks the same command, and look whether one has ended"
        case .different(let what, let rank, let host, let found, let expected):
            "rank \(rank) on \(host) has another \(what): found \(found), expected \(expected) as rank 0 has; let all ranks have the same program, options and files"
        case .failed(let rank, let host, let text, _): "rank \(rank) on \(host): \(text)"
        case .lost(let rank, let host, let seconds):
            "rank \(rank) on \(host) has given no sign of life for \(seconds) s: it was stopped, or cannot be reached"
        case .transfer(let rank, let host, let reason): "messages with rank \(rank) on \(host) failed: \(reason)"
        }
    }

    /// Whether it is the request that is at fault.
    public var isOfRequest: Bool {
        switch self {
        case .different, .unconnected: true
        case .failed(_, _, _, let code): code == 2
        default: false
        }
    }
}
