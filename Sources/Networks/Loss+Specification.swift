/// The text form of a loss, as `--loss` takes it and a checkpoint stores it.
extension Loss {
    /// Every text form of a loss, for help and messages.
    public static let forms = "cross-entropy[:label-smoothing=S], mse (mean r²), half-mse (½ mean r²), bce"

    /// The loss as `--loss` takes it and a checkpoint stores it, such as `mse` or `cross-entropy:label-smoothing=0.1`.
    /// `init(specification:)` reads it.
    public var specification: String {
        switch self {
        case .crossEntropy(let smoothing):
            smoothing == 0 ? "cross-entropy" : "cross-entropy:label-smoothing=\(smoothing)"
        case .meanSquaredError: "mse"
        case .halfMeanSquaredError: "half-mse"
        case .binaryCrossEntropy: "bce"
        }
    }

    /// The loss that a text names: `cross-entropy`, `cross-entropy:label-smoothing=S`, `mse`, `half-mse` or `bce`.
    ///
    /// - Throws: `NetworkError.unknownLoss` for any other text, or where S is not in [0, 1).
    public init(specification text: String) throws(NetworkError) {
        let smoothed = "cross-entropy:label-smoothing="
        switch text {
        case "cross-entropy": self = .crossEntropy(labelSmoothing: 0)
        case "mse": self = .meanSquaredError
        case "half-mse": self = .halfMeanSquaredError
        case "bce": self = .binaryCrossEntropy
        case _ where text.hasPrefix(smoothed):
            guard let smoothing = Double(text.dropFirst(smoothed.count)), smoothing >= 0, smoothing < 1 else {
                throw .unknownLoss(text)
            }
            self = .crossEntropy(labelSmoothing: smoothing)
        default: throw .unknownLoss(text)
        }
    }
}
