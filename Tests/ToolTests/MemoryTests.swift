#if os(Linux)
    import Foundation
    import Landscape
    import TestSupport
    import Testing

    /// `--memory` is of the process: what is refused states how much is enough, and with so much the process takes no more.
    @Suite struct MemoryTests {
        /// Runs the program and gives the most memory that it had, in bytes, as far as it is seen in time. (What the system
        /// accounts to a child when it has ended includes what the parent had when it was forked.)
        private func peak(_ line: String, in folder: Folder) throws -> Int {
            let run = try Tool.Run(Tool.words(line), in: folder)
            var peak = 0
            run.wait {
                let status = try? String(
                    contentsOfFile: "/proc/\(run.process.processIdentifier)/status", encoding: .utf8)
                let row = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
                peak = max(peak, row.flatMap { Int($0.filter(\.isNumber)) } ?? 0)
                return false
            }
            let outcome = try run.finish()
            #expect(outcome.code == 0 && peak > 0, "landscape \(line): \(outcome.errors)")
            return peak << 10
        }

        @Test func aStatedMinimumIsEnough() throws {
            let folder = try Folder()
            try Tool.succeed("train --model resnet20 --data digits --steps 1 --batch-size 8 --quiet", in: folder)
            try check(
                [
                    "hessian --top 1 --iterations 3", "slice --dims 2 --points 5", "evaluate",
                    "sharpness --restarts 1 --steps 2",
                ].map { $0 + " --examples 70" }, in: folder)
        }

        @Test(arguments: ["512M", "524288k", "512MB", "0.5GiB", "536870912", "1024T"]) func waysToWriteASize(
            _ size: String
        ) throws {
            let folder = try Folder()
            try Tool.succeed("train --model linear --data digits --steps 1 --quiet", in: folder)
            try Tool.succeed("evaluate --memory \(size)", in: folder)
        }

        /// Several analyses of a small model, each of which holds some megabytes of vectors, say at once what is enough for all.
        @Test(arguments: [
            "measure --measures evaluate,gradient,hessian,sharpness --steps 2 --restarts 1",
            "report ckpt.bin --points 5",
        ]) func severalAnalyses(_ command: String) throws {
            let folder = try Folder()
            try Tool.succeed("train --model mlp:64-16-10 --data digits --steps 3 --quiet", in: folder)
            try check([command + " --examples 70"], in: folder)
        }

        /// Vectors of θ's length are most of what a large model needs: eigenvectors of a slice, both models of a comparison, the most
        /// that one of several measures needs.
        @Test func vectorsOfALargeModel() throws {
            let folder = try Folder()
            for (name, seed) in [("ckpt.bin", 0), ("b.bin", 1)] {
                try Tool.succeed(
                    "train --model mlp:64-1200-1200-10 --data digits --steps 1 --seed \(seed) --quiet -o \(name)",
                    in: folder)
            }
            try check(
                [
                    "slice --directions eigen --points 3", "slice --points 3x3 --normalization none", "gradient",
                    "compare ckpt.bin b.bin --points 3 --measures trace,lambda_max,critical",
                    "measure --measures evaluate,gradient,hessian --top 1 --iterations 20",
                    "hessian --top 0 --diagonal --noise --probes 6",
                    "saddle --steps 2 --descent-steps 2 --iterations 8",
                ].map { $0 + " --examples 16" }, in: folder)
        }

        /// A search that starts from single classes copies their examples. All of one would be another half of these data.
        @Test func classesOfLargeExamples() throws {
            let folder = try Folder(), count = 600, width = 10_000
            let x = NumericArray((0..<count * width).map { Double($0 % 7) / 7 }, shape: [count, width])
            try NPZ.write(
                [("x", .array(x)), ("y", .array(NumericArray((0..<count).map { $0 % 2 })))], to: folder.path("d.npz"))
            try Tool.succeed("train --model mlp:10000-2 --data npz:d.npz --steps 1 --quiet", in: folder)
            try check(["sharpness --restarts 0 --steps 1"], in: folder)
        }

        private func check(_ commands: [String], in folder: Folder) throws {
            for command in commands {
                let line = "\(command) --quiet -o x.json --memory"
                let refusal = try Tool.run(Tool.words(line + " 1M"), in: folder)
                #expect(refusal.code != 0 && refusal.errors.contains("--memory 1M is too little"))
                let word = try #require(refusal.errors.split(separator: " ").first { $0.hasSuffix("M") && $0 != "1M" })
                let least = try #require(Int(word.dropLast()))
                for memory in [least, least * 5 / 4, 2 * least] {
                    let taken = try peak("\(line) \(memory)M", in: folder)
                    #expect(taken <= memory << 20, "\(command) --memory \(memory)M took \(taken >> 10) KiB")
                }
            }
        }

        /// A checkpoint's description takes less than the file.
        @Test func infoKeepsNoNumbers() throws {
            let folder = try Folder(), most = 40 << 20
            try Tool.succeed(
                "train --model mlp:64-2000-2000-10 --data digits --steps 1 -o large.bin --quiet", in: folder)
            try #require(try folder.bytes("large.bin").count > most)
            #expect(try peak("info large.bin", in: folder) < most)
        }
    }
#endif
