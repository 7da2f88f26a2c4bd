/// An ONNX file as it is: what its messages say, checked for nothing but their own form. Tensors' numbers stay where they lie
/// in the file's bytes until they are asked for. Format: github.com/onnx/onnx, onnx.proto.
struct ONNXModel {
    var graph = Graph()
    /// Version of the operators of each domain; the standard one is "".
    var opsets: [String: Int] = [:]
    var functions: [Function] = []
    /// The program that wrote the file, such as "pytorch".
    var producer = ""

    struct Graph {
        var nodes: [Node] = []
        var initializers: [ONNXTensor] = []
        var inputs: [ValueInfo] = []
        var outputs: [ValueInfo] = []
        /// What the program that wrote the file noted of the graph, and of values by name.
        var metadata: [String: String] = [:], valueMetadata: [String: [String: String]] = [:]
    }

    struct Node {
        var name = "", kind = "", domain = ""
        var inputs: [String] = [], outputs: [String] = []
        var attributes: [Attribute] = []
        /// What the program that wrote the file noted of it.
        var metadata: [String: String] = [:]
    }

    struct Attribute {
        var name = ""
        var integer: Int?
        var real: Double?
        var text: String?
        var integers: [Int] = []
        var reals: [Double] = []
        var texts: [String] = []
        var tensor: ONNXTensor?
        var graph: Graph?
        /// The attribute of the enclosing function whose value this has.
        var reference: String?
        /// What AttributeProto.type says: 1 float, 2 int, 3 string, 4 tensor, 5 graph, 6 floats, 7 ints.
        var type = 0
    }

    /// A graph's input or output: extents are nil where they are named or absent; no shape at all is nil.
    struct ValueInfo {
        var name = ""
        var elementType = 0
        /// False for sequences and maps.
        var isTensor = true
        var shape: [Int?]?
        var metadata: [String: String] = [:]
    }

    /// An operator defined by a graph of others.
    struct Function {
        var name = "", domain = ""
        var inputs: [String] = [], outputs: [String] = []
        var nodes: [Node] = []
        /// Attributes with default values.
        var defaults: [Attribute] = []
    }

    /// What a node is called in messages: its name, else what it gives.
    static func label(_ node: Node) -> String { node.name.isEmpty ? node.outputs.first ?? "" : node.name }
}
