/// A part of the data: for training, or for testing.
public enum Split: String, Sendable, Codable, CaseIterable {
    case train
    case test
}

/// Examples: inputs of one shape, and a target for each.
public struct Dataset: Sendable, Equatable {
    /// The numbers of all examples, one example after another, in the source's precision.
    ///
    /// Bytes of images become fractions of 255 in Float32; other bytes stay as they are. Float32 and narrower numbers
    /// become Float32, Float64 stays. Other integers in two dimensions are tokens, in others Float64.
    public enum Inputs: Sendable, Equatable {
        /// In Float32, in memory.
        case floats([Float])
        /// In Float64, in memory.
        case doubles([Double])
        /// Integers from 0, in memory.
        case tokens([Int32])
        /// Real numbers that stay in their file.
        case streamed(StreamedInputs)

        /// Numbers of all examples together.
        public var count: Int {
            switch self {
            case .floats(let values): values.count
            case .doubles(let values): values.count
            case .tokens(let values): values.count
            case .streamed(let file): file.examples * file.width
            }
        }
    }

    /// What the examples should be mapped to.
    public enum Targets: Sendable, Equatable {
        /// For classification, one class in 0..<count for each example.
        case classes([Int32], count: Int)
        /// For regression, `width` real numbers for each example, one example after another.
        case values([Double], width: Int)
    }

    /// The name as it was given, for messages and results.
    public let name: String
    /// The examples' inputs.
    public let inputs: Inputs
    /// The shape of one example: [C, H, W] for images, [D] for numbers, [T] for tokens.
    public let exampleShape: [Int]
    /// The examples' targets.
    public let targets: Targets

    /// What a user should know of how the examples were read, one line each. Examples made of these have none.
    public var remarks: [String] = []

    /// One more than the largest label. Larger labels are taken for mistakes: they would ask for a model with that many
    /// outputs.
    public static let maximalClasses = 1_000_000

    /// Examples from memory, for data that no `DataSpecification` reads.
    ///
    /// - Precondition: there are as many inputs as the targets' examples have.
    public init(name: String, inputs: Inputs, exampleShape: [Int], targets: Targets) {
        self.name = name
        self.inputs = inputs
        self.exampleShape = exampleShape
        self.targets = targets
        precondition(
            inputs.count == count * exampleSize,
            "\(inputs.count) numbers for \(count) examples of shape \(exampleShape)")
    }

    /// Number of examples.
    public var count: Int {
        switch targets {
        case .classes(let labels, _): labels.count
        case .values(let values, let width): values.count / width
        }
    }

    /// Bytes of memory that inputs and targets take; streamed inputs take none.
    public var byteCount: Int {
        let inputBytes =
            switch inputs {
            case .floats(let values): values.count * 4
            case .doubles(let values): values.count * 8
            case .tokens(let values): values.count * 4
            case .streamed: 0
            }
        switch targets {
        case .classes(let labels, _): return inputBytes + labels.count * 4
        case .values(let values, _): return inputBytes + values.count * 8
        }
    }

    /// Numbers of an example's input.
    public var exampleSize: Int { exampleShape.reduce(1, *) }

    /// Number of classes; `nil` for regression.
    public var classCount: Int? {
        if case .classes(_, let count) = targets { count } else { nil }
    }

    /// Outputs that a model needs for an example: the classes, or the width of the targets.
    public var outputWidth: Int {
        switch targets {
        case .classes(_, let count): count
        case .values(_, let width): width
        }
    }

    /// Each example's class; `nil` for regression.
    public var labels: [Int32]? {
        if case .classes(let labels, _) = targets { labels } else { nil }
    }

    /// The same examples for models that take real numbers: tokens become Float64 of the same value.
    public var withoutTokens: Dataset {
        guard case .tokens(let values) = inputs else { return self }
        return Dataset(
            name: name, inputs: .doubles(values.map(Double.init)), exampleShape: exampleShape, targets: targets)
    }

    /// The first `limit` examples in the data's own order. Where the data are sorted by class, these are of few
    /// classes.
    ///
    /// - Throws: `DatasetError.tooFewExamples` where there are fewer, or `limit` is not positive.
    public func prefix(_ limit: Int) throws(DatasetError) -> Dataset {
        guard limit > 0 && limit <= count else { throw .tooFewExamples(requested: limit, available: count) }
        if limit == count { return self }
        guard case .streamed(let file) = inputs else { return subset(Array(0..<limit)) }
        return Dataset(
            name: name, inputs: .streamed(file.prefix(limit)), exampleShape: exampleShape,
            targets: targets(of: Array(0..<limit)))
    }

    /// The examples at these places, in this order and in memory; a place may come more than once.
    ///
    /// - Precondition: the places exist.
    public func subset(_ indices: [Int]) -> Dataset {
        let inputs: Inputs
        switch self.inputs {
        case .floats(let values): inputs = .floats(Self.rows(values, indices, exampleSize))
        case .doubles(let values): inputs = .doubles(Self.rows(values, indices, exampleSize))
        case .tokens(let values): inputs = .tokens(Self.rows(values, indices, exampleSize))
        case .streamed(let file):
            let values = [Double](unsafeUninitializedCapacity: indices.count * exampleSize) { buffer, count in
                count = indices.count * exampleSize
                file.copy(indices, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            }
            inputs = file.isDouble ? .doubles(values) : .floats(values.map { Float($0) })
        }
        return Dataset(name: name, inputs: inputs, exampleShape: exampleShape, targets: targets(of: indices))
    }

    private func targets(of indices: [Int]) -> Targets {
        switch targets {
        case .classes(let labels, let count): .classes(indices.map { labels[$0] }, count: count)
        case .values(let values, let width): .values(Self.rows(values, indices, width), width: width)
        }
    }

    /// The same examples with other inputs or targets.
    func with(inputs: Inputs? = nil, targets: Targets? = nil) -> Dataset {
        var result = Dataset(
            name: name, inputs: inputs ?? self.inputs, exampleShape: exampleShape, targets: targets ?? self.targets)
        result.remarks = remarks
        return result
    }

    private static func rows<Element>(_ values: [Element], _ indices: [Int], _ width: Int) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(indices.count * width)
        for index in indices { result += values[(index * width)..<((index + 1) * width)] }
        return result
    }
}
