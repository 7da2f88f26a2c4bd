import Essentials

/// Why a recipe cannot be trained again.
public enum RetrainingError: DescribedError, Equatable {
    /// A checkpoint that was imported.
    case noRecipe(path: String)
    /// A training that began at the weights of another checkpoint.
    case started(path: String)
    /// A training that has not come to its end.
    case unfinished(path: String, step: Int, of: Int)
    /// Data that are not there.
    case noData(path: String, data: String)
    /// A recipe that cannot be set up, and why.
    case notAgain(path: String, String)
    /// A file in the way that another recipe has trained: what differs.
    case otherRecipe(path: String, [String])
    /// Two runs whose trainings would have the same name.
    case sameName(String, String)
    /// The folder of the runs themselves, or a file.
    case unusableFolder(String, String)

    /// True: other checkpoints or another folder can do.
    public var isOfRequest: Bool { true }

    /// What was found, what was expected, what to do.
    public var description: String {
        let advice = "move it out of the folder, or leave --audit out"
        return switch self {
        case .noRecipe(let path):
            "\(path): found no recipe in it, as in an imported checkpoint; expected one that 'landscape train' wrote: \(advice)"
        case .started(let path):
            "\(path): its training began at the weights of another checkpoint (--start), which it does not hold; expected one with --model: \(advice)"
        case .unfinished(let path, let step, let total):
            "\(path): found step \(step) of \(total), expected a training at its end; finish it with 'landscape train … --resume', or \(advice)"
        case .noData(let path, let data):
            "\(path): its recipe trains on \(data), which is not there; expected the data where the training had them: restore them, or \(advice)"
        case .notAgain(let path, let reason):
            "\(path): its recipe cannot be trained again: \(reason)"
        case .otherRecipe(let path, let changes):
            "\(path) is of another recipe: \(changes.joined(separator: "; ")); it is kept as it is: give the options it was made with, or another folder to --audit"
        case .sameName(let path, let other):
            "\(path) and \(other) have the same file name, from which the names of the audit's checkpoints are made; rename one of them"
        case .unusableFolder(let folder, let found):
            "--audit \(folder): \(found), expected another folder for the checkpoints that are trained"
        }
    }
}
