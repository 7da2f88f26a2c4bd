/// Which choices of activation and normalisation an architecture can honour.
struct OfferedOptions {
    /// Whether it has an activation that can be chosen.
    let hasActivation: Bool
    /// The normalisations that it can be built with. One that it always has, or never, is the only one.
    let normalizations: [NetworkOptions.Normalization]
    /// Why there are no others, for messages.
    private let reason: String

    /// Of the architecture of a name such as `mlp:64-32-10`.
    init(of specification: String) {
        switch specification.prefix(while: { $0 != ":" && $0 != ";" }) {
        case "linear": self.init(false, [.none], "it is one dense layer")
        case "mlp" where specification.split(separator: "-").count < 3:
            self.init(false, [.none], "it has no hidden layer")
        case "mlp": self.init(true, [.batch, .layer, .none], "its layers have no groups of channels")
        case "lenet": self.init(true, [.none], "it has no normalisation")
        case "vit", "transformer": self.init(true, [.layer], "it has layer normalisation alone")
        default: self.init(true, NetworkOptions.Normalization.allCases, "")
        }
    }

    private init(_ hasActivation: Bool, _ normalizations: [NetworkOptions.Normalization], _ reason: String) {
        (self.hasActivation, self.normalizations, self.reason) = (hasActivation, normalizations, reason)
    }

    /// Refuses choices that would have no effect.
    ///
    /// - Throws: `NetworkError.optionWithoutEffect`.
    func check(_ options: NetworkOptions, of model: String) throws(NetworkError) {
        if let activation = options.activation, !hasActivation {
            throw .optionWithoutEffect(
                model: model, option: "activation", found: activation.rawValue, expected: [], reason: reason)
        }
        if let normalization = options.normalization, !normalizations.contains(normalization) {
            throw .optionWithoutEffect(
                model: model, option: "norm", found: normalization.rawValue,
                expected: normalizations.map(\.rawValue), reason: reason)
        }
    }
}

extension NetworkOptions {
    /// A model's text form without the options that had no effect when a checkpoint was written.
    ///
    /// Earlier programs took any option and named the model by it. A multilayer perceptron without the tensors of a
    /// norm has none, whatever its name says.
    ///
    /// - Parameter tensors: names of the checkpoint's parameters.
    package static func effective(_ text: String, tensors: [String]) -> String {
        guard let (specification, found) = try? split(text) else { return text }
        var options = found
        let offered = OfferedOptions(of: specification)
        if !offered.hasActivation { options.activation = nil }
        if let normalization = options.normalization {
            let isIgnored = !offered.normalizations.contains(normalization)
            let isMissing =
                specification.hasPrefix("mlp:") && !tensors.contains { $0.hasPrefix("bn1.") || $0.hasPrefix("ln1.") }
            if isIgnored || isMissing { options.normalization = nil }
        }
        return specification + options.suffix
    }
}
