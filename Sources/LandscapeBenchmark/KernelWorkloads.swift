import Autodiff
import CKernels
import Foundation
import Tensors

extension Workload {
    /// The limit: fused multiply-adds on registers alone, on all threads.
    static var peak: [Workload] {
        [
            Workload(name: "peak multiply-add", operations: 2 * Double(64 * (1 << 22))) {
                let kernels = ls_kernels_get(0).pointee
                return {
                    Threads.forEach(64) { _, _ in kernels.multiply_adds(1 << 22) }
                    return 0
                }
            }
        ]
    }

    /// The convolutions of ResNet-20 by shape and a depthwise one, each of its three products, on 128 images.
    static var convolutions: [Workload] {
        let layers: [(String, Int, Int, Int, Int, Int, Int)] = [
            ("3->16 @32", 3, 16, 32, 1, 3, 1), ("16->16 @32", 16, 16, 32, 1, 3, 1),
            ("16->32 @32 s2", 16, 32, 32, 2, 3, 1), ("32->32 @16", 32, 32, 16, 1, 3, 1),
            ("32->64 @16 s2", 32, 64, 16, 2, 3, 1), ("64->64 @8", 64, 64, 8, 1, 3, 1),
            ("64->64 @8 1x1", 64, 64, 8, 1, 1, 1), ("96 depthwise @16", 96, 96, 16, 1, 3, 96),
        ]
        return layers.flatMap { name, channels, filters, size, stride, kernel, groups -> [Workload] in
            var geometry = ConvolutionGeometry(
                height: size, width: size, channels: channels, kernel: [kernel, kernel], filters: filters)
            geometry.stride = [stride, stride]
            geometry.padding = [Int](repeating: kernel / 2, count: 4)
            geometry.groups = groups
            let outputs = 128 * geometry.outputHeight * geometry.outputWidth * filters
            let operations = 2 * Double(outputs * channels / groups * kernel * kernel)
            return ["forward", "input gradient", "weight gradient"].enumerated().map { product, label in
                Workload(name: "conv \(label) \(name)", operations: operations) {
                    let graph = Graph()
                    let x = graph.input("x", TensorType([128, size, size, channels]), .data)
                    let w = graph.input("w", TensorType([kernel, kernel, channels / groups, filters]), .parameters)
                    let y = x.convolution(w, geometry)
                    let g = graph.input("g", y.type, .tangent)
                    let output = product == 0 ? y : graph.pullback([y], [g], at: [product == 1 ? x : w])[0]
                    return run([x, w, g], output)
                }
            }
        }
    }

    /// Products of matrices as dense layers have them: forward, input gradient and weight gradient.
    static var matrixProducts: [Workload] {
        [(2048, 784, 512), (2048, 512, 512), (8192, 128, 512), (8192, 512, 128), (8192, 128, 384)].flatMap {
            (m, k, n) -> [Workload] in
            let name = "\(m)x\(k)x\(n)", operations = 2 * Double(m * k * n)
            return [
                Workload(name: "matrix forward \(name)", operations: operations) {
                    product([m, k], [n, k], false, true)
                },
                Workload(name: "matrix input gradient \(name)", operations: operations) {
                    product([m, n], [n, k], false, false)
                },
                Workload(name: "matrix weight gradient \(name)", operations: operations) {
                    product([m, n], [m, k], true, false)
                },
            ]
        }
    }

    /// Attention of n examples, heads, positions and numbers in each as networks have it, from queries, keys and values [n, t, h, w]
    /// to the mixed values in that order, and its gradient at all three. The answers are those of plain loops in Float64.
    static var attention: [Workload] {
        [(8, 4, 64, 32, -0.04099774508, 0.003068840704), (1, 8, 1024, 64, -0.01004559318, 0.0005772608341)].flatMap {
            (n, heads, t, width, value, slope) -> [Workload] in
            let name = "\(n)x\(heads)x\(t)x\(width)", operations = 4 * Double(n * heads * t * t * width)
            func prepare(_ outputs: @escaping (_ x: [Value], _ mixed: Value, _ g: Value) -> [Value]) -> () -> Double {
                let graph = Graph()
                let x = ["q", "k", "v", "g"].map { graph.input($0, TensorType([n, t, heads, width]), .data) }
                let parts = x.map { $0.permuted([0, 2, 1, 3]) }
                let scores = parts[0].product(parts[1], transposeB: true).scaled(1 / Double(width).squareRoot())
                let mixed = scores.softmax().product(parts[2]).permuted([0, 2, 1, 3])
                return run(x, outputs(Array(x[..<3]), mixed, x[3]))
            }
            return [
                Workload(name: "attention \(name)", operations: operations, expected: value) {
                    prepare { _, mixed, _ in [mixed] }
                },
                Workload(name: "attention gradient \(name)", operations: 3 * operations, expected: slope) {
                    prepare { x, mixed, g in g.graph.pullback([mixed], [g], at: x) }
                },
            ]
        }
    }

    private static func product(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) -> () -> Double {
        let graph = Graph()
        let a = graph.input("a", TensorType(a), .data), b = graph.input("b", TensorType(b), .data)
        return run([a, b], a.product(b, transposeA: transposeA, transposeB: transposeB))
    }

    private static func run(_ inputs: [Value], _ output: Value) -> () -> Double { run(inputs, [output]) }

    /// Runs a graph on hashed numbers and gives the first of its first result.
    private static func run(_ inputs: [Value], _ outputs: [Value]) -> () -> Double {
        let executable = Executable(outputs[0].graph, outputs: outputs, precision: .float)
        let instance = executable.makeInstance()
        let buffers = inputs.enumerated().map { i, value in
            let buffer = Buffer(byteCount: value.type.count * 4)
            buffer.store(HashNumbers.uniform(UInt64(i + 1), value.type.count, 1).map(Double.init), as: .float)
            executable.bind(value, to: buffer.address, in: instance)
            return buffer
        }
        return {
            withExtendedLifetime(buffers) { executable.run(instance) }
            return Double(executable.address(of: outputs[0], in: instance).load(as: Float.self))
        }
    }
}
