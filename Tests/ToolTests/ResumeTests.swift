import Foundation
import Landscape
import Synchronization
import TestSupport
import Testing

@testable import ArrayFiles

/// Analyses that were interrupted, and go on from their journal to the same bits.
@Suite struct ResumeTests {
    private struct Case: Sendable {
        let name: String
        let run: @Sendable (Folder, Monitor) throws -> String
    }

    private static func loss(_ folder: Folder, _ name: String, _ monitor: Monitor) throws -> ModelLoss {
        var settings = ModelLoss.Settings()
        settings.examples = 200
        return try ModelLoss(Model.open(folder.path(name)), name: name, settings, monitor: monitor)
    }

    private static let cases: [Case] = [
        Case(name: "slice") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            let axis = SliceAxis(range: -1...1, points: 9)
            var slice = SliceAnalysis(SliceGrid(axis, axis))
            slice.directions = .eigenvectors
            let result = try slice.run(
                loss, at: loss.theta, other: try loss.onOtherSplit(), layout: loss.model.network.parameters,
                monitor: monitor)
            return "\(result.slice.loss) \(String(describing: result.slice.other)) \(result.slice.audit)"
        },
        Case(name: "adaptive slices of several seeds") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            let axis = SliceAxis(range: -1...1, points: 15)
            var slice = SliceAnalysis(SliceGrid(axis, axis))
            (slice.tolerance, slice.planes) = (0.02, 2)
            let result = try slice.run(
                loss, at: loss.theta, layout: loss.model.network.parameters, monitor: monitor)
            return "\(result.planes.map(\.slice.loss))"
        },
        Case(name: "sharpness") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            var sharpness = SharpnessAnalysis(radii: [0.05, 0.5])
            (sharpness.measures, sharpness.pairs, sharpness.steps) = (.all, 4, 10)
            (sharpness.restarts, sharpness.boxRepeats, sharpness.scoutExamples) = (1, 2, 50)
            let result = try sharpness.run(loss, at: loss.theta, monitor: monitor)
            return SharpnessReport(context: context(loss, try loss.evaluation()), result).json.text
        },
        Case(name: "sharpness of batches") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            var sharpness = SharpnessAnalysis(radii: [0.05])
            (sharpness.norm, sharpness.batchSize, sharpness.steps, sharpness.restarts) = (.linf, 50, 5, 1)
            let result = try sharpness.run(loss, at: loss.theta, monitor: monitor)
            return SharpnessReport(context: context(loss, try loss.evaluation()), result).json.text
        },
        Case(name: "spectrum") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            var spectrum = SpectrumAnalysis(largest: 3, smallest: 1)
            (spectrum.estimatesTrace, spectrum.estimatesDensity, spectrum.findsBlocks) = (true, true, true)
            let result = try spectrum.run(
                loss, at: loss.theta, layout: loss.model.network.parameters, monitor: monitor)
            return SpectrumReport(context: context(loss, try loss.evaluation()), result).json.text + "\(result.vectors)"
        },
        Case(name: "curve") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            var line = Interpolation()
            line.curve = Interpolation.Curve()
            line.curve?.steps = 40
            line.curve?.bends = 2
            let result = try line.run(loss, to: (Model.open(folder.path("b.bin")), "b.bin"), monitor: monitor)
            return "\(result.profile.loss) \(result.curve!.points) \(result.curve!.profile.loss)"
        },
        Case(name: "elastic band") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            var line = Interpolation()
            line.curve = Interpolation.Curve(.neb)
            line.curve?.steps = 40
            let result = try line.run(loss, to: (Model.open(folder.path("b.bin")), "b.bin"), monitor: monitor)
            let curve = result.curve!
            return "\(curve.points) \(curve.path.places) \(curve.profile.loss) \(curve.highest) \(curve.gradients)"
        },
        Case(name: "alignment") { folder, monitor in
            var settings = Alignment.Settings()
            (settings.kind, settings.examples, settings.refinement) = (.activations, 100, .init(steps: 30))
            let models = try ["a.bin", "b.bin"].map { try Model.open(folder.path($0)) }
            let result = try Alignment(
                of: models[1], named: "b.bin", to: models[0], named: "a.bin", settings, monitor: monitor)
            return "\(result.permutations) \(result.activations!.correlations) \(result.refinement!.losses)"
        },
        Case(name: "saddle") { folder, monitor in
            let loss = try loss(folder, "a.bin", monitor)
            var search = SaddleSearch()
            (search.steps, search.descentSteps, search.gradientTolerance) = (20, 10, 0.1)
            let result = try search.run(loss, from: loss.theta, monitor: monitor)
            return SaddleReport(context: context(loss, try loss.evaluation()), result).json.text
                + "\(result.point.theta) \(result.descents.map(\.point.theta))"
        },
        Case(name: "comparison") { folder, monitor in
            var comparison = Comparison(radius: 0.05)
            comparison.loss.examples = 100
            let entries = try comparison.run(
                [folder.path("a.bin"), folder.path("b.bin")], memory: MemoryBudget(), monitor: monitor)
            return ComparisonReport(entries, radius: 0.05, seed: 0, seconds: 0).json.text
        },
    ]

    private static func context(_ loss: ModelLoss, _ evaluation: Evaluation) -> RunContext {
        RunContext(command: "test", loss.summary, evaluation, seed: 0, seconds: 0)
    }

    /// Small networks are too quick for anything to be worth keeping.
    private static func journal(_ path: String, resumes: Bool) throws -> JournalFile {
        var limits = JournalFile.Limits()
        (limits.digestShare, limits.rate) = (.infinity, 1e12)
        return try JournalFile(path, title: "work", interval: 0, resumes: resumes, limits)
    }

    @Test(arguments: cases.indices) func sameBits(_ index: Int) throws {
        let one = Self.cases[index]
        let folder = try Folder()
        for (name, seed) in [("a", 0), ("b", 1)] {
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits --examples 200 --epochs 3 --seed \(seed) --quiet -o \(name).bin",
                in: folder)
        }
        let total = Atomic(0)
        let whole = try one.run(folder, Monitor(onUpdate: { _ in total.add(1, ordering: .relaxed) }))
        let path = folder.path("work.unfinished")
        var stops = 0
        // Interrupted again and again, each time somewhat later.
        for share in [0.1, 0.4, 0.7, 0.95] {
            let journal = try Self.journal(path, resumes: stops > 0)
            let left = Atomic(max(2, Int(share * Double(total.load(ordering: .relaxed)))))
            let monitor = Monitor(
                onUpdate: { _ in
                    if left.subtract(1, ordering: .relaxed).newValue <= 0 { throw Interruption() }
                }, journal: journal)
            do {
                // What goes on from a state in the middle has fewer steps to be interrupted in.
                let result = try one.run(folder, monitor)
                #expect(result == whole && stops > 0, "\(one.name)")
            } catch is Interruption {
                stops += 1
            } catch is CancellationError {
                stops += 1
            }
            #expect(journal.save(), "\(one.name)")
        }
        #expect(stops > 1, "\(one.name)")
        let size = try folder.bytes("work.unfinished").count
        let journal = try Self.journal(path, resumes: true)
        #expect(journal.hasEarlier)
        #expect(try one.run(folder, Monitor(journal: journal)) == whole, "\(one.name)")
        #expect(size > 1000, "\(one.name)")
        journal.remove()
        #expect(!folder.exists("work.unfinished"))
    }

    /// Work that is gone on with computes nothing that was kept.
    @Test func computesNothingTwice() throws {
        let folder = try Folder(checkpoint: "a.bin")
        func run(_ resumes: Bool) throws -> (batches: Int, loss: [Double]) {
            let journal = try Self.journal(folder.path("j"), resumes: resumes), batches = Atomic(0)
            let monitor = Monitor(onCheck: { batches.add(1, ordering: .relaxed) }, journal: journal)
            let loss = try Self.loss(folder, "a.bin", monitor)
            let slice = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 33)))
            let result = try slice.run(loss, at: loss.theta, layout: loss.model.network.parameters, monitor: monitor)
            return (batches.load(ordering: .relaxed), result.slice.loss)
        }
        let first = try run(false), second = try run(true)
        #expect(first.batches > 4 && second.batches == 0 && first.loss == second.loss)
    }

    /// Another checkpoint of the same name is noticed, and so are other data.
    @Test func changedCheckpoint() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "slice --dims 2 --points 201"
        try Tool.interrupted(line, by: SIGHUP, in: folder)
        let kept = try #require(folder.names().first { $0.hasSuffix(".unfinished") })
        #expect(kept.hasPrefix("ckpt.slice-"))
        try Tool.refuse("slice --dims 2 --points 43 --resume", in: folder, saying: "no work of this command", line)
        try Tool.succeed("train --model mlp:64-16-10 --data digits --epochs 1 --seed 9 --quiet", in: folder)
        try Tool.refuse(line + " --resume", in: folder, saying: "another ckpt.bin", "start without --resume")
        #expect(folder.exists(kept))
    }
}
