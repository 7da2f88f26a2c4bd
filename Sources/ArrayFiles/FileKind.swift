import Essentials

/// What a file is by its content, whatever its name says: so that a message can call a file that is not what was expected by its
/// name, and say what to export instead.
public enum FileKind: Sendable, Equatable {
    /// Tensors in safetensors.
    case safetensors
    /// A file of `torch.save`, new or old form.
    case pyTorch
    /// NumPy's archive of arrays.
    case npz
    /// One array of NumPy's.
    case npy
    /// An ONNX model.
    case onnx
    /// A program of `torch.jit.save`.
    case torchScript
    /// An archive of `torch.export.save`.
    case torchExport
    /// A Keras 3 archive.
    case keras
    /// HDF5, as Keras and h5py write.
    case hdf5
    /// TensorFlow's SavedModel: its protocol buffer, or its folder.
    case savedModel
    /// TensorFlow's frozen graph.
    case tensorFlowGraph
    /// A model of TensorFlow Lite.
    case tensorFlowLite
    /// MessagePack, as Flax writes.
    case flax
    /// Weights of llama.cpp.
    case gguf
    /// A Python pickle that `torch.save` did not write.
    case pickle
    /// Compressed by gzip.
    case gzip
    /// The placeholder that Git LFS leaves where a file was not downloaded.
    case gitPointer
    /// A web page, as a failed download leaves.
    case webPage
    /// JSON text.
    case json
    /// A picture, in a format of this name.
    case picture(String)
    /// XML that is no picture, such as the files of VTK.
    case xml
    /// Plain text, such as CSV.
    case text
    /// A ZIP file of these members.
    case zip([String])
    /// Something else of so many bytes.
    case other(Int)

    /// The kind of a file; nil where it cannot be read, or is a folder of no known kind.
    public static func of(_ path: String) -> FileKind? {
        if RandomAccessFile.isFolder(path) {
            return RandomAccessFile.isRegular(path + "/saved_model.pb") ? .savedModel : nil
        }
        guard RandomAccessFile.isRegular(path), let file = try? RandomAccessFile(path), file.size > 0,
            let beginning = try? file.bytes(0..<min(file.size, 512)),
            let ending = try? file.bytes(max(0, file.size - 1 << 20)..<file.size)
        else { return nil }
        return FileKind(beginning, ending: ending[...], size: file.size)
    }

    /// The kind of a file's bytes.
    public init(_ bytes: [UInt8]) { self.init(bytes, ending: bytes.suffix(1 << 20), size: bytes.count) }

