import ArrayFiles
import Foundation

/// Which of a model's tensors are its parameters, which are statistics, and which axis of each belongs to a filter.
struct ParameterRules {
    private let sources: ONNXSources
    /// Where each value is read: node and number of the operand.
    private let uses: [String: [(node: Int, index: Int)]]
    /// The node that gives each value.
    private let producers: [String: ONNXModel.Node]
    /// Values that depend on tensors of the file alone.
    private let constants: Set<String>
    /// Values that the output depends on differentiably.
    private let reached: Set<String>
    /// Values that an operator takes for weights, directly or through nodes that hand them on.
    private let weightValues: Set<String>
    private let provenance: Provenance
    private let data: (String) throws -> [UInt8]

    /// Operands that say how an operator works and are no numbers that it works on.
    private static let settings: [String: Set<Int>] = [
        "Reshape": [1], "Expand": [1], "Slice": [1, 2, 3, 4], "Clip": [1, 2], "Pad": [1, 2, 3], "Pow": [1], "Tile": [1],
        "Squeeze": [1], "Unsqueeze": [1], "Split": [1], "OneHot": [1, 2], "Range": [0, 1, 2], "ConstantOfShape": [0],
        "Dropout": [1, 2], "Trilu": [1], "CumSum": [1], "ReduceSum": [1], "ReduceMean": [1], "ReduceMax": [1],
        "ReduceMin": [1], "ReduceProd": [1], "ReduceL1": [1], "ReduceL2": [1], "ReduceSumSquare": [1],
        "ReduceLogSum": [1], "ReduceLogSumExp": [1], "Resize": [1, 2, 3], "Upsample": [1],
        "ScatterND": [1], "ScatterElements": [1], "GatherND": [1],
    ]
    /// Other operands that no derivative goes through; nil is all.
    private static let opaque: [String: Set<Int>?] = [
        "BatchNormalization": [3, 4], "Where": [0], "Gather": [1], "GatherElements": [1], "OneHot": [0],
        "CastLike": [1],
        "LSTM": [4], "GRU": [4], "RNN": [4], "NegativeLogLikelihoodLoss": [1, 2], "SoftmaxCrossEntropyLoss": [1, 2],
        "Shape": nil, "Size": nil, "Equal": nil, "Greater": nil, "Less": nil, "GreaterOrEqual": nil, "LessOrEqual": nil,
        "And": nil, "Or": nil, "Xor": nil, "Not": nil, "IsNaN": nil, "Sign": nil, "Floor": nil, "Ceil": nil,
        "Round": nil,
        "NonZero": nil, "ArgMax": nil, "ArgMin": nil, "EyeLike": nil, "Range": nil,
    ]
    /// Operands that are weights where they are constants.
    private static let weights: [String: Set<Int>] = [
        "Conv": [1, 2], "ConvTranspose": [1, 2], "Gemm": [0, 1, 2], "MatMul": [0, 1], "BatchNormalization": [1, 2],
        "LayerNormalization": [1, 2], "GroupNormalization": [1, 2], "InstanceNormalization": [1, 2],
        "RMSNormalization": [1], "SimplifiedLayerNormalization": [1], "PRelu": [1], "Gather": [0],
        "LSTM": [1, 2, 3, 7],
        "GRU": [1, 2, 3], "RNN": [1, 2, 3], "Einsum": [0, 1, 2, 3], "Attention": [0, 1, 2],
    ]
    /// What hands on a weight as it is, or weights put together.
    private static let viewing: Set = [
        "Concat", "Slice", "Split",
        "Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten",
    ]
    private static let products: Set = ["Conv", "ConvTranspose", "Gemm", "MatMul"]

