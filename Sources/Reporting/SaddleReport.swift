import Analyses
import ArrayFiles
import Essentials
import Plotting

/// A saddle with its lowest eigenvalues, and where the descents from it end.
public struct SaddleReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// What is shown.
    public let result: SaddleSearch.Result

    /// - Parameter result: what is shown.
    public init(context: RunContext, _ result: SaddleSearch.Result) { (self.context, self.result) = (context, result) }

    /// Members of the JSON object beside those of the context; docs/definitions.md defines them.
    public var fields: [(key: String, value: JSONValue)] {
        let descents = result.descents.map { descent in
            JSONValue.object(
                [("direction", .string(descent.sign < 0 ? "minus" : "plus"))] + Self.members(descent.point)
                    + [("distance", .number(descent.distance)), ("steps", .integer(descent.steps))])
        }
        return [
            (
                "saddle",
                .object(
                    Self.members(result.point) + [
                        ("distance", .number(result.distance)), ("steps", .integer(result.steps)),
                        ("products", .integer(result.products)), ("gradients", .integer(result.gradients)),
                        ("descents", .array(descents)),
                    ])
            )
        ]
    }

    private static func members(_ point: CriticalPoint) -> [(key: String, value: JSONValue)] {
        [
            ("verdict", .string(point.verdict.rawValue)),
            ("index", [.saddle, .minimum, .maximum].contains(point.verdict) ? .integer(point.negative) : .null),
            ("negative", .integer(point.negative)), ("loss", .number(point.loss)),
            ("gradient_norm", .number(point.gradientNorm)), ("tolerance", .number(point.tolerance)),
            ("flatness", JSONValue(point.flatness)),
            (
                "eigenvalues",
                .array(
                    point.eigenvalues.map {
                        .object([
                            ("value", .number($0.value)), ("residual", .number($0.residual)),
                            ("drift", .number($0.drift)),
                        ])
                    })
            ),
            ("complete", .bool(point.isComplete)), ("method", .string(point.isDense ? "dense" : "lanczos")),
        ]
    }

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with tables that fit a window.
    public func lines(width: Int?) -> [PrintedLine] {
        let point = result.point
        var lines = [
            "\(Self.claim(point)); \(result.steps) steps, ‖θ − θ₀‖ \(Format.number(result.distance))",
            Self.numbers(point),
        ].map { PrintedLine($0) }
        let rows = min(point.eigenvalues.count, max(Self.fewest, point.negative + 1)), shown = min(rows, Self.most)
        lines += table(of: Array(point.eigenvalues.prefix(shown))).lines(width: width)
        if point.eigenvalues.count > shown { lines.append(PrintedLine("  … \(point.eigenvalues.count - shown) more")) }
        for descent in result.descents {
            lines.append(
                PrintedLine(
                    "down along \(descent.sign < 0 ? "−" : "+")v₁: \(Self.claim(descent.point)); \(descent.steps) steps, \(Format.number(descent.distance)) from it"
                ))
            lines.append(PrintedLine("  " + Self.numbers(descent.point)))
        }
        return lines
    }

    /// Rows of the table that is printed, where there are as many: up to the first that is not negative. Ours.
    private static let fewest = 4, most = 12

    private static func numbers(_ point: CriticalPoint) -> String {
        "loss \(Format.number(point.loss)), ‖∇L‖₂ \(Format.short(point.gradientNorm)) (tolerance \(Format.short(point.tolerance)))"
    }

    /// The verdict in words, with what kept a claim from being made.
    private static func claim(_ point: CriticalPoint) -> String {
        let atLeast = "at least \(point.negative) negative eigenvalue\(point.negative == 1 ? "" : "s")"
        switch point.verdict {
        case .saddle: return "saddle of index \(point.negative)"
        case .minimum: return "minimum"
        case .maximum: return "maximum"
        case .degenerate:
            guard point.isComplete else { return "undecided: \(atLeast); the search for eigenvalues did not converge" }
            guard point.negative < point.eigenvalues.count else {
                return "undecided: \(atLeast), none found that is not"
            }
            let next = point.eigenvalues[point.negative]
            return
                "degenerate: \(atLeast); λ\(point.negative + 1) = \(Format.short(next.value)) ± \(Format.short(next.residual + next.drift)) cannot be told from 0"
        case .gradientFlat:
            return
                "no critical point: the gradient lies in the kernel of the Hessian (\(Format.percent(point.flatness ?? 1)) of it), gradient-flat"
        case .unconverged:
            return "not converged: the steps came to their limit, or so short that no more of them help"
        }
    }

    private func table(of eigenvalues: [CriticalPoint.Eigenvalue]) -> TextTable {
        func column(_ title: String, right: Bool = true, _ cell: (Int, CriticalPoint.Eigenvalue) -> String)
            -> TextTable.Column
        {
            TextTable.Column(title, eigenvalues.enumerated().map(cell), isRight: right)
        }
        return TextTable([
            column("eigenvalue") { number, _ in "\(number + 1)" }, column("λ") { Format.number($1.value) },
            column("residual") { Format.short($1.residual) }, column("drift") { Format.short($1.drift) },
            column("sign", right: false) { $1.isNegative ? "negative" : $1.isPositive ? "positive" : "not certain" },
        ])
    }

    /// There is no picture.
    public var figure: (any Figure)? { nil }
    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        [("theta", NumericArray(result.point.theta))]
            + (result.point.lowestVector.isEmpty ? [] : [("direction", NumericArray(result.point.lowestVector))])
            + result.descents.map { ($0.sign < 0 ? "theta_minus" : "theta_plus", NumericArray($0.point.theta)) }
    }
    /// A header and rows of the `.csv` file: the eigenvalues.
    public var table: (header: [String], rows: [[Double]])? {
        (["eigenvalue", "residual", "drift"], result.point.eigenvalues.map { [$0.value, $0.residual, $0.drift] })
    }
}
