import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct IDXTests {
    @Test(arguments: ["images.idx", "images.idx.gz"]) func reads(_ name: String) throws {
        let array = try IDX.read(Fixtures.path("arrays/" + name))
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
