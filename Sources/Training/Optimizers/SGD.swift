/// Stochastic gradient descent with momentum, as `torch.optim.SGD` (dampening 0):
///
///     g ← ∇L + λθ,  b ← μb + g (b = g at the first step),  θ ← θ − ηb
///
/// and with Nesterov's form θ ← θ − η(g + μb) (Sutskever et al. 2013). The learning rate is outside the buffer, so a change
/// of rate acts at once.
public struct SGD: Optimizer {
    /// μ, from 0 up to, not including, 1.
    public let momentum: Double
    /// λ of the penalty ½λ‖θ‖², added to the gradient.
    public let weightDecay: Double
    /// Whether the step looks ahead along the buffer.
    public let isNesterov: Bool
    /// `momentum`: b; nothing where there is no momentum.
    public var state: [String: [Double]] = [:]

    static let bufferName = "momentum"
    /// `momentum`, where there is momentum.
    public var names: [String] { momentum == 0 ? [] : [Self.bufferName] }

    /// The rule; by default plain descent.
    public init(momentum: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false) {
        (self.momentum, self.weightDecay, self.isNesterov) = (momentum, weightDecay, isNesterov)
    }

    /// Takes a step.
    ///
    /// - Precondition: a gradient of θ's length.
    public mutating func update(_ theta: inout [Double], gradient: [Double], learningRate: Double, step: Int) {
        precondition(gradient.count == theta.count, "a gradient of length \(gradient.count) for \(theta.count)")
        let (momentum, decay, isNesterov, count) = (momentum, weightDecay, isNesterov, theta.count)
        guard momentum != 0 else {
            theta.withUnsafeMutableBufferPointer { theta in
                gradient.withUnsafeBufferPointer { gradient in
                    for i in 0..<count { theta[i] -= learningRate * (gradient[i] + decay * theta[i]) }
                }
            }
            return
        }
        // Out of the dictionary, so that it is changed in place. A buffer of zeros makes the first step b = g.
        var buffer = state.removeValue(forKey: Self.bufferName) ?? [Double](repeating: 0, count: count)
        theta.withUnsafeMutableBufferPointer { theta in
            buffer.withUnsafeMutableBufferPointer { buffer in
                gradient.withUnsafeBufferPointer { gradient in
                    for i in 0..<count {
                        let g = gradient[i] + decay * theta[i]
                        let b = momentum * buffer[i] + g
                        buffer[i] = b
                        theta[i] -= learningRate * (isNesterov ? g + momentum * b : b)
                    }
                }
            }
        }
        state[Self.bufferName] = buffer
    }
}
