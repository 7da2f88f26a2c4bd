import ArgumentParser
import Foundation
import Landscape

/// A command whose work all ranks share. Any other runs on rank 0 alone.
protocol SharedCommand: ParsableCommand {
    /// Whether its options make it one.
    var isShared: Bool { get }
}

extension SharedCommand {
    var isShared: Bool { true }
}

/// This process as one of those that a launcher of MPI has started. Rank 0 alone prints, draws and writes.
enum Ensemble {
    /// How it was started; nil for a process alone.
    static let launch = Launch(ProcessInfo.processInfo.environment)

    /// Whether this process speaks.
    static var isFirst: Bool { launch.map { $0.rank == 0 } ?? true }

    /// To be called before anything is said: other ranks than the first are silent and write no files.
    static func prepare() {
        guard !isFirst else { return }
        FileWriting.stop()
        let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
        if nothing >= 0 { dup2(nothing, STDOUT_FILENO) }
    }

    /// Brings the ranks together for a command whose work they share; for any other, all but the first are done.
    static func begin(_ command: some ParsableCommand) throws {
        guard let launch, launch.count > 1 else { return }
        guard (command as? any SharedCommand)?.isShared == true else {
            if launch.rank > 0 { exit(0) }
            return
        }
        // MPI's own handlers would hide what went wrong.
        Signals.watch()
        try Team.start(
            launch,
            traits: [
                ("version", Software.version), ("kernel set", Precision.kernels),
                ("command line", LandscapeTool.arguments.dropFirst().joined(separator: "\u{0}")),
            ]
        ) { LandscapeTool.fail($0) }
    }

    /// What a user should know of how processors are shared; nil for nothing.
    static var remark: String? {
        guard let launch else { return nil }
        let team = Team.current
        let local = team.map { team in team.hosts.count { $0 == team.hosts[team.rank] } } ?? 1
        let (allowed, part) = (Threads.allowed, Threads.part(of: local))
        guard allowed < part, Threads.count <= allowed else { return nil }
        let advice = launch.launcher == "Open MPI" ? "--bind-to none" : "no binding to cores"
        return
            "\(launch.launcher) binds each process to \(allowed) of \(part * local) processors, of which \(part) are its part; give the launcher \(advice)"
    }

    /// Ends all ranks with this one. Other ranks than the first tell that one what is wrong, and do not return.
    static func end(_ code: Int32, _ text: String = "") {
        if let team = Team.current { return team.end(code, text) }
        guard let launch, launch.rank > 0, code != 0 else { return }
        // Most likely the first rank ends with the same, and says so: then the launcher ends this one.
        Thread.sleep(forTimeInterval: 1.5)
        FileHandle.standardError.write(Data("landscape: error: rank \(launch.rank): \(text)\n".utf8))
    }
}
