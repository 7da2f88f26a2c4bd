import Datasets
import Models
import Networks
import Objectives
import Tensors
import TestSupport
import Testing

@testable import Training

/// Averages of the weights, against the checkpoints of every epoch.
@Suite struct WeightAverageTests {
    /// A step an epoch, so that every θ is on file. SWA is their mean from an epoch on; the moving average follows its recurrence.
    @Test func againstEveryEpoch() throws {
        let folder = try Folder(), path = folder.path("run.bin")
        var configuration = TrainingConfiguration(model: "resnet8", data: .digits)
        (configuration.examples, configuration.batchSize, configuration.precision) = (60, 60, .double)
        (configuration.length, configuration.schedule, configuration.saveEvery) = (.epochs(5), .constant, 1)
        (configuration.ema, configuration.swaStart) = (0.7, 3)
        let outcome = try Trainer(configuration).run(to: path)
        let points = try (1...5).map { try Checkpoint.read(CheckpointSeries.path(path, epoch: $0)).theta }
        var moving = points[0]
        for point in points.dropFirst() { moving = moving.indices.map { 0.7 * moving[$0] + 0.3 * point[$0] } }
        let mean = points[0].indices.map { (points[2][$0] + points[3][$0] + points[4][$0]) / 3 }
        for (number, (expected, count)) in [(moving, 5), (mean, 3)].enumerated() {
            let found = outcome.averages[number]
            let model = try Model.open(try #require(found.file))
            #expect(found.count == count)
            #expect(found.file == folder.path(number == 0 ? "run.ema.bin" : "run.swa.bin"))
            #expect(zip(model.theta, expected).allSatisfy { abs($0 - $1) < 1e-14 })
            // Statistics of batch normalisation are those at the average, of all examples at once here.
            let data = try model.dataset()
            let batch = try model.objective(data, batchNorm: .batch, batchSize: 60)
            #expect(zip(model.buffers, try batch.batchStatistics(at: model.theta)).allSatisfy { abs($0 - $1) < 1e-12 })
            #expect(model.buffers != outcome.checkpoint.buffers.flatMap(\.array.doubles))
            #expect(try model.objective(data).evaluate(at: model.theta) == found.train)
            // No training goes on from it.
            let failure = #expect(throws: TrainingError.self) {
                try Trainer(configuration, resuming: Checkpoint.read(try #require(found.file)))
            }
            #expect(failure == .averaged(found.average.rawValue))
        }
        #expect(outcome.files.suffix(3) == [folder.path("run.ema.bin"), folder.path("run.swa.bin"), path])
    }
}
