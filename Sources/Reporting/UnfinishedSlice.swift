import Analyses
import ArrayFiles
import Essentials
import Foundation
import Objectives

/// The points of an interrupted slice, kept beside the picture that it would have become.
public struct UnfinishedSlice {
    /// Of the file.
    public let path: String
    private let loss: ModelLoss

    /// Kept beside the checkpoint: `ckpt.bin` gives `ckpt.slice.unfinished.npz`.
    ///
    /// - Parameter loss: what the slice is of; its name is the checkpoint's path.
    public init(of loss: ModelLoss) {
        path = (loss.name.hasSuffix(".bin") ? String(loss.name.dropLast(4)) : loss.name) + ".slice.unfinished.npz"
        self.loss = loss
    }

    /// Computes a slice, and keeps its points where it is interrupted.
    ///
    /// - Parameters:
    ///   - resumes: whether to go on from the file.
    ///   - advice: how to go on with an interrupted slice.
    ///   - monitor: told of the progress; an `Interruption` that it throws is thrown on, with advice.
    /// - Throws: `UnusableRequest` where there is no interrupted slice of the same settings to go on with; what the slice throws.
    public func finish(
        _ run: inout SliceRun, resumes: Bool, advice: String = "repeat the command with --resume to continue",
        monitor: Monitor
    ) throws -> SliceAnalysis.Result {
        if resumes { run.finished = try load(run) }
        do {
            return try run.finish(monitor: monitor)
        } catch is Interruption {
            try save(run)
            let kept = run.finished.reduce(0) { $0 + $1.count }
            let settings = run.settings
            let total = settings.tolerance == nil ? "of \(settings.grid.count * settings.planes) " : ""
            throw Interruption(advice: "\(kept) \(total)points kept; \(advice)")
        }
    }

    private func save(_ run: SliceRun) throws {
        let points = run.finished.enumerated().flatMap { plane, points in
            points.sorted { $0.key < $1.key }.map { (plane: plane, index: $0.key, point: $0.value) }
        }
        func column(_ value: (SlicePoint) -> Double?) -> NPZ.Value {
            .array(NumericArray(points.map { value($0.point) ?? .nan }))
        }
        try NPZ.write(
            [
                ("plane", .array(NumericArray(points.map(\.plane)))),
                ("index", .array(NumericArray(points.map(\.index)))),
                ("loss", column { $0.evaluation.loss }), ("accuracy", column { $0.evaluation.accuracy }),
                ("has_other", .array(NumericArray(points.map { $0.point.other != nil }))),
                ("other_loss", column { $0.other?.loss }), ("other_accuracy", column { $0.other?.accuracy }),
                ("fingerprint", .text(fingerprint(run))),
            ], to: path)
    }

    private func load(_ run: SliceRun) throws -> [[Int: SlicePoint]] {
        let (planes, count) = (run.settings.planes, run.settings.grid.count)
        guard FileManager.default.fileExists(atPath: path) else {
            throw UnusableRequest("--resume: there is no interrupted slice \(path); start without --resume")
        }
        let archive = try NPZ.read(path)
        guard try archive.text("fingerprint") == fingerprint(run) else {
            throw UnusableRequest(
                "--resume: \(path) is of another slice (checkpoint, directions, range, points or data differ); remove it or repeat its settings"
            )
        }
        func column(_ name: String) throws -> [Double] { try archive.array(name).doubles }
        let (plane, index) = (try archive.array("plane").integers(), try archive.array("index").integers())
        let (loss, accuracy) = (try column("loss"), try column("accuracy"))
        let (hasOther, otherLoss, otherAccuracy) = (
            try column("has_other"), try column("other_loss"), try column("other_accuracy")
        )
        let columns = [
            plane.count, index.count, loss.count, accuracy.count, hasOther.count, otherLoss.count, otherAccuracy.count,
        ]
        guard Set(columns).count == 1, plane.allSatisfy({ (0..<planes).contains(Int($0)) }),
            index.allSatisfy({ (0..<count).contains(Int($0)) })
        else { throw UnusableRequest("\(path) is damaged: remove it and start without --resume") }
        func evaluation(_ loss: Double, _ accuracy: Double) -> Evaluation {
            Evaluation(loss: loss, accuracy: accuracy.isNaN ? nil : accuracy)
        }
        var result = [[Int: SlicePoint]](repeating: [:], count: planes)
        for i in loss.indices {
            result[Int(plane[i])][Int(index[i])] = SlicePoint(
                evaluation(loss[i], accuracy[i]),
                other: hasOther[i] != 0 ? evaluation(otherLoss[i], otherAccuracy[i]) : nil)
        }
        return result
    }

    /// Removes the file of this slice, once its result is written; one of other settings stays.
    public func remove(_ run: SliceRun) {
        guard FileManager.default.fileExists(atPath: path),
            let other = try? NPZ.read(path).text("fingerprint"), other == fingerprint(run)
        else { return }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// What an interrupted slice must have in common with another to be gone on with. Reads all of θ and the directions: made only for
    /// a slice that is interrupted or gone on with.
    private func fingerprint(_ run: SliceRun) -> String {
        let grid = run.settings.grid
        let numbers = run.theta + run.directions.vectors.flatMap { $0 } + grid.alpha.values + (grid.beta?.values ?? [])
        var hash = SHA256()
        hash.update(numbers.withUnsafeBytes { Array($0) })
        let settings = loss.settings
        return
            "\(hash.hexadecimal()) \(loss.dataName) \(settings.split) \(loss.examples) \(settings.precision) \(settings.statistics) \(loss.weightDecay) \(run.hasOther) \(run.settings.planes)"
    }
}
