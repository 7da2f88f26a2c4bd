import ArrayFiles

/// The mean and the deviation of each channel over a training split, with which any split is brought to mean 0 and
/// deviation 1. Images have a mean for every channel, other inputs for every number.
public struct Standardization: Sendable, Codable, Equatable {
    /// A value for each channel.
    public let mean: [Double]
    /// The population standard deviation of each channel; 1 where a channel is constant, which then becomes 0.
    public let deviation: [Double]

    public init(mean: [Double], deviation: [Double]) {
        precondition(mean.count == deviation.count, "\(mean.count) means and \(deviation.count) deviations")
        self.mean = mean
        self.deviation = deviation
    }

    /// Measures a training split; two passes in Float64.
    public init(of training: Dataset) throws(DatasetError) {
        if case .tokens = training.inputs { throw .notStandardizable(training.name) }
        let (channels, area) = training.channels
        let values = training.doubleInputs
        let examples = Double(training.count * area)
        var mean = [Double](repeating: 0, count: channels)
        var square = mean
        Self.forEach(values.count, channels, area) { mean[$1] += values[$0] }
        for channel in 0..<channels { mean[channel] /= examples }
        Self.forEach(values.count, channels, area) { index, channel in
            let difference = values[index] - mean[channel]
            square[channel] += difference * difference
        }
        self.mean = mean
        deviation = square.map { $0 > 0 ? ($0 / examples).squareRoot() : 1 }
    }

    private static func forEach(_ count: Int, _ channels: Int, _ area: Int, _ body: (Int, Int) -> Void) {
        var index = 0
        while index < count {
            for channel in 0..<channels {
                for _ in 0..<area {
                    body(index, channel)
                    index += 1
                }
            }
        }
    }

    fileprivate func apply<Scalar: BinaryFloatingPoint>(_ values: inout [Scalar], _ area: Int) {
        values.withUnsafeMutableBufferPointer { buffer in
            Self.forEach(buffer.count, mean.count, area) { index, channel in
                buffer[index] = Scalar((Double(buffer[index]) - mean[channel]) / deviation[channel])
            }
        }
    }
}

extension Dataset {
    /// The channels of an example and the numbers each has.
    var channels: (count: Int, area: Int) {
        exampleShape.count == 3 ? (exampleShape[0], exampleShape[1] * exampleShape[2]) : (exampleSize, 1)
    }

    /// The same examples, (x − mean)/deviation in every channel.
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
        }
    }
}
