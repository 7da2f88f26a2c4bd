import Foundation
import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct SafetensorsTests {
    @Test func readsWhatTheReferenceWrites() throws {
        let file = try Safetensors.read(Fixtures.path("arrays/reference.safetensors"))
        #expect(file.metadata == ["note": "made by the \"reference\" library"])
        #expect(Set(file.tensors.map(\.name)) == ["weight", "bias", "half", "steps"])
        #expect(file["weight"] == NumericArray([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3]))
        #expect(file["bias"] == NumericArray([1.5, -2.5]))
        #expect(file["half"]?.floats == [0.5, 2])
        #expect(file["steps"] == NumericArray([7] as [Int64], shape: []))
    }

    @Test(arguments: ElementType.allCases) func roundTrips(_ type: ElementType) throws {
        let array = try NumericArray(shape: [3, 1], type: type, bytes: [UInt8](repeating: 1, count: 3 * type.size))
        let none = try NumericArray(shape: [0, 5], type: type, bytes: [])
        let file = try Safetensors(
            tensors: [.init(name: "a.b", array: array), .init(name: "none", array: none)],
            metadata: ["key": "line\none \"quoted\" \\ \u{1} Größe 🙂", "": ""])
        #expect(try Safetensors(file.encoded()) == file)
    }

    @Test func ordersByElementSizeAndAlignsTheNumbers() throws {
        let file = try Safetensors(tensors: [
            .init(name: "bytes", array: NumericArray([1] as [UInt8])),
            .init(name: "floats", array: NumericArray([1] as [Float])),
            .init(name: "doubles", array: NumericArray([1.0])),
            .init(name: "more", array: NumericArray([2] as [Float])),
        ])
        #expect(file.tensors.map(\.name) == ["doubles", "floats", "more", "bytes"])
        let bytes = file.encoded()
        #expect((8 + Int(bytes[0]) + Int(bytes[1]) << 8) % 8 == 0)
        #expect(file.digest == SHA256.hexadecimal(Array(bytes.suffix(8 + 4 + 4 + 1))))
    }

    @Test func refusesNamesThatNoReaderCouldTell() {
        let array = NumericArray([1.0])
        #expect(throws: SafetensorsError.duplicateName("a")) {
            try Safetensors(tensors: [.init(name: "a", array: array), .init(name: "a", array: array)])
        }
        #expect(throws: SafetensorsError.reservedName) {
            try Safetensors(tensors: [.init(name: "__metadata__", array: array)])
        }
    }

    /// What is found wrong with a file's bytes; a file that is read piece by piece must give the same.
    private func error(_ json: String, body: Int, length: UInt64? = nil) throws -> SafetensorsError? {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: length ?? UInt64(json.utf8.count))
        bytes += Array(json.utf8) + [UInt8](repeating: 0, count: body)
        try Folder.with { folder in
            try AtomicFile.write(bytes, to: folder + "/x")
            do throws(FileError) {
                _ = try SafetensorsFile(folder + "/x")
                #expect(throws: Never.self) { try Safetensors(bytes) }
            } catch {
                guard case .malformed(_, let problem as SafetensorsError) = error else { throw error }
                #expect(throws: problem) { try Safetensors(bytes) }
            }
        }
        do {
            _ = try Safetensors(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func tensor(_ name: String, _ type: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
    }

    @Test func namesEveryKindOfDamageToTheHeader() throws {
        let good = tensor("a", "F32", "2", 0, 8)
        #expect(try error("{\(good)}", body: 8) == nil)
        #expect(
            try error("[\(good)]", body: 8)
                == .notSafetensors(.other(8 + good.utf8.count + 2 + 8)))
        #expect(try error("{\(good)}", body: 8, length: 100_000_001) == .headerTooLong(100_000_001))
        #expect(try error("{\(good)}", body: 8, length: .max) == .headerTooLong(.max))
        #expect(try error("{}", body: 0, length: 3) == .headerTruncated(expected: 3, found: 2))
        #expect(try error("{\(good)", body: 8) == .malformedHeader(.unexpected(at: good.utf8.count + 1)))
        #expect(try error("{\(good),\(good)}", body: 8) == .duplicateName("a"))
        #expect(try error("{\"__metadata__\":{\"k\":1}}", body: 0) == .metadataNotText("k"))
        #expect(try error("{\"__metadata__\":[]}", body: 0) == .metadataNotText("__metadata__"))
        #expect(try error("{\"a\":1}", body: 0) == .badEntry("a", "it is no JSON object"))
        #expect(
            try error("{\"a\":{\"shape\":[],\"data_offsets\":[0,0]}}", body: 0) == .badEntry("a", "there is no 'dtype'")
        )
        #expect(
            try error("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0]}}", body: 0)
                == .badEntry("a", "there is no 'shape'"))
        #expect(try error("{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}", body: 0) == .badOffsets("a", []))
        let depth = String(repeating: "[", count: 100_000)
        #expect(try error("{\"a\":\(depth)", body: 0) == .malformedHeader(.tooDeep))
        #expect(try error("{\"a\":\"\\ud800\"}", body: 0) == .malformedHeader(.notUnicode))
    }

    @Test func namesEveryKindOfDamageToTheTensors() throws {
        #expect(try error("{\(tensor("a", "F33", "2", 0, 8))}", body: 8) == .unknownType("a", "F33"))
        let huge = "4611686018427387904,4"
        #expect(try error("{\(tensor("a", "F32", huge, 0, 8))}", body: 8) == .shapeOverflows("a", [1 << 62, 4]))
        // 2^62 · 4 bytes is 0 in arithmetic that wraps around: it must not pass for an empty array.
        #expect(
            try error("{\(tensor("a", "F32", "4611686018427387904", 0, 0))}", body: 0)
                == .shapeOverflows("a", [1 << 62]))
        #expect(
            try error("{\(tensor("a", "F32", "-2", 0, 8))}", body: 8)
                == .badEntry("a", "'shape' holds something that is no whole number from 0"))
        #expect(
            try error("{\(tensor("a", "F32", "2.0", 0, 8))}", body: 8)
                == .badEntry("a", "'shape' holds something that is no whole number from 0"))
        #expect(try error("{\(tensor("a", "F32", "2", 8, 0))}", body: 8) == .badOffsets("a", [8, 0]))
        #expect(
            try error("{\(tensor("a", "F32", "3", 0, 8))}", body: 8)
                == .lengthMismatch("a", shape: [3], expected: 12, found: 8))
        let (a, b) = (tensor("a", "F32", "2", 0, 8), tensor("b", "F32", "1", 4, 8))
        #expect(try error("{\(a),\(b)}", body: 8) == .overlap("b"))
        #expect(try error("{\(tensor("a", "F32", "1", 4, 8))}", body: 8) == .gap(before: "a", bytes: 4))
        #expect(try error("{\(a)}", body: 7) == .truncated(expected: 8, found: 7))
        #expect(try error("{\(a)}", body: 9) == .trailingBytes(1))
    }

    @Test func saysWhatTheFileIsInstead() throws {
        #expect(throws: SafetensorsError.notSafetensors(.npz)) {
            try Safetensors(try NPZ.encode([("a", .array(NumericArray([1.0])))]))
        }
        #expect(throws: SafetensorsError.notSafetensors(.npy)) {
            try Safetensors(NPY.encode(NumericArray([1.0])))
        }
    }

    @Test func readsNumbersWhenTheyAreAskedFor() throws {
        let path = Fixtures.path("arrays/reference.safetensors")
        let file = try SafetensorsFile(path), whole = try Safetensors(try FileContent.bytes(of: path))
        #expect(file.entries == whole.entries && file.metadata == whole.metadata)
        #expect(try file.content() == whole && file.digest() == whole.digest)
        #expect(throws: FileError.self) { try file.content(limit: 16) }

        // Longer than the pieces that a digest is made of.
        let numbers = (0..<100_001).map { Float($0) }
        let long = try Safetensors(tensors: [.init(name: "a", array: NumericArray(numbers))])
        try Folder.with { folder in
            try long.write(to: folder + "/long")
            let file = try SafetensorsFile(folder + "/long")
            #expect(try file.digest() == long.digest)
            // Another program shortens it meanwhile.
            truncate(folder + "/long", 300_000)
            #expect(throws: FileError.self) { try file.digest() }
            #expect(throws: FileError.self) { try file.content() }
        }
    }

    @Test func readsFromAPipe() throws {
        let bytes = try FileContent.bytes(of: Fixtures.path("arrays/reference.safetensors")), pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: bytes)
        try pipe.fileHandleForWriting.close()
        let file = try SafetensorsFile("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
        #expect(try file.content() == Safetensors(bytes) && file.digest() == Safetensors(bytes).digest)
    }

    @Test func writesAtomically() throws {
        try Folder.with { folder in
            let path = folder + "/a.safetensors"
            let file = try Safetensors(tensors: [.init(name: "a", array: NumericArray([1.0, 2]))])
            try file.write(to: path)
            #expect(try Safetensors.read(path) == file)
            #expect(try FileContent.bytes(of: path) == file.encoded())
        }
    }
}
