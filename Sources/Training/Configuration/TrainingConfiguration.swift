import Datasets
import Models
import Networks
import Tensors

/// Everything that decides what a training does. The same configuration gives the same bits on one machine.
public struct TrainingConfiguration: Sendable, Codable, Equatable {
    /// With all options, such as `resnet20:B;activation=tanh` (see `Network.canonicalSpecification`).
    public var model: String
    /// The data, as the command line names them.
    public var data: DataSpecification
    /// Nil for the data's own: cross-entropy for classes, mean r² for regression (PyTorch's `MSELoss`).
    public var loss: Loss?
    /// Only for cross-entropy; part of the loss that a checkpoint records. 0 by default (the SAM paper uses 0.1).
    public var labelSmoothing = 0.0
    /// The rule that moves θ.
    public var optimizer: OptimizerKind
    /// The rule below the climb of SAM and its kin: SGD with momentum, as in the papers. Other optimisers have none below them.
    public var base: BaseOptimizerKind
    /// 0.05 for SGD and SAM: half of He et al. 2015's, who train with batch normalisation. 0.001 for Adam (Kingma, Ba 2014). 0.02 for
    /// Muon, as all defaults of Muon's by its authors' code.
    public var learningRate: Double
    /// The learning rate of Muon's AdamW at the peak of the schedule: 3e-4.
    public var adamRate = 3e-4
    /// μ of SGD, SAM and ASAM: 0.9 (He et al. 2015); 0.95 for Muon.
    public var momentum: Double
    /// λ: 5e-4 for SGD and SAM (Zagoruyko, Komodakis 2016; Foret et al. 2021), 0 for Adam and Muon, 0.01
    /// for AdamW (PyTorch).
    public var weightDecay: Double
    /// β₁, β₂ and ε of Adam: PyTorch's and the paper's. Of Muon's AdamW: 0.9, 0.95 and 1e-10.
    public var beta1 = 0.9, beta2: Double, epsilon: Double
    /// ρ: 0.05 for SAM (Foret et al. 2021), 0.5 for ASAM (Kwon et al. 2021).
    public var rho: Double
    /// η of ASAM's |w| + η: 0.01 (Kwon et al. 2021).
    public var eta = 0.01
    /// α of GSAM (0.4; the best value depends on the task), of LookSAM (0.7, of its authors' 0.2 to 1) and of Eigen-SAM (0.2).
    public var alpha: Double
    /// k of LookSAM: every k-th step climbs (5, Liu et al. 2022).
    public var lookEvery = 5
    /// Eigen-SAM looks for its eigenvector in every so many-th step: 100 (Luo et al. 2024).
    public var eigenEvery = 100
    /// σ of Friendly-SAM: 1 (Li et al. 2024).
    public var sigma = 1.0
    /// λ of Friendly-SAM's moving average of the gradients: 0.9 (Li et al. 2024).
    public var averaging = 0.9
    /// m of m-SAM: examples that share a climb; nil for the whole batch.
    public var m: Int?
    /// Batches whose gradients make a step.
    public var accumulation = 1
    /// Whether the climb of SAM takes the weight decay for a part of the loss; not by default.
    public var decaysInAscent = false
    /// What the climb of SAM perturbs; all parameters by default.
    public var perturbs = PerturbedParameters.all
    /// Cosine, as the SAM paper.
    public var schedule = Schedule.cosine
    /// Linear warm-up; none by default.
    public var warmup = TrainingSpan.steps(0)
    /// 20 epochs: enough for the embedded digits.
    public var length = TrainingSpan.epochs(20)
    /// Trains for the steps that take at most so many gradients of batches, in place of `length`, which a trainer sets to them.
    ///
    /// A step takes one for each of its batches (`accumulation`), and two where it climbs. So trainings of equal numbers cost the same.
    public var gradients: Int?
    /// 128 (He et al. 2015).
    public var batchSize = 128
    /// The share of training labels that are replaced by wrong ones.
    public var labelNoise = 0.0
    /// Shifts and mirrored images (He et al. 2015); none by default.
    public var augmentation: AugmentationKinds = []
    /// Whether inputs are brought to mean 0 and deviation 1 by the training split.
    public var standardizes = false
    /// Mean and deviation that are given instead; one of each means all channels.
    public var standardization: StandardizationRecord?
    /// Largest norm of the gradient that a step is taken along; nil for no clipping.
    public var gradientClip: Double?
    /// Only the first examples of the training split; nil for all.
    public var examples: Int?
    /// Of initial values, batches, augmentation and label noise; 0 by default.
    public var seed: UInt64 = 0
    /// What θ is computed and stored in; Float32 by default.
    public var precision = Precision.float
    /// The share of the moving average of the weights that a step keeps; nil for no such average (`WeightAverage`).
    public var ema: Double?
    /// The epoch from whose end on weights are averaged with equal shares; nil for no such average (`WeightAverage`).
    public var swaStart: Int?
    /// Writes a checkpoint of its own before the first and after every so many epochs; nil for none.
    public var saveEvery: Int?