    /// - Parameter data: the bytes of a file beside the model's.
    init(
        _ sources: ONNXSources, output: String, _ provenance: Provenance, _ data: @escaping (String) throws -> [UInt8]
    ) {
        self.sources = sources
        self.provenance = provenance
        self.data = data
        var uses: [String: [(node: Int, index: Int)]] = [:]
        for (number, node) in sources.nodes.enumerated() {
            for (index, name) in node.inputs.enumerated() where !name.isEmpty {
                uses[name, default: []].append((number, index))
            }
        }
        self.uses = uses
        producers = Dictionary(
            sources.nodes.flatMap { node in node.outputs.map { ($0, node) } },
            uniquingKeysWith: { first, _ in first })
        var constants: Set = [""]
        constants.formUnion(sources.tensors.keys)
        for node in sources.nodes where node.inputs.allSatisfy(constants.contains) { constants.formUnion(node.outputs) }
        self.constants = constants
        var reached: Set = [output]
        for node in sources.nodes.reversed() where node.outputs.contains(where: reached.contains) {
            for (index, name) in node.inputs.enumerated() where Self.passes(node, index) { reached.insert(name) }
        }
        self.reached = reached
        weightValues = Self.weightValues(sources, uses, producers, constants)
    }

    private static func passes(_ node: ONNXModel.Node, _ index: Int) -> Bool {
        if settings[node.kind]?.contains(index) ?? false { return false }
        if let opaque = opaque[node.kind] { return !(opaque?.contains(index) ?? true) }
        if node.kind == "Cast" {
            return [1, 10, 11, 16].contains(node.attributes.first { $0.name == "to" }?.integer ?? 1)
        }
        return true
    }

    /// Whether a tensor is nothing but settings, which have to be known when the graph is built.
    func isSetting(_ name: String) -> Bool {
        uses[name, default: []].contains { Self.settings[sources.nodes[$0.node].kind]?.contains($0.index) ?? false }
    }

    /// Whether it is the running mean or variance of a batch normalisation.
    func isStatistic(_ name: String) -> Bool {
        uses[name, default: []].contains { sources.nodes[$0.node].kind == "BatchNormalization" && $0.index >= 3 }
    }

    /// Whether it could be a parameter: floating, of rank 1 or more unless the file says that it is one, reached by the output, no
    /// statistic.
    func isEligible(_ tensor: ONNXTensor) -> Bool {
        tensor.isFloating && (!tensor.shape.isEmpty || provenance.origin(tensor.name) == .parameter)
            && reached.contains(tensor.name)
            && !isStatistic(tensor.name) && !isSetting(tensor.name)
    }

    /// Whether it is one by rule: an initializer that is eligible, and no buffer or constant where the file says what it was. Else
    /// constants, and single numbers under names that exporters make up, have to be weights of an operator, too: most are factors and
    /// bounds of the model's code.
    func isParameter(_ tensor: ONNXTensor) -> Bool {
        guard isEligible(tensor) else { return false }
        if let origin = provenance.origin(tensor.name) { return origin == .parameter }
        if isSpectralVector(tensor.name) || isMask(tensor) { return false }
        // Where a file says what the module's tensors were, one that it does not know was made by the exporter.
        let isConstant = tensor.constantNode != nil || ExportedNames.isLifted(tensor.name) || provenance.isKnown
        guard isConstant || (tensor.count == 1 && ExportedNames.isMadeUp(tensor.name)) else { return true }
        // Ones and zeros are how exporters write a normalisation without scale and bias.
        return weightValues.contains(tensor.name) && !(isConstant && tensor.isUniform)
    }

    /// Whether the file says what the module's parameters were.
    var knowsParameters: Bool { provenance.isKnown }

    /// Whether it is a buffer that an operator takes for weights, so that it could be taken for a parameter.
    func isBufferLikeWeight(_ tensor: ONNXTensor) -> Bool {
        isEligible(tensor) && !tensor.isUniform && weightValues.contains(tensor.name)
            && (provenance.isBuffer(tensor.name) || isSpectralVector(tensor.name))
    }

