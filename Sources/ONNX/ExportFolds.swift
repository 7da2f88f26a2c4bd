import ArrayFiles
import Essentials

/// What an exporter computed in advance out of the module's parameters, so that θ is no longer the module's: found by the traces that
/// exporters leave.
///
/// PyTorch's newer exporter notes the module's parameters (`graph_signature`), what a constant was folded from (`folded_from`), and the
/// module and operation that each node is of (`name_scopes`, `class_hierarchy`). The older one makes names up for what it computed
/// (`onnx::Conv_34`) and names nodes by modules (`/features/0/Conv`).
struct ExportFolds {
    enum Kind: Int, CaseIterable {
        /// Multiplied into the weights of a convolution or linear layer, or computed by an operation that the file does not tell.
        case batchNorm, weightNorm, spectralNorm, computed
        /// Rows read at places that are constants.
        case table
        /// Equal tensors that the file has once.
        case merged
        /// Biases that the file lacks because they are zero.
        case dropped
        /// The same numbers in one tensor, in another order.
        case joined
        /// Parameters put together, which may hold one of them twice.
        case concatenated
    }

    struct Fold: Equatable {
        let kind: Kind
        /// Of modules or of parameters.
        let name: String
        /// For merged tensors: the one that is left.
        var other: String?
    }

    private(set) var folds: [Fold] = []
    /// Tensors of the file whose numbers are none of the module's, even where their names are.
    private(set) var changed: Set<String> = []
    private let sources: ONNXSources
    private let provenance: Provenance
    private let data: (String) throws -> [UInt8]

    private static let products: Set = ["Conv", "ConvTranspose", "Gemm", "MatMul"]
    private static let recurrent: Set = ["LSTM", "GRU", "RNN"]
    /// Operations of PyTorch that put the numbers of a tensor in another order or shape.
    private static let rearranging: Set = [
        "t", "transpose", "permute", "view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten", "alias",
        "clone", "detach",
        "contiguous", "to", "_to_copy", "movedim", "numpy_t", "expand", "expand_as", "adjoint", "mt", "mh",
    ]
    private static let joining: Set = ["cat", "stack", "concat", "hstack", "vstack"]
    private static let reading: Set = ["embedding", "index", "index_select", "select", "slice", "gather", "narrow"]
    /// Operations whose own steps between a parameter and the operator only rearrange it.
    private static let plain: Set = [
        "linear", "matmul", "mm", "bmm", "addmm", "group_norm", "native_group_norm", "layer_norm", "native_layer_norm",
        "instance_norm", "rms_norm", "prelu", "_prelu_kernel", "conv1d", "conv2d", "conv3d", "convolution",
        "_convolution",
        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "lstm", "gru", "rnn_tanh", "rnn_relu", "embedding",
        "_native_batch_norm_legit_no_training", "batch_norm", "einsum", "bilinear",
    ]

    /// - Parameter data: the bytes of a file beside the model's.
    init(_ sources: ONNXSources, _ provenance: Provenance, _ data: @escaping (String) throws -> [UInt8]) {
        (self.sources, self.provenance, self.data) = (sources, provenance, data)
        findFoldedTensors()
        for node in sources.nodes { findFold(in: node) }
        if provenance.isKnown { findMissing() } else { findMergedWithoutNotes() }
        var seen: Set<String> = []
        folds = folds.filter { seen.insert("\($0.kind)\0\($0.name)").inserted }
    }

    private mutating func add(_ kind: Kind, _ name: String, other: String? = nil) {
        folds.append(Fold(kind: kind, name: name.isEmpty ? "the model" : name, other: other))
    }

    // MARK: what the newer exporter notes

    /// The module that a node is of and the operation of PyTorch that it belongs to; nil where the file does not say.
    private static func place(of node: ONNXModel.Node) -> (module: String, operation: String)? {
        func list(_ key: String) -> [String]? {
            node.metadata["pkg.torch.onnx." + key].map { ExportedNames.quoted($0).map(String.init) }
        }
        guard let scopes = list("name_scopes"), let classes = list("class_hierarchy"), let last = classes.last,
            scopes.count >= 2
        else { return nil }
        // aten.linear.default
        let parts = last.split(separator: ".")
        return (scopes[scopes.count - 2], String(parts.count > 1 ? parts[1] : parts.first ?? ""))
    }

    /// Whether a node takes tensors of the file.
    private func tensors(of node: ONNXModel.Node) -> [ONNXTensor] { node.inputs.compactMap { sources.tensors[$0] } }

