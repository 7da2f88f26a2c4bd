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
        let edge = StabilityEdge.sharpnessAware(rho: rho, gradientNorm: gradientNorm, edge: 2 / rate)
        let theta = gradientNorm / edge
        let next = theta - rate * edge * (theta + rho)
        #expect(abs(next + theta) < 1e-12 * max(1, theta))
        let asPublished = gradientNorm / (2 * rho) * ((1 + 8 * rho / (rate * gradientNorm)).squareRoot() - 1)
        #expect(abs(edge / asPublished - 1) < 1e-6)
        #expect(StabilityEdge.sharpnessAware(rho: 0, gradientNorm: 1, edge: 3) == 3)
    }
}
