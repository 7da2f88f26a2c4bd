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
    }
}
