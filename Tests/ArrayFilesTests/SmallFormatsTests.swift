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

@Suite struct IDXTests {
    @Test(arguments: ["images.idx", "images.idx.gz"]) func reads(_ name: String) throws {
        let array = try IDX.read(Fixture.path(name))
        #expect(array == NumericArray((0..<12).map { UInt8($0) }, shape: [2, 2, 3]))
    }

    @Test func readsWideNumbers() throws {
        #expect(
            try IDX.parse([0, 0, 0x0C, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFE]).integers() == [256, -2])
        #expect(try IDX.parse([0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0xC0, 0, 0]).doubles == [1.5])
    }

    @Test func namesEveryKindOfDamage() throws {
        #expect(throws: IDXError.notIDX) { try IDX.parse([1, 0, 8, 1, 0, 0, 0, 0]) }
        #expect(throws: IDXError.unknownType(7)) { try IDX.parse([0, 0, 7, 1, 0, 0, 0, 0]) }
        #expect(throws: IDXError.badRank(0)) { try IDX.parse([0, 0, 8, 0]) }
        #expect(throws: IDXError.badRank(255)) { try IDX.parse([0, 0, 8, 255]) }
        #expect(throws: IDXError.truncated(expected: 8, found: 6)) { try IDX.parse([0, 0, 8, 1, 0, 0]) }
        #expect(throws: IDXError.truncated(expected: 4, found: 1)) { try IDX.parse([0, 0, 8, 1, 0, 0, 0, 4, 1]) }
        #expect(throws: IDXError.trailingBytes(1)) { try IDX.parse([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]) }
        let huge = [UInt8](repeating: 0xFF, count: 12)
        #expect(throws: IDXError.shapeOverflows([0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF])) {
            try IDX.parse([0, 0, 8, 3] + huge)
        }
        #expect(throws: IDXError.compression(.truncated)) { try IDX.parse([0x1F, 0x8B, 8]) }
    }
}

@Suite struct CSVTests {
    private func table(_ text: String) throws(CSVError) -> CSV { try CSV(Array(text.utf8)) }

    @Test func readsWithAndWithoutHeader() throws {
        let plain = try table("1,2,0\n3.5,-4e1,1\n")
        #expect(plain.header == nil && plain.rows == 2 && plain.columns == 3)
        #expect(plain.values == [1, 2, 0, 3.5, -40, 1])
        let named = try table("\u{FEFF}\"width\", height ,label\r\n 1 ,2,0\r\n\r\n3,\"4\",1")
        #expect(named.header == ["width", "height", "label"])
        #expect(named.values == [1, 2, 0, 3, 4, 1])
        #expect(try table("1;2\n3;4").values == [1, 2, 3, 4])
        #expect(try table("1\t2\n3\t4").values == [1, 2, 3, 4])
        #expect(try table("nan,inf").values[1] == .infinity)
    }

    @Test func namesEveryKindOfDamage() {
        #expect(throws: CSVError.noRows) { try table("") }
        #expect(throws: CSVError.noRows) { try table("a,b\n") }
        #expect(throws: CSVError.raggedRow(line: 3, found: 1, expected: 2)) { try table("1,2\n\n3\n") }
        #expect(throws: CSVError.notANumber(line: 2, column: 2, text: "")) { try table("1,2\n3,\n4,5") }
        #expect(throws: CSVError.notANumber(line: 2, column: 1, text: "setosa")) { try table("1,2\nsetosa,1") }
        #expect(throws: CSVError.notANumber(line: 2, column: 1, text: "1.5x")) { try table("1,2\n1.5x,1") }
    }
}

@Suite struct NumericArrayTests {
    @Test func refusesWhatIsNotWhole() throws {
        #expect(throws: NumericArrayError.notIntegral(index: 1, value: 2.5)) { try NumericArray([1, 2.5]).integers() }
        #expect(throws: NumericArrayError.notIntegral(index: 0, value: 1e300)) { try NumericArray([1e300]).integers() }
        let large = try NumericArray(shape: [1], type: .uint64, bytes: [UInt8](repeating: 255, count: 8))
        #expect(throws: NumericArrayError.integerTooLarge(index: 0, value: .max)) { try large.integers() }
        #expect(throws: NumericArrayError.self) { try NumericArray([Float.nan]).integers() }
    }

    @Test func countsBytesWithoutOverflow() {
        #expect(NumericArray.byteCount(shape: [], size: 4) == 4)
        #expect(NumericArray.byteCount(shape: [0, 5], size: 4) == 0)
        #expect(NumericArray.byteCount(shape: [0, -1], size: 4) == nil)
        #expect(NumericArray.byteCount(shape: [.max, 0], size: 4) == nil)
        #expect(NumericArray.byteCount(shape: [1 << 61], size: 4) == nil)
        #expect(NumericArray([1.0, 2]).reshaped([2, 1])?.shape == [2, 1])
        #expect(NumericArray([1.0, 2]).reshaped([3]) == nil)
    }
}
