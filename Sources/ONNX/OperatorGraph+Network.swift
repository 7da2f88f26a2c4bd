import ArrayFiles
import Autodiff
import Essentials
import Networks

extension OperatorGraph {
    /// Declares the network's tensors, each as operators take it.
    func declareTensors(_ builder: NetworkBuilder) -> [String: Operand] {
        func arranged(_ value: Value, _ tensor: Tensor) -> Operand {
            guard tensor.filterAxis != 0 else { return .graph(value) }
            let order = tensor.order
            return .graph(value.permuted(tensor.shape.indices.map { order.firstIndex(of: $0)! }))
        }
        var declared: [String: Operand] = [:]
        for tensor in parameters {
            declared[tensor.name] = arranged(
                builder.parameter(tensor.name, tensor.storedShape, .constant(0)), tensor)
        }
        for tensor in buffers {
            declared[tensor.name] = arranged(builder.buffer(tensor.name, tensor.storedShape, 0), tensor)
        }
        return declared
    }

    /// Adds the model to a graph for all examples at once. Each of `x` is [n, …example shape] of any shape of that size.
    ///
    /// - Parameters:
    ///   - declared: the network's tensors.
    ///   - exported: what values were at export, where the model is to be built for another batch than that.
    func build(
        _ builder: NetworkBuilder, _ x: [Value], _ declared: [String: Operand], exported: [String: ExportedValue]?
    ) throws -> NetworkOutput {
        let batch = x[0].shape[0]
        let interpreter = OperatorInterpreter(
            builder, self, batch: batch, exported: exported, given: declared.merging(examples(x, batch)) { $1 })
        try interpreter.run()
        let predictions = try prediction.map { [try interpreter.stored($0)] } ?? []
        if givesOneForBatch ?? false {
            return NetworkOutput(try interpreter.single(output), predictions: predictions, shape: [1])
        }
        let rows = try interpreter.rows(of: output)
        return NetworkOutput(rows.output, predictions: predictions, shape: rows.shape)
    }

    /// The inputs as operators take them.
    private func examples(_ x: [Value], _ batch: Int) -> [String: Operand] {
        Dictionary(
            zip(inputs, x).map { input, value in
                (input.name, .graph(value.reshaped([batch] + input.shape), input.isInteger ? .integer : .real))
            }
        ) { first, _ in first }
    }

    /// Adds the model once for every `size` examples, each time as it was exported; what the last block lacks is filled with examples
    /// that are there, and left out of the result.
    func buildInBlocks(
        _ builder: NetworkBuilder, _ x: [Value], _ declared: [String: Operand], of size: Int,
        exported: [String: ExportedValue]? = nil
    ) throws -> NetworkOutput {
        let batch = x[0].shape[0], blocks = (batch + size - 1) / size
        let filled = x.map { x in
            var rows = x.asReal()
            while rows.shape[0] < blocks * size {
                let more = min(blocks * size - rows.shape[0], batch)
                rows = Value.concatenate([rows, x.asReal().slice(0, from: 0, count: more)], axis: 0)
            }
            return rows
        }
        let results = try (0..<blocks).map { block in
            try build(
                builder, filled.map { $0.slice(0, from: block * size, count: size) }, declared, exported: exported)
        }
        func joined(_ values: [Value]) -> Value {
            let all = values.count == 1 ? values[0] : Value.concatenate(values, axis: 0)
            return all.shape[0] == batch ? all : all.slice(0, from: 0, count: batch)
        }
        let predictions = results.flatMap(\.predictions)
        guard givesOneForBatch ?? false else {
            return NetworkOutput(joined(results.map(\.output)), predictions: predictions, shape: results[0].shape)
        }
        // Blocks of one example each: the mean of their means.
        let mean = Value.concatenate(results.map(\.output), axis: 0).sum([0]).scaled(1 / Double(blocks))
        return NetworkOutput(mean, predictions: predictions, shape: [1])
    }

    /// Whether the output is one number for a batch, and not one for each example.
    ///
    /// - Throws: `ONNXError.output` where it is neither.
    func outputIsOneForBatch(_ given: [NetworkInput]) throws -> Bool {
        let batch = exportedBatch ?? 2, builder = NetworkBuilder(Graph(), .stored, .init())
        let x = given.map { $0.value(in: builder.graph, batch: batch) }
        let interpreter = OperatorInterpreter(
            builder, self, batch: batch, given: declareTensors(builder).merging(examples(x, batch)) { $1 })
        try interpreter.run()
        guard let shape = interpreter.values[output]?.shape else { return false }
        let count = shape.reduce(1, *)
        guard count == 1 || (shape.first == batch && count == batch) else {
            throw ONNXError.output(
                "has shape \(shape.shown) for \(batch) examples, expected a loss: one number for each example, or one for all"
            )
        }
        return count == 1 && (batch > 1 || shape.isEmpty)
    }

