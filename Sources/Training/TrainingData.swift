import Models
import Datasets
import Networks

/// The examples that a training uses, prepared as it asks, and what a checkpoint records of them.
public struct TrainingData: Sendable {
    /// With label noise, and standardised where that was asked for.
    public let train: Dataset
    /// Standardised alike, with its true labels; nil where the data have no test split.
    public let test: Dataset?
    public internal(set) var record: DataRecord

    /// Loads and prepares the data of a configuration.
    ///
    /// - Parameter keepsTokens: whether whole numbers N×T are tokens and not numbers; nil where the configuration's model decides.
    public init(_ configuration: TrainingConfiguration, keepsTokens: Bool? = nil) throws {
        let data = configuration.data, keepsTokens = keepsTokens ?? Network.takesTokens(configuration.model)
        let test: Dataset?
        do {
            test = try data.load(.test)
        } catch DatasetError.noTestSplit {
            test = nil
        }
        let train = try data.load(.train)
        try self.init(
            train: keepsTokens ? train : train.withoutTokens, test: keepsTokens ? test : test?.withoutTokens,
            configuration)
    }

    /// Prepares examples that are in memory already, under the name of the configuration's data.
    public init(train: Dataset, test: Dataset?, _ configuration: TrainingConfiguration) throws {
        var train = train, test = test
        // Statistics are those of the examples that are trained on.
        if let examples = configuration.examples { train = try train.prefix(examples) }
        var record = DataRecord(
            specification: configuration.data.absolute.description, exampleShape: train.exampleShape,
            classes: train.classCount, outputs: max(train.outputWidth, test?.outputWidth ?? 0),
            trainingExamples: train.count, testExamples: test?.count)
        if case .tokens = train.inputs { record.takesTokens = true }
        if configuration.standardizes || configuration.standardization != nil {
            let standardization = try configuration.givenStandardization(of: train) ?? Standardization(of: train)
            train = try train.standardized(by: standardization)
            test = try test?.standardized(by: standardization)
            record.standardization = StandardizationRecord(
                mean: standardization.mean, deviation: standardization.deviation)
        }
        if configuration.labelNoise > 0 {
            train = try train.withLabelNoise(configuration.labelNoise, seed: configuration.seed)
            record.labelNoise = configuration.labelNoise
            record.labelNoiseSeed = configuration.seed
        }
        if !configuration.augmentation.isEmpty, train.exampleShape.count != 3 {
            throw TrainingError.augmentationNeedsImages(shape: train.exampleShape)
        }
        self.train = train
        self.test = test
        self.record = record
    }
}

extension TrainingConfiguration {
    /// The mean and deviation that are given, for every channel of the data.
    fileprivate func givenStandardization(of data: Dataset) throws(TrainingError) -> Standardization? {
        guard let given = standardization else { return nil }
        func all(_ values: [Double]) -> [Double] {
            values.count == 1 ? [Double](repeating: values[0], count: data.channelCount) : values
        }
        guard given.mean.count == given.deviation.count, given.deviation.allSatisfy({ $0 > 0 }) else {
            throw .invalidSetting(name: "std", found: "\(given.deviation)", expected: "a positive number for each mean")
        }
        return Standardization(mean: all(given.mean), deviation: all(given.deviation))
    }
}
