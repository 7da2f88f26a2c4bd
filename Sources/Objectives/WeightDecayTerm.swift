import Models

/// Whether a loss contains the term ½λ‖θ‖² that weight decay minimises.
public enum WeightDecayTerm: Sendable, Equatable {
    /// It does not.
    case none
    /// It does, with the λ that the model was trained with.
    case ofTraining
    /// It does, with this λ.
    case coefficient(Double)

    /// λ for a model; nil where the loss is without the term.
    ///
    /// - Throws: `ObjectiveError.weightDecay` where the model does not say its λ, or where its decay belongs to no term of the loss.
    public func coefficient(of model: Model, _ name: String) throws(ObjectiveError) -> Double? {
        switch self {
        case .none: return nil
        case .coefficient(let value): return value
        case .ofTraining: break
        }
        guard let training = model.metadata.training, let decay = training.settings["weight-decay"] else {
            throw .weightDecay(
                "\(name) does not record its weight decay; add --weight-decay X to --include-weight-decay"
            )
        }
        guard decay >= 0, decay.isFinite else {
            throw .weightDecay(
                "\(name) records the weight decay \(decay), expected 0 or more; give --weight-decay X")
        }
        // The decay of AdamW and Muon shrinks θ apart from the gradient, also below SAM.
        let rule = training.choices["base"] ?? training.optimizer
        if rule == "adamw" || rule == "muon", decay != 0 {
            throw .weightDecay(
                "\(name) was trained by \(rule), whose weight decay \(decay) is not a term of the loss; give the λ of a term with --weight-decay X"
            )
        }
        return decay
    }
}
