import Essentials
import Networks

/// Why there is no model: files, weights or data that do not make one.
public enum ModelError: DescribedError, Equatable {
    /// Metadata that contradict each other or say something impossible.
    case damagedCheckpoint(String)
    /// Data whose examples have another number of numbers than the model takes.
    case exampleShapeMismatch(model: String, expected: [Int], data: String, found: [Int])
    /// Fewer training examples than the model was trained on.
    case dataChanged(data: String, expected: Int, found: Int)
    /// The data of a checkpoint are at none of the places where they could be.
    case dataMissing(data: String, folder: String?)
    /// Weights of a state dictionary that are not the architecture's.
    case tensorsUnmatched(file: String, missing: [String], unexpected: [String], reason: String)
    /// Weights of a state dictionary that are not the graph's, each with its shape, and what to do.
    case weightsUnmatched(missing: [String], unexpected: [String], advice: String)
    /// Inputs of several arrays, which are not brought to a common scale.
    case standardizesOne(inputs: [String])
    /// Given deviations that inputs cannot be divided by.
    case unusableDeviation([Double])
    /// A file of weights holds infinity or NaN.
    case nonFiniteTensor(file: String, name: String)
    /// A file of weights holds other numbers for what is a constant of the checkpoint's graph.
    case constantDiffers(file: String, name: String)
    /// Weights for a graph that are a checkpoint of one, in another layout.
    case alreadyImported(file: String)
    /// An adapter's α/r, found in the graph and as its configuration has it, where r may stand for its root.
    case adapterScale(found: Double, configuration: Double, isRoot: Bool)
    /// A folder without checkpoints.
    case noCheckpoints(folder: String)
    /// A folder whose checkpoints are all passed over, and why the first is.
    case otherCheckpoints(folder: String, reason: String)
    /// A path that is no folder.
    case noFolder(String)

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .damagedCheckpoint(let reason):
            "the checkpoint's metadata do not describe a model: \(reason); use another copy"
        case .exampleShapeMismatch(let model, let expected, let data, let found):
            "model \(model) takes examples of shape \(expected), but \(data) has examples of shape \(found)"
                + (ShapeAgreement.advice(found: found, expected: expected).isEmpty
                    ? "; name other --data" : ShapeAgreement.advice(found: found, expected: expected))
        case .dataChanged(let data, let expected, let found):
            "\(data) has \(found) training examples, but the model was trained on \(expected): the data have changed; "
                + "restore them, or name the data with --data to use them as they are"
        case .dataMissing(let data, let folder):
            "\(data), the data of the checkpoint: no such file here"
                + (folder.map { " or beside the checkpoint\($0.isEmpty ? "" : " in \($0)")" } ?? "")
                + "; restore it, or name the data with --data"
        case .tensorsUnmatched(let file, let missing, let unexpected, let reason):
            "\(file): its tensors do not fit the model. \(Self.lists(missing, unexpected))\(reason)"
        case .weightsUnmatched(let missing, let unexpected, let advice):
            "the weights do not fit this graph. \(Self.lists(missing, unexpected))\(advice)"
        case .standardizesOne(let inputs):
            "--standardize, --mean and --std are for data of one input, found \(inputs.count) (\(inputs.shown)); standardise them in their files"
        case .unusableDeviation(let deviation):
            "--std: found \(deviation), expected a positive number for each mean"
        case .nonFiniteTensor(let file, let name):
            "\(file): tensor '\(name)' holds numbers that are not finite, expected trained weights; use another file"
        case .constantDiffers(let file, let name):
            "\(file): tensor '\(name.shown)' is a constant of the checkpoint's graph and has other numbers here; import the graph with these weights instead: landscape import \(file) --model model.onnx"
        case .adapterScale(let found, let configuration, let isRoot):
            "adapter_config.json has lora_alpha / \(isRoot ? "√r" : "r") = \(Format.number(configuration)), but the graph scales its adapter by \(Format.number(found)); export the graph of the model with this adapter"
        case .alreadyImported(let file):
            "\(file) is a checkpoint that already holds its graph, expected weights from PyTorch; use it as it is"
        case .noCheckpoints(let folder):
            "found no checkpoints (.bin) in '\(folder)'; train with --save-every N to keep some, or import those of a training with -o \(folder)/"
        case .otherCheckpoints(let folder, let reason):
            "found no checkpoint of the same network in '\(folder)': \(reason); expected trainings of one architecture"
        case .noFolder(let folder):
            "found no folder '\(folder)', expected one with the checkpoints of a training; check the path"
        }
    }

    private static func lists(_ missing: [String], _ unexpected: [String]) -> String {
        missing.isEmpty && unexpected.isEmpty
            ? "" : "Missing: \(list(missing)). Unexpected: \(list(unexpected)). "
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty
            ? "none" : names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", … (\(names.count))" : "")
    }
}
