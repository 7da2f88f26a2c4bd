import ArrayFiles
import TestSupport
import Testing

@testable import Models
@testable import ONNX

/// Which names of a file are which of a model's, and what is refused where names do not say it.
@Suite struct NameMatchingTests {
    /// Layers of one shape, so that nothing but names tells them apart. Each tensor's numbers say which it is.
    static func layers(_ names: [String], _ shape: [Int] = [2, 2]) -> [NamedArray] {
        names.enumerated().flatMap { number, name in
            [("weight", shape), ("bias", [shape[0]])].map { leaf, shape in
                NamedArray(
                    name: "\(name).\(leaf)",
                    array: NumericArray((0..<shape.reduce(1, *)).map { Double(10 * number + $0) }, shape: shape))
            }
        }
    }

    static func wanted(_ names: [String], _ shape: [Int] = [2, 2]) -> [WantedTensor] {
        names.flatMap {
            [WantedTensor(name: "\($0).weight", shape: shape), .init(name: "\($0).bias", shape: [shape[0]])]
        }
    }

    /// The file's layer of each of the model's.
    static func found(
        _ model: [String], _ file: [NamedArray], isOrdered: Bool = false, isGraph: Bool = false
    ) throws -> [String] {
        let wanted = wanted(model)
        let matching =
            try isGraph
            ? WeightMatching(graph: wanted, file, isOrdered: isOrdered)
            : WeightMatching(architecture: wanted, file, isOrdered: isOrdered)
        return try model.map { name in
            let (weight, bias) = (matching.places["\(name).weight"], matching.places["\(name).bias"])
            let module = StateNames.split(try #require(weight).source).module
            #expect(StateNames.split(try #require(bias).source).module == module)
            return module
        }
    }

    static let mlp = ["fc1", "fc2", "fc3"]

    /// Any prefix, on either side, of both kinds of model and file, whatever the order.
    @Test(
        arguments: [
            "module.", "model.", "encoder.", "base_model.model.", "ema_model.module.", "_orig_mod.", "a.b.c.", "0.",
            "net7.",
            "_orig_mod.module.", "x._orig_mod.",
        ], [false, true])
    func prefixes(_ prefix: String, _ isGraph: Bool) throws {
        let file = Self.layers(Self.mlp.map { prefix + $0 })
        #expect(try Self.found(Self.mlp, file.reversed(), isGraph: isGraph) == Self.mlp.map { prefix + $0 })
        let plain = Self.layers(Self.mlp)
        #expect(try Self.found(Self.mlp.map { prefix + $0 }, plain, isGraph: isGraph) == Self.mlp)
        let other = Self.layers(Self.mlp.map { "student." + $0 })
        #expect(
            try Self.found(Self.mlp.map { prefix + $0 }, other, isOrdered: true, isGraph: isGraph)
                == Self.mlp.map { "student." + $0 })
    }

    /// Wrappers within names, adapters, renamed parametrizations and normalisations.
    @Test(arguments: [
        ("m.block.fc.weight", "block._orig_mod.fc.weight"), ("block.fc.weight", "block.module.fc.weight"),
        ("base_model.model.q.lora_A.default.weight", "base_model.model.q.lora_A.weight"),
        ("base_model.model.q.base_layer.weight", "q.weight"),
        ("base_model.model.head.modules_to_save.default.weight", "base_model.model.head.weight"),
        ("base_model.model.e.lora_embedding_A.default", "base_model.model.e.lora_embedding_A"),
        ("q.parametrizations.weight.original0", "q.weight_g"), ("q.weight_v", "q.parametrizations.weight.original1"),
        ("a.LayerNorm.weight", "bert.a.LayerNorm.gamma"), ("fc.weight", "head.weight"),
    ]) func knownRenamings(_ model: String, _ file: String) throws {
        let other = NamedArray(name: "rest.w", array: NumericArray([5.0, 6, 7, 8], shape: [2, 2]))
        let tensor = NamedArray(name: file, array: NumericArray([1.0, 2, 3, 4], shape: [2, 2]))
        for isOrdered in [false, true] {
            let matching = try WeightMatching(
                architecture: [.init(name: "rest.w", shape: [2, 2]), .init(name: model, shape: [2, 2])],
                [tensor, other],
                isOrdered: isOrdered)
            #expect(matching.places[model]?.source == file && matching.evidence[model] == .name)
        }
    }

