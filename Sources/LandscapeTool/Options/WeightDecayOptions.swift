import ArgumentParser
import Landscape

/// Whether the loss of an analysis contains the term ½λ‖θ‖² that weight decay minimises.
struct WeightDecayOptions: ParsableArguments {
    @Flag(
        name: .customLong("include-weight-decay"),
        help: "Add ½λ‖θ‖² to the loss, with λ the training's weight decay.")
    var isIncluded = false
    @Option(
        name: .customLong("weight-decay"),
        help: ArgumentHelp("Another λ for --include-weight-decay.", valueName: "factor"))
    var value: Double?

    func validate() throws {
        guard let value else { return }
        guard value >= 0, value.isFinite else {
            throw ValidationError("--weight-decay \(value): expected 0 or more, such as 5e-4")
        }
        guard isIncluded else {
            throw ValidationError(
                "--weight-decay \(value) has no effect: the loss has no weight decay; add --include-weight-decay")
        }
    }

    /// Whether the loss contains the term, and with what λ.
    var term: WeightDecayTerm { isIncluded ? value.map { .coefficient($0) } ?? .ofTraining : .none }
}
