import GraphEvaluation
import Testing

@testable import Autodiff

/// What becomes of products and convolutions while they are stored, against plain loops, on whole numbers.
@Suite struct ProductGroupTests {
    private func kernels(_ graph: Graph, _ outputs: [Value]) -> [any KernelPrimitive] {
        Lowering(graph, outputs: outputs).items.compactMap {
            if case .kernel(let primitive) = $0.work { primitive } else { nil }
        }
    }

    /// Elementwise items: a merged one is none.
    private func elementwise(_ graph: Graph, _ outputs: [Value]) -> Int {
        Lowering(graph, outputs: outputs).items.count { $0.isElementwise }
    }

    private func inputs(_ graph: Graph) -> [(Value, [Double])] {
        graph.nodes.indices.compactMap { id in
            guard graph.nodes[id].primitive is Input else { return nil }
            let value = Value(graph: graph, id: id)
            return (value, integers(value.type.count, seed: UInt64(id + 1)))
        }
    }

    private func check(_ graph: Graph, _ outputs: [Value], _ variant: Variant, _ comment: Comment) {
        let given = inputs(graph)
        #expect(evaluate(graph, outputs, given, kernels: variant.kernels) == interpret(graph, outputs, given), comment)
    }

    /// Bias, addend and ReLU in all combinations that merge, over every way in which work is shared out.
    @Test(arguments: Variant.all) func products(_ variant: Variant) {
        for (batches, m, n, k) in [
            ([], 1, 1, 1), ([], 17, 33, 65), ([], 301, 37, 41), ([], 5, 331, 401), ([], 9, 11, 5003), ([], 37, 50, 770),
            ([3], 26, 11, 131), ([2], 13, 17, 3301), ([3, 4], 13, 17, 19),
        ] {
            for stage in [Stage.data, .parameters] {
                let graph = Graph()
                let a = graph.input("a", TensorType(batches + [m, k]), .data)
                let b = graph.input("b", TensorType(batches + [n, k]), stage)
                let bias = graph.input("bias", TensorType([n]), stage)
                let addend = graph.input("addend", TensorType(batches + [m, n]), .data)
                let other = graph.input("other", addend.type, .data)
                let outputs = [
                    a.product(b, transposeB: true) + bias, (addend + a.product(b.scaled(2), transposeB: true)).relu(),
                    (a.product(b.scaled(3), transposeB: true) + bias + addend).relu(),
                    a.product(b.scaled(4), transposeB: true).relu(),
                    addend * (a.product(b.scaled(7), transposeB: true) + bias),
                    (a.product(b.scaled(8), transposeB: true) + other).masked(by: addend).relu(),
                    a.product(b.scaled(5), transposeB: true) + a.product(b.scaled(6), transposeB: true) + bias,
                ]
                check(graph, outputs, variant, "\(batches) \(m) \(n) \(k) \(stage)")
                // The scaled factors are all that is left. (What is added to one row is taken for a tensor like it.)
                #expect(m == 1 || elementwise(graph, outputs) == 7)
            }
        }
    }

    /// A sum that is taken up term by term gets each product in its place, and has memory once; not where its value is read later, too.
    @Test(arguments: Variant.all) func accumulatedProducts(_ variant: Variant) {
        for (m, n, k) in [(17, 33, 65), (301, 37, 41), (5, 331, 401), (19, 31, 5003), (401, 130, 7)] {
            for readsPart in [false, true] {
                let graph = Graph()
                let terms = (0..<3).map { i in
                    graph.input("a\(i)", TensorType([k, m]), .data).product(
                        graph.input("b\(i)", TensorType([k, n]), .data), transposeA: true)
                }
                let part = terms[0].accumulating(terms[1]), sum = part.accumulating(terms[2])
                let outputs = readsPart ? [sum, part.scaled(2)] : [sum]
                check(graph, outputs, variant, "\(m) \(n) \(k) \(readsPart)")
                #expect(kernels(graph, outputs).count == 3)
                let executable = Executable(graph, outputs: outputs, kernels: variant.kernels, runsWhole: true)
                let size = m * n * variant.precision.size
                #expect(executable.scratchBytes < (readsPart ? 4 : 2) * size, "\(executable.scratchBytes) of \(size)")
            }
        }
    }

    static let geometries: [(String, ConvolutionGeometry)] = {
        func make(
            _ h: Int, _ w: Int, _ c: Int, _ o: Int, _ kernel: Int = 3,
            _ edit: (inout ConvolutionGeometry) -> Void = { _ in }
        ) -> ConvolutionGeometry {
            var g = ConvolutionGeometry(height: h, width: w, channels: c, kernel: [kernel, kernel], filters: o)
            g.padding = [kernel / 2, kernel / 2, kernel / 2, kernel / 2]
            edit(&g)
            return g
        }
        return [
            ("one channel", make(5, 7, 1, 1)), ("17 channels", make(5, 7, 17, 17)), ("3 to 16", make(8, 8, 3, 16)),
            ("minimal filtering", make(8, 8, 16, 16)), ("ragged minimal filtering", make(9, 7, 17, 33)),
            ("1 × 1", make(5, 7, 17, 5, 1)), ("strides", make(9, 11, 5, 6) { $0.stride = [2, 3] }),
            ("groups", make(5, 7, 6, 9) { $0.groups = 3 }), ("depthwise", make(6, 7, 17, 17) { $0.groups = 17 }),
            ("dilation", make(9, 9, 3, 4) { $0.dilation = [2, 2] }),
        ]
    }()

