import Foundation
import TestSupport
import Testing

/// The same command gives the same bits: with any number of threads, twice, and after an interruption.
@Suite struct DeterminismTests {
    /// A printed object without the time it took.
    private static func withoutSeconds(_ text: String) -> String {
        text.replacing(/"seconds": [-0-9.e+]+/, with: "")
    }

    static let lines = [
        "evaluate", "gradient", "slice --points 5x4", "sharpness --measure one-step --rho 0.05,0.1",
        "sharpness --measure all --restarts 1 --steps 5 --samples 3",
        "hessian --top 2 --trace --density --probes 9", "saddle --steps 8 --descent-steps 3 --gradient-tolerance 0.1",
    ]

    @Test(arguments: lines) func threads(_ line: String) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let outputs = try [1, 2].map { try Tool.succeed(line + " --json --threads \($0)", in: folder).output }
        #expect(Self.withoutSeconds(outputs[0]) == Self.withoutSeconds(outputs[1]))
        #expect(outputs[0] != Self.withoutSeconds(outputs[0]))
    }

    @Test func trainingThreads() throws {
        let folder = try Folder()
        for threads in [1, 2] {
            try Tool.succeed(
                "train --model lenet --data digits --examples 300 --epochs 2 --optimizer sam --threads \(threads) --quiet -o \(threads).bin",
                in: folder)
        }
        #expect(try folder.bytes("1.bin") == folder.bytes("2.bin"))
    }

    @Test(arguments: ["slice --points 5x4", "slice --points 9", "sharpness --restarts 0", "hessian --top 3"])
    func pictures(_ line: String) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        for name in ["a", "b"] {
            try Tool.succeed(line + " --quiet --examples 200 -o \(name).png -o \(name).svg -o \(name).npz", in: folder)
        }
        #expect(try folder.bytes("a.png") == folder.bytes("b.png"))
        #expect(try folder.bytes("a.svg") == folder.bytes("b.svg"))
        #expect(try folder.bytes("a.npz") == folder.bytes("b.npz"))
    }

    @Test func interruptedTraining() throws {
        let line = "train --model mlp:64-32-10 --data digits --epochs 150"
        let folder = try Folder()
        try Tool.succeed(line + " --quiet -o whole.bin", in: folder)

        let run = try Tool.Run(Tool.words(line + " -o part.bin"), in: folder)
        run.wait { run.errors.contains("epoch 3:") }
        run.process.interrupt()
        let stopped = try run.finish()
        #expect(stopped.code == 130 && !stopped.isKilled)
        #expect(stopped.errorLines.last?.contains("--resume") == true)
        #expect(try folder.bytes("part.bin") != folder.bytes("whole.bin"))
        try Tool.succeed(line + " --quiet -o part.bin --resume", in: folder)
        #expect(try folder.bytes("part.bin") == folder.bytes("whole.bin"))
        #expect(try folder.names() == ["part.bin", "whole.bin"])
    }

    /// Interrupted, killed, and gone on with.
    @Test func interruptedSlice() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "slice --dims 2 --points 61 --json --quiet -o ckpt.slice.png"
        func isKept() throws -> Bool { try folder.names().contains { $0.hasSuffix(".unfinished") } }
        let stopped = try Tool.interrupted(line, by: SIGINT, in: folder)
        #expect(stopped.errorLines.count == 1 && stopped.errors.contains("--resume"))
        #expect(try isKept())
        let resumed = try Tool.succeed(line + " --resume", in: folder)
        #expect(try !isKept())
        let picture = try folder.bytes("ckpt.slice.png")
        try Tool.interrupted(line, by: SIGKILL, in: folder)
        #expect(try isKept())
        let again = try Tool.succeed(line + " --resume", in: folder)
        #expect(try !isKept())
        let whole = try Tool.succeed(line, in: folder)
        #expect(Self.withoutSeconds(resumed.output) == Self.withoutSeconds(whole.output))
        #expect(Self.withoutSeconds(again.output) == Self.withoutSeconds(whole.output))
        #expect(try picture == folder.bytes("ckpt.slice.png"))
    }

    /// A killed training goes on from its last state, or from the newest epoch's checkpoint.
    @Test func killedTraining() throws {
        let line = "train --model mlp:64-32-10 --data digits --epochs 60 --save-every 10 --quiet -o"
        let folder = try Folder()
        try Tool.succeed(line + " whole.bin", in: folder)
        let run = try Tool.Run(Tool.words(line + " part.bin"), in: folder)
        run.wait { folder.exists("part.epoch020.bin") }
        kill(run.process.processIdentifier, SIGKILL)
        #expect(try run.finish().isKilled)
        #expect(!folder.exists("part.bin"))
        let resumed = try Tool.succeed(line.replacing(" --quiet", with: "") + " part.bin --resume", in: folder)
        #expect(resumed.errorLines.first?.contains(/going on from part.epoch0[234]0.bin, step [0-9]+ of 720/) == true)
        #expect(try folder.bytes("part.bin") == folder.bytes("whole.bin"))
        try Tool.refuse(line + " none.bin --resume", in: folder, saying: "none.bin: no such file")
    }

    /// Points of another slice are not taken for this one's.
    @Test func resumingAnotherSlice() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.refuse("slice --points 9 --resume", in: folder, saying: "no work of this command")
        try Tool.refuse(
            "train --model mlp:64-8-10 --data digits --resume", in: folder, saying: "other settings", "model")
    }
}
