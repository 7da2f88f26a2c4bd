import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// Sentences of docs/definitions.md about directions, and what a search leaves behind.
@Suite struct DirectionTests {
    /// N(0, I), one sequence for each axis, by the seed: moments to four standard errors of n numbers.
    @Test func randomDirections() {
        let n = 20_000
        let pair = SliceDirections.random(2, dimension: n, seed: 3)
        for d in pair {
            let mean = d.reduce(0, +) / Double(n), square = Vectors.dot(d, d) / Double(n)
            let fourth = d.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(n)
            // Standard errors 1/√n, √2/√n, √96/√n; uniform numbers of variance 1 would have a fourth moment of 1.8.
            let root = Double(n).squareRoot()
            #expect(abs(mean) < 4 / root && abs(square - 1) < 4 * 1.42 / root && abs(fourth - 3) < 4 * 9.8 / root)
        }
        #expect(abs(Vectors.dot(pair[0], pair[1])) < 4 * Double(n).squareRoot())
        #expect(SliceDirections.random(2, dimension: n, seed: 3) == pair)
        #expect(SliceDirections.random(2, dimension: n, seed: 4)[0] != pair[0])
        // The first axis is the same whether there is a second or not.
        #expect(SliceDirections.random(1, dimension: n, seed: 3)[0] == pair[0])
    }

    /// After it is made orthogonal the second direction is normalised again: its filters have the network's norms, and the cosine
    /// reported is the one that this leaves.
    @Test func normalizedAgainAfterOrthogonalization() throws {
        let layout = SliceTests.layout, theta = SliceTests.theta
        let raw = SliceDirections.random(2, dimension: 12, seed: 8)
        let pair = SliceDirections(
            raw, kind: "random", at: theta, layout, normalization: .filter, orthogonalizes: true)
        for filter in [0..<3, 3..<6, 10..<12] {
            for d in pair.vectors {
                #expect(abs(Vectors.norm(Array(d[filter])) - Vectors.norm(Array(theta[filter]))) < 1e-13)
            }
        }
        let (a, b) = (pair.vectors[0], pair.vectors[1])
        let cosine = Vectors.dot(a, b) / (Vectors.norm(a) * Vectors.norm(b))
        #expect(abs(try #require(pair.cosine) - cosine) < 1e-15)
        // Normalising tilts the pair, which a cosine taken before it would hide.
        #expect(abs(cosine) > 1e-6)
        // Less oblique than without.
        let oblique = SliceDirections(
            raw, kind: "random", at: theta, layout, normalization: .filter, orthogonalizes: false)
        #expect(abs(cosine) < abs(try #require(oblique.cosine)))
    }

    /// The third direction is made orthogonal to both others, and leaves them as they are.
    @Test func threeDirections() throws {
        let raw = SliceDirections.random(3, dimension: 12, seed: 8)
        let three = SliceDirections(
            raw, kind: "random", at: SliceTests.theta, nil, normalization: .none, orthogonalizes: true)
        let two = SliceDirections(
            Array(raw.prefix(2)), kind: "random", at: SliceTests.theta, nil, normalization: .none, orthogonalizes: true)
        #expect(
            Array(three.vectors.prefix(2)) == two.vectors
                && Array(raw.prefix(2)) == SliceDirections.random(2, dimension: 12, seed: 8))
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            #expect(abs(Vectors.dot(three.vectors[a], three.vectors[b])) < 1e-13)
        }
        // Of three, the pair that is nearest to parallel.
        let oblique = SliceDirections([[1, 0, 0], [0, 1, 0], [0, -1, 1]], kind: "file")
        #expect(abs(try #require(oblique.cosine) + 0.5.squareRoot()) < 1e-15)
    }

    /// d₁ = |θ| ⊙ r₁, and d₂ is what |θ| ⊙ r₂ has beside d₁, with the norm of |θ| ⊙ r₂: |θ| occurs once in both.
    @Test func weightNormalizationIsAppliedOnce() throws {
        let layout = SliceTests.layout, theta = SliceTests.theta
        let raw = SliceDirections.random(2, dimension: 12, seed: 8)
        let pair = SliceDirections(
            raw, kind: "random", at: theta, layout, normalization: .weight, includes1D: true, orthogonalizes: true)
        let scaled = raw.map { zip($0, theta).map { $0 * abs($1) } }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        #expect(pair.vectors[0] == scaled[0])
        let share = dot(scaled[0], scaled[1]) / dot(scaled[0], scaled[0])
        let rest = zip(scaled[1], scaled[0]).map { $0 - share * $1 }
        let factor = (dot(scaled[1], scaled[1]) / dot(rest, rest)).squareRoot()
        #expect(relativeError(pair.vectors[1], rest.map { factor * $0 }) < 1e-14)
        #expect(abs(try #require(pair.cosine)) < 1e-15 * 12)
        // With one weight there is no second direction, and rounding is none.
        let line = SliceDirections(
            [[0.7], [-0.3]], kind: "random", at: [0.1],
            ParameterLayout([TensorSpecification("w", [1, 1], .constant(0))]),
            normalization: .weight, orthogonalizes: true)
        #expect(line.vectors[1] == [0])
    }

    /// ‖α d‖/‖θ‖ at the farther end of each axis.
    @Test func shareOfTheWeightsMoved() throws {
        let objective = QuadraticObjective(matrix: [1, 0, 0, 1], linear: [0, 0])
        let layout = ParameterLayout([TensorSpecification("w", [2], .constant(0))])
        let directions = SliceDirections(
            [[0, 2], [1, 0]], kind: "file", at: [3, 4], layout, normalization: .none, orthogonalizes: true)
        var computation = SliceComputation(
            directions, alpha: SliceAxis(range: -1...2, points: 4), beta: SliceAxis(range: -5...1, points: 3))
        try computation.run(objective, at: [3, 4])
        // 2 · 2 / 5 and 5 · 1 / 5.
        let reach = try computation.result(objective, at: [3, 4]).audit.relativeReach
        #expect(relativeError(reach, [0.8, 1]) < 1e-15)
    }

    /// θ is never left moved: after a search, averages and a box the loss at θ has the bits that it had.
    @Test func weightsStayWhereTheyWere() throws {
        let r = try Reference.mlp()
        let objective = try r.objective()
        let before = try objective.valueAndGradient(at: r.theta)
        var search = WorstCaseSearch(Ball(radius: 0.5))
        (search.steps, search.restarts) = (3, 1)
        let found = try search.run(objective, at: r.theta)
        _ = try AverageCaseSharpness(objective, at: r.theta, deviation: 0.1, scaling: nil, pairs: 2)
        _ = try KeskarSharpness(objective, at: r.theta, repeats: 1)
        let after = try objective.valueAndGradient(at: r.theta)
        #expect(before.value == after.value && before.gradient == after.gradient)
        // The bound is that of its ε: evaluated anew, from θ.
        let again = try objective.value(at: Vectors.sum(r.theta, 1, found.epsilon)) - before.value
        #expect(abs(again - found.lowerBound) < 1e-12 && found.lowerBound > 0.1)
    }
}
