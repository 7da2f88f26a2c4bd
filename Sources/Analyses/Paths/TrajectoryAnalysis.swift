import Essentials
import Models
import Objectives

/// The path of a training over the loss in its principal plane (Li et al. 2018, arXiv 1712.09913, section 7).
public struct TrajectoryAnalysis: Sendable {
    /// Points of the surface along each axis; 41, ours.
    public var points = (alpha: 41, beta: 41)
    /// Ranges along the axes; nil for what holds the path.
    public var alphaRange: ClosedRange<Double>?, betaRange: ClosedRange<Double>?
    /// Share of the range within which points of the surface are interpolated; nil to evaluate all.
    public var tolerance: Double?
    /// Whether the surface's losses are judged by their logarithm, too.
    public var isLogarithmic = false
    /// Of the adaptive choice of points.
    public var seed: UInt64 = 0

    /// A surface of 41 × 41 points that holds the path.
    public init() {}

    /// A checkpoint of the path.
    public struct Point: Sendable {
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
        /// Of all principal axes, descending: shares of Σ‖θ_t − θ_T‖².
        public let explainedVariance: [Double]
        /// In the order of training.
        public let points: [Point]
        /// L(θ_T).
        public let end: Evaluation
    }

    /// How many vectors of θ's length are held beside the few of every analysis: of every checkpoint θ and its file's content.
    public static func vectors(checkpoints: Int) -> ClosedRange<Int> { 4 * checkpoints + 8...4 * checkpoints + 8 }

    /// Computes the surface, and every checkpoint's loss beside it.
    ///
    /// - Parameters:
    ///   - loss: of the last checkpoint.
    ///   - folder: the checkpoints.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `TrajectoryPCA.Failure` where they span no plane; what the loss and the monitor throw.
    public func run(_ loss: ModelLoss, _ folder: CheckpointFolder, monitor: Monitor = .silent) throws -> Result {
        for file in folder.ignored { monitor.remark("left out \(file.path): \(file.reason)") }
        let plane = try TrajectoryPCA(folder.models.map { $0.model.theta })
        let inPlane = try loss.away(loss.settings.statistics) { _ in loss.statistics }
        var slice = SliceAnalysis(
            SliceGrid(
                SliceAxis(range: alphaRange ?? plane.range(axis: 0), points: points.alpha),
                SliceAxis(range: betaRange ?? plane.range(axis: 1), points: points.beta)))
        (slice.tolerance, slice.isLogarithmic, slice.seed) = (tolerance, isLogarithmic, seed)
        slice.directions = .vectors(plane.directions, kind: "pca")
        let surface = try slice.run(inPlane, at: loss.theta, monitor: monitor.named("surface")).slice
        return Result(
            surface: surface, explainedVariance: plane.explainedVariance,
            points: try checkpoints(folder, plane, loss, inPlane, monitor), end: try loss.evaluate(at: loss.theta))
    }

    private func checkpoints(
        _ folder: CheckpointFolder, _ plane: TrajectoryPCA, _ loss: ModelLoss, _ inPlane: any Objective,
        _ monitor: Monitor
    ) throws -> [Point] {
        let count = folder.models.count
        let planeLosses = try folder.models.indices.map { index in
            try monitor.update("checkpoints", index, of: 2 * count)
            return try inPlane.value(at: plane.projection(index))
        }
        return try folder.models.enumerated().map { index, entry in
            try monitor.update("checkpoints", count + index, of: 2 * count)
            let own = try loss.away(loss.settings.statistics) { _ in entry.model.buffers }
            let evaluation = try own.evaluate(at: entry.model.theta)
            return Point(
                path: entry.path, step: entry.step, epoch: entry.model.metadata.epoch,
                place: plane.points[index], loss: evaluation.loss, accuracy: evaluation.accuracy,
                planeLoss: planeLosses[index])
        }
    }
}
