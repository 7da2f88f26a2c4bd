import ArrayFiles
import Essentials

/// A model of operators, reduced to what its output needs: what a checkpoint of an imported model carries, so that the network
/// can be built again without the file that it came from. Operators and attributes are ONNX's.
package struct OperatorGraph: Sendable, Hashable, Codable {
    package struct Node: Sendable, Hashable, Codable {
        package var name: String
        package var kind: String
        /// "" is an input that is left out.
        package var inputs: [String]
        package var outputs: [String]
        package var attributes: [String: Attribute]
    }

    /// One of these is not nil.
    package struct Attribute: Sendable, Hashable, Codable {
        package var integer: Int?
        package var real: Double?
        package var text: String?
        package var integers: [Int]?
        package var reals: [Double]?
        package var texts: [String]?
        package var tensor: HostTensor?
        /// A graph within, as its place in `bodies`.
        package var body: Int?
    }

    /// The graph of a branch or of a loop's step. It may read values of the graphs around it.
    package struct Body: Sendable, Hashable, Codable {
        package var nodes: [Node]
        package var inputs: [String]
        package var outputs: [String]
    }

    /// A tensor of θ or of the buffers.
    package struct Tensor: Sendable, Hashable, Codable {
        package var name: String
        /// As operators take it.
        package var shape: [Int]
        /// The axis that comes first in the checkpoint: of a filter, a unit or a row.
        package var filterAxis: Int
        /// Whether the network's statistics of batches are averaged in it.
        package var isStatistic: Bool

        /// Axes of the tensor in the order of the checkpoint.
        var order: [Int] { shape.isEmpty ? [] : [filterAxis] + shape.indices.filter { $0 != filterAxis } }
        /// The shape in the checkpoint.
        package var storedShape: [Int] { order.map { shape[$0] } }
    }

    /// A value that examples are, as the graph declares it. What data give for it is a `NetworkInput`: of a shape that may have
    /// axes flattened, and real numbers for a declared integer that is not always from 0.
    package struct Input: Sendable, Hashable, Codable {
        package var name: String
        /// Of one example, as the model takes it.
        package var shape: [Int]
        package var isInteger: Bool
    }

    package var opset: Int
    /// Operands first.
    package var nodes: [Node]
    package var constants: [String: HostTensor]
    package var parameters: [Tensor]
    package var buffers: [Tensor]
    /// The value that examples are.
    package var input: String
    /// The shape of one example as the model takes it.
    package var exampleShape: [Int]
    package var inputIsInteger: Bool
    /// Further values that examples are; nil for a model of one input.
    package var otherInputs: [Input]?
    /// The value that the loss is computed of, or that is the loss.
    package var output: String
    /// Of an output that is the loss: the value through which alone parameters reach it, where one was named.
    package var prediction: String?
    /// Whether the output is one number for a batch; nil or false for a row of numbers for each example.
    package var givesOneForBatch: Bool?
    /// The batch that the model was exported for, where it is fixed.
    package var exportedBatch: Int?
    /// Whether larger batches are taken in blocks of that many examples, because the model cannot be built for another number.
    package var takesBlocks: Bool?
    /// Of the nodes that have graphs within; nil where there are none.
    package var bodies: [Body]?

    /// All values that examples are.
    package var inputs: [Input] {
        [Input(name: input, shape: exampleShape, isInteger: inputIsInteger)] + (otherInputs ?? [])
    }

    /// How often each operator occurs, by name.
    package var operators: [(name: String, count: Int)] {
        Dictionary(grouping: nodes, by: \.kind).map { ($0.key, $0.value.count) }.sorted { $0.0 < $1.0 }
    }

    /// Tokens that the model has a row for: the least extent of the tables that an input is looked up in; nil where there is none.
    func vocabulary(of input: String) -> Int? {
        var names: Set = [input]
        let tables = Dictionary((parameters + buffers).map { ($0.name, $0.shape) }) { first, _ in first }
        var least: Int?
        for node in nodes {
            if ["Cast", "Identity"].contains(node.kind), names.contains(node.inputs.first ?? "") {
                names.formUnion(node.outputs)
            }
            guard node.kind == "Gather", node.inputs.count == 2, names.contains(node.inputs[1]),
                let shape = tables[node.inputs[0]], !shape.isEmpty
            else { continue }
            let axis = node.attributes["axis"]?.integer ?? 0
            let rows = shape.indices.contains(axis) ? shape[axis] : shape[0]
            least = min(least ?? rows, rows)
        }
        return least
    }

    /// A larger fixed batch is taken for a mistake.
    static let mostExported = 1 << 16

    /// The key of a checkpoint's metadata that holds it.
    package static let metadataKey = "operator_graph"
}

extension OperatorGraph {
    /// The text that a checkpoint keeps.
    package func encoded() throws(ONNXError) -> String {
        do {
            return try StoredJSON.text(of: self)
        } catch {
            throw .damagedDescription("it cannot be written as JSON")
        }
    }

    /// What `encoded()` gave, checked for what no graph has.
    ///
    /// - Throws: `ONNXError.damagedDescription`.
    package init(encoded text: String) throws(ONNXError) {
        do {
            self = try StoredJSON.value(OperatorGraph.self, of: text)
        } catch {
            throw .damagedDescription("it is no such JSON")
        }
        var total = 0
        for tensor in parameters + buffers {
            let isPlaced =
                tensor.shape.isEmpty ? tensor.filterAxis == 0 : tensor.shape.indices.contains(tensor.filterAxis)
            // Bytes in Float64 of all tensors together must be countable.
            let bytes = NumericArray.byteCount(shape: tensor.shape, size: 8).map { total.addingReportingOverflow($0) }
            total = bytes?.partialValue ?? 0
            guard isPlaced, tensor.shape.allSatisfy({ $0 > 0 }), bytes?.overflow == false else {
                throw .damagedDescription("tensor '\(tensor.name)'")
            }
        }
        let hosts =
            Array(constants.values)
            + (nodes + (bodies ?? []).flatMap(\.nodes)).flatMap { $0.attributes.values.compactMap(\.tensor) }
        guard hosts.allSatisfy(\.isConsistent) else { throw .damagedDescription("a constant") }
        guard inputs.allSatisfy({ $0.shape.allSatisfy { $0 > 0 } }), 1...Self.mostExported ~= exportedBatch ?? 1
        else {
            throw .damagedDescription("the example's shape \(exampleShape)")
        }
        guard Set(inputs.map(\.name)).count == inputs.count else { throw .damagedDescription("an input twice") }
    }
}