    /// Numbers in names are an order where they count the same layers, in files without one, too.
    @Test(arguments: [
        ["fc0", "fc1", "fc2"], ["net.0", "net.2", "net.4"], ["layers.2", "layers.9", "layers.10"],
        ["m.x.fc5", "m.x.fc6", "m.x.fc7"], ["fc1", "fc2", "out"], ["fc0", "fc1", "out"],
        ["layers.0", "layers.2", "head"],
        ["model.fc1", "model.fc2", "model.classifier"],
    ]) func numbers(_ file: [String]) throws {
        for isOrdered in [false, true] {
            #expect(try Self.found(Self.mlp, Self.layers(file), isOrdered: isOrdered) == file)
            let sorted = Self.layers(file).sorted { $0.name < $1.name }
            #expect(try Self.found(Self.mlp, sorted, isOrdered: false) == file)
        }
    }

    /// Where layers of one shape have names that do not say which is which, they are refused, with the names that are open.
    @Test(arguments: [
        (["input", "hidden", "classifier"], ["input", "hidden"]), (["a", "b", "c"], ["a", "b", "c"]),
        (["stem", "fc1", "fc2"], ["stem"]), (["fc1", "fc3", "out"], ["out"]),
        (["a.1", "a.2", "b.1"], ["a.1", "a.2", "b.1"]),
        (["a1.b1", "a1.b2", "a2.b1"], ["a1.b1", "a2.b1"]),
    ]) func whatIsOpen(_ file: [String], _ open: [String]) throws {
        for isOrdered in [false, true] {
            let failure = #expect(throws: WeightMatching.Failure.self) {
                try Self.found(Self.mlp, Self.layers(file), isOrdered: isOrdered)
            }
            let reason = try #require(failure).reason
            #expect(reason.contains("Names do not say which tensor is which"), "\(reason)")
            #expect(reason.contains("rename them"), "\(reason)")
            let unexpected = try #require(failure).unexpected.joined(separator: " ")
            for name in open { #expect(unexpected.contains(name + ".weight"), "\(unexpected)") }
        }
    }

