import Foundation
import Landscape
import TestSupport
import Testing

/// What a user sees in a terminal's window.
@Suite(.timeLimit(.minutes(10))) struct TerminalTests {
    /// A network whose points take seconds, in many batches.
    private static let slow = "slice slow.bin --points 9x9 --batch-size 32 --threads 1 -o slow.npz"

    private static func folderWithSlowNetwork() throws -> Folder {
        let folder = try Folder()
        try Tool.succeed(
            "train --model resnet20 --data digits --steps 1 --batch-size 8 --quiet -o slow.bin", in: folder
        )
        return folder
    }

    /// Progress comes within a second, goes on inside a point, knows the remaining time before the first one is done, and never states
    /// one that is none. A narrower window gets shorter lines at once, and nothing is left of them in the end.
    @Test func progress() throws {
        let terminal = try PseudoTerminal(columns: 90, rows: 24)
        var atResize = 0
        let text = try terminal.run(Self.slow, in: try Self.folderWithSlowNetwork()) { process in
            let begin = Date()
            while process.isRunning, Date().timeIntervalSince(begin) < 300,
                !terminal.progress.contains(where: { $0.hasPrefix("slice  ") && $0.contains(" left") })
            { usleep(20_000) }
            atResize = terminal.progress.count
            terminal.resize(columns: 30, rows: 24)
            sleep(2)
            process.interrupt()
        }
        let first = try #require(terminal.chunks.first)
        #expect(first.time < 1, "the first line came after \(first.time) s")
        let lines = terminal.progress
        #expect(lines.count > 10 && lines.count - atResize > 3)
        #expect(
            lines.allSatisfy { $0.columnsWide < 90 } && lines.dropFirst(atResize + 2).allSatisfy { $0.columnsWide < 30 }
        )
        for word in ["inf", "nan", "–"] { #expect(!lines.contains { $0.contains(word) }, "\(word)") }
        #expect(lines.contains { $0.hasPrefix("slice  ") })
        let estimates = lines.filter { $0.hasPrefix("slice  ") }
        #expect(estimates.contains { $0.contains(" so far, at least ") && $0.contains(" left") }, "\(lines)")
        // It is removed before the last word is said.
        let rest = text.components(separatedBy: "\u{1B}[J").last ?? ""
        #expect(rest.contains("interrupted") && !rest.contains("so far"), "\(rest)")
    }

    /// A result fits the window: no line is longer, and no word is lost or cut. Elsewhere lines are as they are.
    @Test(arguments: [80, 60]) func folding(_ columns: Int) throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("\(Trained.command) --seed 1 -o b.bin", in: folder)
        for command in [
            "evaluate a.bin", "slice a.bin --points 5x5",
            "sharpness a.bin --measure all --rho 0.01,0.05 --samples 4 --box-repeats 2",
            "hessian a.bin --top 2 --trace --layers", "hessian a.bin b.bin --top 4 --trace",
            "compare a.bin b.bin --points 5",
            "interpolate a.bin b.bin --points 5", "gradient a.bin", "info a.bin",
        ] {
            let line = command + " --quiet --examples 40"
            let words = command.hasPrefix("info") ? command : line
            let plain = try Tool.succeed(words, in: folder).output
            let terminal = try PseudoTerminal(columns: columns, rows: 24)
            let seen = PseudoTerminal.seen(try terminal.run(words, in: folder))
            for line in seen.split(separator: "\n") {
                let isOneWord = line.split(separator: " ").count == 1
                #expect(line.columnsWide <= columns || isOneWord, "\(command): \(line)")
            }
            let parts = Set(plain.split(whereSeparator: \.isWhitespace)),
                shown = Set(seen.split(whereSeparator: \.isWhitespace))
            #expect(parts == shown, "\(command): \(parts.symmetricDifference(shown))")
        }
    }

    /// Colours are for terminals, and not where the user wants none.
    @Test func colors() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        func run(_ line: String, _ environment: [String: String] = [:]) throws -> String {
            try PseudoTerminal(columns: 80, rows: 24).run(line, in: folder, environment: environment)
        }
        let line = "evaluate --quiet", wrong = "evaluate ckpt.bn --quiet"
        #expect(try run(line).hasPrefix("\u{1B}[1mckpt.bin: "))
        #expect(
            try run(wrong).contains(
                "landscape: \u{1B}[1;31merror:\u{1B}[0m ckpt.bn: no such file; did you mean 'ckpt.bin'?"))
        for environment in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
            for line in [line, wrong] { #expect(try !run(line, environment).contains("\u{1B}["), "\(environment)") }
        }
        #expect(try run(line, ["NO_COLOR": ""]).contains("\u{1B}[1m"))
        #expect(try !run(line + " --json").contains("\u{1B}["))
        let piped = try Tool.run(Tool.words("slice --points 3"), in: folder)
        #expect(!piped.output.contains("\u{1B}") && !piped.errors.contains("\u{1B}"))
    }

    /// `--show` draws with characters, or sends a picture to a terminal that takes one; elsewhere it says that it does nothing.
    @Test func show() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed("slice --points 9x9 --quiet -o slice.npz", in: folder)
        func run(_ line: String, _ environment: [String: String] = [:]) throws -> String {
            try PseudoTerminal(columns: 70, rows: 30).run(
                line + " --quiet --show", in: folder, environment: environment)
        }
        let blocks = try run("slice --points 9x9", ["COLORTERM": "truecolor"])
        #expect(blocks.contains("\u{1B}[38;2;") && blocks.contains("▀▀") && blocks.contains("minimum"))
        for line in PseudoTerminal.seen(blocks).split(separator: "\n") { #expect(line.columnsWide <= 70, "\(line)") }
        #expect(try run("plot slice.npz").contains("\u{1B}[38;5;"))
        #expect(try run("plot slice.npz --3d", ["NO_COLOR": "1"]).contains("▓"))
        #expect(try run("slice --points 9").contains("o lowest"))
        #expect(try run("plot slice.npz", ["TERM": "xterm-kitty"]).contains("\u{1B}_Gf=100,a=T,q=2,c=70,"))
        #expect(try run("plot slice.npz", ["TERM_PROGRAM": "iTerm.app"]).contains("\u{1B}]1337;File=inline=1;"))
        let piped = try Tool.run(Tool.words("slice --points 3x3 --show"), in: folder)
        #expect(
            piped.code == 0 && piped.errors.contains("--show draws nothing here") && !piped.output.contains("\u{1B}"))
    }
}
