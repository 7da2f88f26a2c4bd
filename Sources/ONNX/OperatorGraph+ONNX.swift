import ArrayFiles
import Essentials

extension OperatorGraph {
    /// The nodes of a file, without any tensor yet, for examples of the data's shape.
    init(
        _ sources: ONNXSources, opset: Int, input: ONNXModel.ValueInfo, output: String, _ options: ImportOptions
    ) throws {
        var bodies: [Body] = []
        let nodes = try sources.nodes.map { try Node($0, &bodies) }
        if let batch = input.shape?.first ?? nil, batch > Self.mostExported {
            throw ONNXError.limit("it is for batches of \(batch) examples, expected at most \(Self.mostExported)")
        }
        let isInteger = ![1, 10, 11, 16].contains(input.elementType)
        self.init(
            opset: opset, nodes: nodes, constants: [:], parameters: [], buffers: [], input: input.name,
            exampleShape: try Self.exampleShape(input, options.exampleShape), inputIsInteger: isInteger, output: output,
            exportedBatch: input.shape?.first ?? nil, bodies: bodies.isEmpty ? nil : bodies)
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
    private static func exampleShape(_ input: ONNXModel.ValueInfo, _ data: [Int]) throws -> [Int] {
        guard let declared = input.shape else { return data }
        let wanted = Array(declared.dropFirst())
        func fits(_ shape: [Int]) -> Bool {
            shape.count == wanted.count && !shape.isEmpty && zip(shape, wanted).allSatisfy { $1 == nil || $0 == $1 }
        }
        if fits(data) { return data }
        // Extents of 1 in front come and go: a row of numbers is an image of one channel and one row to some.
        let core = Array(data.drop { $0 == 1 })
        let padded = [Int](repeating: 1, count: max(0, wanted.count - core.count)) + core
        if fits(padded) { return padded }
        let fixed = wanted.compactMap { $0 }
        if fixed.count == wanted.count, !fixed.isEmpty,
            fixed.reduce(1.0, { $0 * Double($1) }) == data.reduce(1.0, { $0 * Double($1) })
        {
            return fixed
        }
        let words = wanted.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        throw ONNXError.inputMismatch(
            expected: "examples of shape [\(words)]", found: "examples of shape \(data.shown)")
    }
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
