import Foundation
import Landscape
import Synchronization

/// Where a long command keeps what it has computed, so that `--resume` goes on from it.
enum KeptWork {
    private static let journal = Mutex<JournalFile?>(nil)

    /// Seconds of work that a killed process may lose. `LANDSCAPE_KEEP_SECONDS` in the environment gives others, for tests and for queues
    /// that end jobs without a warning.
    static var interval: Double {
        ProcessInfo.processInfo.environment["LANDSCAPE_KEEP_SECONDS"].flatMap(Double.init).flatMap {
            $0 >= 0 && $0 < 1e9 ? $0 : nil
        } ?? 30
    }

    /// The journal of this process's command, beside a checkpoint and named by the command and its options.
    ///
    /// - Throws: `JournalError` or `UnusableRequest` where there is nothing to go on from, or it is of something else.
    static func open(
        _ command: String, beside checkpoint: String, resumes: Bool, onRemark: @escaping @Sendable (String) -> Void
    ) throws -> any Journal {
        guard let team = Team.current else {
            return try openFile(command, beside: checkpoint, resumes: resumes, onRemark: onRemark)
        }
        let own =
            team.rank == 0
            ? try openFile(command, beside: checkpoint, resumes: resumes, onRemark: onRemark) : nil
        return SharedJournal(team, own, resumes: resumes)
    }

    /// Whether work of this process's command is kept beside a checkpoint, or in a folder.
    static func isThere(_ command: String, beside checkpoint: String) -> Bool {
        isThere(path(command, beside: checkpoint, title(LandscapeTool.arguments.dropFirst())))
    }

    private static func isThere(_ path: String) -> Bool {
        var information = stat()
        return lstat(FilePath.system(path), &information) == 0
    }

    private static func stem(_ command: String, beside checkpoint: String) -> String {
        let name = checkpoint.hasSuffix(".bin") ? String(checkpoint.dropLast(4)) : checkpoint
        let isFolder = RandomAccessFile.isFolder(checkpoint)
        return isFolder ? (checkpoint as NSString).appendingPathComponent(command) : name + ".\(command)"
    }

    private static func path(_ command: String, beside checkpoint: String, _ title: String) -> String {
        "\(stem(command, beside: checkpoint))-\(ContentKey(title).hexadecimal(8))\(ending)"
    }

    private static func openFile(
        _ command: String, beside checkpoint: String, resumes: Bool, onRemark: @escaping @Sendable (String) -> Void
    ) throws -> JournalFile {
        let title = title(LandscapeTool.arguments.dropFirst())
        let stem = stem(command, beside: checkpoint), path = path(command, beside: checkpoint, title)
        let isThere = isThere(path)
        if resumes, !isThere {
            let others = others(stem)
            throw UnusableRequest(
                "--resume: no work of this command with these options is kept (\(path))\(others.isEmpty ? "; start without --resume" : ", expected those of \(others.joined(separator: " or "))")"
            )
        }
        let opened = try JournalFile(
            path, title: title, interval: interval, resumes: resumes, onRemark: onRemark)
        if isThere, !resumes {
            onRemark("beginning anew; work of this command is kept in \(path), --resume goes on from it")
        }
        journal.withLock { $0 = opened }
        return opened
    }

    /// Writes what is kept of work that was interrupted.
    ///
    /// - Returns: how to go on, or that nothing is kept; nil for a command that keeps nothing here.
    static func advice() -> String? {
        guard let journal = journal.withLock({ $0 }) else { return nil }
        guard journal.save() else {
            return files.withLock { $0 }.map { "repeat the command to go on from \($0)" }
                ?? "nothing is kept yet, start again"
        }
        return "the work is kept in \(journal.path); repeat the command with --resume to continue"
    }

    /// Says that a command finds finished parts of its work in a folder, with --resume or without.
    static func alsoKeeps(in folder: String) { files.withLock { $0 = folder } }

    private static let files = Mutex<String?>(nil)

    /// Removes what was kept of finished work.
    static func finish() { journal.withLock { $0 }?.remove() }

    private static let ending = ".unfinished"

    /// The command and its options, but for those that change no number of the result.
    private static func title(_ arguments: some Sequence<String>) -> String {
        Origin.essential(Array(arguments)).map(\.printable).joined(separator: " ")
    }

    /// The titles of other work of the same command.
    private static func others(_ stem: String) -> [String] {
        let folder = FilePath.folder(of: stem), name = (stem as NSString).lastPathComponent
        let names = (try? FilePath.names(in: folder)) ?? []
        return names.sorted().filter { $0.hasPrefix(name + "-") && $0.hasSuffix(ending) }.compactMap {
            JournalFile.title(of: (folder as NSString).appendingPathComponent($0)).map { "'\($0)'" }
        }
    }
}
