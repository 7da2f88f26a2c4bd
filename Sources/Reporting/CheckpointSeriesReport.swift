import ArrayFiles
import Essentials
import Foundation
import Objectives
import Plotting

/// One measure of many checkpoints, in the order of their steps.
public struct CheckpointSeriesReport: Report {
    /// A checkpoint's step and its result.
    public struct Member {
        /// Optimiser steps taken so far.
        public let step: Int
        /// Of this checkpoint alone.
        public let report: any Report
        /// Numbers of the result that are followed over the steps, the same ones for every checkpoint.
        public let quantities: [(name: String, value: Double)]

        /// - Parameter quantities: numbers of the report, by name.
        public init(step: Int, _ report: any Report, quantities: [(name: String, value: Double)]) {
            (self.step, self.report, self.quantities) = (step, report, quantities)
        }
    }

    /// What the results have in common, and how they were computed.
    public let context: RunContext
    /// Steps ascend.
    public let members: [Member]

    /// - Parameters:
    ///   - members: at least one.
    ///   - folder: what the checkpoints are called together.
    ///   - seconds: how long all took.
    public init(_ members: [Member], folder: String, seconds: Double = 0) {
        precondition(!members.isEmpty, "a series of no checkpoint")
        var context = RunContext.common(to: members.map(\.report.context))!
        // No single checkpoint has the loss of all.
        (context.checkpoint, context.weightNorm, context.seconds) = (folder, .nan, seconds)
        context.evaluation = Evaluation(loss: .nan)
        (self.context, self.members) = (context, members)
    }

    /// Members of the JSON object beside those of the context: a checkpoint's own result each, with its step.
    public var fields: [(key: String, value: JSONValue)] {
        [
            (
                "checkpoints",
                .array(
                    members.map { member in
                        let own = member.report.context
                        let first: [(key: String, value: JSONValue)] = [
                            ("checkpoint", .string(own.checkpoint)), ("step", .integer(member.step)),
                            ("loss", .number(own.loss)), ("accuracy", JSONValue(own.accuracy)),
                            ("weight_norm", .number(own.weightNorm)),
                        ]
                        return .object(first + member.report.fields)
                    })
            )
        ]
    }

    private var names: [String] { members[0].quantities.map(\.name) }

    private func values(_ name: String) -> [Double] {
        members.map { member in member.quantities.first { $0.name == name }?.value ?? .nan }
    }

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, in a table that fits a window.
    public func lines(width: Int?) -> [PrintedLine] {
        func column(_ title: String, _ cells: [String], width: Int = 13) -> TextTable.Column {
            TextTable.Column(title, cells, width: width, isRight: true)
        }
        let quantities = names.map { column($0, values($0).map { Format.number($0) }) }
        let table = TextTable(
            [
                column("step", members.map { "\($0.step)" }, width: 8),
                column("loss", members.map { Format.number($0.report.context.loss) }),
            ] + quantities + [TextTable.Column("checkpoint", members.map(\.report.context.checkpoint))])
        return table.lines(width: width)
    }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        (
            ["step", "loss", "accuracy"] + names,
            members.map { member in
                let own = member.report.context
                return [Double(member.step), own.loss, own.accuracy ?? .nan] + member.quantities.map(\.value)
            }
        )
    }

    /// The first column of the `.csv` file.
    public var rowNames: (header: String, names: [String])? {
        ("checkpoint", members.map(\.report.context.checkpoint))
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        guard let table else { return [] }
        return table.header.enumerated().map { column, name in (name, NumericArray(table.rows.map { $0[column] })) }
    }

    /// The numbers over the steps, and the loss.
    public var figure: (any Figure)? {
        let steps = members.map { Double($0.step) }
        var loss = Series("loss", x: steps, y: members.map(\.report.context.loss), side: names.isEmpty ? .left : .right)
        (loss.color, loss.lineWidth, loss.marker, loss.dash) = (Color(0x999999), 1, .circle, [])
        let series = names.map { name in
            var series = Series(Self.words(name), x: steps, y: values(name))
            series.marker = .circle
            return series
        }
        return LineFigure(
            title: "\(context.command.capitalized) of \(members.count) checkpoints", subtitle: context.caption,
            xAxis: Axis("step"),
            leftAxis: Axis(names.isEmpty ? context.lossLabel() : quantityLabel),
            rightAxis: names.isEmpty ? Axis() : Axis(context.lossLabel()), series: [loss] + series)
    }

    /// What the left axis of the picture is.
    private var quantityLabel: String {
        if names.allSatisfy({ $0.hasPrefix("eigenvalue") }) { return "eigenvalue" }
        return context.command == "sharpness" ? "increase of the loss" : context.command.capitalized
    }

    /// A quantity's name in words: `eigenvalue_2` is eigenvalue 2, and `average_0.05` the average case at ρ = 0.05.
    private static func words(_ name: String) -> String {
        let kinds = [
            ("eigenvalue_low", "smallest eigenvalue", ""), ("eigenvalue", "eigenvalue", ""), ("trace", "trace", ""),
            ("frobenius", "Frobenius norm", ""), ("diagonal_mean", "mean of the diagonal", ""),
            ("logdet", "log-determinant", ""), ("effective_dimension", "effective dimension", ""),
            ("trace_h_sigma", "tr(HΣ)", ""), ("tic", "TIC", ""),
            ("top_space", "share of the gradient in the top space", ""),
            ("lower_bound", "worst case (lower bound)", "ρ = "),
            ("average", "average case", "ρ = "), ("keskar_subspace", "Keskar et al., subspace, %", "ε = "),
            ("keskar", "Keskar et al., %", "ε = "), ("critical", "critical sharpness", ""),
            ("directional", "directional sharpness", ""), ("fisher_rao", "Fisher-Rao norm, squared", ""),
            ("symmetry_corrected", "worst case, symmetry-corrected (lower bound)", "ρ = "),
            ("pac_bayes", "PAC-Bayes σ", ""), ("learning_coefficient", "local learning coefficient", ""),
        ]
        guard let (key, words, before) = kinds.first(where: { name == $0.0 || name.hasPrefix($0.0 + "_") }) else {
            return name
        }
        let rest = name.dropFirst(key.count + 1)
        return rest.isEmpty ? words : before.isEmpty ? "\(words) \(rest)" : "\(words), \(before)\(rest)"
    }
}

