import ArrayFiles
import Foundation
import Tensors
import TestSupport
import Testing

@testable import ONNX

/// Models that somebody made to take time, memory, or files of this machine.
@Suite(.timeLimit(.minutes(5))) struct HostileModelTests {
    private static let weight = ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4])
    private static let product = ModelBuilder.node("MatMul", ["x", "w"], ["y"])
    private let options = ImportOptions(exampleShape: [2])

    private func read(_ bytes: [UInt8]) throws -> ImportedModel {
        try ImportedModel(onnxBytes: bytes, name: "hostile", options) { _ in [] }
    }

    /// Parameters that a damaged listing names may be dots alone.
    @Test func namesOfDots() {
        #expect(ExportFolds.module(of: "...") == "" && ExportFolds.module(of: "") == "")
        #expect(ExportFolds.module(of: "a.b.weight") == "a.b")
        #expect(ExportFolds.module(of: "a.parametrizations.weight.original0") == "a")
    }

    // MARK: time

    /// Matrices of one form are read once each, and not once for every other.
    @Test func tiedMatricesAreReadOnce() throws {
        let count = 40
        func numbers(_ seed: Int) -> [Float] { (0..<16).map { Float(seed * 16 + $0) } }
        func transposed(_ seed: Int) -> [Float] { (0..<16).map { Float(seed * 16 + $0 % 4 * 4 + $0 / 4) } }
        var tensors: [[UInt8]] = [], nodes: [[UInt8]] = [], last = "x"
        for index in 0..<count {
            tensors.append(ModelBuilder.tensor("layer\(index).weight", [4, 4], numbers(index)))
            // Every second one is a copy.
            let other = index % 2 == 0 ? transposed(index) : numbers(1000 + index)
            tensors.append(ModelBuilder.tensor("onnx::MatMul_\(index)", [4, 4], other))
            for name in ["layer\(index).weight", "onnx::MatMul_\(index)"] {
                nodes.append(ModelBuilder.node("MatMul", [last, name], [name + ".y"]))
                last = name + ".y"
            }
        }
        let model = try ONNXModel(
            ModelBuilder.model(
                nodes: nodes, tensors: tensors, input: ModelBuilder.value("x", [nil, 4]), output: last))
        let sources = try ONNXSources(
            model.graph.nodes, model.graph.initializers, outputs: [last], given: ["x"])
        var reads = 0
        let found = TiedWeights.find(in: sources, Provenance(model.graph)) { tensor in
            reads += 1
            return try! tensor.values { _ in [] }
        }
        #expect(
            found.map(\.copy) == stride(from: 0, to: count, by: 2).map { "onnx::MatMul_\($0)" }
                && found.map(\.original) == stride(from: 0, to: count, by: 2).map { "layer\($0).weight" })
        // Each matrix, and each original again.
        #expect(reads <= 3 * count)
    }

    /// Tensors reach a product on 12⁸ paths through nodes that join them.
    @Test(arguments: [7, 8]) func pathsThroughJoins(_ layers: Int) throws {
        let wide = 12
        let given = (0..<wide).map { "onnx::Concat_\($0)" }
        var nodes: [[UInt8]] = [], names = given
        for layer in 1...layers {
            let next = (0..<(layer == layers ? 1 : wide)).map { "joined\(layer)_\($0)" }
            nodes += next.map { ModelBuilder.node("Concat", names, [$0], integer: [("axis", 0)]) }
            names = next
        }
        nodes.append(ModelBuilder.node("MatMul", ["x", names[0]], ["y"]))
        let model = try ONNXModel(
            ModelBuilder.model(nodes: nodes, tensors: given.map { ModelBuilder.tensor($0, [1, 1], [1]) }))
        let sources = try ONNXSources(model.graph.nodes, model.graph.initializers, outputs: ["y"], given: ["x"])
        let rules = ParameterRules(sources, output: "y", Provenance(model.graph)) { _ in [] }
        // Single numbers under such names are parameters only where an operator takes them for weights, at most seven nodes further on.
        #expect(sources.order.filter { rules.isParameter(sources.tensors[$0]!) } == (layers == 7 ? given : []))
    }

    // MARK: memory

    @Test func zerosOfSparseTensors() throws {
        func sparse(_ name: String) -> [UInt8] {
            var tensor = ModelBuilder()
            tensor.message(1, ModelBuilder.tensor(name, [1], [1]))
            tensor.message(2, ModelBuilder.tensor("", [1], integers: [0]))
            tensor.number(3, 1 << 24)
            return tensor.bytes
        }
        let count = ONNXSources.mostNumbers >> 24 + 1
        var graph = ModelBuilder(), version = ModelBuilder(), model = ModelBuilder()
        graph.message(1, ModelBuilder.node("Sum", ["x"] + (0..<count).map { "s\($0)" }, ["y"]))
        for index in 0..<count { graph.message(15, sparse("s\(index)")) }
        graph.message(11, ModelBuilder.value("x", [nil, 2]))
        graph.message(12, ModelBuilder.value("y", []))
        version.number(2, 17)
        model.message(7, graph.bytes)
        model.message(8, version.bytes)
        #expect(message { _ = try read(model.bytes) }.contains("fit into memory"))
    }

    // MARK: files

    private static func external(_ location: String) -> [UInt8] {
        var tensor = ModelBuilder(), entry = ModelBuilder()
        for extent in [2, 2] { tensor.number(1, extent) }
        tensor.number(2, 1)
        tensor.text(8, "w")
        entry.text(1, "location")
        entry.text(2, location)
        tensor.message(13, entry.bytes)
        tensor.number(14, 1)
        return ModelBuilder.model(nodes: [product], tensors: [tensor.bytes])
    }

    private func theta(_ path: String) throws -> [Double] {
        try ImportedModel(try ONNXFile(path), options).theta
    }

    @Test func externalData() throws {
        let folder = try Folder(), numbers: [Float] = [1, 2, 3, 4]
        let bytes = numbers.withUnsafeBytes { Array($0) }
        try folder.makeFolder("model/below")
        try folder.write(bytes, to: "secret")
        try folder.write(bytes, to: "model/below/data")
        let manager = FileManager.default
        for (link, target) in [
            ("out", "../secret"), ("within", "below/data"), ("up", ".."), ("zero", "/dev/zero"), ("lost", "nowhere"),
        ] {
            try manager.createSymbolicLink(atPath: folder.path("model/" + link), withDestinationPath: target)
        }
        #expect(mkfifo(folder.path("model/pipe"), 0o600) == 0)
        func found(_ location: String) throws -> String {
            try folder.write(Self.external(location), to: "model/m.onnx")
            return message {
                let found = try theta(folder.path("model/m.onnx"))
                #expect(found == [1, 3, 2, 4])
            }
        }
        for location in ["below/data", "./below//data", "within"] { #expect(try found(location) == "none") }
        for (location, words) in [
            ("out", "leads out of the model's folder"), ("up/secret", "leads out"), ("zero", "leads out"),
            ("pipe", "expected a file"), ("below", "expected a file"), ("lost", "no such file"),
            ("below/data\0.txt", "does not lie below"), ("../secret", "does not lie below"), ("", "does not lie below"),
            (folder.path("secret"), "does not lie below"),
        ] {
            #expect(try found(location).contains(words), "\(location)")
        }
    }

    /// As Hugging Face's cache keeps a model: links in a folder to files that lie together in another.
    @Test func externalDataBesideALinkedModel() throws {
        let folder = try Folder(), numbers: [Float] = [1, 2, 3, 4]
        try folder.makeFolder("blobs")
        try folder.makeFolder("snapshot")
        try folder.write(Self.external("data"), to: "blobs/1")
        try folder.write(numbers.withUnsafeBytes { Array($0) }, to: "blobs/2")
        for (link, target) in [("m.onnx", "../blobs/1"), ("data", "../blobs/2")] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("snapshot/" + link), withDestinationPath: target)
        }
        #expect(try theta(folder.path("snapshot/m.onnx")) == [1, 3, 2, 4])
    }

    @Test func versionsOfOperators() throws {
        for opset in [1, 17, ONNXFile.opsets.upperBound] {
            _ = try read(ModelBuilder.model(nodes: [Self.product], tensors: [Self.weight], opset: opset))
        }
        for opset in [0, -1, Int.min, Int.max, ONNXFile.opsets.upperBound + 1] {
            #expect(throws: ONNXError.opset(found: opset, known: ONNXFile.opsets)) {
                try read(ModelBuilder.model(nodes: [Self.product], tensors: [Self.weight], opset: opset))
            }
        }
    }

    // MARK: names

    /// What is read letter by letter is what these expressions say, on names put together from parts of theirs.
    @Test func namesAreReadAsExpressionsSay() {
        let parts = [
            "val", "const", "scalar_tensor_default", "_tensor_constant", "_", "1", "23", "x", ".", "lifted_tensor",
            "clone", "detach", "alias", "_to_copy", "lift_fresh_copy", "weight", "bias", "_ih_l", "_hh_l", "_hr_l",
            "_reverse", "_g", "_orig", "original", "in_proj_", "q_proj_", "bias_k", "cls_token", "pos_embed", "ding",
            "s",
            "position_embed", "logit_scale", "lora_", "onnx::", "MatMul", "-", "é",
        ]
        let madeUp = /onnx::.*|(val|const|scalar_tensor_default|_tensor_constant)_?[0-9]*(_\w+)?/
        let lifted = /(.*lifted_tensor|clone|detach|alias|_to_copy|lift_fresh_copy)(_[0-9]+)*/
        let usual =
            /(.*\.)?(weight|bias|gamma|beta|kernel|(weight|bias)_(ih|hh|hr)_l[0-9]+(_reverse)?|weight_(g|v|orig)|original[0-9]*|(in|q|k|v)_proj_(weight|bias)|bias_[kv]|cls_token|class_token|(pos|position)_embed(ding)?s?|logit_scale|lora_\w+)/
        let recurrent = /.*(weight|bias)_(ih|hh|hr)_l[0-9]+(_reverse)?/
        let operation = /onnx::([A-Za-z]+)_[0-9]+/
        let random = RandomNumbers(seed: 1).named("names")
        var found = 0
        for trial in 0..<20_000 {
            let name = (0...random.bits(at: 8 * trial) % 4).map { part in
                parts[Int(random.bits(at: 8 * trial + 1 + Int(part)) % UInt64(parts.count))]
            }.joined()
            func check(_ read: Bool, _ expected: Bool, _ kind: String) {
                #expect(read == expected, "\(kind): \(name)")
                found += expected ? 1 : 0
            }
            check(ExportedNames.isMadeUp(name), name.wholeMatch(of: madeUp) != nil, "made up")
            check(ExportedNames.isLifted(name), name.wholeMatch(of: lifted) != nil, "lifted")
            check(ExportedNames.isUsual(name), name.wholeMatch(of: usual) != nil, "usual")
            check(ExportedNames.isRecurrent(name), name.wholeMatch(of: recurrent) != nil, "recurrent")
            check(ExportedNames.operation(name) != nil, name.wholeMatch(of: operation) != nil, "operation")
        }
        #expect(found > 1000)
        #expect(ExportedNames.quoted("['a', 'b.c'] '") == ["a", "b.c"])
        #expect(ExportedNames.quoted("none").isEmpty)
        #expect(ExportedNames.operation("onnx::Mul_34") == "Mul")
    }
}
