/// Which part of the data.
public enum Split: String, Sendable, Codable, CaseIterable {
    case train
    case test
}

/// Examples in memory: inputs of one shape, and what each should be mapped to.
public struct Dataset: Sendable, Equatable {
    /// The numbers of all examples, one example behind the other, in the precision that the source holds: bytes and
    /// Float32 (and narrower) as Float32, Float64 as Float64, 2-D integers as tokens.
    public enum Inputs: Sendable, Equatable {
        case floats([Float])
        case doubles([Double])
        case tokens([Int32])
        /// Numbers that stay in their file.
        case streamed(StreamedInputs)

        public var count: Int {
            switch self {
            case .floats(let values): values.count
            case .doubles(let values): values.count
            case .tokens(let values): values.count
            case .streamed(let file): file.examples * file.width
            }
        }
    }

    public enum Targets: Sendable, Equatable {
        /// One class of 0..<count an example.
        case classes([Int32], count: Int)
        /// `width` real numbers an example, for regression.
        case values([Double], width: Int)
    }

    /// How it was named, for messages and results.
    public let name: String
    public let inputs: Inputs
    /// The shape of one example: [C, H, W] for images, [D] for numbers, [T] for tokens.
    public let exampleShape: [Int]
    public let targets: Targets

    /// A label beyond this is taken for a mistake: it would ask for a model with that many outputs.
    public static let maximalClasses = 1_000_000

    public init(name: String, inputs: Inputs, exampleShape: [Int], targets: Targets) {
        self.name = name
        self.inputs = inputs
        self.exampleShape = exampleShape
        self.targets = targets
        precondition(
            inputs.count == count * exampleSize,
            "\(inputs.count) numbers for \(count) examples of shape \(exampleShape)")
    }

    /// How many examples there are.
    public var count: Int {
        switch targets {
        case .classes(let labels, _): labels.count
        case .values(let values, let width): values.count / width
        }
    }

    /// Bytes of memory that inputs and targets take.
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

    /// How many numbers an example has.
    public var exampleSize: Int { exampleShape.reduce(1, *) }

    /// The number of classes; nil for regression.
    public var classCount: Int? {
        if case .classes(_, let count) = targets { count } else { nil }
    }

    /// The numbers a model should put out for an example: classes, or the width of the targets.
    public var outputWidth: Int {
        switch targets {
        case .classes(_, let count): count
        case .values(_, let width): width
        }
    }

    /// Each example's class; nil for regression.
    public var labels: [Int32]? {
        if case .classes(let labels, _) = targets { labels } else { nil }
    }

    /// The same with whole numbers that might be tokens as real numbers, for models that take those.
    public var withoutTokens: Dataset {
        guard case .tokens(let values) = inputs else { return self }
        return Dataset(
            name: name, inputs: .doubles(values.map(Double.init)), exampleShape: exampleShape, targets: targets)
    }

    /// The first examples in the data's own order. Where a file is sorted by class, these are of few classes.
    public func prefix(_ limit: Int) throws(DatasetError) -> Dataset {
        guard limit > 0 && limit <= count else { throw .tooFewExamples(requested: limit, available: count) }
        if limit == count { return self }
        guard case .streamed(let file) = inputs else { return subset(Array(0..<limit)) }
        return Dataset(
            name: name, inputs: .streamed(file.prefix(limit)), exampleShape: exampleShape,
            targets: targets(of: Array(0..<limit)))
    }

    /// The examples at these places, in this order; a place may be given more than once.
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
        Dataset(
            name: name, inputs: inputs ?? self.inputs, exampleShape: exampleShape, targets: targets ?? self.targets)
    }

    private static func rows<Element>(_ values: [Element], _ indices: [Int], _ width: Int) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(indices.count * width)
        for index in indices { result += values[(index * width)..<((index + 1) * width)] }
        return result
    }
}
