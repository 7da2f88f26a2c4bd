import Autodiff
import Networks
import Tensors

/// A network, its loss and a derivative of it, compiled for one size of batch.
final class BatchProgram {
    enum Kind: Hashable {
        /// Losses of the examples.
        case value
        /// Losses, and the gradient of their sum.
        case gradient
        /// The Hessian of the sum of losses times a vector.
        case hessian
        /// The Gauss–Newton matrix of the sum of losses times a vector.
        case gaussNewton
        /// The sum over examples of gᵢgᵢᵀ times a vector.
        case empiricalFisher

        /// Whether it multiplies vectors, so that what depends on θ alone serves again.
        var isProduct: Bool { self != .value && self != .gradient }
    }

    let kind: Kind
    let batch: Int
    let executable: Executable
    /// Bytes that it takes to run, one instance counted.
    var bytes: Int { executable.keptBytes + executable.scratchBytes }
    private let network: Network
    private let built: Network.Built
    private let target: Value
    private let tangents: [Value]
    private let losses: Value
    private let correct: Value?
    private let derivative: [Value]

    init(_ network: Network, _ loss: Loss, _ batchNorm: BatchNormMode, _ kind: Kind, batch: Int, _ precision: Precision)
    {
        self.kind = kind
        self.batch = batch
        self.network = network
        let graph = Graph()
        built = network.build(in: graph, batch: batch, batchNorm: batchNorm)
        let type = loss.takesClasses ? TensorType([batch], .index) : TensorType([batch, network.outputs])
        target = graph.input("target", type, .data)
        losses = loss.values(built.output, target: target)
        correct = loss.takesClasses ? built.output.correct(target) : nil
        let total = losses.sum()
        var outputs: [Value] = []
        switch kind {
        case .value, .gradient:
            tangents = []
            derivative = kind == .gradient ? graph.gradient(of: total, at: built.parameters) : []
            outputs = [losses] + (correct.map { [$0] } ?? []) + derivative + built.statistics.compactMap { $0 }
            if kind == .value { outputs.append(built.output) }
        case .hessian, .gaussNewton, .empiricalFisher:
            let (parameters, model) = (built.parameters, built.output)
            tangents = parameters.map { graph.input("v", $0.type, .tangent) }
            derivative =
                switch kind {
                case .hessian: graph.hessianVectorProduct(of: total, at: parameters, along: tangents)
                case .gaussNewton:
                    graph.gaussNewtonVectorProduct(of: total, through: model, at: parameters, along: tangents)
                default:
                    graph.empiricalFisherVectorProduct(of: total, through: model, at: parameters, along: tangents)
                }
            outputs = derivative
        }
        executable = Executable(graph, outputs: outputs, precision: precision)
    }

    /// Where θ, the buffers, v and a batch are read from at every run.
    func bind(
        _ instance: Executable.Instance, theta: Buffer, buffers: Buffer, tangent: Buffer?, inputs: UnsafeRawPointer,
        targets: UnsafeRawPointer
    ) {
        let size = executable.precision.size
        executable.bind(built.input, to: inputs, in: instance)
        executable.bind(target, to: targets, in: instance)
        for (i, parameter) in built.parameters.enumerated() {
            executable.bind(parameter, to: theta.address + network.parameters.offsets[i] * size, in: instance)
            if let tangent, !tangents.isEmpty {
                executable.bind(tangents[i], to: tangent.address + network.parameters.offsets[i] * size, in: instance)
            }
        }
        for (i, buffer) in built.buffers.enumerated() {
            executable.bind(buffer, to: buffers.address + network.buffers.offsets[i] * size, in: instance)
        }
    }

    /// Σ ℓ over the batch, in Float64.
    func lossSum(_ instance: Executable.Instance) -> Double {
        executable.numbers(of: losses, in: instance).reduce(0, +)
    }

    /// How many examples are classified right; nil for regression.
    func correctCount(_ instance: Executable.Instance) -> Double? {
        correct.map { executable.numbers(of: $0, in: instance).reduce(0, +) }
    }

    /// f(x; θ) of the batch, examples × outputs; of a `.value` program.
    func outputs(_ instance: Executable.Instance) -> [Double] { executable.numbers(of: built.output, in: instance) }

    /// Adds the derivative to a sum, in Float64.
    func addDerivative(_ instance: Executable.Instance, to sum: inout [Double]) {
        sum.withUnsafeMutableBufferPointer { sum in
            for (i, value) in derivative.enumerated() {
                let to = sum.baseAddress! + network.parameters.offsets[i], count = value.type.count
                let from = executable.address(of: value, in: instance)
                switch executable.precision {
                case .float:
                    let numbers = from.assumingMemoryBound(to: Float.self)
                    for j in 0..<count { to[j] += Double(numbers[j]) }
                case .double:
                    let numbers = from.assumingMemoryBound(to: Double.self)
                    for j in 0..<count { to[j] += numbers[j] }
                }
            }
        }
    }

    /// The batch's own statistic for each buffer that has one: buffer number and values.
    func statistics(_ instance: Executable.Instance) -> [(buffer: Int, values: [Double])] {
        built.statistics.enumerated().compactMap { i, value in
            value.map { (i, executable.numbers(of: $0, in: instance)) }
        }
    }
}
