import ArrayFiles
import Foundation

/// Inputs that stay in their file, for data larger than memory. Rows are read, converted and standardised when they are
/// asked for.
///
/// Rows that can no longer be read become NaN, and so does everything that is computed from them.
public final class StreamedInputs: Sendable, Equatable {
    let array: StreamedArray
    /// Numbers in an example, examples in use (the first of the file), and numbers of a channel.
    let width: Int, examples: Int, area: Int
    /// Bytes of images are read as fractions of 255.
    let isFractions: Bool
    /// Whether they are whole numbers from 0.
    let isTokens: Bool
    let standardization: Standardization?

    /// Numbers read at once.
    private static let chunk = 1 << 20

    init(
        _ array: StreamedArray, width: Int, examples: Int, area: Int, isTokens: Bool = false,
        standardization: Standardization? = nil
    ) {
        (self.array, self.width, self.examples, self.area, self.isTokens) = (array, width, examples, area, isTokens)
        isFractions = array.type == .uint8 && !isTokens && ByteFractions.isImages(array.shape)
        self.standardization = standardization
    }

    /// Whether both are the same rows of the same file, standardised alike.
    public static func == (a: StreamedInputs, b: StreamedInputs) -> Bool {
        a.array.isSame(as: b.array) && a.examples == b.examples && a.width == b.width && a.isTokens == b.isTokens
            && a.standardization == b.standardization
    }

    /// Where they lie and how they are read, with what tells a file that has been written since.
    package var identity: String {
        "\(array.stamp) \(width) \(examples) \(isTokens) \(standardization.map { "\($0.mean) \($0.deviation)" } ?? "")"
    }

    /// Whether they are as precise as Float64.
    var isDouble: Bool {
        array.type.size == 8 || !array.type.isFloatingPoint && ![.uint8, .bool].contains(array.type)
    }

    func prefix(_ count: Int) -> StreamedInputs {
        StreamedInputs(
            array, width: width, examples: count, area: area, isTokens: isTokens, standardization: standardization)
    }

    func standardized(by standardization: Standardization) -> StreamedInputs {
        StreamedInputs(array, width: width, examples: examples, area: area, standardization: standardization)
    }

    /// These rows in memory.
    func rows(_ indices: [Int]) -> Dataset.Inputs {
        let values = [Double](unsafeUninitializedCapacity: indices.count * width) { buffer, count in
            count = indices.count * width
            copy(indices, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
        if isTokens { return .tokens(values.map { Int32($0) }) }
        return isDouble ? .doubles(values) : .floats(values.map { Float($0) })
    }

    /// Initialises a buffer with the whole numbers of these rows; −1 where the file cannot be read any more.
    func copyTokens(_ indices: some Collection<Int>, to target: UnsafeMutableBufferPointer<Int32>) {
        let most = max(1, Self.chunk / max(1, width)), all = Array(indices)
        for first in stride(from: 0, to: all.count, by: most) {
            let some = all[first..<min(first + most, all.count)]
            let numbers = [Double](unsafeUninitializedCapacity: some.count * width) { buffer, count in
                count = some.count * width
                copy(some, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            }
            for (place, number) in numbers.enumerated() {
                let token = number.isNaN ? -1 : Int32(exactly: number) ?? -1
                (target.baseAddress! + first * width + place).initialize(to: token)
            }
        }
    }

    /// Calls `body` with consecutive rows, as they are before standardisation.
    func forEachChunk(_ body: (Range<Int>, [Double]) throws -> Void) throws {
        let rows = max(1, Self.chunk / width)
        for first in stride(from: 0, to: examples, by: rows) {
            let range = first..<min(first + rows, examples)
            try body(range, try values(range))
        }
    }

    private func values(_ rows: Range<Int>) throws(FileError) -> [Double] {
        let numbers = try array.numbers((rows.lowerBound * width)..<(rows.upperBound * width))
        return isFractions ? ByteFractions.of(numbers.bytes).map(Double.init) : numbers.doubles
    }

    /// Initialises a buffer with the rows of these examples. Where the file cannot be read any more the numbers are NaN, and so is
    /// all that is computed of them.
    func copy<Scalar: BinaryFloatingPoint & BitwiseCopyable>(
        _ indices: some Collection<Int>, to target: UnsafeMutableBufferPointer<Scalar>
    ) {
        precondition(target.count == indices.count * width, "\(indices.count) examples into \(target.count) numbers")
        guard let output = target.baseAddress else { return }
        let most = max(1, Self.chunk / width)
        var written = 0
        func put(_ rows: Range<Int>) {
            precondition(rows.lowerBound >= 0 && rows.upperBound <= examples, "examples \(rows) are not in the data")
            let values = (try? values(rows)) ?? [Double](repeating: .nan, count: rows.count * width)
            for (place, value) in values.enumerated() {
                (output + written + place).initialize(to: scaled(value, place % width))
            }
            written += values.count
        }
        // Neighbouring examples are read together.
        var run: Range<Int>?
        for index in indices {
            if let current = run, current.upperBound == index, current.count < most {
                run = current.lowerBound..<(index + 1)
            } else {
                if let run { put(run) }
                run = index..<(index + 1)
            }
        }
        if let run { put(run) }
    }

    /// As in memory: single precision where the file has it, standardised and rounded to it again.
    private func scaled<Scalar: BinaryFloatingPoint>(_ value: Double, _ place: Int) -> Scalar {
        guard let standardization else { return Scalar(value) }
        let channel = place / area
        let result = (value - standardization.mean[channel]) / standardization.deviation[channel]
        return isDouble ? Scalar(result) : Scalar(Float(result))
    }
}

extension Standardization {
    /// Of inputs in a file; two passes over it.
    init(streamed inputs: StreamedInputs, channels: (count: Int, area: Int)) throws {
        let examples = Double(inputs.examples) * Double(channels.area)
        func sums(_ f: (Double, Int) -> Double) throws -> [Double] {
            var result = [Double](repeating: 0, count: channels.count)
            try inputs.forEachChunk { _, values in
                for start in stride(from: 0, to: values.count, by: channels.area) {
                    let channel = start / channels.area % channels.count
                    var sum = 0.0
                    for index in start..<(start + channels.area) { sum += f(values[index], channel) }
                    result[channel] += sum
                }
            }
            return result
        }
        let mean = try sums { value, _ in value }.map { $0 / examples }
        let squares = try sums { value, channel in (value - mean[channel]) * (value - mean[channel]) }
        self.init(mean: mean, deviation: squares.map { $0 > 0 ? ($0 / examples).squareRoot() : 1 })
    }
}
