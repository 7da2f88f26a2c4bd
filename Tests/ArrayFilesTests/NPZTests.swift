import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct NPZTests {
    let members: [(name: String, value: NPZ.Value)] = [
        ("loss", .array(NumericArray([1.0, 2, 3, 4, 5, 6], shape: [2, 3]))),
        ("zeros", .array(NumericArray([Float](repeating: 0, count: 5000)))),
        ("metadata", .text("{\"tool\":\"landscape\"}")),
    ]

    @Test(arguments: [false, true]) func roundTrips(deflated: Bool) throws {
        let bytes = try NPZ.encode(members, deflated: deflated)
        #expect((bytes.count < 2500) == deflated)
        let archive = try NPZ(bytes)
        #expect(archive.names == ["loss", "zeros", "metadata"])
        #expect(try archive.array("loss") == NumericArray([1.0, 2, 3, 4, 5, 6], shape: [2, 3]))
        #expect(try archive.array("zeros").count == 5000)
        #expect(try archive.text("metadata") == "{\"tool\":\"landscape\"}")
        #expect(try NPZ.encode(members, deflated: deflated) == bytes)
    }

    @Test func readsCompressedMembersOfNumPy() throws {
        let archive = try NPZ.read(Fixtures.path("arrays/numpy-deflated.npz"))
        #expect(try archive.array("zeros") == NumericArray([Double](repeating: 0, count: 10_000), shape: [100, 100]))
        #expect(try archive.array("ramp").integers() == Array(0..<1000))
    }

    @Test func saysWhatIsThereInstead() throws {
        let archive = try NPZ(try NPZ.encode(members))
        #expect(
            throws: NPZError.archive(
                .noSuchMember("losses.npy", found: ["loss.npy", "zeros.npy", "metadata.npy"]))
        ) { try archive.array("losses") }
        #expect(throws: NPZError.array("metadata", .unsupportedType("U20"))) { try archive.array("metadata") }
    }

    @Test func namesEveryKindOfDamage() throws {
        let good = try NPZ.encode([("a", .array(NumericArray([UInt8](repeating: 7, count: 100))))], deflated: true)
        // The central directory's entry begins behind the local header (30 + 5 bytes) and the compressed bytes.
        let end = good.count - 22
        let entry = Int(good[end + 16]) | Int(good[end + 17]) << 8
        func error(_ change: (inout [UInt8]) -> Void) -> ZipError? {
            var bytes = good
            change(&bytes)
            do {
                _ = try ZipArchive(bytes, limit: 1 << 20).content(of: "a.npy")
                return nil
            } catch {
                return error
            }
        }
        #expect(error { _ in } == nil)
        #expect(error { $0[0] = 0 } == .notZip)
        #expect(error { $0.removeLast() } == .noDirectory)
        #expect(error { $0[end + 8 + 3] = 0xFF } == .noDirectory)
        #expect(error { $0[entry] = 0 } == .damagedDirectory)
        #expect(error { $0[entry + 8] |= 1 } == .encrypted("a.npy"))
        #expect(error { $0[entry + 10] = 14 } == .unknownMethod("a.npy", 14))
        #expect(error { $0[entry + 16] ^= 1 } == .checksumMismatch("a.npy"))
        #expect(error { $0[entry + 22] = 1 } == .truncated)
        #expect(error { $0[entry + 27] = 0x10 } == .tooLarge("a.npy", bytes: 0x1000_00E4, limit: 1 << 20))
        #expect(
            error { $0[entry + 26] = 4 }
                == .damagedMember("a.npy", "\(entry - 35) bytes cannot expand to \(4 << 16 + 228)"))
        #expect(
            error { $0[entry + 24] = 229 } == .damagedMember("a.npy", "found 228 bytes, expected 229"))
        #expect(
            error { $0[entry + 42] = 1 }
                == .damagedMember("a.npy", "its header is not where the directory says"))
        #expect(error { $0[40] ^= 0xFF } != nil)

        var writer = ZipWriter()
        try writer.append("a", [1], deflated: false)
        try writer.append("a", [2], deflated: false)
        let twice = writer.finished()
        #expect(throws: ZipError.duplicateMember("a")) { try ZipArchive(twice) }
    }

    /// A small file whose member truly expands far, but says so honestly, is refused by the caller's bound alone; one
    /// that lies is stopped at what it announced.
    @Test func boundsWhatIsDecompressed() throws {
        let bytes = try NPZ.encode(
            [("big", .array(NumericArray([UInt8](repeating: 0, count: 4 << 20))))], deflated: true)
        #expect(bytes.count < 8192)
        let archive = try NPZ(bytes, limit: 1 << 20)
        #expect(throws: NPZError.archive(.tooLarge("big.npy", bytes: 4 << 20 + 128, limit: 1 << 20))) {
            try archive.array("big")
        }
        var lying = bytes
        let end = lying.count - 22
        let entry = Int(lying[end + 16]) | Int(lying[end + 17]) << 8
        lying[entry + 26] = 0
        let archive2 = try NPZ(lying, limit: 1 << 20)
        #expect(throws: NPZError.self) { try archive2.array("big") }
    }
}
