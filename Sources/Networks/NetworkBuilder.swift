import Autodiff

/// Where batch normalisation takes its statistics from.
public enum BatchNormMode: String, Sendable, Codable, CaseIterable {
    /// Running averages of training, stored with the network (evaluation mode).
    case stored
    /// The batch itself (training mode).
    case batch
}

/// Builds a network's graph and records its tensors.
///
/// Layers declare their parameters as they are applied, so an architecture is one function from input to output.
public final class NetworkBuilder {
    /// The graph that layers add to.
    public let graph: Graph
    /// Where batch normalisation takes its statistics from.
    public let batchNormMode: BatchNormMode
    /// Choices of activation and normalisation.
    public let options: NetworkOptions
    /// The parameters declared so far, in θ's order.
    public private(set) var parameters: [(specification: TensorSpecification, value: Value)] = []
    /// The buffers declared so far, in order.
    public private(set) var buffers: [(specification: TensorSpecification, value: Value)] = []
    /// For each buffer that training averages, by the buffer's name: the statistic of this batch.
    private(set) var statistics: [String: Value] = [:]
    /// The fewest values of a channel that a statistic of this batch is of; `nil` where there is no such statistic.
    private(set) var fewestValues: Int?
    /// The names of parameters that are the scale or the shift of a normalisation layer.
    private(set) var normalizationParameters: Set<String> = []
    private var scope: [String] = []

    /// A builder that has declared no tensors.
    public init(_ graph: Graph, _ mode: BatchNormMode, _ options: NetworkOptions) {
        (self.graph, batchNormMode, self.options) = (graph, mode, options)
    }

    /// Prefixes the names of all tensors that `body` declares with `name` and a dot.
    ///
    /// - Throws: what `body` throws.
    public func scoped<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        scope.append(name)
        defer { scope.removeLast() }
        return try body()
    }

    private func fullName(_ name: String) -> String { (scope + [name]).joined(separator: ".") }

    /// Declares a tensor of θ, under the names of its scopes.
    ///
    /// - Parameter shape: in PyTorch's layout, filter axis first: [out, in] or [out, in, height, width].
    public func parameter(_ name: String, _ shape: [Int], _ initialization: Initialization) -> Value {
        let specification = TensorSpecification(fullName(name), shape, initialization)
        let value = graph.input(specification.name, TensorType(shape), .parameters)
        parameters.append((specification, value))
        return value
    }

    /// Declares a tensor that is stored beside θ and not differentiated, with every element `initial`.
    public func buffer(_ name: String, _ shape: [Int], _ initial: Double) -> Value {
        let specification = TensorSpecification(fullName(name), shape, .constant(initial))
        let value = graph.input(specification.name, TensorType(shape), .parameters)
        buffers.append((specification, value))
        return value
    }

    /// Says that values are the scale and the shift of a normalisation layer; one that is no parameter says nothing.
    public func noteNormalization(_ values: [Value]) {
        for (specification, value) in parameters where values.contains(value) {
            normalizationParameters.insert(specification.name)
        }
    }

    /// Declares all tensors of another builder on the same graph, under a name.
    func adopt(_ other: NetworkBuilder, as name: String) {
        parameters += other.parameters.map { ($0.specification.named(within: name), $0.value) }
        buffers += other.buffers.map { ($0.specification.named(within: name), $0.value) }
    }

    /// States the statistic of this batch for a buffer that training averages, in the buffer's shape.
    ///
    /// - Parameter count: how many values of each channel it is of.
    public func record(_ statistic: Value, of count: Int, forBuffer name: String) {
        statistics[fullName(name)] = statistic
        fewestValues = min(fewestValues ?? count, count)
    }
}

/// Choices that several architectures offer.
public struct NetworkOptions: Sendable, Hashable, Codable {
    /// Activations: max(x, 0), x Φ(x), tanh x, x σ(x).
    public enum Activation: String, Sendable, Codable, CaseIterable { case relu, gelu, tanh, silu }
    /// Normalisations: over the batch, over each image, over groups of its channels, or none.
    public enum Normalization: String, Sendable, Codable, CaseIterable { case batch, layer, group, none }

    /// The activation; `nil` for the architecture's own.
    public var activation: Activation?
    /// The normalisation; `nil` for the architecture's own.
    public var normalization: Normalization?

    /// Leaves both to the architecture unless they are given.
    public init(activation: Activation? = nil, normalization: Normalization? = nil) {
        (self.activation, self.normalization) = (activation, normalization)
    }
}
