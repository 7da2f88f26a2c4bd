import Autodiff
import Foundation

/// An architecture fitted to data: its tensors, and its graph for any size of batch.
public struct Network: Sendable {
    /// The name as it was given, such as `mlp:64-32-10`.
    public let specification: String
    /// Choices of activation and normalisation.
    public let options: NetworkOptions
    /// What it takes of an example; one input for all networks but imported graphs.
    public let inputs: [NetworkInput]
    /// The shape of what it gives for an example: [K] for K classes, [T, K] for the classes of T tokens, [K, H, W] for those of pixels.
    public let outputShape: [Int]
    /// Whether its output is one number for a whole batch, such as the loss of a contrastive training; [1, 1] for any batch then.
    public let givesOneForBatch: Bool
    /// Whether it says through what parameters reach the loss that it gives.
    package let hasPrediction: Bool
    /// Where each parameter lies in θ.
    public let parameters: ParameterLayout
    /// Where each buffer lies in the vector of buffers, such as running means and variances.
    public let buffers: ParameterLayout
    let architecture: Architecture
    /// The shape of one example of the first input: [C, H, W] for images, [D] for numbers, [T] for tokens.
    public var inputShape: [Int] { inputs[0].shape }
    /// Whether the first input is tokens (integers) and not real numbers.
    public var takesTokens: Bool { inputs[0].takesTokens }
    /// Numbers that it gives for an example: classes, or targets of a regression.
    public var outputs: Int { outputShape.reduce(1, *) }
    /// Whether it gives one row of numbers for an example.
    package var givesRow: Bool { outputShape.isRow }
    /// Whether it can be built for a batch of this many examples. All can but graphs that give one number for a batch.
    package func canBuild(batch: Int) -> Bool { batch == onlyBatch ?? batch && architecture.canBuild(batch) }
    /// The one batch that a graph which gives one number for a batch was exported for; `nil` where others will do.
    package var onlyBatch: Int? { architecture.onlyBatch }
    /// One more than the largest token; `nil` where it takes no tokens, or does not say.
    public var vocabulary: Int? { architecture.vocabulary }
    /// The same for each input.
    package var vocabularies: [Int?] { architecture.vocabularies }
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

    /// The outputs that the name of an architecture says, such as `mlp:64-32-10`; `nil` where data decide.
    package static func statedOutputs(of specification: String) -> Int? {
        let name = specification.prefix { $0 != ";" }
        return name.hasPrefix("mlp:") ? name.split(separator: "-").last.flatMap { Int($0) } : nil
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
        inputs = [NetworkInput(name: "x", shape: inputShape, takesTokens: takesTokens)]
        outputShape = [outputs]
        givesOneForBatch = false
        self.architecture = architecture
        let builder = NetworkBuilder(Graph(), .stored, options)
        let output = architecture.apply(builder, inputs.map { $0.value(in: builder.graph, batch: 1) })
        hasPrediction = !output.predictions.isEmpty
        parameters = ParameterLayout(builder.parameters.map(\.specification))
        buffers = ParameterLayout(builder.buffers.map(\.specification))
    }

