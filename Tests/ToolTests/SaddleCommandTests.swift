import Foundation
import Landscape
import TestSupport
import Testing

/// `landscape saddle`, as a user runs it.
@Suite struct SaddleCommandTests {
    /// A network at a point with a slope, and weight decay that leaves no direction flat.
    private static func folder() throws -> Folder {
        let folder = try Folder()
        try Tool.succeed(
            "train --model mlp:64-4-10;activation=tanh --data digits --examples 100 --epochs 1 --weight-decay 0.02 --precision double --quiet",
            in: folder)
        return folder
    }

    private static let shared = "saddle --include-weight-decay --descent-steps 60"

    @Test func foundAndWritten() throws {
        let folder = try Self.folder()
        let line = Self.shared + " --save saddle.bin --save-minima ends -o saddle.json -o saddle.npz -o saddle.csv"
        let json = try Tool.json(line, in: folder)
        let saddle = try #require(json["saddle"] as? [String: Any])
        #expect(json["precision"] as? String == "double" && json["weight_decay_in_loss"] as? Double == 0.02)
        #expect(
            Set(saddle.keys) == [
                "verdict", "index", "negative", "loss", "gradient_norm", "tolerance", "flatness", "eigenvalues",
                "complete", "method", "distance", "steps", "products", "gradients", "descents",
            ])
        #expect(saddle["verdict"] as? String == "saddle" && saddle["method"] as? String == "dense")
        #expect(try #require(saddle["gradient_norm"] as? Double) <= 1e-8)
        let first = try #require((saddle["eigenvalues"] as? [[String: Any]])?.first)
        #expect(Set(first.keys) == ["value", "residual", "drift"])
        let descents = try #require(saddle["descents"] as? [[String: Any]])
        #expect(descents.map { $0["direction"] as? String } == ["minus", "plus"])
        let loss = try #require(saddle["loss"] as? Double)
        for (descent, name) in zip(descents, ["ends.minus.bin", "ends.plus.bin"]) {
            let end = try #require(descent["loss"] as? Double)
            #expect(end < loss)
            let model = try Model.open(folder.path(name))
            #expect(model.metadata.precision == .double && model.metadata.training?.derivation != nil)
            let found = try Tool.json("evaluate \(name) --precision double --include-weight-decay", in: folder)
            #expect(abs(try #require(found["loss"] as? Double) - end) < 1e-12)
        }
        // What is written is the saddle: searching from it needs no step, and the dense and the Lanczos path agree elsewhere.
        let again = try #require(
            try Tool.json("saddle saddle.bin --include-weight-decay --descent-steps 0", in: folder)["saddle"]
                as? [String: Any])
        #expect(again["steps"] as? Int == 0 && again["verdict"] as? String == "saddle")
        #expect(again["index"] as? Int == saddle["index"] as? Int && (again["descents"] as? [Any])?.isEmpty == true)
        #expect(try folder.text("saddle.csv").hasPrefix("eigenvalue,residual,drift\n"))
        let text = try Tool.succeed(Self.shared + " --quiet", in: folder).output
        #expect(text.contains("saddle of index") && text.contains("down along −v₁") && text.contains("negative"))
        // The optimiser's state is not that of these weights.
        try Tool.refuse(
            "train --model mlp:64-4-10;activation=tanh --data digits --examples 100 --epochs 2 --weight-decay 0.02 --precision double --resume -o saddle.bin",
            in: folder, saying: "saddle search")
    }

    /// Any number of threads gives the same bits, and a killed search goes on to them.
    @Test func sameBits() throws {
        let folder = try Self.folder()
        func bits(_ options: String) throws -> String {
            try Tool.succeed(Self.shared + options + " --json --quiet", in: folder).output.replacing(
                /"seconds": [-0-9.e+]+/, with: "")
        }
        let one = try bits(" --threads 1")
        #expect(try bits(" --threads 2") == one)
        for signal in [SIGKILL, SIGINT] {
            try Tool.interrupted(Self.shared, by: signal, in: folder)
            #expect(try bits(" --resume") == one)
        }
        #expect(try folder.names() == ["ckpt.bin"])
    }

    /// Within a limit a model that is too large is refused once, with what is enough.
    @Test func refusals() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.makeFolder("out.bin")
        for (line, words) in [
            ("saddle --index 0", ["--index 0", "1 to 60"]), ("saddle --steps 0", ["--steps 0"]),
            ("saddle --descent-steps -1", ["--descent-steps"]), ("saddle --radius 0", ["--radius 0", "positive"]),
            ("saddle --gradient-tolerance nan", ["--gradient-tolerance"]),
            ("saddle --save-minima m --descent-steps 0", ["--save-minima", "--descent-steps 0"]),
            ("saddle --save m.plus.bin --save-minima m", ["m.plus.bin", "--save-minima"]),
            ("saddle --save out.bin", ["out.bin", "folder"]), ("saddle --save nowhere/s.bin", ["nowhere"]),
            ("saddle --save ckpt.bin", ["ckpt.bin", "read here"]), ("saddle --save-minima nowhere/m", ["nowhere"]),
            ("saddle -o saddle.png", ["draws no picture"]), ("saddle --key saddle.verdikt", ["verdikt"]),
            ("saddle --resume", ["no work"]), ("saddle --memory 1M", ["--memory"]),
        ] {
            let outcome = try Tool.run(Tool.words(line), in: folder)
            #expect([1, 2].contains(outcome.code) && outcome.errorLines.count == 1, "\(line): \(outcome.errors)")
            for word in words { #expect(outcome.errors.contains(word), "\(line): \(outcome.errors)") }
        }
    }
}
