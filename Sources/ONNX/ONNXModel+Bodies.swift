import Essentials

extension ONNXModel {
    /// The attribute that says how many of a node's last inputs are values that only its bodies read.
    static let captures = "captured_inputs"

    /// The nodes of the graph with functions written out, and its tensors. What the bodies of `If`, `Loop` and `Scan` read of the
    /// graphs around them stands behind their nodes' own inputs, so that every value that a node needs is one of its inputs. Tensors of
    /// bodies are the graph's, under names of their own.
    func expanded() throws(ONNXError) -> (nodes: [Node], tensors: [ONNXTensor]) {
        var tensors = graph.initializers, number = 0
        let nodes = try Self.capturing(try inlinedNodes(), &tensors, &number)
        return (nodes, tensors)
    }

    private static func capturing(
        _ nodes: [Node], _ tensors: inout [ONNXTensor], _ number: inout Int
    ) throws(ONNXError) -> [Node] {
        var result: [Node] = []
        for var node in nodes {
            var captured: [String] = []
            for index in node.attributes.indices {
                guard var body = node.attributes[index].graph else { continue }
                number += 1
                var names: [String: String] = [:]
                for var tensor in body.initializers {
                    names[tensor.name] = "\(label(node))#body\(number)/\(tensor.name)"
                    tensor.name = names[tensor.name] ?? tensor.name
                    tensors.append(tensor)
                }
                body.initializers = []
                if !names.isEmpty { body = body.renamed { names[$0] ?? $0 } }
                body.nodes = try capturing(try body.nodesInOrder(), &tensors, &number)
                let own = Set(body.inputs.map(\.name) + body.nodes.flatMap(\.outputs) + [""])
                for name in body.nodes.flatMap(\.inputs) + body.outputs.map(\.name) where !own.contains(name) {
                    captured.append(name)
                }
                node.attributes[index].graph = body
            }
            if node.attributes.contains(where: { $0.graph != nil }) {
                var seen: Set<String> = []
                captured = captured.filter { seen.insert($0).inserted }
                var attribute = Attribute()
                (attribute.name, attribute.integer, attribute.type) = (captures, captured.count, 2)
                node.inputs += captured
                node.attributes.append(attribute)
            }
            result.append(node)
        }
        return result
    }
}

extension ONNXModel.Graph {
    /// Under other names for its values, those of bodies within included.
    func renamed(_ name: (String) -> String) -> ONNXModel.Graph {
        var graph = self
        for index in graph.nodes.indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0.isEmpty ? "" : name($0) }
            graph.nodes[index].outputs = graph.nodes[index].outputs.map { $0.isEmpty ? "" : name($0) }
            for place in graph.nodes[index].attributes.indices {
                let body = graph.nodes[index].attributes[place].graph
                graph.nodes[index].attributes[place].graph = body.map { $0.renamed(name) }
            }
        }
        for index in graph.inputs.indices { graph.inputs[index].name = name(graph.inputs[index].name) }
        for index in graph.outputs.indices { graph.outputs[index].name = name(graph.outputs[index].name) }
        for index in graph.initializers.indices {
            graph.initializers[index].name = name(graph.initializers[index].name)
        }
        return graph
    }

    /// Its nodes, which come after their operands, as the format demands.
    fileprivate func nodesInOrder() throws(ONNXError) -> [ONNXModel.Node] {
        var given = Set<String>()
        let later = Set(nodes.flatMap(\.outputs))
        for node in nodes {
            if let name = node.inputs.first(where: { later.contains($0) && !given.contains($0) && !$0.isEmpty }) {
                throw .undefined(value: name, node: ONNXModel.label(node))
            }
            given.formUnion(node.outputs)
        }
        return nodes
    }
}
