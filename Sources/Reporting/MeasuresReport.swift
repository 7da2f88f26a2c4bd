import ArrayFiles
import Essentials
import Plotting

/// Several measures of one checkpoint.
public struct MeasuresReport: Report {
    /// What became of a measure.
    public enum Outcome {
        case result(any Report)
        /// Why there is none.
        case failure(String)
    }

    /// What the results are of. Each has a context of its own, too.
    public let context: RunContext
    /// By the names of the commands that take them alone, in their order.
    public let measures: [(name: String, outcome: Outcome)]

    /// - Parameter measures: by the names of the commands that take them alone.
    public init(context: RunContext, _ measures: [(name: String, outcome: Outcome)]) {
        (self.context, self.measures) = (context, measures)
    }

    /// The result of one measure; nil where there is none.
    public func result(of name: String) -> (any Report)? {
        guard case .result(let report)? = measures.first(where: { $0.name == name })?.outcome else { return nil }
        return report
    }

    /// For each measure what its own command prints, or an `error`.
    public var fields: [(key: String, value: JSONValue)] {
        measures.map { name, outcome in
            switch outcome {
            case .result(let report): (name, report.json)
            case .failure(let reason): (name, .object([("error", .string(reason))]))
            }
        }
    }

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, in a table that fits a window.
    public func lines(width: Int?) -> [PrintedLine] {
        let rows = measures.flatMap { name, outcome in
            switch outcome {
            case .result(let report): Self.quantities(report).map { (name, $0.name, $0.value) }
            case .failure: [(name, "failed", "")]
            }
        }
        guard !rows.isEmpty else { return [] }
        return TextTable([
            TextTable.Column("measure", rows.map(\.0)), TextTable.Column("quantity", rows.map(\.1)),
            TextTable.Column("value", rows.map(\.2)),
        ]).lines(width: width)
    }

    /// The few numbers of a result that a table has room for. Loss and accuracy stand above it.
    private static func quantities(_ report: any Report) -> [(name: String, value: String)] {
        switch report {
        case let gradient as GradientReport: [("gradient_norm", Format.number(gradient.result.norm))]
        case let spectrum as SpectrumReport:
            spectrum.quantities.map { ($0.name, Format.number($0.value)) }
                + (spectrum.converged ? [] : [("converged", "no: try a larger --iterations")])
        case let sharpness as SharpnessReport: sharpness.quantities.map { ($0.name, Format.number($0.value)) }
        case let slice as SliceReport:
            (slice.slice.minimum.map { place in
                let index = slice.slice.grid.index(row: place.beta, column: place.alpha)
                return [("minimum", Format.number(slice.slice.loss[index]))]
            } ?? []) + [("nonfinite", "\(slice.slice.audit.nonfinite)")]
        default: []
        }
    }

    /// Each result's arrays are in its own file.
    public var arrays: [(name: String, array: NumericArray)] { [] }
    /// There is no picture.
    public var figure: (any Figure)? { nil }
    /// Every single number of the results is in the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { nil }
}
