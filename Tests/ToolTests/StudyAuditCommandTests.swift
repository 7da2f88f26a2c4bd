import Foundation
import TestSupport
import Testing

/// `study --audit` as a user runs it.
@Suite struct StudyAuditCommandTests {
    private static let measures = "--measures lambda_max,weight_norm,train_loss --examples 100"

    /// Three runs of one recipe but for its learning rate.
    private static func runs(epochs: Int = 2) throws -> Folder {
        let folder = try Folder()
        try folder.makeFolder("runs")
        for (name, rate) in [("a", "0.01"), ("b", "0.05"), ("c", "0.2")] {
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits --examples 400 --epochs \(epochs) --lr \(rate) --quiet -o runs/\(name).bin",
                in: folder)
        }
        return folder
    }

    private static let line = "study runs \(measures) --audit again --audit-seeds 1"

    @Test func audit() throws {
        let folder = try Self.runs()
        let result = try Tool.json(Self.line + " -o s.json", in: folder)
        let audit = try #require(result["audit"] as? [String: Any])
        #expect(audit["folder"] as? String == "again" && audit["seeds"] as? Int == 1)
        #expect(audit["lr_factor"] as? Double == 1.1 && audit["batch_size_factor"] as? Double == 1.25)
        let trainings = try #require(audit["trainings"] as? [[String: Any]])
        #expect(trainings.count == 15)
        #expect(
            trainings.prefix(5).map { $0["checkpoint"] as? String }
                == ["seed1", "lr-up", "lr-down", "batch-up", "batch-down"].map { "again/a.\($0).bin" })
        #expect(trainings[0]["of"] as? String == "runs/a.bin" && trainings[0]["change"] as? String == "seed")
        #expect(trainings[0]["seed"] as? Int == 1000 && trainings[3]["batch_size"] as? Int == 160)
        for key in ["lambda_max", "weight_norm", "train_loss", "test_loss", "loss_gap"] {
            #expect(trainings.allSatisfy { ($0[key] as? Double)?.isFinite == true }, "\(key)")
        }
        let measures = try #require(audit["measures"] as? [String: [String: Any]])
        #expect(Set(measures.keys) == ["lambda_max", "weight_norm", "train_loss", "loss_gap"])
        let row = try #require(measures["weight_norm"])
        for kind in ["seed", "lr", "batch_size", "all"] {
            let movement = try #require(row[kind] as? [String: Any])
            for key in ["moved", "within", "between", "share", "kendall_tau", "turned_over"] {
                #expect((movement[key] as? Double)?.isFinite == true, "\(kind) \(key)")
            }
            #expect(movement["pairs"] as? Int == ["seed": 3, "all": 15][kind] ?? 6)
        }
        // By hand from the values of the runs and their trainings.
        let runs = try #require(result["runs"] as? [[String: Any]]).map { $0["weight_norm"] as? Double ?? .nan }
        let moved = (0..<3).map { (trainings[5 * $0]["weight_norm"] as? Double ?? .nan) - runs[$0] }
        let expected = (moved.map { $0 * $0 }.reduce(0, +) / 3).squareRoot()
        let seed = try #require(row["seed"] as? [String: Any])
        #expect(abs(try #require(seed["moved"] as? Double) - expected) < 1e-12 * expected)

        // A training of the audit is that of `train` with the changed option, and measured as `study` does.
        try Tool.succeed(
            "train --model mlp:64-8-10 --data digits --examples 400 --epochs 2 --lr 0.05 --batch-size 160 --quiet -o own.bin",
            in: folder)
        #expect(try folder.bytes("own.bin") == folder.bytes("again/b.batch-up.bin"))

        // The same again, with nothing trained; then with one training missing, on one thread.
        func members(_ result: [String: Any]) throws -> NSDictionary {
            NSDictionary(dictionary: try #require(result["audit"] as? [String: Any]))
        }
        let before = try folder.modified("again")
        #expect(try members(Tool.json(Self.line, in: folder)) == members(result))
        #expect(try folder.modified("again") == before)
        let bytes = try folder.bytes("again/c.lr-up.bin")
        try FileManager.default.removeItem(atPath: folder.path("again/c.lr-up.bin"))
        #expect(try members(Tool.json(Self.line + " --threads 1", in: folder)) == members(result))
        #expect(try folder.bytes("again/c.lr-up.bin") == bytes)

        // People get a table; without --audit nothing has changed.
        let printed = try Tool.succeed(Self.line + " --quiet", in: folder).output
        #expect(printed.contains("15 trainings of changed recipes in again") && printed.contains("between recipes"))
        let plain = try Tool.json("study runs \(Self.measures)", in: folder)
        #expect(plain["audit"] == nil && Set(plain.keys).union(["audit"]) == Set(result.keys))

        // Other changes in the same folder are refused, and what is there stays.
        try Tool.refuse(
            Self.line + " --audit-lr 1.2", in: folder, saying: "again/a.lr-up.bin", "another recipe", "lr was",
            "another folder")
        #expect(try folder.modified("again").keys == before.keys)
    }

    /// Ended in the middle, the same command goes on to the same bits.
    @Test func interrupted() throws {
        let folder = try Self.runs(epochs: 10)
        let outcome = try Self.stopped(folder)
        #expect(outcome.code == 130)
        #expect(outcome.errors.contains("of 15 trainings") && outcome.errors.contains("repeat the command"))
        let part = try folder.modified("again")
        #expect(part.count < 15 && !part.isEmpty)
        let result = try Tool.json(
            Self.line + (outcome.errors.contains("--resume") ? " --resume" : ""), in: folder)
        let whole = try Tool.json(Self.line.replacing("--audit again", with: "--audit anew"), in: folder)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path("anew")) {
            #expect(try folder.bytes("again/" + name) == folder.bytes("anew/" + name), "\(name)")
        }
        let measures = try [result, whole].map {
            NSDictionary(dictionary: try #require(($0["audit"] as? [String: Any])?["measures"] as? [String: Any]))
        }
        #expect(measures[0] == measures[1])
    }

    /// A run that a signal ends once it has written the state of a training.
    private static func stopped(_ folder: Folder) throws -> Tool.Outcome {
        let run = try Tool.Run(Tool.words(line), in: folder, environment: ["LANDSCAPE_KEEP_SECONDS": "0"])
        run.wait { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("again"))) ?? []).count >= 2 }
        kill(run.process.processIdentifier, SIGTERM)
        return try run.finish()
    }

    @Test func refused() throws {
        let folder = try Self.runs()
        try Tool.refuse("study runs --audit-lr 1.2", in: folder, saying: "--audit-lr", "--audit FOLDER")
        try Tool.refuse("study runs --audit again --audit-lr 0.9", in: folder, saying: "--audit-lr 0.9", "from 1")
        try Tool.refuse("study runs --audit again --audit-seeds=-1", in: folder, saying: "--audit-seeds -1")
        try Tool.refuse("study runs --audit runs", in: folder, saying: "--audit runs", "another folder")
        try Tool.refuse("study runs --audit again --key audit.other", in: folder, saying: "audit.measures")
        try Tool.refuse(
            "study runs --audit again --audit-seeds 0 --audit-lr 1 --audit-batch-size 1", in: folder,
            saying: "nothing is changed")
        try Tool.succeed(
            "train --start runs/a.bin --examples 400 --epochs 1 --quiet -o runs/d.bin", in: folder)
        try Tool.refuse("study runs --audit again", in: folder, saying: "runs/d.bin", "--start", "leave --audit out")
        #expect(!folder.exists("again"))
    }
}

extension Folder {
    /// When each file of a folder inside was last changed.
    fileprivate func modified(_ name: String) throws -> [String: Date] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path(name))
        return try Dictionary(
            uniqueKeysWithValues: names.map { file in
                let attributes = try FileManager.default.attributesOfItem(atPath: path(name + "/" + file))
                return (file, try #require(attributes[.modificationDate] as? Date))
            })
    }
}
