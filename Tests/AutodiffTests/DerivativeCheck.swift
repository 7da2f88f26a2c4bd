import GraphEvaluation
import Tensors

@testable import Autodiff

/// Checks a function's first and second derivatives in Float64 against central differences, and the symmetry of its Hessian.
///
/// The function is made a scalar by a fixed random weighting, after a square that gives linear functions a second derivative.
struct DerivativeCheck {
    let shapes: [[Int]]
    var range: ClosedRange<Double> = -1...1
    var indices: [(shape: [Int], values: [Int32])] = []
    let function: ([Value], [Value]) -> Value

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Throws what is wrong. With step h = 1e-5 a central difference is off by h² times the third derivative (1e-10) and by
    /// rounding over h (1e-11); the bound is 1e-6 of the largest component, far below a rule that is wrong by 0.1 %.
    func run(bound: Double = 1e-6) throws {
        let graph = Graph()
        let inputs = shapes.enumerated().map { graph.input("x\($0)", TensorType($1), .parameters) }
        let indexInputs = indices.enumerated().map { graph.input("i\($0)", TensorType($1.shape, .index), .data) }
        let tangents = shapes.enumerated().map { graph.input("v\($0)", TensorType($1), .tangent) }
        let y = function(inputs, indexInputs)
        let weights = graph.input("w", y.type, .data)
        let scalar = ((y + y.squared().scaled(0.3)) * weights).sum()
        let gradient = graph.gradient(of: scalar, at: inputs)
        let product = graph.hessianVectorProduct(of: scalar, at: inputs, along: tangents)

        let x = shapes.enumerated().map { sample($1.reduce(1, *), range, seed: UInt64(10 + $0)) }
        let v = shapes.enumerated().map { sample($1.reduce(1, *), seed: UInt64(20 + $0)) }
        let u = shapes.enumerated().map { sample($1.reduce(1, *), seed: UInt64(30 + $0)) }
        let w = sample(y.type.count, 0.5...1.5, seed: 40)
        func run(_ outputs: [Value], _ x: [[Double]], _ v: [[Double]]) -> [[Double]] {
            evaluate(
                graph, outputs, Array(zip(inputs, x)) + Array(zip(tangents, v)) + [(weights, w)],
                indices: zip(indexInputs, indices).map { ($0, $1.values) })
        }
        func moved(_ h: Double) -> [[Double]] { zip(x, v).map { zip($0, $1).map { $0 + h * $1 } } }
        let h = 1e-5
        let (plus, minus) = (
            run([scalar.reshaped([1])] + gradient, moved(h), v), run([scalar.reshaped([1])] + gradient, moved(-h), v)
        )

        let slope = dot(run(gradient, x, v), v)
        let expected = (plus[0][0] - minus[0][0]) / (2 * h)
        let size = max(abs(expected), dot(run(gradient, x, v), run(gradient, x, v)).squareRoot() * 0.01, 1e-6)
        if !(abs(slope - expected) <= bound * size) {
            throw Failure(description: "gradient·v = \(slope), differences \(expected)")
        }

        let hv = run(product, x, v).flatMap { $0 }
        let differences = zip(plus.dropFirst(), minus.dropFirst()).flatMap { zip($0, $1).map { ($0 - $1) / (2 * h) } }
        let error = zip(hv, differences).reduce(0) { max($0, abs($1.0 - $1.1)) }
        let scale = max(differences.reduce(0) { max($0, abs($1)) }, 1e-3)
        if !(error <= bound * scale) { throw Failure(description: "H v is off by \(error) of \(scale)") }

        let (uhv, vhu) = (dot(run(product, x, v), u), dot(run(product, x, u), v))
        if !(abs(uhv - vhu) <= 1e-11 * max(1, abs(uhv))) { throw Failure(description: "uᵀHv = \(uhv), vᵀHu = \(vhu)") }
    }
}
