import Landscape

/// What is said on standard error beside progress.
enum Message {
    case remark(String), error(String)
    /// That the user ended the work.
    case interruption(String)

    /// A line for people, without the program's name.
    var text: String {
        if case .error = self { "error: \(words)" } else { words }
    }

    /// What it says, whatever it is.
    var words: String {
        switch self {
        case .remark(let text), .interruption(let text), .error(let text): text
        }
    }

    /// The object of `--progress json`.
    var json: JSONValue {
        switch self {
        case .remark(let text): .object([("remark", .string(text))])
        case .error(let text), .interruption(let text): .object([("error", .string(text))])
        }
    }
}
