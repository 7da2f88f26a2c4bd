import Tensors

/// Clipping of a gradient by its norm (Pascanu et al. 2013, arXiv 1211.5063), as `torch.nn.utils.clip_grad_norm_`.
enum GradientClipping {
    /// g ← g · min(1, limit/(‖g‖ + 1e-6)).
    static func clip(_ gradient: inout [Double], to limit: Double) {
        let factor = limit / (Vectors.norm(gradient) + 1e-6)
        if factor < 1 { Vectors.scale(&gradient, by: factor) }
    }
}
