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

    private static func product(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) -> () -> Double {
        let graph = Graph()
        let a = graph.input("a", TensorType(a), .data), b = graph.input("b", TensorType(b), .data)
        return run([a, b], a.product(b, transposeA: transposeA, transposeB: transposeB))
    }

    /// Runs one primitive on hashed numbers and gives the first of its result.
    private static func run(_ inputs: [Value], _ output: Value) -> () -> Double {
        let executable = Executable(output.graph, outputs: [output], precision: .float)
        let instance = executable.makeInstance()
        let buffers = inputs.enumerated().map { i, value in
            let buffer = Buffer(byteCount: value.type.count * 4)
            buffer.store(HashNumbers.uniform(UInt64(i + 1), value.type.count, 1).map(Double.init), as: .float)
            executable.bind(value, to: buffer.address, in: instance)
            return buffer
        }
        return {
            withExtendedLifetime(buffers) { executable.run(instance) }
            return Double(executable.address(of: output, in: instance).load(as: Float.self))
        }
    }
}
