import Testing

@testable import Interchange

@Suite struct WireReaderTests {
    @Test func refusesLengthsBeyondTheEnd() {
        #expect(throws: ONNXError.notProtobuf("a field of 268435455 bytes where 1 are left")) {
            var reader = WireReader([0x0A, 0xFF, 0xFF, 0xFF, 0x7F, 0x01])
            _ = try reader.next()
        }
    }
}
