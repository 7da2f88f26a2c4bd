import ArrayFiles
import Foundation
import Landscape
import TestSupport
import Testing

/// Names that others chose, on terminals, in spreadsheets and in pictures: they are text, whatever they say.
@Suite struct TextFromFilesTests {
    /// Colours, a cleared screen, a window's title, and text that reads backwards.
    private static let name = "w\u{1B}[31m\u{1B}[2J\u{1B}]0;t\u{7}\u{9B}1m\u{202E}\nb"
    private static let escaped = "w\\u{1b}[31m\\u{1b}[2J\\u{1b}]0;t\\u{7}\\u{9b}1m\\u{202e}\\nb"

    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0 == "\n" || ($0.value >= 0x20 && !(0x7F..<0xA0 ~= $0.value) && $0 != "\u{202E}")
        }
    }

    @Test func tensorNames() throws {
        let folder = try Folder()
        var checkpoint = Checkpoint.sample
        checkpoint = Checkpoint(
            parameters: [.init(name: Self.name, values: [1, 2], shape: [2], precision: .float)], buffers: [],
            optimizerState: [], metadata: checkpoint.metadata)
        try checkpoint.write(to: folder.path("c.bin"))
        let shown = try Tool.succeed("info c.bin", in: folder)
        #expect(Self.isPlain(shown.output) && shown.output.contains(Self.escaped))
        let json = try Tool.succeed("info c.bin --json", in: folder)
        #expect(Self.isPlain(json.output))
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(((object?["tensors"] as? [[String: Any]])?.first?["name"] as? String) == Self.name)
        let key = try Tool.succeed("info c.bin --key tensors.0.name", in: folder)
        #expect(key.output == Self.escaped + "\n")
    }

    @Test func fileNames() throws {
        let folder = try Folder()
        try folder.makeFolder("=runs")
        // Each would be a formula to a spreadsheet.
        let names = ["=1+1,2", "@SUM(A1)", "+cmd", "-2", "red\u{1B}[31m"]
        for (seed, name) in names.enumerated() {
            let run = try Tool.run(
                Tool.words("train --model linear --data digits --steps \(seed + 1) --examples 20 --quiet -o")
                    + ["=runs/\(name).bin"], in: folder)
            #expect(run.code == 0 && Self.isPlain(run.output))
        }
        let outcome = try Tool.succeed(
            "study =runs --examples 20 --samples 2 --probes 6 --quiet -o s.csv -o s.svg", in: folder)
        #expect(Self.isPlain(outcome.output))
        let table = try folder.text("s.csv")
        #expect(Self.isPlain(table))
        let cells = table.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "." } }
        #expect(
            Set(cells) == [
                "\"'=runs/=1+1,2", "'=runs/@SUM(A1)", "'=runs/+cmd", "'=runs/-2", "'=runs/red\\u{1b}[31m",
            ])
        #expect(Self.isPlain(try folder.text("s.svg")))
    }

    @Test func titles() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed("slice --points 3x3 --examples 20 --quiet -o s.npz", in: folder)
        let outcome = try Tool.run(
            Tool.words("plot s.npz --quiet -o s.svg -o s.png -o s.pdf --title") + [Self.name], in: folder)
        #expect(outcome.code == 0)
        let drawn = try folder.text("s.svg")
        #expect(Self.isPlain(drawn) && drawn.contains("\\u{1b}[31m"))
    }

    /// What the parser of arguments says.
    @Test func arguments() throws {
        let outcome = try Tool.run(["evaluate", "--norm\u{1B}[31m", "--precision=\u{1B}[2J\u{202E}"], in: try Folder())
        #expect(outcome.code == 2 && Self.isPlain(outcome.errors) && outcome.errors.contains("\\u{1b}"))
    }

    /// Linux takes any bytes for a name; these are Latin-1.
    @Test func namesThatAreNotUTF8() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let script = """
            set -e
            n=$(printf 'caf\\351'); mkdir "$n"; cp ckpt.bin "$n/$n.bin"; cp ckpt.bin "$n/b.bin"; cp ckpt.bin "$n/c.bin"
            "$0" evaluate "$n/$n.bin" --examples 50 --quiet --key checkpoint
            "$0" slice "$n/$n.bin" --points 3 --examples 50 --quiet -o "$n/$n.npz" -o "$n/$n.svg" > /dev/null
            "$0" study "$n" --examples 50 --samples 2 --probes 6 --quiet -o "$n/$n.csv" > /dev/null
            test -s "$n/$n.npz"; test -s "$n/$n.svg"; grep -c "b.bin" "$n/$n.csv"; ls "$n" | wc -l
            """
        let outcome = try Tool.Run(
            ["-c", script, Tool.program.path], in: folder, program: URL(filePath: "/bin/sh")
        ).finish()
        #expect(
            outcome.code == 0 && outcome.output == "caf\\xe9/caf\\xe9.bin\n1\n6\n", "\(outcome.output)\(outcome.errors)"
        )
    }
}
