import Landscape

/// Numbers that any language makes with a few lines, so that other programs can be measured on the same inputs and weights:
/// splitmix64 of seed · 2³² + i, of which the upper 24 bits are a number in [0, 1).
enum HashNumbers {
    private static func bits(_ seed: UInt64, _ i: Int) -> UInt64 {
        var z = seed << 32 &+ UInt64(i) &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    static func uniform(_ seed: UInt64, _ count: Int, _ bound: Double) -> [Float] {
        (0..<count).map { Float(-bound + 2 * bound * (Double(bits(seed, $0) >> 40) / Double(1 << 24))) }
    }

    /// Standardised noise with random labels of ten classes.
    static func dataset(_ count: Int, shape: [Int]) -> Dataset {
        Dataset(
            name: "hash", inputs: .floats(uniform(1, count * shape.reduce(1, *), 3.0.squareRoot())),
            exampleShape: shape,
            targets: .classes((0..<count).map { Int32(bits(101, $0) >> 33 % 10) }, count: 10))
    }

    /// Tensor number i of two or more dimensions: uniform in ±√(6 / fan-in); biases 0, scales 1. `first` names the tensor that
    /// is number 0 where the order is another than ours.
    static func weights(_ layout: ParameterLayout, first: String? = nil) -> [Double] {
        numbered(layout, first: first).flatMap { tensor, number -> [Double] in
            guard shape(tensor).count >= 2 else {
                return [Double](repeating: tensor.name.hasSuffix("bias") ? 0 : 1, count: tensor.count)
            }
            let fan = tensor.count / shape(tensor)[0]
            return uniform(1000 + UInt64(number), tensor.count, (6 / Double(fan)).squareRoot()).map(Double.init)
        }
    }

    /// A vector of length 1.
    static func unitVector(_ layout: ParameterLayout, seed: UInt64 = 77, first: String? = nil) -> [Double] {
        var v = numbered(layout, first: first).flatMap { tensor, number in
            uniform(seed + UInt64(number), tensor.count, 1).map(Double.init)
        }
        Vectors.scale(&v, by: 1 / Vectors.norm(v))
        return v
    }

    /// A direction that filter normalisation scales.
    static func direction(_ layout: ParameterLayout, seed: UInt64) -> [Double] {
        numbered(layout, first: nil).flatMap { tensor, number in
            uniform(seed + UInt64(number), tensor.count, 1).map(Double.init)
        }
    }

    /// Leading extents of 1, which only serve broadcasting, are none of a parameter's own.
    private static func shape(_ tensor: TensorSpecification) -> [Int] { Array(tensor.shape.drop { $0 == 1 }) }

    private static func numbered(_ layout: ParameterLayout, first: String?) -> [(TensorSpecification, Int)] {
        let at = first.flatMap { name in layout.tensors.firstIndex { $0.name == name } }
        return layout.tensors.enumerated().map { i, tensor in
            (tensor, at.map { i == $0 ? 0 : i < $0 ? i + 1 : i } ?? i)
        }
    }
}
