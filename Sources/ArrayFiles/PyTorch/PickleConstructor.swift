/// Names that a pickle may ask for. None of them is called: this program makes each object itself, and of every other name an
/// object of which nothing but the name is known.
enum PickleConstructor: Equatable {
    /// A dictionary, from nothing or from pairs.
    case dictionary
    /// `collections.defaultdict`: a factory, then the pairs.
    case defaultDictionary
    /// `torch._utils._rebuild_tensor`, `_v2`: storage, offset, shape, strides, …; `_v3` has its type seventh.
    case tensor, typedTensor
    /// `torch._utils._rebuild_parameter…`: the tensor, …
    case parameter
    /// `torch._tensor._rebuild_from_type_v2`: constructor, type, arguments, state.
    case fromType
    /// `torch.Size`: a tuple.
    case size
    /// The type of a storage; nil for `UntypedStorage`.
    case storage(ElementType?)
    /// `torch.float32` and so on.
    case elementType(ElementType)
    /// Whatever it makes, weights have no use for it.
    case ignored
    /// A name that is not on the list, such as a class of a training script's settings.
    case unknown(String)

    /// - Throws: `PyTorchError.unsupportedType` for tensors of numbers that cannot be read.
    init(module: String, name: String) throws(PyTorchError) {
        if module == "torch" || module == "torch.cuda" || module == "torch.storage" {
            if let type = Self.storageTypes[name] {
                self = .storage(type)
                return
            }
            if module != "torch.cuda", name == "UntypedStorage" || name == "_UntypedStorage" {
                self = .storage(nil)
                return
            }
            if module == "torch", let type = Self.elementTypes[name] {
                self = .elementType(type)
                return
            }
            if module == "torch", name.hasSuffix("Storage") || Self.unreadableTypes.contains(name) {
                throw .unsupportedType(name)
            }
        }
        self = Self.known["\(module).\(name)"] ?? .unknown("\(module).\(name)")
    }

    private static let storageTypes: [String: ElementType] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let elementTypes: [String: ElementType] = [
        "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
        "int32": .int32, "int16": .int16, "int8": .int8, "uint64": .uint64, "uint32": .uint32, "uint16": .uint16,
        "uint8": .uint8, "bool": .bool,
    ]

    private static let unreadableTypes: Set = [
        "complex32", "complex64", "complex128", "quint8", "qint8", "qint32", "float8_e4m3fn", "float8_e5m2",
        "float8_e4m3fnuz", "float8_e5m2fnuz",
    ]

    private static let known: [String: PickleConstructor] = [
        "collections.OrderedDict": .dictionary, "builtins.dict": .dictionary, "__builtin__.dict": .dictionary,
        "collections.Counter": .dictionary, "collections.defaultdict": .defaultDictionary,
        "torch._utils._rebuild_tensor": .tensor, "torch._utils._rebuild_tensor_v2": .tensor,
        "torch._utils._rebuild_tensor_v3": .typedTensor, "torch._utils._rebuild_parameter": .parameter,
        "torch._utils._rebuild_parameter_with_state": .parameter, "torch._tensor._rebuild_from_type_v2": .fromType,
        "torch.Size": .size, "torch.device": .ignored, "torch.Tensor": .ignored,
        "torch.nn.parameter.Parameter": .ignored, "torch.nn.parameter.Buffer": .ignored,
        "builtins.set": .ignored, "__builtin__.set": .ignored, "builtins.frozenset": .ignored,
        "builtins.int": .ignored, "builtins.float": .ignored, "builtins.list": .ignored, "builtins.bytearray": .ignored,
        "argparse.Namespace": .ignored, "_codecs.encode": .ignored, "numpy.dtype": .ignored,
        "numpy.core.multiarray.scalar": .ignored, "numpy._core.multiarray.scalar": .ignored,
        "numpy.core.multiarray._reconstruct": .ignored, "numpy._core.multiarray._reconstruct": .ignored,
        "numpy.ndarray": .ignored, "builtins.complex": .ignored, "__builtin__.complex": .ignored,
        "builtins.range": .ignored, "builtins.slice": .ignored, "types.SimpleNamespace": .ignored,
        "datetime.datetime": .ignored, "datetime.timedelta": .ignored, "pathlib.PosixPath": .ignored,
        "pathlib._local.PosixPath": .ignored,
    ]
}
