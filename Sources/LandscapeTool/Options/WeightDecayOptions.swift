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

    /// Whether the loss contains the term, and with what λ.
    var term: WeightDecayTerm { isIncluded ? value.map { .coefficient($0) } ?? .ofTraining : .none }
}
