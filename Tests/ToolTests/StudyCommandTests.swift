import Foundation
import TestSupport
import Testing

/// `study` and `selftest` as a user runs them.
@Suite struct StudyCommandTests {
    @Test func study() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        for (name, options) in [
            ("a", "--epochs 1"), ("b", "--epochs 3"), ("c", "--epochs 3 --lr 0.2"), ("d", "--epochs 2 --seed 1"),
        ] {
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits \(options) --quiet -o runs/\(name).bin", in: folder)
        }
        let result = try Tool.json(
            "study runs --examples 200 --samples 4 -o s.csv -o s.png -o s.svg -o s.json -o s.npz", in: folder)
        let runs = try #require(result["runs"] as? [[String: Any]])
        #expect(runs.map { $0["checkpoint"] as? String } == ["runs/a.bin", "runs/b.bin", "runs/c.bin", "runs/d.bin"])
        let measures = [
            "lambda_max", "trace", "worst_case", "one_step", "average_case", "adaptive_worst_case", "adaptive_one_step",
            "adaptive_average_case", "weight_norm", "train_loss", "test_loss", "loss_gap", "accuracy_gap",
        ]
        for run in runs { for key in measures { #expect((run[key] as? Double)?.isFinite == true, "\(key)") } }
        let tau = try #require(result["kendall_tau"] as? [String: [String: Any]])
        let loss = try #require(tau["lambda_max"]?["loss_gap"] as? [String: Any])
        let value = try #require(loss["value"] as? Double), interval = try #require(loss["interval"] as? [Double])
        #expect(abs(value) <= 1 && interval[0] <= value && value <= interval[1])
        #expect(tau["train_loss"]?["accuracy_gap"] != nil)
        // Losses are of the whole splits, as evaluate gives them.
        let test = try Tool.json("evaluate runs/a.bin --split test", in: folder)
        #expect(runs[0]["test_loss"] as? Double == test["loss"] as? Double)
        let table = try folder.text("s.csv").split(separator: "\n")
        #expect(table.count == 5 && table[0].hasPrefix("checkpoint,train_loss,test_loss,"))
        #expect(table[1].hasPrefix("runs/a.bin,"))
        #expect(try folder.bytes("s.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        // The picture names the runs, and says τ in every frame.
        let picture = try folder.text("s.svg")
        #expect(picture.contains(">4 d.bin<") && picture.components(separatedBy: ">τ = ").count > 8)
    }

    @Test func unusableFolders() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.refuse("study nowhere", in: folder, saying: "nowhere", "folder")
        try Tool.refuse("study a.bin", in: folder, saying: "folder")
        try Tool.refuse("study .", in: folder, saying: "found 1 checkpoints", "at least 3")
        try folder.write([1, 2, 3], to: "b.bin")
        try folder.write([1, 2, 3], to: "c.bin")
        try Tool.refuse("study .", in: folder, saying: "b.bin")
        try Tool.refuse("study . --rho 0", in: folder, saying: "--rho")
        try Tool.refuse("study . -o s.vti", in: folder, saying: "s.vti", "grid")
    }

    @Test func selfTest() throws {
        let folder = try Folder()
        let result = try Tool.json("selftest", in: folder)
        let checks = try #require(result["checks"] as? [[String: Any]])
        #expect(checks.count >= 35 && result["passed"] as? Bool == true)
        for check in checks {
            let error = try #require(check["error"] as? Double), bound = try #require(check["bound"] as? Double)
            #expect(check["passed"] as? Bool == (error <= bound))
        }
        #expect(try folder.names().isEmpty)
    }
}
