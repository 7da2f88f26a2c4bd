extension ONNXFile {
    /// What low-rank adapters are scaled by, as the graph has it: the factors of what products with `lora_B` give, 1 where one is added as it
    /// is. (Hu et al. 2021, arXiv 2106.09685: α/r, which is no tensor of the adapter's file.)
    package func adapterScales() throws -> [Double] {
        var factors = Set(sources.tensors.keys.filter { $0.contains("lora_B") }), products: Set<String> = []
        var numbers: [String: Double] = [:]
        for tensor in sources.tensors.values where tensor.isFloating && tensor.count == 1 {
            numbers[tensor.name] = try tensor.values(data).values[0]
        }
        var scales: [Double] = []
        for node in sources.nodes {
            let first = node.inputs.first ?? ""
            switch node.kind {
            case "Identity", "Cast", "CastLike", "Reshape", "Transpose":
                if factors.contains(first) { factors.formUnion(node.outputs) }
                if products.contains(first) { products.formUnion(node.outputs) }
                for name in node.outputs { numbers[name] = numbers[first] }
            case "MatMul", "Gemm", "Conv":
                if node.inputs.contains(where: factors.contains) { products.formUnion(node.outputs) }
            case "Mul":
                guard let place = node.inputs.firstIndex(where: products.contains) else { continue }
                if let scale = numbers[node.inputs[1 - place]] { scales.append(scale) }
            case "Add", "Sum":
                if node.inputs.contains(where: products.contains) { scales.append(1) }
            default: continue
            }
        }
        return scales
    }
}
