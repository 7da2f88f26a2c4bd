import ArrayFiles
import Models
import Datasets
import Foundation
import Objectives
import ReferenceModels
import Tensors
import Testing
import Training

@testable import ONNX

/// Weights of a state dictionary in a graph that was exported with others.
@Suite struct GraphWeightsTests {
    static let digits = Reference.fixtures + "/cnn_digits"

    static func digitsConfiguration() throws -> TrainingConfiguration {
        TrainingConfiguration(
            model: "linear", data: try DataSpecification("npy:\(digits)/eval_x.npy,\(digits)/eval_y.npy"))
    }

    /// Parameters and running statistics of both forms of file, in graphs of both exporters with random weights of their own, give
    /// PyTorch's loss, gradient and Hv, number by number.
    @Test(arguments: ["graph_ts17", "graph_dynamo18"], ["model.safetensors", "model.pt"])
    func agreesWithPyTorch(_ graph: String, _ file: String) throws {
        let imported = try Model.importONNX(
            "\(Self.digits)/\(graph).onnx", weights: "\(Self.digits)/\(file)", Self.digitsConfiguration())
        #expect(imported.notes == [])
        let model = try Model(Checkpoint(try imported.checkpoint.encoded()))
        let reference = try Reference.cnn()
        // The graph's tensors may come in another order.
        let (own, theirs) = (model.network.parameters, reference.network.parameters)
        #expect(Set(own.tensors.map(\.name)) == Set(theirs.tensors.map(\.name)))
        func reordered(_ values: [Double]) throws -> [Double] {
            try own.tensors.flatMap { tensor in
                let index = try #require(theirs.tensors.firstIndex { $0.name == tensor.name })
                return Array(values[theirs.range(index)])
            }
        }
        #expect(try model.theta == reordered(reference.theta))
        let objective = try model.objective(model.dataset(), precision: .double)
        let (loss, gradient) = try objective.valueAndGradient(at: model.theta)
        #expect(abs(loss - reference.number("loss")) <= 1e-12)
        #expect(try relativeError(gradient, reordered(reference.vector("grad"))) < 1e-10)
        let product = try objective.hessianVectorProduct(at: model.theta, along: reordered(reference.vector("v")))
        #expect(try relativeError(product, reordered(reference.vector("hvp"))) < 1e-10)
        // Exported again, the file that they came from.
        let exported = try imported.checkpoint.weights()
        let given = try Safetensors.read("\(Self.digits)/model.safetensors")
        let wanted = given.tensors.filter { !StateNames.isCounter($0.name) }
        #expect(exported.tensors.count == wanted.count && wanted.allSatisfy { exported[$0.name] == $0.array })
    }

