import TestSupport
import Testing

@testable import ArrayFiles

/// Files are called what they are, by their content.
@Suite struct FileKindTests {
    static func bytes(_ text: String, _ more: [UInt8] = []) -> [UInt8] {
        Array(text.utf8) + more + [UInt8](repeating: 0, count: 64)
    }

    static let kinds: [(bytes: [UInt8], kind: FileKind, words: String)] = [
        ([0x89] + bytes("HDF\r\n\u{1A}\n"), .hdf5, "export the model to ONNX"),
        (bytes("GGUF\u{3}"), .gguf, "safetensors"), ([28, 0, 0, 0] + bytes("TFL3"), .tensorFlowLite, "tf2onnx"),
        ([0x08, 1, 0x12, 32] + bytes(""), .savedModel, "tf2onnx"),
        ([0x0A, 32, 0x0A, 5] + bytes("input", [0x12]), .tensorFlowGraph, "tf2onnx"),
        ([0x81, 0xA6] + bytes("params"), .flax, "numpy.savez"),
        ([0xDE, 0, 16, 0xA6] + bytes("params"), .flax, "numpy.savez"),
        (bytes("version https://git-lfs.github.com/spec/v1\n"), .gitPointer, "git lfs pull"),
        (bytes("<!DOCTYPE html><html>"), .webPage, "download"), ([0x80, 4, 0x95] + bytes(""), .pickle, "state_dict"),
        ([0x89] + bytes("PNG\r\n\u{1A}\n"), .picture("PNG"), "another"),
        (bytes("%PDF-1.7"), .picture("PDF"), "another"),
        (bytes("<?xml version=\"1.0\"?><VTKFile>"), .xml, "another"), (bytes("<svg xmlns"), .picture("SVG"), "another"),
        ([0x1F, 0x8B, 8] + bytes(""), .gzip, "gunzip"), ([0x93] + bytes("NUMPY\u{1}"), .npy, "numpy.savez"),
    ]

    @Test(arguments: kinds.indices) func byContent(_ index: Int) throws {
        let (bytes, kind, words) = Self.kinds[index]
        #expect(FileKind(bytes) == kind && !kind.isImportable && kind.advice.contains(words))
        let folder = try Folder()
        try folder.write(bytes, to: "weights.pt")
        #expect(FileKind.of(folder.path("weights.pt")) == kind)
        let error = #expect(throws: FileError.self) { try StateDictionary.read(folder.path("weights.pt")) }
        let text = try #require(error).description
        #expect(text.contains("found \(kind.name), expected") && text.contains(words), "\(text)")
    }

    /// ZIP archives by their members.
    @Test(arguments: [
        (["net/data/weights/weight_0", "net/archive_format"], FileKind.torchExport, "torch.onnx.export"),
        (["serialized_exported_program.json", "version"], .torchExport, "torch.onnx.export"),
        (["s/data.pkl", "s/code/__torch__.py", "s/constants.pkl"], .torchScript, "state_dict"),
        (["metadata.json", "config.json", "model.weights.h5"], .keras, "Keras 3"),
        (["readme.txt"], .zip(["readme.txt"]), "save the weights again"),
    ]) func archives(_ names: [String], _ kind: FileKind, _ words: String) throws {
        let folder = try Folder()
        var writer = ZipWriter()
        for name in names { try writer.append(name, [1, 2, 3], deflated: false) }
        let bytes = writer.finished()
        try folder.write(bytes, to: "net.bin")
        #expect(FileKind(bytes) == kind && FileKind.of(folder.path("net.bin")) == kind)
        let error = #expect(throws: PyTorchError.self) { try StateDictionary(bytes) }
        #expect(try #require(error).description.contains(words))
    }

    @Test func ownFormats() throws {
        #expect(FileKind.of(Fixtures.path("pytorch/zip.pt")) == .pyTorch)
        #expect(FileKind.of(Fixtures.path("pytorch/legacy.pt")) == .pyTorch)
        #expect(FileKind.of(Fixtures.path("pytorch/script.pt")) == .torchScript)
        #expect(FileKind.of(Fixtures.path("arrays/numpy.npz")) == .npz)
        #expect(FileKind.of(Fixtures.path("arrays/reference.safetensors")) == .safetensors)
        for name in ["softmax_ts13", "vit_dynamo20", "resnet18_ts17"] {
            #expect(FileKind.of(Fixtures.path("onnx/\(name).onnx")) == .onnx)
        }
        #expect(FileKind.of("nowhere") == nil && FileKind([]) == .other(0))
    }

    /// TensorFlow's folder.
    @Test func folders() throws {
        let folder = try Folder()
        try folder.makeFolder("saved")
        #expect(FileKind.of(folder.path("saved")) == nil)
        try folder.write([0x08, 1, 0x12, 0], to: "saved/saved_model.pb")
        #expect(FileKind.of(folder.path("saved")) == .savedModel)
        let error = #expect(throws: FileError.self) { try StateDictionary.read(folder.path("saved")) }
        #expect(try #require(error).description.contains("tf2onnx"))
    }
}
