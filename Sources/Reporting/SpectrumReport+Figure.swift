import Analyses
import Essentials
import MatrixFree
import Plotting

extension SpectrumReport {
    /// The density, else the blocks of layers, else the eigenvalues.
    public var figure: (any Figure)? {
        if let density = result.density { return densityFigure(density) }
        if !layers.isEmpty { return layerFigure }
        return top != nil || bottom != nil ? eigenvalueFigure : nil
    }

    private var matrixName: String {
        switch kind {
        case .hessian: "Hessian"
        case .ggn: "Gauss–Newton matrix"
        case .fisher: "Fisher matrix"
        case .empiricalFisher: "empirical Fisher matrix"
        }
    }

    /// The same density on a linear and on a logarithmic scale, with its interval and the outliers marked.
    private func densityFigure(_ density: SpectralDensity) -> any Figure {
        let most = density.density.max() ?? 1
        // Outliers are about one eigenvalue each, whatever the smoothing: their share of P is the least worth showing.
        let floor = max(1e-9 * most, 0.02 / (Double(density.dimension) * density.sigma))
        let (low, high) = density.outliers()
        // Eigenvalues are those that were asked for; what the density alone tells of an end is named so.
        let found = (top?.values ?? []) + (bottom?.values ?? [])
        let told = (top == nil ? high : []) + (bottom == nil ? low : [])
        func panel(_ scale: AxisScale) -> LineFigure {
            let isLogarithmic = scale == .logarithmic
            func visible(_ value: Double) -> Double { isLogarithmic && value < floor ? .nan : value }
            var curve = Series("density", x: density.grid, y: density.density.map(visible))
            curve.label = "density, 95 % interval"
            curve.marksNonFinite = false
            curve.band = Series.Band(
                lower: density.intervalLow.map { isLogarithmic ? max($0, floor) : $0 },
                upper: density.intervalHigh.map(visible))
            let height = isLogarithmic ? floor : 0
            func marks(_ name: String, _ values: [Double], _ marker: Marker) -> [Series] {
                var marks = Series(name, x: values, y: values.map { _ in height }, marker: marker)
                marks.lineWidth = 0
                return values.isEmpty ? [] : [marks]
            }
            let range = isLogarithmic ? (floor / 2)...(3 * most) : (-0.03 * most)...(1.08 * most)
            return LineFigure(
                title: isLogarithmic ? "logarithmic" : "linear", xAxis: Axis("eigenvalue"),
                leftAxis: Axis("density", scale: scale, range: most > 0 ? range : nil),
                series: [curve] + marks("eigenvalues (Lanczos)", found, .triangle)
                    + marks("outliers of the density", told, .diamond))
        }
        return PanelFigure(
            title: "Spectral density of the \(matrixName)",
            subtitle: context.caption + " · \(density.quadratures.count) probes, σ = \(Format.short(density.sigma))",
            panels: [panel(.linear), panel(.logarithmic)], sharesRanges: false, size: Size(width: 820, height: 380))
    }

    private var layerFigure: any Figure {
        let modules = Self.modules(layers.map(\.name))
        return BarFigure(
            title: "Diagonal blocks of the \(matrixName), one for each parameter tensor",
            subtitle: context.caption + " · bars: residuals, 95 % intervals",
            quantities: ["λmax of the block", "trace of the block"],
            rows: zip(layers, modules).map { layer, name in
                let (value, error) = (layer.largestEigenvalue, layer.residual)
                return BarFigure.Row(
                    name.tensor, group: name.module, values: [value, layer.trace.value],
                    intervals: [
                        value.isFinite && error.isFinite ? (value - error)...(value + error) : nil,
                        layer.trace.interval95,
                    ])
            })
    }

    /// Names of tensors with the module in front cut off: `layer1.0.conv1.weight` is `conv1.weight` of `layer1.0`.
    static func modules(_ names: [String]) -> [(module: String, tensor: String)] {
        names.map { name in
            let parts = name.split(separator: ".")
            let kept = parts.count > 2 ? 2 : 1
            return (parts.dropLast(kept).joined(separator: "."), parts.suffix(kept).joined(separator: "."))
        }
    }

    private var eigenvalueFigure: any Figure {
        var series: [Series] = []
        func add(_ end: End?, _ label: String, _ marker: Marker) {
            guard let end, !end.values.isEmpty else { return }
            var one = Series(
                label, x: end.values.indices.map { Double($0 + 1) }, y: end.values, marker: marker,
                errors: Series.Band(around: end.values, by: end.residuals))
            one.lineWidth = 0
            one.stemBase = 0
            series.append(one)
        }
        add(top, "largest", .circle)
        add(bottom, "smallest", .square)
        let most = Double(max(top?.values.count ?? 0, bottom?.values.count ?? 0))
        var figure = LineFigure(
            title: "Extreme eigenvalues of the \(matrixName)", subtitle: context.caption + " · bars: residuals",
            xAxis: Axis("number", range: 0.5...(most + 0.5), isWhole: true), leftAxis: Axis("eigenvalue"),
            series: series)
        figure.referenceLines = [ReferenceLine(.horizontal, at: 0)]
        return figure
    }
}

extension Series.Band {
    /// Values ± their errors.
    fileprivate init(around values: [Double], by errors: [Double]) {
        self.init(lower: zip(values, errors).map { $0 - $1 }, upper: zip(values, errors).map { $0 + $1 })
    }

    /// Intervals; none, and so no bar, where there is nil.
    init(_ intervals: [ClosedRange<Double>?]) {
        self.init(
            lower: intervals.map { $0?.lowerBound ?? .nan }, upper: intervals.map { $0?.upperBound ?? .nan })
    }
}
