import ArrayFiles
import Foundation

/// 1797 handwritten digits of 8 × 8 pixels, part of the program: the data that needs no download.
///
/// Every pixel counts the inked points, 0…16, of a 4 × 4 block of a scanned digit; here it is divided by 16. The
/// table is the test part of E. Alpaydin, C. Kaynak: "Optical Recognition of Handwritten Digits", UCI Machine
/// Learning Repository 1998, doi:10.24432/C50P49, under the Creative Commons Attribution 4.0 licence (CC BY 4.0), in
/// the order of scikit-learn's `load_digits`.
///
/// The source names no split of these rows, so this one is fixed here: in the table's order, every fifth example of
/// each class is for testing. That is 1442 for training and 355 for testing with the classes in proportion. (Every
/// fifth *row* would not do: labels come in runs of 0 1 2 … 9, so such rows favour some digits.) The same 13 people
/// wrote both parts, so the test accuracy is about new digits, not about new hands.
enum Digits {
    static let exampleCount = 1797
    static let pixelCount = 64

    /// The whole table: 1797 × 64 pixels of 0…16 and 1797 labels.
    static func table() throws(DatasetError) -> (pixels: [UInt8], labels: [UInt8]) {
        guard let data = Data(base64Encoded: packed, options: .ignoreUnknownCharacters),
            let columns = try? Gzip.inflate(Array(data), limit: 1 << 20),
            columns.count == exampleCount * (pixelCount + 1)
        else { throw .damagedProgram("the embedded digits") }
        var pixels = [UInt8](repeating: 0, count: exampleCount * pixelCount)
        for pixel in 0..<pixelCount {
            for example in 0..<exampleCount {
                pixels[example * pixelCount + pixel] = columns[pixel * exampleCount + example]
            }
        }
        return (pixels, Array(columns[(pixelCount * exampleCount)...]))
    }

    static func load(_ split: Split) throws(DatasetError) -> Dataset {
        let (pixels, labels) = try table()
        let rows = rows(of: split, labels)
        var inputs: [Float] = []
        inputs.reserveCapacity(rows.count * pixelCount)
        for row in rows {
            for pixel in 0..<pixelCount { inputs.append(Float(pixels[row * pixelCount + pixel]) / 16) }
        }
        return Dataset(
            name: "digits", inputs: .floats(inputs), exampleShape: [1, 8, 8],
            targets: .classes(rows.map { Int32(labels[$0]) }, count: 10))
    }

    static func rows(of split: Split, _ labels: [UInt8]) -> [Int] {
        var seen = [Int](repeating: 0, count: 256)
        var result: [Int] = []
        for (row, label) in labels.enumerated() {
            seen[Int(label)] += 1
            if (seen[Int(label)] % 5 == 0) == (split == .test) { result.append(row) }
        }
        return result
    }
}
