import Essentials

/// A model's name that means none, or a model that does not fit the data.
public enum NetworkError: DescribedError, Equatable {
    case unknownModel(String)
    case invalidOption(model: String, found: String, expected: String)
    /// A choice that the model cannot honour, with those that it can.
    case optionWithoutEffect(model: String, option: String, found: String, expected: [String], reason: String)
    case inputMismatch(model: String, expected: String, found: [Int])
    case outputMismatch(model: String, expected: Int, found: Int)
    case takesNoTokens(model: String)
    case takesTokens(model: String)
    case unknownLoss(String)
    case tooLarge(model: String, parameters: Int, limit: Int)
    case tooManyOutputs(model: String, found: Int, most: Int)

    /// True: models are named in requests.
    public var isOfRequest: Bool { true }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unknownModel(let name):
            "unknown model '\(name)'\(name.suggestion(from: Architecture.names)); expected one of \(Architecture.names)"
        case .invalidOption(let model, let found, let expected):
            "model \(model): found '\(found)', expected \(expected)"
        case .optionWithoutEffect(let model, let option, let found, let expected, let reason):
            "model \(model): \(option) \(found) would have no effect, because \(reason); "
                + (expected.isEmpty ? "" : "expected \(option) \(expected.joined(separator: " or ")), or ")
                + "leave \(option) out"
        case .inputMismatch(let model, let expected, let found):
            "model \(model) takes \(expected), but an example of the data has shape \(found); choose a model or data that fit"
        case .outputMismatch(let model, let expected, let found):
            "model \(model) has \(found) outputs, but the data need \(expected); change the last width of the model\(found == 1 && expected == 2 ? ", or give --loss bce for yes-or-no labels" : "")"
        case .takesNoTokens(let model):
            "model \(model) takes real numbers, but the data hold tokens (integers); choose a model for tokens or other data"
        case .takesTokens(let model):
            "model \(model) takes tokens, but the data hold real numbers; choose data of integers N×T (an .npy or .npz of them)"
        case .tooLarge(let model, let parameters, let limit):
            "model \(model) has \(parameters) parameters, expected at most \(limit), which fit this machine's memory; choose a smaller model"
        case .unknownLoss(let text):
            "unknown loss '\(text)'\(text.suggestion(from: Loss.forms)); expected one of \(Loss.forms), with S from 0 up to, not including, 1, and δ above 0; docs/commands.md lists what more can stand behind the colon"
        case .tooManyOutputs(let model, let found, let most):
            "model \(model) has \(found) outputs, expected 1 to \(most)"
        }
    }
}
