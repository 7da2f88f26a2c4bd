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

    /// The network, after it was built on trial for several sizes of batch, so that no size fails later.
    ///
    /// - Parameters:
    ///   - name: what it is called in results.
    ///   - inputShape: of one example of the data, of as many numbers as the model takes.
    /// - Throws: `ONNXError` where the model cannot be built, or does not give one row of numbers an example.
    public func network(name: String, inputShape: [Int], takesTokens: Bool) throws -> Network {
        let expected = exampleShape.reduce(1.0) { $0 * Double($1) }, found = inputShape.reduce(1.0) { $0 * Double($1) }
        guard expected == found, expected <= 1e9 else {
            throw ONNXError.inputMismatch(
                expected: "examples of shape \(exampleShape.shown)", found: "examples of shape \(inputShape.shown)")
        }
        guard takesTokens || !inputIsInteger else {
            throw ONNXError.inputMismatch(expected: "tokens (whole numbers)", found: "real numbers")
        }
        func trial(_ batch: Int, _ build: (NetworkBuilder, Value) throws -> Value) throws -> Int {
            let builder = NetworkBuilder(Graph(), .stored, .init())
            let x = builder.graph.input("x", TensorType([batch] + inputShape, takesTokens ? .index : .real), .data)
            return try build(builder, x).shape[1]
        }
        if let size = exportedBatch, takesBlocks ?? false {
            let outputs = try trial(1) { try buildInBlocks($0, $1, declareTensors($0), of: size) }
            let architecture = Architecture(vocabulary: vocabulary, largestBatch: Self.mostBlocks * size) {
                builder, x in
                do {
                    return try self.buildInBlocks(builder, x, self.declareTensors(builder), of: size)
                } catch {
                    fatalError(
                        "a model that was built for \(size) examples cannot be built for as many again: \(error)")
                }
            }
            return Network(
                architecture, specification: name, inputShape: inputShape, takesTokens: takesTokens, outputs: outputs)
        }
        let exported = try valuesAtExport()
        var outputs = 0
        for batch in Set([
            1, 2, 3, 5, Self.largestTrial, exportedBatch.map { min($0, 64) } ?? 1,
            exportedBatch.map { min(2 * min($0, 64), 64) } ?? 1,
        ]).sorted() {
            let found = try trial(batch) { try build($0, $1, declareTensors($0), exported: exported) }
            guard batch == 1 || found == outputs else {
                throw ONNXError.output(
                    "has \(outputs) numbers for one example, but \(found) an example for \(batch)")
            }
            outputs = found
        }
        let width = outputs
        let architecture = Architecture(vocabulary: vocabulary) { builder, x in
            let declared = self.declareTensors(builder)
            if let y = try? self.build(builder, x, declared, exported: exported), y.shape == [x.shape[0], width] {
                return y
            }
            // A model whose shapes are such that a batch of this size is none: a size that was tried.
            do {
                return try self.buildInBlocks(builder, x, declared, of: Self.largestTrial, exported: exported)
            } catch {
                fatalError(
                    "a model that was built for \(Self.largestTrial) examples cannot be built for as many again: \(error)"
                )
            }
        }
        return Network(
            architecture, specification: name, inputShape: inputShape, takesTokens: takesTokens, outputs: outputs)
    }
}
