import Foundation
import MatrixFree
import Objectives
import Tensors

/// Measures that are taken where they are named alone: they take long, or are not of every objective.
extension StudyMeasures {
    /// Of a model with attention; nil for other objectives.
    static func symmetry(of objective: any Objective) throws -> AttentionSymmetry? {
        do {
            return try (objective as? ModelLoss)?.attentionSymmetry()
        } catch AttentionSymmetryError.none {
            return nil
        }
    }

    /// NaN where the chains have not mixed, and for what is no mean over examples.
    mutating func addLearningCoefficient(
        of objective: any Objective, at theta: [Double], _ settings: Settings, progress: (Double) throws -> Void
    ) throws {
        values[.learningCoefficient] = .nan
        guard let examples = (objective as? any ExampleObjective)?.examples, examples > 1 else { return }
        let found = try LearningCoefficient(
            objective, at: theta, inverseTemperature: Double(examples) / log(Double(examples)), draws: settings.draws,
            seed: settings.seed
        ) { try progress(Double($0) / Double(max(1, $1))) }
        values[.learningCoefficient] = found.value
        standardErrors[.learningCoefficient] = found.standardError
    }

    /// Of the spectrum and its eigenvectors.
    ///
    /// - Parameter gradient: ∇L(θ), where the top space is asked for.
    mutating func addSpectral(
        of objective: any Objective, at theta: [Double], gradient: [Double], _ settings: Settings, _ asked: Set<Measure>
    ) throws {
        if asked.contains(.effectiveDimension) {
            values[.effectiveDimension] = .nan
            if let examples = (objective as? any ExampleObjective)?.examples, examples > 0 {
                // A prior N(0, 1) on each weight beside a loss that is a mean over n examples.
                let found = try LogDeterminant(
                    of: CurvatureOperator(objective, at: theta, .ggn), shift: 1 / Double(examples),
                    memoryLimit: settings.memoryLimit, seed: settings.seed, rounding: objective.rounding
                ).effectiveDimension
                (values[.effectiveDimension], standardErrors[.effectiveDimension]) = (found.value, found.standardError)
            }
        }
        if asked.contains(.relativeFlatness) {
            values[.relativeFlatness] = .nan
            if let layout = (objective as? ModelLoss)?.model.network.parameters {
                let layers = try RelativeFlatness.all(
                    CurvatureOperator(objective, at: theta), layout, probes: settings.traceProducts,
                    seed: settings.seed
                ).layers
                values[.relativeFlatness] = layers.reduce(0) { $0 + $1.value.value }
                // Layers share products: their errors may all go the same way.
                standardErrors[.relativeFlatness] = layers.reduce(0) { $0 + ($1.value.standardError ?? 0) }
            }
        }
        if asked.contains(.topSpace) {
            let vectors = try Lanczos(
                largest: min(settings.topVectors, theta.count), tolerance: 1e-3, memoryLimit: settings.memoryLimit,
                seed: settings.seed, rounding: objective.rounding
            ).run(CurvatureOperator(objective, at: theta)).largestVectors
            values[.topSpace] = Vectors.share(of: gradient, in: vectors) ?? .nan
        }
        if asked.contains(.largestDiagonal) {
            values[.largestDiagonal] = try DiagonalEstimate(
                of: CurvatureOperator(objective, at: theta), products: settings.traceProducts, seed: settings.seed
            ).largest(of: CurvatureOperator(objective, at: theta), candidates: settings.topVectors)
        }
    }

    /// Of some of the examples alone; NaN for what is no mean over examples, or where they have no class or no gradient of their own.
    mutating func addByExamples(
        of objective: any Objective, at theta: [Double], _ settings: Settings, _ asked: Set<Measure>,
        progress: (_ share: Double) throws -> Void
    ) throws {
        let own = asked.intersection([.samplingGap, .classLargestEigenvalue, .empiricalFisherTrace])
        for measure in own { values[measure] = .nan }
        guard !own.isEmpty, let whole = objective as? any ExampleObjective, whole.hasParts else { return }
        if own.contains(.samplingGap), whole.examples > 1 {
            let found = try SamplingError(
                of: whole, at: theta, examples: whole.examples / 2, repetitions: settings.halves, traceProducts: 3,
                seed: settings.seed
            ).gap
            (values[.samplingGap], standardErrors[.samplingGap]) = (found.value, found.standardError)
        }
        if own.contains(.classLargestEigenvalue) {
            let classes = whole.examplesByClass.filter { !$0.isEmpty }
            let largest = try classes.enumerated().map { number, examples in
                try progress(0.5 + 0.5 * Double(number) / Double(classes.count))
                return try Lanczos(
                    largest: 1, tolerance: settings.tolerance, memoryLimit: settings.memoryLimit, seed: settings.seed,
                    rounding: objective.rounding, eigenvectors: false
                ).run(CurvatureOperator(whole.restricted(to: examples), at: theta)).largest[0].value
            }
            values[.classLargestEigenvalue] = largest.max() ?? .nan
        }
        if own.contains(.empiricalFisherTrace), let loss = objective as? ModelLoss {
            do {
                let norms = try loss.gradientNorms(at: theta)
                values[.empiricalFisherTrace] = norms.reduce(0) { $0 + $1 * $1 } / Double(norms.count)
            } catch ObjectiveError.noEmpiricalFisher {}
        }
    }
}
