import Datasets
import Essentials
import Models
import Networks
import Tensors

/// Why a network's attention cannot be told from its tensors.
public enum AttentionSymmetryError: DescribedError, Equatable {
    /// No tensors that are called like projections of attention.
    case none(model: String)
    /// Tensors that are called so, but whose transformations change the outputs; the smallest change found, relative to the largest output.
    case unconfirmed(layers: [String], change: Double)
    /// A loss with a term that the transformations change.
    case weightDecay

    /// True where another request to the same file can do.
    public var isOfRequest: Bool { true }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .none(let model):
            "\(model) has no attention by the names of its tensors; expected projections such as attn.qkv.weight and attn.proj.weight, in_proj_weight and out_proj.weight, or query, key, value and output. Without attention the worst case (--measure worst) is what this measure is"
        case .unconfirmed(let layers, let change):
            "\(layers[0])\(layers.count > 1 ? " and \(layers.count - 1) more" : "") are called like attention, but for no number of heads do W_Q A and W_K A⁻ᵀ leave the outputs as they are (they change by \(Format.short(change)) of the largest at least); rotary positions, normalised queries and shared keys have another symmetry, which is not known here"
        case .weightDecay:
            "the term of --weight-decay is larger at other weights of the same network; leave it out, since this measure is one of networks"
        }
    }
}

extension AttentionSymmetry {
    /// A network's symmetry, by the names and shapes of its tensors, and confirmed by its outputs: of some examples, in Float64, they stay
    /// what they are to 1e-8 of the largest. The number of heads is the smallest one that is confirmed.
    ///
    /// - Parameter data: examples that the network takes.
    /// - Throws: `AttentionSymmetryError`; what the network's outputs throw.
    public init(of model: Model, on data: Dataset) throws {
        let network = model.network, layers = AttentionLayer.all(in: network.parameters)
        guard !layers.isEmpty else { throw AttentionSymmetryError.none(model: model.metadata.model) }
        let probe = try OutputProbe(model, on: data, examples: 4)
        var least = Double.infinity
        let width = layers.map { $0.width }.min()!
        for heads in 1...width where layers.allSatisfy({ $0.width % heads == 0 }) {
            for isTransposed in [false, true] {
                for outputIsTransposed in [false, true] {
                    let products = layers.compactMap {
                        $0.products(heads: heads, isTransposed: isTransposed, outputIsTransposed: outputIsTransposed)
                    }
                    guard products.count == layers.count else { continue }
                    let symmetry = AttentionSymmetry(
                        layers: layers.map(\.name), heads: heads, products: products.flatMap { $0 })
                    let change = try probe.change(at: symmetry.transformed(model.theta, seed: 0))
                    least = min(least, change)
                    if change <= Self.tolerance {
                        self = symmetry
                        return
                    }
                }
            }
        }
        throw AttentionSymmetryError.unconfirmed(layers: layers.map(\.name), change: least)
    }

    /// How much outputs may change in Float64, relative to the largest: rounding is 1e-13, the change without a symmetry 1e-3 or more.
    private static let tolerance = 1e-8
}

extension ModelLoss {
    /// The symmetry of the model's attention (`AttentionSymmetry.init(of:on:)`).
    ///
    /// - Throws: `AttentionSymmetryError`, also where the loss has a term of weight decay; what the network's outputs throw.
    public func attentionSymmetry() throws -> AttentionSymmetry {
        guard weightDecay == 0 else { throw AttentionSymmetryError.weightDecay }
        return try AttentionSymmetry(of: model, on: data)
    }
}

/// The tensors of one layer of attention, by their names.
struct AttentionLayer {
    /// The names' common part.
    let name: String
    /// Rows of each projection, all heads together.
    let width: Int
    private let query: Projection, key: Projection, value: Projection
    private let output: Tensor

    /// A part of a layout's tensor: where it begins in θ, and its extents.
    struct Tensor {
        let offset: Int
        let shape: [Int]
    }

    /// Rows of a weight and of its bias: some of all that the tensors have.
    private struct Projection {
        let weight: Tensor, bias: Tensor?
        let rows: Range<Int>

        /// The places of each row, its bias last; nil where the weight has no such shape.
        func places(isTransposed: Bool, of outputs: Int) -> [[Int]]? {
            let (rowAxis, columnAxis) = isTransposed ? (1, 0) : (0, 1)
            guard weight.shape[rowAxis] == outputs else { return nil }
            return rows.map { row in
                (0..<weight.shape[columnAxis]).map { column in
                    weight.offset + (isTransposed ? column * outputs + row : row * weight.shape[1] + column)
                } + (bias.map { [$0.offset + row] } ?? [])
            }
        }
    }

    private static let fused = ["qkv", "in_proj", "c_attn", "qkv_proj", "Wqkv", "to_qkv", "query_key_value"]
    private static let separate = [
        ["q", "k", "v"], ["query", "key", "value"], ["q_proj", "k_proj", "v_proj"], ["q_lin", "k_lin", "v_lin"],
        ["to_q", "to_k", "to_v"], ["wq", "wk", "wv"], ["W_Q", "W_K", "W_V"], ["w_q", "w_k", "w_v"],
        ["linear_q", "linear_k", "linear_v"], ["q_proj_weight", "k_proj_weight", "v_proj_weight"],
    ]
    private static let outputs = [
        "proj", "out_proj", "c_proj", "o_proj", "out_lin", "to_out", "to_out.0", "wo", "W_O", "w_o", "o", "out",
        "dense",
        "output.dense", "linear_out",
    ]

