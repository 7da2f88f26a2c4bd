import Autodiff

/// How normalisation over a batch gets its statistics.
public enum BatchNormMode: String, Sendable, Codable, CaseIterable {
    /// From the stored averages of training (evaluation mode).
    case stored
    /// From the batch itself (training mode).
    case batch
}

/// Builds a network's graph while it records the tensors that the network has: layers declare their parameters as they are
/// applied, so an architecture is one function from input to output.
public final class NetworkBuilder {
    public let graph: Graph
    public let batchNormMode: BatchNormMode
    public let options: NetworkOptions
    public private(set) var parameters: [(specification: TensorSpecification, value: Value)] = []
    public private(set) var buffers: [(specification: TensorSpecification, value: Value)] = []
    /// For each buffer that training averages: the statistic of this batch, under the buffer's name.
    private(set) var statistics: [String: Value] = [:]
    private var scope: [String] = []

    public init(_ graph: Graph, _ mode: BatchNormMode, _ options: NetworkOptions) {
        (self.graph, batchNormMode, self.options) = (graph, mode, options)
    }

    /// Prefixes the names of all tensors declared within.
    public func scoped<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        scope.append(name)
        defer { scope.removeLast() }
        return try body()
    }

    private func fullName(_ name: String) -> String { (scope + [name]).joined(separator: ".") }

    /// Declares a part of θ, under the names of the scopes it is in.
    public func parameter(_ name: String, _ shape: [Int], _ initialization: Initialization) -> Value {
        let specification = TensorSpecification(fullName(name), shape, initialization)
        let value = graph.input(specification.name, TensorType(shape), .parameters)
        parameters.append((specification, value))
        return value
    }

    /// Declares a tensor that is kept beside θ.
    public func buffer(_ name: String, _ shape: [Int], _ initial: Double) -> Value {
        let specification = TensorSpecification(fullName(name), shape, .constant(initial))
        let value = graph.input(specification.name, TensorType(shape), .parameters)
        buffers.append((specification, value))
        return value
    }

    /// States what this batch gives for a buffer that training averages.
    public func record(_ statistic: Value, forBuffer name: String) { statistics[fullName(name)] = statistic }
}

/// Choices that several architectures offer.
public struct NetworkOptions: Sendable, Hashable, Codable {
    public enum Activation: String, Sendable, Codable, CaseIterable { case relu, gelu, tanh, silu }
    public enum Normalization: String, Sendable, Codable, CaseIterable { case batch, layer, group, none }

    /// Nil for the architecture's own.
    public var activation: Activation?
    public var normalization: Normalization?

    public init(activation: Activation? = nil, normalization: Normalization? = nil) {
        (self.activation, self.normalization) = (activation, normalization)
    }
}
