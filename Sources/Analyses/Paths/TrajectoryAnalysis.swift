import Essentials
import Models
import Objectives

/// The path of a training, or the paths of several, over the loss in their principal plane (Li et al. 2018, arXiv 1712.09913, section 7).
public struct TrajectoryAnalysis: Sendable {
    /// Points of the surface along each axis; 41, ours.
    public var points = (alpha: 41, beta: 41)
    /// Ranges along the axes; nil for what holds the path.
    public var alphaRange: ClosedRange<Double>?, betaRange: ClosedRange<Double>?
    /// Share of the range within which points of the surface are interpolated; nil to evaluate all.
    public var tolerance: Double?
    /// Whether the surface's losses are judged by their logarithm, too.
    public var isLogarithmic = false
    /// What differences of weights are scaled by, and what that is called, such as `OptimizerStep.scaling`; nil for nothing.
    public var scaling: (name: String, values: [Double])?
    /// Of the adaptive choice of points.
    public var seed: UInt64 = 0

    /// A surface of 41 × 41 points that holds the path.
    public init() {}

    /// A checkpoint of a path.
    public struct Point: Sendable {
        /// Which training it is of, from 0.
        public let training: Int
        /// Of the checkpoint.
        public let path: String
        /// Optimiser steps and epochs that it was trained.
        public let step: Int, epoch: Int
        /// Where it falls in the plane.
        public let place: TrajectoryPCA.Point
        /// L(θ_t), with the checkpoint's own statistics of batch normalisation where they are stored ones.
        public let loss: Double
        /// In [0, 1]; nil for regression.
        public let accuracy: Double?
        /// L where θ_t falls in the plane.
        public let planeLoss: Double
    }

    /// What was found.
    public struct Result: Sendable {
        /// The loss on the plane.
        public let surface: Slice
        /// Of all principal axes, descending: shares of Σ‖θ_t − θ_T‖² over the checkpoints of all trainings.
        public let explainedVariance: [Double]
        /// What lengths are scaled by; nil for nothing.
        public let scaledBy: String?
        /// The folders of the trainings.
        public let folders: [String]
        /// Of one training after the other, each in its order.
        public let points: [Point]
        /// L(θ_T).
        public let end: Evaluation
    }

    /// How many vectors of θ's length are held beside the few of every analysis: of every checkpoint θ and its file's content.
    ///
    /// - Parameter isScaled: whether differences are scaled.
    public static func vectors(checkpoints: Int, isScaled: Bool = false) -> ClosedRange<Int> {
        let count = 4 * checkpoints + (isScaled ? 16 : 8)
        return count...count
    }

    /// Computes the surface, and every checkpoint's loss beside it.
    ///
    /// - Parameters:
    ///   - loss: of the last checkpoint of the first training, which is the centre of the plane.
    ///   - folders: the checkpoints of each training, at least one.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `TrajectoryPCA.Failure` where they span no plane; `UnusableRequest` where networks are not comparable; what the loss and
    ///   the monitor throw.
    public func run(_ loss: ModelLoss, _ folders: [CheckpointFolder], monitor: Monitor = .silent) throws -> Result {
        for file in folders.flatMap(\.ignored) { monitor.remark("left out \(file.path): \(file.reason)") }
        let entries = folders.enumerated().flatMap { number, folder in folder.models.map { (number, $0) } }
        for (_, entry) in entries.dropFirst(folders[0].models.count) {
            try loss.checkComparable(entry.model, entry.path)
        }
        let plane = try TrajectoryPCA(
            entries.map(\.1.model.theta), around: folders[0].models.last!.model.theta, scaling: scaling?.values)
        let inPlane = try loss.away(loss.settings.statistics) { _ in loss.statistics }
        var slice = SliceAnalysis(
            SliceGrid(
                SliceAxis(range: alphaRange ?? plane.range(axis: 0), points: points.alpha),
                SliceAxis(range: betaRange ?? plane.range(axis: 1), points: points.beta)))
        (slice.tolerance, slice.isLogarithmic, slice.seed) = (tolerance, isLogarithmic, seed)
        slice.directions = .vectors(plane.directions, kind: "pca")
        let surface = try slice.run(inPlane, at: loss.theta, monitor: monitor.named("surface")).slice
        let count = entries.count
        let planeLosses = try entries.indices.map { index in
            try monitor.update("checkpoints", index, of: 2 * count)
            return try inPlane.value(at: plane.projection(index))
        }
        let points = try entries.enumerated().map { index, item in
            let (training, entry) = item
            try monitor.update("checkpoints", count + index, of: 2 * count)
            let own = try loss.away(loss.settings.statistics) { _ in entry.model.buffers }
            let evaluation = try own.evaluate(at: entry.model.theta)
            return Point(
                training: training, path: entry.path, step: entry.step, epoch: entry.model.metadata.epoch,
                place: plane.points[index], loss: evaluation.loss, accuracy: evaluation.accuracy,
                planeLoss: planeLosses[index])
        }
        return Result(
            surface: surface, explainedVariance: plane.explainedVariance, scaledBy: scaling?.name,
            folders: folders.map(\.path), points: points,
            end: try loss.evaluate(at: loss.theta))
    }
}
