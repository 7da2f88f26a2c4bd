import Foundation
import TestSupport
import Testing

@testable import LandscapeTool

/// What a program that started this one reads on standard error.
@Suite struct ProgressObjectsTests {
    /// The form holds for command lines that the parser refuses, too.
    @Test func form() {
        let lines: [(String, ProgressForm)] = [
            ("hessian", .auto), ("hessian --progress json", .json), ("hessian --progress=json --top x", .json),
            ("hessian --progress none", .none), ("hessian --progress", .auto), ("hessian --progress xml", .auto),
            ("hessian --progress json --progress none", .none), ("info -- --progress json", .auto),
        ]
        for (line, form) in lines { #expect(ProgressForm(words: Tool.words(line)) == form, "\(line)") }
    }

    /// Ten a second where the work moves, one a second where it does not, and one at the end of each phase that had one.
    @Test func due() throws {
        var objects = ProgressObjects(), progress = Progress("slice", at: 0)
        var count = 0
        for tick in 0..<30 { count += objects.due(progress, at: 0.1 * Double(tick)).count }
        #expect(count == 3)
        progress.update("slice", 1, of: 2, nil, at: 3)
        let moved = objects.due(progress, at: 3.1)
        #expect(moved.count == 1 && moved[0]["done"]?.int == 1 && moved[0]["total"]?.int == 2)
        #expect(moved[0]["elapsed"]?.double == 3.1)
        progress.update("slice", 2, of: 2, nil, at: 4)
        objects.end(progress, at: 4)
        // This one is over before it was shown.
        progress = Progress("short", at: 4)
        objects.end(progress, at: 4.01)
        progress = Progress("long", at: 4.01)
        let found = objects.due(progress, at: 4.1)
        #expect(found.map { $0["phase"]?.string } == ["slice", "long"] && found[0]["done"]?.int == 2)
        #expect(objects.due(progress, at: 4.2).isEmpty)
        #expect(objects.due(progress, at: 4.3, isLast: true).count == 1 && objects.due(nil, at: 5).isEmpty)
    }

    /// What is left is a number where it is known, and a least before the first step.
    @Test func remaining() throws {
        var progress = Progress("", at: 0)
        #expect(progress.json(at: 1)["remaining"]?.double == nil)
        progress.update("slice", 0, of: 100, "", at: 5)
        progress.pass(0, of: 10, at: 5)
        progress.pass(2, of: 10, at: 15)
        let first = progress.json(at: 15)
        #expect(first["remaining"]?.double == nil && first["remaining_at_least"]?.double == 4990)
        #expect(first["pass"]?.double == 0.2)
        progress.update("slice", 50, of: 100, "", at: 55)
        let later = progress.json(at: 55)
        #expect(abs(try #require(later["remaining"]?.double) - 50) < 1 && later["remaining_at_least"]?.double == nil)
    }

    private static func objects(_ errors: String) throws -> [[String: Any]] {
        try errors.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    /// Every line is an object, the first one comes at once and the last one says that the last phase is done.
    @Test func lines() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let outcome = try Tool.succeed("slice --points 21x21 --progress json -o s.npz", in: folder)
        let objects = try Self.objects(outcome.errors)
        let keys: Set = [
            "phase", "done", "total", "elapsed", "remaining", "remaining_at_least", "pass", "detail",
        ]
        #expect(objects.allSatisfy { Set($0.keys) == keys || Set($0.keys) == ["remark"] }, "\(outcome.errors)")
        #expect(objects.first?["phase"] as? String == "starting" && objects.first?["elapsed"] as? Double == 0)
        #expect(objects.last?["phase"] as? String == "slice" && objects.last?["done"] as? Int == 441)
        #expect(outcome.output.contains("audit:"))
        let quiet = try Tool.succeed("slice --points 21x21 --progress json --quiet", in: folder)
        #expect(quiet.errors.isEmpty)
        let none = try Tool.succeed("slice --points 5 --progress none", in: folder)
        #expect(none.errors == "landscape: picture written to ckpt.slice.png\n")
    }

    /// Remarks and errors are objects, with the exit codes of any other form.
    @Test func messages() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let drawn = try Self.objects(try Tool.succeed("slice --points 5 --progress json", in: folder).errors)
        #expect(drawn.last?["remark"] as? String == "picture written to ckpt.slice.png")
        for (line, code, words) in [
            ("evaluate absent.bin --progress json", 1, "absent.bin: no such file"),
            ("evaluate --progress=json --batch-size 0", 2, "--batch-size 0: expected at least 1"),
            ("hessian --top x --progress json", 2, "The value 'x' is invalid"),
            ("frobnicate --progress json", 2, "unknown command 'frobnicate'"),
        ] {
            let outcome = try Tool.run(Tool.words(line), in: folder)
            let objects = try Self.objects(outcome.errors)
            let error = objects.last?["error"] as? String ?? ""
            #expect(outcome.code == Int32(code) && error.hasPrefix(words), "\(line): \(outcome.errors)")
            #expect(objects.filter { $0["error"] != nil }.count == 1 && outcome.output.isEmpty, "\(line)")
        }
    }

    /// An interruption is told of as an error, and what is kept serves whatever the form.
    @Test func interruption() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "slice --dims 2 --points 101 -o s.npz"
        let outcome = try Tool.interrupted(line + " --progress json", by: SIGINT, in: folder)
        let last = try #require(try Self.objects(outcome.errors).last)
        #expect((last["error"] as? String ?? "").hasPrefix("interrupted; the work is kept in"))
        try Tool.succeed(line + " --progress none --resume", in: folder)
    }
}
