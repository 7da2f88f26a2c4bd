import Datasets
import Foundation
import Landscape
import Networks
import Objectives
import Tensors
import Training

/// A network with the weights and data of `HashNumbers`, and the workloads on it.
struct NetworkCase {
    let name: String, specification: String, shape: [Int]
    /// Multiplications and additions with weights of one example's forward pass, and those of it that a gradient does not do
    /// three times: the first layer has no input gradient.
    let operations: Double, firstLayer: Double
    var firstTensor: String?

    func network() throws -> Network { try Network(specification, inputShape: shape, outputs: 10) }

    /// The objective on n examples in evaluation mode, at hashed weights and statistics of the first 1024 examples.
    func objective(_ count: Int, batchSize: Int? = nil) throws -> (NetworkObjective, [Double]) {
        let network = try network()
        let theta = HashNumbers.weights(network.parameters, first: firstTensor)
        var buffers = network.buffers.initialValues(seed: 0)
        if !buffers.isEmpty {
            buffers = try NetworkObjective(
                network: network, bufferValues: buffers, data: HashNumbers.dataset(1024, shape: shape),
                loss: .crossEntropy(labelSmoothing: 0), batchNorm: .batch, batchSize: 1024, memoryLimit: 8 << 30
            ).batchStatistics(at: theta)
        }
        return (
            try NetworkObjective(
                network: network, bufferValues: buffers, data: HashNumbers.dataset(count, shape: shape),
                loss: .crossEntropy(labelSmoothing: 0), batchSize: batchSize), theta
        )
    }

    func forward(_ count: Int, expected: Double?) -> Workload {
        Workload(name: "\(name) forward_eval b\(count)", operations: operations * Double(count), expected: expected) {
            let (objective, theta) = try objective(count)
            return { try objective.value(at: theta) }
        }
    }

    func gradient(_ label: String, _ count: Int, expected: Double?) -> Workload {
        Workload(
            name: "\(name) grad \(label)\(count)", operations: (3 * operations - firstLayer) * Double(count),
            expected: expected
        ) {
            let (objective, theta) = try objective(count)
            return { Vectors.norm(try objective.valueAndGradient(at: theta).gradient) }
        }
    }

    /// `vectors` products at one θ, the first of which is not timed: what depends on θ alone is there.
    func product(_ label: String, _ count: Int, vectors: Int = 1, expected: Double?) -> Workload {
        Workload(
            name: "\(name) hvp \(label)\(count)" + (vectors == 1 ? "" : " x\(vectors)"),
            operations: (6 * operations - 2 * firstLayer) * Double(count * vectors), expected: expected
        ) {
            let (objective, theta) = try objective(count)
            let vs = (0..<vectors).map {
                HashNumbers.unitVector(objective.network.parameters, seed: 77 + 1000 * UInt64($0), first: firstTensor)
            }
            return { Vectors.dot(try objective.hessianVectorProducts(at: theta, along: vs)[0], vs[0]) }
        }
    }

    func slice(_ label: String, _ points: Int, _ count: Int, expected: Double?) -> Workload {
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
                return (0..<slice.points).reduce(0) { $0 + (slice.finished[$1]?.evaluation.loss ?? .nan) }
                    / Double(slice.points)
            }
        }
    }

    /// A training step on a batch of 128, statistics of batch norm from the batch: one gradient, or SAM's two, and SGD with
    /// momentum. Its answer is the loss before it; the learning rate is so small that this stays.
    func step(sam: Bool, expected: Double?) -> Workload {
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
                let loss = batches.evaluate(at: theta, examples: examples, gradient: &gradient).loss
                if sam {
                    let epsilon = ascent.perturbation(at: theta, gradient: gradient, layout: network.parameters)
                    _ = batches.evaluate(at: Vectors.sum(theta, 1, epsilon), examples: examples, gradient: &gradient)
                }
                optimizer.update(&theta, gradient: gradient, learningRate: 1e-6, step: number)
                number += 1
                return loss
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
            firstLayer: 2 * 3 * 16 * 9 * 1024)
        return [
            it.forward(128, expected: 2.992763519), it.forward(512, expected: 3.080675363),
            it.step(sam: false, expected: 2.99766),
            it.step(sam: true, expected: 2.99763), it.gradient("n", 1024, expected: 12.191777970),
            it.product("n", 1024, expected: nil),
            it.product("n", 1024, vectors: 8, expected: nil), it.slice("n", 11, 512, expected: nil),
        ]
    }

    static var perceptron: [Workload] {
        let it = NetworkCase(
            name: "mlp", specification: "mlp:784-512-512-10", shape: [784],
            operations: 2 * Double(784 * 512 + 512 * 512 + 5120), firstLayer: 2 * 784 * 512)
        return [
            it.forward(2048, expected: nil), it.gradient("b", 2048, expected: 2.873486328),
            it.product("b", 2048, expected: 0.002036887687),
            it.product("b", 2048, vectors: 8, expected: nil), it.slice("b", 21, 2048, expected: nil),
        ]
    }

    static var vit: [Workload] {
        let block: Double = 64 * (4 * 128 * 128 + 2 * 128 * 512) + 2 * 64 * 64 * 128
        let it = NetworkCase(
            name: "vit", specification: "vit:patch=4,dim=128,depth=6,heads=4", shape: [3, 32, 32],
            operations: 2 * (64 * 48 * 128 + 6 * block + 1280), firstLayer: 2 * 64 * 48 * 128, firstTensor: "pos")
        return [
            it.forward(128, expected: nil), it.step(sam: false, expected: nil), it.gradient("n", 256, expected: nil),
            it.product("n", 256, expected: nil), it.product("n", 256, vectors: 8, expected: nil),
        ]
    }
}
