import ArrayFiles
import Analyses
import MatrixFree
import Objectives
import Plotting

/// Several checkpoints side by side: every measure in one table, slices on the same axes, range and colours.
public struct ComparisonReport: Report {
    public let context: RunContext
    public let entries: [Entry]
    /// Radius of the worst case, deviation of the average case.
    public let radius: Double
    public var isLogarithmic = false

    /// What was measured of one checkpoint.
    public struct Entry {
        public var slice: SliceReport
        /// On the other split, where there is one.
        public var other: Evaluation?
        public var gradientNorm: Double
        public var largestEigenvalue: (value: Double, residual: Double)
        public var trace: StochasticEstimate
        public var worstCase: WorstCaseSharpness
        public var averageCase: AverageCaseSharpness

        public init(
            slice: SliceReport, other: Evaluation?, gradientNorm: Double,
            largestEigenvalue: (value: Double, residual: Double),
            trace: StochasticEstimate, worstCase: WorstCaseSharpness, averageCase: AverageCaseSharpness
        ) {
            (self.slice, self.other) = (slice, other)
            (self.gradientNorm, self.largestEigenvalue) = (gradientNorm, largestEigenvalue)
            (self.trace, self.worstCase, self.averageCase) = (trace, worstCase, averageCase)
        }
    }

    public init(context: RunContext, entries: [Entry], radius: Double) {
        precondition(!entries.isEmpty, "nothing to compare")
        (self.context, self.entries, self.radius) = (context, entries, radius)
    }

    /// Rows of the table: JSON's key, words, value.
    private var measures: [(key: String, words: String, value: (Entry) -> Double?)] {
        let split = context.split, other = entries[0].slice.otherSplit, rho = Format.short(radius)
        return [
            ("\(split)_loss", "\(split) loss", { $0.slice.context.loss }),
            ("\(split)_accuracy", "\(split) accuracy", { $0.slice.context.accuracy }),
            ("\(other)_loss", "\(other) loss", { $0.other?.loss }),
            ("\(other)_accuracy", "\(other) accuracy", { $0.other?.accuracy }),
            ("weight_norm", "norm of the weights", { $0.slice.context.weightNorm }),
            ("gradient_norm", "norm of the gradient", { $0.gradientNorm }),
            ("lambda_max", "largest eigenvalue of H", { $0.largestEigenvalue.value }),
            ("lambda_max_residual", "  its residual", { $0.largestEigenvalue.residual }),
            ("trace", "trace of H", { $0.trace.value }),
            ("trace_standard_error", "  its standard error", { $0.trace.standardError }),
            ("worst_case", "worst case, ball of \(rho), at least", { $0.worstCase.lowerBound }),
            ("one_step", "one step of SAM, \(rho)", { $0.worstCase.oneStep }),
            ("average_case", "average case, deviation \(rho)", { $0.averageCase.value }),
            ("average_case_standard_error", "  its standard error", { $0.averageCase.standardError }),
            ("slice_rise", "slice: highest rise at |α| = \(Format.short(reach))", { rise($0) }),
        ]
    }

    private var reach: Double { entries[0].slice.slice.alpha.last ?? 0 }

    /// The larger of the losses at the two ends of the first axis, over the checkpoint's.
    private func rise(_ entry: Entry) -> Double? {
        let slice = entry.slice.slice
        guard let origin = entry.slice.origin else { return nil }
        let row = origin / slice.alpha.count * slice.alpha.count
        return max(slice.loss[row], slice.loss[row + slice.alpha.count - 1]) - slice.center
    }

    public var fields: [(key: String, value: JSONValue)] {
        let rows = entries.map { entry -> JSONValue in
            let values = measures.map { (key: $0.key, value: JSONValue($0.value(entry))) }
            return .object(
                [
                    ("checkpoint", .string(entry.slice.context.checkpoint)),
                    ("model", .string(entry.slice.context.model)),
                ] + values + [("slice", .object(entry.slice.fields))])
        }
        return [("rho", .number(radius)), ("checkpoints", .array(rows))]
    }

    public var lines: [String] {
        let names = entries.map { String($0.slice.context.checkpoint.suffix(20)) }
        let left = measures.map { $0.words.count }.max() ?? 0
        let models = entries.map { String($0.slice.context.model.suffix(20)) }
        let widths = zip(names, models).map { max(12, $0.count, $1.count) }
        func row(_ name: String, _ cells: [String]) -> String {
            let first = name + String(repeating: " ", count: max(0, left - name.count))
            return zip(cells, widths).reduce(first) { text, cell in
                text + String(repeating: " ", count: max(2, cell.1 + 2 - cell.0.count)) + cell.0
            }
        }
        return [row("", names), row("model", models)]
            + measures.map { measure in row(measure.words, entries.map { Format.number(measure.value($0)) }) }
            + [
                "sharpness rows are increases over the loss; weights of another norm or scale change them without changing the function"
            ]
    }

    public var figure: (any Figure)? {
        let panels = entries.map { entry -> any Figure in
            var slice = entry.slice
            slice.style.title = slice.context.checkpoint
            slice.isLogarithmic = isLogarithmic
            slice.style.marksEvaluated = false
            return slice.panel
        }
        return PanelFigure(
            title: "Slices on the same axes",
            subtitle: RunContext.caption(entries.map(\.slice.context)) + " · seed \(context.seed)", panels: panels,
            columns: min(panels.count, 3))
    }

    public var arrays: [(name: String, array: NumericArray)] {
        entries.enumerated().flatMap { index, entry in
            entry.slice.arrays.filter { !$0.name.hasPrefix("direction") }.map { ("\($0.name)_\(index + 1)", $0.array) }
        }
    }

    public var table: (header: [String], rows: [[Double]])? {
        (measures.map { $0.key }, entries.map { entry in measures.map { $0.value(entry) ?? .nan } })
    }
}
