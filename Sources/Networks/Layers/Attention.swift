import Autodiff

extension NetworkBuilder {
    /// Multi-head self-attention of x [n, t, d] (Vaswani et al. 2017, arXiv 1706.03762): softmax(QKᵀ/√(d/h)) V, with one
    /// projection `qkv` to queries, keys and values, and one `proj` back.
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

    /// One pre-norm transformer block: attention, then two dense layers with GELU of four times the width between.
    public func transformerBlock(_ x: Value, _ name: String, heads: Int) -> Value {
        scoped(name) {
            let d = x.shape[2]
            let attended = x + selfAttention(layerNorm(x, "norm1"), "attn", heads: heads)
            let hidden = activation(dense(layerNorm(attended, "norm2"), "fc1", 4 * d), default: .gelu)
            return attended + dense(hidden, "fc2", d)
        }
    }
}