    /// A network of an architecture given as code whose tensors are known, so that it need not be built to find them.
    package init(
        _ architecture: Architecture, specification: String, inputs: [NetworkInput], outputShape: [Int],
        givesOneForBatch: Bool = false, hasPrediction: Bool = false, options: NetworkOptions = .init(),
        parameters: ParameterLayout, buffers: ParameterLayout
    ) {
        self.specification = specification
        self.options = options
        self.inputs = inputs
        self.outputShape = outputShape
        self.givesOneForBatch = givesOneForBatch
        self.hasPrediction = hasPrediction
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
            Architecture(
                vocabularies: vocabularies, largestBatch: largestBatch,
                applyingAll: { builder, x in
                    let z = architecture.apply(builder, x).output
                    let centered = z - z.mean([1])
                    let square = centered.squared().sum([1])
                    // Their floor of the norm is 1e-10.
                    return NetworkOutput(
                        centered / square.maximum(builder.graph.constant(1e-20, shape: square.shape)).sqrt())
                }), specification: specification, inputs: inputs, outputShape: outputShape, options: options,
            parameters: parameters, buffers: buffers)
    }

    /// The same network for what it computes on the way: its predictions are these values of its parameters and its output. What it gives itself, one
    /// number for an example, means nothing.
    func predicting(_ values: @escaping @Sendable (_ parameters: [Value], _ output: Value) -> [Value]) -> Network {
        let architecture = self.architecture
        return Network(
            Architecture(
                vocabularies: vocabularies, largestBatch: largestBatch, onlyBatch: onlyBatch,
                canBuild: architecture.canBuild
            ) { builder, x in
                let output = architecture.apply(builder, x).output
                return NetworkOutput(
                    builder.graph.constant(0, shape: [x[0].shape[0], 1]),
                    predictions: values(builder.parameters.map(\.value), output))
            }, specification: specification, inputs: inputs, outputShape: [1], hasPrediction: true, options: options,
            parameters: parameters, buffers: buffers)
    }

    /// A network's values in a graph, for one size of batch.
    public struct Built {
        /// The graph that they belong to.
        public let graph: Graph
        /// The inputs, each [n, …input shape], images N×C×H×W.
        public let inputs: [Value]
        /// Parameters and buffers, in the order of the network's layouts.
        public let parameters: [Value], buffers: [Value]
        /// For each buffer, this batch's own statistic where the mode is `.batch`; `nil` where there is none.
        public let statistics: [Value?]
        /// The outputs, [n, outputs].
        public let output: Value
        /// Of a network whose output is a loss, what parameters reach it through alone, [n, …] each; empty where that is not known.
        public let predictions: [Value]
        /// The first input.
        public var input: Value { inputs[0] }
        /// The fewest values of a channel that a statistic of the batch is of; `nil` where there is none.
        let fewestValues: Int?
        /// The names of parameters that are the scale or the shift of a normalisation layer.
        let normalizationParameters: Set<String>
    }

    /// Adds the network, for a batch of this many examples, to a graph.
    ///
    /// - Precondition: the architecture gives [batch, outputs].
    public func build(in graph: Graph, batch: Int, batchNorm: BatchNormMode) -> Built {
        let builder = NetworkBuilder(graph, batchNorm, options)
        let x = inputs.map { $0.value(in: graph, batch: batch) }
        let result = architecture.apply(builder, x), expected = [givesOneForBatch ? 1 : batch, outputs]
        precondition(
            result.output.shape == expected, "\(specification) gives \(result.output.shape), expected \(expected)")
        return Built(
            graph: graph, inputs: x, parameters: builder.parameters.map(\.value),
            buffers: builder.buffers.map(\.value),
            statistics: builder.buffers.map { builder.statistics[$0.specification.name] }, output: result.output,
            predictions: result.predictions, fewestValues: builder.fewestValues,
            normalizationParameters: builder.normalizationParameters)
    }

    /// Whether a batch of one example gives batch normalisation one value a channel, which has no variance.
    public var needsTwoExamples: Bool {
        !buffers.tensors.isEmpty
            && build(in: Graph(), batch: onlyBatch ?? 1, batchNorm: .batch).fewestValues == 1
    }

    /// The names of the parameters that are the scale or the shift of a normalisation layer: of batch, layer and group normalisation,
    /// and of ONNX's operators for normalisation. Layers that an ONNX graph has in other operators' words are not found.
    public var normalizationParameters: Set<String> {
        build(in: Graph(), batch: onlyBatch ?? 1, batchNorm: .stored).normalizationParameters
    }
}

extension [Int] {
    /// Whether numbers of this shape are one row, whatever extents of 1 there are.
    var isRow: Bool { filter { $0 > 1 }.count <= 1 }
}

/// One of the arrays that a network takes for an example.
public struct NetworkInput: Sendable, Hashable, Codable {
    /// As the graph calls it, and data of several arrays.
    public let name: String
    /// Of one example: [C, H, W] for images, [D] for numbers, [T] for tokens, [] for one number.
    public let shape: [Int]
    /// Whether it is whole numbers from 0, such as tokens, and not real numbers.
    public let takesTokens: Bool

    /// An input of a name, a shape and a kind.
    public init(name: String, shape: [Int], takesTokens: Bool) {
        (self.name, self.shape, self.takesTokens) = (name, shape, takesTokens)
    }

    /// Numbers of an example.
    public var size: Int { shape.reduce(1, *) }

    /// It as an input of a graph, [batch, …shape].
    package func value(in graph: Graph, batch: Int) -> Value {
        graph.input(name, TensorType([batch] + shape, takesTokens ? .index : .real), .data)
    }
}

/// What an architecture gives for a batch.
package struct NetworkOutput {
    /// [batch, outputs]; [1, 1] where it is one number for the batch.
    package let output: Value
    /// Of a loss: what parameters reach it through alone, [batch, …] each; empty where that is not known.
    package let predictions: [Value]
    /// The output's shape for one example.
    package let shape: [Int]

    /// - Parameter shape: nil for [outputs].
    package init(_ output: Value, predictions: [Value] = [], shape: [Int]? = nil) {
        (self.output, self.predictions, self.shape) = (output, predictions, shape ?? Array(output.shape.dropFirst()))
    }
}
