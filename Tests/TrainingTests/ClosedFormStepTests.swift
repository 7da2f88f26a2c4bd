import Datasets
import Networks
import Tensors
import Testing

@testable import Training

/// Steps of a linear model with ½ mean r², whose gradient is known: g(θ) = Σ x̃(x̃ᵀθ − y)/n with x̃ = (x, 1), worked out here without
/// the program's derivatives. Bounds allow for a few roundings of 1e-16.
@Suite struct ClosedFormStepTests {
    let x: [[Double]] = [[1, 2, -1], [0.5, -1, 3], [-2, 0.25, 1], [1.5, 1, 0.5], [0, -0.5, 2], [1, 1, 1]]
    let y: [Double] = [1, -2, 0.5, 3, 0, -1]

    func trainer(_ optimizer: OptimizerKind, _ change: (inout TrainingConfiguration) -> Void = { _ in }) throws
        -> Trainer
    {
        var configuration = TrainingConfiguration(model: "linear", data: .spirals, optimizer: optimizer)
        (configuration.loss, configuration.precision) = (.halfMeanSquaredError, .double)
        (configuration.momentum, configuration.weightDecay, configuration.learningRate) = (0, 0, 0.1)
        (configuration.schedule, configuration.length) = (.constant, .steps(100))
        change(&configuration)
        let data = Dataset(
            name: "lines", inputs: .doubles(x.flatMap { $0 }), exampleShape: [3], targets: .values(y, width: 1))
        return try Trainer(configuration, data: try configuration.preparation().prepare(train: data, test: nil))
    }

    func gradient(_ theta: [Double], _ rows: Range<Int> = 0..<6) -> [Double] {
        var result = [Double](repeating: 0, count: 4)
        for row in rows {
            let input = x[row] + [1]
            let residual = Vectors.dot(input, theta) - y[row]
            Vectors.add(residual / Double(rows.count), input, to: &result)
        }
        return result
    }

    /// θ after one step on all rows.
    func step(_ trainer: Trainer) throws -> [Double] {
        try trainer.step(Array(0..<6), 0.1)
        return trainer.state.theta
    }

    func moved(_ theta: [Double], _ direction: [Double]) -> [Double] { Vectors.sum(theta, -0.1, direction) }

    /// θ + ρ g/‖g‖.
    func climbed(_ theta: [Double], _ g: [Double], _ rho: Double) -> [Double] {
        Vectors.sum(theta, rho / Vectors.norm(g), g)
    }

