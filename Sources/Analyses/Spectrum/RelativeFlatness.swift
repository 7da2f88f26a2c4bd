import MatrixFree
import Networks
import Objectives
import Tensors

/// The relative flatness of a layer (Petzka et al. 2021, arXiv 2001.00939): κ = Σₛ,ₜ ⟨wₛ, wₜ⟩ tr Hₛₜ over pairs of its neurons, where wₛ are the
/// weights into neuron s and Hₛₜ = ∂²L/∂wₛ∂wₜ.
///
/// Rescaling of whole layers, or of the layer's own neurons, that leaves a ReLU network's function as it is leaves κ as it is. With the weights as a matrix W,
/// [neurons, inputs], it is E vᵀHv for v = (Wξ)ζᵀ and independent signs ξ and ζ; a probe is the mean of several such v, times the root of
/// their number. One product serves a probe of all layers. It is a curvature: of a saddle it may be negative.
public struct RelativeFlatness: Sendable, Codable {
    /// The name and shape of the layer's weights: [neurons, inputs], or the filters of a convolution with all that goes into one as inputs.
    public let name: String, shape: [Int]
    /// κ.
    public let value: StochasticEstimate

    /// Layers of so few inputs are computed exactly, with a product for every pair of them. 4, ours.
    static let fewInputs = 4
    /// Pairs of ξ and ζ in a probe: more of them cost time and less variance. 16, ours.
    static let terms = 16

    /// All weight matrices of a network, in order, and the products made.
    ///
    /// - Parameters:
    ///   - probes: random vectors for all layers together, at least 2; 30, ours.
    ///   - progress: called before every block of products with the probes done; what it throws ends the work.
    /// - Throws: what the objective throws.
    public static func all(
        _ curvature: CurvatureOperator, _ layout: ParameterLayout, probes: Int = 30, seed: UInt64 = 0,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> (layers: [RelativeFlatness], products: Int) {
        let matrices = layout.tensors.indices.compactMap { Matrix(layout, $0, curvature.theta) }
        let few = matrices.filter { $0.inputs <= fewInputs }, many = matrices.filter { $0.inputs > fewInputs }
        var found: [Int: StochasticEstimate] = [:], products = 0
        for matrix in few {
            var sum = 0.0
            for element in 0..<matrix.inputs * matrix.inputs {
                try progress(0)
                var v = Vectors.zeros(curvature.dimension)
                matrix.putColumn(element / matrix.inputs, as: element % matrix.inputs, into: &v)
                sum += Vectors.dot(v, try curvature.apply(v))
                products += 1
            }
            found[matrix.index] = StochasticEstimate(exact: sum)
        }
        if !many.isEmpty {
            let random = RandomNumbers(seed: seed).named("relative flatness")
            var samples = many.map { _ in [Double]() }
            for first in stride(from: 0, to: probes, by: blockSize) {
                try progress(first)
                let vectors = (first..<min(first + blockSize, probes)).map { probe in
                    var v = Vectors.zeros(curvature.dimension)
                    for matrix in many { matrix.putProbe(random.named("\(matrix.index) \(probe)"), into: &v) }
                    return v
                }
                // What couples layers adds to the variance, and stays out of the mean.
                for (v, product) in zip(vectors, try curvature.apply(block: vectors)) {
                    for (number, matrix) in many.enumerated() {
                        samples[number].append(matrix.range.reduce(0) { $0 + v[$1] * product[$1] })
                    }
                }
                products += vectors.count
            }
            for (matrix, values) in zip(many, samples) { found[matrix.index] = StochasticEstimate(samples: values) }
        }
        let layers = matrices.map { matrix in
            RelativeFlatness(
                name: layout.tensors[matrix.index].name, shape: layout.tensors[matrix.index].shape,
                value: found[matrix.index]!)
        }
        return (layers, products)
    }

    /// Vectors that are multiplied at once.
    private static let blockSize = 4

    /// The weights of a layer as a matrix.
    private struct Matrix {
        let index: Int, range: Range<Int>
        let neurons: Int, inputs: Int
        private let weights: ArraySlice<Double>

        /// Nil for biases and scales.
        init?(_ layout: ParameterLayout, _ index: Int, _ theta: [Double]) {
            let shape = layout.tensors[index].shape
            guard shape.count > 1, let first = shape.first, first > 0 else { return nil }
            (self.index, range, neurons) = (index, layout.range(index), first)
            inputs = range.count / first
            weights = theta[range]
        }

        /// Column `from` of W as column `to` of v, all else of the layer 0: one element of the sum.
        func putColumn(_ from: Int, as to: Int, into v: inout [Double]) {
            for s in 0..<neurons {
                v[range.lowerBound + s * inputs + to] = weights[weights.startIndex + s * inputs + from]
            }
        }

        /// Σᵣ (Wξᵣ)ζᵣᵀ/√k in the layer's place, with k pairs of random signs ξᵣ and ζᵣ.
        func putProbe(_ random: RandomNumbers, into v: inout [Double]) {
            let count = RelativeFlatness.terms, scale = 1 / Double(count).squareRoot()
            for term in 0..<count {
                let xi = random.named("ξ \(term)").signs(inputs), zeta = random.named("ζ \(term)").signs(inputs)
                for s in 0..<neurons {
                    let own = weights.startIndex + s * inputs, place = range.lowerBound + s * inputs
                    var sum = 0.0
                    for i in 0..<inputs { sum += weights[own + i] * xi[i] }
                    for i in 0..<inputs { v[place + i] += scale * sum * zeta[i] }
                }
            }
        }
    }
}
