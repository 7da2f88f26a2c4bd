import ArrayFiles

extension ONNXModel {
    /// Nodes beyond which functions within functions are taken for an attack.
    private static let mostNodes = 200_000

    /// The graph's nodes with every call of one of the model's own functions replaced by the function's nodes, in the bodies of `If`,
    /// `Loop` and `Scan`, too.
    func inlinedNodes() throws(ONNXError) -> [Node] {
        guard !functions.isEmpty else { return graph.nodes }
        var table: [String: Function] = [:]
        for function in functions { table["\(function.domain)\0\(function.name)"] = function }
        var written = Written()
        return try inlined(graph.nodes, table, depth: 0, &written)
    }

    /// What was written out so far, bodies included.
    private struct Written {
        var nodes = 0, calls = 0
    }

    private func inlined(
        _ nodes: [Node], _ table: [String: Function], depth: Int, _ written: inout Written
    ) throws(ONNXError) -> [Node] {
        var result: [Node] = []
        // What is still to be written out, last first, each with how deep it lies in functions.
        var pending = nodes.reversed().map { (node: $0, depth: depth) }
        while let (node, depth) = pending.popLast() {
            guard let function = table["\(node.domain)\0\(node.kind)"],
                Operators.table[node.kind] == nil || !node.domain.isEmpty
            else {
                var node = node
                for index in node.attributes.indices {
                    guard let body = node.attributes[index].graph else { continue }
                    node.attributes[index].graph?.nodes = try inlined(
                        body.nodes, table, depth: depth + 1, &written)
                }
                result.append(node)
                written.nodes += 1
                guard written.nodes <= Self.mostNodes else { throw .limit("more than \(Self.mostNodes) nodes") }
                continue
            }
            guard depth < 32 else { throw .limit("functions within functions deeper than 32") }
            written.calls += 1
            guard written.calls <= Self.mostNodes else {
                throw .limit("more than \(Self.mostNodes) calls of functions")
            }
            pending += Self.body(of: function, calledBy: node, number: written.calls).reversed().map { ($0, depth + 1) }
            guard pending.count <= Self.mostNodes else { throw .limit("more than \(Self.mostNodes) nodes") }
        }
        return result
    }

    /// A function's nodes under names of their own, with the call's operands and attributes put in.
    private static func body(of function: Function, calledBy call: Node, number: Int) -> [Node] {
        var names: [String: String] = ["": ""]
        for (index, name) in function.inputs.enumerated() {
            names[name] = call.inputs.indices.contains(index) ? call.inputs[index] : ""
        }
        for (index, name) in function.outputs.enumerated() where call.outputs.indices.contains(index) {
            names[name] = call.outputs[index].isEmpty ? nil : call.outputs[index]
        }
        let prefix = "\(call.name.isEmpty ? call.kind : call.name)#\(number)/"
        func renamed(_ name: String) -> String { names[name] ?? prefix + name }
        var attributes: [String: Attribute] = [:]
        for attribute in function.defaults + call.attributes { attributes[attribute.name] = attribute }
        return function.nodes.map { node in
            var node = node
            node.name = prefix + label(node)
            node.inputs = node.inputs.map(renamed)
            node.outputs = node.outputs.map { $0.isEmpty ? "" : renamed($0) }
            node.attributes = node.attributes.compactMap { attribute in
                guard let reference = attribute.reference, !reference.isEmpty else {
                    var attribute = attribute
                    attribute.graph = attribute.graph.map { $0.renamed(renamed) }
                    return attribute
                }
                guard var value = attributes[reference] else { return nil }
                value.name = attribute.name
                return value
            }
            return node
        }
    }
}
