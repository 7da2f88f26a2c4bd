import Datasets
import Essentials
import Foundation
import Networks
import ONNX

/// Which loss is meant for a graph and its data, decided by what the outputs and the targets are.
struct ImportedLoss {
    /// Settled: every choice that analyses need is made.
    private(set) var loss: Loss
    /// What was decided, one line each.
    private(set) var notes: [String] = []

    /// Examples that outputs are looked at on.
    static let sampleSize = 256
    /// How far from 1 a sum of probabilities in Float64 may be: what writing them down in Float32 and clipping them leaves.
    /// Nobody said that they are probabilities, so less is forgiven than where a loss of probabilities was chosen.
    private static let tolerance = 1e-5

    /// - Parameters:
    ///   - chosen: the loss that was asked for; nil for what suits the data.
    ///   - labelSmoothing: of a cross-entropy.
    ///   - batchSize: examples of a batch, for a loss that is no mean over examples.
    /// - Throws: `DataMismatch` where targets leave the loss open, or do not suit it.
    init(
        _ model: inout ImportedModel, _ data: Dataset, chosen: Loss?, labelSmoothing: Double, sample: ExampleSample?,
        batchSize: Int?
    ) throws {
        if let output = chosen?.outputLoss {
            loss = try Self.settled(output, &model, sample, batchSize, &notes)
            return
        }
        loss = try Loss(
            suiting: data, chosen: chosen ?? Self.suiting(model, data), labelSmoothing: labelSmoothing)
        if !loss.takesClasses, case .classes(_, let classes) = data.targets, data.targetShape.isEmpty,
            model.network.outputs > 1
        {
            notes.append(
                "the loss \(loss.name) is of numbers: each label is taken for a row of \(classes) numbers, 1 at its class and 0 elsewhere"
            )
        }
        guard loss.givenScale == nil else { return }
        try lookAtOutputs(&model, data, sample, isChosen: chosen != nil)
    }

    /// The one loss that targets suggest.
    private static func suiting(_ model: ImportedModel, _ data: Dataset) throws(DataMismatch) -> Loss {
        let outputs = model.network.outputs, isSigmoid = model.ending?.kind == .sigmoid
        let bce = "--loss bce (outputs are logits of yes), --loss bce:outputs=probabilities"
        switch data.targets {
        case .classes(let labels, let classes):
            let elements = data.targetShape.reduce(1, *)
            guard elements == outputs, classes <= 2 || outputs == 1 || elements > 1 else {
                return .crossEntropy(labelSmoothing: 0)
            }
            guard Self.areBinary(labels) else {
                if elements > 1 { return .crossEntropy(labelSmoothing: 0) }
                return .meanSquaredError
            }
            if isSigmoid { return .binaryCrossEntropy }
            throw .lossOpen(
                found: outputs == 1
                    ? "targets of 0 and 1 and one output"
                    : "\(outputs) targets of 0 and 1 an example, and as many outputs",
                choices: "\(bce) or --loss mse (a regression on 0 and 1)")
        case .values(let values, let width):
            if Self.areBinary(values) {
                if isSigmoid { return .binaryCrossEntropy }
                throw .lossOpen(
                    found: "\(width) targets of 0 and 1 an example",
                    choices:
                        "\(bce), --loss cross-entropy (each row is the classes' probabilities) or --loss mse (a regression on 0 and 1)"
                )
            }
            if width > 1, width == outputs,
                data.targetShape.indices.contains(where: {
                    ProbabilityRows.sumToOne(values, data.targetShape, along: $0, tolerance: Self.tolerance)
                })
            {
                throw .lossOpen(
                    found: "rows of targets that sum to 1",
                    choices:
                        "--loss cross-entropy (soft targets), --loss kl (outputs are log-probabilities) or --loss mse (a regression)"
                )
            }
            return .meanSquaredError
        case .none: return .meanSquaredError
        }
    }

    /// Whether targets are 0 and 1, and both occur: all zeros are what a residual is to become.
    private static func areBinary<Number: BinaryFloatingPoint>(_ targets: [Number]) -> Bool {
        targets.allSatisfy { $0 == 0 || $0 == 1 } && targets.contains(0) && targets.contains(1)
    }

    private static func areBinary(_ labels: [Int32]) -> Bool { areBinary(labels.map(Float.init)) }

    // MARK: what outputs are

    /// Decides whether outputs are logits, probabilities or their logarithms, by what they are on the data.
    private mutating func lookAtOutputs(
        _ model: inout ImportedModel, _ data: Dataset, _ sample: ExampleSample?, isChosen: Bool
    ) throws {
        switch loss.kind {
        case .crossEntropy, .binaryCrossEntropy: break
        default:
            if let ending = model.ending {
                notes.append(
                    "the model ends in \(ending.kind.rawValue), and the loss \(loss.name) is applied to what that gives"
                )
            }
            return
        }
        guard let sample else { return }
        let outputs: [Double]
        do {
            outputs = try model.outputs(of: sample)
        } catch is SampleRun.TooLarge {
            notes.append(
                "the outputs were too many to be looked at, and are taken for logits; --loss \(loss.specification):outputs=probabilities takes them for probabilities"
            )
            return
        }
        if case .binaryCrossEntropy = loss.kind { return try lookAtYesAndNo(&model, outputs) }
        let layout = try LossLayout(loss, of: data, for: model.network)
        guard let found = Self.scale(of: outputs, layout) else {
            if let ending = model.ending {
                notes.append(
                    "the model ends in \(ending.kind.rawValue), but its outputs do not sum to 1 over the classes, and are taken for logits"
                )
            }
            return
        }
        if try takeOffEnding(of: &model) { return }
        loss.givenScale = found
        notes.append(
            found == .probabilities
                ? "the outputs are probabilities: on \(sample.count) examples none is negative and they sum to 1 over the classes; the loss is −log p of the label (--loss cross-entropy:outputs=logits takes them for logits)"
                : "the outputs are log-probabilities: on \(sample.count) examples their exponentials sum to 1 over the classes; the loss is the negative of the label's"
        )
    }

