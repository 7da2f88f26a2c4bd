import ArrayFiles
import Autodiff
import Essentials
import Networks

extension ImportedModel {
    /// Makes a file that was read a model for data: which tensors are θ, which batches it can be built for.
    ///
    /// - Throws: `ONNXError` where the model does not fit the data, or no network can be built from it.
    package init(_ file: ONNXFile, _ options: ImportOptions) throws {
        let sources = file.sources, data = file.data, name = file.name
        var notes = file.notes
        let rules = ParameterRules(sources, output: file.output, file.provenance, data)
        let chosen = try Self.parameters(sources, rules, options)
        var graph = try OperatorGraph(file, options)
        let isTraining = graph.leaveTrainingMode { name in
            (try? sources.tensors[name]?.values(data).values) == [1]
        }
        if isTraining {
            notes.append(
                "the model was exported in training mode; it is evaluated without dropout and with the running statistics of batch normalisation"
            )
        }
        notes += Self.notes(of: sources, rules, chosen, isOfPyTorch: file.isOfPyTorch)
        let warnings =
            file.folds.warnings + Self.mergedTensors(sources, rules, chosen, data) + Self.madeTensors(file, chosen)
        if options.isStrict, !warnings.isEmpty { throw ONNXError.notTheModules(warnings) }
        notes += warnings.map { "warning: \($0)" }
        let numbers = try graph.place(sources, rules, parameters: chosen, data)
        guard !numbers.theta.isEmpty else { throw ONNXError.noParameters }
        if options.isLoss { graph.givesOneForBatch = try graph.outputIsOneForBatch(options.inputs) ? true : nil }
        let network = try Self.network(&graph, numbers, name: name, options, &notes)
        if let prediction = file.prediction { try Self.checkPrediction(prediction, network) }
        self.init(
            graph: graph, network: network, numbers: numbers,
            ending: options.isLoss ? nil : ModelEnding.find(in: sources, output: file.output),
            source: Self.source(of: graph, rules, file.replaced), notes: notes)
    }

    /// Tensors of θ that the exporter made of others without a note, by the names that it gives to what it computes.
    private static func madeTensors(_ file: ONNXFile, _ chosen: Set<String>) -> [String] {
        let made = file.sources.order.filter { name in
            guard chosen.contains(name), !file.folds.changed.contains(name), file.replaced[name] == nil,
                let tensor = file.sources.tensors[name], tensor.constantNode == nil, tensor.count ?? 0 > 1,
                !ExportedNames.isLifted(name)
            else { return false }
            guard file.provenance.isKnown else {
                // Matrices are transposed and vectors reshaped under such names, and tokens repeated.
                guard tensor.shape.filter({ $0 > 1 }).count > 1,
                    let operation = ExportedNames.operation(name)
                else { return false }
                return !["MatMul", "PRelu", "Concat", "Expand", "Where", "LSTM", "GRU", "RNN", "Conv", "Gemm"].contains(
                    operation)
            }
            return file.provenance.origin(name) == nil && file.provenance.origins(name).isEmpty
                && !ExportedNames.isMadeUp(name)
        }
        guard !made.isEmpty else { return [] }
        return [
            "the exporter computed \(made.shown) in advance from what the module has, so θ is not the module's and curvature differs; export with \(FaithfulExport.newer)"
        ]
    }

    /// Refuses a prediction beside which parameters reach the loss.
    private static func checkPrediction(_ name: String, _ network: Network) throws {
        let built = network.build(in: Graph(), batch: network.onlyBatch ?? 2, batchNorm: .stored)
        guard !built.graph.depends(built.output, on: built.parameters, besides: built.predictions) else {
            throw ONNXError.notThroughPrediction(name)
        }
    }

