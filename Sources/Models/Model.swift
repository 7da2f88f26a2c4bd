import ArrayFiles
import Datasets
import Essentials
import Networks
import ONNX
import Tensors

/// A checkpoint made ready for work: its network, θ, buffers, loss and data.
public struct Model: Sendable {
    /// The architecture, or the graph that was imported, fitted to the data.
    public let network: Network
    /// θ as it was read, which takes half of the memory where it is in Float32.
    package let weights: StoredVector
    /// Running statistics, in the order of the network's buffers.
    public let buffers: [Double]
    /// What was minimised, label smoothing included; analyses look at this loss.
    public let loss: Loss
    /// What the checkpoint says of itself.
    public let metadata: CheckpointMetadata

    /// θ, in the order of the network's layout.
    public var theta: [Double] { weights.vector }

    /// The model that a checkpoint holds.
    ///
    /// - Throws: `ModelError`, `NetworkError` or `CheckpointError` where the metadata make no model, or tensors are missing,
    ///   left over or of another shape than the model's.
    public init(_ checkpoint: Checkpoint) throws {
        try self.init(checkpoint.metadata) { network in
            (
                StoredVector(try checkpoint.theta(matching: network.parameters)),
                try network.buffers.tensors.flatMap { try checkpoint.buffer($0.name, shape: $0.shape) }
            )
        }
    }

    /// - Parameter numbers: gives θ and the buffers of the network that the metadata describe.
    private init(
        _ metadata: CheckpointMetadata, numbers: (Network) throws -> (weights: StoredVector, buffers: [Double])
    ) throws {
        let data = metadata.data
        let size = data.exampleShape.reduce(1.0) { $0 * Double($1) }
        let inputs =
            data.inputs ?? [
                NetworkInput(
                    name: data.roles?.inputs.first?.name ?? "x", shape: data.exampleShape,
                    takesTokens: data.takesTokens ?? false)
            ]
        let largest = inputs.map { $0.shape.reduce(1.0) { $0 * Double($1) } }.max() ?? size
        guard data.exampleShape.allSatisfy({ $0 > 0 }), max(size, largest) <= Self.largestExample else {
            throw ModelError.damagedCheckpoint("examples of shape \(data.exampleShape)")
        }
        guard data.outputs > 0, Double(data.outputs) <= Self.largestExample else {
            throw ModelError.damagedCheckpoint("\(data.outputs) outputs")
        }
        if let description = metadata.other[OperatorGraph.metadataKey] {
            network = try Network(
                operatorGraph: description, trials: metadata.other[TrialBuilds.metadataKey], name: metadata.model,
                inputs: inputs)
            guard network.outputs == data.outputs else {
                throw ModelError.damagedCheckpoint(
                    "\(data.outputs) outputs of a model that gives \(network.outputs)")
            }
        } else {
            network = try Network(
                canonical: metadata.model, inputShape: data.exampleShape, takesTokens: data.takesTokens ?? false,
                outputs: data.outputs)
        }
        loss = try Loss(specification: metadata.loss)
        (weights, buffers) = try numbers(network)
        self.metadata = metadata
    }

    /// A model from its parts, such as one that was trained in this program.
    ///
    /// - Parameters:
    ///   - theta: θ, in the order of the network's layout.
    ///   - buffers: running statistics, in the order of the network's buffers.
    /// - Precondition: as many numbers as the network has.
    public init(_ network: Network, theta: [Double], buffers: [Double], loss: Loss, metadata: CheckpointMetadata) {
        precondition(
            theta.count == network.parameters.count && buffers.count == network.buffers.count,
            "\(theta.count) parameters and \(buffers.count) buffers for a network of \(network.parameters.count) and \(network.buffers.count)"
        )
        (self.network, weights, self.buffers, self.loss, self.metadata) = (
            network, StoredVector(theta), buffers, loss, metadata
        )
    }

    /// Reads and verifies a checkpoint's file. No more than θ and the buffers is in memory at a time.
    ///
    /// - Throws: `FileError` where it cannot be read, is damaged, or has more parameters than memory has room for, and what `init` throws.
    public static func open(_ path: String) throws -> Model {
        let (file, summary) = try Checkpoint.naming(path) { () throws(FileError) in
            let file = try SafetensorsFile(path)
            let summary = try FileError.in(path) { () throws(CheckpointError) in
                try CheckpointSummary(file.entries, file.metadata)
            }
            let bytes = summary.parameterCount.multipliedReportingOverflow(by: 8)
            guard !bytes.overflow, bytes.partialValue <= MachineMemory.usable else {
                throw .tooLarge(path: path, bytes: bytes.partialValue, limit: MachineMemory.usable)
            }
            return (file, summary)
        }
        var metadata = summary.metadata
        metadata.place.folder = FilePath.folder(of: path)
        return try Model(metadata) { try summary.numbers(of: $0, in: file, path) }
    }

    /// What `init` reads; an optimiser's state is no part of it.
    public var checkpoint: Checkpoint {
        Self.checkpoint(network, theta: theta, buffers: buffers, metadata: metadata)
    }

    /// Replaces the checkpoint at `path`, atomically.
    ///
    /// - Throws: `FileError` where it cannot be written.
    public func write(to path: String) throws(FileError) { try checkpoint.write(to: path) }

    /// Numbers of an example beyond which a checkpoint is taken for damaged.
    private static let largestExample = 1e9

