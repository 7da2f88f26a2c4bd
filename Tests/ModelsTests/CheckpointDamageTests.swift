import ArrayFiles
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Models

@Suite(.timeLimit(.minutes(20))) struct CheckpointDamageTests {
    /// The sample with its metadata changed and, if wished, its header's checksum made to fit.
    private func changed(_ change: (inout [String: String]) -> Void) throws -> Safetensors {
        let file = try Checkpoint.sample.safetensors()
        var metadata = file.metadata
        change(&metadata)
        return try Safetensors(tensors: file.tensors, metadata: metadata)
    }

    private func error(fitting: Bool = true, _ change: (inout [String: String]) -> Void) throws -> CheckpointError? {
        var file = try changed(change)
        if fitting {
            var metadata = file.metadata
            metadata["header_sha256"] = Checkpoint.headerDigest(file.entries, metadata)
            file = try Safetensors(tensors: file.tensors, metadata: metadata)
        }
        return problem { _ = try Checkpoint(file) }
    }

    @Test func namesEveryKindOfDamage() throws {
        #expect(try error { _ in } == nil)
        #expect(try error { $0["format"] = "pt" } == .notACheckpoint(.safetensors))
        #expect(try error { $0["format"] = nil } == .notACheckpoint(.safetensors))
        #expect(try error { $0["version"] = "2" } == .unknownVersion("2"))
        #expect(try error { $0["version"] = nil } == .missingMetadata("version"))
        #expect(try error(fitting: false) { $0["seed"] = "1" } == .headerChanged)
        #expect(try error(fitting: false) { $0["header_sha256"] = nil } == .missingMetadata("header_sha256"))
        #expect(try error { $0["sha256"] = "0" } == .tensorsChanged)
        for key in ["sha256", "model", "loss", "precision", "seed", "step", "epoch", "data", "history", "tensors"] {
            #expect(try error { $0[key] = nil } == .missingMetadata(key))
        }
        #expect(try error { $0["step"] = "-1" } == .badMetadata("step", "found '-1', expected a whole number from 0"))
        #expect(
            try error { $0["precision"] = "half" }
                == .badMetadata("precision", "found 'half', expected float or double"))
        #expect(try error { $0["data"] = "{" } == .badMetadata("data", "it is no JSON"))
        #expect(try error { $0["history"] = "[{}]" } == .badMetadata("history", "there is no 'epoch' at Index 0"))
        #expect(try error { $0["training"] = "7" } == .badMetadata("training", "a value of the wrong kind"))
        #expect(
            try error { $0["tensors"] = "{\"parameters\":[\"x\"],\"buffers\":[],\"optimizer\":[]}" }
                == .tensorMissing(
                    "x", found: ["bn1.running_mean", "optimizer.momentum.fc1.bias", "fc1.weight", "fc1.bias"]))
        #expect(
            try error { $0["tensors"] = "{\"parameters\":[],\"buffers\":[],\"optimizer\":[]}" }
                == .unexpectedTensor("bn1.running_mean", model: "mlp:3-2"))
        #expect(problem { _ = try Checkpoint([]) } == .container(.notSafetensors(.other(0))))
    }

    /// Values that a program would trip over later are refused here.
    @Test(arguments: [
        ("\"example_shape\":[3]", "\"example_shape\":[]"), ("\"example_shape\":[3]", "\"example_shape\":[-3]"),
        ("\"example_shape\":[3]", "\"example_shape\":[3,1,1,1,1,1,1,1]"),
        ("\"example_shape\":[3]", "\"example_shape\":[4611686018427387904,4]"),
        ("\"outputs\":2", "\"outputs\":0"), ("\"classes\":2", "\"classes\":-2"),
        ("\"training_examples\":10", "\"training_examples\":-1"),
        ("\"training_examples\":10", "\"training_examples\":10,\"test_examples\":-1"),
        ("\"training_examples\":10", "\"training_examples\":10,\"label_noise\":2"),
        ("\"deviation\":[2]", "\"deviation\":[]"), ("\"deviation\":[2]", "\"deviation\":[0]"),
        ("\"mean\":[0.1]", "\"mean\":[\"NaN\"]"),
    ])
    func impossibleDataIsRefused(_ change: (from: String, to: String)) throws {
        let result = try error {
            let data = $0["data"] ?? ""
            $0["data"] = data.replacing(change.from, with: change.to)
            #expect($0["data"] != data)
        }
        guard case .badMetadata("data", let reason) = result, reason.hasPrefix("found ") else {
            Issue.record("\(String(describing: result))")
            return
        }
    }

    @Test func fieldsOfLaterVersionsAreSkipped() throws {
        let file = try changed {
            $0["data"] = $0["data"].map { "{\"later\":[1,{}]," + $0.dropFirst() }
            $0["header_sha256"] = nil
        }
        var metadata = file.metadata
        metadata["header_sha256"] = Checkpoint.headerDigest(file.entries, metadata)
        #expect(try Checkpoint(Safetensors(tensors: file.tensors, metadata: metadata)) == Checkpoint.sample)
    }

    @Test func aFileCutAnywhereIsRefused() throws {
        let bytes = try Checkpoint.sample.encoded()
        for cut in Damage.truncations(bytes) { #expect(throws: CheckpointError.self) { try Checkpoint(cut) } }
    }

    /// Two checksums cover tensors and header: no flipped bit goes unnoticed, wherever it is.
    @Test func everyFlippedBitIsNoticed() throws {
        var bytes = try Checkpoint.sample.encoded()
        for place in 0..<(8 * bytes.count) {
            bytes[place / 8] ^= 1 << UInt8(place % 8)
            let error = problem { _ = try Checkpoint(bytes) }
            #expect(error != nil, "bit \(place % 8) of byte \(place / 8)")
            #expect(error.map { !$0.description.contains("\n") } ?? true)
            bytes[place / 8] ^= 1 << UInt8(place % 8)
        }
        #expect(try Checkpoint(bytes) == Checkpoint.sample)
    }

    @Test func randomDamageIsNoticed() throws {
        let bytes = try Checkpoint.sample.encoded()
        for damaged in Damage.overwrites(bytes, count: 3000, seed: 2) {
            #expect(problem { _ = try Checkpoint(damaged) } != nil || damaged == bytes)
        }
    }
}
