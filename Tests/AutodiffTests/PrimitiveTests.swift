import CKernels
import Testing

@testable import Autodiff

/// Every primitive to second order, a row each, in a range where it is smooth.
@Suite struct PrimitiveTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let check: @Sendable () -> DerivativeCheck
        init(
            _ name: String, _ shapes: [[Int]], _ range: ClosedRange<Double> = -1...1,
            indices: [(shape: [Int], values: [Int32])] = [],
            _ function: @escaping @Sendable ([Value], [Value]) -> Value
        ) {
            self.name = name
            check = { DerivativeCheck(shapes: shapes, range: range, indices: indices, function: function) }
        }
        var testDescription: String { name }
    }

    static let positive = 0.4...1.6

    static func convolution(_ result: Convolution.Result, _ edit: (inout ConvolutionGeometry) -> Void) -> Row {
        var g = ConvolutionGeometry(height: 5, width: 7, channels: 2, kernel: [3, 3], filters: 4)
        edit(&g)
        let (geometry, n) = (g, 2)
        let shapes =
            switch result {
            case .output: [geometry.input(n), geometry.weight]
            case .input: [geometry.output(n), geometry.weight]
            case .weight: [geometry.input(n), geometry.output(n)]
            }
        return Row("\(result) \(geometry)", shapes) { x, _ in
            x[0].graph.apply(Convolution(result: result, geometry: geometry), x)
        }
    }

    static let rows: [Row] = [
        Row("negate", [[2, 3]]) { x, _ in -x[0] },
        Row("exp", [[2, 3]]) { x, _ in x[0].exp() },
        Row("log", [[2, 3]], positive) { x, _ in x[0].log() },
        Row("sqrt", [[2, 3]], positive) { x, _ in x[0].sqrt() },
        Row("reciprocal", [[2, 3]], positive) { x, _ in x[0].reciprocal() },
        Row("square", [[2, 3]]) { x, _ in x[0].squared() },
        Row("tanh", [[2, 3]]) { x, _ in x[0].tanh() },
        Row("sigmoid", [[2, 3]]) { x, _ in x[0].sigmoid() },
        Row("erf", [[2, 3]]) { x, _ in x[0].erf() },
        Row("gelu", [[2, 3]], -3...3) { x, _ in x[0].gelu() },
        Row("tanh gelu", [[2, 3]], -3...3) { x, _ in x[0].tanhGelu() },
        Row("softplus", [[2, 3]]) { x, _ in x[0].softplus() },
        Row("sin", [[2, 3]]) { x, _ in x[0].sin() },
        Row("cos", [[2, 3]]) { x, _ in x[0].cos() },
        Row("abs", [[2, 3]], positive) { x, _ in (-x[0]).abs() },
        Row("relu", [[2, 3]], positive) { x, _ in x[0].relu() },
        Row("relu, negative", [[2, 3]], positive) { x, _ in (-x[0]).relu() + x[0].squared() },
        Row("step, sign, floor", [[2, 3]], positive) { x, _ in
            x[0] * (x[0].step() + x[0].sign() + (x[0] + 0.3).scaled(0.1).floor())
        },
        Row("scale", [[2, 3]]) { x, _ in x[0].scaled(-1.7) },
        Row("variance", [[3, 4, 2]]) { x, _ in x[0].variance([0, 2]) + x[0].sin().variance([1]).sum([0, 2]) },
        Row("standardized", [[3, 4, 2], [3, 4, 2]]) { x, _ in
            x[0].standardized(over: [1, 2], epsilon: 0.1) * x[1] + x[0].standardized(over: [0], epsilon: 0.01).exp()
        },
        Row("softmax", [[3, 4], [3, 4]]) { x, _ in x[0].softmax() * x[1] + x[1].scaled(-1.3).softmax().squared() },
        Row("softmax slope", [[3, 4], [3, 4]]) { x, _ in
            x[0].graph.apply(SoftmaxSlope(scale: -1.3), [x[0].exp(), x[1]])
        },
        Row("attention", [[2, 5, 3], [2, 4, 3], [2, 4, 2]]) { x, _ in
            x[0].product(x[1], transposeB: true).scaled(1.3).softmax().product(x[2])
        },
        Row("offset", [[2, 3]]) { x, _ in x[0].offset(0.3) },
        Row("power", [[2, 3]], positive) { x, _ in x[0].power(2.5) },
        Row("gelu", [[2, 3]]) { x, _ in x[0].gelu() },
        Row("tanh gelu", [[2, 3]]) { x, _ in x[0].tanhGelu() },
        Row("silu", [[2, 3]]) { x, _ in x[0].silu() },
        Row("add", [[2, 3], [2, 3]]) { x, _ in x[0] + x[1] },
        Row("subtract", [[2, 3], [2, 3]]) { x, _ in x[0] - x[1] },
        Row("multiply", [[2, 3], [2, 3]]) { x, _ in x[0] * x[1] },
        Row("divide", [[2, 3], [2, 3]], positive) { x, _ in x[0] / x[1] },
        Row("minimum", [[2, 3], [2, 3]], positive) { x, _ in x[0].minimum(x[1] + 0.05) },
        Row("maximum", [[2, 3], [2, 3]], positive) { x, _ in x[0].maximum(x[1] + 0.05) },
        Row("mask", [[2, 3], [2, 3]]) { x, _ in x[0].exp().masked(by: x[1]) + x[1] },
        Row("select", [[2, 3], [2, 3]]) { x, _ in x[0].greater(than: x[1]).select(x[0].exp(), x[1].sin()) },
        Row("broadcast rows", [[2, 3], [3]]) { x, _ in x[0] * x[1] },
        Row("broadcast columns", [[2, 3], [2, 1]]) { x, _ in x[0] * x[1].exp() },
        Row("reshape", [[2, 6]]) { x, _ in x[0].reshaped([3, 4]).squared() },
        Row("permute", [[2, 3, 4]]) { x, _ in x[0].permuted([2, 0, 1]).squared() },
        Row("reshape of a permutation", [[2, 3, 4]]) { x, _ in x[0].permuted([2, 0, 1]).reshaped([6, 4]).exp() },
        Row("slice", [[3, 5]]) { x, _ in x[0].slice(1, from: 1, count: 2, step: 2).exp() },
        Row("pad", [[2, 3]]) { x, _ in x[0].padded(1, before: 1, after: 2).exp() },
        Row("pad of inner axis", [[2, 3, 2]]) { x, _ in x[0].padded(1, before: 2, after: 0).exp() },
        Row("concatenate", [[2, 3], [2, 2]]) { x, _ in Value.concatenate([x[0], x[1].exp(), x[0]], axis: 1) },
        Row("literal", [[2, 3]]) { x, _ in x[0].exp() * x[0].graph.literal([1, -2, 3, 4, 0.5, 6], shape: [2, 3]) },
        Row("literal indices", [[4, 3]]) { x, _ in x[0].exp().rows(x[0].graph.literal(indices: [3, 0, 3])) },
        Row("real of index, index of real", [[4, 3]], indices: [([2], [1, 3])]) { x, i in
            x[0].exp().rows((i[0].asReal() - 1).asIndex()) * i[0].asReal().reshaped([2, 1])
        },
        Row("transposed convolution", [[2, 3, 4, 2], [2, 3, 3, 2]]) { x, _ in
            var geometry = ConvolutionGeometry(height: 6, width: 8, channels: 3, kernel: [2, 3], filters: 2)
            geometry.stride = [2, 2]
            geometry.padding = [0, 1, 0, 1]
            return x[0].convolutionTransposed(x[1], geometry)
        },
        Row("sum of all", [[2, 3]]) { x, _ in x[0].exp().sum() },
        Row("sum of rows", [[4, 3]]) { x, _ in x[0].exp().sum([1]) },
        Row("sum of columns", [[4, 3]]) { x, _ in x[0].exp().sum([0]) },
        Row("sum of the middle", [[2, 5, 3]]) { x, _ in x[0].exp().sum([1]) },
        Row("sum of the ends", [[2, 5, 3]]) { x, _ in x[0].exp().sum([0, 2]) },
        Row("maximum over", [[3, 4]]) { x, _ in x[0].maximum(over: [1]) },
        Row("log softmax", [[3, 4]]) { x, _ in x[0].logSoftmax() },
        Row("softmax", [[3, 4]]) { x, _ in x[0].softmax() },
        Row("matrix product", [[3, 4], [4, 2]]) { x, _ in x[0].product(x[1]) },
        Row("matrix product, A transposed", [[4, 3], [4, 2]]) { x, _ in x[0].product(x[1], transposeA: true) },
        Row("matrix product, B transposed", [[3, 4], [2, 4]]) { x, _ in x[0].product(x[1], transposeB: true) },
        Row("matrix product, both", [[4, 3], [2, 4]]) { x, _ in x[0].product(x[1], transposeA: true, transposeB: true)
        },
        Row("batched product", [[2, 3, 4], [2, 5, 4]]) { x, _ in x[0].product(x[1], transposeB: true) },
        convolution(.output) { $0.padding = [1, 1, 1, 1] },
        convolution(.output) {
            $0.stride = [2, 2]; $0.padding = [1, 1, 1, 1]
        },
        convolution(.output) {
            $0.stride = [3, 2]; $0.padding = [0, 1, 2, 0]
        },
        convolution(.output) {
            $0.dilation = [2, 2]; $0.padding = [2, 2, 2, 2]
        },
        convolution(.output) {
            $0.groups = 2; $0.padding = [1, 1, 1, 1]
        },
        convolution(.output) {
            $0.kernel = [1, 1]; $0.stride = [2, 2]
        },
        convolution(.input) {
            $0.stride = [2, 1]; $0.padding = [1, 1, 1, 1]
        },
        convolution(.weight) {
            $0.stride = [2, 2]; $0.padding = [1, 1, 1, 1]
        },
        Row("maximum pool", [[2, 4, 6, 3]]) { x, _ in
            x[0].maxPool(PoolingGeometry(height: 4, width: 6, channels: 3, kernel: [2, 2], stride: [2, 2]))
        },
        Row("maximum pool, overlapping, padded", [[2, 5, 6, 3]]) { x, _ in
            var g = PoolingGeometry(height: 5, width: 6, channels: 3, kernel: [3, 3], stride: [2, 2])
            g.padding = [1, 1, 1, 1]
            return x[0].maxPool(g).exp()
        },
        Row("pool sum", [[2, 5, 6, 3]]) { x, _ in
            var g = PoolingGeometry(height: 5, width: 6, channels: 3, kernel: [3, 2], stride: [2, 2])
            g.padding = [1, 0, 1, 1]
            return x[0].exp().poolSum(g)
        },
        Row("rows by index", [[4, 3]], indices: [([5], [3, 0, 3, 1, 2])]) { x, i in x[0].rows(i[0]).exp() },
        Row("one hot", [[3, 4]], indices: [([3], [1, 3, 0])]) { x, i in x[0].exp() * i[0].oneHot(4) },
        Row("stop gradient", [[3, 4]]) { x, _ in x[0].exp() },
    ]

    @Test(arguments: rows) func derivatives(_ row: Row) throws {
        try row.check().run()
    }

    /// Names of all primitives that the rows exercise, so that a new one cannot be forgotten.
    @Test func everyPrimitiveHasARow() {
        var seen: Set<String> = []
        for row in Self.rows {
            let check = row.check()
            let graph = Graph()
            let x = check.shapes.map { graph.input("x", TensorType($0), .parameters) }
            let i = check.indices.map { graph.input("i", TensorType($0.shape, .index), .data) }
            _ = graph.gradient(of: check.function(x, i).sum(), at: x)
            for node in graph.nodes { seen.insert(node.primitive.name.components(before: "(")) }
        }
        let expected = [
            "copy", "negate", "exp", "log", "sqrt", "reciprocal", "square", "tanh", "sigmoid", "erf",
            "normal distribution", "gelu",
            "gelu slope", "tanh gelu", "tanh gelu slope", "standardized", "softmax", "softmax slope", "softplus", "sin",
            "cos", "abs",
            "sign", "floor", "relu", "step", "scale", "offset", "power", "add", "subtract", "multiply", "divide",
            "minimum", "maximum",
            "greater", "equal", "mask", "select", "broadcast", "reshape", "permute", "slice", "stop gradient", "pad",
            "concatenate", "sum",
            "maximum over", "matrix product", "convolution output", "convolution input", "convolution weight",
            "pool argmax",
            "pool gather", "pool scatter", "pool sum", "pool spread", "gather rows", "scatter rows", "one hot",
        ]
        // `copy` is made by lowering only; `equal` by the derivative of the maximum.
        #expect(Set(expected).subtracting(seen).subtracting(["copy"]) == [])
    }

    /// A rule wrong by 0.1 % must be caught, in the linearisation and in the transpose.
    @Test func plantedErrorsAreCaught() {
        for wrong in [WrongScale(linearized: 1.001, transposed: 1), WrongScale(linearized: 1, transposed: 1.001)] {
            let check = DerivativeCheck(shapes: [[2, 3]]) { x, _ in x[0].graph.apply(wrong, [x[0].exp()]) }
            #expect(throws: DerivativeCheck.Failure.self) { try check.run() }
        }
        let right = DerivativeCheck(shapes: [[2, 3]]) { x, _ in
            x[0].graph.apply(WrongScale(linearized: 1, transposed: 1), [x[0].exp()])
        }
        #expect(throws: Never.self) { try right.run() }
    }
}

/// The identity with derivatives that can be made wrong.
private struct WrongScale: ElementwisePrimitive {
    let linearized: Double, transposed: Double
    var name: String { "wrong" }
    var opcode: ls_opcode { LS_COPY }
    func type(of operands: [TensorType]) -> TensorType { operands[0] }
    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { y.graph.apply(self, [$0]).scaled(linearized) }
    }
    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value { cotangent.scaled(transposed) }
}

extension String {
    fileprivate func components(before separator: Character) -> String { String(prefix { $0 != separator }) }
}
