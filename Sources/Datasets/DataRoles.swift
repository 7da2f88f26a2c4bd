import Essentials

/// Which arrays of a file are what, for a model that names its inputs.
public struct DataRoles: Sendable, Hashable, Codable {
    /// An array that a model takes, as it is looked for in data: their shape is not known yet.
    public struct Input: Sendable, Hashable, Codable {
        /// As the model calls it.
        public var name: String
        /// Whether it is whole numbers, such as tokens, and not real numbers.
        public var isInteger: Bool

        /// An input of a name and a kind.
        public init(name: String, isInteger: Bool) { (self.name, self.isInteger) = (name, isInteger) }
    }

    /// The model's inputs; empty for the one array of inputs that data have by convention.
    public var inputs: [Input]
    /// The array of targets; nil for the one under `labels`, `targets` or `y`.
    public var target: String?
    /// Whether there are targets. A model that computes its own loss needs none.
    public var hasTarget: Bool
    /// The label that does not count; −100 by default.
    public var ignoreIndex: Int

    /// Names under which targets, and the weights of their elements, are found.
    static let targetNames = ["labels", "targets", "y", "Y"], weightName = "weight"

    /// The roles of a model's inputs, and of targets by convention.
    public init(
        inputs: [Input] = [], target: String? = nil, hasTarget: Bool = true, ignoreIndex: Int = IgnoredLabel.standard
    ) {
        (self.inputs, self.target, self.hasTarget, self.ignoreIndex) = (inputs, target, hasTarget, ignoreIndex)
    }
}
