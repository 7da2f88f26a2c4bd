import ArrayFiles
import Networks

/// A model that came as a graph of operators, made ready for data.
package struct ImportedModel: Sendable {
    /// What a checkpoint carries to build the network again.
    package let graph: OperatorGraph
    package let network: Network
    /// In the order of the network's layout.
    package let theta: [Double]
    /// Running statistics and large constants, in the order of the network's buffers.
    package let buffers: [Double]
    package let loss: Loss
    /// Whether a parameter is stored in Float64.
    package let isDouble: Bool
    package let source: Source
    /// What a user should know of how it was read.
    package let notes: [String]

    /// How the program that the weights came from has them.
    package struct Source: Sendable {
        /// What tensors are called there, by their names here, where these differ.
        package var names: [String: String] = [:]
        /// The axis of the filters, by names here, where it is not the first as here.
        package var filterAxes: [String: Int] = [:]
    }
}

/// What a model is imported for, and what of it is chosen by hand.
package struct ImportOptions: Sendable {
    /// The shape of one example of the data.
    package var exampleShape: [Int]
    package var takesTokens = false
    /// The data's number of classes; nil where targets are real numbers.
    package var classes: Int?
    /// Whether targets that are real numbers are zeros and ones.
    package var hasBinaryTargets = false
    /// Nil for what suits the model and the data.
    package var loss: Loss?
    /// Patterns of names: θ is these tensors; empty for those that the rule gives.
    package var parameters: [String] = []
    /// Patterns of names that are no part of θ.
    package var frozen: [String] = []
    /// Whether a model whose θ is known not to be the module's is refused.
    package var isStrict = false
    package init(exampleShape: [Int]) { self.exampleShape = exampleShape }
}
