import ArrayFiles
import Networks
import Tensors

/// A model at a moment of its training: parameters θ, buffers, the optimiser's state, and how they came about.
///
/// The file is a safetensors file, so any safetensors reader sees the tensors under their names. θ is in PyTorch's
/// names and layout (`fc1.weight` is [out, in], `conv1.weight` is OIHW), and its order is the order of
/// `parameters`.
public struct Checkpoint: Sendable, Equatable {
    /// θ, in the model's order.
    public var parameters: [NamedArray]
    /// What a model keeps but does not train, such as `bn1.running_mean`.
    public var buffers: [NamedArray]
    /// What an optimiser keeps from step to step, such as `momentum.fc1.weight`; in the file these names are
    /// prefixed by `optimizer.`.
    public var optimizerState: [NamedArray]
    /// How the tensors came about.
    public var metadata: CheckpointMetadata

    /// A checkpoint of these tensors.
    public init(
        parameters: [NamedArray], buffers: [NamedArray] = [], optimizerState: [NamedArray] = [],
        metadata: CheckpointMetadata
    ) {
        self.parameters = parameters
        self.buffers = buffers
        self.optimizerState = optimizerState
        self.metadata = metadata
    }

    /// The number of parameters P.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.array.count } }

    /// θ as one vector, tensor behind tensor.
    public var theta: [Double] { parameters.flatMap(\.array.doubles) }

    /// Replaces θ, keeping every tensor's name, shape and type (so Float32 tensors round).
    ///
    /// - Precondition: as many values as parameters.
    public mutating func setTheta(_ values: [Double]) {
        precondition(values.count == parameterCount, "\(values.count) values for \(parameterCount) parameters")
        var start = 0
        parameters = parameters.map { tensor in
            let slice = Array(values[start..<(start + tensor.array.count)])
            start += slice.count
            let precision: Precision = tensor.array.type == .float64 ? .double : .float
            return NamedArray(name: tensor.name, values: slice, shape: tensor.array.shape, precision: precision)
        }
    }

    /// θ as one vector in the order of a model's layout, which must have the same names and shapes.
    ///
    /// - Throws: `CheckpointError` where a tensor is missing, left over or of another shape.
    public func theta(matching layout: ParameterLayout) throws(CheckpointError) -> [Double] {
        // Of a large model, memory that a growing array leaves behind would count.
        var result: [Double] = []
        result.reserveCapacity(layout.count)
        let order = try TensorPlaces(of: layout, in: parameters.map { ($0.name, $0.array.shape) })
        try order.refuseOthers(metadata.model)
        for number in order.numbers { result += parameters[number].array.doubles }
        return result
    }

    /// The numbers of a buffer that a model expects.
    ///
    /// - Throws: `CheckpointError` where there is no such buffer, or it has another shape.
    public func buffer(_ name: String, shape: [Int]) throws(CheckpointError) -> [Double] {
        try Self.values(name, shape, in: buffers)
    }

    /// The numbers of an optimiser's tensor; nil when the checkpoint has none of that name.
    ///
    /// - Throws: `CheckpointError.shapeMismatch` where it has another shape.
    public func optimizerTensor(_ name: String, shape: [Int]) throws(CheckpointError) -> [Double]? {
        guard optimizerState.contains(where: { $0.name == name }) else { return nil }
        return try Self.values(name, shape, in: optimizerState)
    }

    private static func values(
        _ name: String, _ shape: [Int], in tensors: [NamedArray]
    ) throws(CheckpointError) -> [Double] {
        guard let tensor = tensors.first(where: { $0.name == name }) else {
            throw .tensorMissing(name, found: tensors.map(\.name))
        }
        guard tensor.array.shape == shape else {
            throw .shapeMismatch(name, found: tensor.array.shape, expected: shape)
        }
        return tensor.array.doubles
    }
}

extension NamedArray {
    /// Numbers under a name, stored in Float32 or Float64.
    public init(name: String, values: [Double], shape: [Int], precision: Precision) {
        switch precision {
        case .float: self.init(name: name, array: NumericArray(values.map { Float($0) }, shape: shape))
        case .double: self.init(name: name, array: NumericArray(values, shape: shape))
        }
    }
}
