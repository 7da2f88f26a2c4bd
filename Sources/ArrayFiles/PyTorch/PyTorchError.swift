import Essentials

/// Why a file holds no weights that can be read: damaged, forbidden, or ambiguous.
public enum PyTorchError: DescribedError, Equatable {
    case notWeights(FileKind)
    case truncated(at: Int)
    case malformed(String, at: Int?)
    case unknownOperation(UInt8, at: Int)
    case tooManyOperations(Int)
    case wholeModule(String)
    case forbidden(String)
    case unsupportedType(String)
    case archive(ZipError)
    case array(NPZError)
    case safetensors(SafetensorsError)
    case noTensors(found: [String])
    case severalModels([String])
    case tooDeep
    case duplicateName(String)
    case storageMissing(tensor: String, key: String)
    case badTensor(String, String)
    case tooLarge(tensor: String, limit: Int)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notWeights(let kind):
            "found \(kind.name), expected safetensors, a file of torch.save, or .npz; \(kind.advice)"
        case .truncated(let place): "the pickle ends too early (at byte \(place)); copy or download the file again"
        case .malformed(let what, let place):
            "the pickle is damaged\(place.map { " near byte \($0)" } ?? ""): \(what.shown); copy or download the file again"
        case .unknownOperation(let code, let place):
            "found the pickle operation \(code) at byte \(place), which torch.save does not write; "
                + "save again with its default protocol, or the file is damaged"
        case .tooManyOperations(let limit):
            "the pickle has more than \(limit) operations; save the weights alone: torch.save(model.state_dict(), FILE)"
        case .wholeModule(let name):
            "found a whole module ('\(name.shown)'), which only its own code can read, expected its weights; no code is run; "
                + "save the weights: torch.save(module.state_dict(), FILE), or export the module with torch.onnx.export"
        case .forbidden(let name):
            "found the Python object '\(name.shown)' among the weights, expected tensors in plain containers; no code is run; "
                + "save the weights alone: torch.save(model.state_dict(), FILE)"
        case .unsupportedType(let name):
            "found tensors of type '\(name.shown)', expected real or whole numbers; convert them"
        case .archive(let problem): "\(problem)"
        case .array(let problem): "\(problem)"
        case .safetensors(let problem): "\(problem)"
        case .noTensors(let found):
            "found no dictionary of tensors (the file holds \(found.shown)), expected a state dictionary; "
                + "save one: torch.save(model.state_dict(), FILE)"
        case .severalModels(let names):
            "found tensors under several keys (\(names.shown)) and none of them is named 'state_dict' or 'model'; "
                + "save the one you mean: torch.save(checkpoint['\(names.first?.shown ?? "")'], FILE)"
        case .tooDeep: "found dictionaries nested too deeply or shared too often; save the weights alone"
        case .duplicateName(let name): "found two tensors of the name '\(name.shown)', expected every name once"
        case .storageMissing(let tensor, let key):
            "the numbers of tensor '\(tensor.shown)' (storage '\(key.shown)') are not in the file; copy or download it again"
        case .badTensor(let name, let what): "tensor '\(name.shown)' \(what); the file is damaged"
        case .tooLarge(let tensor, let limit):
            "with tensor '\(tensor.shown)' the tensors take more than \(limit) bytes, far more than the file holds; "
                + "save contiguous tensors: {k: v.contiguous() for k, v in model.state_dict().items()}"
        }
    }
}
