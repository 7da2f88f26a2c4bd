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
        return eigenvalueLines.map { PrintedLine($0) } + blocks + closingLines.map { PrintedLine($0) }
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
        if result.trace != nil || result.frobenius != nil || !layers.isEmpty {
            lines.append(Format.estimateLegend)
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
