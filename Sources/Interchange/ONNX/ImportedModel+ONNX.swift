import ArrayFiles
import Foundation
import Networks

extension ImportedModel {
    /// Integers and small constants stay in the description; floating constants of more numbers are buffers.
    private static let mostConstants = 64, mostIntegers = 1 << 16

    /// Reads an ONNX file. Weights in other files are read from beside it.
    ///
    /// - Throws: `FileError`; `ONNXError` (with the path) where the model is damaged, has operators that are not supported, or
    ///   does not fit the data.
    public init(onnx path: String, _ options: ImportOptions) throws {
        let bytes = try FileContent.bytes(of: path)
        do {
            let folder = (path as NSString).deletingLastPathComponent
            var files: [String: [UInt8]] = [:]
            try self.init(onnxBytes: bytes, name: "onnx:" + (path as NSString).lastPathComponent, options) { location in
                if let known = files[location] { return known }
                // Only what lies beside the model or below it.
                guard !location.hasPrefix("/"), !location.split(separator: "/").contains("..") else {
                    throw ONNXError.externalData(name: location, problem: "the path leads out of the model's folder")
                }
                let content = try FileContent.bytes(of: folder.isEmpty ? location : folder + "/" + location)
                files[location] = content
                return content
            }
        } catch let error as ONNXError {
            throw FileError.malformed(path: path, problem: error)
        }
    }

    /// - Parameters:
    ///   - name: what the model is called in results.
    ///   - data: the bytes of a file beside the model's.
    init(onnxBytes bytes: [UInt8], name: String, _ options: ImportOptions, data: (String) throws -> [UInt8]) throws {
        let model = try ONNXModel(bytes)
        var notes: [String] = []
        guard let output = model.graph.outputs.first?.name else { throw ONNXError.notONNX("it has no output") }
        if model.graph.outputs.count > 1 {
            notes.append("the model has \(model.graph.outputs.count) outputs; the first, '\(output.shown)', is taken")
        }
        let initializers = Set(model.graph.initializers.map(\.name))
        let inputs = model.graph.inputs.filter { !initializers.contains($0.name) }
        var sources = try ONNXSources(
            try model.inlinedNodes(), model.graph.initializers, outputs: [output], given: Set(inputs.map(\.name)))
        for (copy, original) in try TiedWeights.find(in: sources, values: { try $0.tensor.values(data) }) {
            sources.transpose(copy, of: original)
            notes.append("'\(copy.shown)' is the transpose of '\(original.shown)', and is taken for the same weights")
        }
        let read = Set(sources.nodes.flatMap(\.inputs))
        let used = inputs.filter { read.contains($0.name) }
        guard used.count == 1, let input = used.first else { throw ONNXError.inputs(used.map(\.name)) }
        try Self.checkSupport(sources, hasSparse: model.graph.hasSparseInitializers)

        let rules = ParameterRules(sources, output: output, Provenance(model.graph))
        let chosen = try Self.parameters(sources, rules, options)
        let ending = ModelEnding.find(in: sources, output: output)
        var graph = try OperatorGraph(sources, opset: model.opsets[""] ?? 1, input: input, output: output, options)
        let isTraining = graph.leaveTrainingMode { name in
            (try? sources.tensors[name]?.tensor.values(data).values) == [1]
        }
        if isTraining {
            notes.append(
                "the model was exported in training mode; dropout is left out, and batch normalisation takes its running statistics"
            )
        }
        var theta: [Double] = [], buffers: [Double] = [], isDouble = false
        for name in sources.order where read.contains(name) {
            guard let source = sources.tensors[name] else { continue }
            var tensor = try source.tensor.values(data)
            guard !tensor.shape.contains(0) else {
                graph.constants[name] = tensor
                continue
            }
            if let axis = rules.repeatedAxis(name, tensor, batch: graph.exportedBatch) {
                tensor = tensor.once(along: axis)
            }
            let isStatistic = rules.isStatistic(name)
            let most = tensor.kind == .real ? Self.mostConstants : Self.mostIntegers
            var place = OperatorGraph.Tensor(name: name, shape: tensor.shape, filterAxis: 0, isStatistic: isStatistic)
            if chosen.contains(name) {
                guard tensor.values.allSatisfy(\.isFinite) else { throw ONNXError.nonFinite(name: name) }
                place.filterAxis = rules.filterAxis(name, rank: tensor.shape.count)
                theta += tensor.transposed(place.order, place.storedShape).values
                graph.parameters.append(place)
                isDouble = isDouble || source.tensor.elementType == .float64
            } else if (isStatistic || rules.isParameter(source) || tensor.values.count > most) && !rules.isSetting(name)
            {
                // What was frozen is listed beside the parameters.
                buffers += tensor.values
                graph.buffers.append(place)
            } else {
                if [.float32, .float64].contains(source.tensor.elementType), rules.isWritten(source) {
                    tensor.restoreRounded()
                }
                graph.constants[name] = tensor
            }
        }
        guard !theta.isEmpty else { throw ONNXError.noParameters }

        // The loss may depend on how many numbers the model gives.
        func makeNetwork() throws -> Network {
            try graph.network(name: name, inputShape: options.exampleShape, takesTokens: options.takesTokens)
        }
        var network: Network
        do {
            network = try makeNetwork()
            let agrees = try BatchCheck(graph: graph, network: network, theta: theta, buffers: buffers).agrees()
            if graph.exportedBatch != nil {
                graph.takesBlocks = !agrees
                network = try makeNetwork()
            } else if !agrees {
                notes.append(
                    "what the model gives for an example depends on the others of its batch, so results depend on --batch-size"
                )
            }
        } catch let failure as ONNXError where graph.exportedBatch != nil {
            graph.takesBlocks = true
            guard let other = try? makeNetwork() else { throw failure }
            network = other
        }
        let loss = options.loss ?? Self.loss(outputs: network.outputs, ending: ending?.ending, options)
        if let ending {
            if ending.ending.isPart(of: loss) {
                for index in ending.nodes { graph.nodes[index].kind = "Identity" }
                network = try makeNetwork()
                notes.append(
                    "the model ends in \(ending.ending.rawValue), which the loss \(loss.name) contains; it is taken off"
                )
            } else {
                notes.append(
                    "the model ends in \(ending.ending.rawValue), and the loss \(loss.name) is applied to what that gives"
                )
            }
        }
        if let exported = graph.exportedBatch {
            notes.append(
                graph.takesBlocks ?? false
                    ? "the model was exported for batches of \(exported); others are taken in blocks of \(exported), which is slow: export it with an open batch"
                    : "the model was exported for batches of \(exported); it is taken for any number of examples")
        }
        self.init(
            graph: graph, network: network, theta: theta, buffers: buffers, loss: loss, isDouble: isDouble, notes: notes
        )
    }

