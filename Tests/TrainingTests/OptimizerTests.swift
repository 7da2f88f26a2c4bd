import Networks
import Tensors
import Testing

@testable import Training

/// Steps against numbers worked out by hand, in Float64. Bounds allow a few roundings of 1e-16.
@Suite struct OptimizerTests {
    /// Runs an optimiser on ½ Σ aᵢθᵢ², whose gradient is aθ.
    func path(_ optimizer: some Optimizer, from start: [Double], curvature a: [Double], rate: Double, steps: Int)
        -> [[Double]]
    {
        var optimizer = optimizer, theta = start, result: [[Double]] = []
        for step in 0..<steps {
            optimizer.update(&theta, gradient: zip(a, theta).map { $0 * $1 }, learningRate: rate, step: step)
            result.append(theta)
        }
        return result
    }

    func close(_ a: [Double], _ b: [Double], _ bound: Double = 1e-14) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= bound }
    }

    /// Without momentum θ ← (1 − ηa)θ, with decay λ θ ← (1 − η(a + λ))θ.
    @Test func gradientDescent() {
        let plain = path(SGD(), from: [1, -2], curvature: [1, 3], rate: 0.1, steps: 3)
        #expect(close(plain[2], [0.729, -2 * 0.343]))
        let decayed = path(SGD(weightDecay: 1), from: [1, -2], curvature: [1, 3], rate: 0.1, steps: 2)
        #expect(close(decayed[1], [0.64, -0.72]))
    }

    /// a = 1, η = 0.1, μ = 0.5 from θ = 1, PyTorch's form (dampening 0):
    /// g₁ = 1,     b₁ = 1,                       θ₁ = 0.9
    /// g₂ = 0.9,   b₂ = 0.5 + 0.9 = 1.4,         θ₂ = 0.76
    /// g₃ = 0.76,  b₃ = 0.7 + 0.76 = 1.46,       θ₃ = 0.614
    @Test func momentum() {
        #expect(
            close(
                path(SGD(momentum: 0.5), from: [1], curvature: [1], rate: 0.1, steps: 3).map { $0[0] },
                [0.9, 0.76, 0.614]))
    }

    /// The same with Nesterov, step g + μb:
    /// g₁ = 1,      b₁ = 1,        1 + 0.5 = 1.5,             θ₁ = 0.85
    /// g₂ = 0.85,   b₂ = 1.35,     0.85 + 0.675 = 1.525,      θ₂ = 0.6975
    /// g₃ = 0.6975, b₃ = 1.3725,   0.6975 + 0.68625,          θ₃ = 0.559125
    @Test func nesterov() {
        let found = path(SGD(momentum: 0.5, isNesterov: true), from: [1], curvature: [1], rate: 0.1, steps: 3).map {
            $0[0]
        }
        #expect(close(found, [0.85, 0.6975, 0.559125]))
    }

    /// Decay belongs to the gradient, so it enters the buffer: a = 1, λ = 1 is a = 2.
    @Test func decayEntersMomentum() {
        let decayed = path(SGD(momentum: 0.9, weightDecay: 1), from: [1, 2], curvature: [1, 2], rate: 0.05, steps: 6)
        let stiffer = path(SGD(momentum: 0.9), from: [1, 2], curvature: [2, 3], rate: 0.05, steps: 6)
        #expect(close(decayed[5], stiffer[5]))
    }

    /// Heavy ball on a quadratic solves θ_{t+1} = (1 + μ − ηa)θ_t − μθ_{t−1}.
    @Test func momentumRecurrence() {
        let (a, eta, mu) = (3.0, 0.2, 0.9)
        var expected = [1.0, 1 - eta * a]
        for t in 1..<30 { expected.append((1 + mu - eta * a) * expected[t] - mu * expected[t - 1]) }
        let found = path(SGD(momentum: mu), from: [1], curvature: [a], rate: eta, steps: 30).map { $0[0] }
        #expect(close(found, Array(expected.dropFirst()), 1e-12))
    }

    /// β₁ = 0.5, β₂ = 0.75, ε = 0, η = 0.1, gradients 2, then 1 (given, not those of a function), from θ = 1:
    /// 1: m = 1, v = 1; m̂ = 1/0.5 = 2, v̂ = 1/0.25 = 4; step 0.1·2/2 → θ = 0.9
    /// 2: m = 0.5 + 0.5 = 1, v = 0.75 + 0.25 = 1; m̂ = 1/0.75 = 4/3, v̂ = 1/(1 − 0.5625) = 16/7;
    ///    step 0.1·(4/3)/(4/√7) = 0.1·√7/3 → θ = 0.9 − 0.0881917…
    @Test func adam() {
        var adam = Adam(beta1: 0.5, beta2: 0.75, epsilon: 0), theta = [1.0]
        adam.update(&theta, gradient: [2], learningRate: 0.1, step: 0)
        #expect(close(theta, [0.9]))
        adam.update(&theta, gradient: [1], learningRate: 0.1, step: 1)
        #expect(close(theta, [0.9 - 0.1 * 7.0.squareRoot() / 3]))
        #expect(adam.state == ["exp_avg": [1], "exp_avg_sq": [1]])
    }

    /// ε stands beside √v̂: at the first step the move is ηg/(|g| + ε).
    @Test func adamEpsilon() {
        let found = path(Adam(epsilon: 0.5), from: [3], curvature: [1], rate: 0.1, steps: 1)
        #expect(close(found[0], [3 - 0.1 * 3 / 3.5]))
    }

    /// Adam adds λθ to the gradient (here 1 + 0.5·2 = 2, so that m = 1 as above); AdamW shrinks θ by 1 − ηλ first.
    @Test func decayOfAdam() {
        var adam = Adam(beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0.5), theta = [2.0]
        adam.update(&theta, gradient: [1], learningRate: 0.1, step: 0)
        #expect(close(theta, [1.9]) && adam.state["exp_avg"] == [1])
        var adamW = Adam(beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0.5, decouplesDecay: true), other = [2.0]
        adamW.update(&other, gradient: [2], learningRate: 0.1, step: 0)
        #expect(close(other, [2 * 0.95 - 0.1]) && adamW.state["exp_avg"] == [1])
        adamW.update(&other, gradient: [1], learningRate: 0.1, step: 1)
        #expect(close(other, [1.8 * 0.95 - 0.1 * 7.0.squareRoot() / 3]))
    }

    /// Steps that a budget of gradients allows, against counting them one by one.
    @Test func stepsOfABudget() throws {
        for optimizer in [OptimizerKind.sgd, .sam, .looksam] {
            for (every, perEpoch) in [(1, 1), (5, 7), (4, 6), (7, 3), (3, 1), (Int.max, 4)] {
                var settings = TrainingConfiguration(model: "linear", data: .digits, optimizer: optimizer)
                settings.lookEvery = every
                for budget in [6, 7, 8, 20, 63, 64, 65, 500, 501] {
                    var step = 0, taken = 0
                    while true {
                        let batches = step % perEpoch == perEpoch - 1 ? 2 : 3
                        taken += settings.gradients(ofBatches: batches, step: step)
                        guard taken <= budget else { break }
                        step += 1
                    }
                    let found = try settings.steps(budget, perEpoch: perEpoch, whole: 3, last: 2)
                    #expect(found == step, "\(optimizer) \(every) \(perEpoch) \(budget)")
                }
                // Nobody counts so far one by one.
                #expect(try settings.steps(1 << 60, perEpoch: perEpoch, whole: 3, last: 2) > 1 << 57)
            }
        }
    }

    @Test func clipping() {
        var gradient = [3.0, 4]
        GradientClipping.clip(&gradient, to: 10)
        #expect(gradient == [3, 4])
        GradientClipping.clip(&gradient, to: 1)
        #expect(close(gradient, [0.6, 0.8], 1e-6))
    }
}

