import Datasets
import Networks

/// How the inputs of a model are brought to a common scale.
public enum InputStandardization: Sendable, Equatable {
    /// They are taken as they are.
    case none
    /// To mean 0 and deviation 1 of each channel over the training split.
    case trainingSplit
    /// By a mean and deviation for each channel, or one of each for all.
    case given(StandardizationRecord)

    /// What is subtracted and divided by; nil for nothing.
    ///
    /// - Parameter training: the examples that are trained on.
    func standardization(of training: Dataset) throws -> Standardization? {
        switch self {
        case .none: return nil
        case .trainingSplit: return try Standardization(of: training)
        case .given(let given):
            guard given.mean.count == given.deviation.count, given.deviation.allSatisfy({ $0 > 0 }) else {
                throw ModelError.unusableDeviation(given.deviation)
            }
            func all(_ values: [Double]) -> [Double] {
                values.count == 1 ? [Double](repeating: values[0], count: training.channelCount) : values
            }
            return Standardization(mean: all(given.mean), deviation: all(given.deviation))
        }
    }
}

/// How data are made ready for a model: which examples, on which scale, with which labels.
public struct DataPreparation: Sendable, Equatable {
    /// What is loaded, and what a checkpoint names it.
    public var specification: DataSpecification
    /// Only the first examples of the training split; nil for all.
    public var examples: Int?
    /// Measured on the examples that are trained on.
    public var standardization = InputStandardization.none
    /// The share of training labels that are replaced by wrong ones.
    public var labelNoise = 0.0
    /// Of the label noise.
    public var seed: UInt64 = 0
    /// Whether whole numbers N×T are tokens and not numbers.
    public var keepsTokens = false
    /// Which arrays of data with named arrays are what.
    public var roles = DataRoles()

    /// The examples as they are.
    public init(_ specification: DataSpecification) { self.specification = specification }

    /// Loads and prepares the data.
    ///
    /// - Throws: `DatasetError` or `FileError` where there are no such data; `ModelError` where a given deviation is unusable.
    public func load() throws -> PreparedData {
        let (train, test) = try specification.loadSplits(roles)
        return try prepare(
            train: keepsTokens ? train : train.withoutTokens, test: keepsTokens ? test : test?.withoutTokens)
    }

    /// Prepares examples that are in memory already, under the name of `specification`.
    ///
    /// - Throws: `DatasetError` where there are fewer examples than asked for, or they cannot be standardised.
    public func prepare(train: Dataset, test: Dataset?) throws -> PreparedData {
        let remarks = train.remarks
        var train = train, test = test
        // Statistics are those of the examples that are trained on.
        if let examples { train = try train.prefix(examples) }
        var record = DataRecord(
            specification: specification.description, exampleShape: train.exampleShape,
            classes: train.classCount, outputs: max(train.outputWidth, test?.outputWidth ?? 0),
            trainingExamples: train.count, testExamples: test?.count)
        if train.inputs.areTokens { record.takesTokens = true }
        if roles != DataRoles() { record.roles = roles }
        guard standardization == .none || train.arrays.count == 1 else {
            throw ModelError.standardizesOne(inputs: train.arrays.map(\.name))
        }
        if let standardization = try standardization.standardization(of: train) {
            train = try train.standardized(by: standardization)
            test = try test?.standardized(by: standardization)
            record.standardization = StandardizationRecord(
                mean: standardization.mean, deviation: standardization.deviation)
        }
        if labelNoise > 0 {
            train = try train.withLabelNoise(labelNoise, seed: seed)
            record.labelNoise = labelNoise
            record.labelNoiseSeed = seed
        }
        return PreparedData(train: train, test: test, record: record, remarks: remarks)
    }
}

/// The examples of a model, prepared, and what a checkpoint records of them.
public struct PreparedData: Sendable {
    /// With label noise, and standardised where that was asked for.
    public let train: Dataset
    /// Standardised alike, with its true labels; nil where the data have no test split.
    public let test: Dataset?
    /// What a checkpoint keeps, so that the examples can be prepared again.
    public package(set) var record: DataRecord
    /// What a user should know of how the examples were read, one line each.
    public var remarks: [String] = []

    /// The same for a network of so many outputs and a loss that takes a number for each.
    package func takingLabelsAsNumbers(for loss: Loss, outputs: Int) -> PreparedData {
        var record = record
        let train = train.takingLabelsAsNumbers(for: loss, outputs: outputs)
        if train.targets != self.train.targets { record.outputs = outputs }
        return PreparedData(
            train: train, test: test?.takingLabelsAsNumbers(for: loss, outputs: outputs), record: record,
            remarks: remarks)
    }
}

extension Dataset {
    /// Where no classes are chosen by outputs, whole numbers in a file are targets of them, not classes: 0 and 1 for `bce` with one
    /// output. Labels of several classes for as many outputs stay labels, whose one-hot rows are the targets.
    func takingLabelsAsNumbers(for loss: Loss, outputs: Int) -> Dataset {
        !loss.takesClasses && targetShape.reduce(1, *) == outputs ? withLabelsAsValues : self
    }
}
