import Analyses
import ArrayFiles
import Essentials
import Objectives
import Plotting

/// Measures of many checkpoints, and their rank correlations with the generalisation gap.
public struct StudyReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// What is shown.
    public let study: Study
    /// Which measures survive small changes of the training; nil where that was not asked for.
    public let audit: StudyAudit?

    /// - Parameters:
    ///   - result: what is shown; of at least one run.
    ///   - folder: what holds the checkpoints.
    ///   - seconds: how long it took.
    public init(_ result: StudyRun.Result, folder: String, seed: UInt64 = 0, seconds: Double = 0) {
        precondition(!result.subjects.isEmpty, "a study of no run")
        // No single checkpoint has the loss of all.
        let contexts = result.subjects.map {
            RunContext(command: "study", $0, Evaluation(loss: .nan), seed: seed, seconds: seconds)
        }
        var context = RunContext.common(to: contexts)!
        (context.checkpoint, context.split, context.weightNorm) = (folder, .train, .nan)
        (self.context, study, audit) = (context, result.study, result.audit)
    }

    // MARK: JSON

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        [
            ("runs", .array(study.runs.map(members))),
            (
                "kendall_tau",
                .object(
                    study.correlations.map { correlation in
                        let gaps: [(key: String, value: JSONValue)] = [
                            ("loss_gap", member(correlation.lossGap)),
                            ("accuracy_gap", member(correlation.accuracyGap)),
                        ]
                        return (correlation.measure.rawValue, .object(gaps))
                    })
            ),
        ] + auditFields
    }

    func members(_ run: Study.Run) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("checkpoint", .string(run.checkpoint)), ("train_loss", .number(run.trainLoss)),
            ("test_loss", .number(run.testLoss)), ("train_accuracy", JSONValue(run.trainAccuracy)),
            ("test_accuracy", JSONValue(run.testAccuracy)), ("loss_gap", .number(run.lossGap)),
            ("accuracy_gap", JSONValue(run.accuracyGap)),
        ]
        members += study.measures.filter { $0 != .trainingLoss }.map {
            ($0.rawValue, .number(run.measures[$0]))
        }
        let errors = study.measures.compactMap { measure in
            run.measures.standardErrors[measure].map { (key: measure.rawValue, value: JSONValue.number($0)) }
        }
        return .object(members + [("standard_errors", .object(errors))])
    }

    private func member(_ tau: KendallTau?) -> JSONValue {
        guard let tau else { return .null }
        return .object([
            ("value", .number(tau.value)), ("interval", JSONValue([tau.low, tau.high])), ("runs", .integer(tau.runs)),
        ])
    }

    // MARK: Lines and table

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with tables that fit a window.
    public func lines(width: Int?) -> [PrintedLine] { studyLines(width: width) + auditLines(width: width) }

    private func studyLines(width: Int?) -> [PrintedLine] {
        func words(_ tau: KendallTau?) -> String {
            guard let tau else { return "–" }
            return Format.estimate(tau.value, error: nil, interval: tau.low <= tau.high ? tau.low...tau.high : nil)
        }
        let values = study.correlations.map { correlation in study.runs.map { $0.measures[correlation.measure] } }
        let table = TextTable([
            TextTable.Column("measure", study.correlations.map(\.measure.title), width: 28),
            TextTable.Column("smallest", values.map { extreme($0, min) }, width: 13),
            TextTable.Column("largest", values.map { extreme($0, max) }, width: 13),
            TextTable.Column("τ with the loss gap", study.correlations.map { words($0.lossGap) }, width: 26),
            TextTable.Column("τ with the accuracy gap", study.correlations.map { words($0.accuracyGap) }),
        ])
        let gaps = study.runs.map(\.lossGap)
        return [
            PrintedLine(
                "\(study.runs.count) checkpoints; loss gap from \(extreme(gaps, min)) to \(extreme(gaps, max))")
        ] + table.lines(width: width) + absences.map { PrintedLine($0) } + [
            PrintedLine(
                "τ: Kendall's τ-b with a 95 % bootstrap interval over runs. It says how these runs are ordered, not why"
            )
        ]
    }

    /// Why runs have no value of a measure.
    private var absences: [String] {
        study.measures.compactMap { measure in
            let lacking = study.runs.count { $0.measures[measure].isNaN }
            return lacking > 0
                ? "no \(measure.title) of \(lacking) of \(study.runs.count) runs: \(measure.absence)" : nil
        }
    }

    private func extreme(_ values: [Double], _ better: (Double, Double) -> Double) -> String {
        let finite = values.filter(\.isFinite)
        return finite.isEmpty ? "–" : Format.number(finite.dropFirst().reduce(finite[0], better))
    }

    private var columns: [(name: String, value: (Study.Run) -> Double)] {
        let losses: [(name: String, value: (Study.Run) -> Double)] = [
            ("train_loss", { $0.trainLoss }), ("test_loss", { $0.testLoss }),
            ("train_accuracy", { $0.trainAccuracy ?? .nan }), ("test_accuracy", { $0.testAccuracy ?? .nan }),
            ("loss_gap", { $0.lossGap }), ("accuracy_gap", { $0.accuracyGap ?? .nan }),
        ]
        return losses
            + study.measures.filter { $0 != .trainingLoss }.map { measure in
                (measure.rawValue, { $0.measures[measure] })
            }
    }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        (columns.map(\.name), study.runs.map { run in columns.map { $0.value(run) } })
    }

    /// The first column of the `.csv` file.
    public var rowNames: (header: String, names: [String])? { ("checkpoint", study.runs.map(\.checkpoint)) }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        columns.map { column in (column.name, NumericArray(study.runs.map(column.value))) }
    }

    // MARK: Figure

    /// More names than these would fill the picture.
    private static let mostNames = 60

    /// A scatter plot of every measure against the gap of the loss, with numbered runs, intervals and τ.
    public var figure: (any Figure)? {
        let numbers = study.runs.indices.map { String($0 + 1) }
        let isNamed = numbers.count <= Self.mostNames
        let panels = study.correlations.map { scatter($0, numbers: isNamed ? numbers : []) }
        var figure = PanelFigure(
            title: "Measures and the generalisation gap of \(study.runs.count) checkpoints",
            subtitle: context.caption + " · bars: 95 % intervals · τ: Kendall's τ-b with its 95 % interval",
            panels: panels, columns: 4, sharesRanges: false, size: Size(width: 1180, height: 800))
        if isNamed {
            let names = shortNames(study.runs.map(\.checkpoint))
            figure.notes = zip(numbers, names).map { "\($0) \($1)" }
            // As many lines as the names need, at about 150 points each.
            figure.size.height += 2.2 * Double(numbers.count)
        }
        return figure
    }

    private func scatter(_ correlation: Study.Correlation, numbers: [String]) -> any Figure {
        let measure = correlation.measure
        let values = study.runs.map { $0.measures[measure] }
        let finite = values.filter(\.isFinite)
        let spans = (finite.min() ?? 0) > 0 && (finite.max() ?? 0) / (finite.min() ?? 1) >= 8
        var dots = Series("", x: values, y: study.runs.map(\.lossGap), marker: .circle)
        (dots.lineWidth, dots.names) = (0, numbers)
        let errors = study.runs.map { 1.96 * ($0.measures.standardErrors[measure] ?? .nan) }
        if errors.contains(where: \.isFinite) {
            dots.xErrors = Series.Band(
                lower: zip(values, errors).map { $0 - $1 }, upper: zip(values, errors).map { $0 + $1 })
        }
        var figure = LineFigure(
            xAxis: Axis(measure.title, scale: spans ? .logarithmic : .linear), leftAxis: Axis("test − train loss"),
            series: [dots])
        func text(_ value: Double) -> String { NumberText.rounded(value, digits: 2) }
        figure.notes = [
            correlation.lossGap.map { "τ = \(text($0.value)) [\(text($0.low)), \(text($0.high))]" } ?? "τ not defined"
        ]
        return figure
    }
}
