import Foundation

/// Adam (Kingma, Ba 2014, arXiv 1412.6980) and AdamW (Loshchilov, Hutter 2017, arXiv 1711.05101), as `torch.optim`:
///
///     m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − (η/(1−β₁ᵗ)) m / (√v/√(1−β₂ᵗ) + ε)
///
/// Adam adds the decay λθ to g; AdamW shrinks θ by the factor 1 − ηλ beforehand.
public struct Adam: Optimizer {
    /// β₁ and β₂, from 0 up to, not including, 1.
    public let beta1: Double, beta2: Double
    /// ε, beside √v̂.
    public let epsilon: Double
    /// λ, from 0.
    public let weightDecay: Double
    /// Whether this is AdamW.
    public let decouplesDecay: Bool
    /// `exp_avg`: m; `exp_avg_sq`: v.
    public var state: [String: [Double]] = [:]

    static let meanName = "exp_avg", squareName = "exp_avg_sq"
    /// `exp_avg` and `exp_avg_sq`.
    public var names: [String] { [Self.meanName, Self.squareName] }

    /// The rule; by default the paper's and PyTorch's values, without decay.
    public init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
        decouplesDecay: Bool = false
    ) {
        (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
        (self.weightDecay, self.decouplesDecay) = (weightDecay, decouplesDecay)
    }

    /// Takes a step.
    ///
    /// - Precondition: a gradient of θ's length.
    public mutating func update(_ theta: inout [Double], gradient: [Double], learningRate: Double, step: Int) {
        precondition(gradient.count == theta.count, "a gradient of length \(gradient.count) for \(theta.count)")
        let count = theta.count
        var mean = state.removeValue(forKey: Self.meanName) ?? [Double](repeating: 0, count: count)
        var square = state.removeValue(forKey: Self.squareName) ?? [Double](repeating: 0, count: count)
        let (beta1, beta2, epsilon) = (beta1, beta2, epsilon)
        let rate = learningRate / (1 - pow(beta1, Double(step + 1)))
        let rootCorrection = (1 - pow(beta2, Double(step + 1))).squareRoot()
        let decay = decouplesDecay ? 0 : weightDecay
        let shrinkage = decouplesDecay ? 1 - learningRate * weightDecay : 1
        theta.withUnsafeMutableBufferPointer { theta in
            mean.withUnsafeMutableBufferPointer { mean in
                square.withUnsafeMutableBufferPointer { square in
                    gradient.withUnsafeBufferPointer { gradient in
                        for i in 0..<count {
                            let g = gradient[i] + decay * theta[i]
                            let m = beta1 * mean[i] + (1 - beta1) * g
                            let v = beta2 * square[i] + (1 - beta2) * g * g
                            (mean[i], square[i]) = (m, v)
                            theta[i] = theta[i] * shrinkage - rate * m / (v.squareRoot() / rootCorrection + epsilon)
                        }
                    }
                }
            }
        }
        state[Self.meanName] = mean
        state[Self.squareName] = square
    }
}
