/// How the outputs of one network and the targets of one data set meet in a loss: which axis holds the classes, what targets are, and
/// whether elements have weights.
public struct LossLayout: Sendable, Hashable {
    /// What targets are.
    public enum Target: Sendable, Hashable {
        /// A class for each element.
        case classes
        /// A probability of each class for each element.
        case distributions
        /// A number for each output.
        case values
        /// There are none: the network's output is the loss.
        case none
    }

    /// Of one example.
    public let outputShape: [Int]
    /// What targets are.
    public let target: Target
    /// The axis of `outputShape` that holds the classes; 0 for losses that have none.
    public let classAxis: Int
    /// Whether elements have weights, 0 for those that do not count.
    public let isWeighted: Bool

    /// A layout of these choices.
    public init(outputShape: [Int], target: Target, classAxis: Int = 0, isWeighted: Bool = false) {
        (self.outputShape, self.target, self.classAxis) = (outputShape, target, classAxis)
        self.isWeighted = isWeighted
    }

    /// The plain layout: a label for each example and one row of logits, or a number for each output.
    public init(_ loss: Loss, outputs: Int) {
        self.init(
            outputShape: [outputs],
            target: loss.outputLoss != nil ? .none : loss.takesClasses ? .classes : .values)
    }

    /// Whether an example is one row of numbers, none of which has a weight.
    package var isPlainRow: Bool { outputShape.isRow && !isWeighted }
    /// Numbers of an example.
    public var outputs: Int { outputShape.reduce(1, *) }
    /// K.
    public var classes: Int { outputShape[classAxis] }
    /// Elements of an example that each have a loss.
    public var elements: Int {
        switch target {
        case .classes, .distributions: outputs / classes
        case .values: outputs
        case .none: 1
        }
    }
    /// Numbers of an example's target.
    public var targetWidth: Int {
        switch target {
        case .classes: elements
        case .distributions, .values: outputs
        case .none: 0
        }
    }
}
