import TestSupport
import Testing

@testable import ArrayFiles

/// Weights in several files, and folders of Hugging Face's.
@Suite struct ShardTests {
    private static func array(_ number: Double) -> NumericArray { NumericArray([number, number + 1], shape: [2]) }

    private func write(_ names: [String], to path: String) throws {
        try Safetensors(tensors: names.enumerated().map { .init(name: $1, array: Self.array(Double($0))) }).write(
            to: path)
    }

    private func index(_ map: [String: String]) -> [UInt8] {
        let entries = map.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        return Array("{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(entries)}}".utf8)
    }

    private func problem(_ folder: Folder, _ index: [UInt8]) throws -> ShardError? {
        try folder.write(index, to: "model.safetensors.index.json")
        do throws(FileError) {
            _ = try StateDictionary.read(folder.path("model.safetensors.index.json"))
            return nil
        } catch {
            guard case .malformed(_, let problem) = error else { return nil }
            return problem as? ShardError
        }
    }

    @Test func everyShard() throws {
        let folder = try Folder()
        try write(["a", "b"], to: folder.path("model-1.safetensors"))
        try write(["c"], to: folder.path("model-2.safetensors"))
        let good = ["a": "model-1.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"]
        #expect(try problem(folder, index(good)) == nil)
        for path in [folder.url.path, folder.path("model.safetensors.index.json")] {
            let weights = try StateDictionary.read(path)
            #expect(weights.tensors.map(\.name).sorted() == ["a", "b", "c"] && !weights.isInModuleOrder)
            #expect(weights.tensors.first { $0.name == "b" }?.array == Self.array(1))
        }
        // A limit is of all shards together.
        #expect(throws: FileError.self) { try StateDictionary.read(folder.url.path, limit: 120) }

        #expect(
            try problem(folder, index(good.merging(["d": "model-2.safetensors"]) { $1 }))
                == .missing("d", shard: "model-2.safetensors"))
        var fewer = good
        fewer["b"] = nil
        #expect(try problem(folder, index(fewer)) == .unlisted("b", shard: "model-1.safetensors"))
        for path in ["../x", "/etc/passwd", "a/../../x", "", ".."] {
            #expect(try problem(folder, index(["a": path])) == .leadsOut(path))
        }
        for text in [
            "", "{", "[]", "{}", "{\"weight_map\": {}}", "{\"weight_map\": {\"a\": 1}}", "{\"weight_map\": []}",
        ] {
            let bytes = Array(text.utf8)
            let found = try problem(folder, bytes)
            if case .malformed = found { continue }
            #expect(text.isEmpty, "\(text): \(String(describing: found))")
        }
        try folder.write(index(["a": "absent.safetensors"]), to: "model.safetensors.index.json")
        let error = #expect(throws: FileError.self) { try StateDictionary.read(folder.url.path) }
        #expect(try #require(error).description.contains("absent.safetensors: no such file"))
    }

    /// The whole file goes before an index; a folder without either says what it could hold.
    @Test func whichFile() throws {
        let folder = try Folder()
        let error = #expect(throws: FileError.self) { try StateDictionary.read(folder.url.path) }
        #expect(try #require(error).description.contains("model.safetensors"))
        try folder.write(try FileContent.bytes(of: Fixtures.path("pytorch/gpu.pt")), to: "pytorch_model.bin")
        #expect(try StateDictionary.read(folder.url.path).key == "state_dict")
        try write(["w"], to: folder.path("model.safetensors"))
        #expect(try StateDictionary.read(folder.url.path).tensors.map(\.name) == ["w"])
        #expect(try StateDictionary.configuration(in: folder.url.path) == nil)
        try folder.write(Array("{\"model_type\": \"bert\"}".utf8), to: "config.json")
        #expect(try StateDictionary.configuration(in: folder.url.path)?["model_type"]?.string == "bert")
        try folder.write(Array("{".utf8), to: "config.json")
        #expect(throws: FileError.self) { try StateDictionary.configuration(in: folder.url.path) }
    }

    /// An adapter's tensors stand in place of those that they were trained to replace.
    @Test func adapters() throws {
        func dictionary(_ names: [String], _ first: Double) -> StateDictionary {
            StateDictionary(names.map { .init(name: $0, array: Self.array(first)) }, isInModuleOrder: true)
        }
        let base = dictionary(["fc.weight", "head.weight"], 1)
        let adapter = dictionary(["base_model.model.fc.lora_A.weight", "base_model.model.head.weight"], 5)
        #expect(adapter.isAdapter && !base.isAdapter)
        #expect(
            !dictionary(["base_model.model.fc.lora_A.weight", "base_model.model.fc.base_layer.weight"], 1).isAdapter)
        #expect(
            base.overlaid(by: adapter).tensors.map(\.name)
                == ["fc.weight", "base_model.model.fc.lora_A.weight", "base_model.model.head.weight"])
        let wrapped = dictionary(["net.head.weight", "net.fc.weight"], 1)
        #expect(wrapped.overlaid(by: dictionary(["base_model.model.net.head.weight"], 2)).tensors.count == 2)
    }
}
