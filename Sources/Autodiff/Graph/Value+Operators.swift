// The vocabulary in which networks, losses and derivatives are written. Shapes broadcast as in NumPy.

extension Value {
    private func unary(_ function: Unary) -> Value { graph.apply(function, [self]) }

    private static func binary(_ function: Binary, _ a: Value, _ b: Value) -> Value {
        let shape = broadcastShape(a.shape, b.shape)
        return a.graph.apply(function, [a.broadcast(shape), b.broadcast(shape)])
    }

    private static func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
        let rank = max(a.count, b.count)
        let pa = [Int](repeating: 1, count: rank - a.count) + a
        let pb = [Int](repeating: 1, count: rank - b.count) + b
        return zip(pa, pb).map { x, y in
            precondition(x == y || x == 1 || y == 1, "shapes \(a) and \(b) do not broadcast")
            return max(x, y)
        }
    }

    /// The number this value is everywhere, where that is known.
    var constantNumber: Double? { (graph.nodes[id].primitive as? Constant)?.number }

    public static func + (a: Value, b: Value) -> Value {
        if b.constantNumber == 0, a.shape == b.shape { return a }
        if a.constantNumber == 0, a.shape == b.shape { return b }
        return binary(.add, a, b)
    }
    public static func - (a: Value, b: Value) -> Value {
        if b.constantNumber == 0, a.shape == b.shape { return a }
        return binary(.subtract, a, b)
    }
    public static func * (a: Value, b: Value) -> Value {
        if let number = b.constantNumber, broadcastShape(a.shape, b.shape) == a.shape { return a.scaled(number) }
        if let number = a.constantNumber, broadcastShape(a.shape, b.shape) == b.shape { return b.scaled(number) }
        return binary(.multiply, a, b)
    }
    public static func / (a: Value, b: Value) -> Value {
        // A divisor that repeats is inverted once.
        if b.constantNumber == nil, b.type.count * 8 <= a.type.count { return a * b.reciprocal() }
        return binary(.divide, a, b)
    }
    public static prefix func - (a: Value) -> Value { a.unary(.negate) }
    public static func + (a: Value, b: Double) -> Value { a.offset(b) }
    public static func - (a: Value, b: Double) -> Value { a.offset(-b) }
    public static func - (a: Double, b: Value) -> Value { (-b).offset(a) }
    public static func * (a: Double, b: Value) -> Value { b.scaled(a) }
    public static func * (a: Value, b: Double) -> Value { a.scaled(b) }

    public func scaled(_ factor: Double) -> Value {
        if factor == 1 { return self }
        if let number = constantNumber { return graph.constant(number * factor, shape: shape) }
        if case .scale(let first)? = graph.nodes[id].primitive as? Unary {
            return Value(graph: graph, id: graph.nodes[id].operands[0]).scaled(first * factor)
        }
        return unary(.scale(factor))
    }
    public func offset(_ number: Double) -> Value { number == 0 ? self : unary(.offset(number)) }
    public func exp() -> Value { unary(.exp) }
    public func log() -> Value { unary(.log) }
    public func sqrt() -> Value { unary(.sqrt) }
    public func reciprocal() -> Value { unary(.reciprocal) }
    public func squared() -> Value { unary(.square) }
    public func power(_ exponent: Double) -> Value {
        switch exponent {
        case 0: graph.constant(1, shape: shape)
        case 1: self
        case 2: squared()
        case -1: reciprocal()
        case 0.5: sqrt()
        default: unary(.power(exponent))
        }
    }
    public func tanh() -> Value { unary(.tanh) }
    public func sigmoid() -> Value { unary(.sigmoid) }
    public func erf() -> Value { unary(.erf) }
    public func softplus() -> Value { unary(.softplus) }
    public func sin() -> Value { unary(.sin) }
    public func cos() -> Value { unary(.cos) }
    public func abs() -> Value { unary(.abs) }
    /// −1, 0 or 1. Its derivative is taken as 0.
    public func sign() -> Value { unary(.sign) }
    public func floor() -> Value { unary(.floor) }
    /// max(x, 0); its derivative at 0 is taken as 0, as PyTorch does.
    public func relu() -> Value { unary(.relu) }
    /// 1 where x > 0, else 0. Its derivative is taken as 0.
    public func step() -> Value { unary(.step) }
    /// x σ(x) (Elfwing et al. 2017, arXiv 1702.03118), also called swish.
    public func silu() -> Value { self * sigmoid() }

    /// This value where `other` is above 0, else 0 (not NaN, whatever it is there).
    public func masked(by other: Value) -> Value { Value.binary(.mask, self, other) }
    public func minimum(_ other: Value) -> Value { Value.binary(.minimum, self, other) }
    public func maximum(_ other: Value) -> Value { Value.binary(.maximum, self, other) }
    /// 1 where self > other, else 0.
    public func greater(than other: Value) -> Value { Value.binary(.greater, self, other) }
    /// 1 where self == other, else 0.
    public func equal(to other: Value) -> Value { Value.binary(.equal, self, other) }
    /// `a` where self is not 0, else `b`.
    public func select(_ a: Value, _ b: Value) -> Value {
        let shape = Value.broadcastShape(self.shape, Value.broadcastShape(a.shape, b.shape))
        return graph.apply(Select(), [broadcast(shape), a.broadcast(shape), b.broadcast(shape)])
    }

    /// Repeats extents of 1, after adding dimensions in front, to reach `shape`.
    public func broadcast(_ shape: [Int]) -> Value {
        if self.shape == shape { return self }
        if let number = constantNumber { return graph.constant(number, shape: shape) }
        let padded = [Int](repeating: 1, count: shape.count - self.shape.count) + self.shape
        let value = reshaped(padded)
        return padded == shape ? value : graph.apply(Broadcast(shape: shape), [value])
    }
    public func reshaped(_ shape: [Int]) -> Value {
        if self.shape == shape { return self }
        if let number = constantNumber { return graph.constant(number, shape: shape) }
        if graph.nodes[id].primitive is Reshape {
            return Value(graph: graph, id: graph.nodes[id].operands[0]).reshaped(shape)
        }
        return graph.apply(Reshape(shape: shape), [self])
    }
    public func permuted(_ axes: [Int]) -> Value {
        axes == Array(shape.indices) ? self : graph.apply(Permute(axes: axes), [self])
    }
    /// `count` elements from `start` on along one axis, every `step`-th.
    public func slice(_ axis: Int, from start: Int, count: Int, step: Int = 1) -> Value {
        var starts = [Int](repeating: 0, count: shape.count), counts = shape,
            steps = [Int](repeating: 1, count: shape.count)
        (starts[axis], counts[axis], steps[axis]) = (start, count, step)
        return counts == shape ? self : graph.apply(Slice(starts: starts, counts: counts, steps: steps), [self])
    }
    /// Zeros before and after along one axis.
    public func padded(_ axis: Int, before: Int, after: Int) -> Value {
        var starts = [Int](repeating: 0, count: shape.count), result = shape
        starts[axis] = before
        result[axis] += before + after
        return result == shape
            ? self : graph.apply(Pad(starts: starts, steps: shape.map { _ in 1 }, shape: result), [self])
    }
    public static func concatenate(_ values: [Value], axis: Int) -> Value {
        values.count == 1 ? values[0] : values[0].graph.apply(Concatenate(axis: axis), values)
    }

    /// The sum over axes, which stay with extent 1; over all without an argument.
    public func sum(_ axes: [Int]? = nil) -> Value {
        let axes = (axes ?? Array(shape.indices)).filter { shape[$0] > 1 }.sorted()
        return axes.isEmpty ? self : graph.apply(Reduction(kind: .sum, axes: axes), [self])
    }
    /// The mean over axes, which stay with extent 1.
    public func mean(_ axes: [Int]) -> Value {
        sum(axes).scaled(1 / Double(axes.reduce(1) { $0 * shape[$1] }))
    }
    /// The mean of squares about the mean over axes, which stay with extent 1.
    public func variance(_ axes: [Int]) -> Value {
        let axes = axes.filter { shape[$0] > 1 }.sorted()
        return axes.isEmpty ? scaled(0) : graph.apply(Reduction(kind: .variance, axes: axes), [self])
    }
    /// The maximum over axes, which stay with extent 1.
    public func maximum(over axes: [Int]) -> Value {
        let axes = axes.filter { shape[$0] > 1 }.sorted()
        return axes.isEmpty ? self : graph.apply(Reduction(kind: .maximum, axes: axes), [self])
    }
    /// The same value, taken for a constant by derivatives.
    public func stoppingGradient() -> Value { graph.apply(StopGradient(), [self]) }

    /// op(self) op(other) of the last two dimensions; leading ones are equal and taken pairwise.
    public func product(_ other: Value, transposeA: Bool = false, transposeB: Bool = false) -> Value {
        graph.apply(MatrixProduct(transposesA: transposeA, transposesB: transposeB), [self, other])
    }

    /// ln Σ exp along the last axis, kept with extent 1; shifted by the maximum, so it does not overflow.
    public func logSumExp() -> Value {
        let last = [shape.count - 1]
        let shift = maximum(over: last).stoppingGradient()
        return (self - shift).exp().sum(last).log() + shift
    }
    /// ln softmax along the last axis.
    public func logSoftmax() -> Value { self - logSumExp() }

    /// Convolves NHWC images with HWIO weights.
    public func convolution(_ weights: Value, _ geometry: ConvolutionGeometry) -> Value {
        graph.apply(Convolution(result: .output, geometry: geometry), [self, weights])
    }
    /// This value times a factor for each element of the last dimension. Of a convolution, the filters are scaled instead: there
    /// are fewer of them, and nothing is left of it in derivatives but products with the filters.
    public func scaledChannels(by factor: Value) -> Value {
        let node = graph.nodes[id]
        guard let convolution = node.primitive as? Convolution, convolution.result == .output else {
            return self * factor
        }
        return graph.apply(
            convolution,
            [Value(graph: graph, id: node.operands[0]), Value(graph: graph, id: node.operands[1]) * factor])
    }
    /// The maximum of every window; where several are equal, derivatives go to the first, as PyTorch's do.
    public func maxPool(_ geometry: PoolingGeometry) -> Value {
        let index = graph.apply(PoolArgmax(geometry: geometry), [self])
        return graph.apply(PoolIndexed(geometry: geometry, scatters: false), [self, index])
    }
    /// The sum of every window.
    public func poolSum(_ geometry: PoolingGeometry) -> Value {
        graph.apply(PoolSum(geometry: geometry, spreads: false), [self])
    }
    /// Rows of this table [t, d] by index [n].
    public func rows(_ index: Value) -> Value {
        graph.apply(IndexedRows(table: shape[0], scatters: false), [self, index])
    }
    /// Of indices [n]: 1 at the index of each row and 0 elsewhere, [n, width].
    public func oneHot(_ width: Int) -> Value { graph.apply(OneHot(width: width), [self]) }
    /// Of logits [n, k]: 1 where the first largest is at the label [n], else 0; [n].
    public func correct(_ labels: Value) -> Value { graph.apply(CorrectPrediction(), [self, labels]) }
}
