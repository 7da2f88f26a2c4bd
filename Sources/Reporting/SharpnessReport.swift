import ArrayFiles
import Landscape
import Plotting

/// Sharpness in a ball.
public struct SharpnessReport: Report {
    public let context: RunContext
    public let radius: Double
    public let norm: Ball.Norm
    /// `none`, or `adaptive, η = 0.01`.
    public let scaling: String
    public let gradientNorm: Double
    public let worstCase: WorstCaseSharpness?
    public let averageCase: AverageCaseSharpness?

    public init(
        context: RunContext, radius: Double, norm: Ball.Norm, scaling: String, gradientNorm: Double,
        worstCase: WorstCaseSharpness?,
        averageCase: AverageCaseSharpness?
    ) {
        (self.context, self.radius, self.norm, self.scaling) = (context, radius, norm, scaling)
        (self.gradientNorm, self.worstCase, self.averageCase) = (gradientNorm, worstCase, averageCase)
    }

    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [
            ("rho", .number(radius)), ("norm", .string(norm.rawValue)), ("scaling", .string(scaling)),
            ("gradient_norm", .number(gradientNorm)),
        ]
        if let worst = worstCase {
            fields.append(
                (
                    "worst_case",
                    .object([
                        ("lower_bound", .number(worst.lowerBound)), ("one_step", .number(worst.oneStep)),
                        ("estimate", .number(worst.estimate)),
                        ("quadratic_model", JSONValue(worst.quadraticModel)),
                        ("largest_eigenvalue", .number(worst.largestEigenvalue)),
                        ("epsilon_norm", .number(worst.epsilonNorm)),
                        ("constraint_active", .bool(worst.constraintIsActive)),
                        ("spread", .number(worst.spread)),
                        ("restarts", .array(worst.restarts.map { .number($0.increase) })),
                        (
                            "starts",
                            .array(
                                worst.restarts.map {
                                    .object([
                                        ("start", .string($0.start)), ("increase", .number($0.increase)),
                                        ("iterations", .integer($0.iterations)),
                                        ("converged", .bool($0.converged)),
                                        ("joined", $0.joined.map { .string($0) } ?? .null),
                                        ("curve", JSONValue($0.curve)),
                                    ])
                                })
                        ),
                        ("gradients", .integer(worst.gradients)), ("products", .integer(worst.products)),
                    ])
                ))
        }
        if let average = averageCase {
            fields.append(
                (
                    "average_case",
                    .object([
                        ("value", .number(average.value)), ("standard_error", .number(average.standardError)),
                        ("samples", .integer(average.samples)),
                    ])
                ))
        }
        return fields
    }

    public var lines: [String] {
        var lines = [
            "ball: ‖ε‖ \(norm == .l2 ? "ℓ2" : "ℓ∞") ≤ \(Format.short(radius)), scaling \(scaling); ‖∇L‖₂  \(Format.number(gradientNorm)); increases over the loss:"
        ]
        if let worst = worstCase {
            lines += [
                "worst case, lower bound   \(Format.number(worst.lowerBound))   (best of \(worst.restarts.count) starts; spread \(Format.short(worst.spread)); ‖ε‖ = \(Format.number(worst.epsilonNorm)), \(worst.constraintIsActive ? "on the boundary" : "inside the ball"))",
                "one step (SAM's ε)        \(Format.number(worst.oneStep))",
                "estimate ρ‖g‖ + ½ρ²λmax   \(Format.number(worst.estimate))   (an estimate, no bound; λmax \(Format.number(worst.largestEigenvalue)))",
            ]
            if let model = worst.quadraticModel { lines.append("quadratic model's maximum \(Format.number(model))") }
            for start in worst.restarts {
                lines.append(
                    "  from \(start.start.padding(toLength: 18, withPad: " ", startingAt: 0)) \(Format.number(start.increase)) after \(start.iterations) iteration\(start.iterations == 1 ? "" : "s")\(start.joined.map { ", where it met the climb from " + $0 } ?? "")\(start.converged ? "" : ", not converged: raise --steps")"
                )
            }
        }
        if let average = averageCase {
            lines.append(
                "average case, each coordinate ~ N(0, ρ²)   \(Format.number(average.value)) ± \(Format.short(average.standardError)) (\(average.samples) samples)"
            )
        }
        return lines
    }

    /// The increase after every iteration of every start, with the estimates as lines.
    public var figure: (any Figure)? {
        guard let worst = worstCase else { return nil }
        let series = worst.restarts.map { start in
            Series(start.start, x: start.curve.indices.map(Double.init), y: start.curve)
        }
        var figure = LineFigure(
            title: "Worst-case loss increase, ‖ε‖ ≤ \(Format.short(radius))", subtitle: context.caption,
            xAxis: Axis("iteration", isWhole: true), leftAxis: Axis("L(θ+ε) − L(θ)", range: verticalRange(worst)),
            series: series)
        figure.referenceLines = [
            ReferenceLine(.horizontal, at: worst.lowerBound, label: "lower bound \(Format.short(worst.lowerBound))"),
            ReferenceLine(.horizontal, at: worst.oneStep, label: "one step \(Format.short(worst.oneStep))"),
        ]
        return figure
    }

    /// All curves, with room above the highest for the name of the bound; nil where nothing finite is there.
    private func verticalRange(_ worst: WorstCaseSharpness) -> ClosedRange<Double>? {
        let values = (worst.restarts.flatMap(\.curve) + [worst.lowerBound, worst.oneStep]).filter(\.isFinite)
        guard let low = values.min(), let high = values.max(), high > low else { return nil }
        return (low - 0.05 * (high - low))...(high + 0.12 * (high - low))
    }

    public var arrays: [(name: String, array: NumericArray)] {
        guard let worst = worstCase else { return [] }
        return [("epsilon", NumericArray(worst.epsilon)), ("restarts", NumericArray(worst.restarts.map(\.increase)))]
    }

    public var table: (header: [String], rows: [[Double]])? { nil }
}