    /// What every value is at the batch that the model was exported for; nil where any batch will do.
    func valuesAtExport() throws -> [String: ExportedValue]? {
        guard let exportedBatch else { return nil }
        let builder = NetworkBuilder(Graph(), .stored, .init())
        let x = inputs.map { builder.graph.input($0.name, TensorType([exportedBatch] + $0.shape), .data) }
        let interpreter = OperatorInterpreter(
            builder, self, batch: exportedBatch,
            given: declareTensors(builder).merging(examples(x, exportedBatch)) { $1 })
        try interpreter.run()
        return interpreter.values.mapValues(ExportedValue.init)
    }

    /// Blocks of a batch where a model has to be taken as it was exported.
    private static let mostBlocks = 16
    /// The largest batch that a model of any batch is tried for.
    private static let largestTrial = 6

    /// The network. Where nothing is known of it, it is built on trial for several sizes of batch, so that no size fails later.
    ///
    /// - Parameters:
    ///   - name: what it is called in results.
    ///   - given: what the data have for each input, of as many numbers as the model takes.
    ///   - tried: what trials of this very graph found; nil to try it. It is not believed but for what the build for one example shows.
    /// - Throws: `ONNXError` where the model cannot be built, or does not give one row of numbers an example.
    func network(name: String, inputs given: [NetworkInput], tried: TrialBuilds? = nil) throws -> Network {
        guard given.count == inputs.count else {
            throw ONNXError.inputMismatch(expected: "\(inputs.count) inputs", found: "\(given.count)")
        }
        for (input, data) in zip(inputs, given) {
            let size = data.shape.reduce(1.0) { $0 * Double($1) }
            guard ShapeAgreement.agree(input.shape, data.shape), size <= 1e9 else {
                throw ONNXError.inputMismatch(
                    expected: "examples of shape \(input.shape.shown)", found: "examples of shape \(data.shape.shown)")
            }
            // Whole numbers that are not all from 0 are real numbers to the graph.
            guard data.takesTokens || !input.isInteger || inputs.count > 1 else {
                throw ONNXError.inputMismatch(expected: "tokens (whole numbers)", found: "real numbers")
            }
        }
        let blocks = takesBlocks ?? false ? exportedBatch : nil
        let exported = blocks == nil ? try valuesAtExport() : nil
        let isOneForBatch = givesOneForBatch ?? false
        @Sendable func output(of batch: Int) throws -> NetworkOutput {
            let builder = NetworkBuilder(Graph(), .stored, .init())
            let x = given.map { $0.value(in: builder.graph, batch: batch) }
            return try build(builder, x, declareTensors(builder), inBlocksOf: blocks, exported: exported)
        }
        let onlyBatch = isOneForBatch ? blocks : nil
        let first = try output(of: onlyBatch ?? 1), width = first.output.shape[1]
        if let tried {
            guard tried.outputs == width else {
                throw ONNXError.damagedDescription("\(tried.outputs) outputs of a graph that gives \(width)")
            }
        } else if blocks == nil {
            for batch in trialBatches {
                let found = try output(of: batch).output.shape[1]
                guard found == width else {
                    throw ONNXError.output(
                        "has \(width) numbers for one example, but \(found) an example for \(batch)")
                }
            }
        }
        // A model whose shapes are such that a batch of some size is none is taken in blocks of sizes that were built.
        let sizes: [Int?] = blocks.map { [$0] } ?? (isOneForBatch ? [nil, 1] : [nil, Self.largestTrial, 1])
        let largest = blocks.map { Self.mostBlocks * $0 }
        let architecture = Architecture(
            vocabularies: inputs.map { vocabulary(of: $0.name) }, largestBatch: largest, onlyBatch: onlyBatch,
            canBuild: { !isOneForBatch || (try? output(of: $0)) != nil },
            applyingAll: { builder, x in
                let declared = self.declareTensors(builder)
                for size in sizes {
                    let built = try? self.build(builder, x, declared, inBlocksOf: size, exported: exported)
                    if let built, built.output.shape == [isOneForBatch ? 1 : x[0].shape[0], width] { return built }
                }
                // Blocks of the last size were built above, and what a block comes to depends on its own shapes alone.
                preconditionFailure(
                    "a model that was built for one example cannot be built for \(x[0].shape[0]) of them")
            })
        func layout(_ tensors: [Tensor]) -> ParameterLayout {
            ParameterLayout(tensors.map { TensorSpecification($0.name, $0.storedShape, .constant(0)) })
        }
        return Network(
            architecture, specification: name, inputs: given, outputShape: first.shape,
            givesOneForBatch: isOneForBatch, hasPrediction: prediction != nil, parameters: layout(parameters),
            buffers: layout(buffers))
    }

    /// Sizes of batch that a model of any batch is tried for beside 1: odd and even ones, that exported for and twice that.
    private var trialBatches: [Int] {
        let size = exportedBatch.map { min($0, 64) } ?? 1
        return Set([2, 3, 5, Self.largestTrial, size, min(2 * size, 64)]).subtracting([1]).sorted()
    }

    /// Adds the model for all examples at once, or in blocks of a size.
    private func build(
        _ builder: NetworkBuilder, _ x: [Value], _ declared: [String: Operand], inBlocksOf size: Int?,
        exported: [String: ExportedValue]?
    ) throws -> NetworkOutput {
        guard let size else { return try build(builder, x, declared, exported: exported) }
        return try buildInBlocks(builder, x, declared, of: size, exported: exported)
    }
}
