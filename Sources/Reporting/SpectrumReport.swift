import ArrayFiles
import Landscape
import MatrixFree
import Plotting

/// Eigenvalues, trace and norm of a curvature matrix.
public struct SpectrumReport: Report {
    /// One end of the spectrum: values with residuals.
    public struct End: Sendable {
        public let values: [Double], residuals: [Double]
        public init(values: [Double], residuals: [Double]) { (self.values, self.residuals) = (values, residuals) }
    }

    public var context: RunContext
    public let kind: CurvatureKind
    public let method: String
    /// Descending and ascending.
    public var top: End?, bottom: End?
    public var converged = true
    public var products = 0
    public var tolerance = 0.0
    public var trace: TraceEstimate?
    public var frobenius: StochasticEstimate?
    public var density: SpectralDensity?
    /// vᵀHv and ‖Hv‖ for a given v.
    public var along: (quadraticForm: Double, norm: Double)?
    /// Eigenvectors of the top, P numbers each.
    public var vectors: [[Double]] = []

    public init(context: RunContext, kind: CurvatureKind, method: String) {
        (self.context, self.kind, self.method) = (context, kind, method)
    }

    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [
            ("operator", .string(kind.rawValue)), ("method", .string(method)),
        ]
        if let top { fields += [("eigenvalues", JSONValue(top.values)), ("residuals", JSONValue(top.residuals))] }
        if let bottom {
            fields += [("eigenvalues_low", JSONValue(bottom.values)), ("residuals_low", JSONValue(bottom.residuals))]
        }
        if top != nil || bottom != nil {
            fields += [("converged", .bool(converged)), ("tolerance", .number(tolerance))]
        }
        fields.append(("products", .integer(products)))
        if let trace {
            fields.append(
                (
                    "trace",
                    .object([
                        ("value", .number(trace.trace.value)), ("standard_error", JSONValue(trace.trace.standardError)),
                        ("probes", .integer(trace.probes)),
                        ("method", .string(trace.method.rawValue)), ("products", .integer(trace.products)),
                    ])
                ))
        }
        if let frobenius {
            fields.append(
                (
                    "frobenius",
                    .object([
                        ("value", .number(frobenius.value)), ("standard_error", JSONValue(frobenius.standardError)),
                    ])
                ))
        }
        if let density {
            let (nodes, weights) = density.nodesAndWeights
            fields.append(
                (
                    "density",
                    .object([
                        ("x", JSONValue(density.grid)), ("y", JSONValue(density.density)),
                        ("standard_error", JSONValue(density.standardError)),
                        ("nodes", JSONValue(nodes)), ("weights", JSONValue(weights)), ("sigma", .number(density.sigma)),
                    ])
                ))
        }
        if let along {
            fields.append(
                ("along", .object([("quadratic_form", .number(along.quadraticForm)), ("norm", .number(along.norm))])))
        }
        return fields
    }

    private var symbol: String { kind == .hessian ? "H" : "G" }

    public var lines: [String] {
        var lines: [String] = []
        func add(_ end: End, _ name: String) {
            for (i, value) in end.values.enumerated() {
                lines.append(
                    "λ\(name)\(i + 1)  \(Format.number(value).padding(toLength: 12, withPad: " ", startingAt: 0)) residual ‖\(symbol)v − λv‖ \(Format.short(end.residuals[i]))"
                )
            }
        }
        if top != nil || bottom != nil {
            lines.append(
                "\(kind.rawValue), \(method), \(products) products\(converged ? "" : "; NOT CONVERGED to \(Format.short(tolerance)): try a larger --iterations")"
            )
        }
        if let top { add(top, "") }
        if let bottom { add(bottom, "min") }
        if let trace {
            lines.append(
                "trace  \(Format.number(trace.trace.value)) ± \(trace.trace.standardError.map(Format.short) ?? "–")  (\(trace.method.rawValue), \(trace.products) products)"
            )
        }
        if let frobenius {
            lines.append(
                "‖\(symbol)‖_F  \(Format.number(frobenius.value)) ± \(frobenius.standardError.map(Format.short) ?? "–")"
            )
        }
        if let density {
            lines.append(
                "density  \(density.quadratures.count) probes of \(density.steps) steps, σ \(Format.short(density.sigma)), \(density.products) products"
            )
        }
        if let along {
            lines.append(
                "vᵀ\(symbol)v  \(Format.number(along.quadraticForm))   ‖\(symbol)v‖  \(Format.number(along.norm))")
        }
        return lines
    }

    public var figure: (any Figure)? {
        if let density {
            let floor = 1e-6 * (density.density.max() ?? 1)
            var figure = LineFigure(
                title: "Spectral density of the \(kind == .hessian ? "Hessian" : "Gauss–Newton matrix")",
                subtitle: context.caption, xAxis: Axis("eigenvalue"),
                leftAxis: Axis("density", scale: .logarithmic),
                series: [Series("density", x: density.grid, y: density.density.map { $0 < floor ? .nan : $0 })])
            if let top {
                figure.series.append(
                    Series("largest by Lanczos", x: top.values, y: top.values.map { _ in floor * 3 }, marker: .triangle)
                )
                figure.series[1].lineWidth = 0
            }
            return figure
        }
        guard top != nil || bottom != nil else { return nil }
        var series: [Series] = []
        func add(_ end: End?, _ label: String, _ marker: Marker) {
            guard let end, !end.values.isEmpty else { return }
            var one = Series(
                label, x: end.values.indices.map { Double($0 + 1) }, y: end.values, marker: marker,
                errors: end.residuals)
            one.lineWidth = 0
            one.stemBase = 0
            series.append(one)
        }
        add(top, "largest", .circle)
        add(bottom, "smallest", .square)
        let most = Double(max(top?.values.count ?? 0, bottom?.values.count ?? 0))
        var figure = LineFigure(
            title: "Extreme eigenvalues of the \(kind == .hessian ? "Hessian" : "Gauss–Newton matrix")",
            subtitle: context.caption + " · bars: residuals",
            xAxis: Axis("number", range: 0.5...(most + 0.5), isWhole: true), leftAxis: Axis("eigenvalue"),
            series: series)
        figure.referenceLines = [ReferenceLine(.horizontal, at: 0)]
        return figure
    }

    public var arrays: [(name: String, array: NumericArray)] {
        var arrays: [(name: String, array: NumericArray)] = []
        if let top {
            arrays += [("eigenvalues", NumericArray(top.values)), ("residuals", NumericArray(top.residuals))]
        }
        if let bottom {
            arrays += [
                ("eigenvalues_low", NumericArray(bottom.values)), ("residuals_low", NumericArray(bottom.residuals)),
            ]
        }
        if let density {
            arrays += [("density_x", NumericArray(density.grid)), ("density_y", NumericArray(density.density))]
        }
        return arrays
    }

    public var table: (header: [String], rows: [[Double]])? {
        guard let top else { return nil }
        return (["eigenvalue", "residual"], zip(top.values, top.residuals).map { [$0, $1] })
    }
}
