import ArgumentParser
import Foundation
import Landscape

extension OptimizerKind: ExpressibleByArgument {}

extension AugmentationKinds: ExpressibleByArgument {
    /// The kinds that an argument names, such as `crop,flip`; `nil` for other text.
    public init?(argument: String) { self.init(argument) }
    /// The default as `--help` shows it.
    public var defaultValueDescription: String { isEmpty ? "none" : description }
    /// The values that `--help` lists.
    public static var allValueStrings: [String] { ["crop", "flip", "\(all)"] }
}

extension BaseOptimizerKind: ExpressibleByArgument {}
extension PerturbedParameters: ExpressibleByArgument {}
extension Schedule: ExpressibleByArgument {}
extension NetworkOptions.Activation: ExpressibleByArgument {}
extension NetworkOptions.Normalization: ExpressibleByArgument {}

struct TrainCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "train", "Trains a network and writes a checkpoint.",
        remark: "An interrupted training continues with --resume, to the same bits as without the interruption.",
        examples: [
            "landscape train --model mlp:64-32-10 --data digits --epochs 20",
            "landscape train --model mlp:64-32-10 --data digits --optimizer sam --rho 0.05 --gradients 480 -o sam.bin",
        ])

    @Option(help: ArgumentHelp("The network: \(Architecture.names).", valueName: "network")) var model: String?
    @Option(
        help: ArgumentHelp(
            "Start from this checkpoint's network and weights instead of --model.", valueName: "checkpoint"),
        completion: .file(extensions: ["bin"]))
    var start: String?
    @Option(
        help: ArgumentHelp(
            "Training data: \(DataSpecification.forms). With --start, the checkpoint's by default.",
            valueName: "specification")) var data: String?
    @Option(name: .customShort("o"), help: .file("The checkpoint to write."), completion: .file()) var output =
        "ckpt.bin"
    @Option(help: ArgumentHelp("Update rule.", valueName: "name")) var optimizer = OptimizerKind.sgd
    @Option(
        help: ArgumentHelp("Update rule after the ascent step of SAM and its kin (default: sgd).", valueName: "name"))
    var base: BaseOptimizerKind?
    @Option(help: ArgumentHelp("Radius ρ of the ascent step (default: 0.05; asam 0.5).", valueName: "radius")) var rho:
        Double?
    @Option(help: ArgumentHelp("η of ASAM's |w| + η (default: 0.01).", valueName: "number")) var eta: Double?
    @Option(help: ArgumentHelp("α of GSAM (default: 0.4), LookSAM (0.7) or Eigen-SAM (0.2).", valueName: "share"))
    var alpha: Double?
    @Option(help: ArgumentHelp("LookSAM: steps from one ascent to the next (default: 5).", valueName: "steps"))
    var lookEvery: Int?
    @Option(
        help: ArgumentHelp(
            "Eigen-SAM: steps from one estimate of the top eigenvector to the next (default: 100).", valueName: "steps")
    )
    var eigenEvery: Int?
    @Option(
        help: ArgumentHelp(
            "Friendly-SAM: σ, how much of the average of gradients is taken away (default: 1).", valueName: "factor")
    )
    var sigma: Double?
    @Option(
        help: ArgumentHelp("Friendly-SAM: λ of the moving average of gradients (default: 0.9).", valueName: "share"))
    var averaging: Double?
    @Option(help: ArgumentHelp("m-SAM: examples of a batch that share an ascent step.", valueName: "examples"))
    var m: Int?
    @Option(help: ArgumentHelp("Learning rate (default: 0.05; adam and adamw 0.001, muon 0.02).", valueName: "rate"))
    var lr: Double?
    @Option(
        help: ArgumentHelp(
            "Muon: learning rate of the AdamW for what is no hidden weight (default: 3e-4).", valueName: "rate"))
    var adamLr: Double?
    @Option(help: ArgumentHelp("Momentum (default: 0.9; muon 0.95).", valueName: "factor")) var momentum: Double?
    @Option(help: ArgumentHelp("Weight decay (default: 5e-4; adam and muon 0, adamw 0.01).", valueName: "factor"))
    var weightDecay: Double?
    @Option(
        help: ArgumentHelp(
            "Parameters that the ascent step moves: all, or only scales and shifts of normalization layers.",
            valueName: "which"))
    var perturb = PerturbedParameters.all
    @Flag(help: "Include the weight decay in the ascent step.") var decayInAscent = false
    @Option(help: ArgumentHelp("Schedule of the learning rate.", valueName: "name")) var schedule = Schedule.cosine
    @Option(help: ArgumentHelp("Linear warm-up in epochs, or in steps: '100 steps'.", valueName: "span")) var warmup:
        String?
    @Option(help: ArgumentHelp("Number of epochs (default: 20).", valueName: "count")) var epochs: Double?
    @Option(help: ArgumentHelp("Number of steps, instead of --epochs.", valueName: "count")) var steps: Int?
    @Option(
        name: [.long, .customLong("max-grad-evals")],
        help: ArgumentHelp(
            "Number of gradients of batches, instead of --epochs. A step takes one for each of its batches, two with an ascent, so equal numbers are equal cost.",
            valueName: "count")
    )
    var gradients: Int?
    @Option(help: ArgumentHelp("Examples in a batch.", valueName: "examples")) var batchSize = 128
    @Option(help: ArgumentHelp("Batches whose gradients make one step.", valueName: "batches")) var accumulate = 1
    @Option(help: ArgumentHelp("Train on so many examples only, the first ones.", valueName: "count")) var examples:
        Int?
    @OptionGroup var loss: LossOptions
    @Option(help: ArgumentHelp("Share of the training labels that are replaced by wrong ones.", valueName: "share"))
    var labelNoise = 0.0
    @Option(
        help: ArgumentHelp(
            "Shift (crop) and mirror (flip) training images. Without a value: both.", valueName: "crop,flip"))
    var augment: AugmentationKinds = []
    @Option(help: ArgumentHelp("Largest norm of a gradient.", valueName: "norm")) var gradClip: Double?
    @Option(
        help: ArgumentHelp(
            "Measure λmax of the Hessian after every so many epochs and draw it beside the checkpoint.",
            valueName: "epochs"))
    var trackSharpness: Int?
    @Option(
        help: ArgumentHelp(
            "With --track-sharpness, measure the gradient's share in the space of so many top eigenvectors, too.",
            valueName: "count"))
    var trackTop: Int?
    @Option(help: ArgumentHelp("Keep a checkpoint NAME.epochNNN.bin after every so many epochs.", valueName: "epochs"))
    var saveEvery: Int?
    @Option(
        help: ArgumentHelp(
            "Keep the moving average of the weights with this decay, such as 0.999, and write it to NAME.ema.bin.",
            valueName: "decay"))
    var ema: Double?
    @Option(
        help: ArgumentHelp(
            "Average the weights at the end of every epoch from this one on, and write the mean to NAME.swa.bin.",
            valueName: "epoch"))
    var swaStart: Int?
    @Option(help: .activation) var activation: NetworkOptions.Activation?
    @Option(help: .norm) var norm: NetworkOptions.Normalization?
    @Option(help: ArgumentHelp("Precision of the network.", valueName: "type")) var precision = Precision.float
    @Option(
        help: ArgumentHelp("Seed of everything random: initial weights, batches, augmentation.", valueName: "number"))
    var seed: UInt64 = 0
    @Flag(
        help:
            "Continue from the checkpoint at -o, which is written every 30 s; where there is none, from the newest NAME.epochNNN.bin."
    )
    var resume = false
    @OptionGroup var standardization: StandardizationOptions
    @OptionGroup var figure: FigureOptions
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        if OutputFile.isPicture(output) {
            throw ValidationError(
                "-o \(output): expected a name for the checkpoint, such as ckpt.bin; train draws no picture there")
        }
        guard (model == nil) != (start == nil) else {
            throw ValidationError("expected one of --model (a new network) and --start (a checkpoint's)")
        }
        guard data != nil || start != nil else {
            throw ValidationError("--data is missing: \(DataSpecification.forms)")
        }
        guard start == nil || (activation == nil && norm == nil) else {
            throw ValidationError(
                "--activation and --norm are for new networks; --start takes the checkpoint's network")
        }
        if [epochs != nil, steps != nil, gradients != nil].filter({ $0 }).count > 1 {
            throw ValidationError("--epochs, --steps and --gradients: expected one of them")
        }
        if !unused.isEmpty {
            throw ValidationError(
                "\(unused.joined(separator: ", ")): no effect with --optimizer \(optimizer.rawValue)\(base.map { " --base \($0.rawValue)" } ?? ""); leave it out or choose another --optimizer"
            )
        }
        if let trackSharpness, trackSharpness < 1 {
            throw ValidationError("--track-sharpness \(trackSharpness): expected a number of epochs from 1")
        }
        if let trackTop {
            guard trackSharpness != nil else {
                throw ValidationError(
                    "--track-top has no effect without --track-sharpness; add it, or leave --track-top out")
            }
            guard 1...1000 ~= trackTop else {
                throw ValidationError("--track-top \(trackTop): expected a number of eigenvectors from 1 to 1000")
            }
        }
    }

    /// `--augment` without a value is `--augment=crop,flip`.
    static func completingAugment(_ arguments: [String]) -> [String] {
        arguments.enumerated().map { index, argument in
            guard argument == "--augment", arguments.first == configuration.commandName else { return argument }
            let next = index + 1 < arguments.count ? arguments[index + 1] : "--"
            return next.hasPrefix("-") ? "--augment=\(AugmentationKinds.all)" : argument
        }
    }

    /// Options that say nothing with the chosen optimiser.
    private var unused: [String] {
        var names: [String] = []
        func check(_ isGiven: Bool, _ name: String, _ isUsed: Bool) { if isGiven, !isUsed { names.append(name) } }
        check(rho != nil, "--rho", optimizer.ascends)
        check(eta != nil, "--eta", optimizer == .asam)
        check(alpha != nil, "--alpha", [.gsam, .looksam, .eigensam].contains(optimizer))
        check(eigenEvery != nil, "--eigen-every", optimizer == .eigensam)
        check(lookEvery != nil, "--look-every", optimizer == .looksam)
        check(sigma != nil, "--sigma", optimizer == .fsam)
        check(averaging != nil, "--averaging", optimizer == .fsam)
        check(perturb != .all, "--perturb", optimizer.ascends)
        check(decayInAscent, "--decay-in-ascent", optimizer.ascends)
        let descent = BaseOptimizerKind(rawValue: optimizer.rawValue) ?? base ?? .sgd
        check(base != nil, "--base", optimizer.ascends)
        check(momentum != nil, "--momentum", descent != .adam && descent != .adamw)
        check(adamLr != nil, "--adam-lr", descent == .muon)
        return names
    }

    private func settings(_ origin: Model?) throws -> TrainingConfiguration {
        let options = NetworkOptions(activation: activation, normalization: norm)
        var settings = TrainingConfiguration(
            model: origin?.metadata.model ?? (model ?? "") + options.suffix,
            data: try data.map { try DataSpecification($0) } ?? origin?.dataSpecification ?? .digits,
            optimizer: optimizer, base: base ?? .sgd)
        settings.loss = origin?.loss
        // Inputs as the network knows them, unless the command says otherwise.
        settings.standardization = origin?.metadata.data.standardization
        if let rho { settings.rho = rho }
        if let eta { settings.eta = eta }
        if let alpha { settings.alpha = alpha }
        if let lookEvery { settings.lookEvery = lookEvery }
        if let eigenEvery { settings.eigenEvery = eigenEvery }
        if let sigma { settings.sigma = sigma }
        if let averaging { settings.averaging = averaging }
        settings.m = m
        settings.accumulation = accumulate
        if let lr { settings.learningRate = lr }
        if let adamLr { settings.adamRate = adamLr }
        if let momentum { settings.momentum = momentum }
        if let weightDecay { settings.weightDecay = weightDecay }
        settings.decaysInAscent = decayInAscent
        settings.perturbs = perturb
        settings.schedule = schedule
        if let warmup {
            guard let span = TrainingSpan(warmup) else {
                throw UnusableRequest("--warmup \(warmup): expected epochs, such as 1, or '100 steps'")
            }
            settings.warmup = span
        }
        if let steps { settings.length = .steps(steps) } else if let epochs { settings.length = .epochs(epochs) }
        settings.gradients = gradients
        settings.batchSize = batchSize
        settings.examples = examples
        if let loss = try loss.choice() { settings.loss = loss }
        settings.labelSmoothing = loss.labelSmoothing
        settings.labelNoise = labelNoise
        settings.augmentation = augment
        try standardization.apply(to: &settings)
        settings.gradientClip = gradClip
        (settings.ema, settings.swaStart, settings.saveEvery) = (ema, swaStart, saveEvery)
        settings.seed = seed
        settings.precision = precision
        do { try settings.validate() } catch { throw UnusableRequest("\(error)") }
        return settings
    }

    /// What `--resume` goes on from.
    private func keptState() throws -> (path: String, checkpoint: Checkpoint) {
        let path = FilePath.exists(output) ? output : Trainer.newestCheckpoint(beside: output) ?? output
        return (path, try Checkpoint.read(path))
    }

    func run() throws {
        try ResultKeys.training(tracksSharpness: trackSharpness != nil, averages: ema != nil || swaStart != nil).check(
            general.keys)
        general.prepare("reading the data")
        let origin = try start.map { try Model.open($0) }
        let settings = try settings(origin)
        try OutputFile.checkWritable(output)
        if trackSharpness == nil { try figure.refuse("train draws a picture with --track-sharpness alone") }
        let style = try figure.style(
            FigureStyle.Part.ofLines.subtracting([.scale, .valueRange]), on: "the sharpness during training",
            writes: trackingFiles)
        if trackSharpness != nil { for path in trackingFiles { try OutputFile.checkWritable(path) } }
        let started = Date()
        let kept = resume ? try keptState() : nil
        let trainer = try Trainer(settings, resuming: kept?.checkpoint, startingFrom: resume ? nil : origin)
        if let kept {
            general.remark(
                "going on from \(kept.path), step \(kept.checkpoint.metadata.step) of \(trainer.totalSteps)")
        }
        // θ alone; what a training keeps beside it can be as much again.
        try OutputFile.checkWritable(output, bytes: trainer.network.parameters.count * precision.size)
        trainer.tool = Software.name
        for remark in trainer.data.remarks { general.remark(remark) }
        if let trackSharpness {
            trainer.sharpnessTracking = SharpnessTracking(every: trackSharpness, top: trackTop ?? 0)
        }
        let monitor = general.monitor
        trainer.shouldStop = { Signals.isRequested }
        trainer.keepEvery = KeptWork.interval
        trainer.onUnkept = { general.remark("warning: the state of the training is not kept: \($0)") }
        trainer.onProgress = { state in
            let accuracy = state.accuracy.map { "  accuracy \(Format.percent($0))" } ?? ""
            try? monitor.update(
                "train", state.step, of: state.totalSteps,
                "epoch \(state.epoch)/\(state.epochs)  loss \(Format.short(state.loss))\(accuracy)")
        }
        if !general.quiet {
            trainer.onEpoch = { record in
                let test = record.testLoss.map { ", test loss \(Format.short($0))" } ?? ""
                let right = record.testAccuracy.map { " accuracy \(Format.percent($0))" } ?? ""
                general.remark(
                    "epoch \(record.epoch): train loss \(Format.short(record.trainLoss))\(record.trainAccuracy.map { " accuracy \(Format.percent($0))" } ?? "")\(test)\(right)"
                )
            }
        }
        let outcome: TrainingOutcome
        do {
            outcome = try trainer.run(to: output)
        } catch let problem as FileError {
            // The state of the training, which --resume goes on from.
            throw OutputFile.kept(output, problem) { try trainer.checkpoint().write(to: $0) }
        }
        guard outcome.isFinished else {
            throw Interruption(
                advice:
                    "\(output) keeps step \(outcome.steps) of \(trainer.totalSteps); repeat the command with --resume to continue"
            )
        }
        for warning in outcome.warnings { general.remark("warning: \(warning)") }
        let context = RunContext(
            command: "train", checkpoint: output, model: settings.model,
            data: outcome.checkpoint.metadata.data.specification, split: .train, examples: trainer.data.train.count,
            seed: seed, precision: precision, lossName: trainer.loss.name,
            evaluation: Evaluation(loss: outcome.trainLoss ?? .nan, accuracy: outcome.trainAccuracy),
            weightNorm: Vectors.norm(outcome.checkpoint.theta), seconds: Date().timeIntervalSince(started))
        let report = TrainingReport(context: context, outcome, optimizer: optimizer, output: output)
        // Files first: what cannot be printed is no reason to lose them.
        if trackSharpness != nil {
            let origin = try Origin(words: Array(LandscapeTool.arguments.dropFirst()), checkpoints: [output])
            for path in trackingFiles {
                try OutputFile.write(path, beside: output) { try report.write(to: $0, style: style, origin: origin) }
            }
            if let figure = report.figure {
                for miss in style.misses(in: figure) { general.remark("warning: \(miss.remark)") }
            }
            general.remark("picture and data written to \(trackingFiles.joined(separator: ", "))")
        }
        try general.print(report.json, lines: report.printed)
    }

    /// Where λmax over the training is drawn, and written for `plot`.
    private var trackingFiles: [String] {
        let picture = OutputFile.picture(output, "train")
        return [picture, (picture as NSString).deletingPathExtension + ".json"]
    }
}
