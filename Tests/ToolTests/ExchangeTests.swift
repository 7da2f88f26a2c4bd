import ArrayFiles
import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Weights in and out, and results for other programs.
@Suite struct ExchangeTests {
    private static let fixtures = Fixtures.folder.path
    private static let digits = "npy:\(fixtures)/mlp_digits/eval_x.npy,\(fixtures)/mlp_digits/eval_y.npy"

    /// Whatever the file's form, the loss is that of PyTorch.
    @Test(arguments: ["model.pt", "model.safetensors"]) func weightsOfPyTorch(_ name: String) throws {
        let folder = try Folder()
        let file = "\(Self.fixtures)/mlp_digits/\(name)"
        try Tool.succeed("import \(file) --model mlp:64-32-10 --data \(Self.digits) --precision double", in: folder)
        let result = try Tool.json("evaluate --precision double", in: folder)
        let reference = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(filePath: "\(Self.fixtures)/mlp_digits/reference.json")))
        let loss = try #require((reference as? [String: Any])?["loss"] as? Double)
        #expect(abs(try #require(result["loss"] as? Double) - loss) < 1e-12)
    }

    /// Weights that are exported and imported again are the same numbers.
    @Test(arguments: ["w.safetensors", "w.npz"]) func exportAndBack(_ name: String) throws {
        let folder = try Folder()
        try Tool.succeed("train --model resnet8 --data digits --steps 2 --examples 64 --quiet", in: folder)
        let result = try Tool.json("export -o \(name)", in: folder)
        #expect(result["files"] as? [String] == [name])
        try Tool.succeed("import \(name) --model resnet8 --data digits -o again.bin", in: folder)
        let (own, again) = (
            try Safetensors.read(folder.path("ckpt.bin")), try Safetensors.read(folder.path("again.bin"))
        )
        for tensor in again.tensors { #expect(own[tensor.name] == tensor.array, "\(tensor.name)") }
        #expect(again.tensors.contains { $0.name == "bn1.running_var" })
        let plain = try StateDictionary.read(folder.path(name))
        #expect(plain.tensors.count == again.tensors.count)
    }

    @Test func refusedExports() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.refuse("export -o weights.h5", in: folder, saying: ".safetensors", ".npz")
        try Tool.refuse("export -o none/w.npz", in: folder, saying: "no folder")
        try Tool.refuse("evaluate -o x.vti", in: folder, saying: "no grid")
        try Tool.refuse("evaluate -o x.pdf", in: folder, saying: "no picture")
        try Tool.refuse("slice --points 6x5 -o x.vti", in: folder, saying: "evenly", ".vtr")
        try Tool.refuse(
            "import \(Self.fixtures)/pytorch/evil.pt --model mlp:64-32-10 --data digits -o new.bin", in: folder,
            saying: "posix.system", "no code is run")
        try Tool.refuse(
            "import \(Self.fixtures)/pytorch/zip.pt --model mlp:64-32-10 --data digits -o new.bin", in: folder,
            saying: "Missing: fc1.weight", "Unexpected: brain")
    }

    /// Given means and deviations are those of the data in [0, 1], one for all channels where there is one.
    @Test func givenStandardization() throws {
        let folder = try Folder()
        let x = (0..<24).map { UInt8(10 * $0) }
        try folder.write(NumericArray(x, shape: [4, 3, 2, 1]), to: "x.npy")
        try folder.write(NumericArray([0, 1, 0, 1]), to: "y.npy")
        try folder.write(
            NumericArray(x.map { (Double(Float($0) / 255) - 0.5) / 0.25 }, shape: [4, 3, 2, 1]), to: "z.npy")
        let train = "train --model linear --steps 1 --precision double --quiet"
        try Tool.succeed("\(train) --data npy:x.npy,y.npy --mean 0.5,0.5,0.5 --std 0.25 -o a.bin", in: folder)
        try Tool.succeed("\(train) --data npy:z.npy,y.npy -o b.bin", in: folder)
        let losses = try ["a.bin", "b.bin"].map {
            try #require(try Tool.json("evaluate \($0) --precision double", in: folder)["loss"] as? Double)
        }
        #expect(abs(losses[0] - losses[1]) < 1e-6)
        try Tool.refuse(
            "\(train) --data npy:x.npy,y.npy --mean 0.5,0.5 --std 1 -o c.bin", in: folder, saying: "3 channels")
        try Tool.refuse("\(train) --data npy:x.npy,y.npy --std 0 -o c.bin", in: folder, saying: "positive")
        try Tool.refuse(
            "\(train) --data npy:x.npy,y.npy --std 1 --standardize -o c.bin", in: folder, saying: "one or the other")
        try Tool.succeed("\(train) --data npy:x.npy,y.npy --mean 0.5,0.5,0.5 --std 0.25 -o a.bin --resume", in: folder)
    }

    /// Rows of integers are tokens, and train a model for them; a token that it has no row for is named.
    @Test func tokens() throws {
        let folder = try Folder()
        try folder.write(NumericArray((0..<60).map { $0 * 7 % 11 }, shape: [10, 6]), to: "x.npy")
        try folder.write(NumericArray((0..<10).map { $0 % 3 }), to: "y.npy")
        let line = "train --data npy:x.npy,y.npy --steps 20 --lr 0.1 --model transformer:dim=8,depth=1,heads=2"
        try Tool.refuse(line + " -o a.bin", in: folder, saying: "vocab=N")
        try Tool.refuse(line + ",vocab=10 -o a.bin", in: folder, saying: "token 10", "vocab=11")
        try Tool.succeed(line + ",vocab=11 --quiet", in: folder)
        let result = try Tool.json("hessian --top 1 --precision double", in: folder)
        #expect(result["converged"] as? Bool == true)
        // To a model of numbers they are numbers, whatever type holds them.
        try folder.write(NumericArray((0..<60).map { Double($0 * 7 % 11) }, shape: [10, 6]), to: "z.npy")
        for name in ["x", "z"] {
            try Tool.succeed(
                "train --model mlp:6-3 --data npy:\(name).npy,y.npy --steps 3 -o \(name).bin --quiet", in: folder)
        }
        let (x, z) = (try Safetensors.read(folder.path("x.bin")), try Safetensors.read(folder.path("z.bin")))
        #expect(x.digest == z.digest)
    }

    /// Numbers in base64 behind their length, as the Visualization Toolkit has them.
    private final class GridReader: NSObject, XMLParserDelegate {
        var attributes: [String: [String: String]] = [:]
        var arrays: [String: [Double]] = [:]
        private var name: String?, text = ""

        func parser(
            _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            self.attributes[element] = attributes
            (name, text) = (element == "DataArray" ? attributes["Name"] : nil, "")
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

        func parser(_ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?) {
            guard element == "DataArray", let name, let data = Data(base64Encoded: text), data.count >= 8 else {
                return
            }
            let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length == data.count - 8 else { return }
            arrays[name] = stride(from: 8, to: data.count, by: 8).map { start in
                Double(bitPattern: data[start..<(start + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
            }
        }
    }

    @Test func grids() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed(
            "slice --points 7x5 --range 0.5 --examples 50 --quiet -o s.vti -o s.vtr -o s.npz -o s.pdf", in: folder)
        let archive = try NPZ.read(folder.path("s.npz"))
        for name in ["s.vti", "s.vtr"] {
            let reader = GridReader(), parser = XMLParser(data: Data(try folder.bytes(name)))
            parser.delegate = reader
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
            #expect(reader.arrays["loss"] == (try archive.array("loss").doubles))
            #expect(reader.arrays["accuracy"] == (try archive.array("accuracy").doubles))
            #expect(reader.attributes["Piece"]?["Extent"] == "0 6 0 4 0 0")
            if name == "s.vti" {
                let image = try #require(reader.attributes["ImageData"])
                #expect(image["Origin"] == "-0.5 -0.5 0" && image["Spacing"]?.hasSuffix(" 0.25 1") == true)
            } else {
                #expect(reader.arrays["x"] == (try archive.array("alpha").doubles))
                #expect(reader.arrays["y"] == (try archive.array("beta").doubles) && reader.arrays["z"] == [0])
            }
        }
        #expect(try folder.bytes("s.pdf").starts(with: Array("%PDF-1.5".utf8)))
    }

    /// Results that are no table are one row of their numbers.
    @Test func singleNumbers() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let json = try Tool.json("evaluate --examples 50 -o e.csv -o e.npz", in: folder)
        let table = try CSV.read(folder.path("e.csv"))
        let column = try #require(table.header?.firstIndex(of: "loss"))
        #expect(table.rows == 1 && abs(table.values[column] - (json["loss"] as? Double ?? .nan)) < 1e-15)
        #expect(try NPZ.read(folder.path("e.npz")).text("metadata").contains("\"examples\": 50"))
        try Tool.succeed("sharpness --examples 50 --steps 2 --restarts 0 --quiet -o s.csv", in: folder)
        #expect(
            try CSV.read(folder.path("s.csv")).header == [
                "rho", "lower_bound", "one_step", "estimate", "quadratic_model",
            ])
    }
}