    /// Where batch normalisation was folded, parameters are others: refused with what is missing, what is left over, and the cure. One
    /// of these graphs keeps every name of the convolution that has a bias, with numbers that are not the module's.
    @Test(arguments: ["folded_ts17": "onnx::Conv_", "folded_dynamo18": "conv2.weight_bias [12]"])
    func foldedNormalisation(_ graph: String, _ missing: String) throws {
        let error = #expect(throws: FileError.self) {
            try Model.importONNX(
                "\(Self.digits)/\(graph).onnx", weights: "\(Self.digits)/model.pt", Self.digitsConfiguration())
        }
        let text = try #require(error).description
        for words in [missing, "bn1.running_mean [6]", "fold it into the convolutions", "optimize=False"] {
            #expect(text.contains(words), "\(text)")
        }
    }

    // MARK: How tensors are matched

    typealias Wanted = StateMatching.Wanted

    static func wanted(
        _ name: String, _ shape: [Int], _ values: [Double], transposed: Bool = false, origins: [String] = [],
        module: String? = nil, isStatistic: Bool = false
    ) -> Wanted {
        let isKept = origins.isEmpty && !ParameterRules.isMadeUp(name)
        return Wanted(
            name: name, shape: shape, isNeeded: true, isStatistic: isStatistic, isTransposed: transposed,
            change: isKept ? .none : transposed ? .transposed : .unknown, origins: origins, module: module,
            values: values)
    }

    static func state(_ name: String, _ shape: [Int], _ values: [Double]) -> StateMatching.State {
        .init(name: name, shape: shape, values: values)
    }

    static func places(_ wanted: [Wanted], _ state: [StateMatching.State], isOrdered: Bool = true) throws -> [String] {
        let matching = try StateMatching(wanted, state: state, isOrdered: isOrdered)
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
        #expect(throws: ONNXError.self) {
            try Self.places([Self.wanted("w", [1, 2], [1, 2])], [Self.state("w", [2, 1], [5, 6])])
        }
        // Two wrappers of one name are no guide.
        #expect(throws: ONNXError.self) {
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
        #expect(throws: ONNXError.self) {
            try Self.places([mixed], [Self.state("g", [2, 1], [3, 4]), Self.state("v", [1], [5])])
        }
        // What something else was done to than transposing is none either: exp(t) under a name of its own, a filter that was
        // standardised.
        for tensor in [
            Self.wanted("exp", [2], [1, 2], origins: ["t"]), Self.wanted("onnx::Conv_1", [2], [1, 2], module: "t"),
        ] {
            #expect(throws: ONNXError.self) { try Self.places([tensor], [Self.state("t", [2], [3, 4])]) }
            #expect(throws: ONNXError.self) { try Self.places([tensor], [Self.state("t.weight", [2], [3, 4])]) }
        }
        // Nor where all else is as it was exported, so that this one would be, too.
        let bias = Self.wanted("a.bias", [2], [1, 2]), matrix = wanted[1]
        let weight = Self.state("a.weight", [2, 2], [1, 1, 2, 2])
        #expect(
            try Self.places([bias, matrix], [Self.state("a.bias", [2], [3, 4]), weight])
                == ["a.bias", "a.weight transposed"])
        #expect(throws: ONNXError.self) {
            try Self.places([bias, matrix], [Self.state("a.bias", [2], [1, 2]), weight])
        }
    }

    @Test func orderWhereEveryShapeFits() throws {
        let wanted = [Self.wanted("w", [2, 3], [1, 2, 3, 4, 5, 6]), Self.wanted("v", [3, 2], [5, 6, 7, 8, 9, 1])]
        let first = Self.state("z.weight", [2, 3], [0, 1, 2, 3, 4, 5]),
            second = Self.state("y.weight", [3, 2], [0, 1, 2, 3, 4, 6])
        let matching = try StateMatching(wanted, state: [first, second], isOrdered: true)
        #expect(matching.places["w"] == .init(source: "z.weight", isTransposed: false))
        #expect(matching.notes.count == 1 && matching.notes[0].contains("by order, every shape fitting"))
        #expect(throws: ONNXError.self) { try Self.places(wanted, [second, first]) }
        // Not what the exporter renamed: it may be scaled as well as transposed.
        let renamed = Self.wanted("onnx::MatMul_1", [2, 3], [1, 2, 3, 4, 5, 6], transposed: true)
        #expect(throws: ONNXError.self) { try Self.places([renamed], [second]) }
        // A file in alphabetical order is brought in that of the modules' numbers.
        let layers = (1...11).map { Self.state("l.\($0).weight", [1], [Double($0)]) }
        let graph = (1...11).map { Self.wanted("layer\($0)", [1], [0]) }
        #expect(
            try Self.places(graph, layers.sorted { $0.name < $1.name }, isOrdered: false) == layers.map(\.name))
    }

    /// What the graph does not have is passed over only where it is a copy, or the graph holds these very weights.
    @Test func leftOver() throws {
        let wanted = [Self.wanted("w", [2], [1, 2])], extra = Self.state("aux", [1], [3])
        #expect(try Self.places(wanted, [Self.state("w", [2], [5, 6]), Self.state("copy", [2], [5, 6])]) == ["w"])
        let same = try StateMatching(wanted, state: [Self.state("w", [2], [1, 2]), extra], isOrdered: true)
        #expect(same.notes == ["the graph holds these very weights and reads none of: aux; they are left out"])
        #expect(throws: ONNXError.self) { try Self.places(wanted, [Self.state("w", [2], [5, 6]), extra]) }
        #expect(throws: ONNXError.self) { try Self.places(wanted, []) }
    }

    // MARK: Graphs that rename

    /// Transposed and renamed matrices of a transformer, by what the newer exporter noted (vit_fixed3), are taken from weights that are
    /// not those of the export: both graphs give one loss.
    @Test func renamedMatricesOfATransformer() throws {
        let folder = FixtureTests.folder, configuration = try FixtureTests.configuration("vit")
        let named = try Model.importONNX("\(folder)/vit_ts17.onnx", configuration)
        let changed = try Safetensors(
            tensors: named.checkpoint.parameters.enumerated().map { index, tensor in
                let values = tensor.array.doubles.enumerated().map { $1 * (1.1 + 0.01 * Double(($0 + index) % 7)) }
                return .init(name: tensor.name, array: NumericArray(values.map(Float.init), shape: tensor.array.shape))
            })
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ".safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try changed.write(to: path)
        func loss(_ graph: String) throws -> (Double, [String]) {
            let imported = try Model.importONNX("\(folder)/\(graph).onnx", weights: path, configuration)
            let model = try Model(imported.checkpoint)
            return (
                try model.objective(model.dataset(), precision: .double).evaluate(at: model.theta).loss,
                imported.notes
            )
        }
        let (expected, none) = try loss("vit_ts17")
        let original = try Model(named.checkpoint)
        let before = try original.objective(original.dataset(), precision: .double).evaluate(at: original.theta).loss
        #expect(none == [] && abs(expected - before) > 1e-3)
        let (found, notes) = try loss("vit_fixed3")
        #expect(abs(found - expected) <= 1e-9 * expected)
        #expect(notes.contains { $0.contains("by what the exporter noted of them") && $0.contains("transposed") })
    }

    /// What is exported is in the module's layout again: a matrix that the module multiplies by from the right, a transposed
    /// convolution's filters, and under the names and in the layout of the weights that were taken.
    @Test func exportedLayout() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func path(_ name: String) -> String { folder.appending(path: name).path }
        func numbers(_ count: Int, _ first: Int) -> [Float] { (0..<count).map { Float(first + $0 * $0 % 11) } }
        let nodes = [
            ModelBuilder.node("ConvTranspose", ["x", "up"], ["a"]), ModelBuilder.node("Flatten", ["a"], ["f"]),
            ModelBuilder.node("MatMul", ["f", "w"], ["h"]),
            ModelBuilder.node("MatMul", ["h", "onnx::MatMul_9"], ["y"]),
        ]
        let model = ModelBuilder.model(
            nodes: nodes,
            tensors: [
                ModelBuilder.tensor("up", [2, 3, 1, 1], numbers(6, 1)),
                ModelBuilder.tensor("w", [3, 3], numbers(9, 2)),
                ModelBuilder.tensor("onnx::MatMul_9", [3, 2], numbers(6, 3)),
            ], input: ModelBuilder.value("x", [nil, 2, 1, 1]))
        try Data(model).write(to: folder.appending(path: "m.onnx"))
        try NPY.write(NumericArray(numbers(8, 0), shape: [4, 2, 1, 1]), to: path("x.npy"))
        try NPY.write(NumericArray([0, 1, 0, 1]), to: path("y.npy"))
        let configuration = TrainingConfiguration(
            model: "linear", data: try DataSpecification("npy:\(path("x.npy")),\(path("y.npy"))"))
        func exported(_ weights: String?) throws -> [String: NumericArray] {
            let checkpoint = try Model.importONNX(path("m.onnx"), weights: weights, configuration).checkpoint
            let again = try Checkpoint(checkpoint.encoded())
            return Dictionary(uniqueKeysWithValues: try again.weights().tensors.map { ($0.name, $0.array) })
        }
        let own = try exported(nil)
        #expect(own["up"] == NumericArray(numbers(6, 1), shape: [2, 3, 1, 1]))
        #expect(own["w"] == NumericArray(numbers(9, 2), shape: [3, 3]))
        // What the exporter transposed is PyTorch's in the checkpoint.
        let turned = [0, 2, 4, 1, 3, 5].map { numbers(6, 3)[$0] }
        #expect(own["onnx::MatMul_9"] == NumericArray(turned, shape: [2, 3]))
        let weights = [
            Safetensors.Tensor(name: "module.w", array: NumericArray(numbers(9, 5), shape: [3, 3])),
            .init(name: "module.up", array: NumericArray(numbers(6, 6), shape: [2, 3, 1, 1])),
            .init(name: "module.head.weight", array: NumericArray(turned, shape: [2, 3])),
        ]
        try Safetensors(tensors: weights).write(to: path("w.safetensors"))
        let taken = try exported(path("w.safetensors"))
        #expect(taken == Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.array) }))
    }

    /// A checkpoint of a graph holds matrices in its own layout and is refused; a tensor that the file lacks is an error until it is
    /// frozen, and stays what it is in the graph then.
    @Test func mistakes() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let graph = "\(Self.digits)/graph_ts17.onnx", configuration = try Self.digitsConfiguration()
        let own = folder.appending(path: "own.bin").path, lacking = folder.appending(path: "lacking.safetensors").path
        try Model.importONNX(graph, configuration).checkpoint.write(to: own)
        #expect(throws: ModelError.alreadyImported(file: own)) {
            try Model.importONNX(graph, weights: own, configuration)
        }
        let all = try Safetensors.read("\(Self.digits)/model.safetensors").tensors
        try Safetensors(tensors: all.filter { $0.name != "fc1.bias" }).write(to: lacking)
        let error = #expect(throws: FileError.self) {
            try Model.importONNX(graph, weights: lacking, configuration)
        }
        #expect(try #require(error).description.contains("Missing: fc1.bias [32]. Unexpected: none"))
        let frozen = try Model.importONNX(graph, weights: lacking, configuration, frozen: ["fc1.bias"])
        #expect(frozen.checkpoint.parameterCount == 2642 - 32)
        let given = try Model.importONNX(graph, configuration).checkpoint.parameters
        #expect(
            frozen.checkpoint.buffers.first { $0.name == "fc1.bias" } == given.first { $0.name == "fc1.bias" })
    }
}
