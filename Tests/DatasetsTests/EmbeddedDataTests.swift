import ArrayFiles
import Foundation
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

@Suite struct GeneratorTests {
    @Test func chebyshevIsTheCosineOfTheMultipleAngle() throws {
        for degree in 1...19 {
            let data = try DataSpecification.chebyshev(degree: degree).load()
            #expect(data.count == 20 && data.exampleShape == [1] && data.classCount == nil)
            let x = data.doubleInputs
            #expect(x.first == -1 && x.last == 1 && abs(x[1] - x[0] - 2.0 / 19) < 1e-15)
            guard case .values(let y, 1) = data.targets else { return #expect(Bool(false)) }
            // T_K(cos φ) = cos Kφ; the recurrence loses a few units in the last place for every degree, and the
            // angle near ±1 is ill-conditioned: 1e-12 covers both.
            for (a, b) in zip(x, y) { #expect(abs(b - cos(Double(degree) * acos(a))) < 1e-12) }
        }
        #expect(throws: DatasetError.self) { try DataSpecification.chebyshev(degree: 4).load(.test) }
    }

    @Test func spiralsInterleave() throws {
        let (train, test) = (try DataSpecification.spirals.load(.train), try DataSpecification.spirals.load(.test))
        #expect(train.count == 1000 && test.count == 1000 && train != test)
        #expect(try DataSpecification.spirals.load(.train) == train)
        // Turning a point back by its radius' angle puts class 0 on the positive axis and class 1 on the negative.
        let points = train.doubleInputs
        var right = 0
        for (index, label) in try #require(train.labels).enumerated() {
            let (x, y) = (points[2 * index], points[2 * index + 1])
            let radius = (x * x + y * y).squareRoot()
            let angle = 3 * Double.pi * radius
            if (x * cos(angle) + y * sin(angle) > 0) == (label == 0) { right += 1 }
        }
        #expect(right > 990)
    }

    /// The original's frozen data set has the same form; its difficulty is the same when a nearest-neighbour
    /// classifier does as poorly as reported (the paper: about 50 to 60 %) and far better than chance.
    @Test func mnist1DHasTheOriginalsForm() throws {
        let (train, test) = (try DataSpecification.mnist1D.load(.train), try DataSpecification.mnist1D.load(.test))
        #expect(train.count == 4000 && test.count == 1000 && train.exampleShape == [40] && train.classCount == 10)
        let values = train.doubleInputs + test.doubleInputs
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        #expect(abs(mean) < 1e-12 && abs(square - 1) < 1e-12)
        let (known, labels) = (train.doubleInputs, try #require(train.labels))
        let unknown = test.doubleInputs
        var right = 0
        for (index, label) in try #require(test.labels).prefix(200).enumerated() {
            var best = (distance: Double.infinity, label: Int32(-1))
            for other in 0..<train.count {
                var distance = 0.0
                for place in 0..<40 {
                    let difference = unknown[index * 40 + place] - known[other * 40 + place]
                    distance += difference * difference
                }
                if distance < best.distance { best = (distance, labels[other]) }
            }
            if best.label == label { right += 1 }
        }
        #expect((60...160).contains(right), "\(right) of 200")
    }

    @Test func resamplesAndSmooths() {
        #expect(MNIST1D.resampled([0, 1, 4], to: 5) == [0, 0.5, 1, 2.5, 4])
        let flat = MNIST1D.smoothed([Double](repeating: 3, count: 20))
        #expect(flat.allSatisfy { abs($0 - 3) < 1e-14 })
    }
}