    /// The data that the model was trained on.
    ///
    /// They are looked for where they lay from the checkpoint when it was written, as they are named from the current
    /// folder, and beside the checkpoint.
    ///
    /// - Throws: `DatasetError` where the checkpoint names no data; `ModelError.dataMissing` where they are at none of
    ///   these places.
    public var dataSpecification: DataSpecification { get throws { try locatedData.specification } }

    /// The same with what to say of their place.
    package var locatedData: CheckpointMetadata.LocatedData {
        get throws {
            guard let located = try metadata.locatedData() else {
                throw ModelError.dataMissing(data: metadata.data.specification, folder: metadata.place.folder)
            }
            return located
        }
    }

    /// Examples as the model saw them.
    ///
    /// - Standardisation of the training is applied to any data, also to other than it was trained on.
    /// - Label noise is applied to the training split of its own data only: analyses of training loss see the labels that
    ///   were learnt. The test split and other data keep their labels.
    /// - Where it was trained on the first examples alone, its training split is those.
    ///
    /// - Parameters:
    ///   - specification: other data than it was trained on; nil for its own.
    ///   - examples: only the first so many; nil for all.
    ///   - memory: bytes within which files are read, as `FileContent.memory`; nil for what the machine has.
    /// - Throws: `DatasetError` where there are no such data; `ModelError` where they are not what the model takes.
    public func dataset(
        _ split: Split = .train, _ specification: DataSpecification? = nil, examples: Int? = nil, memory: Int? = nil
    ) throws -> Dataset {
        let own = try? dataSpecification
        // Its own data may be named on the command line, too.
        let isOwn = specification == nil || specification?.absolute == own?.absolute
        var data = try FileContent.$memory.withValue(memory ?? FileContent.memory) {
            try (specification ?? dataSpecification).load(split, metadata.data.roles ?? DataRoles())
        }
        let remarks = data.remarks
        if !network.takesTokens { data = data.withoutTokens }
        if isOwn, split == .train {
            guard data.count >= metadata.data.trainingExamples else {
                throw ModelError.dataChanged(
                    data: data.name, expected: metadata.data.trainingExamples, found: data.count)
            }
            data = try data.prefix(metadata.data.trainingExamples)
            if let noise = metadata.data.labelNoise {
                data = try data.withLabelNoise(noise, seed: metadata.data.labelNoiseSeed ?? metadata.seed)
            }
        }
        guard ShapeAgreement.agree(data.exampleShape, network.inputShape) else {
            throw ModelError.exampleShapeMismatch(
                model: metadata.model, expected: network.inputShape, data: data.name, found: data.exampleShape)
        }
        data = data.takingLabelsAsNumbers(for: loss, outputs: network.outputs)
        // Standardising is done example by example, so the prefix may come first.
        if let examples { data = try data.prefix(examples) }
        if let standardization = metadata.data.standardization {
            data = try data.standardized(
                by: Standardization(checking: standardization.mean, standardization.deviation))
        }
        data.remarks = remarks
        return data
    }

    /// - Parameters:
    ///   - other: another model, and what it is called.
    ///   - name: what this one is called.
    /// - Throws: `UnusableRequest` where the other has other tensors.
    public func checkTensors(of other: Model, _ path: String, as name: String) throws(UnusableRequest) {
        guard other.network.parameters == network.parameters else {
            throw UnusableRequest(
                "\(path) is \(other.metadata.model), expected the tensors of \(name): \(metadata.model)")
        }
    }

    /// The checkpoint of this network at numbers that were made of trained ones. No training goes on from it.
    ///
    /// - Parameters:
    ///   - derivation: what it is, such as `aligned`.
    ///   - step: its step; nil for the model's.
    ///   - precision: of its tensors; nil for the model's.
    public func derived(
        as derivation: String, theta: [Double], buffers: [Double], step: Int? = nil, precision: Precision? = nil
    ) -> Checkpoint {
        var metadata = metadata
        metadata.training?.derivation = derivation
        if let step { metadata.step = step }
        if let precision { metadata.precision = precision }
        return Self.checkpoint(network, theta: theta, buffers: buffers, metadata: metadata)
    }

    /// The checkpoint of a network with these numbers: what `init` reads. Tensors are in the metadata's precision.
    public static func checkpoint(
        _ network: Network, theta: [Double], buffers: [Double], metadata: CheckpointMetadata
    ) -> Checkpoint {
        func tensors(_ layout: ParameterLayout, _ values: [Double]) -> [NamedArray] {
            precondition(values.count == layout.count, "\(values.count) numbers for a layout of \(layout.count)")
            return layout.tensors.enumerated().map { index, tensor in
                NamedArray(
                    name: tensor.name, values: Array(values[layout.range(index)]), shape: tensor.shape,
                    precision: metadata.precision)
            }
        }
        return Checkpoint(
            parameters: tensors(network.parameters, theta), buffers: tensors(network.buffers, buffers),
            metadata: metadata)
    }
}

extension Standardization {
    /// Of a checkpoint, whose lists may differ in length.
    fileprivate init(checking mean: [Double], _ deviation: [Double]) throws(ModelError) {
        guard mean.count == deviation.count, deviation.allSatisfy({ $0 > 0 }) else {
            throw .damagedCheckpoint("a standardisation of \(mean.count) means and \(deviation.count) deviations")
        }
        self.init(mean: mean, deviation: deviation)
    }
}
