import Datasets
import Essentials
import Foundation
import Objectives
import Tensors

/// What every result states beside its own numbers.
public struct RunContext: Sendable {
    /// What computed it, such as `slice`.
    public var command: String
    /// Path of the checkpoint, or of the folder of several.
    public var checkpoint: String
    /// Path of the file whose weights took the place of the checkpoint's; nil for its own.
    public var weights: String?
    /// The model, as the command line names it.
    public var model: String
    /// The name of the data.
    public var data: String
    /// Of the data.
    public var split: Split
    /// n.
    public var examples: Int
    /// Of everything random.
    public var seed: UInt64
    /// What the network computed in.
    public var precision: Precision
    /// Where batch normalisation got its statistics.
    public var statistics: ModelLoss.BatchStatistics
    /// Examples whose statistics of batch normalisation were taken together; nil for stored ones, and for networks without.
    public var normalizedBatch: Int?
    /// What is averaged, such as `cross-entropy`.
    public var lossName: String
    /// λ of the term ½λ‖θ‖² that is part of the loss; nil where none is.
    public var weightDecay: Double?
    /// L(θ) and the accuracy of the checkpoint on this data; NaN and nil for a result of several.
    public var evaluation: Evaluation
    /// ‖θ‖₂.
    public var weightNorm: Double
    /// How long it took.
    public var seconds: Double
    /// Name and version of the program.
    public var software: String

    /// L(θ).
    public var loss: Double { evaluation.loss }
    /// In [0, 1]; nil for regression.
    public var accuracy: Double? { evaluation.accuracy }

    /// - Parameters:
    ///   - checkpoint: path of the checkpoint, or of the folder of several.
    ///   - weightDecay: λ of the term ½λ‖θ‖² that is part of the loss; nil where none is.
    ///   - evaluation: L(θ) and the accuracy there.
    public init(
        command: String, checkpoint: String, model: String, data: String, split: Split, examples: Int, seed: UInt64,
        precision: Precision, statistics: ModelLoss.BatchStatistics = .stored, normalizedBatch: Int? = nil,
        lossName: String,
        weightDecay: Double? = nil, evaluation: Evaluation, weightNorm: Double, seconds: Double,
        software: String = Software.name
    ) {
        (self.command, self.checkpoint, self.model, self.data, self.split) = (command, checkpoint, model, data, split)
        (self.examples, self.seed, self.precision, self.statistics) = (examples, seed, precision, statistics)
        self.normalizedBatch = normalizedBatch
        (self.lossName, self.weightDecay, self.evaluation) = (lossName, weightDecay, evaluation)
        (self.weightNorm, self.seconds, self.software) = (weightNorm, seconds, software)
    }

    /// Of a result about one model.
    ///
    /// - Parameters:
    ///   - command: what computed it.
    ///   - subject: the model on its data.
    ///   - evaluation: L(θ) and the accuracy there.
    ///   - seconds: how long it took.
    public init(
        command: String, _ subject: ModelLoss.Summary, _ evaluation: Evaluation, seed: UInt64 = 0, seconds: Double = 0
    ) {
        self.init(
            command: command, checkpoint: subject.name, model: subject.model, data: subject.data,
            split: subject.split, examples: subject.examples, seed: seed, precision: subject.precision,
            statistics: subject.statistics, normalizedBatch: subject.normalizedBatch, lossName: subject.lossName,
            weightDecay: subject.weightDecay, evaluation: evaluation, weightNorm: subject.weightNorm, seconds: seconds)
    }

    /// Of a result about a plain function, which has no data.
    ///
    /// - Parameters:
    ///   - function: what it is called, in results and under pictures.
    ///   - command: what computed it.
    ///   - evaluation: L(θ); nil where it was not computed.
    public init(function: String, command: String, _ evaluation: Evaluation? = nil, seed: UInt64 = 0) {
        self.init(
            command: command, checkpoint: function, model: function, data: "", split: .train, examples: 0, seed: seed,
            precision: .double, lossName: "value", evaluation: evaluation ?? Evaluation(loss: .nan), weightNorm: .nan,
            seconds: 0)
    }

    /// Whether it is about a plain function.
    private var isOfFunction: Bool { examples == 0 && data.isEmpty }

