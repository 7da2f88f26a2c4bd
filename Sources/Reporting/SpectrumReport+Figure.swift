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

    /// The same density on a linear and on a logarithmic scale, with its error over probes and the outliers marked.
    private func densityFigure(_ density: SpectralDensity) -> any Figure {
        let most = density.density.max() ?? 1
        // Outliers are about one eigenvalue each, whatever the smoothing: their share of P is the least worth showing.
        let floor = max(1e-9 * most, 0.02 / (Double(density.dimension) * density.sigma))
        let (low, high) = density.outliers()
        let marked = (top?.values ?? high) + (bottom?.values ?? low)
        let origin = top == nil ? "outliers" : "extreme eigenvalues (Lanczos)"
        func panel(_ scale: AxisScale) -> LineFigure {
            let isLogarithmic = scale == .logarithmic
            func visible(_ value: Double) -> Double { isLogarithmic && value < floor ? .nan : value }
            var curve = Series("density", x: density.grid, y: density.density.map(visible))
            if density.standardError.count == density.grid.count {
                let errors = zip(density.density, density.standardError)
                curve.label = "density ± standard error"
                curve.band = Series.Band(
                    lower: errors.map { isLogarithmic ? max($0 - $1, floor) : $0 - $1 },
                    upper: errors.map { visible($0 + $1) })
            }
            let height = isLogarithmic ? floor : 0
            var marks = Series(origin, x: marked, y: marked.map { _ in height }, marker: .triangle)
            marks.lineWidth = 0
            let range = isLogarithmic ? (floor / 2)...(3 * most) : (-0.03 * most)...(1.08 * most)
            return LineFigure(
                title: isLogarithmic ? "logarithmic" : "linear", xAxis: Axis("eigenvalue"),
                leftAxis: Axis("density", scale: scale, range: most > 0 ? range : nil),
                series: marked.isEmpty ? [curve] : [curve, marks])
        }
        return PanelFigure(
            title: "Spectral density of the \(matrixName)",
            subtitle: context.caption + " · \(density.quadratures.count) probes, σ = \(Format.short(density.sigma))",
            panels: [panel(.linear), panel(.logarithmic)], sharesRanges: false, size: Size(width: 820, height: 380))
    }

    private var layerFigure: any Figure {
        let numbers = layers.indices.map { Double($0 + 1) }
        func panel(_ label: String, _ values: [Double], _ errors: [Double]) -> LineFigure {
            var series = Series("", x: numbers, y: values, marker: .circle, errors: errors)
            series.lineWidth = 0
            series.stemBase = 0
            var figure = LineFigure(
                xAxis: Axis(
                    "parameter tensor, in order", range: 0.3...(Double(layers.count) + 0.7), isWhole: true,
                    names: layers.map(\.name)),
                leftAxis: Axis(label), series: [series])
            figure.referenceLines = [ReferenceLine(.horizontal, at: 0)]
            return figure
        }
        return PanelFigure(
            title: "Diagonal blocks of the \(matrixName), one for each parameter tensor",
            subtitle: context.caption + " · bars: residuals, standard errors",
            panels: [
                panel("λmax of the block", layers.map(\.largestEigenvalue), layers.map(\.residual)),
                panel("trace of the block", layers.map(\.trace.value), layers.map { $0.trace.standardError ?? 0 }),
            ], sharesRanges: false, size: Size(width: 820, height: 420))
    }

    private var eigenvalueFigure: any Figure {
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
            title: "Extreme eigenvalues of the \(matrixName)", subtitle: context.caption + " · bars: residuals",
            xAxis: Axis("number", range: 0.5...(most + 0.5), isWhole: true), leftAxis: Axis("eigenvalue"),
            series: series)
        figure.referenceLines = [ReferenceLine(.horizontal, at: 0)]
        return figure
    }
}
