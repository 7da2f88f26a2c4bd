/// A training's recipe with one small change: another seed, learning rate or batch size.
public struct RecipeVariant: Sendable, Equatable {
    /// What is changed.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case seed
        case learningRate = "lr"
        case batchSize = "batch_size"
    }

    /// What is changed.
    public let kind: Kind
    /// Which change of this kind it is, such as `seed1` or `lr-up`: the same words for every recipe, and a part of the file's name.
    public let label: String
    /// The changed recipe.
    public let configuration: TrainingConfiguration
}

/// Which small changes of a recipe there are.
///
/// Zhang & Louis 2025 (arXiv 2510.18934) find that changes which hardly move the performance of a network can move measures of it. The
/// sizes of the defaults are ours: smaller than the steps in which such settings are usually searched.
public struct RecipeChanges: Sendable, Equatable {
    /// Trainings with other seeds; 0 for none.
    public var seeds = 2
    /// The learning rate is multiplied and divided by this; 1 for no such change.
    public var learningRateFactor = 1.1
    /// The batch size is multiplied and divided by this and rounded; 1 for no such change.
    public var batchSizeFactor = 1.25

    /// Between the seeds of a recipe: large, so that they are not those of a study's other runs.
    public static let seedStep: UInt64 = 1000

    /// The defaults.
    public init() {}

    /// The changed recipes.
    ///
    /// A batch changes by an example at least. One that would be larger than all examples, or empty, is left out. Schedule, warm-up and
    /// length stay, in epochs or in steps as the recipe has them. A checkpoint of each epoch is not kept.
    ///
    /// - Parameter examples: of the training split, as far as it is used.
    public func variants(of recipe: TrainingConfiguration, examples: Int) -> [RecipeVariant] {
        func variant(
            _ kind: RecipeVariant.Kind, _ label: String, _ change: (inout TrainingConfiguration) -> Void
        ) -> RecipeVariant {
            var changed = recipe
            changed.saveEvery = nil
            change(&changed)
            return RecipeVariant(kind: kind, label: label, configuration: changed)
        }
        var variants = (0..<seeds).map { number in
            variant(.seed, "seed\(number + 1)") { $0.seed &+= Self.seedStep * UInt64(number + 1) }
        }
        if learningRateFactor != 1 {
            for (label, factor) in [("lr-up", learningRateFactor), ("lr-down", 1 / learningRateFactor)] {
                variants.append(
                    variant(.learningRate, label) {
                        $0.learningRate *= factor
                        $0.adamRate *= factor
                    })
            }
        }
        if batchSizeFactor != 1 {
            let size = min(recipe.batchSize, examples)
            let larger = Int(min(Double(examples), (Double(size) * batchSizeFactor).rounded()))
            let smaller = Int((Double(size) / batchSizeFactor).rounded())
            for (label, changed) in [("batch-up", max(size + 1, larger)), ("batch-down", min(size - 1, smaller))]
            where 1...max(1, examples) ~= changed && changed != size {
                variants.append(variant(.batchSize, label) { $0.batchSize = changed })
            }
        }
        return variants
    }
}
