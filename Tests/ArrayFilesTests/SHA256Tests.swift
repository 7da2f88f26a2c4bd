import CKernels
import Testing

@testable import ArrayFiles

@Suite struct SHA256Tests {
    /// FIPS 180-4's examples and NIST's long one.
    @Test func agreesWithTheStandard() {
        #expect(
            SHA256.hexadecimal([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SHA256.hexadecimal(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.hexadecimal(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            SHA256.hexadecimal([UInt8](repeating: 0x61, count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// The processor's instructions, where it has them, against the definition.
    @Test func instructionsAgreeWithTheDefinition() {
        let start: [UInt32] = (0..<8).map { 0x9e37_79b9 &* ($0 + 1) }
        let bytes = (0..<(64 * 9)).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ 7 &* $0 >> 3) }
        for blocks in 0...9 {
            var (fast, plain) = (start, start)
            ls_sha256(&fast, bytes, blocks)
            ls_sha256_plain(&plain, bytes, blocks)
            #expect(fast == plain && (fast == start) == (blocks == 0))
        }
    }

    @Test func doesNotDependOnThePieces() {
        let bytes = (0..<300).map { UInt8($0 % 256) }
        for size in [1, 3, 55, 56, 63, 64, 65, 127, 128, 200] {
            var digest = SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                digest.update(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(digest.hexadecimal() == SHA256.hexadecimal(bytes))
        }
    }
}