    /// What suits the data: a class with several outputs is cross-entropy's, with one that ends in a sigmoid it is a yes or no.
    private static func loss(outputs: Int, ending: ModelEnding?, _ options: ImportOptions) -> Loss {
        guard let classes = options.classes else {
            return ending == .sigmoid && options.hasBinaryTargets ? .binaryCrossEntropy : .meanSquaredError
        }
        if outputs > 1 { return .crossEntropy(labelSmoothing: 0) }
        return ending == .sigmoid && classes <= 2 ? .binaryCrossEntropy : .meanSquaredError
    }

    /// Names every operator that is missing, with its nodes.
    private static func checkSupport(_ sources: ONNXSources, hasSparse: Bool) throws(ONNXError) {
        var missing: [String: [String]] = [:]
        for node in sources.nodes where Operators.table[node.kind] == nil || !node.domain.isEmpty {
            missing[node.domain.isEmpty ? node.kind : "\(node.domain).\(node.kind)", default: []].append(
                ONNXModel.label(node))
        }
        if !missing.isEmpty {
            throw .unsupported(missing.sorted { $0.key < $1.key }.map { .init(name: $0.key, nodes: $0.value) })
        }
        if hasSparse { throw .notONNX("it has sparse initializers") }
    }

    /// The names of θ's tensors.
    private static func parameters(
        _ sources: ONNXSources, _ rules: ParameterRules, _ options: ImportOptions
    ) throws(ONNXError) -> Set<String> {
        let read = Set(sources.nodes.flatMap(\.inputs))
        let tensors = sources.order.compactMap { sources.tensors[$0] }.filter { read.contains($0.name) }
        var chosen: Set<String> = []
        if options.parameters.isEmpty {
            chosen = Set(tensors.filter(rules.isParameter).map(\.name))
        }
        for pattern in options.parameters {
            let named = tensors.filter { ParameterRules.isNamed($0, pattern) }
            if let odd = named.first(where: { !$0.tensor.isFloating }) { throw .notFloating(name: odd.name) }
            let found =
                named.isEmpty ? tensors.filter { rules.isEligible($0) && ParameterRules.matches($0, pattern) } : named
            guard !found.isEmpty else {
                throw .unmatchedPattern(
                    option: "--parameters", pattern: pattern, names: tensors.filter(rules.isEligible).map(\.name))
            }
            chosen.formUnion(found.map(\.name))
        }
        for pattern in options.frozen {
            let found = chosen.filter { name in
                sources.tensors[name].map { ParameterRules.matches($0, pattern) } ?? false
            }
            guard !found.isEmpty else {
                throw .unmatchedPattern(option: "--freeze", pattern: pattern, names: chosen.sorted())
            }
            chosen.subtract(found)
        }
        return chosen
    }
}

extension HostTensor {
    /// Dimension i of the result is dimension order[i].
    func transposed(_ order: [Int], _ result: [Int]) -> HostTensor {
        if order == Array(shape.indices) { return self }
        var strides = shape, next = 1
        for i in shape.indices.reversed() {
            strides[i] = next
            next *= shape[i]
        }
        var places = [0]
        for axis in order {
            places = places.flatMap { base in (0..<shape[axis]).map { base + $0 * strides[axis] } }
        }
        return picked(places, result)
    }
}
