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
    public var lines: [String] {
        var lines: [String] = []
        func add(_ end: SpectrumAnalysis.End, _ name: String) {
            for (i, value) in end.values.enumerated() {
                lines.append(
                    "λ\(name)\(i + 1)  \(Format.number(value).padding(toLength: 12, withPad: " ", startingAt: 0)) residual ‖\(symbol)v − λv‖ \(Format.short(end.residuals[i]))"
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
                "density  \(density.quadratures.count) probes of \(density.steps) steps, σ \(Format.short(density.sigma)), \(density.products) products"
            )
            let (low, high) = density.outliers()
            func list(_ values: [Double]) -> String {
                values.isEmpty ? "none" : values.map(Format.short).joined(separator: " ")
            }
            lines.append("  outliers: \(high.count) above the bulk (\(list(high))), \(low.count) below (\(list(low)))")
        }
        if !layers.isEmpty {
            let width = max(layers.map(\.name.count).max() ?? 0, "diagonal block of".count) + 2
            lines.append(
                "diagonal block of".padding(toLength: width + 2, withPad: " ", startingAt: 0) + "λmax         trace")
            for layer in layers {
                let name = layer.name.padding(toLength: width, withPad: " ", startingAt: 0)
                let value = Format.number(layer.largestEigenvalue).padding(toLength: 12, withPad: " ", startingAt: 0)
                lines.append(
                    "  \(name)\(value) \(Format.number(layer.trace))\(layer.converged ? "" : "  λmax NOT CONVERGED")"
                )
            }
        }
        if result.trace != nil || result.frobenius != nil || !layers.isEmpty {
            lines.append("[ ]: 95 % interval")
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
        number(estimate.value, within: estimate.interval95)
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
