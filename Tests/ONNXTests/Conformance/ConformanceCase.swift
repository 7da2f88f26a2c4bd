import ArrayFiles
import Autodiff
import Foundation
import Networks

@testable import ONNX

/// One case of the ONNX project's own: a model, its inputs and what it gives for them.
struct ConformanceCase {
    let name: String
    let folder: String

    enum Outcome: Equatable {
        /// Whether derivatives were checked, too.
        case passed(derivatives: Bool)
        case failed(String)
        /// Operators, or kinds of values, that are missing.
        case unsupported([String])
    }

    /// The cases of a folder that holds NAME/model.onnx with test_data_set_0/{input,output}_N.pb.
    static func all(in folder: String) -> [ConformanceCase] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().map { ConformanceCase(name: $0, folder: folder + "/" + $0) }.filter {
            FileManager.default.fileExists(atPath: $0.folder + "/model.onnx")
        }
    }

    func run() -> Outcome {
        do {
            return try check()
        } catch ONNXError.unsupported(let operators) {
            return .unsupported(operators.map(\.name))
        } catch {
            return .failed("\(error)")
        }
    }

    private func check() throws -> Outcome {
        let model = try ONNXModel(try FileContent.bytes(of: folder + "/model.onnx"))
        let initializers = Set(model.graph.initializers.map(\.name))
        let inputs = model.graph.inputs.filter { !initializers.contains($0.name) }
        let outputs = model.graph.outputs.map(\.name)
        let (nodes, tensors) = try model.expanded()
        var missing: Set<String> = [], pending = nodes
        while let node = pending.popLast() {
            pending += node.attributes.flatMap { $0.graph?.nodes ?? [] }
            if Operators.table[node.kind] != nil, node.domain.isEmpty { continue }
            missing.insert(node.domain.isEmpty ? node.kind : "\(node.domain).\(node.kind)")
        }
        if !missing.isEmpty { return .unsupported(missing.sorted()) }
        if (inputs + model.graph.outputs).contains(where: { $0.elementType == 0 }) {
            return .unsupported(["sequences and optional values"])
        }
        if (inputs + model.graph.outputs).contains(where: { [8, 14, 15].contains($0.elementType) }) {
            return .unsupported(["strings and complex numbers"])
        }
        let sources = try ONNXSources(nodes, tensors, outputs: outputs, given: Set(inputs.map(\.name)))
        let given = try inputs.enumerated().map { try values("input_\($0).pb", $1.elementType) }
        let expected = try model.graph.outputs.enumerated().map { try values("output_\($0).pb", $1.elementType) }
        var bodies: [OperatorGraph.Body] = []
        let operators = try sources.nodes.map { try OperatorGraph.Node($0, &bodies) }
        var description = OperatorGraph(
            opset: model.opsets[""] ?? 1, nodes: operators, constants: [:],
            parameters: [], buffers: [], input: "", exampleShape: [1], inputIsInteger: false, output: outputs[0],
            exportedBatch: nil, bodies: bodies)
        for (name, tensor) in sources.tensors { description.constants[name] = try tensor.values { _ in [] } }

        // Real inputs are values of the graph, so that they can be differentiated by, as far as the operators allow it.
        let real = given.indices.filter { given[$0].kind == .real && !given[$0].values.isEmpty }
        var last: (any Error)?
        for inGraph in [real, Array(real.prefix(1)), []] {
            do {
                let attempt = ConformanceRun(
                    description, names: inputs.map(\.name), given: given, inGraph: inGraph, outputs: outputs)
                if let problem = try attempt.mismatch(expected) { return .failed(problem) }
                guard let derivative = try attempt.derivativeMismatch() else { return .passed(derivatives: false) }
                return derivative.isEmpty ? .passed(derivatives: true) : .failed(derivative)
            } catch ONNXError.notConstant(let kind, let node, let input) {
                last = ONNXError.notConstant(operator: kind, node: node, input: input)
            }
        }
        throw last!
    }

    /// Bfloat16 numbers are stored as the integers of their bits.
    private func values(_ file: String, _ declaredType: Int) throws -> HostTensor {
        let path = folder + "/test_data_set_0/" + file
        guard let data = FileManager.default.contents(atPath: path) else { throw FileError.missing(path: path) }
        var tensor = try ONNXTensor([UInt8](data)[...])
        if declaredType == 16, tensor.dataType == 4 { tensor.dataType = 16 }
        return try tensor.values { _ in [] }
    }
}
