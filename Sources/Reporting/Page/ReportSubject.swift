import Analyses
import ArrayFiles
import Datasets
import Essentials
import Foundation
import Models
import Objectives

/// One checkpoint with everything that a report shows of it. Nothing here is as long as θ.
struct ReportSubject {
    /// As the command line names it, and short, yet unlike the others'.
    let path: String, label: String
    /// How it was trained.
    let metadata: CheckpointMetadata
    /// P.
    let parameters: Int
    /// SHA-256 of the checkpoint's file; nil for what cannot be read twice, such as a pipe.
    let checksum: String?
    /// What its results are of.
    let summary: ModelLoss.Summary
    /// Along one direction and over a plane; nil where the weights leave no direction.
    var line: SliceReport?, plane: SliceReport?
    var sharpness: SharpnessReport, spectrum: SpectrumReport
    /// The path of its training, where a folder of checkpoints was given.
    var trajectory: TrajectoryReport?
    /// Measures beside those that every report has.
    var others: StudyMeasures?

    /// Radius and deviation that measures are compared at.
    let radius: Double
    /// Of each split at most; nil for all.
    let mostExamples: Int?

    /// On the training's examples.
    var context: RunContext { sharpness.context }
    /// At that radius.
    var point: SharpnessReport.Point? { sharpness.points.first { $0.radius == radius } }
    /// Loss and accuracy on the other split: the slice's values at 0.
    var other: (split: Split, loss: Double, accuracy: Double?, examples: Int?)? {
        guard let line, let values = line.slice.other, let origin = line.slice.grid.origin else { return nil }
        let split = line.otherSplit
        return (
            split, values.loss[origin], values.accuracy?[origin],
            (split == .test ? metadata.data.testExamples : metadata.data.trainingExamples).map {
                min($0, mostExamples ?? $0)
            }
        )
    }

    /// The ends of paths that tell them apart: `a.bin`, or `sgd/ckpt.bin` and `sam/ckpt.bin`.
    static func labels(_ paths: [String]) -> [String] {
        let parts = paths.map { $0.split(separator: "/").map(String.init) }
        return paths.indices.map { index in
            for length in 1...max(1, parts[index].count) {
                let end = parts[index].suffix(length)
                let isAlone = parts.indices.allSatisfy { $0 == index || parts[$0].suffix(length) != end }
                if isAlone { return end.joined(separator: "/").printable }
            }
            // The same file twice.
            let isRepeated = paths.indices.contains { $0 != index && paths[$0] == paths[index] }
            return paths[index].printable + (isRepeated ? " (\(index + 1))" : "")
        }
    }
}

/// What an argument of `report` names: a checkpoint, or a folder of those of one training, which stands for the last.
struct ReportSource {
    /// The checkpoint's path, and the folder's where that was given.
    let path: String, folder: String?
    let model: Model

    init(_ argument: String) throws {
        guard RandomAccessFile.isFolder(argument) else {
            (path, folder, model) = (argument, nil, try Model.open(argument))
            return
        }
        let last = try CheckpointFolder(argument).models.last!
        (path, folder, model) = (last.path, argument, last.model)
    }

    /// What its files in the report are called.
    var stem: String { (((folder ?? path) as NSString).lastPathComponent as NSString).deletingPathExtension }

    /// SHA-256 of the file; nil for what is no regular file.
    var checksum: String? { get throws { try Origin.digest(of: path) } }
}
