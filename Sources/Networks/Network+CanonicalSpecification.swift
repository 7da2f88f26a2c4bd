/// The text form of a model with all its options: the architecture's name, then `;activation=…` and `;norm=…` where they were
/// chosen, such as `resnet20:B;activation=tanh;norm=group`. A checkpoint stores it.
extension Network {
    /// Rebuilds a network from its text form, such as `resnet20:B;activation=tanh;norm=group`.
    ///
    /// - Throws: `NetworkError` where the text names no model or an option that is none, and where model and data do
    ///   not fit.
    public init(
        canonical text: String, inputShape: [Int], takesTokens: Bool = false, outputs: Int
    ) throws(NetworkError) {
        let (specification, options) = try NetworkOptions.split(text)
        try self.init(
            specification, inputShape: inputShape, takesTokens: takesTokens, outputs: outputs, options: options)
    }

    /// The text form, with all options. `init(canonical:inputShape:takesTokens:outputs:)` reads it.
    public var canonicalSpecification: String { specification + options.suffix }
}

extension NetworkOptions {
    /// The options as the end of a model's text form, such as `;activation=tanh;norm=group`: only those that were
    /// chosen.
    public var suffix: String {
        (activation.map { ";activation=\($0.rawValue)" } ?? "") + (normalization.map { ";norm=\($0.rawValue)" } ?? "")
    }

    /// Divides a model's text form into its name and its options.
    ///
    /// - Throws: `NetworkError.invalidOption` where a part is no option, or comes twice.
    public static func split(
        _ text: String
    ) throws(NetworkError) -> (specification: String, options: NetworkOptions) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        var options = NetworkOptions()
        func bad(_ found: String) -> NetworkError {
            let activations = Activation.allCases.map(\.rawValue).joined(separator: "|")
            let norms = Normalization.allCases.map(\.rawValue).joined(separator: "|")
            return .invalidOption(
                model: parts[0], found: found, expected: "activation=\(activations) or norm=\(norms), each at most once"
            )
        }
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { throw bad(part) }
            switch pair[0] {
            case "activation":
                guard options.activation == nil, let value = Activation(rawValue: pair[1]) else { throw bad(part) }
                options.activation = value
            case "norm":
                guard options.normalization == nil, let value = Normalization(rawValue: pair[1]) else {
                    throw bad(part)
                }
                options.normalization = value
            default: throw bad(part)
            }
        }
        return (parts[0], options)
    }
}
