import ArrayFiles
import Testing

@testable import Datasets

@Suite struct DigitsTests {
    /// Compared with the table of scikit-learn 1.9.1: `numpy.loadtxt` of its digits.csv, the digest by hashlib over the
    /// transposed bytes.
    @Test func isTheTableOfScikitLearn() throws {
        let (pixels, labels) = try Digits.table()
        var columns: [UInt8] = []
        for pixel in 0..<64 { columns += (0..<1797).map { pixels[$0 * 64 + pixel] } }
        #expect(
            SHA256.hexadecimal(columns + labels) == "ac9fdfe258aefd68bbcff8fd47e4f51466aa6edad18827c191d2c41d9d188f6e")
        #expect(pixels.max() == 16 && pixels.reduce(0) { $0 + Int($1) } == 561_718)
        #expect(
            (0..<10).map { label in labels.count { $0 == label } } == [
                178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
            ])
        #expect(Array(pixels[..<16]) == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0])
        #expect(Array(pixels.suffix(8)) == [0, 1, 8, 12, 14, 12, 1, 0] && labels.last == 8)
    }

    @Test func splitsEveryClassInProportion() throws {
        let (train, test) = (try DataSpecification.digits.load(.train), try DataSpecification.digits.load(.test))
        #expect(train.count == 1442 && test.count == 355)
        #expect(train.exampleShape == [1, 8, 8] && train.classCount == 10 && train.outputWidth == 10)
        let labels = try #require(test.labels)
        #expect((0..<10).map { label in labels.count { $0 == label } } == [35, 36, 35, 36, 36, 36, 36, 35, 34, 36])
        let all = try Digits.table().labels
        #expect(Set(Digits.rows(of: .train, all) + Digits.rows(of: .test, all)) == Set(0..<1797))
        #expect(train.floatInputs[2..<6].map { $0 * 16 } == [5, 13, 9, 1])
        #expect(train.floatInputs.max() == 1)
    }
}
