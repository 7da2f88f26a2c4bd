import Foundation
import Landscape

/// A network with the weights and data of `HashNumbers`, and the workloads on it.
struct NetworkCase {
    let name: String, specification: String, shape: [Int]
    /// Multiplications and additions with weights of one example's forward pass, and those of it that a gradient does not do
    /// three times: the first layer has no input gradient.
    let operations: Double, firstLayer: Double
    var firstTensor: String?
    /// Of its forward pass: with batch norm there is an evaluation mode.
    var forwardLabel = "forward"

    func network() throws -> Network { try Network(specification, inputShape: shape, outputs: 10) }

    /// The objective on n examples in evaluation mode, at hashed weights and statistics of the first 1024 examples.
    func objective(_ count: Int, batchSize: Int? = nil) throws -> (NetworkObjective, [Double]) {
        let network = try network()
        let theta = HashNumbers.weights(network.parameters, first: firstTensor)
        var buffers = network.buffers.initialValues(seed: 0)
        if !buffers.isEmpty {
            buffers = try NetworkObjective(
                network: network, statistics: buffers, data: HashNumbers.dataset(1024, shape: shape),
                loss: .crossEntropy(labelSmoothing: 0), batchNorm: .batch, batchSize: 1024,
                memory: MemoryBudget(limit: 8 << 30)
            ).batchStatistics(at: theta)
        }
        return (
            try NetworkObjective(
                network: network, statistics: buffers, data: HashNumbers.dataset(count, shape: shape),
                loss: .crossEntropy(labelSmoothing: 0), batchSize: batchSize), theta
        )
    }

    func forward(_ count: Int, expected: Double) -> Workload {
        Workload(name: "\(name) \(forwardLabel) b\(count)", operations: operations * Double(count), expected: expected)
        {
            let (objective, theta) = try objective(count)
            return {
                let value = try objective.value(at: theta)
                return { value }
            }
        }
    }

    func gradient(_ label: String, _ count: Int, expected: Double) -> Workload {
        Workload(
            name: "\(name) grad \(label)\(count)", operations: (3 * operations - firstLayer) * Double(count),
            expected: expected
        ) {
            let (objective, theta) = try objective(count)
            return {
                let gradient = try objective.valueAndGradient(at: theta).gradient
                return { Vectors.norm(gradient) }
            }
        }
    }

    /// `vectors` products at one θ, of which the first run is not timed: what depends on θ alone is there after it. The answer is
    /// the mean of vᵀHv.
    func product(_ label: String, _ count: Int, vectors: Int = 1, expected: Double) -> Workload {
        Workload(
            name: "\(name) hvp \(label)\(count)" + (vectors == 1 ? "" : " x\(vectors)"),
            operations: (6 * operations - 2 * firstLayer) * Double(count * vectors), expected: expected
        ) {
            let (objective, theta) = try objective(count)
            let vs = (0..<vectors).map {
                HashNumbers.unitVector(objective.network.parameters, seed: 77 + 1000 * UInt64($0), first: firstTensor)
            }
            return {
                let products = try objective.hessianVectorProducts(at: theta, along: vs)
                return { zip(vs, products).reduce(0) { $0 + Vectors.dot($1.0, $1.1) } / Double(vectors) }
            }
        }
    }

    /// The answer is the mean loss of the grid.
    func slice(_ label: String, _ points: Int, _ count: Int, expected: Double) -> Workload {
        Workload(
            name: "\(name) slice\(points)x\(points) \(label)\(count)",
            operations: operations * Double(count * points * points), expected: expected
        ) {
            let (objective, theta) = try objective(count)
            let layout = objective.network.parameters
            let directions = SliceDirections(
                [501, 601].map { HashNumbers.direction(layout, seed: $0) }, kind: "hash", at: theta, layout,
                normalization: .filter, orthogonalizes: false)
            let axis = SliceAxis(range: -1...1, points: points)
            return {
                var slice = SliceComputation(directions, alpha: axis, beta: axis)
                try slice.run(objective, at: theta)
                let losses = (0..<slice.points).map { slice.finished[$0]?.evaluation.loss ?? .nan }
                return { losses.reduce(0, +) / Double(losses.count) }
            }
        }
    }

