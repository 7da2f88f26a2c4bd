import ArgumentParser
import ArrayFiles
import Datasets
import Foundation
import Networks
import Training

/// The command line. Each subcommand is a file in Commands; none of them computes anything itself.
@main
struct LandscapeTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "landscape",
        abstract: "Measures how sharp the minimum is that a network sits in, shows it, and says how far to trust the number.",
        version: Software.version,
        subcommands: [
            TrainCommand.self, InfoCommand.self, EvaluateCommand.self, GradientCommand.self, SliceCommand.self, SharpnessCommand.self,
            HessianCommand.self,
        ])

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        var command: any ParsableCommand
        do { command = try parseAsRoot() } catch { exit(withError: error) }
        do { try command.run() } catch { fail(error) }
    }

    /// One line on standard error, and the exit code: 1 failed, 2 unusable arguments, 130 interrupted.
    private static func fail(_ error: any Error) -> Never {
        Progress.clear()
        switch error {
        case is CleanExit, is ExitCode, is ValidationError: exit(withError: error)
        case let interruption as Interruption:
            Progress.say("interrupted\(interruption.advice.map { "; " + $0 } ?? "")")
            Foundation.exit(130)
        default:
            Progress.say("error: \(error)")
            Foundation.exit(error is UnusableArgument || error is NetworkError ? 2 : 1)
        }
    }
}

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
