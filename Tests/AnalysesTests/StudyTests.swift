import Objectives
import Tensors
import Testing

@testable import Analyses

@Suite struct StudyTests {
    /// By hand; the middle one is scipy 1.15's kendalltau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]) = −0.4714045.
    @Test func kendallTau() throws {
        #expect(KendallTau.value([1, 2, 3], [10, 20, 30]) == 1)
        #expect(KendallTau.value([1, 2, 3], [3, 2, 1]) == -1)
        #expect(abs(try #require(KendallTau.value([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])) + 0.47140452079103173) < 1e-15)
        // τ-a, which forgets the ties, is another number: (2 − 6)/10.
        #expect(KendallTau.value([1, 1, 1], [1, 2, 3]) == nil)
        #expect(KendallTau.value([1], [2]) == nil && KendallTau.value([], []) == nil)
        // Runs without a number are left out.
        #expect(KendallTau.value([1, .nan, 2, 3], [1, -5, 2, 3]) == 1)
    }

    @Test func bootstrapInterval() throws {
        let n = 40
        let x = RandomNumbers(seed: 1).normals(n), noise = RandomNumbers(seed: 2).normals(n)
        let related = try #require(KendallTau(x, Vectors.sum(x, 0.7, noise)))
        #expect(related.low < related.value && related.value < related.high)
        #expect(related.low > 0.2 && related.high < 0.9 && related.runs == n)
        let unrelated = try #require(KendallTau(x, noise))
        #expect(unrelated.low < 0 && unrelated.high > 0)
        // The width is near that of the normal approximation, 2·1.96·√(2(2n + 5)/(9n(n − 1))) = 0.43 for independent lists.
        #expect(abs(unrelated.high - unrelated.low - 0.43) < 0.12)
        #expect(KendallTau(x, noise) == unrelated && KendallTau(x, noise, seed: 1) != unrelated)
    }

    /// Every measure of a quadratic at its minimum has a closed form.
    @Test func measuresOfAQuadratic() throws {
        let eigenvalues = [4.0, 1, 0.2]
        var matrix = [Double](repeating: 0, count: 9)
        for (i, value) in eigenvalues.enumerated() { matrix[i * 4] = value }
        // θ = (1, 2, −2) is the minimum of ½(x − θ)ᵀA(x − θ) + 7.
        let theta = [1.0, 2, -2], linear = zip(eigenvalues, theta).map { -$0 * $1 }
        let offset = 0.5 * Vectors.dot(Vectors.product(eigenvalues, theta), theta)
        let objective = QuadraticObjective(matrix: matrix, linear: linear, constant: 7 + offset)
        var settings = StudyMeasures.Settings()
        (settings.radius, settings.adaptiveRadius, settings.pairs) = (0.1, 0.2, 400)
        var last = -1.0
        let found = try StudyMeasures(objective, at: theta, settings) { share in
            #expect(share >= last - 1e-9 && share <= 1)
            last = share
        }
        let adaptive = [4.0, 4, 0.8]  // T H T, T = |θ|
        for (measure, exact) in [
            (StudyMeasures.Measure.largestEigenvalue, 4.0), (.trace, 5.2), (.worstCase, 0.5 * 0.01 * 4),
            (.adaptiveWorstCase, 0.5 * 0.04 * 4), (.weightNorm, 3), (.trainingLoss, 7), (.oneStep, 0),
            (.gradientNorm, 0),
        ] {
            #expect(
                abs(found[measure] - exact) < 1e-6 * max(1, exact), "\(measure.rawValue): \(found[measure]), \(exact)")
        }
        for (measure, exact) in [
            (StudyMeasures.Measure.averageCase, 0.5 * 1e-4 * 5.2),
            (.adaptiveAverageCase, 0.5 * 0.01 * adaptive.reduce(0, +)),
        ] {
            #expect(abs(found[measure] - exact) < 4 * found.standardErrors[measure]!, "\(measure.rawValue)")
        }
    }

    /// Only what is asked for is taken, with the same numbers; the cheap ones take no search.
    @Test func someMeasures() throws {
        let objective = QuadraticObjective(matrix: [4, 0, 0, 1], linear: [-3, 1], constant: 2), theta = [1.0, 0.5]
        var settings = StudyMeasures.Settings()
        settings.pairs = 50
        let all = try StudyMeasures(objective, at: theta, settings)
        #expect(Set(all.values.keys) == Set(StudyMeasures.Measure.defaults) && all.values.count == 11)
        for measure in StudyMeasures.Measure.allCases where measure != .noise {
            settings.measures = [measure]
            let alone = try StudyMeasures(objective, at: theta, settings)
            #expect(Array(alone.values.keys) == [measure])
            if let value = all.values[measure] { #expect(alone[measure] == value, "\(measure)") }
            #expect(Set(alone.standardErrors.keys).isSubset(of: [measure]))
        }
        settings.measures = [.critical, .directional, .fisherRao, .pacBayes]
        let others = try StudyMeasures(objective, at: theta, settings)
        // g = (1, 1.5): (4·1 + 1·2.25)/3.25; θᵀAθ = 4.25; ½σ²·5 = 0.1.
        #expect(abs(others[.critical] - 6.25 / 3.25) < 1e-12 && abs(others[.directional] - 6.25 / 3.25) < 1e-12)
        #expect(abs(others[.fisherRao] - 4.25) < 1e-12)
        settings.measures = [.largestDiagonal]
        #expect(try StudyMeasures(objective, at: theta, settings)[.largestDiagonal] == 4)
        // Estimated: the largest of 60 is among the candidates, and its value is exact.
        let n = 60, dense = (0..<n * n).map { $0 % (n + 1) == 0 ? 1 + Double($0 / n) : 0.3 }
        let large = try StudyMeasures(
            QuadraticObjective(matrix: dense, linear: Vectors.zeros(n)), at: Vectors.zeros(n), settings)
        #expect(abs(large[.largestDiagonal] - Double(n)) < 1e-12)
        #expect(abs(others[.pacBayes] - 0.2) < 4 * others.standardErrors[.pacBayes]!)
    }

    @Test func correlationsOfRuns() {
        func run(_ number: Int, gap: Double) -> Study.Run {
            let objective = QuadraticObjective(matrix: [Double(number), 0, 0, 1], linear: [0, 0], constant: 1)
            let measures = try! StudyMeasures(objective, at: [1, 1])
            return Study.Run(
                checkpoint: "\(number)", trainLoss: 1, testLoss: 1 + gap, trainAccuracy: 0.9,
                testAccuracy: 0.9 - gap / 10, measures: measures)
        }
        let study = Study([run(2, gap: 0.1), run(3, gap: 0.3), run(5, gap: 0.2), run(9, gap: 0.7)])
        let lambda = study.correlations.first { $0.measure == .largestEigenvalue }!
        #expect(abs(lambda.lossGap!.value - 4.0 / 6) < 1e-15 && abs(lambda.accuracyGap!.value - 4.0 / 6) < 1e-15)
        // All weights are the same: no order.
        #expect(study.correlations.first { $0.measure == .weightNorm }!.lossGap == nil)
    }
}