    /// Tensors that the optimiser computed from parameters.
    private mutating func findFoldedTensors() {
        let parameters = provenance.parameters
        guard !parameters.isEmpty else { return }
        var readers: [String: ONNXModel.Node] = [:]
        for node in sources.nodes.reversed() { for name in node.inputs { readers[name] = node } }
        for name in sources.order {
            guard let tensor = sources.tensors[name], tensor.isFloating, let reader = readers[name] else { continue }
            let origins = provenance.origins(name), from = origins.filter(parameters.contains)
            guard let first = from.first else { continue }
            // Names of steps between: those of PyTorch's operations say what they did, `val_12` does not.
            var steps = origins.filter { !parameters.contains($0) && !provenance.isBuffer($0) }
            steps.append(name)
            let operations = steps.filter { !ExportedNames.isMadeUp($0) }.map(Self.operation)
            let module = Self.module(of: first)
            func has(_ endings: String...) -> Bool {
                endings.allSatisfy { end in origins.contains { $0.hasSuffix(end) } }
            }
            if has(".original0", ".original1") || has("weight_g", "weight_v") {
                add(.weightNorm, module)
                changed.insert(name)
            } else if has("_u", "_v") {
                add(.spectralNorm, module)
                changed.insert(name)
            } else if Self.recurrent.contains(reader.kind), from.allSatisfy(ExportedNames.isRecurrent) {
                for parameter in from { add(.joined, parameter) }
            } else if operations.contains(where: ["expand", "expand_as"].contains), Self.products.contains(reader.kind),
                isRepeated(tensor)
            {
                // One number of the module is several of the weights.
                add(.computed, first)
                changed.insert(name)
            } else if operations.allSatisfy(Self.rearranging.contains), from.count == 1, readers[first] != nil,
                readers[first]?.outputs.first != name, sources.tensors[first] != nil
            {
                // The parameter is there, too, and θ would have it twice.
                add(.computed, first)
                changed.insert(name)
            } else if operations.allSatisfy(Self.rearranging.contains), from.count == 1 {
                let isKnown =
                    !operations.isEmpty || Self.place(of: reader).map { Self.plain.contains($0.operation) } ?? true
                if ExportedNames.isMadeUp(name), !isKnown {
                    add(.computed, first)
                    changed.insert(name)
                }
            } else if operations.allSatisfy({ Self.rearranging.contains($0) || Self.joining.contains($0) }) {
                for parameter in from { add(.concatenated, parameter) }
            } else if from.count == 1, operations.contains(where: Self.reading.contains),
                operations.allSatisfy({
                    Self.reading.contains($0) || Self.rearranging.contains($0)
                        || ["arange", "add", "sub", "lifted_tensor"].contains($0)
                })
            {
                add(.table, first)
            } else {
                for parameter in from { add(.computed, parameter) }
                changed.insert(name)
            }
        }
    }

    /// Whether a tensor holds the same at every place of an axis.
    private func isRepeated(_ tensor: ONNXTensor) -> Bool {
        guard let numbers = try? tensor.values(data), !numbers.values.isEmpty else { return false }
        return numbers.shape.indices.contains { numbers.shape[$0] > 1 && numbers.isRepeated(along: $0) }
    }

    /// Tensors that products take, and parameters that these were folded from, one each.
    private func weightsOfProducts() -> Set<String> {
        let names = Set(sources.nodes.filter { Self.products.contains($0.kind) }.flatMap(\.inputs))
        return names.union(
            names.flatMap { name in
                let origins = provenance.origins(name)
                return origins.count == 1 ? origins : []
            })
    }

    /// `transpose_3` without its number.
    private static func operation(_ name: String) -> String {
        var parts = name.lowercased().split(separator: "_", omittingEmptySubsequences: false)
        while parts.count > 1, let last = parts.last, !last.isEmpty, last.allSatisfy(\.isNumber) { parts.removeLast() }
        return parts.joined(separator: "_")
    }

    /// `blocks.0` of `blocks.0.weight` and of `blocks.0.parametrizations.weight.original0`; nothing of a name of dots.
    static func module(of parameter: String) -> String {
        var parts = parameter.split(separator: ".")
        if let index = parts.firstIndex(of: "parametrizations") {
            parts.removeSubrange(index...)
        } else {
            _ = parts.popLast()
        }
        return parts.joined(separator: ".")
    }

    // MARK: layers with changed weights