    private init(_ bytes: [UInt8], ending: ArraySlice<UInt8>, size: Int) {
        func begins(_ text: String, at place: Int = 0) -> Bool { bytes.dropFirst(place).starts(with: text.utf8) }
        let second = bytes.count > 1 ? bytes[1] : 0, third = bytes.count > 2 ? bytes[2] : 0
        switch bytes.first ?? 0 {
        case 0x50 where second == 0x4B: self = Self(zip: Self.memberNames(ending))
        case 0x80 where (2...5).contains(second):
            self = bytes.dropFirst(2).starts(with: PyTorchFile.legacyMagic) ? .pyTorch : .pickle
        case 0x89 where begins("HDF", at: 1): self = .hdf5
        case 0x93 where begins("NUMPY", at: 1): self = .npy
        case 0x1F where second == 0x8B: self = .gzip
        case _ where begins("GGUF"): self = .gguf
        case _ where begins("TFL3", at: 4): self = .tensorFlowLite
        case _ where begins("version https://git-lfs"): self = .gitPointer
        case _ where bytes.count > 8 && bytes[8] == UInt8(ascii: "{"): self = .safetensors
        case 0x89 where begins("PNG", at: 1): self = .picture("PNG")
        case 0xFF where second == 0xD8 && third == 0xFF: self = .picture("JPEG")
        case _ where begins("%PDF"): self = .picture("PDF")
        case _ where begins("%!PS"): self = .picture("PostScript")
        case _ where begins("<svg"): self = .picture("SVG")
        case _ where begins("<?xml"):
            self = bytes.firstRange(of: Array("<svg".utf8)) == nil ? .xml : .picture("SVG")
        case UInt8(ascii: "<") where size > 8: self = .webPage
        case UInt8(ascii: "{"): self = .json
        // Protocol buffers: the schema's version 1 and a graph; a version of ONNX and another field of a model; a list of nodes.
        case 0x08 where second == 1 && third == 0x12: self = .savedModel
        case 0x08 where (2...30).contains(second) && [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(third):
            self = .onnx
        case 0x0A where bytes.count > 3 && bytes[2] == 0x0A && bytes.contains(0x12): self = .tensorFlowGraph
        // A map of one to fifteen members, or a larger one, whose first key is text.
        case 0x81...0x8F where (0xA1...0xBF).contains(second): self = .flax
        case 0xDE where bytes.count > 3 && (0xA1...0xBF).contains(bytes[3]): self = .flax
        case _ where size > 0 && bytes.allSatisfy { (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }:
            self = .text
        default: self = .other(size)
        }
    }

    /// The kind of a ZIP file with these members.
    init(zip names: [String]) {
        func has(_ name: String) -> Bool { names.contains { $0 == name || $0.hasSuffix("/" + name) } }
        if has("archive_format") || has("serialized_exported_program.json") {
            self = .torchExport
        } else if has("constants.pkl") {
            self = .torchScript
        } else if has("data.pkl") {
            self = .pyTorch
        } else if has("model.weights.h5") || (has("config.json") && has("metadata.json")) {
            self = .keras
        } else if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
            self = .npz
        } else {
            self = .zip(names)
        }
    }

    /// Names of a ZIP file's members, as far as its directory is in these bytes. They serve to call the file by its name alone.
    private static func memberNames(_ bytes: ArraySlice<UInt8>) -> [String] {
        let all = Array(bytes), reader = ByteReader(bytes: all)
        var names: [String] = [], position = 0
        while position + 46 <= all.count, names.count < 10_000 {
            guard all[position] == 0x50, reader.littleEndian(UInt32.self, at: position) == 0x0201_4B50,
                let length = reader.littleEndian(UInt16.self, at: position + 28).map({ Int($0) }),
                position + 46 + length <= all.count
            else {
                position += 1
                continue
            }
            names.append(String(decoding: all[(position + 46)..<(position + 46 + length)], as: UTF8.self))
            position += 46 + length
        }
        return names
    }

    /// What the file is, as a message calls it.
    public var name: String {
        switch self {
        case .safetensors: "a safetensors file"
        case .pyTorch: "a file of torch.save"
        case .npz: "an NPZ archive"
        case .npy: "an NPY file"
        case .onnx: "an ONNX model"
        case .torchScript: "a TorchScript program"
        case .torchExport: "an archive of torch.export"
        case .keras: "a Keras model"
        case .hdf5: "an HDF5 file"
        case .savedModel: "a TensorFlow SavedModel"
        case .tensorFlowGraph: "a frozen TensorFlow graph"
        case .tensorFlowLite: "a TensorFlow Lite model"
        case .flax: "a MessagePack file, as Flax writes"
        case .gguf: "a GGUF file"
        case .pickle: "a Python pickle that torch.save did not write"
        case .gzip: "a gzip file"
        case .gitPointer: "the placeholder of Git LFS"
        case .webPage: "a web page"
        case .json: "JSON text"
        case .picture(let format): "a picture in \(format)"
        case .xml: "an XML file"
        case .text: "a file of plain text"
        case .zip(let names): "a ZIP file of \(names.shown)"
        case .other(let size): "\(size) bytes of something else"
        }
    }

    /// Whether `landscape import` takes the file: weights, or a model.
    public var isImportable: Bool { [.safetensors, .pyTorch, .npz, .onnx].contains(self) }

    /// What to do where weights or a model were expected.
    public var advice: String {
        switch self {
        case .torchScript:
            "save the weights of the module: torch.save(module.state_dict(), FILE), or export it with torch.onnx.export"
        case .torchExport:
            "export it to ONNX: torch.onnx.export(torch.export.load(FILE), f=\"model.onnx\", optimize=False)"
        case .keras, .hdf5: "export the model to ONNX: model.export(\"model.onnx\", format=\"onnx\") in Keras 3"
        case .savedModel: "convert it to ONNX: python -m tf2onnx.convert --saved-model DIR --output model.onnx"
        case .tensorFlowGraph: "convert it to ONNX: python -m tf2onnx.convert --graphdef FILE --output model.onnx"
        case .tensorFlowLite: "convert it to ONNX: python -m tf2onnx.convert --tflite FILE --output model.onnx"
        case .flax: "save the arrays under the names of the model: numpy.savez(FILE, **arrays)"
        case .gguf: "take the weights that it was made from, in safetensors"
        case .pickle: "save the weights alone: torch.save(model.state_dict(), FILE)"
        case .npy: "save all tensors under their names: numpy.savez(FILE, **arrays)"
        case .gzip: "decompress it first: gunzip FILE"
        case .gitPointer: "download the file itself: git lfs pull"
        case .webPage: "download the file again"
        case .picture, .xml, .text: "name another file"
        case .onnx: "a whole model needs no --model"
        case .safetensors, .pyTorch, .npz, .json, .zip, .other: "save the weights again"
        }
    }
}
