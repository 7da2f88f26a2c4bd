import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct StateDictionaryTests {
    private func read(_ name: String) throws -> StateDictionary { try .read(Fixtures.path("pytorch/" + name)) }

    private func problem(_ bytes: [UInt8], limit: Int = 1 << 24) -> PyTorchError? {
        do throws(PyTorchError) {
            _ = try StateDictionary(bytes, limit: limit)
            return nil
        } catch {
            return error
        }
    }

    private func problem(_ name: String) throws -> PyTorchError? {
        problem(try FileContent.bytes(of: Fixtures.path("pytorch/" + name)))
    }

    /// Every type, strides, an offset, no elements, a repeated element: as NumPy sees them.
    @Test(arguments: ["zip.pt", "legacy.pt", "protocol4.pt", "untyped.pt"]) func everyForm(_ name: String) throws {
        let file = try read(name), expected = try NPZ.read(Fixtures.path("pytorch/expected.npz"))
        #expect(file.key == nil)
        let wide = file.tensors.first { $0.name == "wide" }
        #expect(wide.map(\.array) == (name == "untyped.pt" ? NumericArray.words([1, 65535]) : nil))
        #expect(file.tensors.map(\.name).filter { $0 != "wide" } == expected.names)
        for tensor in file.tensors where tensor.name != "wide" {
            let array = try expected.array(tensor.name)
            #expect(tensor.array.shape == array.shape && tensor.array.doubles == array.doubles, "\(tensor.name)")
            if tensor.name != "brain" { #expect(tensor.array.type == array.type) }
        }
        #expect(file.tensors.first { $0.name == "brain" }?.array.type == .bfloat16)
    }

    @Test(arguments: ["gpu.pt", "gpu-legacy.pt"]) func nestedAndFromAGPU(_ name: String) throws {
        let file = try read(name), plain = try read("zip.pt")
        #expect(file.key == "state_dict" && file.tensors.map(\.name) == ["module.weight", "module.double"])
        #expect(file.tensors[0].array == plain.tensors[0].array)
    }

    @Test func modulesAsDictionaries() throws {
        #expect(try read("modules.pt").tensors.map(\.name) == ["layer1.weight", "layer2.weight", "layer2.bias"])
    }

    /// A loss kept as a tensor does not make its dictionary the weights; arrays of NumPy's are passed over.
    @Test func numbersBesideTheWeights() throws {
        let file = try read("beside.pt")
        #expect(file.key == "model_state_dict" && file.tensors.map(\.name) == ["weight", "bias"])
        #expect(file.tensors[1].array.doubles == (0..<6).map(Double.init))
    }

    /// Lightning's checkpoints keep objects of a training beside the weights. They are named, and not made.
    @Test func objectsBesideTheWeights() throws {
        let file = try read("lightning.ckpt")
        #expect(file.key == "state_dict" && file.tensors.map(\.name) == ["model.weight", "model.bias"])
        #expect(file.tensors[1].array.doubles == (0..<6).map(Double.init))
        let settings = Dictionary(uniqueKeysWithValues: file.settings.map { ($0.name, $0.value) })
        #expect(settings["global_step"] == "120" && settings["hyper_parameters.lr"] == "0.1")
        #expect(settings["hyper_parameters.device"] == "an object of posix.system, which was not made")
        #expect(try problem("whole-beside.pt") == .wholeModule("torch.nn.modules.linear.Linear"))
    }

    /// Weights that were not taken and fit the same network are told of.
    @Test func othersThatFit() throws {
        let file = try StateDictionary.read(Fixtures.path("pytorch/averaged.pt"))
        #expect(file.key == "model")
        #expect(file.others == ["ema"])
        #expect(try StateDictionary.read(Fixtures.path("pytorch/beside.pt")).others == [])
    }

    @Test(arguments: ["mlp_digits", "cnn_digits"]) func sameAsSafetensors(_ folder: String) throws {
        let file = try StateDictionary.read(Fixtures.path("\(folder)/model.pt"))
        let other = try StateDictionary.read(Fixtures.path("\(folder)/model.safetensors"))
        #expect(other.safetensors != nil && file.tensors.count == other.tensors.count)
        for tensor in file.tensors { #expect(other.tensors.contains(tensor)) }
    }

    @Test func namedArrays() throws {
        let arrays: [(name: String, value: NPZ.Value)] = [
            ("fc.weight", .array(NumericArray([1, 2] as [Float], shape: [1, 2]))), ("about", .text("words")),
        ]
        let file = try StateDictionary(try NPZ.encode(arrays))
        #expect(file.tensors.map(\.name) == ["fc.weight"])
    }

    @Test func refusals() throws {
        #expect(try problem("evil.pt") == .forbidden("posix.system"))
        #expect(try problem("whole.pt") == .wholeModule("torch.nn.modules.linear.Linear"))
        #expect(try problem("script.pt") == .notWeights(.torchScript))
        #expect(try problem("two.pt") == .severalModels(["teacher", "student"]))
        #expect(try problem("none.pt") == .noTensors(found: ["epoch"]))
        #expect(try problem("complex.pt") == .unsupportedType("ComplexFloatStorage"))
        #expect(problem([0x7B, 0x7D]) == .notWeights(.json))
        let zip = try NPZ.encode([])
        #expect(problem(zip) == .notWeights(.zip([])))
    }

    /// A legacy file around one pickle of objects.
    private func legacy(_ objects: [UInt8]) -> [UInt8] {
        [0x80, 2] + PyTorchFile.legacyMagic + [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E, 0x80, 2, 0x7D, 0x2E] + objects
    }

    /// `{'w': tensor}` with these sizes over a storage of one byte.
    private func tensor(_ offset: [UInt8], _ shape: [UInt8], _ strides: [UInt8]) -> [UInt8] {
        func text(_ word: String) -> [UInt8] { [0x58, UInt8(word.utf8.count), 0, 0, 0] + Array(word.utf8) }
        let objects: [UInt8] =
            [0x80, 2, 0x7D] + text("w") + Array("ctorch._utils\n_rebuild_tensor\n".utf8) + [0x28, 0x28]
            + text("storage") + Array("ctorch\nByteStorage\n".utf8) + text("0") + text("cpu") + [
                0x4B, 1, 0x4E, 0x74, 0x51,
            ]
            + offset + shape + strides + [0x74, 0x52, 0x73, 0x2E]
        let keys: [UInt8] = [0x80, 2, 0x5D] + text("0") + [0x61, 0x2E]
        return legacy(objects + keys + [1, 0, 0, 0, 0, 0, 0, 0, 9])
    }

    /// A long integer.
    private func long(_ value: Int) -> [UInt8] {
        [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Shapes and strides that overflow, reach too far, go backwards or repeat without end.
    @Test func impossibleTensors() throws {
        let zero: [UInt8] = [0x4B, 0], none: [UInt8] = [0x29]
        func one(_ value: Int) -> [UInt8] { long(value) + [0x85] }
        func two(_ a: Int, _ b: Int) -> [UInt8] { long(a) + long(b) + [0x86] }
        #expect(problem(tensor(zero, none, none)) == nil)
        #expect(problem(tensor(zero, one(100), one(0))) == nil)
        let impossible: [[UInt8]] = [
            tensor(zero, one(2), one(1)), tensor(zero, one(-1), one(1)), tensor(zero, one(1), one(-1)),
            tensor(long(-1), one(1), one(1)), tensor(long(.max), one(1), one(1)), tensor(zero, one(.max), one(.max)),
            tensor(zero, two(1 << 40, 1 << 40), two(0, 0)), tensor(zero, one(1 << 40), one(0)),
            tensor(zero, one(1), two(1, 1)), tensor(zero, two(.min, 0), two(1, 1)), tensor(long(1), none, none),
            tensor(zero, two(2, .max), two(.max, 1)),
        ]
        for bytes in impossible {
            let found = problem(bytes)
            switch found {
            case .badTensor("w", _), .tooLarge("w", _): break
            default: Issue.record("\(String(describing: found))")
            }
        }
    }

    /// Chains, cycles and shared dictionaries of any depth end in an error, not in recursion.
    @Test func hostileObjects() {
        let deep = [UInt8](repeating: 0x28, count: 300_000) + [0x4E] + [UInt8](repeating: 0x74, count: 300_000) + [0x2E]
        #expect(problem(legacy([0x80, 2] + deep + [0x80, 2, 0x5D, 0x2E])) == .noTensors(found: ["no dictionary"]))
        // d = {}; d['a'] = d
        let cycle: [UInt8] = [0x80, 2, 0x7D, 0x71, 0, 0x58, 1, 0, 0, 0, 0x61, 0x68, 0, 0x73, 0x2E]
        #expect(problem(legacy(cycle + [0x80, 2, 0x5D, 0x2E])) == .noTensors(found: ["a"]))
        // Forty dictionaries, each with the one before it twice.
        var shared: [UInt8] = [0x80, 2, 0x7D]
        for level in 0..<40 {
            shared += [0x71, UInt8(level), 0x30, 0x7D]
            for name: UInt8 in [0x61, 0x62] { shared += [0x58, 1, 0, 0, 0, name, 0x68, UInt8(level), 0x73] }
        }
        #expect(problem(legacy(shared + [0x2E, 0x80, 2, 0x5D, 0x2E])) == .noTensors(found: ["a", "b"]))
        let endless = [UInt8](repeating: 0x4E, count: Unpickler.mostOperations + 1)
        #expect(problem(legacy([0x80, 2] + endless)) == .tooManyOperations(Unpickler.mostOperations))
    }

    /// Members that announce much, or expand to much, do not get it.
    @Test func bombs() throws {
        var writer = ZipWriter()
        let zeros = [UInt8](repeating: 0, count: 1 << 22)
        for index in 0..<8 { try writer.append("a/data/\(index)", zeros, deflated: true) }
        try writer.append("a/data.pkl", [0x80, 2, 0x7D, 0x2E], deflated: false)
        guard case .archive(.tooLarge(_, let bytes, 1 << 24)) = problem(writer.finished()) else {
            Issue.record("a bomb was opened")
            return
        }
        #expect(bytes == 1 << 22)
    }
}

extension NumericArray {
    fileprivate static func words(_ values: [UInt16]) -> NumericArray? {
        try? NumericArray(shape: [values.count], type: .uint16, bytes: values.withUnsafeBytes { Array($0) })
    }
}
