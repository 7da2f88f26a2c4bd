import MatrixFree
import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// κ of each layer against dense matrices, and under rescaling of layers and of single neurons.
@Suite struct RelativeFlatnessTests {
    /// Σₛ,ₜ ⟨wₛ, wₜ⟩ tr Hₛₜ from all columns of H.
    private func exact(_ columns: [[Double]], _ theta: [Double], _ layout: ParameterLayout, _ tensor: Int) -> Double {
        let range = layout.range(tensor), neurons = layout.tensors[tensor].shape[0], inputs = range.count / neurons
        var sum = 0.0
        for s in 0..<neurons {
            for t in 0..<neurons {
                var product = 0.0, trace = 0.0
                for i in 0..<inputs {
                    let (a, b) = (range.lowerBound + s * inputs + i, range.lowerBound + t * inputs + i)
                    product += theta[a] * theta[b]
                    trace += columns[a][b]
                }
                sum += product * trace
            }
        }
        return sum
    }

    @Test func dense() throws {
        let r = try Reference.mlp(), objective = try r.objective(), n = r.theta.count
        let curvature = CurvatureOperator(objective, at: r.theta)
        let columns = try objective.hessianVectorProducts(
            at: r.theta, along: (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } })
        let (layers, products) = try RelativeFlatness.all(curvature, r.network.parameters, probes: 400)
        let matrices = r.network.parameters.tensors.indices.filter { r.network.parameters.tensors[$0].shape.count > 1 }
        #expect(layers.map(\.name) == matrices.map { r.network.parameters.tensors[$0].name } && !layers.isEmpty)
        for (layer, tensor) in zip(layers, matrices) {
            let value = exact(columns, r.theta, r.network.parameters, tensor), error = layer.value.standardError!
            #expect(
                abs(layer.value.value - value) <= 4 * error + 1e-10 * abs(value),
                "\(layer.name): \(layer.value), \(value)")
            #expect(error < 0.2 * abs(value), "\(layer.name): \(error) of \(value)")
        }
        #expect(products >= 400)
    }

    /// Few inputs are exact: a linear model of 3 inputs and 2 outputs, H = I ⊗ XᵀX/n.
    @Test func fewInputs() throws {
        let layout = ParameterLayout([
            TensorSpecification("w", [2, 3], .constant(0)), TensorSpecification("b", [2], .constant(0)),
        ])
        let random = RandomNumbers(seed: 3), root = (0..<8).map { random.named("\($0)").normals(8) }
        var matrix = [Double](repeating: 0, count: 64)
        for i in 0..<8 { for j in 0..<8 { matrix[8 * i + j] = Vectors.dot(root[i], root[j]) } }
        let objective = QuadraticObjective(matrix: matrix, linear: [Double](repeating: 0, count: 8))
        let theta = random.named("θ").normals(8)
        let (layers, products) = try RelativeFlatness.all(CurvatureOperator(objective, at: theta), layout)
        let columns = (0..<8).map { Array(matrix[8 * $0..<8 * $0 + 8]) }
        #expect(layers.count == 1 && products == 9 && layers[0].value.standardError == 0)
        #expect(abs(layers[0].value.value - exact(columns, theta, layout, 0)) < 1e-11)
    }

    /// ReLU: layers times 10 and the next over it; single neurons by factors of their own, which moves the layer behind them.
    @Test(arguments: [false, true]) func rescaled(_ isByNeuron: Bool) throws {
        let r = try Reference.mlp(), objective = try r.objective(), layout = r.network.parameters
        func tensor(_ name: String) -> Range<Int> { layout.range(layout.tensors.firstIndex { $0.name == name }!) }
        let first = tensor("fc1.weight"), bias = tensor("fc1.bias"), second = tensor("fc2.weight")
        let hidden = bias.count, inputs = first.count / hidden
        var theta = r.theta
        for s in 0..<hidden {
            let factor = isByNeuron ? (s % 3 == 0 ? 3 : 0.5 + Double(s % 5)) : 10
            for i in 0..<inputs { theta[first.lowerBound + s * inputs + i] *= factor }
            theta[bias.lowerBound + s] *= factor
            for k in 0..<second.count / hidden { theta[second.lowerBound + k * hidden + s] /= factor }
        }
        #expect(abs(try objective.value(at: theta) - objective.value(at: r.theta)) < 1e-12)
        let found = try [r.theta, theta].map {
            try RelativeFlatness.all(CurvatureOperator(objective, at: $0), layout, probes: 400).layers
        }
        for (a, b) in zip(found[0], found[1]) where !isByNeuron || a.name == "fc1.weight" {
            let error = a.value.standardError! + b.value.standardError!
            #expect(abs(a.value.value - b.value.value) < 4 * error, "\(a.name): \(a.value), \(b.value)")
        }
    }
}