    /// All that a layout has, in its order.
    static func all(in layout: ParameterLayout) -> [AttentionLayer] {
        var tensors: [String: Tensor] = [:], names: [String] = []
        for (index, tensor) in layout.tensors.enumerated() {
            tensors[tensor.name] = Tensor(offset: layout.offsets[index], shape: tensor.shape)
        }
        // An exporter may keep a bias's name and give its weight another, such as val_14: the next one without a place that fits it.
        var nameless = layout.tensors.filter { $0.shape.count == 2 && !$0.name.contains(".") }
        for tensor in layout.tensors {
            names.append(tensor.name)
            guard tensor.shape.count == 1, tensor.name.contains("."), tensor.name.hasSuffix("bias") else { continue }
            let weight = String(tensor.name.dropLast(4)) + "weight"
            guard tensors[weight] == nil, let next = nameless.firstIndex(where: { $0.shape[0] == tensor.count })
            else { continue }
            tensors[weight] = tensors[nameless.remove(at: next).name]
            names.append(weight)
        }
        /// The weight that a name stands for, with its bias: `name.weight`, PyTorch's `in_proj_weight`, or the name alone.
        func projection(_ name: String) -> (weight: Tensor, bias: Tensor?)? {
            for (weight, bias) in [(".weight", ".bias"), ("_weight", "_bias"), ("", "_bias")] {
                if let tensor = tensors[name + weight], tensor.shape.count == 2 {
                    return (tensor, tensors[name + bias].flatMap { $0.shape.count == 1 ? $0 : nil })
                }
            }
            return nil
        }
        return names.compactMap { tensor in
            for (leaf, names) in fused.map({ ($0, [$0]) }) + separate.map({ ($0[0], $0) }) {
                for ending in [".weight", "_weight", ""] {
                    let end = leaf + ending
                    guard tensor == end || tensor.hasSuffix("." + end) else { continue }
                    let scope = String(tensor.dropLast(end.count))
                    let parts = names.compactMap { projection(scope + $0) }
                    guard parts.count == names.count, let output = output(of: scope, projection),
                        let layer = AttentionLayer(scope, parts, output)
                    else { continue }
                    return layer
                }
            }
            return nil
        }
    }

    /// The projection behind the heads: in the same scope, or beside it.
    private static func output(
        of scope: String, _ projection: (String) -> (weight: Tensor, bias: Tensor?)?
    ) -> Tensor? {
        let parent = scope.dropLast().lastIndex(of: ".").map { String(scope[...$0]) } ?? ""
        for place in [scope, parent] {
            for name in outputs { if let found = projection(place + name) { return found.weight } }
        }
        return nil
    }

    /// - Parameter parts: one projection of all, or three.
    private init?(_ scope: String, _ parts: [(weight: Tensor, bias: Tensor?)], _ output: Tensor) {
        // The width is what all shapes agree on: the axis that three projections share.
        let first = parts[0].weight.shape
        let width: Int
        if parts.count == 1 {
            guard let three = first.max(), three % 3 == 0, output.shape.contains(three / 3) else { return nil }
            width = three / 3
        } else {
            guard let found = first.first(where: { extent in output.shape.contains(extent) }),
                parts.allSatisfy({ $0.weight.shape == first })
            else { return nil }
            width = found
        }
        let biases = parts.compactMap(\.bias)
        guard width > 0, biases.allSatisfy({ $0.shape == [parts.count == 1 ? 3 * width : width] }) else { return nil }
        func part(_ number: Int) -> Projection {
            let found = parts.count == 1 ? parts[0] : parts[number], first = parts.count == 1 ? number * width : 0
            return Projection(weight: found.weight, bias: found.bias, rows: first..<first + width)
        }
        name = scope.hasSuffix(".") ? String(scope.dropLast()) : scope.isEmpty ? "attention" : scope
        (self.width, self.output) = (width, output)
        (query, key, value) = (part(0), part(1), part(2))
        isFused = parts.count == 1
    }

    private let isFused: Bool

    /// Two products for each head; nil where the tensors' shapes do not allow it.
    ///
    /// - Parameters:
    ///   - isTransposed: whether the weights are [in, out], as with `x @ W`, and not [out, in].
    ///   - outputIsTransposed: the same of the output.
    func products(
        heads: Int, isTransposed: Bool, outputIsTransposed: Bool
    ) -> [AttentionSymmetry.Product]? {
        let rows = [query, key, value].compactMap {
            $0.places(isTransposed: isTransposed, of: isFused ? 3 * width : width)
        }
        let (columnAxis, rowAxis) = outputIsTransposed ? (0, 1) : (1, 0)
        guard rows.count == 3, output.shape[columnAxis] == width else { return nil }
        let columns = (0..<width).map { column in
            (0..<output.shape[rowAxis]).map { row in
                output.offset
                    + (outputIsTransposed ? column * output.shape[1] + row : row * output.shape[1] + column)
            }
        }
        let size = width / heads
        return (0..<heads).flatMap { head in
            let range = head * size..<(head + 1) * size
            return [
                AttentionSymmetry.Product(left: Array(rows[0][range]), right: Array(rows[1][range])),
                AttentionSymmetry.Product(left: Array(rows[2][range]), right: Array(columns[range])),
            ]
        }
    }
}
