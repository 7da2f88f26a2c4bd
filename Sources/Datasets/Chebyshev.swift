import Foundation

/// The regression task of Cohen et al. 2021 (arXiv 2103.00065, "Gradient descent on neural networks typically occurs
/// at the edge of stability"): 20 points equally spaced in [−1, 1] and the Chebyshev polynomial T_K at them.
enum Chebyshev {
    static let points = 20

    static func load(_ degree: Int, _ split: Split) throws(DatasetError) -> Dataset {
        guard split == .train else { throw .noTestSplit("chebyshev:\(degree)") }
        let inputs = (0..<points).map { -1 + 2 * Double($0) / Double(points - 1) }
        return Dataset(
            name: "chebyshev:\(degree)", inputs: .doubles(inputs), exampleShape: [1],
            targets: .values(inputs.map { value(degree, $0) }, width: 1))
    }

    /// T_K(x) by T₀ = 1, T₁ = x, T_{k+1} = 2x T_k − T_{k−1}.
    static func value(_ degree: Int, _ x: Double) -> Double {
        var (last, next) = (1.0, x)
        for _ in 0..<degree { (last, next) = (next, 2 * x * next - last) }
        return last
    }
}
