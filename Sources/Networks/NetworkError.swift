/// What can be wrong with a model's name or with a model for given data.
public enum NetworkError: Error, Equatable, CustomStringConvertible {
    case unknownModel(String)
    case invalidOption(model: String, found: String, expected: String)
    case inputMismatch(model: String, expected: String, found: [Int])
    case outputMismatch(model: String, expected: Int, found: Int)
    case tooManyOutputs(model: String, found: Int, most: Int)

    public var description: String {
        switch self {
        case .unknownModel(let name):
            "unknown model '\(name)'; expected one of \(Architecture.names)"
        case .invalidOption(let model, let found, let expected):
            "model \(model): found '\(found)', expected \(expected)"
        case .inputMismatch(let model, let expected, let found):
            "model \(model) takes \(expected), but an example of the data has shape \(found); name a model or data that fit"
        case .outputMismatch(let model, let expected, let found):
            "model \(model) gives \(found) numbers, but the data need \(expected); change the last width of the model"
        case .tooManyOutputs(let model, let found, let most):
            "model \(model) cannot give \(found) numbers; expected 1 to \(most)"
        }
    }
}
