import ArrayFiles
import Models

extension Checkpoint {
    /// A small checkpoint with everything in it, of no training.
    public static var sample: Checkpoint {
        Checkpoint(
            parameters: [
                .init(name: "fc1.weight", values: [1, 2, 3, 4, 5, 6], shape: [2, 3], precision: .float),
                .init(name: "fc1.bias", values: [0.1, 0.2], shape: [2], precision: .float),
            ],
            buffers: [.init(name: "bn1.running_mean", values: [7], shape: [1], precision: .double)],
            optimizerState: [.init(name: "momentum.fc1.bias", values: [0.3, 0.4], shape: [2], precision: .double)],
            metadata: CheckpointMetadata(
                model: "mlp:3-2", loss: "cross-entropy", precision: .float, seed: .max, step: 12, epoch: 3,
                data: DataRecord(
                    specification: "npz:/a \"quoted\"/Größe.npz", exampleShape: [3], classes: 2, outputs: 2,
                    trainingExamples: 10, testExamples: nil, standardization: .init(mean: [0.1], deviation: [2])),
                training: TrainingRecord(
                    optimizer: "sam", settings: ["lr": 0.1, "rho": 0.05], choices: ["schedule": "cosine"]),
                history: [
                    EpochRecord(epoch: 1, step: 4, trainLoss: 0.5, trainAccuracy: 0.75),
                    EpochRecord(
                        epoch: 2, step: 8, trainLoss: .infinity, testLoss: -.infinity, measures: ["lambda_max": 12]),
                ], tool: "landscape 0.1", other: ["later": "kept"]))
    }
}
