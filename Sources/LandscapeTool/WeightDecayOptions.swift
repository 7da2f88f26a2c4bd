import ArgumentParser
import Landscape

/// Whether the loss of an analysis contains the term ½λ‖θ‖² that weight decay minimises.
struct WeightDecayOptions: ParsableArguments {
    @Flag(
        name: .customLong("include-weight-decay"),
        help: "Analyse the loss with the term ½λ‖θ‖² of the training's weight decay λ.")
    var isIncluded = false
    @Option(
        name: .customLong("weight-decay"),
        help: "λ for --include-weight-decay, where it is to be another than the training's.")
    var value: Double?

    func validate() throws {
        guard let value else { return }
        guard value >= 0, value.isFinite else {
            throw ValidationError("--weight-decay \(value): expected 0 or more, such as 5e-4")
        }
        guard isIncluded else {
            throw ValidationError(
                "--weight-decay \(value): weight decay is no part of the loss; add --include-weight-decay to make it one"
            )
        }
    }

    /// λ; nil where the loss is without the term.
    func coefficient(of model: Model, _ path: String) throws -> Double? {
        guard isIncluded else { return nil }
        if let value { return value }
        guard let training = model.metadata.training, let decay = training.settings["weight-decay"] else {
            throw UnusableRequest(
                "\(path) does not say with what weight decay it was trained; expected --include-weight-decay with --weight-decay X"
            )
        }
        guard decay >= 0, decay.isFinite else {
            throw UnusableRequest(
                "\(path) says it was trained with weight decay \(decay), expected 0 or more; name --weight-decay X")
        }
        if training.optimizer == OptimizerKind.adamw.rawValue, decay != 0 {
            throw UnusableRequest(
                "\(path) was trained by adamw, whose decay \(decay) shrinks θ and belongs to no term of the loss; expected --weight-decay X with a term's λ"
            )
        }
        return decay
    }
}
