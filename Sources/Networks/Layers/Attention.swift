import Autodiff

extension NetworkBuilder {
    /// Multi-head self-attention softmax(QKᵀ/√(d/h)) V (Vaswani et al. 2017, arXiv 1706.03762).
    ///
    /// One projection `qkv` gives queries, keys and values; `proj` projects back.
    ///
    /// *Shapes:* x and the result are [n, t, d].
    ///
    /// - Precondition: `heads` divides d.
    public func selfAttention(_ x: Value, _ name: String, heads: Int) -> Value {
        scoped(name) {
            let (n, t, d) = (x.shape[0], x.shape[1], x.shape[2])
            let width = d / heads
            // Heads [n, heads, t, width] are views of the projections, which products read as they are.
            let parts = denseParts(x, "qkv", 3, outputs: d).map {
                $0.reshaped([n, t, heads, width]).permuted([0, 2, 1, 3])
            }
            let scores = parts[0].product(parts[1], transposeB: true).scaled(1 / Double(width).squareRoot())
            let mixed = scores.softmax().product(parts[2])
            return dense(mixed.permuted([0, 2, 1, 3]).reshaped([n, t, d]), "proj", d)
        }
    }

    /// A pre-norm transformer block: self-attention, then two dense layers with GELU between them, the inner one of
    /// width 4d. Each half is added to its input.
    ///
    /// *Shapes:* x and the result are [n, t, d].
    public func transformerBlock(_ x: Value, _ name: String, heads: Int) -> Value {
        scoped(name) {
            let d = x.shape[2]
            let attended = x + selfAttention(layerNorm(x, "norm1"), "attn", heads: heads)
            let hidden = activation(dense(layerNorm(attended, "norm2"), "fc1", 4 * d), default: .gelu)
            return attended + dense(hidden, "fc2", d)
        }
    }
}
