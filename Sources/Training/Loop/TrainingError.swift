import ArrayFiles
import Essentials

/// Why a training cannot start, or stopped.
public enum TrainingError: DescribedError, Equatable {
    /// A setting that is out of its range, named as the command's option.
    case invalidSetting(name: String, found: String, expected: String)
    /// Augmentation of examples that are no images.
    case augmentationNeedsImages(shape: [Int])
    /// A number stopped being finite.
    case diverged(Divergence)
    /// A checkpoint without a training to resume.
    case notTrained
    /// A checkpoint of averaged weights, which no training goes on from.
    case averaged(String)
    /// A training to be resumed was of other settings: what differs.
    case configurationChanged([String])
    /// Another rank is gone: why, the steps that were taken, and where they are kept.
    case rankLost(String, step: Int, of: Int, kept: String?)

    /// Where a training left the numbers that can be computed with.
    public struct Divergence: Sendable, Equatable {
        /// What was no finite number: `loss`, `gradient`, and for SAM the same after the climb.
        public let quantity: String
        /// Steps and whole epochs that were taken before.
        public let step: Int, epoch: Int
        /// Of that step.
        public let learningRate: Double
        /// Of a batch before; nil where there was none.
        public let lastFiniteLoss: Double?
        /// The checkpoint of the last whole epoch; nil where there was none, or no path to write it to.
        public let lastGood: String?
        /// What is likely to help.
        public let advice: String
    }

    /// True for settings.
    public var isOfRequest: Bool { if case .invalidSetting = self { true } else { false } }

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .invalidSetting(let name, let found, let expected):
            "--\(name): found \(found), expected \(expected)"
        case .augmentationNeedsImages(let shape):
            "--augment shifts and mirrors images, but an example has shape \(shape), expected [C, H, W]; leave --augment out"
        case .diverged(let d):
            "training diverged at step \(d.step + 1) (epoch \(d.epoch + 1)): the \(d.quantity) is not finite; learning rate "
                + "\(Format.number(d.learningRate)), last finite loss \(d.lastFiniteLoss.map { "\(Float($0))" } ?? "none"). \(d.advice). "
                + (d.lastGood.map { "The last whole epoch is kept in \($0)" } ?? "No checkpoint of it was written")
        case .rankLost(let reason, let step, let total, let kept):
            reason
                + (kept.map {
                    "; \($0) keeps step \(step) of \(total); repeat the command with --resume to continue"
                } ?? "")
        case .notTrained:
            "the checkpoint records no training to resume; train from the start, without --resume"
        case .averaged(let average):
            "the checkpoint holds weights that were made of a training's (\(average)), which no training went on from; resume from the training's own checkpoint, or start anew from these weights with --start"
        case .configurationChanged(let changes):
            "the checkpoint was trained with other settings: \(changes.joined(separator: "; ")); "
                + "give the same ones to resume, or train from the start"
        }
    }
}
