import ArrayFiles
import Foundation
import Testing

@testable import Models

/// A small checkpoint with everything in it.
func sample() -> Checkpoint {
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

func problem(_ body: () throws -> Void) -> CheckpointError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CheckpointError
    }
}

@Suite struct CheckpointTests {
    @Test func roundTrips() throws {
        let checkpoint = sample()
        let bytes = try checkpoint.encoded()
        #expect(try Checkpoint(bytes) == checkpoint)
        #expect(try Checkpoint(bytes).encoded() == bytes)
        #expect(try sample().encoded() == bytes)
    }

    @Test func keepsLossesThatAreNoNumbers() throws {
        var checkpoint = sample()
        checkpoint.metadata.history = [EpochRecord(epoch: 1, step: 1, trainLoss: .nan)]
        #expect(try Checkpoint(checkpoint.encoded()).metadata.history[0].trainLoss.isNaN)
    }

    @Test func isASafetensorsFile() throws {
        let file = try Safetensors(sample().encoded())
        #expect(file["fc1.weight"]?.floats == [1, 2, 3, 4, 5, 6])
        #expect(file["optimizer.momentum.fc1.bias"]?.doubles == [0.3, 0.4])
        #expect(file.metadata["format"] == "landscape-checkpoint" && file.metadata["model"] == "mlp:3-2")
        #expect(file.metadata["sha256"] == file.digest && file.metadata["created"] == nil)
    }

    @Test func writesAndReadsFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("ckpt.bin").path
        try sample().write(to: path)
        #expect(try Checkpoint.read(path) == sample())
        do {
            _ = try Checkpoint.read(folder.path)
        } catch {
            #expect("\(error)".contains("found a folder"))
        }
    }

    @Test func summaryHasEverythingButTheNumbers() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("ckpt.bin").path, checkpoint = sample()
        try checkpoint.write(to: path)
        let summary = try CheckpointSummary.read(path)
        #expect(summary.metadata == checkpoint.metadata && summary.parameterCount == checkpoint.parameterCount)
        for (entries, tensors) in [
            (summary.parameters, checkpoint.parameters), (summary.buffers, checkpoint.buffers),
            (summary.optimizerState, checkpoint.optimizerState),
        ] {
            #expect(entries.map(\.name) == tensors.map(\.name) && entries.map(\.type) == tensors.map(\.array.type))
            #expect(entries.map(\.shape) == tensors.map(\.array.shape))
        }

        // A flipped bit is noticed wherever it is: in the header, in the numbers.
        let bytes = try checkpoint.encoded()
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[place] ^= 4
            try AtomicFile.write(damaged, to: path)
            #expect(throws: FileError.self, "byte \(place)") { try CheckpointSummary.read(path) }
        }
    }

    @Test func givesThetaInOrder() throws {
        var checkpoint = sample()
        #expect(checkpoint.parameterCount == 8)
        #expect(checkpoint.theta == [1, 2, 3, 4, 5, 6, Double(Float(0.1)), Double(Float(0.2))])
        let layout = [(name: "fc1.bias", shape: [2]), (name: "fc1.weight", shape: [2, 3])]
        #expect(try checkpoint.theta(matching: layout).prefix(3) == [Double(Float(0.1)), Double(Float(0.2)), 1])
        checkpoint.setTheta([8, 7, 6, 5, 4, 3, 2, 1.1])
        #expect(checkpoint.parameters[1].array == NumericArray([2, 1.1] as [Float]))
        #expect(try checkpoint.buffer("bn1.running_mean", shape: [1]) == [7])
        #expect(try checkpoint.optimizerTensor("momentum.fc1.bias", shape: [2]) == [0.3, 0.4])
        #expect(try checkpoint.optimizerTensor("momentum.other", shape: [2]) == nil)

        #expect(
            problem { _ = try checkpoint.theta(matching: [(name: "fc2.bias", shape: [2])]) }
                == .tensorMissing("fc2.bias", found: ["fc1.weight", "fc1.bias"]))
        #expect(
            problem { _ = try checkpoint.theta(matching: [(name: "fc1.bias", shape: [3])]) }
                == .shapeMismatch("fc1.bias", found: [2], expected: [3]))
        #expect(
            problem { _ = try checkpoint.theta(matching: [(name: "fc1.bias", shape: [2])]) }
                == .unexpectedTensor("fc1.weight", model: "mlp:3-2"))
    }

    @Test func refusesTensorsOfOneName() throws {
        var checkpoint = sample()
        checkpoint.buffers.append(checkpoint.parameters[0])
        #expect(problem { _ = try checkpoint.encoded() } == .container(.duplicateName("fc1.weight")))
    }
}
