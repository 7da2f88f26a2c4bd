import Autodiff
import Foundation

/// An architecture fitted to data: its tensors, and its graph for any size of batch.
public struct Network: Sendable {
    /// The name as it was given, such as `mlp:64-32-10`.
    public let specification: String
    /// Choices of activation and normalisation.
    public let options: NetworkOptions
    /// The shape of one example: [C, H, W] for images, [D] for numbers, [T] for tokens.
    public let inputShape: [Int]
    /// Whether inputs are tokens (integers) and not real numbers.
    public let takesTokens: Bool
    /// Numbers that it gives for an example: classes, or targets of a regression.
    public let outputs: Int
    /// Where each parameter lies in θ.
    public let parameters: ParameterLayout
    /// Where each buffer lies in the vector of buffers, such as running means and variances.
    public let buffers: ParameterLayout
    private let architecture: Architecture
    /// One more than the largest token; `nil` where it takes no tokens, or does not say.
    public var vocabulary: Int? { architecture.vocabulary }
    /// The largest sensible batch, for graphs that grow with it; `nil` where the graph does not.
    public var largestBatch: Int? { architecture.largestBatch }

    /// The network of a name, for examples of a shape.
    ///
    /// - Parameters:
    ///   - specification: one of the forms in `Architecture.names`.
    ///   - outputs: numbers for an example; for `mlp` they must equal its last width.
    /// - Throws: `NetworkError` where the name or an option is unknown, where model and data do not fit, and where four
    ///   vectors of θ's length would not fit in the machine's memory.
    public init(
        _ specification: String, inputShape: [Int], takesTokens: Bool = false, outputs: Int,
        options: NetworkOptions = .init()
    ) throws(NetworkError) {
        let architecture = try Architecture(specification, inputShape: inputShape, outputs: outputs)
        try OfferedOptions(of: specification).check(options, of: specification)
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
    ///
    /// - Parameter specification: the name that messages and results give it.
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

    /// The same network with outputs (z − z̄)/‖z − z̄‖₂, z̄ the mean of an example's outputs.
    ///
    /// It takes the scale of the logits, which shrinks sharpness by itself, out of every measure (Andriushchenko et al.
    /// 2023, arXiv 2302.07011). The norm is at least 1e-10, as there.
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
        /// The graph that they belong to.
        public let graph: Graph
        /// The input, [n, …input shape], images N×C×H×W.
        public let input: Value
        /// Parameters and buffers, in the order of the network's layouts.
        public let parameters: [Value], buffers: [Value]
        /// For each buffer, this batch's own statistic where the mode is `.batch`; `nil` where there is none.
        public let statistics: [Value?]
        /// The outputs, [n, outputs].
        public let output: Value
        /// The fewest values of a channel that a statistic of the batch is of; `nil` where there is none.
        let fewestValues: Int?
    }

    /// Adds the network, for a batch of this many examples, to a graph.
    ///
    /// - Precondition: the architecture gives [batch, outputs].
    public func build(in graph: Graph, batch: Int, batchNorm: BatchNormMode) -> Built {
        let builder = NetworkBuilder(graph, batchNorm, options)
        let x = graph.input("x", TensorType([batch] + inputShape, takesTokens ? .index : .real), .data)
        let output = architecture.apply(builder, x)
        precondition(
            output.shape == [batch, outputs], "\(specification) gives \(output.shape), expected \([batch, outputs])")
        return Built(
            graph: graph, input: x, parameters: builder.parameters.map(\.value), buffers: builder.buffers.map(\.value),
            statistics: builder.buffers.map { builder.statistics[$0.specification.name] }, output: output,
            fewestValues: builder.fewestValues)
    }

    /// Whether a batch of one example gives batch normalisation one value a channel, which has no variance.
    public var needsTwoExamples: Bool {
        !buffers.tensors.isEmpty && build(in: Graph(), batch: 1, batchNorm: .batch).fewestValues == 1
    }
}
