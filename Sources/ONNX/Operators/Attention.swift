import Autodiff
import Essentials

extension Operators {
    static let attention: [String: OperatorCall.Implementation] = ["Attention": { try attend($0) }]

    /// Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762) as opset 23 has it: several heads, fewer of keys and values
    /// than of queries (arXiv 2305.13245), a mask of truth values or addends, and keys and values of the past.
    private static func attend(_ call: OperatorCall) throws -> [Operand] {
        let given = try call.operand(0).shape
        let heads = (query: call.integer("q_num_heads"), key: call.integer("kv_num_heads"))
        func split(_ index: Int, _ count: Int?) throws -> Value {
            let x = try call.tensor(index)
            if x.shape.count == 4 { return x }
            try call.rank(x.shape, 3...3)
            guard let count, count > 0, x.shape[2] % count == 0 else {
                throw call.failure(
                    "found input \(index) of shape \(x.shape.shown), which is not of \(count ?? 0) heads")
            }
            return x.reshaped([x.shape[0], x.shape[1], count, x.shape[2] / count]).permuted([0, 2, 1, 3])
        }
        let q = try split(0, heads.query)
        var (k, v) = (try split(1, heads.key), try split(2, heads.key))
        var past = 0
        if call.optional(4) != nil, call.optional(5) != nil {
            let (pastKeys, pastValues) = (try call.tensor(4), try call.tensor(5))
            guard pastKeys.shape.count == 4, pastValues.shape.count == 4,
                [0, 1, 3].allSatisfy({ pastKeys.shape[$0] == k.shape[$0] && pastValues.shape[$0] == v.shape[$0] })
            else { throw call.failure("found past keys of shape \(pastKeys.shape.shown) for keys of \(k.shape.shown)") }
            past = pastKeys.shape[2]
            k = Value.concatenate([pastKeys, k], axis: 2)
            v = Value.concatenate([pastValues, v], axis: 2)
        }
        guard call.optional(6) == nil else { throw call.failure("lengths of padded keys are not supported") }
        let (presentKeys, presentValues) = (k, v)
        let (n, h, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
        let keys = k.shape[2]
        guard k.shape[0] == n, v.shape[0] == n, k.shape[3] == width, v.shape[2] == keys, v.shape[1] == k.shape[1],
            h % k.shape[1] == 0
        else {
            throw call.failure(
                "queries, keys and values of shapes \(q.shape.shown), \(k.shape.shown) and \(v.shape.shown) do not fit")
        }
        func repeated(_ x: Value) -> Value {
            let groups = h / x.shape[1]
            guard groups > 1 else { return x }
            return x.reshaped([n, x.shape[1], 1, keys, x.shape[3]]).broadcast([n, x.shape[1], groups, keys, x.shape[3]])
                .reshaped([n, h, keys, x.shape[3]])
        }
        try call.check([n, h, max(queries, keys), max(keys, width)])
        let scale = call.node.attributes["scale"]?.real ?? 1 / Double(width).squareRoot()
        let products = q.product(repeated(k), transposeB: true).scaled(scale)
        var masked = products
        if call.flag("is_causal") {
            _ = try call.hostCount([queries, keys])
            let later = (0..<queries).flatMap { i in (0..<keys).map { $0 > i + past ? -Double.infinity : 0 } }
            masked = masked + call.graph.literal(later, shape: [queries, keys])
        }
        if let mask = call.optional(3) {
            guard try call.broadcast([masked.shape, mask.shape]) == masked.shape else {
                throw call.failure("a mask of shape \(mask.shape.shown) does not fit \(masked.shape.shown)")
            }
            let value = try call.tensor(3)
            masked =
                mask.kind == .real
                ? masked + value
                : value.broadcast(masked.shape).select(masked, call.graph.constant(-.infinity, shape: masked.shape))
        }
        let cap = call.real("softcap", default: 0)
        let capped = cap > 0 ? masked.scaled(1 / cap).tanh().scaled(cap) : masked
        let weights = capped.softmax()
        let mixed = weights.product(repeated(v))
        let y =
            given.count == 4
            ? mixed : mixed.permuted([0, 2, 1, 3]).reshaped([n, queries, h * mixed.shape[3]])
        let shown = [products, masked, capped, weights]
        let mode = call.integer("qk_matmul_output_mode", default: 0)
        guard shown.indices.contains(mode) else { throw call.failure("found qk_matmul_output_mode \(mode)") }
        return [.graph(y), .graph(presentKeys), .graph(presentValues), .graph(shown[mode])]
    }
}
