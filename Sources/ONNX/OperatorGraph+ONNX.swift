import ArrayFiles
import Essentials
import Networks

extension OperatorGraph {
    /// The nodes of a file, without any tensor yet, for examples of the data's shapes.
    init(_ file: ONNXFile, _ options: ImportOptions) throws {
        var bodies: [Body] = []
        let nodes = try file.sources.nodes.map { try Node($0, &bodies) }
        var batch: Int?
        for input in file.inputs {
            guard let declared = input.shape, let extent = declared.first ?? nil else { continue }
            guard extent <= Self.mostExported else {
                throw ONNXError.limit(
                    "it is for batches of \(extent) examples, expected at most \(Self.mostExported)")
            }
            guard batch ?? extent == extent else {
                throw ONNXError.inputMismatch(
                    expected: "inputs with the examples along axis 0",
                    found: "inputs of \(batch ?? 0) and \(extent) examples; export it with open first axes")
            }
            batch = extent
        }
        guard file.inputs.count == options.inputs.count else {
            throw ONNXError.inputMismatch(
                expected: "\(file.inputs.count) inputs (\(file.inputs.map(\.name).shown))",
                found: "\(options.inputs.count)")
        }
        let inputs = try zip(file.inputs, options.inputs).map { input, data in
            Input(
                name: input.name,
                shape: try Self.exampleShape(input, data.shape, isNamed: file.inputs.count > 1),
                isInteger: !input.isReal)
        }
        self.init(
            opset: file.opset, nodes: nodes, constants: [:], parameters: [], buffers: [], input: inputs[0].name,
            exampleShape: inputs[0].shape, inputIsInteger: inputs[0].isInteger,
            otherInputs: inputs.count > 1 ? Array(inputs.dropFirst()) : nil, output: file.output,
            prediction: file.prediction, exportedBatch: batch,
            bodies: bodies.isEmpty ? nil : bodies)
    }

    /// Takes a model that was exported in training mode as it is in evaluation.
    ///
    /// - Parameter isSet: whether a tensor of the file is a truth value, and true.
    /// - Returns: whether something was in training mode.
    mutating func leaveTrainingMode(_ isSet: (String) -> Bool) -> Bool {
        var found = false
        for index in nodes.indices {
            switch nodes[index].kind {
            case "Dropout" where nodes[index].inputs.count > 2 && isSet(nodes[index].inputs[2]):
                nodes[index].inputs = [nodes[index].inputs[0]]
                found = true
            case "BatchNormalization" where nodes[index].attributes["training_mode"]?.integer ?? 0 != 0:
                nodes[index].attributes["training_mode"] = nil
                nodes[index].outputs = Array(nodes[index].outputs.prefix(1))
                found = true
            default: break
            }
        }
        return found
    }

    /// The shape that the model takes an example in: the declared one, its open extents as the data have them.
    private static func exampleShape(
        _ input: ONNXModel.ValueInfo, _ data: [Int], isNamed: Bool
    ) throws -> [Int] {
        guard let declared = input.shape else { return data }
        let wanted = Array(declared.dropFirst())
        func fits(_ shape: [Int]) -> Bool {
            shape.count == wanted.count && zip(shape, wanted).allSatisfy { $1 == nil || $0 == $1 }
        }
        if fits(data) { return data }
        // Extents of 1 in front come and go: a row of numbers is an image of one channel and one row to some.
        let core = Array(data.drop { $0 == 1 })
        let padded = [Int](repeating: 1, count: max(0, wanted.count - core.count)) + core
        if fits(padded) { return padded }
        let fixed = wanted.compactMap { $0 }
        if fixed.count == wanted.count, ShapeAgreement.agree(fixed, data) { return fixed }
        let words = wanted.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        let known = zip(wanted, data).map { $0 ?? $1 }
        throw ONNXError.inputMismatch(
            expected: "examples\(isNamed ? " '\(input.name.shown)'" : "") of shape [\(words)]",
            found: "examples of shape \(data.shown)"
                + (wanted.count == data.count ? ShapeAgreement.advice(found: data, expected: known) : ""))
    }
}

extension ONNXModel.ValueInfo {
    /// Whether it holds real numbers.
    var isReal: Bool { [1, 10, 11, 16].contains(elementType) }
}

extension OperatorGraph.Node {
    /// - Parameter bodies: of the graph; those of the node are added.
    init(_ node: ONNXModel.Node, _ bodies: inout [OperatorGraph.Body]) throws {
        var attributes: [String: OperatorGraph.Attribute] = [:]
        for attribute in node.attributes {
            var value = OperatorGraph.Attribute()
            if let graph = attribute.graph {
                let body = OperatorGraph.Body(
                    nodes: try graph.nodes.map { try Self($0, &bodies) }, inputs: graph.inputs.map(\.name),
                    outputs: graph.outputs.map(\.name))
                value.body = bodies.count
                bodies.append(body)
                attributes[attribute.name] = value
                continue
            }
            switch attribute.type {
            case 1: value.real = RoundedConstant.number(Float(attribute.real ?? 0))
            case 2: value.integer = attribute.integer ?? 0
            case 3: value.text = attribute.text ?? ""
            case 4:
                value.tensor = try attribute.tensor?.values { _ in
                    throw ONNXError.externalData(name: attribute.name, problem: "in an attribute")
                }
                if attribute.tensor?.elementType == .float32 { value.tensor?.restoreRounded() }
            case 6: value.reals = attribute.reals.map { RoundedConstant.number(Float($0)) }
            case 7: value.integers = attribute.integers
            case 8: value.texts = attribute.texts
            default:
                // Files of before IR version 2 have no types.
                value = OperatorGraph.Attribute(
                    integer: attribute.integer, real: attribute.real, text: attribute.text,
                    integers: attribute.integers.isEmpty ? nil : attribute.integers,
                    reals: attribute.reals.isEmpty ? nil : attribute.reals)
            }
            attributes[attribute.name] = value
        }
        self.init(
            name: ONNXModel.label(node), kind: node.kind, inputs: node.inputs, outputs: node.outputs,
            attributes: attributes)
    }
}
