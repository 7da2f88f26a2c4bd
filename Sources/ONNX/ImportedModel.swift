import ArrayFiles
import Networks

/// A model that came as a graph of operators, made ready for data.
public struct ImportedModel: Sendable {
    /// What a checkpoint carries to build the network again.
    public let graph: OperatorGraph
    public let network: Network
    /// In the order of the network's layout.
    public let theta: [Double]
    /// Running statistics and large constants, in the order of the network's buffers.
    public let buffers: [Double]
    public let loss: Loss
    /// Whether a parameter is stored in Float64.
    public let isDouble: Bool
    public let source: Source
    /// What a user should know of how it was read.
    public let notes: [String]

    /// How the program that the weights came from has them.
    public struct Source: Sendable {
        /// What tensors are called there, by their names here, where these differ.
        public var names: [String: String] = [:]
        /// The axis of the filters, by names here, where it is not the first as here.
        public var filterAxes: [String: Int] = [:]
    }
}

/// What a model is imported for, and what of it is chosen by hand.
public struct ImportOptions: Sendable {
    /// The shape of one example of the data.
    public var exampleShape: [Int]
    public var takesTokens = false
    /// The data's number of classes; nil where targets are real numbers.
    public var classes: Int?
    /// Whether targets that are real numbers are zeros and ones.
    public var hasBinaryTargets = false
    /// Nil for what suits the model and the data.
    public var loss: Loss?
    /// Patterns of names: θ is these tensors; empty for those that the rule gives.
    public var parameters: [String] = []
    /// Patterns of names that are no part of θ.
    public var frozen: [String] = []
    /// Weights in place of those that the graph was exported with.
    public var weights: GraphWeights?

    public init(exampleShape: [Int]) { self.exampleShape = exampleShape }
}
