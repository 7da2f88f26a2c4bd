import Essentials

/// Why there is no model: files, weights or data that do not make one.
public enum ModelError: DescribedError, Equatable {
    case damagedCheckpoint(String)
    case exampleShapeMismatch(model: String, expected: [Int], data: String, found: [Int])
    case dataChanged(data: String, expected: Int, found: Int)
    case tensorsUnmatched(file: String, missing: [String], unexpected: [String], reason: String)
    case nonFiniteTensor(file: String, name: String)
    case alreadyImported(file: String)
    case noCheckpoints(folder: String)
    case noFolder(String)

    public var description: String {
        switch self {
        case .damagedCheckpoint(let reason):
            "the checkpoint's metadata make no model: \(reason); use another copy"
        case .exampleShapeMismatch(let model, let expected, let data, let found):
            "model \(model) takes examples of shape \(expected), but \(data) has examples of shape \(found); name other --data"
        case .dataChanged(let data, let expected, let found):
            "\(data) has \(found) training examples, but the model was trained on \(expected): the data have changed; "
                + "bring them back, or name the data with --data to use them as they are"
        case .tensorsUnmatched(let file, let missing, let unexpected, let reason):
            "\(file): its tensors do not fit the model. Missing: \(Self.list(missing)). Unexpected: \(Self.list(unexpected)). "
                + "\(reason); name the --model that these weights are of"
        case .nonFiniteTensor(let file, let name):
            "\(file): tensor '\(name)' holds numbers that are not finite, expected trained weights; use another file"
        case .alreadyImported(let file):
            "\(file) is a checkpoint that was imported with its graph already, expected weights as PyTorch has them; use it as it is"
        case .noCheckpoints(let folder):
            "found no checkpoints (.bin) in '\(folder)'; train with --save-every N to keep some"
        case .noFolder(let folder):
            "found no folder '\(folder)', expected one with the checkpoints of a training; check the path"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty
            ? "none" : names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", … (\(names.count))" : "")
    }
}
