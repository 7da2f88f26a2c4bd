import Analyses
import Essentials
import MatrixFree

extension SpectrumReport {
    private var symbol: String {
        switch kind {
        case .hessian: "H"
        case .ggn: "G"
        case .fisher: "F"
        case .empiricalFisher: "F̂"
        }
    }

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with tables that fit a window.
    public func lines(width: Int?) -> [PrintedLine] {
        let blocks = layers.isEmpty ? [] : blocks.lines(width: width)
        let flatness = result.relativeFlatness.isEmpty ? [] : relativeFlatness.lines(width: width)
        let means = result.diagonal == nil ? [] : diagonalMeans.lines(width: width)
        let classes = result.classes.isEmpty ? [] : classes.lines(width: width)
        return eigenvalueLines.map { PrintedLine($0) } + classes + flatness + means + blocks
            + closingLines.map { PrintedLine($0) }
    }

    private var eigenvalueLines: [String] {
        var lines: [String] = []
        func add(_ end: SpectrumAnalysis.End, _ name: String) {
            for (i, value) in end.values.enumerated() {
                lines.append(
                    "λ\(name)\(i + 1)  \(Format.number(value, error: end.residuals[i]).padding(toLength: 12, withPad: " ", startingAt: 0)) residual ‖\(symbol)v − λv‖ \(Format.short(end.residuals[i]))"
                )
            }
        }
        if top != nil || bottom != nil {
            lines.append(
                "\(kind.rawValue), \(result.method.rawValue), \(products) products\(converged ? "" : "; NOT CONVERGED to \(Format.short(tolerance)): try a larger --iterations")"
            )
        }
        if let top = result.top { add(top, "") }
        if let bottom = result.bottom { add(bottom, "min") }
        if let trace = result.trace {
            lines.append(
                "trace  \(Format.number(trace.trace))  (\(trace.method.title), \(trace.products) products)"
            )
        }
        if let frobenius = result.frobenius {
            lines.append("‖\(symbol)‖_F  \(Format.number(frobenius))")
        }
        if let share = result.gradientShare {
            let count = result.top?.values.count ?? 0, names = count == 1 ? "eigenvector" : "\(count) eigenvectors"
            lines.append(
                share.isNaN
                    ? "gradient in the space of the top \(names)  undefined: the gradient is 0"
                    : "gradient in the space of the top \(names)  \(Format.number(100 * share)) % of ‖g‖²")
        }
        if let found = result.determinant {
            let shift = Format.short(found.shift)
            lines += [
                "log det(\(symbol) + δI)  \(Format.number(found.value))  (δ \(shift), \(found.products) products\(found.settled ? "" : "; NOT SETTLED: a larger δ takes fewer"))",
                "log det(I + \(symbol)/δ)  \(Format.number(found.relative))",
                "effective dimension Σ λ/(λ + δ)  \(Format.number(found.effectiveDimension))",
            ]
        }
        if let noise = result.noise {
            lines.append(
                "tr(\(symbol)Σ)  \(Format.number(noise.trace))  (Σ: covariance of the examples' gradients, tr Σ \(Format.number(noise.noise.value)); \(noise.products) products)"
            )
            if let shift = noise.shift {
                let name = shift == 0 ? "tr(\(symbol)⁻¹Σ)" : "tr((\(symbol) + δI)⁻¹Σ)"
                lines.append(
                    noise.criterion.map {
                        "\(name)  \(Format.number($0))  (δ \(Format.short(shift)), residual of the solves at most \(Format.short(noise.residual ?? .nan)))"
                    }
                        ?? "\(name)  undefined: \(symbol) + δI has a direction of negative curvature; a larger --damping, or --operator ggn"
                )
            }
        }
        if let diagonal = result.diagonal {
            let (low, high) = (diagonal.values.min() ?? .nan, diagonal.values.max() ?? .nan)
            lines.append(
                "diagonal  from \(Format.short(low)) to \(Format.short(high))  (\(diagonal.isExact ? "exact" : "estimated"), \(diagonal.products) products)"
            )
        }
        if let density = result.density {
            lines.append(
                "density  \(density.deflated.count) eigenvalues taken out, \(density.quadratures.count) probes of at most \(density.steps) steps, σ \(Format.short(density.sigma)), \(density.products) products"
            )
            let (low, high) = density.outliers()
            func list(_ values: [Double]) -> String {
                values.isEmpty ? "none" : values.map(Format.short).joined(separator: " ")
            }
            lines.append("  outliers: \(high.count) above the bulk (\(list(high))), \(low.count) below (\(list(low)))")
        }
        return lines
    }

