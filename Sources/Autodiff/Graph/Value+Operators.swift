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

    /// The sum a + b, element by element. Shapes broadcast as in NumPy.
    public static func + (a: Value, b: Value) -> Value {
        if b.constantNumber == 0, a.shape == b.shape { return a }
        if a.constantNumber == 0, a.shape == b.shape { return b }
        return binary(.add, a, b)
    }
    /// The difference a − b, element by element. Shapes broadcast as in NumPy.
    public static func - (a: Value, b: Value) -> Value {
        if b.constantNumber == 0, a.shape == b.shape { return a }
        return binary(.subtract, a, b)
    }
    /// The product a · b, element by element. Shapes broadcast as in NumPy.
    public static func * (a: Value, b: Value) -> Value {
        if let number = b.constantNumber, broadcastShape(a.shape, b.shape) == a.shape { return a.scaled(number) }
        if let number = a.constantNumber, broadcastShape(a.shape, b.shape) == b.shape { return b.scaled(number) }
        return binary(.multiply, a, b)
    }
    /// The quotient a / b, element by element. Shapes broadcast as in NumPy. A divisor that is repeated at least 8
    /// times is inverted once, which may change the last bit.
    public static func / (a: Value, b: Value) -> Value {
        // A divisor that repeats is inverted once.
        if b.constantNumber == nil, b.type.count * 8 <= a.type.count { return a * b.reciprocal() }
        return binary(.divide, a, b)
    }
    /// The negative −a, element by element.
    public static prefix func - (a: Value) -> Value { a.unary(.negate) }
    /// A number added to every element.
    public static func + (a: Value, b: Double) -> Value { a.offset(b) }
    /// A number subtracted from every element.
    public static func - (a: Value, b: Double) -> Value { a.offset(-b) }
    /// A number less every element: a − bᵢ.
    public static func - (a: Double, b: Value) -> Value { (-b).offset(a) }
    /// A number times every element.
    public static func * (a: Double, b: Value) -> Value { b.scaled(a) }
    /// Every element times a number.
    public static func * (a: Value, b: Double) -> Value { a.scaled(b) }

    /// Every element times a number; factors of consecutive calls become one.
    public func scaled(_ factor: Double) -> Value {
        if factor == 1 { return self }
        if let number = constantNumber { return graph.constant(number * factor, shape: shape) }
        if case .scale(let first)? = graph.nodes[id].primitive as? Unary {
            return Value(graph: graph, id: graph.nodes[id].operands[0]).scaled(first * factor)
        }
        return unary(.scale(factor))
    }
    /// A number added to every element.
    public func offset(_ number: Double) -> Value { number == 0 ? self : unary(.offset(number)) }
    /// eˣ, element by element.
    public func exp() -> Value { unary(.exp) }
    /// The natural logarithm ln x, element by element.
    public func log() -> Value { unary(.log) }
    /// √x, element by element.
    public func sqrt() -> Value { unary(.sqrt) }
    /// 1/x, element by element.
    public func reciprocal() -> Value { unary(.reciprocal) }
    /// x², element by element.
    public func squared() -> Value { unary(.square) }
    /// x to a constant power, element by element. Exponents 0, 1, 2, −1 and ½ become a constant, the value itself,
    /// `squared()`, `reciprocal()` and `sqrt()`.
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
    /// The hyperbolic tangent, element by element.
    public func tanh() -> Value { unary(.tanh) }
    /// The logistic function σ(x) = 1/(1 + e⁻ˣ), element by element.
    public func sigmoid() -> Value { unary(.sigmoid) }
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt, element by element.
    public func erf() -> Value { unary(.erf) }
    /// ln(1 + eˣ), element by element, without overflow.
    public func softplus() -> Value { unary(.softplus) }
    /// sin x, x in radians, element by element.
    public func sin() -> Value { unary(.sin) }
    /// cos x, x in radians, element by element.
    public func cos() -> Value { unary(.cos) }
    /// |x|, element by element; its derivative at 0 is taken as 0.
    public func abs() -> Value { unary(.abs) }
    /// −1, 0 or 1, the sign of every element. Its derivative is taken as 0.
    public func sign() -> Value { unary(.sign) }
    /// The largest whole number not above x, element by element. Its derivative is taken as 0.
    public func floor() -> Value { unary(.floor) }
    /// max(x, 0), where NaN stays NaN; its derivative at 0 is taken as 0, as in PyTorch.
    public func relu() -> Value { unary(.relu) }
    /// 1 where x > 0, else 0. Its derivative is taken as 0.
    public func step() -> Value { unary(.step) }
    /// x σ(x), also called swish (Elfwing et al. 2017, arXiv 1702.03118).
    public func silu() -> Value { self * sigmoid() }

    /// This value where `other` is above 0, else 0, even where this value is NaN. Linear in this value; the derivative
    /// along `other` is taken as 0.
    public func masked(by other: Value) -> Value { Value.binary(.mask, self, other) }
    /// The smaller of two values, element by element; where they are equal, derivatives go to `other`.
    public func minimum(_ other: Value) -> Value { Value.binary(.minimum, self, other) }
    /// The larger of two values, element by element; where they are equal, derivatives go to `other`.
    public func maximum(_ other: Value) -> Value { Value.binary(.maximum, self, other) }
    /// 1 where this value is greater than `other`, else 0. Its derivative is taken as 0.
    public func greater(than other: Value) -> Value { Value.binary(.greater, self, other) }
    /// 1 where both values are equal, else 0. Its derivative is taken as 0.
    public func equal(to other: Value) -> Value { Value.binary(.equal, self, other) }
    /// `a` where this value is not 0, else `b`. The derivative along this value is taken as 0.
    public func select(_ a: Value, _ b: Value) -> Value {
        let shape = Value.broadcastShape(self.shape, Value.broadcastShape(a.shape, b.shape))
        return graph.apply(Select(), [broadcast(shape), a.broadcast(shape), b.broadcast(shape)])
    }

    /// This value repeated to reach `shape`: dimensions are added in front, and extents of 1 are repeated. Nothing is
    /// copied.
    public func broadcast(_ shape: [Int]) -> Value {
        if self.shape == shape { return self }
        if let number = constantNumber { return graph.constant(number, shape: shape) }
        let padded = [Int](repeating: 1, count: shape.count - self.shape.count) + self.shape
        let value = reshaped(padded)
        return padded == shape ? value : graph.apply(Broadcast(shape: shape), [value])
    }
    /// The same elements, in row-major order, under other extents.
    ///
    /// - Precondition: `shape` has as many elements.
    public func reshaped(_ shape: [Int]) -> Value {
        if self.shape == shape { return self }
        if let number = constantNumber { return graph.constant(number, shape: shape) }
        if graph.nodes[id].primitive is Reshape {
            return Value(graph: graph, id: graph.nodes[id].operands[0]).reshaped(shape)
        }
        return graph.apply(Reshape(shape: shape), [self])
    }
    /// Dimensions in another order: dimension i of the result is dimension `axes[i]` of this value. Nothing is copied
    /// where the reader takes strides.
    public func permuted(_ axes: [Int]) -> Value {
        axes == Array(shape.indices) ? self : graph.apply(Permute(axes: axes), [self])
    }
    /// `count` elements along one axis, every `step`-th from `start` on.
    public func slice(_ axis: Int, from start: Int, count: Int, step: Int = 1) -> Value {
        var starts = [Int](repeating: 0, count: shape.count), counts = shape,
            steps = [Int](repeating: 1, count: shape.count)
        (starts[axis], counts[axis], steps[axis]) = (start, count, step)
        return counts == shape ? self : graph.apply(Slice(starts: starts, counts: counts, steps: steps), [self])
    }
    /// Zeros added before and after the elements along one axis.
    public func padded(_ axis: Int, before: Int, after: Int) -> Value {
        var starts = [Int](repeating: 0, count: shape.count), result = shape
        starts[axis] = before
        result[axis] += before + after
        return result == shape
            ? self : graph.apply(Pad(starts: starts, steps: shape.map { _ in 1 }, shape: result), [self])
    }
    /// Values joined along one axis, in order.
    ///
    /// - Precondition: there is at least one, and all other extents agree.
    public static func concatenate(_ values: [Value], axis: Int) -> Value {
        values.count == 1 ? values[0] : values[0].graph.apply(Concatenate(axis: axis), values)
    }

    /// The sum over axes, which stay with extent 1; over all axes without an argument.
    public func sum(_ axes: [Int]? = nil) -> Value {
        let axes = (axes ?? Array(shape.indices)).filter { shape[$0] > 1 }.sorted()
        return axes.isEmpty ? self : graph.apply(Reduction(kind: .sum, axes: axes), [self])
    }
    /// The mean over axes, which stay with extent 1.
    public func mean(_ axes: [Int]) -> Value {
        sum(axes).scaled(1 / Double(axes.reduce(1) { $0 * shape[$1] }))
    }
    /// The biased variance, the mean of (x − mean)², over axes, which stay with extent 1.
    public func variance(_ axes: [Int]) -> Value {
        let axes = axes.filter { shape[$0] > 1 }.sorted()
        return axes.isEmpty ? scaled(0) : graph.apply(Reduction(kind: .variance, axes: axes), [self])
    }
    /// The maximum over axes, which stay with extent 1. Where several elements attain it, derivatives are their mean,
    /// as for PyTorch's `amax`.
    public func maximum(over axes: [Int]) -> Value {
        let axes = axes.filter { shape[$0] > 1 }.sorted()
        return axes.isEmpty ? self : graph.apply(Reduction(kind: .maximum, axes: axes), [self])
    }
    /// The same value, which derivatives take for a constant.
    public func stoppingGradient() -> Value { graph.apply(StopGradient(), [self]) }

    /// a + b, computed before anything that is added to the graph later, so that neither is kept until then.
    ///
    /// - Precondition: equal shapes.
    public func accumulating(_ other: Value) -> Value { graph.apply(Accumulation(), [self, other]) }

    /// The same value as one of a later stage: what reads it is computed each time that stage runs, and nothing of it is kept.
    public func deferred(to stage: Stage) -> Value { graph.apply(Deferred(stage: stage), [self]) }

    /// The matrix product op(A) op(B) over the last two dimensions, A being this value. Leading dimensions agree and
    /// are taken pairwise.
    ///
    /// - Parameters:
    ///   - transposeA: whether A is read with its last two dimensions exchanged.
    ///   - transposeB: the same for B.
    public func product(_ other: Value, transposeA: Bool = false, transposeB: Bool = false) -> Value {
        graph.apply(MatrixProduct(transposesA: transposeA, transposesB: transposeB), [self, other])
    }

    /// ln Σ exp(x) along the last axis, which stays with extent 1. It is shifted by the maximum, so it does not
    /// overflow.
    public func logSumExp() -> Value {
        let last = [shape.count - 1]
        let shift = maximum(over: last).stoppingGradient()
        return (self - shift).exp().sum(last).log() + shift
    }
    /// ln softmax(x) along the last axis, computed as x − ln Σ exp(x).
    public func logSoftmax() -> Value { self - logSumExp() }

    /// The convolution of NHWC images with HWIO weights.
    ///
    /// *Shapes:* images [n, height, width, channels], weights [kernel height, kernel width, channels / groups,
    /// filters], result [n, outputHeight, outputWidth, filters].
    public func convolution(_ weights: Value, _ geometry: ConvolutionGeometry) -> Value {
        graph.apply(Convolution(result: .output, geometry: geometry), [self, weights])
    }
    /// This value times a factor for each element of the last dimension.
    ///
    /// Of a convolution's result, the filters are scaled instead. There are fewer of them, and derivatives keep nothing
    /// for it but products with the filters.
    public func scaledChannels(by factor: Value) -> Value {
        let node = graph.nodes[id]
        guard let convolution = node.primitive as? Convolution, convolution.result == .output else {
            return self * factor
        }
        return graph.apply(
            convolution,
            [Value(graph: graph, id: node.operands[0]), Value(graph: graph, id: node.operands[1]) * factor])
    }
    /// The maximum of every window of NHWC images: [n, outputHeight, outputWidth, channels]. Where several elements are
    /// equal, derivatives go to the first, as in PyTorch.
    public func maxPool(_ geometry: PoolingGeometry) -> Value {
        let index = graph.apply(PoolArgmax(geometry: geometry), [self])
        return graph.apply(PoolIndexed(geometry: geometry, scatters: false), [self, index])
    }
    /// The sum of every window of NHWC images: [n, outputHeight, outputWidth, channels].
    public func poolSum(_ geometry: PoolingGeometry) -> Value {
        graph.apply(PoolSum(geometry: geometry, spreads: false), [self])
    }
    /// Rows of this table [t, d] by index [n]: [n, d]. An index outside the table gives zeros.
    public func rows(_ index: Value) -> Value {
        graph.apply(IndexedRows(table: shape[0], scatters: false), [self, index])
    }
    /// 1 at the index of each row and 0 elsewhere: indices [n] give [n, width].
    public func oneHot(_ width: Int) -> Value { graph.apply(OneHot(width: width), [self]) }
    /// Whether each row of logits [n, k] is largest at its label [n]: 1 or 0, [n]. The first of equal logits counts; a
    /// row that holds a NaN gives 0.
    public func correct(_ labels: Value) -> Value { graph.apply(CorrectPrediction(), [self, labels]) }
}
