import ArrayFiles
import Datasets
import Essentials
import Networks
import Tensors

/// What a checkpoint says about its tensors: everything needed to rebuild the model, reload the data and continue the
/// training. Fields of later versions are added as optionals; a reader skips what it does not know.
public struct CheckpointMetadata: Sendable, Equatable {
    /// The model as the command line names it, such as `mlp:64-32-10`, with all its options.
    public var model: String
    /// The loss that was minimised, such as `cross-entropy`.
    public var loss: String
    /// What θ is stored and computed in.
    public var precision: Precision
    /// The seed of initialisation, batches and everything else random.
    public var seed: UInt64
    /// Optimiser steps taken so far.
    public var step: Int
    /// Whole passes over the training split so far.
    public var epoch: Int
    /// The data of the training.
    public var data: DataRecord
    /// nil for imported models.
    public var training: TrainingRecord?
    /// One record an epoch, oldest first.
    public var history: [EpochRecord]
    /// The version of the program that wrote this.
    public var tool: String?
    /// When, if the user wants that stored; without it, equal runs give equal files.
    public var created: String?
    /// Text under keys that this version does not know; kept when the checkpoint is written again.
    public var other: [String: String]
    /// Where it was read from.
    package var place = CheckpointPlace()

    /// Metadata of these values.
    public init(
        model: String, loss: String, precision: Precision = .float, seed: UInt64 = 0, step: Int = 0, epoch: Int = 0,
        data: DataRecord, training: TrainingRecord? = nil, history: [EpochRecord] = [], tool: String? = nil,
        created: String? = nil, other: [String: String] = [:]
    ) {
        self.model = model
        self.loss = loss
        self.precision = precision
        self.seed = seed
        self.step = step
        self.epoch = epoch
        self.data = data
        self.training = training
        self.history = history
        self.tool = tool
        self.created = created
        self.other = other
    }
}

/// The data that a model was trained on.
public struct DataRecord: Sendable, Codable, Equatable {
    /// As the command line named it.
    public var specification: String
    /// The shape of one example: [C, H, W], [D] or [T].
    public var exampleShape: [Int]
    /// nil for regression.
    public var classes: Int?
    /// Numbers that the model puts out for an example.
    public var outputs: Int
    /// In the training split, as far as it was used.
    public var trainingExamples: Int
    /// nil when there is no test split.
    public var testExamples: Int?
    /// Mean and deviation of each channel, when inputs are standardised.
    public var standardization: StandardizationRecord?
    /// The share of training labels that were replaced, and by which seed.
    public var labelNoise: Double?
    /// Of the replaced labels.
    public var labelNoiseSeed: UInt64?
    /// True where an example is a row of tokens; nil or false where it is real numbers.
    public var takesTokens: Bool?
    /// For an imported graph of several inputs: all of them, as the data have them.
    public var inputs: [NetworkInput]?
    /// Which arrays of data with named arrays are what; nil for those that data have by convention.
    public var roles: DataRoles?

    /// A record of these values.
    public init(
        specification: String, exampleShape: [Int], classes: Int?, outputs: Int, trainingExamples: Int,
        testExamples: Int? = nil, standardization: StandardizationRecord? = nil, labelNoise: Double? = nil,
        labelNoiseSeed: UInt64? = nil, takesTokens: Bool? = nil
    ) {
        self.specification = specification
        self.exampleShape = exampleShape
        self.classes = classes
        self.outputs = outputs
        self.trainingExamples = trainingExamples
        self.testExamples = testExamples
        self.standardization = standardization
        self.labelNoise = labelNoise
        self.labelNoiseSeed = labelNoiseSeed
        self.takesTokens = takesTokens
    }

    enum CodingKeys: String, CodingKey {
        case specification, classes, outputs, standardization, inputs, roles
        case exampleShape = "example_shape"
        case trainingExamples = "training_examples"
        case testExamples = "test_examples"
        case labelNoise = "label_noise"
        case labelNoiseSeed = "label_noise_seed"
        case takesTokens = "takes_tokens"
    }