    @Test(arguments: geometries.indices, Variant.all) func convolutions(_ number: Int, _ variant: Variant) {
        let (name, g) = Self.geometries[number]
        for n in [1, 3] {
            let graph = Graph()
            let w = graph.input("w", TensorType(g.weight), .parameters)
            let x = graph.input("x", TensorType(g.input(n)), .data),
                y = graph.input("y", TensorType(g.output(n)), .data)
            func all(_ operand: Value, _ like: Value, _ convolve: (Value, Value) -> Value) -> [Value] {
                let bias = graph.input("bias", TensorType([like.shape[3]]), .parameters)
                let addend = graph.input("addend", like.type, .data), other = graph.input("other", like.type, .data)
                // Weights differ, so that no convolution has two readers.
                return [
                    convolve(operand, w.scaled(2)) + bias, (convolve(operand, w.scaled(3)) + addend).relu(),
                    (addend + (convolve(operand, w.scaled(4)) + bias)).relu(), convolve(operand, w.scaled(5)).relu(),
                    (convolve(operand, w.scaled(-1)) + bias) * addend,
                    (convolve(operand, w.scaled(-2)) + other).masked(by: addend),
                    convolve(operand, w.scaled(6)) + convolve(operand.scaled(2), w.scaled(7)) + bias,
                ]
            }
            let outputs =
                all(x, y) { $0.convolution($1, g) }
                + all(y, x) { $0.graph.apply(Convolution(result: .input, geometry: g), [$0, $1]) }
            check(graph, outputs, variant, "\(name), \(n)")
        }
    }

    /// What is read elsewhere, of another stage or computed on the way is not merged.
    @Test func mergesOnlyWhatNothingElseReads() {
        let graph = Graph()
        let a = graph.input("a", TensorType([4, 5]), .data), w = graph.input("w", TensorType([5, 3]), .data)
        let bias = graph.input("bias", TensorType([3]), .parameters),
            other = graph.input("o", TensorType([4, 3]), .data)
        let product = a.product(w), sum = product + other
        func merged(_ outputs: [Value]) -> Bool {
            kernels(graph, outputs).contains { ($0 as? ProductSum)?.epilogue != Epilogue() }
        }
        #expect(merged([sum]))
        #expect(!merged([sum, product]))
        #expect(!merged([product + product.relu()]))
        // The product is the same for all parameters.
        #expect(!merged([product + bias]))
        #expect(merged([product * other]))
        #expect(merged([product.masked(by: other)]))
        #expect(!merged([other.masked(by: product)]))
        // Its sine would be stored to be added.
        #expect(!merged([product + other.sin()]))
        #expect(merged([product + other.sin(), other.sin().exp().sum()]))
        // Nor what repeats along more than the rows.
        #expect(!merged([product + other.slice(0, from: 0, count: 1).slice(1, from: 0, count: 1)]))
        #expect(merged([product.reshaped([2, 2, 3]) + other.reshaped([2, 2, 3])]))
    }

    /// A product that is read in another order of dimensions alone is stored in that one; without a copy.
    @Test(arguments: Variant.all) func storesInTheOrderThatIsRead(_ variant: Variant) {
        for (n, t, heads, width) in [(1, 1, 1, 1), (2, 5, 3, 7), (3, 17, 2, 32), (9, 4, 4, 8)] {
            let graph = Graph()
            let p = graph.input("p", TensorType([n, heads, t, t]), .data)
            let v = graph.input("v", TensorType([n, heads, t, width]), .data)
            let w = graph.input("w", TensorType([heads * width, 3]), .parameters)
            let mixed = p.product(v).permuted([0, 2, 1, 3]).reshaped([n * t, heads * width])
            let both = (p.product(v.scaled(2)) + p.product(v.scaled(3), transposeA: true)).permuted([0, 2, 1, 3])
            // Columns that do not lie side by side are copied.
            let across = p.product(v.scaled(4)).permuted([0, 1, 3, 2])
            let outputs = [mixed.product(w), both, across]
            check(graph, outputs, variant, "\(n) \(t) \(heads) \(width)")
            #expect(elementwise(graph, [mixed.product(w)]) == 0)
            let layouts = kernels(graph, [mixed.product(w)]).compactMap { ($0 as? ProductSum)?.result }
            #expect(layouts.count == 1)
        }
    }
}
