import Analyses
import ArrayFiles
import Essentials
import MatrixFree
import Objectives
import Plotting

/// Several checkpoints side by side: every measure in one table, slices on the same axes, range and colours.
public struct ComparisonReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    private let entries: [Entry]
    private let radius: Double
    /// Whether slices along one direction are drawn in a panel each, in place of one over the other.
    public var hasPanels = false

    /// What was measured of one checkpoint, with its slice as it is shown.
    private struct Entry {
        let measured: Comparison.Entry
        let slice: SliceReport
    }

    /// - Parameters:
    ///   - entries: at least one.
    ///   - radius: of the worst case, and deviation of the average case.
    ///   - seconds: how long it took.
    public init(_ entries: [Comparison.Entry], radius: Double, seed: UInt64 = 0, seconds: Double = 0) {
        precondition(!entries.isEmpty, "nothing to compare")
        self.entries = entries.map { entry in
            let context = RunContext(
                command: "compare", entry.subject, entry.slice.slice.centerEvaluation, seed: seed, seconds: seconds)
            return Entry(measured: entry, slice: SliceReport(context: context, entry.slice))
        }
        self.radius = radius
        context = self.entries[0].slice.context
    }

    private typealias Row = (key: String, words: String, value: (Entry) -> Double?)

    /// Rows of the table: JSON's key, words, value.
    private var measures: [Row] {
        let split = context.split, other = entries[0].slice.otherSplit, rho = Format.short(radius)
        let losses: [Row] = [
            ("\(split)_loss", "\(split) loss", { $0.slice.context.loss }),
            ("\(split)_accuracy", "\(split) accuracy", { $0.slice.context.accuracy }),
            ("\(other)_loss", "\(other) loss", { $0.measured.other?.loss }),
            ("\(other)_accuracy", "\(other) accuracy", { $0.measured.other?.accuracy }),
            ("weight_norm", "norm of the weights", { $0.slice.context.weightNorm }),
            ("gradient_norm", "norm of the gradient", { $0.measured.gradientNorm }),
        ]
        let known: [Row] = [
            ("lambda_max", "largest eigenvalue of H", { $0.measured.largestEigenvalue?.value }),
            ("lambda_max_residual", "  its residual", { $0.measured.largestEigenvalue?.residual }),
            ("trace", "trace of H", { $0.measured.trace?.value }),
            ("trace_standard_error", "  its standard error", { $0.measured.trace?.standardError }),
            ("worst_case", "worst case, ball of \(rho), at least", { $0.measured.worstCase?.lowerBound }),
            ("one_step", "one step of SAM, \(rho)", { $0.measured.worstCase?.oneStep }),
            ("average_case", "average case, deviation \(rho)", { $0.measured.averageCase?.value }),
            ("average_case_standard_error", "  its standard error", { $0.measured.averageCase?.standardError }),
        ]
        // A measure that was not taken has no row.
        let first = entries[0].measured, isTaken = known.map { $0.value(entries[0]) != nil }
        let others = StudyMeasures.Measure.allCases.filter { first.others?.values[$0] != nil }
        return losses + zip(known, isTaken).filter(\.1).map(\.0)
            + others.flatMap { measure -> [Row] in
                let hasError = first.others?.standardErrors[measure] != nil
                let words = measure.title + (measure.isLowerBound ? ", at least" : "")
                return [(measure.rawValue, words, { $0.measured.others?[measure] })]
                    + (hasError
                        ? [
                            (
                                "\(measure.rawValue)_standard_error", "  its standard error",
                                { $0.measured.others?.standardErrors[measure] }
                            )
                        ] : [])
            } + [("slice_rise", "slice: highest rise at \(ends)", { rise($0) })]
    }

    /// Of the first axis.
    private var ends: String {
        let alpha = entries[0].slice.slice.alpha, (first, last) = (alpha.first ?? 0, alpha.last ?? 0)
        return first == -last
            ? "|α| = \(Format.short(last))" : "α = \(Format.short(first)) and \(Format.short(last))"
    }

    /// The larger of the losses at the two ends of the first axis, over the checkpoint's.
    private func rise(_ entry: Entry) -> Double? {
        let slice = entry.slice.slice
        guard let origin = slice.grid.origin else { return nil }
        let first = origin - slice.grid.column(origin)
        return max(slice.loss[first], slice.loss[first + slice.grid.columns - 1]) - slice.center
    }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        let rows = entries.map { entry -> JSONValue in
            let values = measures.map { (key: $0.key, value: JSONValue($0.value(entry))) }
            return .object(
                [
                    ("checkpoint", .string(entry.slice.context.checkpoint)),
                    ("model", .string(entry.slice.context.model)),
                    (
                        "nonfinite",
                        .integer(
                            (entry.measured.worstCase?.nonfinite ?? 0) + (entry.measured.averageCase?.nonfinite ?? 0))
                    ),
                ] + values + [("slice", .object(entry.slice.fields))])
        }
        return [("rho", .number(radius)), ("checkpoints", .array(rows))]
    }

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with a table that fits a window.
    public func lines(width: Int?) -> [PrintedLine] {
        let columns = entries.map { entry in
            let cells = measures.map { measure in
                let value = measure.value(entry)
                // Named below.
                if value?.isNaN == true, StudyMeasures.Measure(rawValue: measure.key) != nil { return "–" }
                return error(measure.key, entry).map { Format.number(value ?? .nan, error: $0) }
                    ?? Format.number(value)
            }
            return TextTable.Column(
                String(entry.slice.context.checkpoint.suffix(20)),
                [String(entry.slice.context.model.suffix(20))] + cells,
                width: 14, isRight: true)
        }
        return TextTable([TextTable.Column("", ["model"] + measures.map(\.words))] + columns).lines(width: width)
            + ([
                "sharpness rows are increases over the loss; rescaling the weights changes them without changing the function"
            ] + reach + absences + overflow).map { PrintedLine($0) }
    }

    /// Where the slices end, if that was found.
    private var reach: [String] {
        entries[0].measured.slice.reach.map {
            ["slices end where the loss of every checkpoint has risen to \(Format.short($0.multiple)) times its own"]
        } ?? []
    }

    /// Why checkpoints have no value of a measure.
    private var absences: [String] {
        StudyMeasures.Measure.allCases.compactMap { measure in
            let lacking = entries.filter { $0.measured.others?.values[measure]?.isNaN == true }
            guard !lacking.isEmpty else { return nil }
            let names =
                lacking.count == entries.count
                ? "" : lacking.map(\.slice.context.checkpoint).joined(separator: ", ") + ": "
            return "\(names)no \(measure.title): \(measure.absence)"
        }
    }

    /// What a measure's printed value is rounded by; nil where it has no error.
    private func error(_ key: String, _ entry: Entry) -> Double? {
        switch key {
        case "lambda_max", "lambda_max_residual": entry.measured.largestEigenvalue?.residual
        case "trace", "trace_standard_error": entry.measured.trace?.standardError
        case "average_case", "average_case_standard_error": entry.measured.averageCase?.standardError
        default: StudyMeasures.Measure(rawValue: key).flatMap { entry.measured.others?.standardErrors[$0] }
        }
    }

    /// Losses that were not finite and so left out, where there are any.
    private var overflow: [String] {
        entries.compactMap { entry in
            let (worst, average) = (
                entry.measured.worstCase?.nonfinite ?? 0, entry.measured.averageCase?.nonfinite ?? 0
            )
            guard worst + average > 0 else { return nil }
            let advice = entry.slice.context.precision == .float ? "; use --precision double, or a smaller --rho" : ""
            return
                "\(entry.slice.context.checkpoint): losses that were not finite, left out: \(worst) of the worst case, \(average) of the average case's samples\(advice)"
        }
    }

    /// The slices on the same axes, range and colours: lines in one frame unless `hasPanels`, planes side by side.
    public var figure: (any Figure)? { hasPanels || entries[0].slice.isPlane ? panels : overlay }

    private var subtitle: String { RunContext.caption(entries.map(\.slice.context)) + " · seed \(context.seed)" }

    private var overlay: any Figure {
        let names = shortNames(entries.map(\.slice.context.checkpoint))
        var figure = LineFigure(
            title: "Slices on the same axes", subtitle: subtitle, xAxis: Axis("α"),
            leftAxis: Axis(context.lossLabel(withSplit: true)),
            series: zip(names, entries).map { Series($0, x: $1.slice.slice.alpha, y: $1.slice.slice.loss) })
        (figure.valueScale, figure.marksLowest) = (.automatic, true)
        figure.referenceLines = [ReferenceLine(.vertical, at: 0, label: "")]
        return figure
    }

    private var panels: any Figure {
        let panels = entries.map { entry -> any Figure in
            var slice = entry.slice
            slice.marksEvaluated = false
            return slice.panel(titled: slice.context.checkpoint)
        }
        return PanelFigure(
            title: "Slices on the same axes",
            subtitle: subtitle, panels: panels)
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        entries.enumerated().flatMap { index, entry in
            entry.slice.arrays.filter { !$0.name.hasPrefix("direction") }.map { ("\($0.name)_\(index + 1)", $0.array) }
        }
    }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        (measures.map { $0.key }, entries.map { entry in measures.map { $0.value(entry) ?? .nan } })
    }
}
