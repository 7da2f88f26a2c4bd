import Foundation
import Tensors

/// The distribution that a tensor's initial values are drawn from.
public enum Initialization: Sendable, Hashable, Codable {
    /// One number for every element: 0 for shifts, 1 for scales.
    case constant(Double)
    /// Uniform in ±1/√fanIn: PyTorch's default for dense and convolutional layers and their biases.
    case uniformFanIn(Int)
    /// Normal with deviation √(2/fanOut) (He et al. 2015, arXiv 1502.01852): the usual choice for residual networks.
    case normalFanOut(Int)
    /// Normal with mean 0 and this deviation.
    case normal(deviation: Double)

    /// `count` numbers from a sequence of the tensor's own.
    func values(_ count: Int, _ random: RandomNumbers) -> [Double] {
        switch self {
        case .constant(let number): [Double](repeating: number, count: count)
        case .uniformFanIn(let fan): (0..<count).map { (2 * random.uniform(at: $0) - 1) / Double(fan).squareRoot() }
        case .normalFanOut(let fan): (0..<count).map { random.normal(at: $0) * (2 / Double(fan)).squareRoot() }
        case .normal(let deviation): (0..<count).map { random.normal(at: $0) * deviation }
        }
    }
}

extension ParameterLayout {
    /// Initial values of all tensors, in θ's order and of its length.
    ///
    /// Each tensor has a random sequence of its own, by the seed and its name. So a layer that is added elsewhere does
    /// not change it.
    public func initialValues(seed: UInt64) -> [Double] {
        tensors.flatMap {
            $0.initialization.values($0.count, RandomNumbers(seed: seed).named("initialization " + $0.name))
        }
    }
}