    /// What is impossible about these values, if anything: a file may say whatever it likes.
    var contradiction: String? {
        var size = 1
        for extent in exampleShape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            if extent <= 0 || overflow { return "the example shape \(exampleShape.shown)" }
            size = product
        }
        if exampleShape.isEmpty && inputs == nil || exampleShape.count > 7 {
            return "the example shape \(exampleShape.shown)"
        }
        for input in inputs ?? [] {
            guard NumericArray.byteCount(shape: input.shape, size: 8) != nil, !input.shape.contains(0) else {
                return "the input shape \(input.shape.shown)"
            }
        }
        if let inputs, inputs.first?.shape != exampleShape { return "inputs that begin with another shape" }
        if outputs <= 0 { return "\(outputs) outputs" }
        if let classes, classes <= 0 { return "\(classes) classes" }
        if trainingExamples < 0 { return "\(trainingExamples) training examples" }
        if let testExamples, testExamples < 0 { return "\(testExamples) test examples" }
        if let labelNoise, !(0...1).contains(labelNoise) { return "label noise of \(labelNoise)" }
        guard let standardization else { return nil }
        let (mean, deviation) = (standardization.mean, standardization.deviation)
        let areUsable = mean.allSatisfy(\.isFinite) && deviation.allSatisfy { $0.isFinite && $0 > 0 }
        if mean.count != deviation.count || mean.isEmpty || !areUsable {
            return "a standardisation of \(mean.count) means and \(deviation.count) deviations that cannot be applied"
        }
        return nil
    }
}

/// What inputs are standardised with: a value of each for every channel.
public struct StandardizationRecord: Sendable, Codable, Equatable {
    /// Subtracted.
    public var mean: [Double]
    /// Divided by, after that.
    public var deviation: [Double]

    /// A value of each for every channel.
    public init(mean: [Double], deviation: [Double]) {
        self.mean = mean
        self.deviation = deviation
    }
}

/// How a model was trained: the optimiser and every setting, so that the run can be continued or repeated.
public struct TrainingRecord: Sendable, Codable, Equatable {
    /// `sgd`, `sam` and so on.
    public var optimizer: String
    /// Numbers by name: `lr`, `momentum`, `rho`, `batch-size`, `epochs` and so on, as on the command line.
    public var settings: [String: Double]
    /// Words by name: `schedule`, `augment` and so on.
    public var choices: [String: String]

    /// What the weights were made into after the training, such as `ema` or `aligned`, so that none goes on from them; nil for a
    /// training's own.
    public var derivation: String? {
        get { choices["average"] }
        set { choices["average"] = newValue }
    }

    /// A record of these settings.
    public init(optimizer: String, settings: [String: Double] = [:], choices: [String: String] = [:]) {
        self.optimizer = optimizer
        self.settings = settings
        self.choices = choices
    }
}

/// One epoch of a training. A diverged run's losses may be infinite or NaN; they are kept so.
public struct EpochRecord: Sendable, Codable, Equatable {
    /// From 1; the last may be a part of one.
    public var epoch: Int
    /// Optimiser steps taken at its end.
    public var step: Int
    /// Mean over the epoch's batches, each at the θ of its step.
    public var trainLoss: Double
    /// Share of examples classified right, likewise; nil for regression.
    public var trainAccuracy: Double?
    /// At the epoch's end; nil where there is no test split.
    public var testLoss: Double?
    /// At the epoch's end; nil for regression or without a test split.
    public var testAccuracy: Double?
    /// Whatever else was tracked, such as `lambda_max`.
    public var measures: [String: Double]?

    /// A record of these values.
    public init(
        epoch: Int, step: Int, trainLoss: Double, trainAccuracy: Double? = nil, testLoss: Double? = nil,
        testAccuracy: Double? = nil, measures: [String: Double]? = nil
    ) {
        self.epoch = epoch
        self.step = step
        self.trainLoss = trainLoss
        self.trainAccuracy = trainAccuracy
        self.testLoss = testLoss
        self.testAccuracy = testAccuracy
        self.measures = measures
    }

    enum CodingKeys: String, CodingKey {
        case epoch, step, measures
        case trainLoss = "train_loss"
        case trainAccuracy = "train_accuracy"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
    }
}
