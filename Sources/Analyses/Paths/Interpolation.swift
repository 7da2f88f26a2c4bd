import Essentials
import Models
import Objectives
import Tensors

/// The loss on the straight line between two networks with its barrier, on a trained curve between them, or on the plane through three.
public struct Interpolation: Sendable {
    /// Points along the line and the curve, and along each axis of the plane; 51 and 31, ours.
    public var linePoints = 51, planePoints = 31
    /// The training of a curve of low loss between two networks; nil for none.
    public var curve: Curve?
    /// Whether variances of hidden units are corrected along the line between two networks (`VarianceCorrection`).
    public var repairs = false
    /// Share of the range within which points of the plane are interpolated; nil to evaluate all.
    public var tolerance: Double?
    /// Whether the plane's losses are judged by their logarithm, too.
    public var isLogarithmic = false
    /// Of everything random.
    public var seed: UInt64 = 0

    /// A line of 51 points or a plane of 31 × 31.
    public init() {}

    /// Two networks.
    public struct Line: Sendable {
        /// ‖θ_B − θ_A‖₂.
        public let distance: Double
        /// Losses on the straight line.
        public let profile: PathProfile
        /// Whether the variances of hidden units were corrected there.
        public let isRepaired: Bool
        /// Nil where none was asked for.
        public let curve: TrainedCurve?
        /// L(θ_A), with the statistics of batch normalisation of the first network.
        public let start: Evaluation
        /// Where batch normalisation got its statistics between the networks.
        public let statistics: ModelLoss.BatchStatistics
    }

    /// Three networks.
    public struct Plane: Sendable {
        /// Losses on the plane; its centre is the first network.
        public let slice: Slice
        /// Coordinates of A, B and C.
        public let corners: [(x: Double, y: Double)]
        /// Where the mean of the three lies, and what it has there.
        public let mean: (x: Double, y: Double, evaluation: Evaluation)
        /// Losses on the sides AB, AC and BC.
        public let sides: [PathProfile]
        /// L(θ_A), with the statistics of batch normalisation of the first network.
        public let start: Evaluation
        /// Where batch normalisation got its statistics between the networks.
        public let statistics: ModelLoss.BatchStatistics
    }

    /// How many vectors of θ's length are held beside the few of every analysis: of every network θ and its file's content, and what a
    /// curve takes.
    public func vectors(models: Int) -> ClosedRange<Int> {
        let count = 4 * models + (curve.map { 12 + $0.vectors } ?? 6)
        return count...count
    }

    /// Stored statistics are those of no network between: along a trained curve they are measured anew.
    private func statistics(_ loss: ModelLoss, _ monitor: Monitor) -> ModelLoss.BatchStatistics {
        let hasBuffers = loss.model.network.buffers.count > 0, given = loss.settings.statistics
        let chosen = curve != nil && given == .stored && hasBuffers ? .recalibrate : given
        if chosen != given {
            monitor.remark("along a curve, statistics of batch normalisation are measured at every point")
        }
        if hasBuffers, chosen == .stored {
            monitor.remark(
                "statistics of batch normalisation are interpolated between the networks; --batchnorm recalibrate measures them at every point"
            )
        }
        return chosen
    }

    /// The line between two networks, and the curve where one is asked for.
    ///
    /// - Parameters:
    ///   - loss: of the first network.
    ///   - other: the second network, and what it is called.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where the networks are not comparable or the same; `PathCurve.Diverged`; what the loss and the
    ///   monitor throw.
    public func run(_ loss: ModelLoss, to other: (model: Model, name: String), monitor: Monitor = .silent) throws
        -> Line
    {
        try loss.checkComparable(other.model, other.name)
        let statistics = statistics(loss, monitor)
        let difference = Vectors.sum(other.model.theta, -1, loss.theta)
        guard Vectors.norm(difference) > 0 else {
            throw UnusableRequest(
                "\(loss.name) and \(other.name) hold the same weights; expected two different networks")
        }
        let correction = repairs ? try VarianceCorrection(loss, to: other.model, monitor: monitor) : nil
        let profile = try profile(loss, loss.model, other.model, statistics, correction?.point, monitor)
        let bad = profile.loss.count { !$0.isFinite }
        if bad > 0 {
            monitor.remark("\(bad) of \(profile.loss.count) losses on the line are not finite: try --precision double")
        }
        let trained = try curve.map { try train($0, loss, other.model, statistics, monitor) }
        return Line(
            distance: Vectors.norm(difference), profile: profile, isRepaired: repairs, curve: trained,
            start: try loss.evaluate(at: loss.theta),
            statistics: statistics)
    }

    /// The plane through three networks.
    ///
    /// - Parameters:
    ///   - loss: of the first network.
    ///   - others: the second and the third, and what they are called.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where the networks are not comparable or lie on one line; what the loss and the monitor throw.
    public func run(
        _ loss: ModelLoss, through others: [(model: Model, name: String)], monitor: Monitor = .silent
    ) throws -> Plane {
        precondition(others.count == 2, "a plane through \(others.count + 1) networks")
        for other in others { try loss.checkComparable(other.model, other.name) }
        let statistics = statistics(loss, monitor)
        let models = [loss.model] + others.map(\.model)
        guard let plane = CheckpointPlane(models[0].theta, models[1].theta, models[2].theta) else {
            let names = [loss.name] + others.map(\.name)
            throw UnusableRequest(
                "\(names.joined(separator: ", ")) lie on one line; expected three different networks that span a plane")
        }
        let mixed = try loss.away(statistics) { theta in
            var mixture = [Double](repeating: 0, count: models[0].buffers.count)
            for (weight, model) in zip(plane.weights(at: theta), models) {
                Vectors.add(weight, model.buffers, to: &mixture)
            }
            return mixture
        }
        var slice = SliceAnalysis(
            SliceGrid(
                SliceAxis(range: plane.range(axis: 0), points: planePoints),
                SliceAxis(range: plane.range(axis: 1), points: planePoints)))
        (slice.tolerance, slice.isLogarithmic, slice.seed) = (tolerance, isLogarithmic, seed)
        slice.directions = .vectors(plane.directions, kind: "plane")
        let surface = try slice.run(mixed, at: loss.theta, monitor: monitor.named("plane")).slice
        let mean = (
            x: plane.corners.reduce(0) { $0 + $1.x } / 3, y: plane.corners.reduce(0) { $0 + $1.y } / 3,
            evaluation: try mixed.evaluate(at: Vectors.mean(of: models.map(\.theta)))
        )
        let sides = try [(0, 1), (0, 2), (1, 2)].map {
            try profile(loss, models[$0.0], models[$0.1], statistics, nil, monitor)
        }
        return Plane(
            slice: surface, corners: plane.corners, mean: mean, sides: sides, start: try loss.evaluate(at: loss.theta),
            statistics: statistics)
    }

    /// The losses on the straight line between two of the networks, or at other points for each place.
    private func profile(
        _ loss: ModelLoss, _ a: Model, _ b: Model, _ statistics: ModelLoss.BatchStatistics,
        _ point: ((Double) throws -> [Double])?, _ monitor: Monitor
    ) throws -> PathProfile {
        let blend = PathProfile.line(from: a.buffers, to: b.buffers)
        let place = PathProfile.place(from: a.theta, to: b.theta)
        return try PathProfile(
            try loss.away(statistics) { blend(place($0)) }, count: linePoints,
            progress: { try monitor.update("line", $0, of: linePoints) },
            point: point ?? PathProfile.line(from: a.theta, to: b.theta))
    }
}