    /// Takes off a last step that the loss contains; whether there is one.
    private mutating func takeOffEnding(of model: inout ImportedModel) throws -> Bool {
        guard let ending = model.ending, ending.isPart(of: loss) else { return false }
        try model.takeOffEnding()
        notes.append(
            "the model ends in \(ending.kind.rawValue), which the loss \(loss.name) contains; that step is taken off")
        return true
    }

    private mutating func lookAtYesAndNo(_ model: inout ImportedModel, _ outputs: [Double]) throws {
        if try takeOffEnding(of: &model) { return }
        guard outputs.allSatisfy({ 0...1 ~= $0 }) else { return }
        if model.ending?.kind == .sigmoid {
            loss.givenScale = .probabilities
            notes.append("the outputs are probabilities, of a Sigmoid; the loss is −t log p − (1 − t) log(1 − p)")
            return
        }
        throw DataMismatch.lossOpen(
            found: "outputs that all lie between 0 and 1",
            choices: "--loss bce:outputs=probabilities (they are probabilities of yes) or --loss bce:outputs=logits")
    }

    /// Whether outputs are probabilities or their logarithms over the classes; nil for neither.
    static func scale(of outputs: [Double], _ layout: LossLayout) -> Loss.Scale? {
        guard !outputs.isEmpty else { return nil }
        func all(_ probability: (Double) -> Double) -> Bool {
            ProbabilityRows.sumToOne(
                outputs, layout.outputShape, along: layout.classAxis, tolerance: tolerance, of: probability)
        }
        if all({ $0 }) { return .probabilities }
        return all({ $0 <= tolerance ? exp($0) : -1 }) ? .logProbabilities : nil
    }

    // MARK: a loss of the graph's own

    /// Whether one number for a batch is the mean of its examples' losses, as random batches show.
    private static func settled(
        _ output: Loss.OutputLoss, _ model: inout ImportedModel, _ sample: ExampleSample?, _ batchSize: Int?,
        _ notes: inout [String]
    ) throws -> Loss {
        var output = output
        guard model.network.givesOneForBatch else {
            output.subject = .example
            return Loss(.output(output))
        }
        if case .batch = output.subject { return Loss(.output(output)) }
        let exported = model.exportedBatch
        // Whether it is a mean takes other batches to see.
        guard model.network.onlyBatch == nil else {
            output.subject = .batch(try fixedBatch(exported ?? 1, batchSize))
            notes.append(
                "the graph takes batches of \(exported ?? 1) examples alone, as it was exported: what is measured is the mean over such batches, in the data's order"
            )
            return Loss(.output(output))
        }
        guard let sample, sample.count >= 2 else {
            throw DataMismatch.lossOpen(
                found: "a loss of one number for a batch, and too few examples to see whether it is a mean over them",
                choices: "--batch-size N for a loss of fixed batches")
        }
        switch try MeanTest(model, sample).finding {
        case .mean:
            output.subject = .mean
            notes.append(
                "the loss is the mean of its examples' losses: batches and their halves agree on \(sample.count) examples"
            )
        case .sum:
            throw DataMismatch.lossOpen(
                found: "a loss that is the sum of its examples' losses",
                choices: "a graph whose loss is their mean (PyTorch's reduction='mean')")
        case .neither:
            // Nothing shows that what is rebuilt for another batch is the same loss.
            if let exported {
                _ = try fixedBatch(exported, batchSize)
                try model.keepExportedBatch()
            }
            guard let size = batchSize ?? exported else {
                throw DataMismatch.lossOpen(
                    found: "a loss that is no mean of examples' losses (batches and their halves disagree)",
                    choices: "--batch-size N: the mean over fixed batches of N examples is measured")
            }
            output.subject = .batch(size)
            notes.append(
                "the loss is no mean of examples' losses (batches and their halves disagree): what is measured is the mean over fixed batches of \(size) examples, in the data's order"
            )
        }
        return Loss(.output(output))
    }

    /// The batch of a graph that was exported for one.
    private static func fixedBatch(_ exported: Int, _ asked: Int?) throws -> Int {
        guard asked ?? exported == exported else {
            throw DataMismatch.lossOpen(
                found:
                    "a loss of one number for a batch, exported for batches of \(exported), and --batch-size \(asked ?? 0)",
                choices: "--batch-size \(exported), or export it with dynamic_shapes for an open batch")
        }
        return exported
    }
}
