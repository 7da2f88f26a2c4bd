import ArrayFiles

/// Why a training cannot start, or stopped.
public enum TrainingError: DescribedError, Equatable {
    case invalidSetting(name: String, found: String, expected: String)
    case lossMismatch(loss: String, data: String, expected: String)
    case augmentationNeedsImages(shape: [Int])
    case diverged(Divergence)
    case notTrained
    case configurationChanged([String])
    case damagedCheckpoint(String)
    case exampleShapeMismatch(model: String, expected: [Int], data: String, found: [Int])
    case dataChanged(data: String, expected: Int, found: Int)
    case tensorsUnmatched(file: String, missing: [String], unexpected: [String], reason: String)
    case nonFiniteTensor(file: String, name: String)
    case alreadyImported(file: String)
    case noCheckpoints(folder: String)
    case noFolder(String)

    /// Where a training left the numbers that can be computed with.
    public struct Divergence: Sendable, Equatable {
        /// What was no finite number: `loss`, `gradient`, and for SAM the same after the climb.
        public let quantity: String
        /// Steps and whole epochs that were taken before.
        public let step: Int, epoch: Int
        public let learningRate: Double
        public let lastFiniteLoss: Double?
        /// The checkpoint of the last whole epoch; nil where there was none, or no path to write it to.
        public let lastGood: String?
        /// What is likely to help.
        public let advice: String
    }

    public var description: String {
        switch self {
        case .invalidSetting(let name, let found, let expected):
            "--\(name): found \(found), expected \(expected)"
        case .lossMismatch(let loss, let data, let expected):
            "the loss \(loss) does not suit \(data); use --loss \(expected)"
        case .augmentationNeedsImages(let shape):
            "--augment shifts and mirrors images, but an example has shape \(shape), expected [C, H, W]; leave --augment out"
        case .noFolder(let folder):
            "found no folder '\(folder)', expected one with the checkpoints of a training; check the path"
        case .noCheckpoints(let folder):
            "found no checkpoints (.bin) in '\(folder)'; train with --save-every N to keep some"
        case .diverged(let d):
            "training diverged at step \(d.step + 1) (epoch \(d.epoch + 1)): the \(d.quantity) is not finite; learning rate "
                + "\(Float(d.learningRate)), last finite loss \(d.lastFiniteLoss.map { "\(Float($0))" } ?? "none"). \(d.advice). "
                + (d.lastGood.map { "The last whole epoch is kept in \($0)" } ?? "No checkpoint of it was written")
        case .notTrained:
            "the checkpoint says nothing about a training, so there is nothing to resume; train from the start, without --resume"
        case .configurationChanged(let changes):
            "the checkpoint was trained with other settings: \(changes.joined(separator: "; ")); "
                + "give the same ones to resume, or train from the start"
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
        case .alreadyImported(let file):
            "\(file) is a checkpoint that was imported with its graph already, expected weights as PyTorch has them; use it as it is"
        case .nonFiniteTensor(let file, let name):
            "\(file): tensor '\(name)' holds numbers that are not finite, expected trained weights; use another file"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty
            ? "none" : names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", … (\(names.count))" : "")
    }
}