    /// The defaults of an optimiser.
    ///
    /// - Parameter base: the rule below the climb, for SAM and its kin.
    public init(
        model: String, data: DataSpecification, optimizer: OptimizerKind = .sgd, base: BaseOptimizerKind = .sgd
    ) {
        self.model = model
        self.data = data
        self.optimizer = optimizer
        self.base = base
        let descent = BaseOptimizerKind(rawValue: optimizer.rawValue) ?? base
        switch descent {
        case .sgd, .nesterov: (learningRate, weightDecay) = (0.05, 5e-4)
        case .adam: (learningRate, weightDecay) = (0.001, 0)
        case .adamw: (learningRate, weightDecay) = (0.001, 0.01)
        case .muon: (learningRate, weightDecay) = (0.02, 0)
        }
        (momentum, beta2, epsilon) = descent == .muon ? (0.95, 0.95, 1e-10) : (0.9, 0.999, 1e-8)
        rho = optimizer == .asam ? 0.5 : 0.05
        alpha = optimizer == .looksam ? 0.7 : optimizer == .eigensam ? 0.2 : 0.4
    }

    private var usual: TrainingConfiguration {
        TrainingConfiguration(model: model, data: data, optimizer: optimizer, base: base)
    }
    /// For hints: a tenth of the learning rate, or the optimiser's default where that is still far above it.
    var smallerRate: Double { Self.hint(learningRate / 10, usual.learningRate) }
    /// For hints: half of ρ, or the optimiser's default where that is still far above it.
    var smallerRadius: Double { Self.hint(rho / 2, usual.rho) }

    private static func hint(_ value: Double, _ usual: Double) -> Double { value > 10 * usual ? usual : value }

    /// The loss for data: the chosen one, with label smoothing.
    ///
    /// - Throws: `DataMismatch.loss` where it does not suit the data.
    public func loss(for data: Dataset) throws(DataMismatch) -> Loss {
        try Loss(suiting: data, chosen: loss, labelSmoothing: labelSmoothing)
    }

    /// How the data are made ready.
    ///
    /// - Parameter keepsTokens: whether whole numbers N×T are tokens and not numbers; nil where the model's name decides.
    public func preparation(keepsTokens: Bool? = nil) -> DataPreparation {
        var preparation = DataPreparation(data)
        preparation.examples = examples
        if let standardization {
            preparation.standardization = .given(standardization)
        } else if standardizes {
            preparation.standardization = .trainingSplit
        }
        (preparation.labelNoise, preparation.seed) = (labelNoise, seed)
        if let loss { preparation.roles.ignoreIndex = loss.ignoreIndex }
        preparation.keepsTokens = keepsTokens ?? Network.takesTokens(model)
        return preparation
    }
}

