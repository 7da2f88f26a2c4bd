import ArrayFiles
import Essentials

/// What can be wrong with an ONNX model, or with a model for given data.
public enum ONNXError: DescribedError, Equatable {
    /// The bytes are no protocol buffer.
    case notProtobuf(String)
    /// A protocol buffer that is no model.
    case notONNX(String)
    /// A version of the operators that does not exist, or that is newer than this program.
    case opset(found: Int, known: ClosedRange<Int>)
    /// A value that two nodes give.
    case givenTwice(String)
    /// A model beyond what is read of any file.
    case limit(String)
    /// A tensor that cannot be read.
    case tensor(name: String, problem: String)
    /// A tensor in another file that cannot be read.
    case externalData(name: String, problem: String)
    /// A node whose result it needs itself.
    case cycle(node: String)
    /// A value that no node, tensor or input gives.
    case undefined(value: String, node: String)
    /// Operators that are not supported, each with the nodes that have it.
    case unsupported([UnsupportedOperator])
    /// A node whose operands or attributes its operator does not take.
    case node(operator: String, node: String, problem: String)
    /// An input that must be known when the model is imported is computed from the data.
    case notConstant(operator: String, node: String, input: Int)
    /// An output that the model does not have, or none that would do.
    case outputs(wanted: String, found: [String])
    /// Parameters reach the loss beside the value that was named as the prediction.
    case notThroughPrediction(String)
    /// Examples of another shape or kind than the model takes.
    case inputMismatch(expected: String, found: String)
    /// An output that is not one row of numbers for an example.
    case output(String)
    /// A model without parameters.
    case noParameters
    /// A pattern of names that no tensor has.
    case unmatchedPattern(option: String, pattern: String, names: [String])
    /// A tensor of whole numbers that is to be a parameter.
    case notFloating(name: String)
    /// A parameter with infinity or NaN in it.
    case nonFinite(name: String)
    /// A model whose θ is not the module's, where that was asked for.
    case notTheModules([String])
    /// Weights for a tensor into which the exporter has folded others.
    case folded(name: String, [String])
    /// A checkpoint's description of its graph that is none.
    case damagedDescription(String)

    /// An operator, and the nodes that have it.
    public struct UnsupportedOperator: Sendable, Equatable {
        /// Of the operator, with its domain where that is not ONNX's own.
        public let name: String
        /// Their names.
        public let nodes: [String]
    }

    private static func advice(for operators: [UnsupportedOperator]) -> String {
        let names = operators.map { $0.name.split(separator: ".").last.map(String.init) ?? $0.name }
        if names.contains(where: Operators.quantized.contains) {
            return
                ". A network that rounds its activations to integers has no derivative: import the model as it was before quantisation. Weights alone may be integers (DequantizeLinear)"
        }
        if names.contains(
            where: ["RandomUniformLike", "RandomNormalLike", "RandomUniform", "RandomNormal", "Bernoulli"].contains)
        {
            return
                ". Random numbers come from a dropout that was exported in training mode: call model.eval() before the export"
        }
        return
            "; docs/onnx.md lists the supported ones. Rewrite these parts of the model, or export it with another opset"
    }

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notProtobuf(let found):
            "this is no ONNX model, or a damaged one: found \(found); export the model again"
        case .notONNX(let problem): "this is no ONNX model that can be read: \(problem.shown); export the model again"
        case .opset(let found, let known):
            "found opset \(found), expected \(known.lowerBound) to \(known.upperBound); export the model with another opset"
        case .givenTwice(let name):
            "this is no ONNX model that can be read: '\(name.shown)' is given twice, as by PyTorch's exporter where a buffer has the name of an operation; rename it, or export with optimize=True"
        case .limit(let problem): "the model is larger than can be handled: \(problem)"
        case .tensor(let name, let problem):
            "tensor '\(name.shown)': \(problem); the file is damaged: export the model again"
        case .externalData(let name, let problem):
            "the external data of tensor '\(name.shown)': \(problem); keep the .onnx file and its data file together"
        case .cycle(let node): "the graph has a cycle through node '\(node.shown)'; export the model again"
        case .undefined(let value, let node):
            "node '\(node.shown)' reads '\(value.shown)', which no node or initializer gives; the file is damaged: export the model again"
        case .unsupported(let operators):
            "unsupported operators: "
                + operators.prefix(20).map { "\($0.name.shown) (\($0.nodes.shown))" }.joined(separator: ", ")
                + (operators.count > 20 ? ", … (\(operators.count))" : "")
                + Self.advice(for: operators)
        case .node(let kind, let node, let problem): "\(kind.shown) node '\(node.shown)': \(problem)"
        case .notConstant("If", let node, _):
            "If node '\(node.shown)': its condition depends on the data, expected one that follows from shapes and constants; compute both branches and choose with torch.where"
        case .notConstant("Loop", let node, _):
            "Loop node '\(node.shown)': its number of steps depends on the data, expected one that follows from shapes and constants"
        case .notConstant(let kind, let node, let input):
            "\(kind.shown) node '\(node.shown)': input \(input) depends on the data, expected a value that is known at import"
        case .outputs(let wanted, let found):
            "found the outputs \(found.shown), expected \(wanted.shown)"
        case .notThroughPrediction(let name):
            "parameters reach the loss beside '\(name.shown)', so that the Gauss–Newton matrix is not defined through it; name another --prediction, or leave it out"
        case .inputMismatch(let expected, let found):
            "the model takes \(expected), but the data have \(found)"
                + (found.contains("; ") ? "" : "; name other --data")
        case .output(let problem): "the model's output \(problem)"
        case .noParameters:
            "found no parameters (floating tensors of rank 1 or more that the output depends on); name some with --parameters"
        case .unmatchedPattern(let option, let pattern, let names):
            "\(option) \(pattern.shown): found no such tensor, expected a name or pattern of one of: \(names.shown)"
        case .notFloating(let name): "--parameters: tensor '\(name.shown)' does not hold floating-point numbers"
        case .nonFinite(let name):
            "parameter '\(name.shown)' holds numbers that are not finite, expected trained weights; use another file, or --freeze it"
        case .notTheModules(let warnings):
            "--strict: \(warnings.joined(separator: "; ")); or leave --strict out"
        case .folded(let name, let warnings):
            "'\(name.shown)' cannot take weights of another file: \(warnings.joined(separator: "; "))"
        case .damagedDescription(let problem):
            "the checkpoint's description of its imported model is damaged: \(problem.shown); import the model again"
        }
    }
}

extension ONNXError {
    static func tooManyNumbers(_ count: Int) -> ONNXError {
        .limit("its tensors have \(count) numbers or more, and \(ONNXSources.mostNumbers) fit into memory as Float64")
    }
}
