import Autodiff

extension NetworkBuilder {
    /// Multi-head self-attention of x [n, t, d] (Vaswani et al. 2017, arXiv 1706.03762): softmax(QKᵀ/√(d/h)) V, with one
    /// projection `qkv` to queries, keys and values, and one `proj` back.
    public func selfAttention(_ x: Value, _ name: String, heads: Int) -> Value {
        scoped(name) {
            let (n, t, d) = (x.shape[0], x.shape[1], x.shape[2])
            let width = d / heads
            let qkv = dense(x, "qkv", 3 * d).reshaped([n, t, 3, heads, width]).permuted([2, 0, 3, 1, 4])
            let parts = (0..<3).map { qkv.slice(0, from: $0, count: 1).reshaped([n * heads, t, width]) }
            let scores = parts[0].product(parts[1], transposeB: true).scaled(1 / Double(width).squareRoot())
            let mixed = scores.softmax().product(parts[2])
            return dense(mixed.reshaped([n, heads, t, width]).permuted([0, 2, 1, 3]).reshaped([n, t, d]), "proj", d)
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
