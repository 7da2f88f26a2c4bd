import ArrayFiles
import Essentials
import Foundation
import Networks

extension ImportedModel {
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
        var (sources, input) = try Self.sources(of: model, output: output, data, &notes)
        let provenance = Provenance(model.graph)
        var matching: StateMatching?
        if let weights = options.weights {
            let taken = try sources.take(
                weights, ParameterRules(sources, output: output, provenance), provenance,
                batch: input.shape?.first ?? nil,
                kept: { tensor in options.frozen.contains { ParameterRules.matches(tensor, $0) } }, data: data)
            notes += taken.notes
            matching = taken
        }
        let rules = ParameterRules(sources, output: output, provenance)
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
        notes += Self.notes(of: sources, rules, chosen)
        let numbers = try graph.place(sources, rules, parameters: chosen, data)
        guard !numbers.theta.isEmpty else { throw ONNXError.noParameters }

        var network = try Self.network(&graph, numbers, name: name, options, &notes)
        // The loss may depend on how many numbers the model gives.
        let loss = options.loss ?? Self.loss(outputs: network.outputs, ending: ending?.ending, options)
        if let ending {
            if ending.ending.isPart(of: loss) {
                for index in ending.nodes { graph.nodes[index].kind = "Identity" }
                network = try graph.network(
                    name: name, inputShape: options.exampleShape, takesTokens: options.takesTokens)
                notes.append(
                    "the model ends in \(ending.ending.rawValue), which the loss \(loss.name) contains; it is taken off"
                )
            } else {
                notes.append(
                    "the model ends in \(ending.ending.rawValue), and the loss \(loss.name) is applied to what that gives"
                )
            }
        }
        self.init(
            graph: graph, network: network, theta: numbers.theta, buffers: numbers.buffers, loss: loss,
            isDouble: numbers.isDouble, source: Self.source(of: graph, rules, matching), notes: notes)
    }

    /// What the output needs of a model, and the one input that it takes.
    private static func sources(
        of model: ONNXModel, output: String, _ data: (String) throws -> [UInt8], _ notes: inout [String]
    ) throws -> (ONNXSources, input: ONNXModel.ValueInfo) {
        let initializers = Set(model.graph.initializers.map(\.name))
        let inputs = model.graph.inputs.filter { !initializers.contains($0.name) }
        var sources = try ONNXSources(
            try model.inlinedNodes(), model.graph.initializers, outputs: [output], given: Set(inputs.map(\.name)))
        try sources.resolveSequences(data)
        for (copy, original) in try TiedWeights.find(in: sources, values: { try $0.tensor.values(data) }) {
            sources.transpose(copy, of: original)
            notes.append("'\(copy.shown)' is the transpose of '\(original.shown)', and is taken for the same weights")
        }
        let read = Set(sources.nodes.flatMap(\.inputs))
        let used = inputs.filter { read.contains($0.name) }
        guard used.count == 1, let input = used.first else { throw ONNXError.inputs(used.map(\.name)) }
        try checkSupport(sources, hasSparse: model.graph.hasSparseInitializers)
        return (sources, input)
    }

    /// The network for any batch. For a model that was exported for a fixed one, it is decided whether its literal shapes are
    /// rewritten or examples taken in blocks of that batch.
    private static func network(
        _ graph: inout OperatorGraph, _ numbers: OperatorGraph.Numbers, name: String, _ options: ImportOptions,
        _ notes: inout [String]
    ) throws -> Network {
        func make(_ graph: OperatorGraph) throws -> Network {
            try graph.network(name: name, inputShape: options.exampleShape, takesTokens: options.takesTokens)
        }
        func agrees(_ network: Network) throws -> Bool {
            try BatchCheck(graph: graph, network: network, theta: numbers.theta, buffers: numbers.buffers).agrees()
        }
        guard let exported = graph.exportedBatch else {
            let network = try make(graph)
            if try !agrees(network) {
                notes.append(
                    "what the model gives for an example depends on the others of its batch, so results depend on --batch-size"
                )
            }
            return network
        }
        graph.takesBlocks = false
        do {
            let network = try make(graph)
            if try agrees(network) {
                notes.append(
                    "the model was exported for batches of \(exported); it is taken for any number of examples")
                return network
            }
        } catch let failure as ONNXError {
            // No other batch can be built, so that the exported one is the only way, unless it cannot be built either.
            graph.takesBlocks = true
            guard (try? make(graph)) != nil else { throw failure }
        }
        graph.takesBlocks = true
        notes.append(
            "the model was exported for batches of \(exported); others are taken in blocks of \(exported), which is slow: export it with an open batch"
        )
        return try make(graph)
    }

    /// What tensors are in the file of weights, or were in the module as far as the exporter kept their names.
    private static func source(
        of graph: OperatorGraph, _ rules: ParameterRules, _ matching: StateMatching?
    ) -> ImportedModel.Source {
        var source = ImportedModel.Source()
        for (name, place) in matching?.places ?? [:] where place.source != name { source.names[name] = place.source }
        for tensor in graph.parameters where tensor.filterAxis != 0 {
            let isKept = matching?.places[tensor.name].map { !$0.isTransposed } ?? rules.isKept(tensor.name)
            if isKept { source.filterAxes[tensor.name] = tensor.filterAxis }
        }
        return source
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

    /// What of a file is easily taken for something else.
    private static func notes(of sources: ONNXSources, _ rules: ParameterRules, _ chosen: Set<String>) -> [String] {
        var notes: [String] = []
        let tensors = sources.order.compactMap { sources.tensors[$0] }
        let single = tensors.filter { rules.isSingleParameter($0) && !chosen.contains($0.name) }
        if !single.isEmpty {
            notes.append(
                "parameters of one number (rank 0) are no part of θ: \(single.map(\.name).shown); --parameters NAME takes one in"
            )
        }
        let merged = tensors.filter {
            chosen.contains($0.name) && $0.tensor.count ?? 0 > 1 && rules.layers(of: $0.name) > 1 && $0.isUniform
        }
        if let first = merged.first {
            notes.append(
                "'\(first.name.shown)', all of whose numbers are equal, is read by \(rules.layers(of: first.name)) layers: exporters make one tensor of equal ones, as those of an untrained network are, and θ has it once"
            )
        }
        return notes
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