    /// The network for any batch. For a model that was exported for a fixed one, it is decided whether its literal shapes are
    /// rewritten or examples taken in blocks of that batch.
    private static func network(
        _ graph: inout OperatorGraph, _ numbers: OperatorGraph.Numbers, name: String, _ options: ImportOptions,
        _ notes: inout [String]
    ) throws -> Network {
        func make(_ graph: OperatorGraph) throws -> Network {
            try graph.network(name: name, inputs: options.inputs)
        }
        func check(_ network: Network) -> BatchCheck {
            BatchCheck(
                graph: graph, network: network, theta: numbers.theta, buffers: numbers.buffers, sample: options.sample)
        }
        func agrees(_ network: Network) throws -> Bool { try check(network).agrees() }
        // One number for a batch says nothing of an example.
        if graph.givesOneForBatch ?? false {
            do {
                return try make(graph)
            } catch let failure as ONNXError {
                graph.takesBlocks = true
                guard graph.exportedBatch != nil, let network = try? make(graph) else { throw failure }
                return network
            }
        }
        guard let exported = graph.exportedBatch else {
            let network = try make(graph)
            if try !agrees(network) {
                notes.append(
                    "the model's output for an example depends on the rest of its batch, so results depend on --batch-size"
                )
            }
            return network
        }
        graph.takesBlocks = false
        do {
            let network = try make(graph)
            if try agrees(network) {
                notes.append(
                    "the model was exported for batches of \(exported); it now takes batches of any size")
                return network
            }
        } catch let failure as ONNXError {
            // No other batch can be built, so that the exported one is the only way, unless it cannot be built either.
            graph.takesBlocks = true
            guard (try? make(graph)) != nil else { throw failure }
        }
        graph.takesBlocks = true
        let network = try make(graph)
        notes.append(
            try check(network).isIndependent(of: exported)
                ? "the model was exported for batches of \(exported) and computes in blocks of \(exported), which is slow; export it with an open batch"
                : "the model's output for an example depends on the rest of its batch, and it was exported for batches of \(exported): results are those of blocks of \(exported) examples in the data's order; export it with an open batch for others"
        )
        return network
    }

    /// What tensors are in the file of weights, or were in the module as far as the exporter kept their names.
    private static func source(
        of graph: OperatorGraph, _ rules: ParameterRules, _ replaced: [String: (source: String, isTransposed: Bool)]
    ) -> ImportedModel.Source {
        var source = ImportedModel.Source()
        for (name, place) in replaced where place.source != name { source.names[name] = place.source }
        for tensor in graph.parameters where tensor.filterAxis != 0 {
            let isKept = replaced[tensor.name].map { !$0.isTransposed } ?? rules.isKept(tensor.name)
            if isKept { source.filterAxes[tensor.name] = tensor.filterAxis }
        }
        return source
    }

    /// What of a file is easily taken for something else.
    private static func notes(
        of sources: ONNXSources, _ rules: ParameterRules, _ chosen: Set<String>, isOfPyTorch: Bool
    ) -> [String] {
        var notes: [String] = []
        let tensors = sources.order.compactMap { sources.tensors[$0] }
        let single = tensors.filter { rules.isSingleParameter($0) && !chosen.contains($0.name) }
        if !single.isEmpty {
            notes.append(
                "single numbers (rank 0) are no part of θ: \(single.map(\.name).shown); --parameters NAME includes one"
            )
        }
        let kept = tensors.filter { rules.isBufferLikeWeight($0) && !chosen.contains($0.name) }
        if !kept.isEmpty {
            notes.append(
                "buffers of the module are no part of θ: \(kept.map(\.name).shown); --parameters NAME includes one")
        }
        let masks = tensors.filter { !chosen.contains($0.name) && rules.isEligible($0) && rules.isMask($0) }
        if !masks.isEmpty {
            notes.append("masks (−∞ at places that do not count) are no part of θ: \(masks.map(\.name).shown)")
        }
        let guessed = tensors.filter { chosen.contains($0.name) && rules.isGuessed($0) }
        if isOfPyTorch, !guessed.isEmpty {
            notes.append(
                "the exporter (dynamo=False) does not tell buffers from parameters; by their names these may be either, and are part of θ: \(guessed.map(\.name).shown); --freeze NAME keeps one out"
            )
        }
        return notes
    }

    /// Equal tensors that the exporter has merged into one, where it did not note what the module's parameters were.
    private static func mergedTensors(
        _ sources: ONNXSources, _ rules: ParameterRules, _ chosen: Set<String>,
        _ data: (String) throws -> [UInt8]
    ) -> [String] {
        guard !rules.knowsParameters else { return [] }
        let merged = sources.order.compactMap { sources.tensors[$0] }.first {
            chosen.contains($0.name) && $0.count ?? 0 > 1 && rules.layers(of: $0.name) > 1 && $0.isUniform(data)
        }
        guard let merged else { return [] }
        return [
            "'\(merged.name.shown)' is read by \(rules.layers(of: merged.name)) layers and all its numbers are equal: exporters share equal tensors, as an untrained network has, so θ has it once and curvature differs from the module's; export with \(FaithfulExport.newer)"
        ]
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
            if let odd = named.first(where: { !$0.isFloating }) { throw .notFloating(name: odd.name) }
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
