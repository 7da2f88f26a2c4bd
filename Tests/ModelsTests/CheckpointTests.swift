import ArrayFiles
import Foundation
import Networks
import TestSupport
import Testing

@testable import Models

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
        let checkpoint = Checkpoint.sample
        let bytes = try checkpoint.encoded()
        #expect(try Checkpoint(bytes) == checkpoint)
        #expect(try Checkpoint(bytes).encoded() == bytes)
        #expect(try Checkpoint.sample.encoded() == bytes)
    }

    @Test func keepsLossesThatAreNoNumbers() throws {
        var checkpoint = Checkpoint.sample
        checkpoint.metadata.history = [EpochRecord(epoch: 1, step: 1, trainLoss: .nan)]
        #expect(try Checkpoint(checkpoint.encoded()).metadata.history[0].trainLoss.isNaN)
    }

    @Test func isASafetensorsFile() throws {
        let file = try Safetensors(Checkpoint.sample.encoded())
        #expect(file["fc1.weight"]?.floats == [1, 2, 3, 4, 5, 6])
        #expect(file["optimizer.momentum.fc1.bias"]?.doubles == [0.3, 0.4])
        #expect(file.metadata["format"] == "landscape-checkpoint" && file.metadata["model"] == "mlp:3-2")
        #expect(file.metadata["sha256"] == file.digest && file.metadata["created"] == nil)
    }

    @Test func writesAndReadsFiles() throws {
        let folder = try Folder(), path = folder.path("ckpt.bin")
        try Checkpoint.sample.write(to: path)
        #expect(try Checkpoint.read(path) == Checkpoint.sample)
        do {
            _ = try Checkpoint.read(folder.url.path)
        } catch {
            #expect("\(error)".contains("found a folder"))
        }
    }

    @Test func summaryHasEverythingButTheNumbers() throws {
        let folder = try Folder(), path = folder.path("ckpt.bin"), checkpoint = Checkpoint.sample
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

    private static func layout(_ tensors: (name: String, shape: [Int])...) -> ParameterLayout {
        ParameterLayout(tensors.map { TensorSpecification($0.name, $0.shape, .constant(0)) })
    }

    @Test func givesThetaInOrder() throws {
        var checkpoint = Checkpoint.sample
        #expect(checkpoint.parameterCount == 8)
        #expect(checkpoint.theta == [1, 2, 3, 4, 5, 6, Double(Float(0.1)), Double(Float(0.2))])
        let layout = Self.layout(("fc1.bias", [2]), ("fc1.weight", [2, 3]))
        #expect(try checkpoint.theta(matching: layout).prefix(3) == [Double(Float(0.1)), Double(Float(0.2)), 1])
        checkpoint.setTheta([8, 7, 6, 5, 4, 3, 2, 1.1])
        #expect(checkpoint.parameters[1].array == NumericArray([2, 1.1] as [Float]))
        #expect(try checkpoint.buffer("bn1.running_mean", shape: [1]) == [7])
        #expect(try checkpoint.optimizerTensor("momentum.fc1.bias", shape: [2]) == [0.3, 0.4])
        #expect(try checkpoint.optimizerTensor("momentum.other", shape: [2]) == nil)

        #expect(
            problem { _ = try checkpoint.theta(matching: Self.layout(("fc2.bias", [2]))) }
                == .tensorMissing("fc2.bias", found: ["fc1.weight", "fc1.bias"]))
        #expect(
            problem { _ = try checkpoint.theta(matching: Self.layout(("fc1.bias", [3]))) }
                == .shapeMismatch("fc1.bias", found: [2], expected: [3]))
        #expect(
            problem { _ = try checkpoint.theta(matching: Self.layout(("fc1.bias", [2]))) }
                == .unexpectedTensor("fc1.weight", model: "mlp:3-2"))
    }

    @Test func refusesTensorsOfOneName() throws {
        var checkpoint = Checkpoint.sample
        checkpoint.buffers.append(checkpoint.parameters[0])
        #expect(problem { _ = try checkpoint.encoded() } == .container(.duplicateName("fc1.weight")))
    }
}
