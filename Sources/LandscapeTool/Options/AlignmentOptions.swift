import ArgumentParser
import Landscape

extension Alignment.Kind: ExpressibleByArgument {}

/// How the hidden units of one network are matched with another's.
struct AlignmentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Training examples whose activations are compared, and by which a refined alignment is judged (default: 1000).",
            valueName: "count"))
    var alignExamples: Int?
    @Option(
        help: ArgumentHelp(
            "Refine the alignment by so many steps of a straight-through estimator that lowers the loss half way between the networks.",
            valueName: "steps"))
    var alignRefine: Int?
    @Option(help: ArgumentHelp("Learning rate of the refinement (default: 1).", valueName: "rate")) var alignLr: Double?

    /// - Parameters:
    ///   - kind: nil where nothing is aligned.
    ///   - option: that says the kind.
    func check(_ kind: Alignment.Kind?, option: String) throws {
        if let alignExamples, alignExamples < 2 {
            throw ValidationError("--align-examples \(alignExamples): expected at least 2")
        }
        if let alignRefine, alignRefine < 1 {
            throw ValidationError("--align-refine \(alignRefine): expected at least 1")
        }
        if let alignLr, !(alignLr > 0 && alignLr.isFinite) {
            throw ValidationError("--align-lr \(alignLr): expected a positive number")
        }
        if alignExamples != nil, kind != .activations, kind == nil || alignRefine == nil {
            throw ValidationError(
                "--align-examples has no effect without \(option) activations or --align-refine; add one, or leave it out"
            )
        }
        if kind == nil, alignRefine != nil {
            throw ValidationError("--align-refine has no effect without \(option); add it, or leave --align-refine out")
        }
        if alignLr != nil, alignRefine == nil {
            throw ValidationError("--align-lr has no effect without --align-refine; add it, or leave --align-lr out")
        }
    }

    func settings(_ kind: Alignment.Kind, seed: UInt64, memory: MemoryBudget = MemoryBudget()) -> Alignment.Settings {
        var settings = Alignment.Settings()
        (settings.kind, settings.seed, settings.memory) = (kind, seed, memory)
        if let alignExamples { settings.examples = alignExamples }
        if let alignRefine {
            var refinement = StraightThrough.Settings(steps: alignRefine)
            if let alignLr { refinement.learningRate = alignLr }
            settings.refinement = refinement
        }
        return settings
    }
}
