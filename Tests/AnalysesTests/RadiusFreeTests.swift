import Datasets
import Foundation
import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// Measures that know no radius: critical and directional sharpness, the Fisher–Rao norm, PAC-Bayes flatness.
@Suite struct RadiusFreeTests {
    static let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6], linear = [0.3, -0.2, 0.1, 0.4, -0.5, 0.25]

    static func critical(_ objective: any Objective, _ theta: [Double], along step: [Double]? = nil) throws
        -> CriticalSharpness
    {
        let (value, gradient) = try objective.valueAndGradient(at: theta)
        return try CriticalSharpness(objective, at: theta, along: step, value: value, gradient: gradient)
    }

    /// gᵀHg/gᵀg of a quadratic, however large or small its curvature and its value are, in a few losses.
    @Test(arguments: [1e-6, 1, 1e8], [0, 3, -1e4]) func quadratic(_ scale: Double, _ constant: Double) throws {
        let unit = SharpnessTests.quadratic([5, 3, 1, 0.5, -0.2, 0.01].map { $0 * scale }, linear: Self.linear)
        let objective = QuadraticObjective(matrix: unit.matrix, linear: unit.linear, constant: constant * scale)
        let gradient = objective.valueAndGradient(at: Self.theta).gradient
        let product = objective.hessianVectorProducts(at: Self.theta, along: [gradient])[0]
        let exact = Vectors.dot(gradient, product) / Vectors.dot(gradient, gradient)
        let found = try Self.critical(objective, Self.theta), bracket = try #require(found.bracket)
        // Rounding of the loss counts beside what a step changes.
        let rounding = 1e-13 + 1e-15 * abs(constant * scale) / (found.rate * found.descent)
        #expect(abs(found.value - exact) < 10 * rounding * exact, "\(found)")
        #expect(bracket.contains(found.rate) && bracket.upperBound - bracket.lowerBound <= 1.01e-3 * bracket.upperBound)
        // Each try is four times the one before where the loss bends late.
        #expect(found.evaluations <= (scale < 1 ? 32 : 8) && abs(found.rate * found.value - 2) <= 4 * Double.ulpOfOne)
        #expect(try abs(DirectionalSharpness(objective, at: Self.theta, along: gradient).value - exact) < 1e-13 * exact)
    }

    /// Along any step d it is dᵀHd/(−gᵀd), in units of d; the curvature along d is dᵀHd/dᵀd and knows no length.
    @Test func alongAStep() throws {
        let objective = SharpnessTests.quadratic([5, 3, 1, 0.5, 0.2, 0.01], linear: Self.linear)
        let gradient = objective.valueAndGradient(at: Self.theta).gradient
        var step = gradient.enumerated().map { -$1 / Double($0 + 1) }
        let product = objective.hessianVectorProducts(at: Self.theta, along: [step])[0]
        let curvature = Vectors.dot(step, product), descent = -Vectors.dot(gradient, step)
        let found = try Self.critical(objective, Self.theta, along: step)
        #expect(abs(found.value - curvature / descent) < 1e-12 * found.value)
        #expect(abs(found.descent - descent) < 1e-15)
        let directional = try DirectionalSharpness(objective, at: Self.theta, along: step).value
        #expect(abs(directional - curvature / Vectors.dot(step, step)) < 1e-13 * directional)
        Vectors.scale(&step, by: 100)
        #expect(
            try abs(Self.critical(objective, Self.theta, along: step).value - 100 * found.value) < 1e-10 * found.value)
        #expect(try abs(DirectionalSharpness(objective, at: Self.theta, along: step).value - directional) < 1e-13)
    }

    /// What is no quadratic: the loss there is L(θ) within the tolerance, and just before it is lower.
    @Test(arguments: [(-1.5, 2.0), (0.3, 0.5), (1.2, 1.0)]) func crossing(_ point: (Double, Double)) throws {
        let objective = RosenbrockObjective(), theta = [point.0, point.1]
        let (value, gradient) = objective.valueAndGradient(at: theta)
        let found = try Self.critical(objective, theta), bracket = try #require(found.bracket)
        #expect(objective.value(at: Vectors.sum(theta, -bracket.lowerBound, gradient)) < value)
        #expect(objective.value(at: Vectors.sum(theta, -bracket.upperBound, gradient)) >= value)
        #expect(bracket.upperBound - bracket.lowerBound <= 1.01e-3 * bracket.upperBound && found.evaluations <= 25)
    }

    /// Where the loss is rounded more coarsely than a step changes it, the bracket says so.
    @Test func rounding() throws {
        let plain = SharpnessTests.quadratic([5, 3, 1, 0.5, 0.2, 0.01], linear: Self.linear.map { 1e-3 * $0 })
        let theta = Self.theta.map { 1e-3 * $0 }, exact = try Self.critical(plain, theta)
        let rounded = Rounded(QuadraticObjective(matrix: plain.matrix, linear: plain.linear, constant: 1))
        let found = try Self.critical(rounded, theta), bracket = try #require(found.bracket)
        #expect(bracket.contains(exact.rate), "\(bracket), exact \(exact.rate)")
        #expect(bracket.upperBound - bracket.lowerBound > 0.01 * exact.rate)
    }

    /// An objective whose values are rounded to Float32.
    private final class Rounded: Objective {
        let base: QuadraticObjective
        init(_ base: QuadraticObjective) { self.base = base }
        var dimension: Int { base.dimension }
        var rounding: Double { 0x1p-23 }
        func evaluate(at theta: [Double]) -> Evaluation { Evaluation(loss: Double(Float(base.value(at: theta)))) }
        func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
            (Double(Float(base.value(at: theta))), base.valueAndGradient(at: theta).gradient)
        }
    }

    /// A loss that falls, stays nearly level for long, and rises late: the line through 0 meets it too early every time.
    @Test func lateRise() throws {
        // −x/(1 + x) + (x/1000)²: above 0 again at about 999.
        let objective = ClosureObjective(dimension: 1) { -$0[0] / (1 + $0[0]) + 1e-6 * $0[0] * $0[0] }
        let found = try CriticalSharpness(objective, at: [0], value: 0, gradient: [-1])
        let bracket = try #require(found.bracket)
        #expect(try objective.value(at: [bracket.lowerBound]) < 0 && objective.value(at: [bracket.upperBound]) >= 0)
        #expect(abs(found.rate - 999.5) < 2 && found.evaluations < 40, "\(found)")
    }

    /// No direction, one that leads up, a loss that never comes back, one beyond what can be computed.
    @Test func withoutCrossing() throws {
        let bowl = SharpnessTests.quadratic([2, 1], linear: [0, 0])
        #expect(try Self.critical(bowl, [0, 0]).value.isNaN)
        #expect(try DirectionalSharpness(bowl, at: [0, 0], along: [0, 0]).value.isNaN)
        let up = try Self.critical(bowl, [1, 1], along: [1, 1])
        #expect(up.value.isNaN && up.descent < 0 && up.evaluations == 0)
        let plane = QuadraticObjective(matrix: [0, 0, 0, 0], linear: [1, 2])
        let endless = try Self.critical(plane, [0, 0])
        #expect(endless.value == 0 && endless.rate == .infinity && endless.bracket == nil)
        #expect(endless.evaluations <= CriticalSharpness.mostEvaluations)
        // It falls up to a wall, beyond which nothing is finite.
        let wall = ClosureObjective(dimension: 1) { $0[0] < 1 ? -$0[0] : .infinity }
        let found = try CriticalSharpness(wall, at: [0], value: 0, gradient: [-1])
        #expect(abs(found.rate - 1) < 1e-3)
    }

    /// Dense ReLU layers without biases: L² E[fᵀH_ℓf], H_ℓ = diag p − ppᵀ; as it is after layers are rescaled.
    @Test(arguments: [[7], [9, 6], [8, 7, 6]]) func fisherRao(_ widths: [Int]) throws {
        let data = try DataSpecification("digits").load(.train).prefix(40)
        let architecture = Architecture { builder, x in
            var x = x.reshaped([x.shape[0], 64])
            for (i, width) in widths.enumerated() { x = builder.dense(x, "fc\(i)", width, bias: false).relu() }
            return builder.dense(x, "out", 10, bias: false)
        }
        let network = Network(
            architecture, specification: "dense layers without biases", inputShape: data.exampleShape,
            outputs: data.outputWidth)
        let objective = try NetworkObjective(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), precision: .double)
        let theta = network.parameters.initialValues(seed: 4).map { 3 * $0 }
        let outputs = try objective.outputs(at: theta)
        var mean = 0.0
        for example in 0..<data.count {
            let f = Array(outputs[10 * example..<10 * example + 10]), top = f.max()!
            let powers = f.map { exp($0 - top) }, sum = powers.reduce(0, +), p = powers.map { $0 / sum }
            let first = zip(p, f).reduce(0) { $0 + $1.0 * $1.1 }
            mean += (zip(p, f).reduce(0) { $0 + $1.0 * $1.1 * $1.1 } - first * first) / Double(data.count)
        }
        let layers = Double(widths.count + 1), norm = try FisherRaoNorm(objective, at: theta)
        #expect(abs(norm.value - layers * layers * mean) < 1e-12 * norm.value)
        #expect(norm.norm == norm.value.squareRoot())
        var rescaled = theta
        for (index, factor) in [10, 0.1].enumerated() {
            for i in network.parameters.range(index) { rescaled[i] *= factor }
        }
        #expect(try abs(FisherRaoNorm(objective, at: rescaled).value - norm.value) < 1e-12 * norm.value)
    }

    /// Of a quadratic σ² tr(THT)/2 is the increase, within its standard error; twice the increase is √2 of σ.
    @Test(arguments: [nil, 0.1] as [Double?], [0.1, 3]) func noise(_ shift: Double?, _ increase: Double) throws {
        let eigenvalues = [5, 3, 1, 0.5, 0.2, 0.01]
        let objective = SharpnessTests.quadratic(eigenvalues, linear: Self.linear)
        let scaling = shift.map { Ball.adaptiveScaling(Self.theta, eta: $0) } ?? [1, 1, 1, 1, 1, 1]
        let trace = (0..<6).reduce(0) { $0 + objective.matrix[$1 * 7] * scaling[$1] * scaling[$1] }
        let exact = (2 * increase / trace).squareRoot()
        let found = try PACBayesFlatness(
            objective, at: Self.theta, increase: increase, scaling: shift == nil ? nil : scaling, pairs: 2000, seed: 5)
        #expect(abs(found.sigma - exact) < 4 * found.standardError, "\(found), expected \(exact)")
        #expect(found.standardError < 0.03 * exact && found.standardError > 0.003 * exact)
        #expect(found.evaluations <= 8 * 4001)
        // The same noise: the increase is as σ² to rounding.
        let more = try PACBayesFlatness(
            objective, at: Self.theta, increase: 2 * increase, scaling: shift == nil ? nil : scaling, pairs: 2000,
            seed: 5)
        #expect(abs(more.sigma / found.sigma - 2.squareRoot()) < 3e-3)
    }

    /// The standard error is the spread over seeds.
    @Test func noiseOverSeeds() throws {
        let objective = SharpnessTests.quadratic([5, 3, 1, 0.5, 0.2, 0.01], linear: Self.linear)
        let found = try (0..<200).map { try PACBayesFlatness(objective, at: Self.theta, pairs: 40, seed: $0) }
        let mean = found.reduce(0) { $0 + $1.sigma } / 200
        let deviation = (found.reduce(0) { $0 + ($1.sigma - mean) * ($1.sigma - mean) } / 199).squareRoot()
        let stated = found.reduce(0) { $0 + $1.standardError } / 200
        #expect(abs(stated / deviation - 1) < 0.2, "stated \(stated), found \(deviation)")
    }

    /// Noise that costs nothing, and that costs too much however little.
    @Test func noiseWithoutEnd() throws {
        let plane = QuadraticObjective(matrix: [0, 0, 0, 0], linear: [1, 2])
        #expect(try PACBayesFlatness(plane, at: [0, 0], pairs: 2).sigma == .infinity)
        let needle = ClosureObjective(dimension: 2) { $0 == [0, 0] ? 0 : .infinity }
        #expect(try PACBayesFlatness(needle, at: [0, 0], pairs: 2).sigma == 0)
        #expect(try PACBayesFlatness(needle, at: [1, 0], pairs: 2).sigma.isNaN)
    }

    /// One analysis takes them all, with no products where none is asked for, and agrees with each alone.
    @Test func together() throws {
        let r = try Reference.mlp(), objective = try r.objective()
        var analysis = SharpnessAnalysis()
        analysis.measures = [.critical, .pacBayes]
        (analysis.pairs, analysis.adaptiveShift) = (3, 0.01)
        #expect(analysis.derivative == .gradient)
        let cheap = try analysis.run(objective, at: r.theta)
        #expect(cheap.directional == nil && cheap.fisherRao == nil && cheap.points.allSatisfy { $0.worstCase == nil })
        analysis.measures = [.critical, .directional, .fisherRao, .pacBayes]
        #expect(analysis.derivative == .product)
        let all = try analysis.run(objective, at: r.theta)
        #expect(all.critical == cheap.critical && all.pacBayes == cheap.pacBayes)
        #expect(try all.critical == Self.critical(objective, r.theta))
        #expect(
            try all.pacBayes
                == PACBayesFlatness(
                    objective, at: r.theta, scaling: Ball.adaptiveScaling(r.theta, eta: 0.01), pairs: 3))
        let gradient = try objective.valueAndGradient(at: r.theta).gradient
        #expect(try all.directional == DirectionalSharpness(objective, at: r.theta, along: gradient))
        // Along −∇L the curvature at θ and the one up to the crossing are of one size.
        let ratio = try #require(all.critical).value / #require(all.directional).value
        #expect(0.2...5 ~= ratio)
        // Without examples there is no temperature.
        analysis.measures = .learningCoefficient
        #expect(throws: ObjectiveError.self) { try analysis.run(objective, at: r.theta) }
        analysis.measures = [.critical, .directional]
        analysis.direction = gradient.map { -2 * $0 }
        let twice = try analysis.run(objective, at: r.theta)
        #expect(abs(twice.critical!.value / all.critical!.value - 2) < 2e-3)
        #expect(abs(twice.directional!.value / all.directional!.value - 1) < 1e-12)
    }
}
