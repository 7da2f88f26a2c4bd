/// A tensor of a model for which a file of weights may hold other numbers, and what is known of it.
package struct WantedTensor {
    /// What an exporter did to a tensor of the module.
    package enum Change {
        /// Nothing, by its name.
        case none
        /// Transposed.
        case transposed
        /// Repeated for each example of a fixed batch.
        case repeated
        /// Something that the file does not tell.
        case unknown
    }

    /// In the model.
    package let name: String
    /// In the model.
    package let shape: [Int]
    /// Whether the weights must have it: a parameter or a running statistic. Others are taken over where a name fits.
    package var isNeeded = true
    /// Whether it is a running statistic of batch normalisation.
    package var isStatistic = false
    /// Whether it is a matrix whose filters are columns, as a folded transposition leaves a linear layer's.
    package var isTransposed = false
    /// Whether an exporter made its name up, so that it is none of the module's.
    package var isMadeUp = false
    /// What was done to it.
    package var change = Change.none
    /// Names that may be meant, by the exporter's notes.
    package var origins: [String] = []
    /// The module that reads it, by the node's name, where the tensor has no name of a module's.
    package var module: String?
    /// Its numbers as they were exported; empty where it was not.
    package var values: [Double] = []

    /// A tensor of which name and shape are known.
    package init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }
}