    func expect(_ found: [Double], _ right: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            found.count == right.count && zip(found, right).allSatisfy { abs($0 - $1) < 1e-12 },
            "\(found), not \(right)", sourceLocation: sourceLocation)
    }

    @Test func descentAndClipping() throws {
        let plain = try trainer(.sgd), theta = plain.state.theta, g = gradient(theta)
        expect(try step(plain), moved(theta, g))
        #expect(plain.state.gradientEvaluations == 1)
        let clipped = try trainer(.sgd) { $0.gradientClip = 0.5 }
        expect(try step(clipped), moved(theta, g.map { $0 * 0.5 / (Vectors.norm(g) + 1e-6) }))
        // Two batches of three make the gradient of six.
        let accumulated = try trainer(.sgd) { ($0.batchSize, $0.accumulation) = (3, 2) }
        #expect(accumulated.stepSize == 6 && accumulated.stepsPerEpoch == 1)
        expect(try step(accumulated), moved(theta, g))
    }

    @Test func nesterovAndAdam() throws {
        let nesterov = try trainer(.nesterov) { ($0.momentum, $0.weightDecay) = (0.5, 0.1) }
        let theta = nesterov.state.theta
        let decayed = Vectors.sum(gradient(theta), 0.1, theta)
        expect(try step(nesterov), moved(theta, decayed.map { 1.5 * $0 }))
        // At the first step both moments have their bias divided away: a step of η g/(|g| + ε).
        let adam = try trainer(.adam) { $0.epsilon = 0.5 }
        expect(try step(adam), moved(theta, gradient(theta).map { $0 / (abs($0) + 0.5) }))
        let adamW = try trainer(.adamw) { ($0.epsilon, $0.weightDecay) = (0.5, 0.3) }
        expect(try step(adamW), moved(theta.map { $0 * (1 - 0.1 * 0.3) }, gradient(theta).map { $0 / (abs($0) + 0.5) }))
    }

    @Test func sharpnessAware() throws {
        let sam = try trainer(.sam) { $0.rho = 0.3 }, theta = sam.state.theta, g = gradient(theta)
        expect(try step(sam), moved(theta, gradient(climbed(theta, g, 0.3))))
        #expect(sam.state.gradientEvaluations == 2)
        // With decay in the climb, g + λθ is climbed; the step decays in any case.
        let decaying = try trainer(.sam) { ($0.rho, $0.weightDecay, $0.decaysInAscent) = (0.3, 0.2, true) }
        let top = climbed(theta, Vectors.sum(g, 0.2, theta), 0.3)
        expect(try step(decaying), moved(theta, Vectors.sum(gradient(top), 0.2, theta)))
        // Accumulated over two batches: one climb, from the gradient of all six.
        let accumulated = try trainer(.sam) { ($0.rho, $0.batchSize, $0.accumulation) = (0.3, 3, 2) }
        expect(try step(accumulated), moved(theta, gradient(climbed(theta, g, 0.3))))
        let clipped = try trainer(.sam) { ($0.rho, $0.gradientClip) = (0.3, 0.01) }
        let there = gradient(climbed(theta, g, 0.3))
        expect(try step(clipped), moved(theta, there.map { $0 * 0.01 / (Vectors.norm(there) + 1e-6) }))
    }

    /// T = |w| + η on the weights, 1 on the bias.
    @Test func adaptive() throws {
        let asam = try trainer(.asam) { ($0.rho, $0.eta) = (0.3, 0.1) }, theta = asam.state.theta, g = gradient(theta)
        let scale = theta.enumerated().map { $0 < 3 ? abs($1) + 0.1 : 1 }
        let length = Vectors.norm(zip(scale, g).map { $0 * $1 })
        let top = theta.indices.map { theta[$0] + 0.3 * scale[$0] * scale[$0] * g[$0] / length }
        expect(try step(asam), moved(theta, gradient(top)))
    }

    /// Each shard of four and the two that are left climb on their own; their gradients count by their size.
    @Test func shards() throws {
        let sam = try trainer(.sam) { ($0.rho, $0.m) = (0.3, 4) }, theta = sam.state.theta
        var direction = [Double](repeating: 0, count: 4)
        for rows in [0..<4, 4..<6] {
            let own = gradient(climbed(theta, gradient(theta, rows), 0.3), rows)
            Vectors.add(Double(rows.count) / 6, own, to: &direction)
        }
        expect(try step(sam), moved(theta, direction))
        #expect(sam.state.gradientEvaluations == 2)
        // That is another step than that of the whole batch.
        let whole = try trainer(.sam) { $0.rho = 0.3 }
        #expect(Vectors.norm(Vectors.sum(try step(whole), -1, sam.state.theta)) > 1e-4)
        #expect(throws: TrainingError.self) { try trainer(.sgd) { $0.m = 2 } }
    }

    /// gₛ − α g⊥, whose product with gₛ is ‖gₛ‖²: the descent of the perturbed loss is SAM's.
    @Test func gap() throws {
        let gsam = try trainer(.gsam) { ($0.rho, $0.alpha) = (0.3, 0.7) }, theta = gsam.state.theta, g = gradient(theta)
        let there = gradient(climbed(theta, g, 0.3))
        let share = Vectors.dot(g, there) / Vectors.dot(there, there)
        let direction = theta.indices.map { there[$0] - 0.7 * (g[$0] - share * there[$0]) }
        expect(try step(gsam), moved(theta, direction))
        #expect(abs(Vectors.dot(direction, there) / Vectors.dot(there, there) - 1) < 1e-12)
        #expect(SharpnessAwareRule.withoutGap([0, 0], [1, 2], alpha: 1) == [-1, -2])
    }

    /// Climbs at steps 0 and 2; between, the kept direction is added at the size of the gradient.
    @Test func look() throws {
        let trainer = try trainer(.looksam) { ($0.rho, $0.alpha, $0.lookEvery) = (0.3, 0.7, 2) }
        let theta = trainer.state.theta, g = gradient(theta), there = gradient(climbed(theta, g, 0.3))
        let second = moved(theta, there)
        expect(try step(trainer), second)
        let kept = Vectors.sum(there, -Vectors.dot(g, there) / Vectors.dot(g, g), g)
        let next = gradient(second)
        let third = moved(second, Vectors.sum(next, 0.7 * Vectors.norm(next) / Vectors.norm(kept), kept))
        expect(try step(trainer), third)
        expect(try step(trainer), moved(third, gradient(climbed(third, gradient(third), 0.3))))
        #expect(trainer.state.gradientEvaluations == 5)
    }

    /// Friendly-SAM as its paper has it: m ← λm + (1−λ)g from m = 0, d = g − σm, ε = ρd/‖d‖, over three steps.
    @Test(arguments: [(1.0, 0.9), (0.6, 0.8), (0, 0.5)]) func friendly(_ sigma: Double, _ lambda: Double) throws {
        let trainer = try trainer(.fsam) { ($0.rho, $0.sigma, $0.averaging) = (0.3, sigma, lambda) }
        let plain = try self.trainer(.sam) { $0.rho = 0.3 }
        var theta = trainer.state.theta, m = [Double](repeating: 0, count: 4)
        for number in 1...3 {
            // Of other examples each time, so that no average is the gradient.
            let rows = [0..<4, 2..<6, 1..<5][number - 1], g = gradient(theta, rows)
            m = m.indices.map { lambda * m[$0] + (1 - lambda) * g[$0] }
            let d = g.indices.map { g[$0] - sigma * m[$0] }, length = d.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let top = theta.indices.map { theta[$0] + 0.3 * d[$0] / length }
            theta = moved(theta, gradient(top, rows))
            try trainer.step(Array(rows), 0.1)
            try plain.step(Array(rows), 0.1)
            expect(trainer.state.theta, theta)
            expect(trainer.state.optimizer.state["fsam_average"] ?? [], m)
        }
        #expect(trainer.state.gradientEvaluations == 6)
        // Without the average it is SAM, with it something else.
        let difference = Vectors.norm(Vectors.sum(theta, -1, plain.state.theta))
        #expect(sigma == 0 ? difference < 1e-12 : difference > 1e-4)
    }

    /// With the decay in the climb, the average is that of g + λθ.
    @Test func friendlyDecay() throws {
        let trainer = try trainer(.fsam) {
            ($0.rho, $0.weightDecay, $0.decaysInAscent, $0.averaging) = (0.3, 0.2, true, 0.5)
        }
        let theta = trainer.state.theta
        let first = Vectors.sum(gradient(theta), 0.2, theta)
        let second = moved(theta, { Vectors.sum(gradient($0), 0.2, theta) }(climbed(theta, first, 0.3)))
        expect(try step(trainer), second)
        let next = Vectors.sum(gradient(second), 0.2, second)
        // m = ¼ first + ½ next, so d = ½ next − ¼ first.
        let d = next.indices.map { next[$0] / 2 - first[$0] / 4 }
        expect(try step(trainer), moved(second, Vectors.sum(gradient(climbed(second, d, 0.3)), 0.2, second)))
    }

    /// Eigen-SAM as its paper has it: ε = ρ(ĝ + α sign(ĝᵀv)(v − (ĝᵀv)ĝ)), over four steps of which two look for v. The Hessian is X̃ᵀX̃/n, whose
    /// products are worked out here.
    @Test(arguments: [0.2, 1.5, 0]) func eigen(_ alpha: Double) throws {
        let trainer = try trainer(.eigensam) { ($0.rho, $0.alpha, $0.eigenEvery, $0.seed) = (0.3, alpha, 2, 5) }
        var theta = trainer.state.theta, v = RandomNumbers(seed: 5).named("eigensam").normals(4)
        for number in 0..<4 {
            let rows = [0..<4, 2..<6, 1..<5, 0..<6][number]
            if number % 2 == 0 {
                for _ in 0..<5 {
                    var product = [Double](repeating: 0, count: 4)
                    for row in rows {
                        let input = x[row] + [1]
                        Vectors.add(Vectors.dot(input, v) / Double(rows.count), input, to: &product)
                    }
                    v = product.map { $0 / Vectors.norm(product) }
                }
            }
            let g = gradient(theta, rows), length = Vectors.norm(g), unit = g.map { $0 / length }
            let share = Vectors.dot(unit, v), side: Double = share > 0 ? 1 : -1
            let top = theta.indices.map {
                theta[$0] + 0.3 * (unit[$0] + alpha * side * (v[$0] - share * unit[$0]))
            }
            theta = moved(theta, gradient(top, rows))
            try trainer.step(Array(rows), 0.1)
            expect(trainer.state.theta, theta)
            expect(trainer.state.optimizer.state["eigensam_vector"] ?? [], v)
        }
        // Two gradients a step, and ten of each estimate.
        #expect(trainer.state.gradientEvaluations == 4 * 2 + 2 * 10)
        #expect(throws: TrainingError.self) { try self.trainer(.eigensam) { $0.m = 2 } }
    }

    /// SAM with a base: that rule's step by the gradient at the top.
    @Test func bases() throws {
        let adam = try trainer(.sam) { ($0.rho, $0.base, $0.epsilon, $0.weightDecay) = (0.3, .adamw, 0.5, 0.3) }
        let theta = adam.state.theta, top = gradient(climbed(theta, gradient(theta), 0.3))
        expect(try step(adam), moved(theta.map { $0 * (1 - 0.1 * 0.3) }, top.map { $0 / (abs($0) + 0.5) }))
        let nesterov = try trainer(.gsam) { ($0.rho, $0.alpha, $0.base, $0.momentum) = (0.3, 0, .nesterov, 0.5) }
        expect(try step(nesterov), moved(theta, top.map { 1.5 * $0 }))
    }

    /// Trainings of as many gradients: 30 steps of SGD, 15 of SAM, 20 of LookSAM that climbs every second time.
    @Test(arguments: [(OptimizerKind.sgd, 30), (.sam, 15), (.looksam, 20), (.eigensam, 5)])
    func equalGradients(_ optimizer: OptimizerKind, _ steps: Int) throws {
        let outcome = try trainer(optimizer) { ($0.lookEvery, $0.eigenEvery, $0.gradients) = (2, 3, 30) }.run()
        #expect(outcome.steps == steps && outcome.gradientEvaluations == 30)
    }

    /// Six examples in batches of two, two batches a step: steps of 2 and 1 batches in turn. SAM doubles them; LookSAM does at every third
    /// step, from the first on: 4, 1, 2, 2, 2, 1, and again. 26 gradients are 17, 8 and 12 steps, none of which could be one more.
    @Test(arguments: [
        (OptimizerKind.sgd, 26, 17, 26), (.sgd, 25, 16, 24), (.sam, 26, 8, 24), (.looksam, 26, 12, 24),
        (.looksam, 28, 13, 28), (.sgd, 2, 1, 2), (.sam, 4, 1, 4),
    ])
    func gradientsOfAccumulatedBatches(_ optimizer: OptimizerKind, _ budget: Int, _ steps: Int, _ taken: Int) throws {
        let trainer = try trainer(optimizer) {
            ($0.batchSize, $0.accumulation, $0.lookEvery, $0.gradients) = (2, 2, 3, budget)
        }
        #expect(trainer.totalSteps == steps && trainer.configuration.length == .steps(steps))
        let outcome = try trainer.run()
        #expect(outcome.steps == steps && outcome.gradientEvaluations == taken)
        // What was computed is what is counted: the trainer's batches have a counter of their own.
        #expect(trainer.batches.evaluations == taken)
    }

    /// A budget below the first step's is refused.
    @Test(arguments: [(OptimizerKind.sgd, 1), (.sam, 3)])
    func tooFewGradients(_ optimizer: OptimizerKind, _ budget: Int) throws {
        #expect(
            throws: TrainingError.invalidSetting(
                name: "gradients", found: "\(budget)",
                expected: "at least \(budget + 1), as many as the first step takes")
        ) {
            try trainer(optimizer) { ($0.batchSize, $0.accumulation, $0.gradients) = (2, 2, budget) }
        }
    }
}