    private mutating func findFold(in node: ONNXModel.Node) {
        let isRecurrent = Self.recurrent.contains(node.kind)
        guard Self.products.contains(node.kind) || isRecurrent, node.inputs.count > 1 else { return }
        let place = Self.place(of: node)
        if let place, place.operation.contains("batch_norm"), !isRecurrent {
            add(.batchNorm, place.module)
            changed.formUnion(tensors(of: node).map(\.name))
            return
        }
        if place == nil, !isRecurrent,
            ([node.name] + node.outputs + node.inputs.dropFirst()).contains(where: Self.namesBatchNorm)
        {
            add(.batchNorm, ONNXModel.label(node))
            changed.formUnion(tensors(of: node).map(\.name))
            return
        }
        // The older exporter keeps the name of every weight that it leaves as it is, and of a transposed one it writes a MatMul.
        if !provenance.isKnown, !isRecurrent, node.inputs.count > 2, node.inputs[2].hasPrefix("onnx::"),
            sources.tensors[node.inputs[2]] != nil, !node.inputs[1].hasPrefix("onnx::"),
            sources.tensors[node.inputs[1]] != nil
        {
            add(.computed, Self.layer(of: node))
            changed.insert(node.inputs[2])
            return
        }
        guard !provenance.isKnown, node.inputs[1].hasPrefix("onnx::"), sources.tensors[node.inputs[1]] != nil else {
            return
        }
        let layer = Self.layer(of: node)
        if isRecurrent {
            add(.joined, layer)
        } else if node.kind != "MatMul" {
            let bias = node.inputs.count > 2 ? node.inputs[2] : ""
            add(bias.hasPrefix("onnx::") ? .batchNorm : .computed, layer)
            changed.formUnion(tensors(of: node).map(\.name))
        }
    }

    private static func namesBatchNorm(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.contains("batchnorm") || name.contains("batch_norm")
    }

    /// `features/0` of `/features/0/Conv`.
    private static func layer(of node: ONNXModel.Node) -> String {
        let parts = node.name.split(separator: "/")
        return parts.count > 1 ? parts.dropLast().joined(separator: "/") : ONNXModel.label(node)
    }

    // MARK: parameters that the file lacks

    /// Parameters that the exporter lists and that no tensor has, where a node of their module takes another tensor instead. Others are
    /// parameters that the model does not use.
    private mutating func findMissing() {
        let parameters = provenance.parameters
        let used = Set(sources.order.flatMap { provenance.origins($0) })
        let folded = Set(folds.filter { $0.kind == .batchNorm }.map(\.name))
        let missing = parameters.filter { sources.tensors[$0] == nil && !used.contains($0) }
        guard !missing.isEmpty else { return }
        var nodes: [String: [ONNXModel.Node]] = [:]
        for node in sources.nodes {
            if let place = Self.place(of: node) { nodes[place.module, default: []].append(node) }
        }
        let weights = weightsOfProducts()
        var known: [String: Taken] = [:], computed: Set<String> = []
        for parameter in missing.sorted() {
            let module = Self.module(of: parameter)
            if folded.contains(module) { continue }
            let taken = self.taken(by: module, nodes[module] ?? [], parameters, &known)
            let leaf = parameter.split(separator: ".").last ?? ""
            if let other = taken.uniform[leaf] ?? taken.firstUniform
                // The optimiser keeps the first of equal tensors. Of one that two modules share, the exporter keeps the last name.
                ?? taken.foreign[leaf].flatMap({ provenance.isListed($0, before: parameter) ? $0 : nil })
            {
                add(.merged, parameter, other: other)
            } else if leaf == "bias", weights.contains(module + ".weight") {
                add(.dropped, parameter)
            } else if taken.isComputed {
                add(.computed, parameter)
                computed.insert(module)
            }
        }
        for module in computed { changed.formUnion(known[module]?.others ?? []) }
        // A normalisation without a trace of its own: its statistics are gone, and a layer has a bias that its module had not.
        let lost = missing.map(Self.module(of:)).filter { module in
            provenance.isBuffer(module + ".running_mean") && sources.tensors[module + ".running_mean"] == nil
                && nodes[module] == nil
        }
        guard !lost.isEmpty else { return }
        let modules = lost.sorted()
        var isAdded = false
        for node in sources.nodes where Self.products.contains(node.kind) && node.inputs.count > 2 {
            guard let bias = sources.tensors[node.inputs[2]], !parameters.contains(bias.name), !bias.isUniform(data)
            else {
                continue
            }
            if !isAdded { for module in modules { add(.batchNorm, module) } }
            isAdded = true
            changed.formUnion(tensors(of: node).map(\.name))
        }
    }

