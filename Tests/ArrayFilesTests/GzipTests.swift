import Testing

@testable import ArrayFiles

@Suite struct GzipTests {
    @Test func roundTripsAndJoinsMembers() throws {
        let (a, b) = (Array("first ".utf8), [UInt8](repeating: 9, count: 200_000))
        let packed = try Gzip.deflate(a) + Gzip.deflate(b)
        #expect(try Gzip.inflate(packed) == a + b)
        #expect(try Gzip.inflate(packed + [0, 0, 0]) == a + b)
        #expect(try Gzip.inflate(try Gzip.deflate([])) == [])
    }

    @Test func namesEveryKindOfDamage() throws {
        let packed = try Gzip.deflate([UInt8](repeating: 5, count: 10_000))
        #expect(throws: DeflateError.truncated) { try Gzip.inflate(Array(packed.dropLast())) }
        #expect(throws: DeflateError.truncated) { try Gzip.inflate([0x1F, 0x8B]) }
        #expect(throws: DeflateError.truncated) { try Gzip.inflate([]) }
        #expect(throws: DeflateError.corrupt) { try Gzip.inflate([1, 2, 3]) }
        #expect(throws: DeflateError.trailingBytes(2)) { try Gzip.inflate(packed + [1, 2]) }
        #expect(throws: DeflateError.tooLarge(limit: 9999)) { try Gzip.inflate(packed, limit: 9999) }
        var changed = packed
        changed[changed.count - 6] ^= 1
        #expect(throws: DeflateError.corrupt) { try Gzip.inflate(changed) }
    }
}