    /// A row for each class.
    private var classes: TextTable {
        let all = result.classes, hasValues = all.allSatisfy { !$0.eigenvalues.isEmpty }
        let hasOverlaps = all.allSatisfy { !$0.overlaps.isEmpty }
        return TextTable(
            [
                TextTable.Column("class", all.map { "\($0.label)" }, width: 5, isRight: true),
                TextTable.Column("examples", all.map { "\($0.examples)" }, width: 8, isRight: true),
            ]
                + (hasValues
                    ? [
                        TextTable.Column(
                            "λmax",
                            all.map {
                                Format.number($0.eigenvalues[0], error: $0.residuals[0])
                                    + ($0.converged ? "" : " NOT CONVERGED")
                            }, width: 13)
                    ] : [])
                + [
                    TextTable.Column("trace", all.map { Format.number($0.trace) }, width: 26),
                    TextTable.Column("‖∇L‖₂", all.map { Format.number($0.gradientNorm) }, width: 13),
                ]
                + (hasOverlaps
                    ? [
                        TextTable.Column(
                            "|cos(∇L, v\(result.vectors.count > 1 ? "ᵢ" : "₁"))|",
                            all.map { $0.overlaps.map { Format.short($0) }.joined(separator: " ") })
                    ] : []))
    }

    /// A row for each layer.
    private var relativeFlatness: TextTable {
        TextTable([
            TextTable.Column("relative flatness of", result.relativeFlatness.map(\.name)),
            TextTable.Column("κ", result.relativeFlatness.map { Format.number($0.value) }),
        ])
    }

    /// A row for each tensor.
    private var diagonalMeans: TextTable {
        TextTable([
            TextTable.Column("diagonal over", ["all"] + result.diagonalParts),
            TextTable.Column(
                "mean",
                ([result.diagonal?.mean].compactMap { $0 } + (result.diagonal?.means ?? [])).map { Format.number($0) }
            ),
        ])
    }

    /// A row for each block of the diagonal.
    private var blocks: TextTable {
        TextTable([
            TextTable.Column("diagonal block of", layers.map(\.name)),
            TextTable.Column(
                "λmax",
                layers.map { Format.number($0.largestEigenvalue) + ($0.converged ? "" : " NOT CONVERGED") }, width: 13),
            TextTable.Column("trace", layers.map { Format.number($0.trace) }),
        ])
    }

    private var closingLines: [String] {
        var lines: [String] = []
        if result.trace != nil || result.frobenius != nil || !layers.isEmpty || result.diagonal != nil
            || result.determinant != nil || !result.classes.isEmpty
            || sampling != nil || result.noise != nil || !result.relativeFlatness.isEmpty
        {
            lines.append(Format.estimateLegend)
        }
        if let sampling {
            let interval = sampling.interval95.map {
                "\(Format.number($0.lowerBound)) to \(Format.number($0.upperBound))"
            }
            lines += [
                "λmax of all \(sampling.total) examples, by \(sampling.repetitions) draws of \(sampling.examples): at least \(Format.number(sampling.lower.value, error: sampling.lower.standardError ?? .nan)), at most \(Format.number(sampling.upper.value, error: sampling.upper.standardError ?? .nan)) in the mean; 95 % interval \(interval ?? "unknown")\(sampling.converged ? "" : "; NOT CONVERGED")",
                "trace of all examples  \(Format.number(sampling.trace))  (over the draws; \(sampling.products) products in all)",
            ]
        }
        if let along = result.along {
            lines.append(
                "vᵀ\(symbol)v  \(Format.number(along.quadraticForm))   ‖\(symbol)v‖  \(Format.number(along.norm))")
        }
        return lines
    }
}

extension Format {
    /// An estimate and its interval.
    fileprivate static func number(_ estimate: StochasticEstimate) -> String {
        self.estimate(estimate.value, error: estimate.standardError, interval: estimate.interval95)
    }
}

extension TraceEstimate.Method {
    /// Its name in the literature.
    fileprivate var title: String {
        switch self {
        case .hutchinson: "Hutchinson"
        case .hutchPlusPlus: "Hutch++"
        }
    }
}