    /// Tensors that the nodes of a module take, seen once however many of its parameters are missing.
    private struct Taken {
        /// Of other modules' parameters by the last part of their names: the first whose numbers are all equal, and the one that is listed
        /// first.
        var uniform: [Substring: String] = [:], foreign: [Substring: String] = [:]
        var firstUniform: String?
        /// Those that are no parameters, and whether one of them was computed from what is not known.
        var others: [String] = [], isComputed = false
    }

    private func taken(
        by module: String, _ nodes: [ONNXModel.Node], _ parameters: Set<String>, _ known: inout [String: Taken]
    ) -> Taken {
        if let taken = known[module] { return taken }
        var taken = Taken(), seen: Set<String> = []
        for tensor in nodes.flatMap(tensors) where tensor.isFloating && !tensor.shape.isEmpty {
            let name = tensor.name
            guard seen.insert(name).inserted else { continue }
            guard parameters.contains(name) else {
                taken.others.append(name)
                taken.isComputed =
                    taken.isComputed
                    || !provenance.isBuffer(name) && provenance.origins(name).isEmpty && tensor.constantNode == nil
                        && tensor.count ?? 0 > 1 && !tensor.isUniform(data)
                continue
            }
            guard Self.module(of: name) != module else { continue }
            let leaf = name.split(separator: ".").last ?? ""
            if tensor.isUniform(data) {
                taken.firstUniform = taken.firstUniform ?? name
                taken.uniform[leaf] = taken.uniform[leaf] ?? name
            }
            if taken.foreign[leaf].map({ provenance.isListed(name, before: $0) }) ?? true { taken.foreign[leaf] = name }
        }
        known[module] = taken
        return taken
    }

    /// Equal tensors in files without notes: an Identity that gives one tensor the name of another, or of a part that was computed in
    /// advance. A tensor that two modules share has one name and no Identity.
    private mutating func findMergedWithoutNotes() {
        for node in sources.nodes where node.kind == "Identity" {
            guard let from = node.inputs.first, let name = node.outputs.first, let tensor = sources.tensors[from],
                tensor.isFloating, tensor.count ?? 0 > 1, !name.hasPrefix("/"),
                // A name that is made up may be the tensor's own in another place.
                !ExportedNames.isMadeUp(name) || (name.hasPrefix("onnx::") && tensor.isUniform(data))
            else { continue }
            add(.merged, name, other: from)
        }
    }

    // MARK: what is said

    /// A line for each kind of fold, with the export that avoids it.
    var warnings: [String] {
        Kind.allCases.compactMap { kind in
            let found = folds.filter { $0.kind == kind }
            guard !found.isEmpty else { return nil }
            let names = found.map { "'\($0.name.shown)'" }.list,
                advice = provenance.isKnown || kind == .merged ? FaithfulExport.newer : FaithfulExport.older
            let differs = "so curvature differs from the module's"
            let problem =
                switch kind {
                case .batchNorm:
                    provenance.isKnown
                        ? "the exporter folded batch normalisation \(names) into the layers before it, \(differs)"
                        : "the exporter folded batch normalisation into the weights of \(names), \(differs)"
                case .weightNorm:
                    "the exporter folded the weight normalisation of \(names) into its weights, \(differs)"
                case .spectralNorm:
                    "the exporter folded the spectral normalisation of \(names) into its weights, \(differs)"
                case .computed:
                    provenance.isKnown
                        ? "the exporter computed weights in advance from \(names), \(differs)"
                        : "the exporter computed the weights of \(names) in advance from other parameters, \(differs)"
                case .table:
                    "the exporter replaced the table \(names) by the rows that are read at export, so θ differs from the module's, and curvature differs where a row is read twice"
                case .merged:
                    "the exporter merged tensors because their numbers are equal (\(found.map { "'\($0.name.shown)' = '\(($0.other ?? "").shown)'" }.list)), \(differs)"
                case .dropped:
                    "the exporter left out \(names), whose numbers are zero, \(differs)"
                case .concatenated:
                    "the exporter put \(names) together in advance, so curvature differs from the module's where one of them is used twice"
                case .joined:
                    "the exporter joined \(names): θ has their numbers in another order, so eigenvalues are the module's, but tensors and filters are not"
                }
            return "\(problem); export with \(advice)"
        }
    }
}

extension [String] {
    /// The first few, as a sentence has them.
    fileprivate var list: String {
        prefix(8).joined(separator: ", ") + (count > 8 ? ", … (\(count))" : "")
    }
}
