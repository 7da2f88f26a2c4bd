import Datasets
import Essentials
import Models
import Networks
import Objectives
import Tensors

/// The mean of several networks' weights: a model soup (Wortsman et al. 2022, arXiv 2203.05482), or stochastic weight averaging after the
/// training (Izmailov et al. 2018, arXiv 1803.05407).
///
/// Statistics of batch normalisation are measured anew on the training data of the first: those of no part are the mean's.
public struct WeightSpaceAverage: Sendable {
    /// One of the networks, or their mean.
    public struct Part: Sendable {
        /// What it is called.
        public let name: String
        /// On the training data, and on the test data where there are any.
        public let train: Evaluation, test: Evaluation?
        /// ‖θ − θ̄‖₂; 0 for the mean.
        public let distance: Double
    }

    /// The networks, in the order given.
    public let parts: [Part]
    /// Their mean.
    public let mean: Part
    /// The mean as a model, with the first network's metadata.
    public let model: Model
    /// ‖θᵢ − θⱼ‖₂ of the parts, at [i][j].
    public let distances: [[Double]]
    /// The principal plane of the parts around their mean, which is its origin: of every part its place there and its distance from the plane,
    /// and the axes' shares of Σ‖θᵢ − θ̄‖². Nil where the parts span no plane, as two do not.
    public let plane: (places: [TrajectoryPCA.Point], explainedVariance: [Double])?

    /// What its file keeps. No training goes on from it.
    public var checkpoint: Checkpoint {
        model.derived(as: "mean of \(parts.count)", theta: model.theta, buffers: model.buffers)
    }

    /// - Parameters:
    ///   - models: at least two networks of the same tensors, and what they are called.
    ///   - name: what the mean is called.
    ///   - settings: which examples, in what arithmetic; the statistics of batch normalisation of the parts.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where tensors differ; what losses throw.
    /// - Precondition: at least two networks.
    public init(
        of models: [(model: Model, name: String)], named name: String, _ settings: ModelLoss.Settings = .init(),
        monitor: Monitor = .silent
    ) throws {
        precondition(models.count > 1, "the mean of \(models.count) networks")
        let first = models[0].model
        for (model, other) in models.dropFirst() { try first.checkTensors(of: model, other, as: models[0].name) }
        var theta = Vectors.mean(of: models.map(\.model.theta))
        do {
            let principal = try TrajectoryPCA(models.map(\.model.theta), around: theta)
            plane = (principal.points, principal.explainedVariance)
        } catch is TrajectoryPCA.Failure {
            plane = nil
        }
        // As its file keeps it.
        theta = theta.map(first.metadata.precision.rounded)
        func part(_ loss: ModelLoss, _ name: String) throws -> Part {
            Part(
                name: name, train: try loss.evaluation(),
                test: loss.hasOtherSplit ? try loss.onOtherSplit().evaluate(at: loss.theta) : nil,
                distance: Vectors.norm(Vectors.sum(loss.theta, -1, theta)))
        }
        parts = try models.enumerated().map { number, entry in
            try monitor.update("losses", number, of: models.count + 1)
            let loss = try ModelLoss(entry.model, name: entry.name, settings, monitor: monitor)
            if number > 0 {
                try OutputProbe.checkSameFunction(
                    of: (entry.model, entry.name), as: (first, models[0].name), on: loss.data)
            }
            return try part(loss, entry.name)
        }
        try monitor.update("losses", models.count, of: models.count + 1)
        var own = settings
        if first.buffers.count > 0 { own.statistics = .recalibrate }
        let loss = try ModelLoss(
            Model(first.network, theta: theta, buffers: first.buffers, loss: first.loss, metadata: first.metadata),
            name: name, own, monitor: monitor)
        mean = try part(loss, name)
        model = Model(
            first.network, theta: theta, buffers: loss.statistics.map(first.metadata.precision.rounded),
            loss: first.loss, metadata: first.metadata)
        distances = models.map { a in
            models.map { b in Vectors.norm(Vectors.sum(a.model.theta, -1, b.model.theta)) }
        }
    }
}