    /// What values of the loss are called on an axis, with the split where one of two is meant.
    func lossLabel(withSplit: Bool = false) -> String {
        isOfFunction ? lossName : "\(withSplit ? "\(split.rawValue) " : "")loss (\(lossName))"
    }

    /// The key of `normalizedBatch`, which results have that are not of stored statistics.
    public static let batchKey = "batchnorm_batch_size"

    /// The key of `weights`, which results have that are not of the checkpoint's own.
    public static let weightsKey = "weights"

    /// The keys that all commands share.
    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [
            ("command", .string(command)), ("checkpoint", .string(checkpoint)),
        ]
        if let weights { fields.append((Self.weightsKey, .string(weights))) }
        fields += [
            ("model", .string(model)), ("data", .string(data)),
            ("split", .string(split.rawValue)), ("examples", .integer(examples)),
            ("seed", .integer(Int(truncatingIfNeeded: seed))),
            ("precision", .string(precision.rawValue)), ("batchnorm", .string(statistics.rawValue)),
        ]
        if let normalizedBatch { fields.append((Self.batchKey, .integer(normalizedBatch))) }
        return fields + [
            ("loss_function", .string(lossName)),
            ("weight_decay_in_loss", JSONValue(weightDecay)),
            ("loss", .number(loss)), ("accuracy", JSONValue(accuracy)), ("weight_norm", .number(weightNorm)),
            ("seconds", .number(seconds)),
        ]
    }

    /// The same without what differs from run to run, for files that should not.
    var provenance: String { JSONValue.object(provenanceFields).text }
    var provenanceFields: [(key: String, value: JSONValue)] {
        fields.filter { $0.key != "seconds" } + [("software", .string(software))]
    }

    /// The term of weight decay, to be put after the name of a loss.
    private var penalty: String { weightDecay.map { "+ ½·\(Format.number($0))·‖θ‖²" } ?? "" }

    /// One line under a figure's title.
    var caption: String { Self.caption([self]) }

    /// The caption of a figure of several results: what differs between them is listed.
    static func caption(_ contexts: [RunContext]) -> String {
        let parts = contexts.map(\.captionParts)
        return parts[0].indices.map { index in distinct(parts.map { $0[index] }) }.filter { !$0.isEmpty }
            .joined(separator: " · ")
    }

    /// Of a result of several checkpoints: the first's, with all models and data named; nil without any.
    public static func common(to contexts: [RunContext]) -> RunContext? {
        guard var common = contexts.first else { return nil }
        (common.model, common.data) = (distinct(contexts.map(\.model)), distinct(contexts.map(\.data)))
        return common
    }

    private static func distinct(_ texts: [String]) -> String {
        var distinct: [String] = []
        for text in texts where !distinct.contains(text) { distinct.append(text) }
        return distinct.joined(separator: "; ")
    }

    private var captionParts: [String] {
        guard !isOfFunction else { return [model] }
        let name = data.split(separator: "/").last.map(String.init) ?? data
        return [
            model, "\(name), \(split.rawValue), \(examples) examples", precision.rawValue,
            statistics == .stored ? "" : "batch norm: \(statistics.rawValue)",
            penalty.isEmpty ? "" : "loss \(penalty)",
        ]
    }

    /// The first lines of a printed result.
    public var lines: [String] {
        guard !isOfFunction else { return [loss.isNaN ? model : "\(model)  \(Format.number(loss))"] }
        let share = accuracy.map { ", accuracy \(Format.percent($0))" } ?? ""
        let header =
            "\(checkpoint)\(weights.map { " with the weights of \($0)" } ?? ""): \(model) on \(data) (\(split.rawValue), \(examples) examples), \(precision.rawValue), batch norm \(statistics.rawValue)\(normalizedBatch.map { ", batches of \($0)" } ?? "")"
        // Results of many checkpoints have no loss of their own.
        guard !loss.isNaN || !weightNorm.isNaN else { return [header] }
        let overflow = loss.isFinite || precision == .double ? "" : ", not finite: try --precision double"
        return [
            header,
            "loss (\(penalty.isEmpty ? lossName : lossName + " " + penalty))  \(Format.number(loss))\(overflow)\(share)    ‖θ‖₂  \(Format.number(weightNorm))",
        ]
    }
}
