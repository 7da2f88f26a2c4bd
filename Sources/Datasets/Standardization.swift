import ArrayFiles

/// The mean and the deviation of each channel over a training split. With them any split is brought to about mean 0 and
/// deviation 1.
///
/// Images have a channel for each colour; other inputs have one for each number.
public struct Standardization: Sendable, Codable, Equatable {
    /// The mean of each channel.
    public let mean: [Double]
    /// The population standard deviation of each channel; 1 for a constant channel, which then becomes 0.
    public let deviation: [Double]

    /// Known means and deviations.
    ///
    /// - Precondition: as many of both.
    public init(mean: [Double], deviation: [Double]) {
        precondition(mean.count == deviation.count, "\(mean.count) means and \(deviation.count) deviations")
        self.mean = mean
        self.deviation = deviation
    }

    /// Measures a training split, in two passes in Float64.
    ///
    /// - Throws: `DatasetError.notStandardizable` for tokens, `DatasetError.file` where streamed inputs cannot be read.
    public init(of training: Dataset) throws(DatasetError) {
        switch training.inputs {
        case .tokens: throw .notStandardizable(training.name)
        case .floats(let values): self.init(values, training.channels)
        case .doubles(let values): self.init(values, training.channels)
        case .streamed(let file):
            do {
                try self.init(streamed: file, channels: training.channels)
            } catch let problem as FileError {
                throw .file(problem)
            } catch {
                throw .notStandardizable(training.name)
            }
        }
    }

    private init<Scalar: BinaryFloatingPoint>(_ values: [Scalar], _ channels: (count: Int, area: Int)) {
        let examples = Double(values.count / max(1, channels.count))
        let mean = Self.sums(values, channels) { value, _ in value }.map { $0 / examples }
        let squares = Self.sums(values, channels) { value, channel in
            (value - mean[channel]) * (value - mean[channel])
        }
        self.mean = mean
        deviation = squares.map { $0 > 0 ? ($0 / examples).squareRoot() : 1 }
    }

    /// The sum over all examples of f(x, channel), for each channel.
    @inline(__always)
    private static func sums<Scalar: BinaryFloatingPoint>(
        _ values: [Scalar], _ channels: (count: Int, area: Int), _ f: (Double, Int) -> Double
    ) -> [Double] {
        var result = [Double](repeating: 0, count: channels.count)
        values.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                for start in stride(from: 0, to: values.count, by: channels.area) {
                    let channel = start / channels.area % channels.count
                    var sum = 0.0
                    for index in start..<(start + channels.area) { sum += f(Double(values[index]), channel) }
                    result[channel] += sum
                }
            }
        }
        return result
    }

    @inline(__always)
    fileprivate func apply<Scalar: BinaryFloatingPoint>(_ values: inout [Scalar], _ area: Int) {
        values.withUnsafeMutableBufferPointer { buffer in
            for start in stride(from: 0, to: buffer.count, by: area) {
                let channel = start / area % mean.count
                let (center, width) = (mean[channel], deviation[channel])
                for index in start..<(start + area) {
                    buffer[index] = Scalar((Double(buffer[index]) - center) / width)
                }
            }
        }
    }
}

extension Dataset {
    /// The channels of an example and the numbers each has.
    var channels: (count: Int, area: Int) {
        exampleShape.count == 3 ? (exampleShape[0], exampleShape[1] * exampleShape[2]) : (exampleSize, 1)
    }

    /// Number of channels, each with a mean and a deviation.
    public var channelCount: Int { channels.count }

    /// The same examples with (x − mean)/deviation in every channel.
    ///
    /// - Throws: `DatasetError.standardizationMismatch` where the number of channels differs,
    ///   `DatasetError.notStandardizable` for tokens.
    public func standardized(by standardization: Standardization) throws(DatasetError) -> Dataset {
        let (channels, area) = channels
        guard standardization.mean.count == channels, standardization.deviation.count == channels else {
            throw .standardizationMismatch(found: standardization.mean.count, expected: channels)
        }
        switch inputs {
        case .tokens: throw .notStandardizable(name)
        case .floats(var values):
            standardization.apply(&values, area)
            return with(inputs: .floats(values))
        case .doubles(var values):
            standardization.apply(&values, area)
            return with(inputs: .doubles(values))
        case .streamed(let file): return with(inputs: .streamed(file.standardized(by: standardization)))
        }
    }
}
