import Autodiff
import CKernels
import Foundation
import Landscape

extension Workload {
    /// The limit: fused multiply-adds on registers alone, on all threads, which count themselves.
    static var peak: Workload {
        let parts = 64, count = 192 * 21845
        return Workload(
            name: "peak multiply-add", operations: 2 * Double(parts * count), expected: Double(parts * count),
            tolerance: 0
        ) {
            let multiplyAdds = ls_kernels_get(0).pointee.multiply_adds!
            var made = [Double](repeating: 0, count: parts)
            return {
                made.withUnsafeMutableBufferPointer { made in
                    nonisolated(unsafe) let made = made  // each index is written by one thread
                    Threads.forEach(parts) { i, _ in made[i] = multiplyAdds(Int64(count)) }
                }
                return { made.reduce(0, +) }
            }
        }
    }

    /// The convolutions of ResNet-20 by shape and a depthwise one, each of its three products, on 128 images. With an output
    /// gradient g, ⟨g, y⟩ = ⟨x, ∂x⟩ = ⟨w, ∂w⟩: all three have one answer.
    static var convolutions: [Workload] {
        let layers: [(String, Int, Int, Int, Int, Int, Int, Double)] = [
            ("3->16 @32", 3, 16, 32, 1, 3, 1, 4380.171234), ("16->16 @32", 16, 16, 32, 1, 3, 1, -2601.488997),
            ("16->32 @32 s2", 16, 32, 32, 2, 3, 1, -3929.658422), ("32->32 @16", 32, 32, 16, 1, 3, 1, -568.1853964),
            ("32->64 @16 s2", 32, 64, 16, 2, 3, 1, -2781.762026), ("64->64 @8", 64, 64, 8, 1, 3, 1, -2668.70539),
            ("64->64 @8 1x1", 64, 64, 8, 1, 1, 1, -985.8029649),
            ("96 depthwise @16", 96, 96, 16, 1, 3, 96, -225.4526301),
        ]
        return layers.flatMap { name, channels, filters, size, stride, kernel, groups, expected -> [Workload] in
            var geometry = ConvolutionGeometry(
                height: size, width: size, channels: channels, kernel: [kernel, kernel], filters: filters)
            geometry.stride = [stride, stride]
            geometry.padding = [Int](repeating: kernel / 2, count: 4)
            geometry.groups = groups
            let outputs = 128 * geometry.outputHeight * geometry.outputWidth * filters
            let operations = 2 * Double(outputs * channels / groups * kernel * kernel)
            return ["forward", "input gradient", "weight gradient"].enumerated().map { product, label in
                onHashes("conv \(label) \(name)", operations, expected) {
                    let graph = Graph()
                    let x = graph.input("x", TensorType([128, size, size, channels]), .data)
                    let w = graph.input("w", TensorType([kernel, kernel, channels / groups, filters]), .parameters)
                    let y = x.convolution(w, geometry)
                    let g = graph.input("g", y.type, .tangent)
                    return switch product {
                    case 0: ([x, w, g], [(2, y)])
                    case 1: ([x, w, g], [(0, graph.pullback([y], [g], at: [x])[0])])
                    default: ([x, w, g], [(1, graph.pullback([y], [g], at: [w])[0])])
                    }
                }
            }
        }
    }

    /// Products of matrices as dense layers have them: y = a bᵀ, its input gradient g b and its weight gradient gᵀ a, with one
    /// answer ⟨g, y⟩ as for convolutions.
    static var matrixProducts: [Workload] {
        let shapes: [(Int, Int, Int, Double)] = [
            (2048, 784, 512, -2536.658365), (2048, 512, 512, -4485.708957), (8192, 128, 512, 2187.82526),
            (8192, 512, 128, 3450.685055), (8192, 128, 384, 4433.382259),
        ]
        return shapes.flatMap { m, k, n, expected -> [Workload] in
            ["forward", "input gradient", "weight gradient"].enumerated().map { product, label in
                onHashes("matrix \(label) \(m)x\(k)x\(n)", 2 * Double(m * k * n), expected) {
                    let graph = Graph()
                    let a = graph.input("a", TensorType([m, k]), .data),
                        b = graph.input("b", TensorType([n, k]), .data)
                    let g = graph.input("g", TensorType([m, n]), .data)
                    return switch product {
                    case 0: ([a, b, g], [(2, a.product(b, transposeB: true))])
                    case 1: ([a, b, g], [(0, g.product(b))])
                    default: ([a, b, g], [(1, g.product(a, transposeA: true))])
                    }
                }
            }
        }
    }

    /// Attention of n examples, heads, positions and numbers in each as networks have it, from queries, keys and values [n, t, h, w]
    /// to the mixed values y in that order: ⟨g, y⟩, and its gradient ⟨q, ∂q⟩ + ⟨k, ∂k⟩ + ⟨v, ∂v⟩.
    static var attention: [Workload] {
        let shapes = [(8, 4, 64, 32, -5.010501672, 3.399900921), (1, 8, 1024, 64, -6.336189495, -7.565308793)]
        return shapes.flatMap { n, heads, t, width, value, slope -> [Workload] in
            let name = "\(n)x\(heads)x\(t)x\(width)", operations = 4 * Double(n * heads * t * t * width)
            func mixed() -> (inputs: [Value], y: Value) {
                let graph = Graph()
                let inputs = ["q", "k", "v", "g"].map { graph.input($0, TensorType([n, t, heads, width]), .data) }
                let parts = inputs.map { $0.permuted([0, 2, 1, 3]) }
                let scores = parts[0].product(parts[1], transposeB: true).scaled(1 / Double(width).squareRoot())
                return (inputs, scores.softmax().product(parts[2]).permuted([0, 2, 1, 3]))
            }
            return [
                onHashes("attention \(name)", operations, value) {
                    let (inputs, y) = mixed()
                    return (inputs, [(3, y)])
                },
                onHashes("attention gradient \(name)", 3 * operations, slope) {
                    let (inputs, y) = mixed()
                    let gradients = y.graph.pullback([y], [inputs[3]], at: Array(inputs[..<3]))
                    return (inputs, Array(gradients.enumerated()))
                },
            ]
        }
    }

    /// A graph on hashed numbers. Its answer is the sum of ⟨input, result⟩ over pairs of an input's number and a result: of up to
    /// two million terms of either sign, so that one wrong number among them shows.
    private static func onHashes(
        _ name: String, _ operations: Double, _ expected: Double,
        _ graph: @escaping () -> (inputs: [Value], pairs: [(Int, Value)])
    ) -> Workload {
        Workload(name: name, operations: operations, expected: expected, tolerance: 1e-5) {
            let (inputs, pairs) = graph()
            let executable = Executable(inputs[0].graph, outputs: pairs.map { $0.1 }, precision: .float)
            let instance = executable.makeInstance()
            let numbers = inputs.enumerated().map { HashNumbers.uniform(UInt64($0 + 1), $1.type.count, 1) }
            let buffers = zip(inputs, numbers).map { value, numbers in
                let buffer = Buffer(byteCount: value.type.count * 4)
                buffer.store(numbers.lazy.map(Double.init), as: .float)
                executable.bind(value, to: buffer.address, in: instance)
                return buffer
            }
            return {
                withExtendedLifetime(buffers) { executable.run(instance) }
                return {
                    pairs.reduce(0) { sum, pair in
                        let (input, result) = (numbers[pair.0], executable.numbers(of: pair.1, in: instance))
                        return sum + Vectors.dot(input.map(Double.init), result)
                    }
                }
            }
        }
    }
}