@Suite struct LearningRateTests {
    @Test func constant() {
        let rate = LearningRate(peak: 0.3, schedule: .constant, warmupSteps: 3, totalSteps: 10)
        let rates = (0..<5).map { rate(step: $0) }, expected = [0.1, 0.2, 0.3, 0.3, 0.3]
        for (found, right) in zip(rates, expected) { #expect(abs(found - right) < 1e-15) }
    }

    /// A tenth from 50 % of the steps on, a hundredth from 75 %.
    @Test func steps() {
        let rate = LearningRate(peak: 1, schedule: .step, totalSteps: 8)
        #expect((0..<8).map { rate(step: $0) } == [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
        let odd = LearningRate(peak: 1, schedule: .step, totalSteps: 7)
        #expect((0..<7).map { odd(step: $0) } == [1, 1, 1, 1, 0.1, 0.1, 0.01])
    }

    /// After 2 warm-up steps of 6: t = 0, ¼, ½, ¾.
    @Test func cosine() {
        let rate = LearningRate(peak: 2, schedule: .cosine, warmupSteps: 2, totalSteps: 6)
        let root = 0.5.squareRoot(), expected = [1, 2, 2, 1 + root, 1, 1 - root]
        for (step, right) in expected.enumerated() { #expect(abs(rate(step: step) - right) < 1e-15) }
        #expect(abs(rate(step: 6)) < 1e-15)
    }

    @Test func spans() {
        #expect(TrainingSpan.epochs(2.5).steps(perEpoch: 5) == 13)
        #expect(TrainingSpan("200 steps") == .steps(200) && TrainingSpan("200steps") == .steps(200))
        #expect(TrainingSpan("5") == .epochs(5) && TrainingSpan("0.5 epochs") == .epochs(0.5))
        #expect(TrainingSpan("five") == nil && TrainingSpan("1.5 steps") == nil && TrainingSpan("") == nil)
        for span in [TrainingSpan.epochs(0.1), .steps(7)] { #expect(TrainingSpan(span.description) == span) }
    }
}
