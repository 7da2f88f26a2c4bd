import Foundation

/// A model of operators, reduced to what its output needs: what a checkpoint of an imported model carries, so that the network
/// can be built again without the file that it came from. Operators and attributes are ONNX's.
public struct OperatorGraph: Sendable, Hashable, Codable {
    public struct Node: Sendable, Hashable, Codable {
        public var name: String
        public var kind: String
        /// "" is an input that is left out.
        public var inputs: [String]
        public var outputs: [String]
        public var attributes: [String: Attribute]
    }

    /// One of these is not nil.
    public struct Attribute: Sendable, Hashable, Codable {
        public var integer: Int?
        public var real: Double?
        public var text: String?
        public var integers: [Int]?
        public var reals: [Double]?
        public var texts: [String]?
        public var tensor: HostTensor?
    }

    /// A tensor of θ or of the buffers.
    public struct Tensor: Sendable, Hashable, Codable {
        public var name: String
        /// As operators take it.
        public var shape: [Int]
        /// The axis that comes first in the checkpoint: of a filter, a unit or a row.
        public var filterAxis: Int
        /// Whether the network's statistics of batches are averaged in it.
        public var isStatistic: Bool

        /// Axes of the tensor in the order of the checkpoint.
        var order: [Int] { shape.isEmpty ? [] : [filterAxis] + shape.indices.filter { $0 != filterAxis } }
        /// The shape in the checkpoint.
        public var storedShape: [Int] { order.map { shape[$0] } }
    }

    public var opset: Int
    /// Operands first.
    public var nodes: [Node]
    public var constants: [String: HostTensor]
    public var parameters: [Tensor]
    public var buffers: [Tensor]
    /// The value that examples are.
    public var input: String
    /// The shape of one example as the model takes it.
    public var exampleShape: [Int]
    public var inputIsInteger: Bool
    public var output: String
    /// The batch that the model was exported for, where it is fixed.
    public var exportedBatch: Int?
    /// Whether larger batches are taken in blocks of that many examples, because the model cannot be built for another number.
    public var takesBlocks: Bool?

    /// How often each operator occurs, by name.
    public var operators: [(name: String, count: Int)] {
        Dictionary(grouping: nodes, by: \.kind).map { ($0.key, $0.value.count) }.sorted { $0.0 < $1.0 }
    }

    /// Tokens that the model has a row for: the least extent of the tables that examples are looked up in; nil where there is none.
    public var vocabulary: Int? {
        var names: Set = [input]
        var least: Int?
        for node in nodes {
            if ["Cast", "Identity"].contains(node.kind), names.contains(node.inputs.first ?? "") {
                names.formUnion(node.outputs)
            }
            guard node.kind == "Gather", node.inputs.count == 2, names.contains(node.inputs[1]),
                let table = (parameters + buffers).first(where: { $0.name == node.inputs[0] }), !table.shape.isEmpty
            else { continue }
            let axis = node.attributes["axis"]?.integer ?? 0
            let rows = table.shape.indices.contains(axis) ? table.shape[axis] : table.shape[0]
            least = min(least ?? rows, rows)
        }
        return least
    }

    /// A larger fixed batch is taken for a mistake.
    static let mostExported = 1 << 16

    /// The key of a checkpoint's metadata that holds it.
    public static let metadataKey = "operator_graph"
}

extension OperatorGraph {
    public func encoded() throws(ONNXError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            throw .damagedDescription("it cannot be written as JSON")
        }
    }

    public init(encoded text: String) throws(ONNXError) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            self = try decoder.decode(OperatorGraph.self, from: Data(text.utf8))
        } catch {
            throw .damagedDescription("it is no such JSON")
        }
        for tensor in parameters + buffers {
            let isPlaced =
                tensor.shape.isEmpty ? tensor.filterAxis == 0 : tensor.shape.indices.contains(tensor.filterAxis)
            guard isPlaced, tensor.shape.allSatisfy({ $0 > 0 }) else {
                throw .damagedDescription("tensor '\(tensor.name)'")
            }
        }
        let hosts = Array(constants.values) + nodes.flatMap { $0.attributes.values.compactMap(\.tensor) }
        guard hosts.allSatisfy(\.isConsistent) else { throw .damagedDescription("a constant") }
        guard !exampleShape.isEmpty, exampleShape.allSatisfy({ $0 > 0 }), 1...Self.mostExported ~= exportedBatch ?? 1
        else {
            throw .damagedDescription("the example's shape \(exampleShape)")
        }
    }
}
