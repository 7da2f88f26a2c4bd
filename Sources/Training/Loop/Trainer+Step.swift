import Objectives
import Tensors

/// One step of a training: gradients over the batch, taken in shards and parts, and the direction made of them.
extension Trainer {
    /// What was no finite number in a step.
    struct NotFinite: Error { let quantity: String }

    /// Where such a number was found that was not found at θ.
    static let afterClimb = " after SAM's climb"

    /// One step. State changes only when every number of it is finite, θ after it excepted.
    ///
    /// m-SAM climbs from each shard of `m` examples on its own and averages the gradients found there (Foret et al. 2021,
    /// section 4.1). Running statistics of batch normalisation see the gradients at θ, not those after the climb.
    func step(_ examples: [Int], _ rate: Double) throws {
        let shards = Self.parts(examples, configuration.m ?? examples.count)
        var seen: [SeenBatch] = []
        // What LookSAM keeps of the last shard, and Friendly-SAM's average, all ranks have to have.
        var direction = try mean(over: shards, isShared: configuration.keptDirections.isEmpty, &seen) { shard, seen in
            let first = try meanGradient(at: state.theta, shard, "", &seen)
            return try ascent.map { try climbed(from: first, $0, shard) } ?? first
        }
        let batches = Self.batches(examples.count, of: batches.batchSize)
        state.gradientEvaluations += configuration.gradients(ofBatches: batches, step: state.step)
        if let limit = configuration.gradientClip { GradientClipping.clip(&direction, to: limit) }
        for (batch, count) in seen { state.see(batch, count: count, network.buffers, configuration.precision) }
        guard state.move(along: direction, learningRate: rate, configuration.precision) else {
            throw NotFinite(quantity: "updated parameter vector")
        }
        state.averageStep(configuration)
    }

    /// The direction that a sharpness-aware rule makes of the gradient at θ.
    private func climbed(
        from first: [Double], _ ascent: SharpnessAwareAscent, _ shard: [Int]
    ) throws -> [Double] {
        if case .look(let alpha) = configuration.rule, !configuration.climbs(step: state.step),
            let kept = state.optimizer.state[TrainingConfiguration.lookName]
        {
            return SharpnessAwareRule.looking(first, along: kept, alpha: alpha)
        }
        var direction = ascent.penalized(first, at: state.theta), average: [Double]?
        if let friendly = configuration.friendly {
            let kept = state.optimizer.state[TrainingConfiguration.averageName],
                next = friendly.average(kept, direction)
            direction = friendly.direction(direction, average: next)
            average = next
        }
        if let eigen = configuration.eigen {
            direction = eigen.direction(direction, vector: try eigenvector(of: shard))
        }
        let epsilon = ascent.perturbation(
            at: state.theta, along: direction, layout: network.parameters, isUnit: configuration.eigen != nil)
        var unseen: [SeenBatch] = []
        let second = try meanGradient(
            at: Vectors.sum(state.theta, 1, epsilon), shard, Self.afterClimb, &unseen)
        if let average { state.optimizer.state[TrainingConfiguration.averageName] = average }
        switch configuration.rule {
        case .plain: return second
        case .gap(let alpha): return SharpnessAwareRule.withoutGap(second, first, alpha: alpha)
        case .look:
            state.optimizer.state[TrainingConfiguration.lookName] = SharpnessAwareRule.orthogonalPart(
                of: second, to: first)
            return second
        }
    }

    /// Eigen-SAM's v, estimated anew on these examples where it is time, and kept.
    private func eigenvector(of examples: [Int]) throws -> [Double] {
        let kept = state.optimizer.state[TrainingConfiguration.eigenName]
        if let kept, !configuration.seeksEigenvector(step: state.step) { return kept }
        let vector = try EigenDirection.vector(
            of: objective(on: data.train.subset(examples)), at: state.theta, from: kept, seed: configuration.seed)
        guard TrainingState.isFinite(vector) else { throw NotFinite(quantity: "gradient") }
        state.optimizer.state[TrainingConfiguration.eigenName] = vector
        return vector
    }

    /// The gradient of the mean loss of these examples at a point, taken in parts of the batch size. What each part was like is
    /// added to `seen`.
    private func meanGradient(
        at point: [Double], _ examples: [Int], _ place: String, _ seen: inout [SeenBatch]
    ) throws -> [Double] {
        let weight = batches.weight(of: examples), known = seen.count
        let parts = Self.parts(examples, batches.batchSize)
        // Ranks share the parts of a batch that is not normalised as a whole.
        let total = try mean(over: parts, isShared: batches.isWhole, &seen) { part, seen in
            let batch = try batches.evaluate(
                at: point, examples: part, augmentation: augmentation, epoch: state.epoch, gradient: &gradient)
            guard batch.loss.isFinite else { throw NotFinite(quantity: "loss" + place) }
            guard TrainingState.isFinite(gradient) else { throw NotFinite(quantity: "gradient" + place) }
            seen.append((batch, part.count))
            return gradient
        }
        if place.isEmpty {
            lastFiniteLoss = seen[known...].reduce(0) { sum, seen in
                sum + (weight > 0 ? seen.batch.weight / weight : 0) * seen.batch.loss
            }
        }
        return total
    }

    /// Examples of the smallest part whose gradient is computed on its own.
    static func smallestPart(_ configuration: TrainingConfiguration, examples: Int, batchSize: Int) -> Int {
        let (step, overflow) = batchSize.multipliedReportingOverflow(by: configuration.accumulation)
        let whole = overflow ? examples : min(examples, step)
        func smallest(of count: Int, in size: Int) -> Int { ObjectiveError.lastBatch(count, size) }
        return [whole, ObjectiveError.lastBatch(examples, whole)].map { count in
            let shard = min(configuration.m ?? count, count)
            return [shard, smallest(of: count, in: shard)].map { smallest(of: $0, in: batchSize) }.min()!
        }.min()!
    }

    /// How many batches of at most a size there are of so many examples.
    static func batches(_ examples: Int, of size: Int) -> Int { (examples + size - 1) / size }

    /// Consecutive parts of at most so many.
    static func parts(_ examples: [Int], _ size: Int) -> [[Int]] {
        guard size < examples.count else { return [examples] }
        return stride(from: 0, to: examples.count, by: size).map {
            Array(examples[$0..<min($0 + size, examples.count)])
        }
    }
}