    /// Whether it is a vector of the power iteration of `torch.nn.utils.spectral_norm` or a mask of `torch.nn.utils.prune`: `fc.weight_u`
    /// or `fc.weight_mask` beside `fc.weight_orig`.
    private func isSpectralVector(_ name: String) -> Bool {
        ["_u", "_v", "_mask"].contains {
            name.hasSuffix($0) && sources.tensors[name.dropLast($0.count) + "_orig"] != nil
        }
    }

    /// Whether it is added and takes places out by −∞, as the mask of an attention does. Trained weights are finite.
    func isMask(_ tensor: ONNXTensor) -> Bool {
        guard provenance.origin(tensor.name) != .parameter,
            uses[tensor.name, default: []].allSatisfy({ ["Add", "Where"].contains(sources.nodes[$0.node].kind) }),
            let numbers = try? tensor.values(data).values
        else { return false }
        return numbers.contains(-.infinity) && !numbers.contains { $0.isNaN || $0 == .infinity }
    }

    /// Whether it is taken for a parameter though neither its name nor the file says that it is one.
    func isGuessed(_ tensor: ONNXTensor) -> Bool {
        !provenance.isKnown && !isWritten(tensor) && !ExportedNames.isUsual(tensor.name)
    }

    /// Whether a tensor stands for a number of the model's code, and is no tensor of the module.
    func isWritten(_ tensor: ONNXTensor) -> Bool {
        tensor.constantNode != nil || ExportedNames.isMadeUp(tensor.name)
    }

    /// Whether a tensor has the name of a module's, which exporters keep where they keep the tensor as it is.
    func isKept(_ name: String) -> Bool { !ExportedNames.isMadeUp(name) && provenance.origins(name).isEmpty }

    /// The axis along which a model that was exported for a fixed batch holds a tensor once for each example of it, as constant
    /// folding leaves a learnt token that was expanded.
    func repeatedAxis(_ name: String, _ tensor: HostTensor, batch: Int?) -> Int? {
        guard let batch, batch > 1, tensor.shape.count >= 2 else { return nil }
        let joins: Set = ["Concat", "Add", "Sub", "Mul", "Div", "Where"]
        guard uses[name, default: []].allSatisfy({ joins.contains(sources.nodes[$0.node].kind) }) else { return nil }
        return tensor.shape.indices.dropLast().first { tensor.isRepeated(along: $0) && tensor.shape[$0] == batch }
    }

    /// Nodes in a row through which weights are handed on.
    private static let mostViews = 7

    private static func weightValues(
        _ sources: ONNXSources, _ uses: [String: [(node: Int, index: Int)]], _ producers: [String: ONNXModel.Node],
        _ constants: Set<String>
    ) -> Set<String> {
        var found: Set<String> = []
        for (name, uses) in uses {
            let isWeight = uses.contains { use in
                let node = sources.nodes[use.node]
                if weights[node.kind]?.contains(use.index) ?? false { return true }
                // The bias that stands behind a product with weights. What is added to one of activations is a mask.
                guard node.kind == "Add", node.inputs.count == 2, sources.tensors[name]?.count ?? 0 > 1,
                    let product = producers[node.inputs[1 - use.index]]
                else { return false }
                return products.contains(product.kind)
                    && product.inputs.contains { $0 != "" && constants.contains($0) }
            }
            if isWeight { found.insert(name) }
        }
        // Backwards, one node at a time: paths through nodes that join are more than anybody can follow.
        let views = sources.nodes.filter { viewing.contains($0.kind) && $0.outputs.contains(where: constants.contains) }
        for _ in 0..<mostViews {
            var more: [String] = []
            for node in views where node.outputs.contains(where: { constants.contains($0) && found.contains($0) }) {
                more += node.kind == "Concat" ? node.inputs : Array(node.inputs.prefix(1))
            }
            let known = found.count
            found.formUnion(more)
            found.remove("")
            if found.count == known { break }
        }
        return found
    }

