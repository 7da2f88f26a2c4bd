import CKernels
import Testing

@testable import Tensors

@Suite struct BufferTests {
    @Test(arguments: [1, 3, 64, 65, 4097]) func isZeroedAlignedAndReadablePastItsEnd(_ bytes: Int) {
        let buffer = Buffer(byteCount: bytes)
        #expect(Int(bitPattern: buffer.address) % 64 == 0 && buffer.byteCount == bytes)
        let all = UnsafeRawBufferPointer(start: buffer.address, count: bytes + Int(LS_SLACK))
        #expect(all.allSatisfy { $0 == 0 })
    }

    @Test func roundTrips() {
        let numbers = [
            0, -0.0, 1, -1.5, .infinity, -.infinity, 0x1p-149, 0x1p-1074, 0.1, .greatestFiniteMagnitude,
            Double(Float.greatestFiniteMagnitude),
        ]
        for precision in Precision.allCases {
            let buffer = Buffer(byteCount: (numbers.count + 5) * precision.size)
            buffer.store(numbers, from: 3, as: precision)
            let found = buffer.load(numbers.count, from: 3, as: precision)
            #expect(found.map(\.bitPattern) == numbers.map { precision.rounded($0).bitPattern })
            // Nothing beside them is touched.
            #expect(
                buffer.load(3, as: precision) == [0, 0, 0]
                    && buffer.load(2, from: 3 + numbers.count, as: precision) == [0, 0])
            buffer.store([.nan], from: 4, as: precision)
            #expect(buffer.load(3, from: 3, as: precision)[1].isNaN)
            #expect(Buffer.load(buffer.address + 3 * precision.size, 1, as: precision) == [0])
        }
    }

    /// Slices are stored from their own first element on.
    @Test func storesSlices() {
        let buffer = Buffer(byteCount: 24)
        buffer.store([1.0, 2, 3, 4, 5][2...], as: .double)
        #expect(buffer.load(3, as: .double) == [3, 4, 5])
    }

    @Test func roundingIsTheStoredNumber() {
        for number in [0.1, 1e-50, 1e40, 1 + 0x1p-24] {
            #expect(Precision.double.rounded(number) == number)
            #expect(Precision.float.rounded(number) == Double(Float(number)))
        }
    }
}

@Suite struct FileBufferTests {
    @Test func memoryInAFileIsMemory() throws {
        let buffer = try #require(Buffer(inTemporaryFileOf: 1 << 20))
        #expect(buffer.byteCount == 1 << 20 && buffer.load(4, from: 1000, as: .double) == [0, 0, 0, 0])
        buffer.store([1, 2, 3], as: .double)
        #expect(buffer.load(3, as: .double) == [1, 2, 3])
        // What rests is found again.
        buffer.store([1, 2.5, -3], as: .double)
        buffer.rest()
        #expect(buffer.load(4, as: .double) == [1, 2.5, -3, 0])
        #expect(Buffer(inTemporaryFileOf: 1 << 60) == nil)
    }
}
