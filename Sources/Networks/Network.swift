import Autodiff
import Foundation

/// An architecture fitted to data: what its tensors are, and how to build its graph for a batch.
public struct Network: Sendable {
    /// As given and stored, such as `mlp:64-32-10`.
    public let specification: String
    public let options: NetworkOptions
    /// The shape of one example: [C, H, W], [D] or, for tokens, [T].
    public let inputShape: [Int]
    public let takesTokens: Bool
    /// Numbers that it gives for an example.
    public let outputs: Int
    public let parameters: ParameterLayout
    public let buffers: ParameterLayout
    private let architecture: Architecture
    /// Tokens are from 0 to one less than this; nil where it takes none, or does not say.
    public var vocabulary: Int? { architecture.vocabulary }
    /// Examples beyond which a batch should not go, because the graph grows with them; nil where it does not.
    public var largestBatch: Int? { architecture.largestBatch }

    /// - Throws: `NetworkError` where the name is unknown, or model and data do not fit.
    public init(
        _ specification: String, inputShape: [Int], takesTokens: Bool = false, outputs: Int,
        options: NetworkOptions = .init()
    ) throws(NetworkError) {
        let architecture = try Architecture(specification, inputShape: inputShape, outputs: outputs)
        guard takesTokens == (architecture.vocabulary != nil) else {
            throw takesTokens ? .takesNoTokens(model: specification) : .takesTokens(model: specification)
        }
        self.init(
            architecture, specification: specification,
            inputShape: inputShape, takesTokens: takesTokens, outputs: outputs, options: options)
        guard parameters.count <= Self.mostParameters else {
            throw .tooLarge(model: specification, parameters: parameters.count, limit: Self.mostParameters)
        }
    }

    /// Whether the architecture of this name takes tokens.
    public static func takesTokens(_ specification: String) -> Bool {
        specification.prefix { $0 != ":" && $0 != ";" } == "transformer"
    }

    /// θ, a gradient and an optimiser's two vectors in Float64 fit in memory.
    private static let mostParameters = Int(clamping: ProcessInfo.processInfo.physicalMemory / (4 * 8))

    /// A network of an architecture given as code.
    public init(
        _ architecture: Architecture, specification: String, inputShape: [Int], takesTokens: Bool = false, outputs: Int,
        options: NetworkOptions = .init()
    ) {
        self.specification = specification
        self.options = options
        self.inputShape = inputShape
        self.takesTokens = takesTokens
        self.outputs = outputs
        self.architecture = architecture
        let builder = NetworkBuilder(Graph(), .stored, options)
        let x = builder.graph.input("x", TensorType([1] + inputShape, takesTokens ? .index : .real), .data)
        _ = architecture.apply(builder, x)
        parameters = ParameterLayout(builder.parameters.map(\.specification))
        buffers = ParameterLayout(builder.buffers.map(\.specification))
    }

    /// A network of an architecture given as code whose tensors are known, so that it need not be built to find them.
    package init(
        _ architecture: Architecture, specification: String, inputShape: [Int], takesTokens: Bool, outputs: Int,
        parameters: ParameterLayout, buffers: ParameterLayout
    ) {
        self.specification = specification
        options = .init()
        self.inputShape = inputShape
        self.takesTokens = takesTokens
        self.outputs = outputs
        self.architecture = architecture
        self.parameters = parameters
        self.buffers = buffers
    }

    /// The same network with outputs (z − z̄)/‖z − z̄‖₂, z̄ the mean of an example's outputs, as Andriushchenko et al. 2023
    /// (arXiv 2302.07011) measure: the scale of the logits, which shrinks sharpness by itself, drops out.
    public func normalizingLogits() -> Network {
        let architecture = self.architecture
        return Network(
            Architecture(vocabulary: vocabulary, largestBatch: largestBatch) { builder, x in
                let z = architecture.apply(builder, x)
                let centered = z - z.mean([1])
                let square = centered.squared().sum([1])
                // Their floor of the norm is 1e-10.
                return centered / square.maximum(builder.graph.constant(1e-20, shape: square.shape)).sqrt()
            }, specification: specification, inputShape: inputShape, takesTokens: takesTokens, outputs: outputs,
            options: options)
    }

    /// A network's values in a graph, for one size of batch.
    public struct Built {
        public let graph: Graph
        /// [n, …input shape].
        public let input: Value
        /// In the order of the layouts.
        public let parameters: [Value], buffers: [Value]
        /// For each buffer, this batch's own statistic where the mode is `.batch`, else nil.
        public let statistics: [Value?]
        /// [n, outputs].
        public let output: Value
    }

    /// Adds the network to a graph.
    public func build(in graph: Graph, batch: Int, batchNorm: BatchNormMode) -> Built {
        let builder = NetworkBuilder(graph, batchNorm, options)
        let x = graph.input("x", TensorType([batch] + inputShape, takesTokens ? .index : .real), .data)
        let output = architecture.apply(builder, x)
        precondition(
            output.shape == [batch, outputs], "\(specification) gives \(output.shape), expected \([batch, outputs])")
        return Built(
            graph: graph, input: x, parameters: builder.parameters.map(\.value), buffers: builder.buffers.map(\.value),
            statistics: builder.buffers.map { builder.statistics[$0.specification.name] }, output: output)
    }
}
