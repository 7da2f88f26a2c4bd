import CKernels
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// The three products of a convolution against plain loops, on whole numbers, so that equality is exact.
@Suite struct ConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let geometry: ConvolutionGeometry
        let images: Int
        let testDescription: String

        init(
            _ name: String, _ height: Int, _ width: Int, _ channels: Int, _ kernel: [Int], _ filters: Int,
            images: Int = 2,
            _ edit: (inout ConvolutionGeometry) -> Void = { _ in }
        ) {
            var g = ConvolutionGeometry(
                height: height, width: width, channels: channels, kernel: kernel, filters: filters)
            edit(&g)
            (geometry, self.images, testDescription) = (g, images, name)
        }
    }

    static let cases = [
        Case("one of everything", 1, 1, 1, [1, 1], 1, images: 1),
        Case("one channel", 5, 7, 1, [3, 3], 4, images: 3),
        Case("17 channels, 33 filters", 5, 7, 17, [3, 3], 33, images: 3) { $0.padding = [1, 1, 1, 1] },
        Case("filters past two vectors", 6, 5, 3, [2, 3], 71) { $0.padding = [0, 1, 1, 1] },
        Case("stride 2", 5, 7, 3, [3, 3], 5) {
            $0.stride = [2, 2]; $0.padding = [1, 1, 1, 1]
        },
        Case("stride 3 and 2", 8, 7, 3, [3, 2], 5) { $0.stride = [3, 2] },
        Case("stride above the kernel", 9, 11, 2, [2, 2], 3) {
            $0.stride = [4, 3]; $0.padding = [1, 0, 0, 1]
        },
        Case("dilation 2", 9, 8, 3, [3, 3], 4) {
            $0.dilation = [2, 2]; $0.padding = [2, 1, 0, 2]
        },
        Case("dilation and stride", 11, 9, 2, [3, 2], 4) {
            $0.dilation = [2, 3]; $0.stride = [2, 2]; $0.padding = [1, 2, 2, 1]
        },
        Case("dilation along rows only", 9, 8, 3, [3, 3], 4) { $0.dilation = [3, 1] },
        Case("groups", 5, 7, 6, [3, 3], 9) {
            $0.groups = 3; $0.padding = [1, 1, 1, 1]
        },
        Case("groups, stride, dilation", 7, 9, 4, [3, 3], 6) {
            ($0.groups, $0.stride, $0.dilation, $0.padding) = (2, [2, 2], [2, 2], [2, 2, 2, 2])
        },
        Case("depthwise", 5, 7, 19, [3, 3], 19) {
            $0.groups = 19; $0.padding = [1, 1, 1, 1]
        },
        Case("depthwise, stride, dilation", 9, 8, 40, [3, 2], 40, images: 9) {
            ($0.groups, $0.stride, $0.dilation, $0.padding) = (40, [2, 3], [1, 2], [1, 2, 0, 1])
        },
        Case("depthwise, padding above the image", 2, 3, 16, [5, 5], 16) {
            $0.groups = 16; $0.padding = [4, 3, 4, 3]
        },
        Case("depthwise, two filters each", 4, 4, 5, [3, 3], 10) { $0.groups = 5 },
        Case("asymmetric padding", 5, 7, 3, [3, 3], 4) { $0.padding = [0, 2, 3, 1] },
        Case("kernel 1×1", 5, 7, 17, [1, 1], 18),
        Case("kernel 1×1, stride 2", 5, 7, 17, [1, 1], 18) { $0.stride = [2, 2] },
        Case("kernel above the image", 3, 2, 4, [5, 5], 6) { $0.padding = [2, 2, 1, 2] },
        Case("kernel covers the image", 4, 5, 3, [4, 5], 8),
        Case("padding above the kernel", 3, 4, 2, [2, 2], 3) { $0.padding = [3, 4, 2, 5] },
        Case("padding above the frame", 1, 1, 2, [1, 1], 3) {
            $0.padding = [2, 3, 2, 3]; $0.stride = [9, 9]
        },
        Case("padding that strides skip", 2, 3, 2, [1, 2], 3) {
            $0.padding = [3, 5, 3, 5]; $0.stride = [7, 11]
        },
        Case("one dimension", 1, 40, 3, [1, 5], 7, images: 3) {
            $0.padding = [0, 2, 0, 2]; $0.stride = [1, 2]
        },
        Case("one column", 23, 1, 3, [4, 1], 7) { $0.padding = [1, 0, 2, 0] },
        Case("wide rows", 2, 90, 3, [3, 3], 16) { $0.padding = [1, 1, 1, 1] },
        Case("more images than chunks", 3, 3, 2, [2, 2], 3, images: 19),
    ]

    @Test(arguments: cases, Variant.all) func agreesWithPlainLoops(_ test: Case, _ variant: Variant) {
        let g = test.geometry, n = test.images
        let x = integers(g.input(n).reduce(1, *), seed: 1)
        let w = integers(g.weight.reduce(1, *), seed: 2)
        let y = integers(g.output(n).reduce(1, *), seed: 3)
        let plain = plainLoops(g, n, x, w, y)
        let table = variant.kernels.table, p = variant.precision
        var q = g.kernel(n)
        q.pairs = 2
        let workspace = Buffer(byteCount: Int(table.convolution_workspace(&q)))
        func run(
            _ kernel: (
                UnsafePointer<ls_convolution>?, UnsafePointer<UnsafeRawPointer?>?, UnsafeMutableRawPointer?,
                UnsafeMutableRawPointer?
            ) -> Void,
            _ pairs: [[Double]], _ count: Int
        ) -> [Double] {
            q.pairs = Int64(pairs.count / 2)
            let operands = pairs.map { GuardedTensor($0, p) }, c = GuardedTensor(empty: count, p)
            kernel(&q, operands.map { UnsafeRawPointer($0.address) }, c.address, workspace.address)
            #expect(operands.allSatisfy { $0.isIntact } && c.isIntact)
            return c.numbers
        }
        func doubled(_ x: [Double]) -> [Double] { x.map { 2 * $0 } }
        func tripled(_ x: [Double]) -> [Double] { x.map { 3 * $0 } }
        let turned = transposedTaps(w, g)
        #expect(run(table.convolution, [x, w], y.count) == plain.y)
        #expect(run(table.convolution_input, [y, turned], x.count) == plain.x)
        #expect(run(table.convolution_weight, [x, y], w.count) == plain.w)
        // Two at once.
        #expect(run(table.convolution, [x, w, doubled(x), w], y.count) == tripled(plain.y))
        #expect(run(table.convolution_input, [y, doubled(turned), y, turned], x.count) == tripled(plain.x))
        #expect(run(table.convolution_weight, [x, y, x, doubled(y)], w.count) == tripled(plain.w))
        // Added, image by image, to what is there.
        let start = integers(w.count, seed: 4), sum = GuardedTensor(start, p)
        (q.n, q.pairs) = (1, 1)
        for image in 0..<n {
            let (a, b) = (image * x.count / n, image * y.count / n)
            let (one, other) = (
                GuardedTensor(Array(x[a..<(a + x.count / n)]), p), GuardedTensor(Array(y[b..<(b + y.count / n)]), p)
            )
            table.convolution_weight_add(
                &q, [UnsafeRawPointer(one.address), UnsafeRawPointer(other.address)], sum.address, workspace.address)
        }
        #expect(sum.isIntact && sum.numbers == zip(start, plain.w).map { $0 + $1 })
    }

    static let minimalCases =
        cases.filter {
            let g = $0.geometry
            return g.kernel == [3, 3] && g.stride == [1, 1] && g.dilation == [1, 1] && g.groups == 1
        } + [
            Case("one pixel", 1, 1, 2, [3, 3], 3) { $0.padding = [1, 1, 1, 1] },
            Case("no padding", 4, 6, 16, [3, 3], 16),
            Case("padding 2", 4, 5, 3, [3, 3], 33) { $0.padding = [2, 2, 2, 2] },
            Case("padding 3", 3, 4, 3, [3, 3], 5) { $0.padding = [3, 3, 4, 3] },
            Case("a column", 7, 1, 18, [3, 3], 4) { $0.padding = [1, 1, 1, 1] },
            Case("strips that end within images", 9, 9, 20, [3, 3], 70, images: 19) { $0.padding = [1, 1, 1, 1] },
            Case("a strip shorter than a row", 2, 11, 400, [3, 3], 420, images: 1) { $0.padding = [1, 1, 1, 1] },
        ]

    /// Minimal filtering against plain loops. Its halves and quarters are exact here, too.
    @Test(arguments: minimalCases, Variant.all) func minimalFiltering(_ test: Case, _ variant: Variant) {
        let g = test.geometry, n = test.images
        let x = integers(g.input(n).reduce(1, *), -2...2, seed: 1)
        let w = integers(g.weight.reduce(1, *), -2...2, seed: 2)
        let y = integers(g.output(n).reduce(1, *), -2...2, seed: 3)
        let plain = plainLoops(g, n, x, w, y)
        func run(_ result: Convolution.Result, _ pairs: [[Double]], to start: [Double], images: Int, adds: Bool = false)
            -> [Double]
        {
            let primitive = WinogradConvolution(unchecked: Convolution(result: result, geometry: g))
            let operands = pairs.enumerated().map { i, numbers in
                i % 2 == 1 ? primitive.weights.map { transformed(numbers, $0, variant) } ?? numbers : numbers
            }
            return kernel(primitive, result, g, operands, to: start, images: images, adds: adds, variant)
        }
        func times(_ k: Double, _ x: [Double]) -> [Double] { x.map { k * $0 } }
        let other = integers(w.count, seed: 4)
        for (result, a, b, expected) in [(.output, x, w, plain.y), (.input, y, w, plain.x), (.weight, x, y, plain.w)]
            as [(Convolution.Result, [Double], [Double], [Double])]
        {
            let nothing = times(.nan, expected)
            #expect(run(result, [a, b], to: nothing, images: n) == expected)
            // Two at once.
            #expect(run(result, [a, b, times(2, a), b], to: nothing, images: n) == times(3, expected))
            #expect(run(result, [a, times(2, b), a, b], to: nothing, images: n) == times(3, expected))
        }
        // Added, image by image, to what is there.
        var sum = other
        for image in 0..<n {
            func one(_ all: [Double]) -> [Double] {
                Array(all[(image * all.count / n)..<((image + 1) * all.count / n)])
            }
            sum = run(.weight, [one(x), one(y)], to: sum, images: 1, adds: true)
        }
        #expect(sum == zip(other, plain.w).map { $0 + $1 })
    }

    /// In Float32, minimal filtering comes about as close to Float64 as the definition does.
    @Test(arguments: [16, 64]) func minimalFilteringRoundsNoWorse(_ channels: Int) throws {
        var g = ConvolutionGeometry(height: 8, width: 8, channels: channels, kernel: [3, 3], filters: channels)
        g.padding = [1, 1, 1, 1]
        func random(_ shape: [Int], _ seed: UInt64) -> [Double] {
            sample(shape.reduce(1, *), seed: seed).map { Precision.float.rounded($0) }
        }
        let (x, w, y) = (random(g.input(8), 1), random(g.weight, 2), random(g.output(8), 3))
        for variant in Variant.all where variant.precision == .float {
            let exact = try #require(Variant.all.first { $0.precision == .double })
            for (result, a, b, count) in [(.output, x, w, y.count), (.input, y, w, x.count), (.weight, x, y, w.count)]
                as [(Convolution.Result, [Double], [Double], Int)]
            {
                let definition = Convolution(result: result, geometry: g)
                let minimal = WinogradConvolution(unchecked: definition)
                let start = [Double](repeating: 0, count: count)
                func errors(_ found: [Double], _ exact: [Double]) -> Double {
                    let difference = zip(found, exact).map { $0 - $1 }
                    return (dot(difference, difference) / dot(exact, exact)).squareRoot()
                }
                let turned = result == .input ? transposedTaps(b, g) : b
                let truth = kernel(definition, result, g, [a, turned], to: start, images: 8, exact)
                let direct = errors(kernel(definition, result, g, [a, turned], to: start, images: 8, variant), truth)
                let weights = minimal.weights.map { transformed(b, $0, variant) } ?? b
                let fast = errors(kernel(minimal, result, g, [a, weights], to: start, images: 8, variant), truth)
                #expect(fast < 3 * direct && fast < 1e-6, "\(variant), \(result): \(fast) against \(direct)")
            }
        }
    }

    /// Minimal filtering is what is evaluated where it saves something, with weights transformed once for all that read them.
    @Test func whatIsEvaluatedByMinimalFiltering() {
        func names(
            _ height: Int = 8, channels: Int = 16, filters: Int = 32, weights: Stage = .parameters,
            _ edit: (inout ConvolutionGeometry) -> Void = { _ in }
        ) -> [String] {
            var g = ConvolutionGeometry(
                height: height, width: height, channels: channels, kernel: [3, 3], filters: filters)
            g.padding = [1, 1, 1, 1]
            edit(&g)
            let graph = Graph(), x = graph.input("x", TensorType(g.input(3)), .data)
            let w = graph.input("w", TensorType(g.weight), weights)
            let outputs = [x.convolution(w, g), (x + 1).convolution(w, g).sin().convolutionTransposed(w, g)]
            return Lowering(graph, outputs: outputs).items.compactMap {
                if case .kernel(let kernel) = $0.work { kernel.name } else { nil }
            }.sorted()
        }
        let minimal = [
            "minimal filtering, input", "minimal filtering, output", "minimal filtering, output", "transformed weights",
            "transformed weights",
        ]
        let direct = ["convolution input", "convolution output", "convolution output"]
        #expect(names() == minimal && names(7) == minimal)
        #expect(names(3) == direct && names(1) == direct, "tiles beyond the image")
        #expect(names(channels: 3) == direct && names(filters: 8) == direct, "few channels")
        #expect(names(weights: .data) == direct, "weights of each batch")
        #expect(names { $0.stride = [1, 2] } == direct && names { $0.dilation = [2, 1] } == direct)
        #expect(names { $0.groups = 2 } == direct)
        #expect(names { $0.kernel = [3, 1] } == direct)
    }

    /// A sum of two convolutions that nothing else reads is one kernel, with the numbers of the two.
    @Test(arguments: [Convolution.Result.output, .input, .weight], Variant.all)
    func sumsAreOneKernel(_ result: Convolution.Result, _ variant: Variant) {
        var g = ConvolutionGeometry(height: 5, width: 7, channels: 3, kernel: [3, 2], filters: 17)
        (g.padding, g.stride) = ([1, 0, 1, 1], [2, 1])
        let graph = Graph(), shapes = [g.input(3), g.weight, g.output(3)]
        let pair = [[0, 1], [2, 1], [0, 2]][[.output: 0, .input: 1, .weight: 2][result]!]
        let values = (0..<4).map { graph.input("x", TensorType(shapes[pair[$0 % 2]]), .data) }
        let terms = [0, 2].map { graph.apply(Convolution(result: result, geometry: g), [values[$0], values[$0 + 1]]) }
        let sum = terms[0] + terms[1]
        func kernels(_ outputs: [Value]) -> Int {
            Lowering(graph, outputs: outputs).items.count { if case .kernel = $0.work { true } else { false } }
        }
        #expect(kernels([sum]) == 1 && kernels([sum, terms[0]]) == 2)
        let numbers = values.enumerated().map { ($1, integers($1.type.count, seed: UInt64($0))) }
        #expect(
            evaluate(graph, [sum], numbers, kernels: variant.kernels)[0]
                == evaluate(graph, [sum, terms[0]], numbers, kernels: variant.kernels)[0])
    }

    private func transformed(_ w: [Double], _ form: WinogradWeights, _ variant: Variant) -> [Double] {
        let w = GuardedTensor(w, variant.precision)
        let u = GuardedTensor(empty: form.type(of: []).count, variant.precision)
        [UnsafeRawPointer(w.address)].withUnsafeBufferPointer {
            form.evaluate(
                KernelCall(
                    kernels: variant.kernels, operandTypes: [], resultType: form.type(of: []), operands: $0,
                    result: u.address, workspace: u.address))
        }
        #expect(w.isIntact && u.isIntact)
        return u.numbers
    }

    /// What a convolution's kernel makes of operands in the form it reads.
    private func kernel(
        _ primitive: some KernelPrimitive, _ result: Convolution.Result, _ g: ConvolutionGeometry,
        _ operands: [[Double]], to start: [Double], images: Int, adds: Bool = false, _ variant: Variant
    ) -> [Double] {
        let pair = [[g.input(images), g.weight], [g.output(images), g.weight], [g.input(images), g.output(images)]]
        let types = operands.indices.map {
            TensorType(pair[result == .output ? 0 : result == .input ? 1 : 2][$0 % 2])
        }
        let workspace = Buffer(byteCount: primitive.workspaceBytes(types, variant.kernels))
        let tensors = operands.map { GuardedTensor($0, variant.precision) }
        let c = GuardedTensor(start, variant.precision)
        tensors.map { UnsafeRawPointer($0.address) }.withUnsafeBufferPointer {
            primitive.evaluate(
                KernelCall(
                    kernels: variant.kernels, operandTypes: types, resultType: TensorType([start.count]), operands: $0,
                    result: c.address, workspace: workspace.address, accumulates: adds, ahead: nil))
        }
        #expect(tensors.allSatisfy { $0.isIntact } && c.isIntact)
        return c.numbers
    }

    private func transposedTaps(_ w: [Double], _ g: ConvolutionGeometry) -> [Double] {
        let view = g.transposedTaps(StridedView(dense: 0, g.weight))
        return positions(view.shape).map { at in w[zip(at, view.strides).reduce(0) { $0 + $1.0 * $1.1 }] }
    }

    /// The derivatives of the trilinear form Σ x·w·y by each of its operands.
    private func plainLoops(
        _ g: ConvolutionGeometry, _ n: Int, _ x: [Double], _ w: [Double], _ y: [Double]
    ) -> (x: [Double], w: [Double], y: [Double]) {
        var plain = (x: x.map { _ in 0.0 }, w: w.map { _ in 0.0 }, y: y.map { _ in 0.0 })
        forEachTap(g, n) { xi, wi, yi in
            plain.y[yi] += x[xi] * w[wi]
            plain.x[xi] += y[yi] * w[wi]
            plain.w[wi] += x[xi] * y[yi]
        }
        return plain
    }

    /// Every product x·w·y of the trilinear form, by flat positions.
    private func forEachTap(_ g: ConvolutionGeometry, _ n: Int, _ body: (Int, Int, Int) -> Void) {
        let (cg, og) = (g.channels / g.groups, g.filters / g.groups)
        for at in positions(g.output(n)) {
            let (image, oy, ox, o) = (at[0], at[1], at[2], at[3])
            for ky in 0..<g.kernel[0] {
                let iy = oy * g.stride[0] + ky * g.dilation[0] - g.padding[0]
                guard 0..<g.height ~= iy else { continue }
                for kx in 0..<g.kernel[1] {
                    let ix = ox * g.stride[1] + kx * g.dilation[1] - g.padding[1]
                    guard 0..<g.width ~= ix else { continue }
                    for c in 0..<cg {
                        body(
                            ((image * g.height + iy) * g.width + ix) * g.channels + o / og * cg + c,
                            ((ky * g.kernel[1] + kx) * cg + c) * g.filters + o,
                            ((image * g.outputHeight + oy) * g.outputWidth + ox) * g.filters + o)
                    }
                }
            }
        }
    }
}
