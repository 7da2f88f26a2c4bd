import Autodiff
import Datasets
import Foundation
import Networks
import Tensors
import Testing

@testable import Objectives

/// (1/n) Σᵢ E[gᵢgᵢᵀ] by enumeration: every target that the model may draw for an example, each with its probability from the outputs, and
/// the gradient of that example's loss there. Where targets are real, two points of the distribution's mean and variance do, as the
/// gradient is affine in the target.
@Suite struct FisherTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let loss: Loss
        /// Of an example: [elements, classes] for cross-entropies, [outputs] for others.
        let shape: [Int]
        var head: @Sendable (Value) -> Value = { $0 }
        /// For each element of an example's targets the numbers that may be drawn, with their probabilities, by the outputs.
        let draws: @Sendable ([Double]) -> [[(target: Double, probability: Double)]]
        /// Of the objective alone, not of the drawn targets.
        var smoothing = 0.0
        /// One for each element; 0 where it does not count.
        var weights: [Double]?

        var isOfClasses: Bool { loss.takesClasses }
        var elements: Int { isOfClasses ? shape.dropLast().reduce(1, *) : shape[0] }
    }

    private static func softmax(_ z: [Double]) -> [Double] {
        let total = z.reduce(0) { $0 + exp($1) }
        return z.map { exp($0) / total }
    }
    private static func classes(_ probabilities: [Double]) -> [(target: Double, probability: Double)] {
        probabilities.enumerated().map { (Double($0), $1) }
    }
    private static func yesOrNo(_ p: Double) -> [(target: Double, probability: Double)] { [(1, p), (0, 1 - p)] }
    private static func normal(_ mean: Double, variance: Double) -> [(target: Double, probability: Double)] {
        [(mean - variance.squareRoot(), 0.5), (mean + variance.squareRoot(), 0.5)]
    }
    private static func spec(_ text: String) -> Loss { (try? Loss(specification: text)) ?? Loss(.absoluteError) }

    static let cases: [Case] = [
        Case(testDescription: "cross-entropy", loss: spec("cross-entropy"), shape: [3]) { [classes(softmax($0))] },
        Case(
            testDescription: "label smoothing", loss: spec("cross-entropy"), shape: [3],
            draws: { [classes(softmax($0))] }, smoothing: 0.3),
        Case(
            testDescription: "probabilities", loss: spec("cross-entropy:outputs=probabilities"), shape: [3],
            head: { $0.logSoftmax().exp() }
        ) { [classes($0)] },
        Case(testDescription: "nll", loss: spec("nll"), shape: [3], head: { $0.logSoftmax() }) {
            [classes($0.map { exp($0) })]
        },
        Case(
            testDescription: "tokens", loss: spec("cross-entropy"), shape: [2, 3],
            draws: { [classes(softmax(Array($0[0..<3]))), classes(softmax(Array($0[3..<6])))] }),
        Case(
            testDescription: "tokens with weights", loss: spec("cross-entropy"), shape: [2, 3],
            draws: { [classes(softmax(Array($0[0..<3]))), classes(softmax(Array($0[3..<6])))] },
            weights: [0.5, 2, 0, 1, 3, 0.25]),
        Case(testDescription: "bce", loss: spec("bce"), shape: [3]) { $0.map { yesOrNo(1 / (1 + exp(-$0))) } },
        Case(
            testDescription: "bce with weights", loss: spec("bce"), shape: [3],
            draws: { $0.map { yesOrNo(1 / (1 + exp(-$0))) } }, weights: [1, 0.5, 2, 3, 0, 1, 0.1, 1, 1]),
        Case(
            testDescription: "bce of probabilities", loss: spec("bce:outputs=probabilities"), shape: [3],
            head: { (-(-$0).softplus()).exp() }
        ) { $0.map { yesOrNo($0) } },
        Case(testDescription: "mse", loss: spec("mse"), shape: [3]) { $0.map { normal($0, variance: 0.5) } },
        Case(testDescription: "half mse", loss: spec("half-mse"), shape: [3]) { $0.map { normal($0, variance: 1) } },
        Case(
            testDescription: "half mse with weights", loss: spec("half-mse"), shape: [2],
            draws: { $0.map { normal($0, variance: 1) } }, weights: [1, 0.5, 2, 3, 0, 1]),
        // 0 and λ + 1, of mean and variance λ.
        Case(testDescription: "poisson", loss: spec("poisson"), shape: [2]) {
            $0.map { z in [(0, 1 / (1 + exp(z))), (exp(z) + 1, exp(z) / (1 + exp(z)))] }
        },
    ]

    static let examples = 3, inputs = 2
    let x = RandomNumbers(seed: 4).normals(examples * inputs)

    private func objective(_ test: Case, _ rows: [Int], _ targets: [[Double]], smoothing: Double = 0) throws
        -> NetworkObjective
    {
        let outputs = test.shape.reduce(1, *), k = test.shape.last!, head = test.head
        let plain = Network(
            Architecture { b, x in
                head(b.dense(x, "fc", outputs).reshaped([x.shape[0] * outputs / k, k])).reshaped([x.shape[0], outputs])
            }, specification: "head", inputShape: [Self.inputs], outputs: outputs)
        let network = Network(
            Architecture(
                vocabularies: [nil],
                applyingAll: { b, x in
                    let z = head(b.dense(x[0], "fc", outputs).reshaped([x[0].shape[0] * outputs / k, k]))
                    return NetworkOutput(z.reshaped([x[0].shape[0], outputs]), shape: test.shape)
                }), specification: "head", inputs: plain.inputs, outputShape: test.shape, parameters: plain.parameters,
            buffers: plain.buffers)
        let flat = targets.flatMap { $0 }, e = test.elements
        let shape = test.isOfClasses ? Array(test.shape.dropLast()) : test.shape
        let data = Dataset(
            name: "drawn",
            arrays: [
                Dataset.Input(
                    name: "", values: .doubles(rows.flatMap { x[($0 * Self.inputs)..<(($0 + 1) * Self.inputs)] }),
                    shape: [Self.inputs])
            ],
            targets: test.isOfClasses ? .classes(flat.map { Int32($0) }, count: k) : .values(flat, width: e),
            targetShape: shape,
            weights: test.weights.map { all in
                Dataset.Weights(rows.flatMap { all[($0 * e)..<(($0 + 1) * e)] }, shape: shape)
            })
        var loss = test.loss
        if smoothing > 0 { loss.kind = .crossEntropy(labelSmoothing: smoothing) }
        return try NetworkObjective(network: network, data: data, loss: loss, precision: .double)
    }

    @Test(arguments: cases) func enumeration(_ test: Case) throws {
        let all = Array(0..<Self.examples), e = test.elements
        let whole = try objective(
            test, all, all.map { i in (0..<e).map { Double((i + $0) % 2) } }, smoothing: test.smoothing)
        let theta = RandomNumbers(seed: 2).normals(whole.dimension), v = RandomNumbers(seed: 3).normals(whole.dimension)
        let outputs = try whole.outputs(at: theta), width = outputs.count / Self.examples
        let total = whole.weight(of: all), n = Double(Self.examples)
        var exact = [Double](repeating: 0, count: theta.count)
        for i in all {
            let draws = test.draws(Array(outputs[(i * width)..<((i + 1) * width)]))
            // All combinations of the elements' targets, which are drawn independently.
            var targets: [(values: [Double], probability: Double)] = [([], 1)]
            for element in draws {
                targets = targets.flatMap { known in
                    element.map { (known.values + [$0.target], known.probability * $0.probability) }
                }
            }
            #expect(abs(targets.reduce(0) { $0 + $1.probability } - 1) < 1e-14)
            for (values, probability) in targets {
                let one = try objective(test, [i], [values])
                // Gradients whose mean over examples is that of the loss.
                var gradient = try one.valueAndGradient(at: theta).gradient
                Vectors.scale(&gradient, by: n / total * one.weight(of: [0]))
                Vectors.add(probability * Vectors.dot(gradient, v) / n, gradient, to: &exact)
            }
        }
        // The mean of the squared norms of the examples' gradients is the trace of the empirical Fisher matrix; each is the example's own.
        let norms = try whole.gradientNorms(at: theta)
        let trace = try theta.indices.reduce(0.0) { sum, i in
            let unit = theta.indices.map { $0 == i ? 1.0 : 0 }
            return sum + (try whole.empiricalFisherVectorProducts(at: theta, along: [unit])[0][i])
        }
        #expect(abs(norms.reduce(0) { $0 + $1 * $1 } / n - trace) < 1e-12 * trace)
        for i in all {
            let own = try objective(test, [i], [(0..<e).map { Double((i + $0) % 2) }], smoothing: test.smoothing)
            let gradient = try own.valueAndGradient(at: theta).gradient, weight = n / total * own.weight(of: [0])
            #expect(abs(norms[i] - weight * Vectors.norm(gradient)) < 1e-13)
        }
        let found = try whole.fisherVectorProducts(at: theta, along: [v])[0]
        #expect(Vectors.norm(exact) > 1e-3)
        #expect(Vectors.norm(Vectors.sum(found, -1, exact)) < 1e-12 * Vectors.norm(exact), "\(found), not \(exact)")
        // Without weights it is the Gauss–Newton matrix over the number of elements; with weights it is another matrix.
        let product = try whole.gaussNewtonVectorProducts(at: theta, along: [v])[0].map { $0 / Double(e) }
        let difference = Vectors.norm(Vectors.sum(product, -1, exact)) / Vectors.norm(exact)
        #expect(test.weights == nil ? difference < 1e-12 : difference > 0.01)
    }

    /// One class of K is drawn for `kl`, whatever the given distributions sum to; outputs are log-probabilities.
    @Test func kullbackLeibler() throws {
        let test = Case(testDescription: "kl", loss: Self.spec("kl"), shape: [3], head: { $0.logSoftmax() }) { _ in [] }
        let all = Array(0..<Self.examples)
        let whole = try objective(test, all, all.map { _ in [0.5, 1, 0.7] })
        let theta = RandomNumbers(seed: 2).normals(whole.dimension), v = RandomNumbers(seed: 3).normals(whole.dimension)
        let outputs = try whole.outputs(at: theta)
        var exact = [Double](repeating: 0, count: theta.count)
        for i in all {
            for k in 0..<3 {
                let drawn = (0..<3).map { $0 == k ? 1.0 : 0 }
                let gradient = try objective(test, [i], [drawn]).valueAndGradient(at: theta).gradient
                Vectors.add(exp(outputs[i * 3 + k]) * Vectors.dot(gradient, v) / 3, gradient, to: &exact)
            }
        }
        let found = try whole.fisherVectorProducts(at: theta, along: [v])[0]
        #expect(Vectors.norm(Vectors.sum(found, -1, exact)) < 1e-12 * Vectors.norm(exact), "\(found), not \(exact)")
    }

    /// Losses that give targets no distribution are refused by name.
    @Test(arguments: ["l1", "huber:0.5", "smooth-l1", "bce:pos-weights=3", "cross-entropy:class-weights=1;2;3"])
    func withoutDistribution(_ text: String) throws {
        let loss = try Loss(specification: text)
        let test = Case(testDescription: text, loss: loss, shape: [3]) { _ in [] }
        let objective = try objective(test, [0], [loss.takesClasses ? [1] : [1, 0, 1]])
        let theta = RandomNumbers(seed: 2).normals(objective.dimension)
        #expect(throws: ObjectiveError.noFisher(loss: loss.name)) {
            try objective.fisherVectorProducts(at: theta, along: [theta])
        }
        #expect(throws: Never.self) { try objective.gaussNewtonVectorProducts(at: theta, along: [theta]) }
        #expect(throws: ObjectiveError.noFisher(loss: nil)) {
            try QuadraticObjective(matrix: [1], linear: [0]).fisherVectorProducts(at: [1], along: [[1]])
        }
    }
}
