import ArrayFiles
import Essentials
import Foundation
import Networks

/// The checkpoints of one training in a folder, in the order of their steps.
public struct CheckpointFolder {
    /// A checkpoint that was read.
    public struct Entry {
        /// Of its file.
        public let path: String
        /// What it holds.
        public let model: Model
        /// Optimiser steps; of imported checkpoints that record none, the number in the file's name.
        public let step: Int
    }

    /// Of the folder.
    public let path: String
    /// Steps ascend.
    public let models: [Entry]
    /// Files that were passed over, and why.
    public let ignored: [(path: String, reason: String)]

    /// The steps of checkpoints: those that they record, and of imported ones that record none, the numbers in their files' names.
    public static func steps(of paths: [String], _ metadata: [CheckpointMetadata]) -> [Int] {
        var steps = metadata.map(\.step)
        let unrecorded = metadata.indices.filter { metadata[$0].training == nil && steps[$0] == 0 }
        for (index, step) in zip(unrecorded, StepNumbers.steps(of: unrecorded.map { paths[$0] })) {
            steps[index] = step ?? 0
        }
        return steps
    }

    /// Reads all `.bin` files of a folder that have the same tensors as the last of them by step (or as `layout`), one of each
    /// step.
    ///
    /// - Throws: `ModelError.noCheckpoints` where there are none, `otherCheckpoints` where none has the tensors; errors of reading a damaged file.
    public init(_ folder: String, layout: ParameterLayout? = nil) throws {
        guard RandomAccessFile.isFolder(folder) else {
            throw ModelError.noFolder(folder)
        }
        let names = ((try? FilePath.names(in: folder)) ?? []).filter {
            $0.hasSuffix(".bin")
        }
        guard !names.isEmpty else { throw ModelError.noCheckpoints(folder: folder) }
        let read = try names.sorted().map { name in
            let path = (folder as NSString).appendingPathComponent(name)
            return (path: path, model: try Model.open(path))
        }
        let steps = Self.steps(of: read.map(\.path), read.map(\.model.metadata))
        // Names of epochs sort like the epochs; of equal steps the shorter name, the final one, is kept.
        let found = read.indices.map { index in
            let (path, model) = read[index]
            return Entry(path: path, model: model, step: steps[index])
        }.sorted { ($0.step, $0.path.count, $0.path) < ($1.step, $1.path.count, $1.path) }
        let wanted = layout ?? found.last!.model.network.parameters
        var models: [Entry] = [], ignored: [(path: String, reason: String)] = []
        for entry in found {
            if entry.model.network.parameters != wanted {
                ignored.append((entry.path, "it holds other tensors (\(entry.model.metadata.model))"))
            } else if let same = models.last, same.step == entry.step {
                ignored.append((entry.path, "it has the same step as \((same.path as NSString).lastPathComponent)"))
            } else {
                models.append(entry)
            }
        }
        guard !models.isEmpty else { throw ModelError.otherCheckpoints(folder: folder, reason: ignored[0].reason) }
        (path, self.models, self.ignored) = (folder, models, ignored)
    }
}
