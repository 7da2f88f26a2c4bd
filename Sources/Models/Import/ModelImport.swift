import ArrayFiles
import Datasets
import Essentials
import Foundation
import Networks
import ONNX
import Tensors

/// How a model that was trained elsewhere becomes a checkpoint: what it is, which data it is for, and what of it is chosen by hand.
///
/// ```swift
/// let imported = try ModelImport(.graph("model.onnx"), data: .npy(inputs: "x.npy", targets: "y.npy")).run()
/// try imported.checkpoint.write(to: "ckpt.bin")
/// ```
public struct ModelImport: Sendable {
    /// What a model trained elsewhere consists of.
    public enum Source: Sendable, Equatable {
        /// The path of an ONNX file, and that of a state dictionary whose tensors take the place of the file's own; nil for its own.
        case graph(String, weights: String? = nil)
        /// The path of a state dictionary, and the architecture that it is of, such as `resnet20:B;activation=tanh`.
        case weights(String, of: String)
    }

    /// The model's files.
    public var source: Source
    /// The data that the model is for.
    public var data: DataSpecification
    /// The loss, label smoothing included; nil for what suits the data, and for a graph its last operator.
    public var loss: Loss?
    /// The share of each label that is spread over all classes; of a cross-entropy.
    public var labelSmoothing = 0.0
    /// The output of a graph that the loss is computed of; of an output that is the loss, the one through which alone parameters reach
    /// it, which Gauss–Newton products need.
    public var prediction: String?
    /// The name of the array of targets, for data of named arrays; nil for `labels`, `targets` or `y`.
    public var target: String?
    /// Examples of a batch, for an output that is a loss of a batch and no mean over its examples.
    public var batchSize: Int?
    /// How inputs are brought to a common scale; by default they are not.
    public var standardization = InputStandardization.none
    /// What tensors are stored in; nil for Float32, or for Float64 where a graph has parameters in it.
    public var precision: Precision?
    /// Of everything random in later work with the checkpoint.
    public var seed: UInt64 = 0
    /// For a graph: patterns of names of what θ is; empty for the rule of docs/onnx.md.
    public var parameters: [String] = []
    /// For a graph: patterns of names that are no part of θ.
    public var frozen: [String] = []
    /// For a graph with weights: the path of a PEFT adapter, file or folder, whose tensors are laid over those weights.
    public var adapter: String?
    /// Optimiser steps taken so far, where they are known.
    public var step = 0
    /// A digest of what the checkpoint is made of, for `ImportSeries`.
    var origin: String?
    /// For a graph: whether one whose θ is known not to be the module's is refused.
    public var isStrict = false
    /// The version of the program that imports, kept in the checkpoint.
    public var tool: String?

    /// An import with the defaults.
    public init(_ source: Source, data: DataSpecification) {
        (self.source, self.data) = (source, data)
    }

    /// Reads the files and makes the checkpoint.
    ///
    /// - Parameter prepared: the data where they are loaded already; nil to load them.
    /// - Throws: `FileError`, where a file cannot be read or holds no such model; `ModelError`, where weights do not fit; `NetworkError`,
    ///   `DatasetError` and `DataMismatch`, where model and data do not.
    public func run(_ prepared: PreparedData? = nil) throws -> ImportedCheckpoint { try run(prepared, graph: nil) }

    /// - Parameter graph: the graph's file where it is read already.
    func run(_ prepared: PreparedData?, graph: ONNXFile?) throws -> ImportedCheckpoint {
        switch source {
        case .graph(let path, let weights): try importGraph(path, graph, weights: weights, prepared)
        case .weights(let path, let model): try importWeights(path, of: model, prepared)
        }
    }

    /// The data, prepared as the checkpoint will record it.
    func preparation(keepsTokens: Bool) -> DataPreparation {
        var preparation = DataPreparation(data)
        preparation.standardization = standardization
        preparation.keepsTokens = keepsTokens
        preparation.roles.target = target
        if let loss { preparation.roles.ignoreIndex = loss.ignoreIndex }
        return preparation
    }

    /// Refuses a file that holds neither weights nor a model that can be read, and says what to export instead.
    ///
    /// - Throws: `FileError` where there is no such file or it is empty, `.malformed` with `PyTorchError.notWeights`.
    public static func checkImportable(_ path: String) throws(FileError) {
        guard FilePath.exists(path) else { throw .missing(path: path) }
        if RandomAccessFile.isRegular(path), try RandomAccessFile(path).size == 0 { throw .empty(path: path) }
        if let kind = FileKind.of(path), !kind.isImportable, kind != .json {
            throw .malformed(path: path, problem: PyTorchError.notWeights(kind))
        }
    }

    /// A checkpoint of this program can be imported, too; its optimiser's moments are no weights.
    static func weights(of file: StateDictionary) -> [NamedArray] {
        guard let container = file.safetensors, let own = try? Checkpoint(container) else { return file.tensors }
        return own.parameters + own.buffers
    }
}

/// A checkpoint of a model that was trained elsewhere, and what a user should know of it.
public struct ImportedCheckpoint: Sendable {
    /// Without a training record.
    public let checkpoint: Checkpoint
    /// How often each operator of a graph occurs, by name; empty for an architecture of this program.
    public let operators: [(name: String, count: Int)]
    /// How the files were read, one line each.
    public let notes: [String]
}