    /// One layer alone is left: matched in a file that keeps the order, and if it comes in that order.
    @Test func byOrder() throws {
        let file = Self.layers(["fc1", "fc2", "last_one"])
        #expect(try Self.found(Self.mlp, file, isOrdered: true) == ["fc1", "fc2", "last_one"])
        #expect(throws: WeightMatching.Failure.self) { try Self.found(Self.mlp, file, isOrdered: false) }
        #expect(throws: WeightMatching.Failure.self) {
            try Self.found(Self.mlp, Self.layers(["last_one", "fc1", "fc2"]), isOrdered: true)
        }
        // The same for graphs, whose tensors are needed by their own names.
        let graph = ["a.q", "a.k", "a.v"]
        #expect(
            try Self.found(graph, Self.layers(["q", "k", "value"]), isOrdered: true, isGraph: true) == [
                "q", "k", "value",
            ])
        #expect(throws: WeightMatching.Failure.self) {
            try Self.found(graph, Self.layers(["q", "k", "value"]), isOrdered: false, isGraph: true)
        }
        #expect(throws: WeightMatching.Failure.self) {
            try Self.found(graph, Self.layers(["query", "key", "v"]), isOrdered: true, isGraph: true)
        }
    }

    /// Shapes that occur once are proof enough without an order.
    @Test func byShape() throws {
        let wanted = [("fc1", [3, 5]), ("fc2", [4, 3]), ("fc3", [2, 4])].flatMap { Self.wanted([$0.0], $0.1) }
        let file = [("c", [2, 4]), ("a", [3, 5]), ("b", [4, 3])].flatMap { Self.layers([$0.0], $0.1) }
        let matching = try WeightMatching(architecture: wanted, file, isOrdered: false)
        #expect(matching.places["fc1.weight"]?.source == "a.weight" && matching.places["fc3.bias"]?.source == "c.bias")
        #expect(matching.notes.count == 1 && matching.notes[0].contains("by shape, and no other assignment fits"))
        // A file with an order must have this one.
        #expect(throws: WeightMatching.Failure.self) {
            try WeightMatching(architecture: wanted, file, isOrdered: true)
        }
    }

    /// Names that agree decide; a shape that differs is an error with the tensor's name, although it would fit elsewhere.
    @Test func shapesOfNamesThatAgree() throws {
        let file = Self.layers(["m.fc1"], [3, 2]) + Self.layers(["m.fc2"], [2, 3])
        let failure = #expect(throws: WeightMatching.Failure.self) {
            try WeightMatching(
                architecture: Self.wanted(["fc1"], [2, 3]) + Self.wanted(["fc2"], [3, 2]), file, isOrdered: true)
        }
        #expect(
            try #require(failure).reason
                == "'m.fc1.weight' is 'fc1.weight' by its name, but has the shape [3, 2], expected [2, 3]")
    }

    /// Two models in one file.
    @Test(arguments: [["online.", "ema."], ["student.net.", "teacher.net."]]) func twoModels(_ prefixes: [String])
        throws
    {
        let file = prefixes.flatMap { prefix in Self.layers(Self.mlp.map { prefix + $0 }) }
        for isGraph in [false, true] {
            let failure = #expect(throws: WeightMatching.Failure.self) {
                try Self.found(Self.mlp, file, isOrdered: true, isGraph: isGraph)
            }
            #expect(try #require(failure).reason.contains("could each be 'fc1.weight'"))
        }
        // One that has the model's own names is meant; the other is left over.
        let failure = #expect(throws: WeightMatching.Failure.self) {
            try Self.found(Self.mlp, Self.layers(Self.mlp) + Self.layers(Self.mlp.map { "ema." + $0 }))
        }
        #expect(try #require(failure).unexpected.count == 6)
    }

    /// Blocks of a longer model are not shifted to make them fit.
    @Test func layersThatTheModelLacks() throws {
        let file = Self.layers((0..<4).map { "blocks.\($0)" })
        #expect(throws: WeightMatching.Failure.self) { try Self.found((0..<3).map { "blocks.\($0)" }, file) }
        #expect(throws: WeightMatching.Failure.self) { try Self.found((1..<6).map { "blocks.\($0)" }, file) }
        #expect(
            try Self.found((1..<5).map { "blocks.\($0)" }, file, isGraph: true) == (0..<4).map { "blocks.\($0)" })
    }

    /// Layers of several tensors of one shape, under another name and counted from another number.
    @Test func numbersAndPrefixes() throws {
        let own = ["a.q", "a.k", "b.v"]
        let model = (0..<2).flatMap { number in own.map { "layers.\(number).\($0)" } }
        func blocks(from first: Int) -> [String] {
            (0..<2).flatMap { number in own.map { "m.blocks.\(number + first).\($0)" } }
        }
        for first in [0, 1] {
            let names = blocks(from: first)
            for isGraph in [false, true] {
                #expect(try Self.found(model, Self.layers(names).reversed(), isGraph: isGraph) == names)
            }
        }
        // No name agrees as it is, so that nothing says that `m.blocks` are the layers.
        #expect(throws: WeightMatching.Failure.self) { try Self.found(model, Self.layers(blocks(from: 5))) }
    }

    @Test func mapping() throws {
        let matching = try WeightMatching(
            architecture: Self.wanted(["fc1"]), Self.layers(["m.fc1"]), isOrdered: false)
        #expect(
            matching.mapping == [
                TensorMapping(
                    tensor: "fc1.weight", source: "m.fc1.weight", shape: [2, 2], isTransposed: false, evidence: "name"),
                TensorMapping(
                    tensor: "fc1.bias", source: "m.fc1.bias", shape: [2], isTransposed: false, evidence: "name"),
            ])
    }

    @Test func ranks() {
        #expect(LayerNumbers("layers.10.conv2").stem == "layers.#.conv#")
        #expect(LayerNumbers("layers.10.conv2").numbers == [10, 2])
        #expect(LayerNumbers("a99999999999999999999999").numbers == [])
        #expect(LayerNumbers.ranks([[1, 3], [1, 5], [2, 7]]) == [[0, 0], [0, 1], [1, 0]])
        #expect(LayerNumbers.order(["a.10", "a.9", "a.2"]) == [2, 1, 0])
        #expect(LayerNumbers.order(["a.1", "b.2"]) == nil && LayerNumbers.order(["a1.1", "a2.2"]) == nil)
        #expect(LayerNumbers.order([]) == nil && LayerNumbers.order(["a#", "a1", "#"]) == nil)
    }
}
