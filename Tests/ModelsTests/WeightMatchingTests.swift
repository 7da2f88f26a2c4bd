import ArrayFiles
import Testing

@testable import Models
@testable import ONNX

/// How tensors of a file of weights are matched with those of a graph.
@Suite struct WeightMatchingTests {
    static func wanted(
        _ name: String, _ shape: [Int], _ values: [Double], transposed: Bool = false, origins: [String] = [],
        module: String? = nil, isStatistic: Bool = false
    ) -> WantedTensor {
        var tensor = WantedTensor(name: name, shape: shape)
        tensor.isMadeUp = ExportedNames.isMadeUp(name)
        let isKept = origins.isEmpty && !tensor.isMadeUp
        (tensor.isStatistic, tensor.isTransposed) = (isStatistic, transposed)
        tensor.change = isKept ? .none : transposed ? .transposed : .unknown
        (tensor.origins, tensor.module, tensor.values) = (origins, module, values)
        return tensor
    }

    static func state(_ name: String, _ shape: [Int], _ values: [Double]) -> NamedArray {
        NamedArray(name: name, array: NumericArray(values, shape: shape))
    }

    static func places(_ wanted: [WantedTensor], _ state: [NamedArray], isOrdered: Bool = true) throws -> [String] {
        let matching = try WeightMatching(graph: wanted, state, isOrdered: isOrdered)
        return wanted.map { tensor in
            matching.places[tensor.name].map { $0.source + ($0.isTransposed ? " transposed" : "") } ?? "none"
        }
    }

