import Foundation
import TestSupport
import Testing

@testable import LandscapeTool

/// Every option of every command with numbers that nobody means: found in the program's own description of itself, so that no option is
/// forgotten. None may end in a trap or run past a request to stop, and a refusal is one line.
@Suite(.timeLimit(.minutes(30))) struct OptionRangeTests {
    private static let values = [
        "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4611686018427387904",
        "1000000000", "nan", "inf", "-inf", "1e300", "1e-300", "", "1,2", "0.1,nan", "1:2", "-1e308:1e308",
        "1x9223372036854775807", "3/0", "0/9223372036854775807", "9223372036854775807 steps", "1e300T",
    ]
    /// Of an option whose code was tried with another command.
    private static let few = ["0", "9223372036854775807", "nan"]

    /// Little work for each command. A command that is missing here fails the test.
    private static let lines: [String: String] = [
        "train": "--model linear --data digits --epochs 2 --examples 8", "info": "ckpt.bin", "evaluate": "--examples 8",
        "gradient": "--examples 8", "slice": "--points 3 --examples 8",
        "sharpness": "--steps 2 --restarts 1 --examples 8", "hessian": "--iterations 4 --examples 8",
        "measure":
            "--measures evaluate,gradient,hessian,sharpness,slice --iterations 4 --steps 2 --restarts 1 --points 3 --examples 8",
        "import": "ckpt.bin --model linear --data digits -o imported.bin", "export": "-o weights.npz",
        "trajectory": "run --points 3 --examples 8", "align": "ckpt.bin other.bin -o aligned.bin",
        "average": "ckpt.bin other.bin -o average.bin --examples 8",
        "interpolate": "ckpt.bin other.bin --points 3 --examples 8",
        "saddle": "--steps 2 --descent-steps 2 --iterations 4 --examples 8",
        "plot": "slice.npz", "merge": "slice.npz -o merged.npz", "topology": "slice.npz",
        "compare": "ckpt.bin other.bin --points 3 --examples 8",
        "report": "ckpt.bin --points 3 --examples 8", "study": "run --probes 6 --samples 2 --examples 8",
        "selftest": "",
    ]
    /// What else an option needs to have an effect.
    private static let company: [String: String] = [
        "sharpness --eta": "--adaptive", "sharpness --samples": "--measure average",
        "sharpness --box-epsilon": "--measure keskar --box-steps 1 --box-repeats 1",
        "sharpness --subspace": "--measure keskar --box-steps 1 --box-repeats 1",
        "sharpness --box-steps": "--measure keskar --box-repeats 1",
        "sharpness --box-repeats": "--measure keskar --box-steps 1", "hessian --probes": "--trace",
        "sharpness --increase": "--measure pac-bayes --samples 2",
        "sharpness --chains": "--measure learning-coefficient --draws 100",
        "sharpness --draws": "--measure learning-coefficient --chains 2",
        "sharpness --localization": "--measure learning-coefficient --chains 2 --draws 100",
        "sharpness --along": "--measure critical", "hessian --damping": "--noise", "hessian --logdet": "--operator ggn",
        "hessian --save-diagonal": "--diagonal", "gradient --save-norms": "--by-example",
        "train --rho": "--optimizer sam", "train --eta": "--optimizer asam", "train --alpha": "--optimizer gsam",
        "train --look-every": "--optimizer looksam", "train --m": "--optimizer sam",
        "train --sigma": "--optimizer fsam", "train --averaging": "--optimizer fsam",
        "train --eigen-every": "--optimizer eigensam", "train --track-top": "--track-sharpness 1",
        "train --adam-lr": "--optimizer muon --model mlp:64-4-4-10",
        "interpolate --align-examples": "--align activations", "interpolate --align-refine": "--align weights",
        "interpolate --align-lr": "--align weights --align-refine 2", "align --align-examples": "--by activations",
        "align --align-lr": "--align-refine 2",
        "interpolate --bends": "--curve bezier --steps 1", "interpolate --lr": "--curve bezier --steps 1",
        "interpolate --curve-batch-size": "--curve bezier --steps 1", "interpolate --steps": "--curve bezier",
        "interpolate --cycles": "--curve neb --steps 1", "interpolate --save-curve": "--curve polygon --steps 1",
        "study --audit-seeds": "--audit again", "study --audit-lr": "--audit again",
        "study --audit-batch-size": "--audit again",
    ]

    /// The words of a command line without an option that is to be given otherwise.
    private static func line(_ command: String, without option: String) -> [String] {
        let alike = command == "measure" ? [command, "sharpness", "hessian"] : [command]
        let company = alike.lazy.compactMap { Self.company["\($0) \(option)"] }.first
        var words = Tool.words([lines[command] ?? "", company ?? ""].joined(separator: " "))
        // One of these three says how long a training is.
        let replaced =
            ["--steps", "--gradients", "--max-grad-evals"].contains(option) ? [option, "--epochs"] : [option]
        // Of a measure without a search for the worst case.
        let isOther = words.contains("--measure")
        for name in replaced + (isOther ? ["--steps", "--restarts"] : []) {
            if let place = words.firstIndex(of: name) { words.removeSubrange(place...(place + 1)) }
        }
        return [command] + words + ["--quiet"]
    }

    private static func prepared() throws -> Folder {
        let folder = try Folder()
        try Tool.succeed("train --model linear --data digits --steps 3 --examples 8 --quiet", in: folder)
        try folder.makeFolder("run")
        for step in 1...3 {
            try Tool.succeed(
                "train --model linear --data digits --steps \(step) --examples 8 --quiet -o run/\(step).bin", in: folder
            )
        }
        try folder.write(try folder.bytes("run/2.bin"), to: "other.bin")
        try Tool.succeed("slice --points 3x3 --examples 8 --quiet -o slice.npz", in: folder)
        return folder
    }

    @Test func everyOption() throws {
        let text = try Tool.run(["--experimental-dump-help"], in: try Folder()).output
        let description = try JSONDecoder().decode(Manual.Description.self, from: Data(text.utf8))
        var seen: Set<String> = []
        var runs: [(option: String, words: [String])] = []
        for command in description.command.subcommands ?? [] where command.commandName != "help" {
            let name = command.commandName
            #expect(Self.lines[name] != nil, "\(name): no command line to try its options with")
            for argument in command.arguments ?? [] where argument.kind == "option" && argument.allValues == nil {
                let option = try #require(argument.names?.first?.text)
                let isNew = seen.insert("\(option) \(argument.abstract ?? "")").inserted
                for value in isNew && name != "selftest" ? Self.values : Self.few {
                    let given = option.hasPrefix("--") ? ["\(option)=\(value)"] : [option, value]
                    runs.append((option, Self.line(name, without: option) + given))
                }
            }
        }
        #expect(runs.count > 1000)
        // Each worker has a folder of its own: some write.
        let workers = 4, all = runs
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            do {
                let folder = try Self.prepared()
                for index in stride(from: worker, to: all.count, by: workers) {
                    try Self.check(all[index].option, all[index].words, in: folder)
                }
            } catch { Issue.record("\(error)") }
        }
    }

    private static func check(_ option: String, _ words: [String], in folder: Folder) throws {
        let run = try Tool.Run(words, in: folder)
        let line = "landscape \(words.joined(separator: " "))"
        // What is allowed and takes long is asked to stop.
        var waited = 0
        run.wait {
            usleep(1000)
            waited += 1
            return waited > 300
        }
        let isLong = run.process.isRunning
        if isLong { run.process.interrupt() }
        run.wait {
            usleep(1000)
            waited += 1
            return waited > 60_000
        }
        let isStuck = run.process.isRunning
        if isStuck { kill(run.process.processIdentifier, SIGKILL) }
        let outcome = try run.finish()
        #expect(!isStuck, "\(line): did not stop when asked to")
        guard !isStuck else { return }
        #expect(!outcome.isKilled, "\(line): signal \(outcome.code), \(outcome.errors.suffix(300))")
        #expect([0, 1, 2, 130].contains(outcome.code), "\(line): exit code \(outcome.code)")
        guard [1, 2].contains(outcome.code) else { return }
        #expect(
            outcome.errorLines.count == 1 && outcome.errors.hasPrefix("landscape: error: "),
            "\(line): \(outcome.errors)")
        // An option that is never looked at is not tested.
        #expect(!outcome.errors.contains("has no effect") || option == "--weight-decay", "\(line): \(outcome.errors)")
    }
}
