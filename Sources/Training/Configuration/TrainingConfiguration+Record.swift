import Datasets
import Models
import Networks
import Tensors

/// The form in which a checkpoint keeps a configuration: settings and choices under the command line's names.
extension TrainingConfiguration {
    var record: TrainingRecord {
        var record = TrainingRecord(optimizer: optimizer.rawValue)
        record.settings = [
            "label-smoothing": labelSmoothing, "lr": learningRate, "momentum": momentum, "weight-decay": weightDecay,
            "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "rho": rho, "eta": eta,
            "batch-size": Double(batchSize), "label-noise": labelNoise,
        ]
        // Only where they say something: the records of trainings without them stay as they were.
        if [.gsam, .looksam, .eigensam].contains(optimizer) { record.settings["alpha"] = alpha }
        if optimizer == .eigensam { record.settings["eigen-every"] = Double(eigenEvery) }
        if optimizer == .looksam { record.settings["look-every"] = Double(lookEvery) }
        if optimizer == .fsam { (record.settings["sigma"], record.settings["averaging"]) = (sigma, averaging) }
        if descent == .muon { record.settings["adam-lr"] = adamRate }
        record.settings["m"] = m.map(Double.init)
        if accumulation != 1 { record.settings["accumulate"] = Double(accumulation) }
        record.settings["grad-clip"] = gradientClip
        record.settings["examples"] = examples.map(Double.init)
        record.settings["ema"] = ema
        record.settings["swa-start"] = swaStart.map(Double.init)
        record.settings["save-every"] = saveEvery.map(Double.init)
        record.choices = [
            "schedule": schedule.rawValue, "warmup": warmup.description, "length": length.description,
            "decay-in-ascent": "\(decaysInAscent)",
            "augment": augmentation.isEmpty ? "false" : augmentation == .all ? "true" : "\(augmentation)",
            "standardize": "\(standardizes)",
        ]
        if base != .sgd { record.choices["base"] = base.rawValue }
        if perturbs != .all { record.choices["perturb"] = perturbs.rawValue }
        record.choices["loss"] = loss?.specification
        record.choices["mean"] = standardization?.mean.map { "\($0)" }.joined(separator: ",")
        record.choices["std"] = standardization?.deviation.map { "\($0)" }.joined(separator: ",")
        return record
    }

    /// The configuration that a checkpoint was trained with.
    public init(_ metadata: CheckpointMetadata) throws {
        guard let record = metadata.training else { throw TrainingError.notTrained }
        func bad(_ key: String) -> ModelError {
            .damagedCheckpoint("'\(key)' of its training is missing or damaged")
        }
        func number(_ key: String) throws -> Double {
            guard let value = record.settings[key] else { throw bad(key) }
            return value
        }
        func whole(_ key: String) throws -> Int? {
            guard let value = record.settings[key] else { return nil }
            guard let number = Int(exactly: value) else { throw bad(key) }
            return number
        }
        func choice<Value>(_ key: String, _ parse: (String) -> Value?) throws -> Value {
            guard let word = record.choices[key], let value = parse(word) else { throw bad(key) }
            return value
        }
        guard let kind = OptimizerKind(rawValue: record.optimizer) else { throw bad("optimizer") }
        self.init(
            model: metadata.model,
            data: try metadata.locatedData()?.specification ?? DataSpecification(metadata.data.specification),
            optimizer: kind)
        loss = try record.choices["loss"].map(Loss.init(specification:))
        labelSmoothing = try number("label-smoothing")
        learningRate = try number("lr")
        momentum = try number("momentum")
        weightDecay = try number("weight-decay")
        (beta1, beta2, epsilon) = (try number("beta1"), try number("beta2"), try number("epsilon"))
        rho = try number("rho")
        eta = try number("eta")
        if [.gsam, .looksam, .eigensam].contains(optimizer) { alpha = try number("alpha") }
        if let every = try whole("eigen-every") { eigenEvery = every }
        if let every = try whole("look-every") { lookEvery = every }
        if optimizer == .fsam { (sigma, averaging) = (try number("sigma"), try number("averaging")) }
        if record.choices["base"] != nil { base = try choice("base", BaseOptimizerKind.init(rawValue:)) }
        if descent == .muon { adamRate = try number("adam-lr") }
        m = try whole("m")
        accumulation = try whole("accumulate") ?? 1
        decaysInAscent = try choice("decay-in-ascent", Bool.init)
        if record.choices["perturb"] != nil { perturbs = try choice("perturb", PerturbedParameters.init(rawValue:)) }
        schedule = try choice("schedule", Schedule.init(rawValue:))
        warmup = try choice("warmup", { TrainingSpan($0) })
        length = try choice("length", { TrainingSpan($0) })
        guard let size = try whole("batch-size") else { throw bad("batch-size") }
        batchSize = size
        labelNoise = try number("label-noise")
        // Both kinds are `true`, as before there was a choice.
        augmentation = try choice("augment") { word in
            Bool(word).map { $0 ? .all : [] } ?? AugmentationKinds(word)
        }
        standardizes = try choice("standardize", Bool.init)
        func numbers(_ text: String) -> [Double]? {
            let values = text.split(separator: ",").map { Double($0) ?? .nan }
            return values.allSatisfy(\.isFinite) ? values : nil
        }
        if record.choices["mean"] != nil {
            standardization = StandardizationRecord(
                mean: try choice("mean", numbers), deviation: try choice("std", numbers))
        }
        gradientClip = record.settings["grad-clip"]
        examples = try whole("examples")
        seed = metadata.seed
        precision = metadata.precision
        ema = record.settings["ema"]
        swaStart = try whole("swa-start")
        saveEvery = try whole("save-every")
        try validate()
    }

    /// What two configurations differ in, other than how long they train and how often they save.
    func differences(from other: TrainingConfiguration) -> [String] {
        var changes: [String] = []
        func compare(_ name: String, _ old: String, _ new: String) {
            if old != new { changes.append("\(name) was \(old), is now \(new)") }
        }
        // Options may be given in any order.
        func canonical(_ model: String) -> String {
            (try? NetworkOptions.split(model)).map { $0.specification + $0.options.suffix } ?? model
        }
        compare("model", canonical(other.model), canonical(model))
        compare("data", other.data.absolute.description, data.absolute.description)
        compare("optimizer", other.optimizer.rawValue, optimizer.rawValue)
        compare("seed", "\(other.seed)", "\(seed)")
        compare("precision", other.precision.rawValue, precision.rawValue)
        let free: Set = ["save-every", "length"]
        let (old, new) = (other.record, record)
        for key in Set(old.settings.keys).union(new.settings.keys).subtracting(free).sorted() {
            compare(key, old.settings[key].map { "\($0)" } ?? "none", new.settings[key].map { "\($0)" } ?? "none")
        }
        for key in Set(old.choices.keys).union(new.choices.keys).subtracting(free).sorted() {
            let usual = Self.unrecorded[key] ?? "none"
            compare(key, old.choices[key] ?? usual, new.choices[key] ?? usual)
        }
        return changes
    }

    /// Choices that a record leaves out.
    private static let unrecorded = [
        "base": BaseOptimizerKind.sgd.rawValue, "perturb": PerturbedParameters.all.rawValue,
    ]
}
