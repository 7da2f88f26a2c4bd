import ArrayFiles
import Foundation
import TestSupport
import Testing

@testable import LandscapeTool

/// Several measures in one process are what their commands give one by one.
@Suite struct MeasureCommandTests {
    private static let measures = ["evaluate", "gradient", "hessian", "sharpness", "slice"]
    private static let options: [String: String] = [
        "hessian": " --top 3 --bottom 1 --trace --density --layers",
        "sharpness": " --rho 0.01,0.05 --measure all --samples 4 --box-repeats 1",
        "slice": " --points 5x5 --directions eigen",
    ]

    /// A result without the time that it took.
    private static func timeless(_ json: Any?) throws -> NSDictionary {
        var json = try #require(json as? [String: Any])
        #expect(json["seconds"] is Double)
        json["seconds"] = nil
        return json as NSDictionary
    }

    /// Each object is the single command's to the bit, in any arithmetic and within any memory.
    @Test(arguments: [
        "", " --precision double --batch-size 50", " --memory 200M", " --batchnorm recalibrate --include-weight-decay",
        " --split test --seed 3",
    ]) func sameBits(_ shared: String) throws {
        let folder = try Folder(), rest = " --examples 100" + shared
        try Tool.succeed(
            "train --model mlp:64-16-10 --norm batch --data digits --epochs 2 --examples 200 --quiet", in: folder)
        let before = try folder.names()
        let all = try Tool.json(
            "measure --measures \(Self.measures.joined(separator: ","))"
                + Self.measures.map { Self.options[$0] ?? "" }.joined() + rest, in: folder)
        for measure in Self.measures {
            let single = try Tool.json(measure + (Self.options[measure] ?? "") + rest, in: folder)
            #expect(try Self.timeless(all[measure]) == Self.timeless(single), "\(measure)")
            #expect(all["loss"] as? Double == single["loss"] as? Double)
        }
        #expect(all["command"] as? String == "measure" && all["checkpoint"] as? String == "ckpt.bin")
        #expect(try folder.names() == before)
    }

    /// Measures that are not named are not taken; other weights are for all of them.
    @Test func choice() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed("\(Trained.command) --seed 1 -o b.bin", in: folder)
        let usual = try Tool.json("measure --examples 50", in: folder)
        #expect(Self.measures.filter { usual[$0] != nil } == ["evaluate", "gradient", "hessian", "sharpness"])
        let some = try Tool.json("measure --measures gradient,hessian --weights b.bin --examples 50", in: folder)
        #expect(Self.measures.filter { some[$0] != nil } == ["gradient", "hessian"])
        for measure in ["gradient", "hessian"] {
            let single = try Tool.json("\(measure) ckpt.bin --weights b.bin --examples 50", in: folder)
            #expect(try Self.timeless(some[measure]) == Self.timeless(single))
        }
        #expect(some["weights"] as? String == "b.bin")
        let key = try Tool.succeed("measure --examples 50 --key hessian.eigenvalues.0 --quiet", in: folder)
        let single = try Tool.succeed("hessian --examples 50 --key eigenvalues.0 --quiet", in: folder)
        #expect(key.output == single.output && key.output.count > 5)
        for (line, words) in [
            ("measure --measures hesian", "did you mean 'hessian'"), ("measure --measures ''", "found ''"),
            ("measure --points 5", "--points has no effect without slice"),
            ("measure --measures slice --rho=0.1", "--rho has no effect without sharpness"),
            ("measure --top 0", "nothing is asked of the spectrum"), ("measure -o m.npz", "add slice to --measures"),
            ("measure -o m.png", "draws no picture"), ("measure --key hessian.trace", "no such key"),
            ("measure --key slice.center", "no such key"),
        ] {
            try Tool.refuse(line, in: folder, saying: words)
        }
    }

    /// Options of one measure are known to it: a new one must be added to the list of its names.
    @Test func optionsOfMeasures() throws {
        let text = try Tool.run(["--experimental-dump-help"], in: try Folder()).output
        let commands =
            try JSONDecoder().decode(Manual.Description.self, from: Data(text.utf8)).command.subcommands ?? []
        func names(_ command: String) -> Set<String> {
            let found = commands.first { $0.commandName == command }?.arguments ?? []
            return Set(found.compactMap { $0.names?.last?.text })
        }
        let own = MeasureCommand.Measure.allCases.flatMap(\.options)
        #expect(Set(own).count == own.count)
        #expect(
            names("measure").subtracting(names("evaluate")) == Set(own + ["--measures", "--resume"]),
            "\(names("measure").subtracting(names("evaluate")).symmetricDifference(own))")
    }

    /// A measure that fails leaves the others their results, is named under its key and in the message, and in the exit code.
    @Test func failure() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "measure --measures gradient,hessian,sharpness --top 100000 --examples 50 --json"
        let outcome = try Tool.run(Tool.words(line + " -o m.json"), in: folder)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let reason = try #require((json["hessian"] as? [String: Any])?["error"] as? String)
        #expect([1, 2].contains(outcome.code) && outcome.errors == "landscape: error: hessian: \(reason)\n")
        for measure in ["gradient", "sharpness"] {
            let single = try Tool.json("\(measure) --examples 50", in: folder)
            #expect(try Self.timeless(json[measure]) == Self.timeless(single))
        }
        #expect(try folder.text("m.json").contains("\"sharpness\""))
        let table = try Tool.run(Tool.words(line.replacing(" --json", with: "")), in: folder)
        #expect(table.output.contains("gradient_norm") && table.output.contains("failed"))
    }

    /// `.json` and `.csv` hold all of it, `.npz` what the slice's own does, which can be drawn.
    @Test func files() throws {
        let folder = try Folder(checkpoint: "ckpt.bin"), rest = "--points 7x7 --examples 50 --quiet"
        try Tool.succeed(
            "measure --measures evaluate,hessian,slice \(rest) -o m.json -o m.csv -o m.npz", in: folder)
        try Tool.succeed("slice \(rest) -o s.npz", in: folder)
        let (own, single) = (try NPZ.read(folder.path("m.npz")), try NPZ.read(folder.path("s.npz")))
        #expect(Set(own.names) == Set(single.names) && own.contains("loss"))
        for name in single.names where !["metadata", "figure"].contains(name) {
            #expect(try own.array(name) == single.array(name), "\(name)")
        }
        try Tool.succeed("plot m.npz --quiet -o m.png", in: folder)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(folder.bytes("m.json"))) as? [String: Any])
        #expect(json["hessian"] != nil && json["slice"] != nil && json["provenance"] != nil)
        #expect(try folder.text("m.csv").contains("hessian.loss"))
        #expect(try Tool.succeed("info m.json", in: folder).output.contains("a result of 'measure'"))
    }

    /// An interrupted run goes on to the same bits.
    @Test func resumed() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "measure --measures gradient,hessian,slice --density --points 71x71 --json --quiet"
        try Tool.interrupted(line, by: SIGINT, in: folder)
        let resumed = try Tool.succeed(line + " --resume", in: folder)
        let whole = try Tool.json("measure --measures gradient,hessian,slice --density --points 71x71", in: folder)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(resumed.output.utf8)) as? [String: Any])
        for measure in ["gradient", "hessian", "slice"] {
            #expect(try Self.timeless(json[measure]) == Self.timeless(whole[measure]), "\(measure)")
        }
        #expect(try !folder.names().contains { $0.hasSuffix(".unfinished") })
    }
}
