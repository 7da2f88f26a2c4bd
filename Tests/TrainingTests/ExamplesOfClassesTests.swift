import Datasets
import Networks
import Objectives
import Testing

@testable import Training

/// The examples of each class that a loss names, from whose gradients a search starts.
@Suite struct ExamplesOfClassesTests {
    /// A loss of an untrained model on data.
    private func loss(
        _ model: String, _ data: Dataset, _ statistics: ModelLoss.BatchStatistics = .stored,
        classWeights: [Double] = [], memory: MemoryBudget = MemoryBudget()
    ) throws -> ModelLoss {
        var configuration = TrainingConfiguration(model: model, data: .spirals, optimizer: .sgd)
        if !classWeights.isEmpty {
            configuration.loss = Loss.crossEntropy(labelSmoothing: 0)
            configuration.loss?.classWeights = classWeights
        }
        let trainer = try Trainer(configuration, data: try configuration.preparation().prepare(train: data, test: nil))
        var settings = ModelLoss.Settings()
        settings.statistics = statistics
        return try ModelLoss(trainer.model, settings, on: trainer.data.train, memory: memory)
    }

    private func data(
        _ targets: Dataset.Targets, shape: [Int] = [2], count: Int = 6, weights: Dataset.Weights? = nil
    ) -> Dataset {
        let numbers = (0..<count * shape.reduce(1, *)).map { Double($0 * $0 % 7) }
        return Dataset(
            name: "some", arrays: [.init(name: "", values: .doubles(numbers), shape: shape)], targets: targets,
            weights: weights)
    }

    private let labels = Dataset.Targets.classes([2, 0, 2, 0, 0, 2], count: 3)

    @Test func examples() throws {
        #expect(try loss("mlp:2-3", data(labels)).classes == [[1, 3, 4], [], [0, 2, 5]])
        #expect(try loss("mlp:2-3", data(labels)).examplesByClass == [[1, 3, 4], [], [0, 2, 5]])
    }

    /// Numbers are no classes. (`YesOrNoLabelTests` has the exception.)
    @Test func numbers() throws {
        for values in [[1.0, 2, 3, 4, 5, 6], [0, 1, 1, 0, 1, 1]] {
            #expect(try loss("mlp:2-1", data(.values(values, width: 1))).classes.isEmpty)
        }
    }

    /// What does not count is left out: its mean would be none.
    @Test func weights() throws {
        #expect(try loss("mlp:2-3", data(labels), classWeights: [0, 1, 2]).classes == [[], [], [0, 2, 5]])
        let weights = Dataset.Weights([1, 0, 0, 1, 1, 1], shape: [])
        #expect(try loss("mlp:2-3", data(labels, weights: weights)).classes == [[3, 4], [], [0, 5]])
    }

    /// Copies of large examples take no more than 32 vectors of θ's length: 32 × 8 × 603 bytes of 16 × 201 an example.
    @Test func largeExamples() throws {
        let many = Dataset.Targets.classes((0..<200).map { $0 < 100 ? 0 : 1 }, count: 3)
        let classes = try loss("mlp:200-3", data(many, shape: [200], count: 200)).classes
        #expect(classes == [Array(0..<48), Array(100..<148), []])
    }

    /// A part counts the whole's data, which stay in memory, and so needs the same limit whatever its size, but for the sums that are
    /// held at once: one for each level of a tree over at most 64 batches.
    @Test func memoryOfParts() throws {
        let many = data(.classes((0..<200).map { $0 % 3 }, count: 3), shape: [200], count: 200)
        // More than other tests of this process have taken meanwhile.
        let loss = try loss("mlp:200-3", many, memory: MemoryBudget(limit: 1 << 40))
        let least = try [1, 20, 200].map {
            try #require(try loss.restricted(to: Array(0..<$0)) as? NetworkObjective).leastMemory()
        }
        #expect(least == least.sorted() && least[2] - least[0] == 6 * 8 * 603)
    }

    /// A class alone would be another function where batch normalisation takes the statistics of batches.
    @Test func batchStatistics() throws {
        let images = data(labels, shape: [1, 8, 8])
        #expect(try loss("wrn-10-1", images).classes.count == 3)
        #expect(try loss("wrn-10-1", images, .recalibrate).classes.count == 3)
        #expect(try loss("wrn-10-1", images, .batch).classes.isEmpty)
        #expect(try loss("mlp:2-3", data(labels), .batch).classes.count == 3)
    }
}
