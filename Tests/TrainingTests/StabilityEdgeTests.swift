import Networks
import Tensors
import Testing

@testable import Training

/// The edges of stability, each against the rule itself on ½λθ².
@Suite struct StabilityEdgeTests {
    /// |θ| after 400 steps from 1.
    func end(_ lambda: Double, rate: Double, momentum: Double = 0, isNesterov: Bool = false, decay: Double = 0)
        -> Double
    {
        var theta = 1.0, buffer = 0.0
        for _ in 0..<400 {
            let gradient = (lambda + decay) * theta
            buffer = momentum * buffer + gradient
            theta -= rate * (isNesterov ? gradient + momentum * buffer : buffer)
        }
        return abs(theta)
    }

    @Test(arguments: [
        (0.0, false, 0.0), (0.5, false, 0), (0.9, false, 0), (0.5, true, 0), (0.9, true, 0), (0, false, 0.3),
    ])
    func descent(_ momentum: Double, _ isNesterov: Bool, _ decay: Double) {
        let edge = StabilityEdge.gradientDescent(
            rate: 0.2, momentum: momentum, isNesterov: isNesterov, weightDecay: decay)
        func end(_ lambda: Double) -> Double {
            self.end(lambda, rate: 0.2, momentum: momentum, isNesterov: isNesterov, decay: decay)
        }
        #expect(end(0.97 * edge) < 0.1 && end(1.03 * edge) > 10)
        if momentum == 0 { #expect(edge == 2 / 0.2 - decay) }
    }

    /// On ½λθ² with |g| = λ|θ|, a step of SAM takes θ to −θ exactly at its edge.
    @Test(arguments: [(0.1, 0.05, 0.3), (0.2, 0.5, 0.01), (0.4, 1e-9, 1)])
    func sharpnessAware(_ rate: Double, _ rho: Double, _ gradientNorm: Double) {
        let edge = StabilityEdge.sharpnessAware(rho: rho, climbedNorm: gradientNorm, edge: 2 / rate)
        let theta = gradientNorm / edge
        let next = theta - rate * edge * (theta + rho)
        #expect(abs(next + theta) < 1e-12 * max(1, theta))
        let asPublished = gradientNorm / (2 * rho) * ((1 + 8 * rho / (rate * gradientNorm)).squareRoot() - 1)
        #expect(abs(edge / asPublished - 1) < 1e-6)
        #expect(StabilityEdge.sharpnessAware(rho: 0, climbedNorm: 1, edge: 3) == 3)
    }

    /// The program's own ascent and SGD on ½λθ²: at the edge, θ ← −θ and back is an orbit, with momentum and with decay, in the ascent or
    /// not. The buffer of the orbit is b = −G/(1 + β) for the direction G of its next step.
    @Test(arguments: [0.0, 0.5, 0.9], [(0.0, false), (2, false), (2, true)])
    func orbitOfTheRule(_ momentum: Double, _ decay: (weight: Double, isClimbed: Bool)) throws {
        var configuration = TrainingConfiguration(model: "linear", data: .spirals, optimizer: .sam)
        (configuration.momentum, configuration.weightDecay, configuration.rho) = (momentum, decay.weight, 0.3)
        configuration.decaysInAscent = decay.isClimbed
        let rate = 0.2, climbedNorm = 1.7, climbedDecay = decay.isClimbed ? decay.weight : 0
        let layout = ParameterLayout([TensorSpecification("w", [1], .constant(0))])
        let network = try Network("linear", inputShape: [1], outputs: 1)
        let ascent = try #require(try configuration.ascent(of: network))
        // g = climbedNorm − wθ, so that g + wθ has that norm; g and θ are those of the λ that is asked for only at the edge itself.
        func edge(at theta: Double) throws -> Double {
            try #require(
                configuration.stabilityEdge(
                    learningRate: rate, gradient: [climbedNorm - climbedDecay * theta], at: [theta]))
        }
        let lambda = try edge(at: 1), start = climbedNorm / (lambda + climbedDecay)
        #expect(abs(try edge(at: start) - lambda) < 1e-12)
        func direction(_ theta: [Double]) -> [Double] {
            let climbed = Vectors.sum(
                theta, 1, ascent.perturbation(at: theta, gradient: [lambda * theta[0]], layout: layout))
            return [lambda * climbed[0]]
        }
        var theta = [start], rule = try configuration.baseOptimizer(for: layout)
        if momentum > 0 {
            rule.state[SGD.bufferName] = [-(direction(theta)[0] + decay.weight * start) / (1 + momentum)]
        }
        for step in 0..<4 {
            rule.update(&theta, gradient: direction(theta), learningRate: rate, step: step)
            // The orbit is unstable: rounding of 1e-16 grows by less than 10 a step.
            #expect(abs(theta[0] - (step % 2 == 0 ? -start : start)) < 1e-12)
        }
    }

    /// None is known where batches are divided for their ascents.
    @Test func noEdgeOfShards() {
        var configuration = TrainingConfiguration(model: "linear", data: .spirals, optimizer: .sam)
        #expect(configuration.stabilityEdge(learningRate: 0.1, gradient: [1], at: [1]) != nil)
        configuration.m = 4
        #expect(configuration.stabilityEdge(learningRate: 0.1, gradient: [1], at: [1]) == nil)
    }
}
