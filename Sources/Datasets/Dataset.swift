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

        /// Whether they are whole numbers from 0.
        public var areTokens: Bool {
            switch self {
            case .tokens: true
            case .streamed(let file): file.isTokens
            case .floats, .doubles: false
            }
        }

        /// The largest of whole numbers from 0; nil for others, or where their file cannot be read.
        public var largestToken: Int? {
            switch self {
            case .tokens(let values): return values.max().map(Int.init)
            case .streamed(let file) where file.isTokens:
                var most: Double?
                try? file.forEachChunk { _, values in most = max(most ?? 0, values.max() ?? 0) }
                return most.flatMap { Int(exactly: $0) }
            case .streamed, .floats, .doubles: return nil
            }
        }

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

    /// One of the arrays that an example consists of.
    public struct Input: Sendable, Equatable {
        /// As the data call it; empty for data of one array.
        public let name: String
        /// The numbers of all examples.
        public let values: Inputs
        /// The shape of one example: [C, H, W] for images, [D] for numbers, [T] for tokens, [] for one number.
        public let shape: [Int]

        /// An array of a name, with the shape of one example.
        public init(name: String, values: Inputs, shape: [Int]) {
            (self.name, self.values, self.shape) = (name, values, shape)
        }

        /// Numbers of an example.
        public var size: Int { shape.reduce(1, *) }
    }

    /// What the examples should be mapped to.
    public enum Targets: Sendable, Equatable {
        /// For classification, classes in 0..<count: one for each example, or one for each of its elements. A negative one, or one that
        /// a loss leaves out, is no class.
        case classes([Int32], count: Int)
        /// For regression, `width` real numbers for each example, one example after another.
        case values([Double], width: Int)
        /// None: the network computes its loss of inputs alone.
        case none
    }

    /// How much elements of the targets count.
    public struct Weights: Sendable, Equatable {
        /// Of all examples, each 0 or more.
        public let values: [Double]
        /// The shape of one example's weights: [] for one weight, else the targets' shape or its first extents.
        public let shape: [Int]

        /// Weights with the shape of one example's.
        public init(_ values: [Double], shape: [Int]) { (self.values, self.shape) = (values, shape) }
    }

    /// The name as it was given, for messages and results.
    public let name: String
    /// The arrays that an example consists of; at least one. Networks of one input take the first.
    public let arrays: [Input]
    /// The examples' targets.
    public let targets: Targets
    /// The shape of one example's targets: [] for one label, [T] for labels of T tokens, [K] for K numbers.
    public let targetShape: [Int]
    /// How much elements of the targets count; nil where all count alike.
    public let weights: Weights?

    /// What a user should know of how the examples were read, one line each. Examples made of these have none.
    public var remarks: [String] = []

    /// One more than the largest label. Larger labels are taken for mistakes: they would ask for a model with that many
    /// outputs.
    public static let maximalClasses = 1_000_000

    /// Examples from memory, for data that no `DataSpecification` reads.
    ///
    /// - Precondition: there are as many inputs as the targets' examples have.
    public init(name: String, inputs: Inputs, exampleShape: [Int], targets: Targets) {
        self.init(name: name, arrays: [Input(name: "", values: inputs, shape: exampleShape)], targets: targets)
    }

    /// Examples from memory that consist of several arrays, or have labels or weights for each of their elements.
    ///
    /// - Parameter targetShape: of one example; nil for one label, or for a row of numbers.
    /// - Precondition: there is an array, and all of them, targets and weights are of as many examples.
    public init(
        name: String, arrays: [Input], targets: Targets, targetShape: [Int]? = nil, weights: Weights? = nil
    ) {
        self.name = name
        self.arrays = arrays
        self.targets = targets
        self.weights = weights
        precondition(!arrays.isEmpty, "data without inputs")
        switch targets {
        case .classes, .none: self.targetShape = targetShape ?? []
        case .values(_, let width): self.targetShape = targetShape ?? [width]
        }
        let count = self.count, width = self.targetShape.reduce(1, *)
        let found =
            switch targets {
            case .classes(let labels, _): labels.count
            case .values(let values, _): values.count
            case .none: count * width
            }
        precondition(
            arrays.allSatisfy { $0.values.count == count * $0.size } && found == count * width
                && weights.map { $0.values.count == count * $0.shape.reduce(1, *) } ?? true,
            "\(inputs.count) numbers for \(found / max(1, width)) examples of shape \(exampleShape)")
    }

    /// The numbers of the first array.
    public var inputs: Inputs { arrays[0].values }
    /// The shape of one example of the first array.
    public var exampleShape: [Int] { arrays[0].shape }

    /// Number of examples.
    public var count: Int { inputs.count / max(1, exampleSize) }

    /// Bytes of memory that inputs and targets take; streamed inputs take none.
    public var byteCount: Int {
        let inputBytes = arrays.reduce(0) { sum, array in
            switch array.values {
            case .floats(let values): sum + values.count * 4
            case .doubles(let values): sum + values.count * 8
            case .tokens(let values): sum + values.count * 4
            case .streamed: sum
            }
        }
        let weightBytes = (weights?.values.count ?? 0) * 8
        switch targets {
        case .classes(let labels, _): return inputBytes + weightBytes + labels.count * 4
        case .values(let values, _): return inputBytes + weightBytes + values.count * 8
        case .none: return inputBytes + weightBytes
        }
    }

    /// Numbers of an example of the first array.
    public var exampleSize: Int { arrays[0].size }

    /// Number of classes; `nil` for regression.
    public var classCount: Int? {
        if case .classes(_, let count) = targets { count } else { nil }
    }

    /// Outputs that a model needs for an example: the classes, or the width of the targets.
    public var outputWidth: Int {
        switch targets {
        case .classes(_, let count): count
        case .values(_, let width): width
        case .none: 1
        }
    }

    /// Each example's class; `nil` for regression.
    public var labels: [Int32]? {
        if case .classes(let labels, _) = targets { labels } else { nil }
    }

    /// The same examples for models that take real numbers: tokens of the first array become Float64 of the same value.
    public var withoutTokens: Dataset {
        guard case .tokens(let values) = inputs else { return self }
        return with(inputs: .doubles(values.map(Double.init)))
    }

    /// The first `limit` examples in the data's own order. Where the data are sorted by class, these are of few
    /// classes.
    ///
    /// - Throws: `DatasetError.tooFewExamples` where there are fewer, or `limit` is not positive.
    public func prefix(_ limit: Int) throws(DatasetError) -> Dataset {
        guard limit > 0 && limit <= count else { throw .tooFewExamples(requested: limit, available: count) }
        return limit == count ? self : part(Array(0..<limit)) { $0.prefix(limit) }
    }

    /// The examples at these places, in this order and in memory; a place may come more than once.
    ///
    /// - Precondition: the places exist.
    public func subset(_ indices: [Int]) -> Dataset { part(indices) { _ in nil } }

    /// - Parameter streamed: what rows in a file become; nil to take them into memory.
    private func part(_ indices: [Int], _ streamed: (StreamedInputs) -> StreamedInputs?) -> Dataset {
        let arrays = arrays.map { array in
            let values: Inputs
            switch array.values {
            case .floats(let numbers): values = .floats(Self.rows(numbers, indices, array.size))
            case .doubles(let numbers): values = .doubles(Self.rows(numbers, indices, array.size))
            case .tokens(let numbers): values = .tokens(Self.rows(numbers, indices, array.size))
            case .streamed(let file): values = streamed(file).map { .streamed($0) } ?? file.rows(indices)
            }
            return Input(name: array.name, values: values, shape: array.shape)
        }
        let width = targetShape.reduce(1, *), targets: Targets
        switch self.targets {
        case .classes(let labels, let count): targets = .classes(Self.rows(labels, indices, width), count: count)
        case .values(let values, _): targets = .values(Self.rows(values, indices, width), width: width)
        case .none: targets = .none
        }
        let weights = weights.map {
            Weights(Self.rows($0.values, indices, $0.shape.reduce(1, *)), shape: $0.shape)
        }
        return Dataset(name: name, arrays: arrays, targets: targets, targetShape: targetShape, weights: weights)
    }

    /// The same examples with other numbers in the first array, or other targets of the same shape.
    func with(inputs: Inputs? = nil, targets: Targets? = nil) -> Dataset {
        var arrays = arrays
        if let inputs { arrays[0] = Input(name: arrays[0].name, values: inputs, shape: exampleShape) }
        var result = Dataset(
            name: name, arrays: arrays, targets: targets ?? self.targets, targetShape: targetShape, weights: weights)
        result.remarks = remarks
        return result
    }

    /// The same inputs with real numbers for targets in place of one label an example.
    public var withLabelsAsValues: Dataset {
        guard case .classes(let labels, _) = targets else { return self }
        let width = targetShape.reduce(1, *)
        return Dataset(
            name: name, arrays: arrays, targets: .values(labels.map(Double.init), width: width),
            targetShape: targetShape.isEmpty ? [1] : targetShape, weights: weights)
    }

    private static func rows<Element>(_ values: [Element], _ indices: [Int], _ width: Int) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(indices.count * width)
        for index in indices { result += values[(index * width)..<((index + 1) * width)] }
        return result
    }
}
