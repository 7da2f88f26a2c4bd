import ArgumentParser
import Foundation
import Landscape

/// The command line. Each subcommand is a file in Commands; none of them computes anything itself.
@main
struct LandscapeTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "landscape",
        abstract:
            "Draws the loss around the weights of a network, and measures how sharp the minimum is.",
        discussion: CommandConfiguration.discussion(examples: [
            "landscape train --model mlp:64-32-10 --data digits --epochs 20",
            "landscape slice --points 51x51",
        ]),
        version: Software.version,
        subcommands: [
            TrainCommand.self, InfoCommand.self, EvaluateCommand.self, GradientCommand.self, SliceCommand.self,
            SharpnessCommand.self, HessianCommand.self, MeasureCommand.self, ImportCommand.self, ExportCommand.self,
            TrajectoryCommand.self, InterpolateCommand.self, AlignCommand.self, AverageCommand.self, SaddleCommand.self,
            PlotCommand.self,
            MergeCommand.self,
            TopologyCommand.self,
            CompareCommand.self, ReportCommand.self, StudyCommand.self, SelfTestCommand.self,
        ])

    /// The words of the command line. Names of files need not be UTF-8, to which `CommandLine.arguments` repairs them.
    static let arguments = (0..<Int(CommandLine.argc)).compactMap { index in
        CommandLine.unsafeArgv[index].map { word in
            FilePath.text(UnsafeBufferPointer(start: word, count: strlen(word)).map { UInt8(bitPattern: $0) })
        }
    }

    static func main() {
        Ending.prepare()
        Ensemble.prepare()
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        let words = TrainCommand.completingAugment(joiningNegativeNumbers(arguments.dropFirst()))
        var command: any ParsableCommand
        do {
            if words.first == Manual.option { return try writeManual(words) }
            try checkCommand(words)
            command = try parseAsRoot(words)
        } catch {
            refuse(error)
        }
        do {
            try Ensemble.begin(command)
            try command.run()
        } catch { fail(error) }
        Terminal.standard.clear()
        KeptWork.finish()
        Ensemble.end(0)
    }

    /// The names of all commands.
    private static let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]

    /// `--generate-manual FOLDER`, beside the parser's own `--generate-completion-script SHELL`.
    private static func writeManual(_ words: [String]) throws {
        guard words.count == 2 else { throw ValidationError("\(Manual.option): expected the folder for the pages") }
        do { try Manual().write(to: words[1]) } catch { fail(error) }
    }

    /// Refuses a word that is no command. The parser would say only that it did not expect it.
    private static func checkCommand(_ words: [String]) throws {
        guard let name = words.first(where: { $0 != "help" }), !name.hasPrefix("-"), !names.contains(name) else {
            return
        }
        guard words.first != "help" || words.count == 2 else { return }
        throw ValidationError("unknown command '\(name.shown)'\(names.suggestion(for: name))")
    }

    /// Without a command: what to do first.
    func run() throws {
        try Terminal.standard.print { _ in
            Self.start.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
                PrintedLine(String($1), isHeader: $0 == 0)
            }
        }
    }

    private static let start = """
        Landscape draws the loss around the weights of a network, and measures how sharp the minimum is.

        Try these, in this order:
          landscape train --model mlp:64-32-10 --data digits --epochs 20
          landscape slice --points 51x51 --show
          landscape sharpness --rho 0.05

        With a model from PyTorch, exported by torch.onnx.export(…, optimize=False):
          landscape import model.onnx --data npy:X.npy,Y.npy -o model.bin
          landscape evaluate model.bin

        'landscape --help' lists all commands, 'landscape COMMAND --help' the options of one.
        """

    /// One line on standard error, and the exit code: 1 failed, 2 unusable arguments, 130 interrupted.
    static func fail(_ error: any Error) -> Never {
        Terminal.standard.clear()
        if exitCode(for: error) == .success {
            // Help, asked for by a flag of a command.
            Ensemble.end(0)
            exit(withError: error)
        }
        switch error {
        case is CleanExit, is ExitCode, is ValidationError: refuse(error)
        case let interruption as Interruption:
            let advice = [interruption.advice, KeptWork.advice()].compactMap { $0 }
            end(.interruption((["interrupted"] + advice).joined(separator: "; ")), 130)
        case FileError.interrupted,
            is CancellationError where Signals.isRequested:
            end(.interruption((["interrupted"] + [KeptWork.advice()].compactMap { $0 }).joined(separator: "; ")), 130)
        case let error as RankError:
            let text = (["\(error)"] + [KeptWork.advice()].compactMap { $0 }).joined(separator: "; ")
            end(.error(text), error.isOfRequest ? 2 : 1)
        default:
            if case .interrupted = (error as? KeptElsewhere)?.problem { end(.error("\(error)"), 130) }
            end(.error("\(error)"), (error as? any DescribedError)?.isOfRequest == true ? 2 : 1)
        }
    }

    /// Says why the program ends, once for all ranks, and ends it.
    private static func end(_ message: Message, _ code: Int32) -> Never {
        Terminal.standard.say(message)
        Ensemble.end(code, message.words)
        Foundation.exit(code)
    }

    /// `--x-range -1:1` becomes `--x-range=-1:1`: the parser would take the number for another option.
    private static func joiningNegativeNumbers(_ arguments: some Sequence<String>) -> [String] {
        var result: [String] = []
        for argument in arguments {
            if let last = result.last, last.hasPrefix("--"), !last.contains("="),
                argument.prefixMatch(of: /-\.?[0-9]/) != nil
            {
                result[result.count - 1] = last + "=" + argument
            } else {
                result.append(argument)
            }
        }
        return result
    }

    /// The parser's own errors in the same form: one line, without the usage that it would add. Help and version go through.
    private static func refuse(_ error: any Error) -> Never {
        guard exitCode(for: error) != .success else { exit(withError: error) }
        let words = withoutFarNames(
            message(for: error).replacing(/:?\n\s*-\s/, with: ", ").replacing("following,", with: "following:")
                .split(whereSeparator: \.isWhitespace).joined(separator: " "))
        let expected = words.firstMatch(of: /The value '(.*)' is invalid for '.*'$/).map { found in
            // The parser does not say what it wanted where that has no names: numbers.
            Double(found.1) == nil
                ? ", expected a number" : Int(found.1) == nil ? ", expected a whole number" : ", expected one from 0"
        }
        let suggestion = words.firstMatch(of: /The value '(.*)' is invalid for '.*'\. Please provide one of(.*)$/).map {
            found in
            found.2.matches(of: /[\p{L}\p{N}-]+/).map { String($0.output) }.filter { $0 != "and" && $0 != "the" }
                .suggestion(
                    for: String(found.1))
        }
        let help = fullMessage(for: error).firstMatch(of: /'(landscape [^']*--help)'/)?.1
        end(
            .error(
                "\(words.hasSuffix(".") ? String(words.dropLast()) : words)\(suggestion ?? expected ?? "")\(help.map { "; see \($0)" } ?? "")"
            ), 2)
    }

    /// The parser's message without its guess where that is another word altogether: it takes any that differs in three letters.
    private static func withoutFarNames(_ words: String) -> String {
        guard let found = words.firstMatch(of: /Unknown option '-*(.*)'(\. Did you mean '-*(.*)'\?)/) else {
            return words
        }
        return [String(found.3)].nearest(to: String(found.1)).isEmpty
            ? words.replacingOccurrences(of: String(found.2), with: "") : words
    }
}
