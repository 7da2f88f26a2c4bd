import Essentials
import Foundation

/// What is no file on a disk and cannot stand in for one.
public enum SpecialFile: Sendable {
    /// A socket.
    case socket
    /// A disk, or part of one.
    case disk
    /// A terminal.
    case terminal
    /// A pipe that no program writes to.
    case unwrittenPipe
    /// A pipe that no program reads.
    case unreadPipe

    /// Seconds to wait for another program to open a pipe.
    static let patience = 5.0

    /// The kind of what a path leads to, as far as that can be seen without opening it; `nil` for files, folders, pipes and devices that
    /// may do, and for nothing at all.
    init?(_ path: String) {
        var information = stat()
        guard stat(FilePath.system(path), &information) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFSOCK: self = .socket
        case S_IFBLK: self = .disk
        default: return nil
        }
    }

    /// What was found, and what to do.
    var words: (found: String, advice: String) {
        switch self {
        case .socket: ("a socket", "name a file")
        case .disk: ("a disk", "name a file on it")
        case .terminal: ("a terminal", "name a file, or a pipe that a program writes to")
        case .unwrittenPipe: ("a pipe that no program writes to", "start that program first")
        case .unreadPipe: ("a pipe that no program reads", "start that program first")
        }
    }
}
