import ArrayFiles
import Datasets
import Essentials
import Models
import TestSupport
import Testing

@testable import Training

/// Small changes of a recipe, and the trainings of them.
@Suite struct RecipeVariantTests {
    private func recipe(_ epochs: Double = 1) -> TrainingConfiguration {
        var recipe = TrainingConfiguration(model: "mlp:64-8-10", data: .digits)
        (recipe.length, recipe.examples) = (.epochs(epochs), 200)
        return recipe
    }

    @Test func changes() {
        var recipe = recipe()
        (recipe.seed, recipe.saveEvery) = (7, 2)
        let variants = RecipeChanges().variants(of: recipe, examples: 1000)
        #expect(variants.map(\.label) == ["seed1", "seed2", "lr-up", "lr-down", "batch-up", "batch-down"])
        #expect(variants.map(\.kind) == [.seed, .seed, .learningRate, .learningRate, .batchSize, .batchSize])
        #expect(variants.map(\.configuration.seed) == [1007, 2007, 7, 7, 7, 7])
        #expect(variants.map(\.configuration.batchSize) == [128, 128, 128, 128, 160, 102])
        #expect(variants[2].configuration.learningRate == 0.05 * 1.1)
        #expect(abs(variants[3].configuration.learningRate - 0.05 / 1.1) < 1e-16)
        // Each changes one thing only.
        #expect(variants.filter { $0.configuration.saveEvery != nil }.isEmpty)
        #expect(variants.map { $0.configuration.differences(from: recipe).count } == [1, 1, 1, 1, 1, 1])
    }

    /// Batches change by one at least, and stay between one and all examples.
    @Test func batchesAtTheirEnds() {
        func sizes(_ size: Int, _ examples: Int) -> [Int] {
            var recipe = recipe()
            recipe.batchSize = size
            return RecipeChanges().variants(of: recipe, examples: examples).filter { $0.kind == .batchSize }
                .map(\.configuration.batchSize)
        }
        #expect(sizes(1, 100) == [2] && sizes(2, 100) == [3, 1])
        #expect(sizes(90, 100) == [100, 72] && sizes(100, 100) == [80] && sizes(500, 100) == [80])
        #expect(sizes(1, 1).isEmpty)
    }

    @Test func nothingChanged() {
        var changes = RecipeChanges()
        (changes.seeds, changes.learningRateFactor, changes.batchSizeFactor) = (0, 1, 1)
        #expect(changes.variants(of: recipe(), examples: 100).isEmpty)
    }

