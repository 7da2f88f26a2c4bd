import Essentials
import Objectives
import Foundation

/// What every result states beside its own numbers.
public struct RunContext: Sendable {
    public var command: String
    /// Path of the checkpoint.
    public var checkpoint: String
    public var model: String
    public var data: String
    public var split: String
    public var examples: Int
    public var seed: UInt64
    public var precision: String
    public var batchnorm: String
    /// What is averaged, such as `cross-entropy`.
    public var lossName: String
    /// λ of the term ½λ‖θ‖² that is part of the loss; nil where none is.
    public var weightDecay: Double?
    /// Of the checkpoint on this data.
    public var loss: Double
    public var accuracy: Double?
    /// ‖θ‖₂.
    public var weightNorm: Double
    public var seconds: Double
    /// Name and version of the program.
    public var software: String

    public init(
        command: String, checkpoint: String, model: String, data: String, split: String, examples: Int, seed: UInt64,
        precision: String,
        batchnorm: String, lossName: String, weightDecay: Double? = nil, loss: Double, accuracy: Double?,
        weightNorm: Double, seconds: Double, software: String
    ) {
        (self.command, self.checkpoint, self.model, self.data, self.split) = (command, checkpoint, model, data, split)
        (self.examples, self.seed, self.precision, self.batchnorm) = (examples, seed, precision, batchnorm)
        (self.lossName, self.loss, self.accuracy, self.weightNorm, self.seconds) = (
            lossName, loss, accuracy, weightNorm, seconds
        )
        (self.weightDecay, self.software) = (weightDecay, software)
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
            split: subject.split.rawValue, examples: subject.examples, seed: seed,
            precision: subject.precision.rawValue, batchnorm: subject.statistics.rawValue, lossName: subject.lossName,
            weightDecay: subject.weightDecay, loss: evaluation.loss, accuracy: evaluation.accuracy,
            weightNorm: subject.weightNorm, seconds: seconds, software: Software.name)
    }

    /// The keys that all commands share.
    public var fields: [(key: String, value: JSONValue)] {
        [
            ("command", .string(command)), ("checkpoint", .string(checkpoint)), ("model", .string(model)),
            ("data", .string(data)),
            ("split", .string(split)), ("examples", .integer(examples)),
            ("seed", .integer(Int(truncatingIfNeeded: seed))),
            ("precision", .string(precision)), ("batchnorm", .string(batchnorm)), ("loss_function", .string(lossName)),
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

    /// The same for a figure of several results: what differs between them is listed.
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
        let name = data.split(separator: "/").last.map(String.init) ?? data
        return [
            model, "\(name), \(split), \(examples) examples", precision,
            ["stored", ""].contains(batchnorm) ? "" : "batch norm: \(batchnorm)",
            penalty.isEmpty ? "" : "loss \(penalty)",
        ]
    }

    /// The first lines of a printed result.
    public var lines: [String] {
        let share = accuracy.map { ", accuracy \(Format.percent($0))" } ?? ""
        let header =
            "\(checkpoint): \(model) on \(data) (\(split), \(examples) examples), \(precision), batch norm \(batchnorm)"
        // Results of many checkpoints have no loss of their own.
        guard !loss.isNaN || !weightNorm.isNaN else { return [header] }
        return [
            header,
            "loss (\(penalty.isEmpty ? lossName : lossName + " " + penalty))  \(Format.number(loss))\(share)    ‖θ‖₂  \(Format.number(weightNorm))",
        ]
    }
}
