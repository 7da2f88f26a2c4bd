import CKernels
import Tensors
import Testing

@testable import Autodiff

/// Pooling against plain loops, on whole numbers with many ties.
@Suite struct PoolingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let geometry: PoolingGeometry
        let testDescription: String

        init(
            _ name: String, _ height: Int, _ width: Int, _ channels: Int, _ kernel: [Int], _ stride: [Int],
            _ edit: (inout PoolingGeometry) -> Void = { _ in }
        ) {
            var g = PoolingGeometry(height: height, width: width, channels: channels, kernel: kernel, stride: stride)
            edit(&g)
            (geometry, testDescription) = (g, name)
        }
    }

    static let cases = [
        Case("plain", 6, 8, 5, [2, 2], [2, 2]),
        Case("cut at the end", 5, 7, 17, [2, 2], [2, 2]),
        Case("ceiling", 5, 7, 3, [2, 2], [2, 2]) { $0.ceiling = true },
        Case("ceiling, last window in the padding", 4, 4, 2, [2, 2], [3, 3]) {
            $0.ceiling = true; $0.padding = [1, 1, 1, 1]
        },
        Case("overlapping, padded", 5, 6, 9, [3, 3], [2, 2]) { $0.padding = [1, 1, 1, 1] },
        Case("asymmetric", 5, 6, 3, [3, 2], [1, 2]) { $0.padding = [0, 1, 2, 0] },
        Case("dilated", 7, 8, 3, [2, 3], [1, 1]) { $0.dilation = [3, 2] },
        Case("whole image", 5, 7, 33, [5, 7], [1, 1]),
        Case("one dimension", 1, 20, 2, [1, 3], [1, 2]),
        Case("strides that skip", 9, 9, 1, [2, 2], [4, 4]),
        Case("a window of padding alone", 2, 2, 3, [1, 1], [1, 1]) { $0.padding = [1, 0, 0, 1] },
    ]

    /// Output sizes by PyTorch's rule.
    @Test func outputSizes() {
        let sizes = Self.cases.map { [$0.geometry.outputHeight, $0.geometry.outputWidth] }
        #expect(
            sizes == [
                [3, 4], [2, 3], [3, 4], [2, 2], [3, 3], [5, 3], [4, 4], [1, 1], [1, 9], [2, 2], [3, 3],
            ])
    }

    @Test(arguments: cases, Variant.all) func agreesWithPlainLoops(_ test: Case, _ variant: Variant) {
        let g = test.geometry, n = 3, p = variant.precision, table = variant.kernels.table
        let x = integers(g.input(n).reduce(1, *), seed: 4), y = integers(g.output(n).reduce(1, *), seed: 5)
        var maximum = y.map { _ in -Double.infinity }, argmax = y.map { _ in Int32(-1) }
        var sums = y.map { _ in 0.0 }, spread = x.map { _ in 0.0 }, scattered = x.map { _ in 0.0 }
        forEachWindow(g, n) { out, plane, offsets in
            for position in offsets {
                let i = plane + position * g.channels
                if argmax[out] < 0 || x[i] > maximum[out] { (maximum[out], argmax[out]) = (x[i], Int32(position)) }
                sums[out] += x[i]
                spread[i] += y[out]
            }
            if argmax[out] >= 0 { scattered[plane + Int(argmax[out]) * g.channels] += y[out] }
        }
        var q = g.window(n)
        var index = [Int32](repeating: .min, count: y.count)
        let (tx, ty) = (GuardedTensor(x, p), GuardedTensor(y, p))
        table.pool_argmax(&q, tx.address, &index)
        #expect(index == argmax)
        func result(_ count: Int, _ body: (UnsafeMutableRawPointer) -> Void) -> [Double] {
            let to = GuardedTensor(empty: count, p)
            body(to.address)
            #expect(to.isIntact)
            return to.numbers
        }
        #expect(result(y.count) { table.pool_gather(&q, tx.address, index, $0) } == maximum)
        #expect(result(x.count) { table.pool_scatter(&q, ty.address, index, $0) } == scattered)
        #expect(result(y.count) { table.pool_sum(&q, tx.address, $0) } == sums)
        #expect(result(x.count) { table.pool_spread(&q, ty.address, $0) } == spread)
    }

    /// A NaN is the largest number of its window wherever it stands, and the first of several.
    @Test(arguments: Variant.all) func notANumberIsTheMaximum(_ variant: Variant) {
        let g = PoolingGeometry(height: 2, width: 2, channels: 1, kernel: [2, 2], stride: [2, 2])
        var q = g.window(1)
        for (x, expected) in [
            ([.nan, 1, 2, 3], 0), ([1, .nan, .infinity, 3], 1), ([1, 2, .nan, .nan], 2), ([1, 2, 3, .nan], 3),
        ] as [([Double], Int32)] {
            let tensor = GuardedTensor(x, variant.precision), y = GuardedTensor([0], variant.precision)
            var index: [Int32] = [-7]
            variant.kernels.table.pool_argmax(&q, tensor.address, &index)
            #expect(index == [expected])
            variant.kernels.table.pool_gather(&q, tensor.address, index, y.address)
            #expect(y.numbers[0].isNaN)
        }
    }

    /// For every output: its flat position, that of its image and channel at (0, 0), and the window's places in the plane.
    private func forEachWindow(_ g: PoolingGeometry, _ n: Int, _ body: (Int, Int, [Int]) -> Void) {
        for (out, at) in positions(g.output(n)).enumerated() {
            var places: [Int] = []
            for ky in 0..<g.kernel[0] {
                for kx in 0..<g.kernel[1] {
                    let iy = at[1] * g.stride[0] + ky * g.dilation[0] - g.padding[0]
                    let ix = at[2] * g.stride[1] + kx * g.dilation[1] - g.padding[1]
                    if 0..<g.height ~= iy, 0..<g.width ~= ix { places.append(iy * g.width + ix) }
                }
            }
            body(out, at[0] * g.height * g.width * g.channels + at[3], places)
        }
    }
}
