import Foundation
import Tensors

/// The maximiser of Σ γᵢcᵢ + ½θᵢcᵢ² in the ball ‖c‖ ≤ ρ: the trust-region problem in the eigenbasis.
///
/// c maximises exactly if (λ − θᵢ)cᵢ = γᵢ with λ ≥ max(0, θmax), and ‖c‖ = ρ unless λ = 0 (Moré & Sorensen 1983,
/// doi:10.1137/0904038). On the boundary λ solves ‖c(λ)‖ = ρ. Everything is kept relative to θmax: with s = λ − θmax
/// and δᵢ = θmax − θᵢ the denominators are s + δᵢ, so that an s far below rounding in λ (the nearly hard case) still is
/// exact.
struct SecularEquation {
    /// θ, ascending.
    let eigenvalues: [Double]
    /// γ, the linear term.
    let linear: [Double]
    /// ρ.
    let radius: Double

    struct Solution {
        let multiplier: Double
        let coefficients: [Double]
        /// ‖c‖ = ρ is what keeps the value from growing.
        let isActive: Bool
        /// γ has nothing along the top eigenvectors, and the rest does not reach the boundary: c contains as much of
        /// one of them as does, with either sign.
        let isHardCase: Bool

        /// Σ γᵢcᵢ + ½θᵢcᵢ².
        func value(linear: [Double], eigenvalues: [Double]) -> Double {
            zip(coefficients, zip(linear, eigenvalues)).reduce(0) { sum, term in
                let (c, (gamma, theta)) = term
                return sum + gamma * c + 0.5 * theta * c * c
            }
        }
    }

    func solve() -> Solution {
        guard let top = eigenvalues.last else {
            return Solution(multiplier: 0, coefficients: [], isActive: false, isHardCase: false)
        }
        let gaps = eigenvalues.map { top - $0 }
        if top <= 0 {
            let inner = quotients(gaps, -top)
            if Vectors.norm(inner) <= radius {
                return Solution(multiplier: 0, coefficients: inner, isActive: false, isHardCase: false)
            }
        } else {
            var hard = quotients(gaps, 0)
            let norm = Vectors.norm(hard)
            if norm < radius {
                // √(ρ² − ‖c‖²) without cancellation.
                hard[hard.count - 1] += ((radius - norm) * (radius + norm)).squareRoot()
                return Solution(multiplier: top, coefficients: hard, isActive: true, isHardCase: true)
            }
        }
        let shift = root(gaps, least: max(0, -top))
        var coefficients = quotients(gaps, shift)
        let norm = Vectors.norm(coefficients)
        if norm > radius { Vectors.scale(&coefficients, by: radius / norm) }
        return Solution(multiplier: top + shift, coefficients: coefficients, isActive: true, isHardCase: false)
    }

    /// γᵢ/(s + δᵢ), with 0/0 = 0: an eigenvector that the linear term does not contain.
    private func quotients(_ gaps: [Double], _ s: Double) -> [Double] {
        zip(linear, gaps).map { $0 == 0 ? 0 : $0 / (s + $1) }
    }

    /// s with ‖c(s)‖ = ρ, above `least`: Newton's method on 1/‖c‖ − 1/ρ, which is nearly linear and concave, inside a
    /// bracket that shrinks whatever happens.
    private func root(_ gaps: [Double], least: Double) -> Double {
        // ‖c(s)‖ is at least each of its components and at most ‖γ‖/s.
        var low = zip(linear, gaps).reduce(least) { max($0, abs($1.0) / radius - $1.1) }
        var high = max(Vectors.norm(linear) / radius, low)
        var s = low > 0 ? low : high
        for _ in 0..<300 {
            let c = quotients(gaps, s)
            let norm = Vectors.norm(c)
            if abs(norm - radius) <= 4 * 0x1p-52 * radius { return s }
            if norm > radius { low = max(low, s) } else { high = min(high, s) }
            // Σ cᵢ²/(s + δᵢ), scaled by ‖c‖².
            let slope = zip(c, gaps).reduce(0) { $0 + ($1.0 == 0 ? 0 : ($1.0 / norm) * ($1.0 / norm) / (s + $1.1)) }
            var proposal = s + (norm - radius) / (radius * slope)
            if !(proposal > low && proposal < high) {
                proposal = low > 0 ? (low * high).squareRoot() : 0.5 * high
                if !(proposal > low && proposal < high) { return s }
            }
            s = proposal
        }
        return s
    }
}
