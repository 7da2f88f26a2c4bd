import Essentials
import TestSupport
import Testing

@testable import ArrayFiles

/// No damage to a file, however random, may end the program: every reader returns a value or throws. (A trap would
/// end the test run; a hang would exceed the time limit.)
@Suite(.timeLimit(.minutes(20))) struct DamageTests {
    private func survive(_ bytes: [UInt8], flips: Int, _ read: ([UInt8]) throws -> Void) {
        for damaged in Damage.truncations(bytes) {
            #expect(throws: (any Error).self) { try read(damaged) }
        }
        var refused = 0
        for damaged in Damage.flips(bytes, count: flips, seed: 1) {
            do {
                try read(damaged)
            } catch {
                refused += 1
                // Messages are one line and can be made for any damage.
                if let error = error as? any DescribedError { #expect(!error.description.contains("\n")) }
            }
        }
        #expect(refused > 0)
    }

    @Test func npy() throws {
        let array = NumericArray([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        survive(NPY.encode(array), flips: 5000) { _ = try NPY.parse($0).doubles }
        survive(NPY.encode(text: "text"), flips: 5000) { _ = try NPY.parseText($0) }
    }

    @Test(arguments: [false, true]) func npz(deflated: Bool) throws {
        let bytes = try NPZ.encode(
            [("a", .array(NumericArray([Double](repeating: 1, count: 40)))), ("b", .text("text"))],
            deflated: deflated)
        survive(bytes, flips: 5000) {
            let archive = try NPZ($0, limit: 1 << 20)
            for name in archive.names { _ = try archive.array(name).doubles }
        }
        survive(bytes, flips: 1000) { _ = try NPZ($0, limit: 1 << 20).text("b") }
        // From a file, members are read where they lie, and stored ones may be streamed.
        let folder = try Folder()
        survive(bytes, flips: 2000) {
            try folder.write($0, to: "a.npz")
            let archive = try NPZ.read(folder.path("a.npz"), limit: 1 << 20)
            for name in archive.names {
                _ = try archive.array(name).doubles
                if let array = try archive.streamed(name) { _ = try array.numbers(0..<array.shape.reduce(1, *)) }
            }
        }
    }

    @Test func safetensors() throws {
        let file = try Safetensors(
            tensors: [
                .init(name: "a", array: NumericArray([1, 2, 3, 4] as [Float], shape: [2, 2])),
                .init(name: "b", array: NumericArray([1.0])),
            ], metadata: ["note": "Größe \u{1}"])
        survive(file.encoded(), flips: 10_000) { _ = try Safetensors($0).tensors.map(\.array.doubles) }
    }

    @Test func idx() throws {
        let plain: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 4] + (0..<12).map { UInt8($0) }
        survive(plain, flips: 5000) { _ = try IDX.parse($0) }
        survive(try Gzip.deflate(plain), flips: 5000) { _ = try IDX.parse($0, limit: 1 << 20) }
    }

    @Test func gzip() throws {
        let content = (0..<500).map { UInt8($0 % 7) }
        let packed = try Gzip.deflate(content)
        survive(packed, flips: 5000) { _ = try Gzip.inflate($0, limit: 1 << 20) }
    }

    @Test func csv() throws {
        let bytes = Array("a,b\n1,2\n3.5,-4e10\n".utf8)
        // A shorter table may well be a table: only survival counts here.
        for damaged in Damage.truncations(bytes) { _ = try? CSV(damaged) }
        for damaged in Damage.flips(bytes, count: 5000, seed: 1) { _ = try? CSV(damaged) }
    }

    /// Weights in both forms of torch.save, and through every reader of state dictionaries.
    @Test(arguments: ["zip.pt", "legacy.pt", "protocol4.pt", "untyped.pt", "gpu-legacy.pt"])
    func stateDictionary(_ name: String) throws {
        let bytes = try FileContent.bytes(of: Fixtures.path("pytorch/" + name))
        survive(bytes, flips: 3000) { _ = try StateDictionary($0, limit: 1 << 24).tensors.map(\.array.doubles) }
    }

    /// A pickle alone has no checksum around it: every flipped bit reaches the machine.
    @Test func pickle() throws {
        for name in ["zip.pt", "protocol4.pt", "gpu.pt"] {
            let archive = try ZipArchive(try FileContent.bytes(of: Fixtures.path("pytorch/" + name)))
            let member = try #require(archive.names.first { $0.hasSuffix("data.pkl") })
            let content = try archive.content(of: member)
            for damaged in Damage.truncations(content) {
                #expect(throws: PyTorchError.self) {
                    var unpickler = Unpickler(damaged)
                    _ = try unpickler.next()
                }
            }
            for damaged in Damage.flips(content, count: 5000, seed: 3) {
                var writer = ZipWriter()
                for other in archive.names {
                    try writer.append(
                        other, other == member ? damaged : try archive.content(of: other), deflated: false)
                }
                _ = try? StateDictionary(writer.finished(), limit: 1 << 24)
            }
        }
    }

    /// Names out of a file cannot break a message's line, command a terminal or fill a screen.
    @Test func messagesShowForeignTextSafely() throws {
        let name = "a\n\u{1B}[2J\u{202E}" + String(repeating: "x", count: 1000)
        let json = "{\"\(name.replacing("\n", with: "\\n").replacing("\u{1B}", with: "\\u001b"))\":1}"
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt64(json.utf8.count))
        #expect(throws: SafetensorsError.badEntry(name, "it is no JSON object")) {
            try Safetensors(bytes + Array(json.utf8))
        }
        let message = SafetensorsError.badEntry(name, "it is no JSON object").description
        #expect(message.count < 200 && message.unicodeScalars.allSatisfy { $0.value >= 32 && $0 != "\u{202E}" })
        #expect([Int](repeating: 7, count: 20).shown == "[7, 7, 7, 7, 7, 7, 7, 7, … (20 extents)]")
        #expect((1...20).map(String.init).shown == "1, 2, 3, 4, 5, 6, 7, 8, …" && [String]().shown == "nothing")
    }
}