    /// The axis of a tensor along which filters lie: outputs of a product, filters of a convolution, rows of a table.
    func filterAxis(_ name: String, rank: Int) -> Int {
        guard rank >= 2 else { return 0 }
        return filterAxis(of: name, axes: Array(0..<rank), depth: 0) ?? 0
    }

    /// `axes` are the tensor's own axes in the order of the value `name`.
    private func filterAxis(of name: String, axes: [Int], depth: Int) -> Int? {
        guard depth < 8 else { return nil }
        for use in uses[name, default: []] {
            let node = sources.nodes[use.node], rank = axes.count
            func flag(_ name: String) -> Bool { (node.attributes.first { $0.name == name }?.integer ?? 0) != 0 }
            switch (node.kind, use.index) {
            case ("Conv", 1), ("Gather", 0): return axes[0]
            case ("ConvTranspose", 1): return axes[1]
            case ("Gemm", 0): return axes[flag("transA") ? rank - 1 : rank - 2]
            case ("Gemm", 1): return axes[flag("transB") ? rank - 2 : rank - 1]
            case ("MatMul", 0): return axes[rank - 2]
            case ("MatMul", 1): return axes[rank - 1]
            case ("LSTM", 1...3), ("GRU", 1...3), ("RNN", 1...3): return rank > 1 ? axes[1] : axes[0]
            case ("Identity", 0), ("Cast", 0):
                if let axis = node.outputs.first.flatMap({ filterAxis(of: $0, axes: axes, depth: depth + 1) }) {
                    return axis
                }
            case ("Transpose", 0):
                let order = node.attributes.first { $0.name == "perm" }?.integers ?? Array((0..<rank).reversed())
                guard order.sorted() == Array(0..<rank) else { return nil }
                if let axis = node.outputs.first.flatMap({
                    filterAxis(of: $0, axes: order.map { axes[$0] }, depth: depth + 1)
                }) {
                    return axis
                }
            default: continue
            }
        }
        return nil
    }

    /// Whether the module had it as a parameter of one number, as far as the file says: by definition no part of θ.
    func isSingleParameter(_ tensor: ONNXTensor) -> Bool {
        guard tensor.isFloating, tensor.shape.isEmpty, reached.contains(tensor.name),
            !isSetting(tensor.name)
        else { return false }
        if let origin = provenance.origin(tensor.name) { return origin == .parameter }
        return !provenance.isKnown && !isWritten(tensor) && !ExportedNames.isLifted(tensor.name)
    }

    /// How many operators take a tensor for their weights.
    func layers(of name: String) -> Int {
        uses[name, default: []].filter { Self.weights[sources.nodes[$0.node].kind]?.contains($0.index) ?? false }.count
    }

    /// The module that reads a tensor, where PyTorch's older exporter named the node by it: `blocks.0.fc` by
    /// `/blocks.0/fc/MatMul`. A module of a sequence is named with its sequence, `/net/net.0/Conv`.
    func module(reading name: String) -> String? {
        let modules = Set(uses[name, default: []].map { sources.nodes[$0.node].name }).filter { $0.hasPrefix("/") }
        guard modules.count == 1, let node = modules.first else { return nil }
        var parts: [Substring] = []
        for part in node.split(separator: "/").dropLast() {
            if let last = parts.last, part.hasPrefix(last + ".") { parts.removeLast() }
            parts.append(part)
        }
        return parts.isEmpty ? nil : parts.joined(separator: ".")
    }

    // MARK: what users choose

    /// Whether a tensor has this name, itself or its Constant node's, or a name of this pattern (`*`, `?`, `[…]`).
    static func matches(_ tensor: ONNXTensor, _ pattern: String) -> Bool {
        isNamed(tensor, pattern) || fnmatch(pattern, tensor.name, 0) == 0
    }

    static func isNamed(_ tensor: ONNXTensor, _ name: String) -> Bool {
        tensor.name == name || (tensor.constantNode == name && !name.isEmpty)
    }
}