extension SpectrumReport {
    /// The numbers that are followed over the checkpoints of a training: eigenvalues, trace and norm.
    public var quantities: [(name: String, value: Double)] {
        func numbered(_ name: String, _ values: [Double]) -> [(name: String, value: Double)] {
            values.enumerated().map { ("\(name)\($0 + 1)", $1) }
        }
        return numbered("eigenvalue_", result.top?.values ?? [])
            + numbered("eigenvalue_low_", result.bottom?.values ?? [])
            + [
                ("trace", result.trace?.trace.value), ("frobenius", result.frobenius?.value),
                ("diagonal_mean", result.diagonal?.mean.value), ("logdet", result.determinant?.value.value),
                ("effective_dimension", result.determinant?.effectiveDimension.value),
                ("top_space", result.gradientShare), ("trace_h_sigma", result.noise?.trace.value),
                ("tic", result.noise?.criterion?.value),
            ].compactMap { name, value in value.map { (name, $0) } }
    }
}

extension SharpnessReport {
    /// The numbers that are followed over the checkpoints of a training: the increases of each radius, and Keskar's of each box.
    public var quantities: [(name: String, value: Double)] {
        var result: [(name: String, value: Double)] = []
        for point in points {
            let radius = points.count > 1 ? "_\(Format.short(point.radius))" : ""
            if let worst = point.worst { result.append(("lower_bound\(radius)", worst.lowerBound)) }
            if let step = point.oneStep { result.append(("one_step\(radius)", step.increase)) }
            if let average = point.averageCase { result.append(("average\(radius)", average.value)) }
        }
        for box in keskar {
            let name = box.subspace == nil ? "keskar" : "keskar_subspace"
            result.append((keskar.count > 1 ? "\(name)_\(Format.short(box.epsilon))" : name, box.value))
        }
        let others = [
            ("critical", self.result.critical?.value), ("directional", self.result.directional?.value),
            ("fisher_rao", self.result.fisherRao?.value), ("pac_bayes", self.result.pacBayes?.sigma),
            ("learning_coefficient", self.result.learningCoefficient?.value),
        ]
        let corrected = self.result.symmetryCorrected?.points ?? []
        result += corrected.map { radius, worst in
            ("symmetry_corrected\(corrected.count > 1 ? "_\(Format.short(radius))" : "")", worst.lowerBound)
        }
        return result + others.compactMap { name, value in value.map { (name, $0) } }
    }
}