extension TrainingConfiguration {
    /// - Throws: `TrainingError.invalidSetting` for the first setting that is out of its range.
    public func validate() throws(TrainingError) {
        func require(
            _ isRight: Bool, _ name: String, _ found: some CustomStringConvertible, _ expected: String
        ) throws(TrainingError) {
            if !isRight { throw .invalidSetting(name: name, found: "\(found)", expected: expected) }
        }
        func positive(_ value: Double, _ name: String, _ hint: String = "") throws(TrainingError) {
            try require(value.isFinite && value > 0, name, value, "a finite number above 0" + hint)
        }
        func nonNegative(_ value: Double, _ name: String) throws(TrainingError) {
            try require(value.isFinite && value >= 0, name, value, "a finite number from 0")
        }
        func share(_ value: Double, _ name: String) throws(TrainingError) {
            try require(value >= 0 && value < 1, name, value, "a number from 0 up to, not including, 1")
        }
        try positive(learningRate, "lr")
        try require(
            optimizer.ascends || base == .sgd, "base", base.rawValue,
            "none with \(optimizer.rawValue): it goes with sam, asam, gsam, looksam, fsam, eigensam")
        try positive(adamRate, "adam-lr")
        try share(momentum, "momentum")
        try require(
            descent != .nesterov || momentum > 0, "momentum", momentum, "a number above 0 for nesterov, such as 0.9")
        try nonNegative(weightDecay, "weight-decay")
        try share(beta1, "beta1")
        try share(beta2, "beta2")
        try positive(epsilon, "epsilon")
        if optimizer.ascends { try positive(rho, "rho", " (with none, use --optimizer sgd)") }
        try nonNegative(eta, "eta")
        try nonNegative(alpha, "alpha")
        try require(lookEvery > 0, "look-every", lookEvery, "a whole number of steps from 1")
        try require(eigenEvery > 0, "eigen-every", eigenEvery, "a whole number of steps from 1")
        try nonNegative(sigma, "sigma")
        try require(
            perturbs == .all || optimizer.ascends && optimizer != .asam && optimizer != .eigensam, "perturb",
            perturbs.rawValue,
            optimizer == .asam
                ? "all with asam, whose T is 1 on normalisation layers: there it is sam's ascent"
                : "all with \(optimizer.rawValue): norm goes with sam, gsam, looksam, fsam")
        try require(averaging > 0 && averaging < 1, "averaging", averaging, "a number above 0 and below 1")
        if let m {
            try require(m > 0, "m", m, "a whole number from 1")
            try require(
                [.sam, .asam, .gsam].contains(optimizer), "m", m,
                "none with \(optimizer.rawValue): it goes with sam, asam, gsam")
        }
        try require(
            (1...Self.mostAccumulated).contains(accumulation), "accumulate", accumulation,
            "a whole number of batches from 1, at most a million")
        try share(labelSmoothing, "label-smoothing")
        try require(labelNoise >= 0 && labelNoise <= 1, "label-noise", labelNoise, "a share from 0 to 1")
        try require(batchSize > 0, "batch-size", batchSize, "a whole number from 1")
        if let gradientClip { try positive(gradientClip, "grad-clip") }
        if let examples { try require(examples > 0, "examples", examples, "a whole number from 1") }
        if let ema { try require(ema > 0 && ema < 1, "ema", ema, "a number above 0 and below 1, such as 0.999") }
        if let swaStart { try require(swaStart > 0, "swa-start", swaStart, "a whole number of epochs from 1") }
        if let saveEvery { try require(saveEvery > 0, "save-every", saveEvery, "a whole number of epochs from 1") }
        if let gradients {
            try require(
                1...Self.mostGradients ~= gradients, "gradients", gradients, "a whole number from 1, at most a billion")
        }
        switch length {
        case .epochs(let epochs):
            try require(epochs > 0 && epochs <= Self.longest, "epochs", epochs, "a number above 0, at most a million")
        case .steps(let steps):
            try require(steps > 0 && steps <= Self.mostSteps, "steps", steps, "a whole number from 1, at most 10¹²")
        }
        switch warmup {
        case .epochs(let epochs):
            try require(
                epochs >= 0 && epochs <= Self.longest, "warmup", epochs, "a number of epochs from 0, at most a million")
        case .steps(let steps):
            try require(
                steps >= 0 && steps <= Self.mostSteps, "warmup", steps, "a whole number of steps from 0, at most 10¹²")
        }
    }

    /// Bounds that keep step numbers far from overflow.
    private static let longest = 1e6, mostSteps = 1_000_000_000_000, mostAccumulated = 1_000_000
    /// Steps are counted one by one.
    private static let mostGradients = 1_000_000_000
}
