import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// m-sharpness, curves over radii, and normalised logits.
@Suite struct BatchwiseTests {
    @Test func partitionsAreExact() {
        let parts = BatchwiseSharpness.partition(10, batchSize: 4, seed: 3)
        #expect(parts.map(\.count) == [4, 4, 2])
        #expect(parts.flatMap { $0 }.sorted() == Array(0..<10))
        #expect(BatchwiseSharpness.partition(5, batchSize: 9, seed: 1) == [[0, 1, 2, 3, 4]])
    }

    /// On linear losses L_b = g_bᵀθ each batch's worst case is ρ‖g_b‖: their mean by size, not ρ‖mean g‖ and not the plain mean.
    @Test func linearLosses() throws {
        let slopes: [[Double]] = (0..<10).map { RandomNumbers(seed: 7).named("\($0)").normals(3) }
        func mean(_ part: [Int]) -> [Double] {
            var sum = [0.0, 0, 0]
            for i in part { Vectors.add(1 / Double(part.count), slopes[i], to: &sum) }
            return sum
        }
        let search = WorstCaseSearch(Ball(radius: 0.1))
        func measure(_ m: Int) throws -> BatchwiseSharpness {
            try BatchwiseSharpness(search, at: [1, 2, 3], examples: 10, batchSize: m) { part in
                QuadraticObjective(matrix: [Double](repeating: 0, count: 9), linear: mean(part))
            }
        }
        let parts = BatchwiseSharpness.partition(10, batchSize: 4, seed: 0)
        let norms = parts.map { Vectors.norm(mean($0)) }
        let exact = 0.1 * zip(norms, parts).reduce(0) { $0 + $1.0 * Double($1.1.count) / 10 }
        let found = try measure(4)
        #expect(abs(found.lowerBound - exact) < 1e-12 && abs(found.oneStep - exact) < 1e-12)
        let unweighted = 0.1 * norms.reduce(0, +) / 3, full = 0.1 * Vectors.norm(mean(Array(0..<10)))
        #expect(abs(unweighted - exact) > 1e-4 && abs(full - exact) > 1e-4, "the test tells the versions apart")
        // m = n is the full one; it grows as m shrinks.
        let values = try [10, 5, 2, 1].map { try measure($0).lowerBound }
        #expect(abs(values[0] - full) < 1e-12)
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
        #expect(try measure(10).standardError == nil && found.standardError! > 0)
    }

    /// m = n on a network has the bits of the worst case over all examples.
    @Test func wholeBatchOfANetwork() throws {
        let r = try Reference.mlp()
        let data = r.data.subset(Array(0..<60))
        func objective(_ part: [Int]) throws -> NetworkObjective {
            try NetworkObjective(
                network: r.network, statistics: r.buffers, data: data.subset(part),
                loss: .crossEntropy(labelSmoothing: 0), precision: .double)
        }
        var search = WorstCaseSearch(Ball(radius: 0.05))
        (search.steps, search.restarts) = (10, 1)
        let whole = try search.run(try objective(Array(0..<60)), at: r.theta)
        let one = try BatchwiseSharpness(search, at: r.theta, examples: 60, batchSize: 60, objective: objective)
        #expect(one.lowerBound == whole.lowerBound && one.oneStep == whole.oneStep)
        let parts = try BatchwiseSharpness(search, at: r.theta, examples: 60, batchSize: 20, objective: objective)
        #expect(parts.lowerBound > whole.lowerBound)
    }

    /// Over radii the worst case never falls, and one model serves all.
    @Test func curveOverRadii() throws {
        let objective = SharpnessTests.quadratic([5, 3, 1, -0.5, 0.1, 2], linear: [0.3, -0.2, 0.1, 0.4, -0.5, 0.25])
        let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]
        let radii = [0.01, 0.05, 0.2, 1], model = try LocalModel(objective, at: theta, radii: radii)
        var last: WorstCaseSharpness?
        for radius in radii {
            let search = WorstCaseSearch(Ball(radius: radius))
            let found = try search.run(objective, at: theta, model: model, smaller: last)
            let alone = try search.run(objective, at: theta)
            #expect(abs(found.lowerBound - alone.lowerBound) < 1e-5 * alone.lowerBound)
            #expect(last == nil ? found.products >= alone.products : found.products < alone.products)
            #expect(found.lowerBound >= last?.lowerBound ?? 0)
            last = found
        }
    }

    /// (z − z̄)/‖z − z̄‖ before the loss: multiplying the last layer changes nothing any more, and outputs have mean 0 and norm 1.
    @Test func normalizedLogits() throws {
        let r = try Reference.mlp()
        func objective(_ network: Network) throws -> NetworkObjective {
            try NetworkObjective(
                network: network, statistics: r.buffers, data: r.data, loss: .crossEntropy(labelSmoothing: 0),
                precision: .double)
        }
        let plain = try objective(r.network), normalized = try objective(r.network.normalizingLogits())
        let (raw, outputs) = (try plain.outputs(at: r.theta), try normalized.outputs(at: r.theta))
        for example in 0..<5 {
            let z = raw[(example * 10)..<(example * 10 + 10)], got = outputs[(example * 10)..<(example * 10 + 10)]
            let mean = z.reduce(0, +) / 10, norm = Vectors.norm(z.map { $0 - mean })
            #expect(zip(z, got).allSatisfy { abs(($0 - mean) / norm - $1) < 1e-12 })
        }
        var scaled = r.theta
        for (index, tensor) in r.network.parameters.tensors.enumerated() where tensor.name.hasPrefix("fc2") {
            for i in r.network.parameters.range(index) { scaled[i] *= 3 }
        }
        #expect(abs(try normalized.value(at: scaled) - normalized.value(at: r.theta)) < 1e-12)
        #expect(abs(try plain.value(at: scaled) - plain.value(at: r.theta)) > 1e-3)
        #expect(try plain.evaluate(at: r.theta).accuracy == normalized.evaluate(at: r.theta).accuracy)
        // Its derivatives, by central differences.
        let v = RandomNumbers(seed: 5).normals(r.theta.count), h = 1e-5
        let gradient = try normalized.valueAndGradient(at: r.theta).gradient
        let difference =
            try (normalized.value(at: Vectors.sum(r.theta, h, v)) - normalized.value(at: Vectors.sum(r.theta, -h, v)))
            / (2 * h)
        #expect(abs(difference - Vectors.dot(gradient, v)) < 1e-4 * abs(difference) + 1e-7)
    }
}
