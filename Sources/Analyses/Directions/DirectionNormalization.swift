import Networks
import Tensors

/// How a direction is scaled to the network it is for, so that slices of networks with weights of different size compare.
public enum DirectionNormalization: String, Sendable, Codable, CaseIterable {
    /// Every filter of a weight of 2 or more dimensions gets the norm of the network's own filter: d_f ← d_f ‖θ_f‖/‖d_f‖
    /// (Li et al. 2018, arXiv 1712.09913). A filter is a slice along the first axis: a convolution's output channel, the weights
    /// into one unit, an embedding's row.
    case filter
    /// Every tensor of 2 or more dimensions gets the norm of the network's own.
    case layer
    /// Every number is multiplied by the size of the network's own: d ⊙ |θ|. The others may be applied again; this one may not.
    case weight
    /// Directions are used as they are.
    case none

    /// Scales `direction` in place.
    ///
    /// - Parameters:
    ///   - includes1D: whether biases and norm scales take part (each as one filter); by default they are set to 0, as Li et al.
    ///     do. With `.none` nothing changes either way.
    public func apply(
        to direction: inout [Double], at theta: [Double], _ layout: ParameterLayout, includes1D: Bool = false
    ) {
        precondition(
            direction.count == theta.count && theta.count == layout.count,
            "\(direction.count) and \(theta.count) numbers for \(layout.count)")
        guard self != .none else { return }
        for (index, tensor) in layout.tensors.enumerated() {
            let range = layout.range(index)
            if tensor.shape.count < 2, !includes1D {
                for i in range { direction[i] = 0 }
                continue
            }
            switch self {
            case .weight:
                for i in range { direction[i] *= abs(theta[i]) }
            case .filter, .layer:
                let filters = self == .filter && tensor.shape.count >= 2 ? tensor.shape[0] : 1
                let size = range.count / filters
                for filter in 0..<filters {
                    let part = (range.lowerBound + filter * size)..<(range.lowerBound + (filter + 1) * size)
                    let own = Vectors.norm(Array(direction[part])), target = Vectors.norm(Array(theta[part]))
                    let factor = own > 0 ? target / own : 0
                    for i in part { direction[i] *= factor }
                }
            case .none: break
            }
        }
    }
}
