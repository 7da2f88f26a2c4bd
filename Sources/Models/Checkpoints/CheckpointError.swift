import ArrayFiles
import Essentials

/// What can be wrong with a checkpoint's content.
public enum CheckpointError: DescribedError, Equatable {
    /// The bytes are no safetensors file.
    case container(SafetensorsError)
    /// A file that this program did not write: what it is, and its path where that is known.
    case notACheckpoint(FileKind, path: String? = nil)
    /// A checkpoint of a later version.
    case unknownVersion(String)
    /// Metadata that every checkpoint has are missing: their key.
    case missingMetadata(String)
    /// Metadata that cannot be read: their key, and why.
    case badMetadata(String, String)
    /// Names, types, shapes or metadata are not those that were written.
    case headerChanged
    /// Numbers are not those that were written.
    case tensorsChanged
    /// A tensor that the model needs is missing.
    case tensorMissing(String, found: [String])
    /// A tensor that the model has no place for.
    case unexpectedTensor(String, model: String)
    /// A tensor of another shape than the model's.
    case shapeMismatch(String, found: [Int], expected: [Int])

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .container(let problem): "\(problem)"
        case .notACheckpoint(let kind, let path):
            "found \(kind == .safetensors ? "plain safetensors without a model's description" : kind.name), expected a checkpoint; "
                + (kind.isImportable
                    ? "import it first: landscape import \(path ?? "FILE")\(kind == .onnx ? "" : " --model M") --data D"
                    : kind.advice)
        case .unknownVersion(let version):
            "found checkpoint version '\(version.shown)', expected \(Checkpoint.version); update landscape"
        case .missingMetadata(let key):
            "the checkpoint's metadata lacks '\(key)'; the file is damaged: use another copy"
        case .badMetadata(let key, let reason):
            "the checkpoint's metadata '\(key)' is damaged: \(reason.shown); use another copy"
        case .headerChanged:
            "the checkpoint's names, shapes or metadata do not match the checksum written with them: damaged, or edited; "
                + "use another copy, or import the tensors with landscape import"
        case .tensorsChanged:
            "the checkpoint's tensors do not match the checksum written with them: damaged, or edited; "
                + "use another copy, or import the tensors with landscape import"
        case .tensorMissing(let name, let found):
            "tensor '\(name.shown)' is missing (found \(found.shown)); use the model that the checkpoint was made with"
        case .unexpectedTensor(let name, let model):
            "found the tensor '\(name.shown)', which model \(model.shown) does not have; use the model that the checkpoint was made with"
        case .shapeMismatch(let name, let found, let expected):
            "tensor '\(name.shown)' has shape \(found.shown), expected \(expected.shown); use the model that the checkpoint was made with"
        }
    }
}