    /// Each training is what the trainer makes of its recipe; one that is there is taken, another recipe's is kept as it is.
    @Test func trainsIntoAFolder() throws {
        let folder = try Folder(), recipe = recipe()
        _ = try Trainer(recipe).run(to: folder.path("a.bin"))
        var changes = RecipeChanges()
        (changes.seeds, changes.batchSizeFactor) = (1, 1)
        func again() throws -> Retraining {
            try Retraining(of: [folder.path("a.bin")], changes, in: folder.path("again"))
        }
        let first = try again()
        #expect(first.entries.map(\.isFinished) == [false, false, false] && !folder.exists("again"))
        for number in first.entries.indices { #expect(try first.train(number) == nil) }
        for entry in first.entries {
            let own = try Trainer(entry.variant.configuration).run().checkpoint
            #expect(try Checkpoint.read(entry.path).theta == own.theta, "\(entry.path)")
        }
        let seen = try Checkpoint.read(folder.path("again/a.seed1.bin"))
        let second = try again()
        #expect(second.entries.filter { !$0.isFinished }.isEmpty)
        // Finished work is not done again: a monitor that ends it is not asked.
        let stopped = Monitor(onCheck: { throw Interruption() })
        for number in second.entries.indices { #expect(try second.train(number, monitor: stopped) == nil) }

        changes.learningRateFactor = 1.2
        #expect {
            _ = try again()
        } throws: { error in
            guard case .otherRecipe(let path, let found) = error as? RetrainingError else { return false }
            return path.hasSuffix("again/a.lr-up.bin") && found.count == 1 && found[0].hasPrefix("lr was 0.055")
        }
        #expect(try Checkpoint.read(folder.path("again/a.seed1.bin")).theta == seen.theta)
    }

    /// What is stopped keeps its state and goes on to the same bits.
    @Test func goesOn() throws {
        let folder = try Folder()
        _ = try Trainer(recipe(4)).run(to: folder.path("a.bin"))
        var changes = RecipeChanges()
        (changes.learningRateFactor, changes.batchSizeFactor, changes.seeds) = (1, 1, 1)
        func again() throws -> Retraining {
            try Retraining(of: [folder.path("a.bin")], changes, in: folder.path("again"))
        }
        let steps = Counter()
        #expect(throws: Interruption(advice: "\(folder.path("again")) keeps 0 of 1 trainings")) {
            _ = try again().train(0, monitor: Monitor(onCheck: { if steps.next() > 3 { throw Interruption() } }))
        }
        let kept = try Checkpoint.read(folder.path("again/a.seed1.bin"))
        #expect(kept.metadata.step > 0 && kept.metadata.step < 8)
        let second = try again()
        #expect(try second.train(0) == nil)
        let whole = try Trainer(second.entries[0].variant.configuration).run().checkpoint
        #expect(try Checkpoint.read(folder.path("again/a.seed1.bin")).theta == whole.theta)
    }

    /// A training that diverges says so, and the others go on.
    @Test func diverges() throws {
        let folder = try Folder()
        var wild = recipe(3)
        (wild.momentum, wild.schedule) = (0, .constant)
        _ = try Trainer(wild).run(to: folder.path("a.bin"))
        var changes = RecipeChanges()
        (changes.learningRateFactor, changes.batchSizeFactor, changes.seeds) = (1e30, 1, 0)
        let retraining = try Retraining(of: [folder.path("a.bin")], changes, in: folder.path("again"))
        let reason = try #require(try retraining.train(0))
        #expect(reason.contains("not finite at step"))
        #expect(try retraining.train(1) == nil)
    }

    @Test func refused() throws {
        let folder = try Folder()
        _ = try Trainer(recipe()).run(to: folder.path("a.bin"))
        func refuse(_ expected: RetrainingError, _ name: String, in place: String = "again") {
            #expect(throws: expected) {
                _ = try Retraining(of: [folder.path(name)], RecipeChanges(), in: folder.path(place))
            }
        }
        var imported = try Checkpoint.read(folder.path("a.bin"))
        imported.metadata.training = nil
        try imported.write(to: folder.path("imported.bin"))
        refuse(.noRecipe(path: folder.path("imported.bin")), "imported.bin")
        // One that began at another's weights, and one that goes on from it.
        let start = try Model.open(folder.path("a.bin"))
        _ = try Trainer(recipe(), startingFrom: start).run(to: folder.path("started.bin"))
        refuse(.started(path: folder.path("started.bin")), "started.bin")
        let epochs = try Trainer(recipe(3))
        epochs.shouldStop = { [unowned epochs] in epochs.step == 2 }
        _ = try epochs.run(to: folder.path("part.bin"))
        refuse(.unfinished(path: folder.path("part.bin"), step: 2, of: 6), "part.bin")
        refuse(.unusableFolder(folder.path("a.bin"), "found a file"), "a.bin", in: "a.bin")
        let own = folder.url.path
        #expect(throws: RetrainingError.unusableFolder(own, "found the folder of the runs")) {
            _ = try Retraining(of: [folder.path("a.bin")], RecipeChanges(), in: own)
        }
    }
}

/// Counts calls from closures.
private final class Counter: @unchecked Sendable {
    private var count = 0
    func next() -> Int {
        count += 1
        return count
    }
}
