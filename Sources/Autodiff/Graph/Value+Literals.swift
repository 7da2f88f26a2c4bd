extension Graph {
    /// How many nodes there are.
    public var nodeCount: Int { nodes.count }

    /// Numbers that are known now, row-major; all equal ones take no memory.
    public func literal(_ values: [Double], shape: [Int]) -> Value {
        if let first = values.first, values.allSatisfy({ $0 == first }) { return constant(first, shape: shape) }
        return apply(Literal(values: values, literalType: TensorType(shape)), [])
    }

    /// Indices that are known now.
    public func literal(indices: [Int]) -> Value {
        apply(Literal(values: indices.map(Double.init), literalType: TensorType([indices.count], .index)), [])
    }
}

extension Value {
    /// Indices as real numbers.
    public func asReal() -> Value {
        type.element == .real ? self : graph.apply(IndexConversion(toIndex: false), [self])
    }
    /// Real numbers, cut off towards zero, as indices.
    public func asIndex() -> Value {
        type.element == .index ? self : graph.apply(IndexConversion(toIndex: true), [self])
    }
    /// Whether the number is known to be the same everywhere.
    public var isConstant: Bool { constantNumber != nil }
}

extension Value {
    /// Where this is another value with its last two dimensions exchanged: that value. A matrix product reads it as it is.
    public var untransposed: Value? {
        guard let permute = graph.nodes[id].primitive as? Permute, shape.count >= 2 else { return nil }
        var exchanged = Array(shape.indices)
        exchanged.swapAt(shape.count - 1, shape.count - 2)
        return permute.axes == exchanged ? Value(graph: graph, id: graph.nodes[id].operands[0]) : nil
    }
}

extension Value {
    /// What the transpose of a convolution of that geometry makes of its outputs: images as they go into it.
    public func convolutionTransposed(_ weights: Value, _ geometry: ConvolutionGeometry) -> Value {
        graph.apply(Convolution(result: .input, geometry: geometry), [self, weights])
    }
}

extension Value {
    /// Whether the number is known to be 0 everywhere.
    public var isZero: Bool { constantNumber == 0 }
}

extension Value {
    /// Where the maximum of every window of NHWC images lies in its h × w plane, counted row by row: indices.
    public func maxPoolPlaces(_ geometry: PoolingGeometry) -> Value {
        graph.apply(PoolArgmax(geometry: geometry), [self])
    }
}
