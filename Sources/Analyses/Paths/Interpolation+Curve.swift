import ArrayFiles
import Datasets
import Essentials
import Models
import Objectives
import Tensors

extension Interpolation {
    /// A curve of low loss between two networks, and how it is trained.
    public struct Curve: Sendable {
        /// How φ(t) is read off the points, and how they move.
        public var kind: PathCurve.Kind
        /// Trained points between the ends; of a nudged elastic band those that it begins with.
        public var bends: Int
        /// Steps of the training, each of which moves every point; 1000, ours.
        public var steps = 1000
        /// Its learning rate; 0.05, ours.
        public var learningRate = 0.05
        /// Examples a step; 128, as in training.
        public var batchSize = 128
        /// Runs of a nudged elastic band, between which pivots are inserted.
        public var cycles: Int

        /// As many points and cycles as are usual for the kind, 1000 steps.
        public init(_ kind: PathCurve.Kind = .bezier) {
            (self.kind, bends, cycles) = (kind, kind.usualBends, kind.usualCycles)
        }

        /// Vectors of θ's length that a training holds: of each point itself, its velocity, and the state that is kept; of a pivot its
        /// gradient, its force and its former place, too.
        var vectors: Int {
            guard kind == .neb else { return 4 * bends }
            return 8 * (bends + PathCurve.mostInserted * (cycles - 1))
        }
    }

    /// A curve that was trained.
    public struct TrainedCurve: Sendable {
        /// The curve.
        public let path: PathCurve
        /// Losses along it, at places evenly spaced in t.
        public let profile: PathProfile
        /// Its highest loss.
        public let highest: HighestPoint
        /// The largest rise over the straight line between the losses of the ends, as `PathProfile.barrier`, and where: that of the highest loss
        /// where it is more than at the profile's places.
        public var barrier: (value: Double, at: Double) {
            let ends = (profile.loss[0], profile.loss[profile.loss.count - 1])
            let rise = highest.loss - PathProfile.chord(ends, at: highest.t)
            return rise > profile.barrier ? (rise, highest.t) : (profile.barrier, profile.barrierAt)
        }
        /// How it was trained.
        public let settings: Curve
        /// Gradients of batches that its training took.
        public let gradients: Int

        /// The first network, the inner points, the second network: P numbers each.
        public var points: [[Double]] { path.points }
        /// Its length over the distance of its ends.
        public var relativeLength: Double { path.relativeLength() }
    }

    /// Of the state of a curve's training: all that it depends on.
    private func key(_ settings: Curve, _ loss: ModelLoss, _ other: Model) -> JournalKey {
        var key = ContentKey("curve \(settings) \(seed)")
        key.add(loss.identity)
        key.add(other.theta)
        return key.journal
    }

    func train(
        _ settings: Curve, _ loss: ModelLoss, _ other: Model, _ statistics: ModelLoss.BatchStatistics,
        _ monitor: Monitor
    ) throws -> TrainedCurve {
        var curve = PathCurve(settings.kind, from: loss.theta, to: other.theta, bends: settings.bends)
        // Without statistics to store, the mode makes no difference.
        let whole = try loss.away(statistics) { _ in loss.statistics }
        let gradients = try train(&curve, settings, loss, other, whole, monitor)
        let profile = try PathProfile(
            whole, count: linePoints, progress: { try monitor.update("along the curve", $0, of: linePoints) },
            point: curve.point)
        var highest = try HighestPoint(
            on: profile, corners: curve.isChain ? Array(curve.places.dropFirst().dropLast()) : [],
            progress: { try monitor.update("highest point", $0, of: nil) }
        ) { try whole.value(at: curve.point($0)) }
        if highest.loss.isFinite { highest.standardError = try whole.standardError(at: curve.point(highest.t)) }
        return TrainedCurve(
            path: curve, profile: profile, highest: highest, settings: settings, gradients: gradients)
    }

    /// - Returns: how many gradients were taken.
    private func train(
        _ curve: inout PathCurve, _ settings: Curve, _ loss: ModelLoss, _ other: Model, _ whole: any Objective,
        _ monitor: Monitor
    ) throws -> Int {
        let batches = try loss.batchGradient(batchSize: settings.batchSize)
        var sequence = BatchSequence(
            count: loss.examples, batchSize: batches.batchSize, seed: seed, dropsLast: !loss.hasParts)
        let decay = loss.weightDecay
        var gradient = [Double](repeating: 0, count: loss.dimension)
        let kept = monitor.journal.map { ($0, key(settings, loss, other)) }
        var training = PathCurve.Training()
        (training.steps, training.learningRate) = (settings.steps, settings.learningRate)
        (training.cycles, training.seed) = (settings.cycles, seed)
        return try curve.train(
            training, from: kept.flatMap { $0.numbers(of: $1) },
            keeping: { isLast, state in kept.map { $0.keepState(state(), under: $1, isLast: isLast) } },
            progress: { step, value in
                try monitor.update("curve", step, of: settings.steps, "loss \(Format.short(value))")
            }, value: { try whole.value(at: $0) }
        ) { step, point in
            let batch = try batches.evaluate(at: point, examples: sequence.batch(step), gradient: &gradient)
            if decay != 0 { Vectors.add(decay, point, to: &gradient) }
            return (batch.loss + 0.5 * decay * Vectors.dot(point, point), gradient)
        }
    }
}