    @Test func names() throws {
        let square = [1.0, 2, 3, 4], other = [5.0, 6, 7, 8]
        // A name that was kept is a matrix that was kept, even one whose filters are columns, unless the numbers tell otherwise.
        #expect(
            try Self.places([Self.wanted("w", [2, 2], square, transposed: true)], [Self.state("w", [2, 2], other)])
                == ["w"])
        #expect(
            try Self.places(
                [Self.wanted("w", [2, 2], square, transposed: true)], [Self.state("w", [2, 2], [1, 3, 2, 4])])
                == ["w transposed"])
        #expect(
            try Self.places(
                [Self.wanted("w", [1, 2], [1, 2], transposed: true)], [Self.state("module.w", [2, 1], [5, 6])])
                == ["module.w transposed"])
        // Only what an exporter transposes.
        #expect(throws: WeightMatching.Failure.self) {
            try Self.places([Self.wanted("w", [1, 2], [1, 2])], [Self.state("w", [2, 1], [5, 6])])
        }
        // Two wrappers of one name are no guide.
        #expect(throws: WeightMatching.Failure.self) {
            try Self.places(
                [Self.wanted("w", [2], [1, 2])],
                [Self.state("module.w", [2], [5, 6]), Self.state("net.w", [2], [7, 8])])
        }
    }

    @Test func numbers() throws {
        let wanted = [
            Self.wanted("onnx::MatMul_1", [2, 2], [1, 2, 3, 4], transposed: true),
            Self.wanted("onnx::MatMul_2", [2, 2], [5, 6, 7, 8], transposed: true),
        ]
        // In another order, one as it is.
        let state = [Self.state("b.weight", [2, 2], [5, 6, 7, 8]), Self.state("a.weight", [2, 2], [1, 3, 2, 4])]
        #expect(try Self.places(wanted, state) == ["a.weight transposed", "b.weight"])
    }

    @Test func notesOfTheExporter() throws {
        let wanted = [
            Self.wanted("val_1", [2, 2], [1, 2, 3, 4], transposed: true, origins: ["b.weight"]),
            Self.wanted("onnx::MatMul_2", [2, 2], [5, 6, 7, 8], transposed: true, module: "a"),
        ]
        let state = [
            Self.state("model.a.weight", [2, 2], [1, 1, 2, 2]), Self.state("model.b.weight", [2, 2], [3, 3, 4, 4]),
        ]
        #expect(try Self.places(wanted, state) == ["model.b.weight transposed", "model.a.weight transposed"])
        // What was computed from two tensors is neither.
        let mixed = Self.wanted("val_1", [1, 2], [1, 2], transposed: true, origins: ["g", "v"])
        #expect(throws: WeightMatching.Failure.self) {
            try Self.places([mixed], [Self.state("g", [2, 1], [3, 4]), Self.state("v", [1], [5])])
        }
        // What something else was done to than transposing is none either: exp(t) under a name of its own, a filter that was
        // standardised.
        for tensor in [
            Self.wanted("exp", [2], [1, 2], origins: ["t"]), Self.wanted("onnx::Conv_1", [2], [1, 2], module: "t"),
        ] {
            #expect(throws: WeightMatching.Failure.self) { try Self.places([tensor], [Self.state("t", [2], [3, 4])]) }
            #expect(throws: WeightMatching.Failure.self) {
                try Self.places([tensor], [Self.state("t.weight", [2], [3, 4])])
            }
        }
        // Nor where all else is as it was exported, so that this one would be, too.
        let bias = Self.wanted("a.bias", [2], [1, 2]), matrix = wanted[1]
        let weight = Self.state("a.weight", [2, 2], [1, 1, 2, 2])
        #expect(
            try Self.places([bias, matrix], [Self.state("a.bias", [2], [3, 4]), weight])
                == ["a.bias", "a.weight transposed"])
        #expect(throws: WeightMatching.Failure.self) {
            try Self.places([bias, matrix], [Self.state("a.bias", [2], [1, 2]), weight])
        }
    }

    @Test func orderWhereNothingElseFits() throws {
        let wanted = [Self.wanted("w", [2, 3], [1, 2, 3, 4, 5, 6]), Self.wanted("v", [3, 2], [5, 6, 7, 8, 9, 1])]
        let first = Self.state("z.weight", [2, 3], [0, 1, 2, 3, 4, 5]),
            second = Self.state("y.weight", [3, 2], [0, 1, 2, 3, 4, 6])
        let matching = try WeightMatching(graph: wanted, [first, second], isOrdered: true)
        #expect(matching.places["w"] == .init(source: "z.weight", isTransposed: false))
        #expect(matching.notes.count == 1 && matching.notes[0].contains("by order, and no other assignment fits"))
        #expect(throws: WeightMatching.Failure.self) { try Self.places(wanted, [second, first]) }
        // Not what the exporter renamed: it may be scaled as well as transposed.
        let renamed = Self.wanted("onnx::MatMul_1", [2, 3], [1, 2, 3, 4, 5, 6], transposed: true)
        #expect(throws: WeightMatching.Failure.self) { try Self.places([renamed], [second]) }
        // Layers of one shape go by their numbers, whatever the order of the file.
        let layers = (1...11).map { Self.state("l.\($0).weight", [1], [Double($0)]) }
        let graph = (1...11).map { Self.wanted("layer\($0)", [1], [0]) }
        #expect(
            try Self.places(graph, layers.sorted { $0.name < $1.name }, isOrdered: false) == layers.map(\.name))
    }

    /// What the graph does not have is passed over only where it is a copy, or the graph holds these very weights.
    @Test func leftOver() throws {
        let wanted = [Self.wanted("w", [2], [1, 2])], extra = Self.state("aux", [1], [3])
        #expect(try Self.places(wanted, [Self.state("w", [2], [5, 6]), Self.state("copy", [2], [5, 6])]) == ["w"])
        let same = try WeightMatching(graph: wanted, [Self.state("w", [2], [1, 2]), extra], isOrdered: true)
        #expect(same.notes == ["ignored aux: the graph was exported with these weights and does not read them"])
        #expect(throws: WeightMatching.Failure.self) {
            try Self.places(wanted, [Self.state("w", [2], [5, 6]), extra])
        }
        #expect(throws: WeightMatching.Failure.self) { try Self.places(wanted, []) }
    }

    /// A weight of one shape for each module.
    private func tensors(_ modules: [String]) -> [WantedTensor] {
        modules.enumerated().map { Self.wanted($1 + ".weight", [2, 2], [Double($0), 1, 2, 3]) }
    }

    private func states(_ modules: [String]) -> [NamedArray] {
        modules.enumerated().map { Self.state($1 + ".weight", [2, 2], [9, 8, 7, Double($0)]) }
    }

    /// Words for the same layer decide nothing where a side has two of them.
    @Test func wordsForOneLayer() throws {
        #expect(
            try Self.places(tensors(["a", "fc"]), states(["a", "classifier"])) == ["a.weight", "classifier.weight"])
        for (own, theirs) in [(["fc", "head"], ["linear", "fc"]), (["fc", "head"], ["head", "classifier"])] {
            for isOrdered in [true, false] {
                #expect(throws: WeightMatching.Failure.self) {
                    try Self.places(tensors(own), states(theirs), isOrdered: isOrdered)
                }
            }
        }
    }

    /// Numbers that run against the order of the layers, in the graph or in a file that keeps it, are no order.
    @Test func numbersAgainstTheOrder() throws {
        #expect(
            try Self.places(tensors(["a0", "a1"]), states(["b3", "b5"]), isOrdered: false) == [
                "b3.weight", "b5.weight",
            ])
        #expect(throws: WeightMatching.Failure.self) { try Self.places(tensors(["a0", "a1"]), states(["b5", "b3"])) }
        for isOrdered in [true, false] {
            #expect(throws: WeightMatching.Failure.self) {
                try Self.places(tensors(["up2", "up1"]), states(["b3", "b5"]), isOrdered: isOrdered)
            }
        }
    }
}
