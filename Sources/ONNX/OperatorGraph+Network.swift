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

    /// Adds the model to a graph for all examples at once. `x` is [n, …example shape] of any shape of that size.
    ///
    /// - Parameters:
    ///   - declared: the network's tensors.
    ///   - exported: what values were at export, where the model is to be built for another batch than that.
    func build(
        _ builder: NetworkBuilder, _ x: Value, _ declared: [String: Operand], exported: [String: ExportedValue]?
    ) throws -> Value {
        let batch = x.shape[0]
        let examples = x.reshaped([batch] + exampleShape)
        let interpreter = OperatorInterpreter(
            builder, self, batch: batch, exported: exported,
            given: declared.merging([input: .graph(examples, inputIsInteger ? .integer : .real)]) { $1 })
        try interpreter.run()
        return try interpreter.output()
    }

    /// Adds the model once for every `size` examples, each time as it was exported; what the last block lacks is filled with examples
    /// that are there, and left out of the result.
    func buildInBlocks(
        _ builder: NetworkBuilder, _ x: Value, _ declared: [String: Operand], of size: Int,
        exported: [String: ExportedValue]? = nil
    ) throws -> Value {
        let batch = x.shape[0], blocks = (batch + size - 1) / size
        var rows = x.asReal()
        while rows.shape[0] < blocks * size {
            let more = min(blocks * size - rows.shape[0], batch)
            rows = Value.concatenate([rows, x.asReal().slice(0, from: 0, count: more)], axis: 0)
        }
        let results = try (0..<blocks).map {
            try build(builder, rows.slice(0, from: $0 * size, count: size), declared, exported: exported)
        }
        let all = results.count == 1 ? results[0] : Value.concatenate(results, axis: 0)
        return all.shape[0] == batch ? all : all.slice(0, from: 0, count: batch)
    }

    /// What every value is at the batch that the model was exported for; nil where any batch will do.
    func valuesAtExport() throws -> [String: ExportedValue]? {
        guard let exportedBatch else { return nil }
        let builder = NetworkBuilder(Graph(), .stored, .init())
        let x = builder.graph.input("x", TensorType([exportedBatch] + exampleShape), .data)
        let interpreter = OperatorInterpreter(
            builder, self, batch: exportedBatch,
            given: declareTensors(builder).merging([input: .graph(x, inputIsInteger ? .integer : .real)]) { $1 })
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
    ///   - inputShape: of one example of the data, of as many numbers as the model takes.
    ///   - tried: what trials of this very graph found; nil to try it. It is not believed but for what the build for one example shows.
    /// - Throws: `ONNXError` where the model cannot be built, or does not give one row of numbers an example.
    func network(
        name: String, inputShape: [Int], takesTokens: Bool, tried: TrialBuilds? = nil
    ) throws -> Network {
        let expected = exampleShape.reduce(1.0) { $0 * Double($1) }, found = inputShape.reduce(1.0) { $0 * Double($1) }
        guard expected == found, expected <= 1e9 else {
            throw ONNXError.inputMismatch(
                expected: "examples of shape \(exampleShape.shown)", found: "examples of shape \(inputShape.shown)")
        }
        guard takesTokens || !inputIsInteger else {
            throw ONNXError.inputMismatch(expected: "tokens (whole numbers)", found: "real numbers")
        }
        let blocks = takesBlocks ?? false ? exportedBatch : nil
        let exported = blocks == nil ? try valuesAtExport() : nil
        func outputs(of batch: Int) throws -> Int {
            let builder = NetworkBuilder(Graph(), .stored, .init())
            let x = builder.graph.input("x", TensorType([batch] + inputShape, takesTokens ? .index : .real), .data)
            return try build(builder, x, declareTensors(builder), inBlocksOf: blocks, exported: exported).shape[1]
        }
        let width = try outputs(of: 1)
        if let tried {
            guard tried.outputs == width else {
                throw ONNXError.damagedDescription("\(tried.outputs) outputs of a graph that gives \(width)")
            }
        } else if blocks == nil {
            for batch in trialBatches {
                let found = try outputs(of: batch)
                guard found == width else {
                    throw ONNXError.output(
                        "has \(width) numbers for one example, but \(found) an example for \(batch)")
                }
            }
        }
        // A model whose shapes are such that a batch of some size is none is taken in blocks of sizes that were built.
        let sizes: [Int?] = blocks.map { [$0] } ?? [nil, Self.largestTrial, 1]
        let largest = blocks.map { Self.mostBlocks * $0 }
        let architecture = Architecture(vocabulary: vocabulary, largestBatch: largest) { builder, x in
            let declared = self.declareTensors(builder)
            for size in sizes {
                let built = try? self.build(builder, x, declared, inBlocksOf: size, exported: exported)
                if let built, built.shape == [x.shape[0], width] { return built }
            }
            // Blocks of the last size were built above, and what a block comes to depends on its own shapes alone.
            preconditionFailure("a model that was built for one example cannot be built for \(x.shape[0]) of them")
        }
        func layout(_ tensors: [Tensor]) -> ParameterLayout {
            ParameterLayout(tensors.map { TensorSpecification($0.name, $0.storedShape, .constant(0)) })
        }
        return Network(
            architecture, specification: name, inputShape: inputShape, takesTokens: takesTokens, outputs: width,
            parameters: layout(parameters), buffers: layout(buffers))
    }

    /// Sizes of batch that a model of any batch is tried for beside 1: odd and even ones, that exported for and twice that.
    private var trialBatches: [Int] {
        let size = exportedBatch.map { min($0, 64) } ?? 1
        return Set([2, 3, 5, Self.largestTrial, size, min(2 * size, 64)]).subtracting([1]).sorted()
    }

    /// Adds the model for all examples at once, or in blocks of a size.
    private func build(
        _ builder: NetworkBuilder, _ x: Value, _ declared: [String: Operand], inBlocksOf size: Int?,
        exported: [String: ExportedValue]?
    ) throws -> Value {
        guard let size else { return try build(builder, x, declared, exported: exported) }
        return try buildInBlocks(builder, x, declared, of: size, exported: exported)
    }
}