    /// A training step on a batch of 128, statistics of batch norm from the batch: one gradient, or SAM's two, and SGD with
    /// momentum. Its answer is the length of the gradient that the update takes: SAM's at θ + ε. A learning rate of 0 changes no
    /// time and leaves θ where the answer is known.
    func step(sam: Bool, expected: Double) -> Workload {
        Workload(
            name: "\(name) \(sam ? "sam" : "sgd")_step b128",
            operations: (3 * operations - firstLayer) * 128 * (sam ? 2 : 1), expected: expected
        ) {
            let network = try network()
            let batches = try BatchGradient(
                network: network, data: HashNumbers.dataset(128, shape: shape), loss: .crossEntropy(labelSmoothing: 0),
                batchSize: 128)
            var theta = HashNumbers.weights(network.parameters, first: firstTensor)
            var gradient = [Double](repeating: 0, count: theta.count)
            var optimizer = SGD(momentum: 0.9, weightDecay: 5e-4), number = 0
            let ascent = SharpnessAwareAscent(rho: 0.05), examples = Array(0..<128)
            return {
                _ = try batches.evaluate(at: theta, examples: examples, gradient: &gradient)
                if sam {
                    let epsilon = ascent.perturbation(at: theta, gradient: gradient, layout: network.parameters)
                    _ = try batches.evaluate(
                        at: Vectors.sum(theta, 1, epsilon), examples: examples, gradient: &gradient)
                }
                optimizer.update(&theta, gradient: gradient, learningRate: 0, step: number)
                number += 1
                return { Vectors.norm(gradient) }
            }
        }
    }
}

extension Workload {
    static var resnet20: [Workload] {
        let convolutions: [(Int, Int, Int, Int)] = [
            (3, 16, 32, 1), (16, 16, 32, 6), (16, 32, 16, 1), (32, 32, 16, 5), (32, 64, 8, 1), (64, 64, 8, 5),
        ]
        let products = convolutions.reduce(640) { $0 + $1.0 * $1.1 * 9 * $1.2 * $1.2 * $1.3 }
        let it = NetworkCase(
            name: "resnet20", specification: "resnet20", shape: [3, 32, 32], operations: 2 * Double(products),
            firstLayer: 2 * 3 * 16 * 9 * 1024, forwardLabel: "forward_eval")
        return [
            it.forward(128, expected: 2.992763383), it.forward(512, expected: 3.080675548),
            it.step(sam: false, expected: 3.807553166),
            it.step(sam: true, expected: 4.157566464), it.gradient("n", 1024, expected: 12.19199129),
            it.product("n", 1024, expected: 0.005195504148),
            it.product("n", 1024, vectors: 8, expected: 0.004700339294), it.slice("n", 11, 512, expected: 3643.895268),
        ]
    }

    static var perceptron: [Workload] {
        let it = NetworkCase(
            name: "mlp", specification: "mlp:784-512-512-10", shape: [784],
            operations: 2 * Double(784 * 512 + 512 * 512 + 5120), firstLayer: 2 * 784 * 512)
        return [
            it.forward(2048, expected: 2.846686599), it.gradient("b", 2048, expected: 2.873486413),
            it.product("b", 2048, expected: 0.002036887878),
            it.product("b", 2048, vectors: 8, expected: 0.002075340521), it.slice("b", 21, 2048, expected: 4.95956808),
        ]
    }

    /// Few examples, many parameters: 50.7 million, which take longer to come from memory than to be multiplied.
    static var wide: [Workload] {
        let it = NetworkCase(
            name: "wide", specification: "mlp:64-4096-4096-4096-4096-10", shape: [64],
            operations: 2 * Double(64 * 4096 + 3 * 4096 * 4096 + 40960), firstLayer: 2 * 64 * 4096)
        return [
            it.forward(32, expected: 2.744080527), it.gradient("b", 32, expected: 29.75285714),
            it.product("b", 32, expected: 0.0003062745809),
        ]
    }

    static var vit: [Workload] {
        let block: Double = 64 * (4 * 128 * 128 + 2 * 128 * 512) + 2 * 64 * 64 * 128
        let it = NetworkCase(
            name: "vit", specification: "vit:patch=4,dim=128,depth=6,heads=4", shape: [3, 32, 32],
            operations: 2 * (64 * 48 * 128 + 6 * block + 1280), firstLayer: 2 * 64 * 48 * 128, firstTensor: "pos")
        return [
            it.forward(128, expected: 2.601055024), it.step(sam: false, expected: 4.973529538),
            it.gradient("n", 256, expected: 4.31423062),
            it.product("n", 256, expected: 0.0003439397635),
            it.product("n", 256, vectors: 8, expected: 0.0001399687197),
        ]
    }
}
