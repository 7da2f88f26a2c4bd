extension Graph {
    /// Number of nodes, those that no output needs included.
    public var nodeCount: Int { nodes.count }

    /// Numbers that are known while the graph is built, row-major. They take no memory where all are equal.
    ///
    /// - Precondition: as many as `shape` has elements.
    public func literal(_ values: [Double], shape: [Int]) -> Value {
        if let first = values.first, values.allSatisfy({ $0 == first }) { return constant(first, shape: shape) }
        return apply(Literal(values: values, literalType: TensorType(shape)), [])
    }

    /// Indices that are known while the graph is built, as a value of one dimension.
    ///
    /// - Precondition: each fits in 32 bits.
    public func literal(indices: [Int]) -> Value {
        apply(Literal(values: indices.map(Double.init), literalType: TensorType([indices.count], .index)), [])
    }
}

extension Value {
    /// Indices as real numbers of the same value; real numbers stay as they are. Its derivative is zero.
    public func asReal() -> Value {
        type.element == .real ? self : graph.apply(IndexConversion(toIndex: false), [self])
    }
    /// Real numbers as indices, cut off towards zero; indices stay as they are. NaN and numbers beyond 32 bits become
    /// −1, which points nowhere. Its derivative is zero.
    public func asIndex() -> Value {
        type.element == .index ? self : graph.apply(IndexConversion(toIndex: true), [self])
    }
    /// Whether every element is known, while the graph is built, to be the same number.
    public var isConstant: Bool { constantNumber != nil }
}

extension Value {
    /// The value of which this one is the transpose over the last two dimensions; `nil` where it is no such transpose.
    /// A matrix product reads the original in place.
    public var untransposed: Value? {
        guard let permute = graph.nodes[id].primitive as? Permute, shape.count >= 2 else { return nil }
        var exchanged = Array(shape.indices)
        exchanged.swapAt(shape.count - 1, shape.count - 2)
        return permute.axes == exchanged ? Value(graph: graph, id: graph.nodes[id].operands[0]) : nil
    }
}

extension Value {
    /// The transpose of a convolution, applied to its outputs: from [n, outputHeight, outputWidth, filters] to [n,
    /// height, width, channels]. Deep-learning libraries call it a transposed convolution.
    ///
    /// - Parameter weights: HWIO, as the convolution has them.
    public func convolutionTransposed(_ weights: Value, _ geometry: ConvolutionGeometry) -> Value {
        graph.apply(Convolution(result: .input, geometry: geometry), [self, weights])
    }
}

extension Value {
    /// These rows [n, d] added up at their indices [n] in a table [rows, d] of zeros. An index outside the table is
    /// passed over.
    public func added(at index: Value, rows: Int) -> Value {
        graph.apply(IndexedRows(table: rows, scatters: true), [self, index])
    }
}

extension Value {
    /// Whether every element is known, while the graph is built, to be 0.
    public var isZero: Bool { constantNumber == 0 }
}

extension Value {
    /// Place of the maximum of every window of NHWC images, as indices into the image's h × w plane, row by row: [n,
    /// outputHeight, outputWidth, channels]. The first of equal elements counts; a window without an element gives −1.
    public func maxPoolPlaces(_ geometry: PoolingGeometry) -> Value {
        graph.apply(PoolArgmax(geometry: geometry), [self])
    }
}
