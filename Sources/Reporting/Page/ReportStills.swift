import Analyses
import Essentials
import Foundation
import Plotting

/// The pictures of a report that move nothing: for paper, and where scripts are off. Checkpoints share every scale.
struct ReportStills {
    let subjects: [ReportSubject]

    private var caption: String { RunContext.caption(subjects.map(\.context)) }
    private func color(_ index: Int) -> Color { Color.seriesPalette[index % Color.seriesPalette.count] }

    /// The planes of all checkpoints on one colour scale, and the differences from the first; nil without a plane.
    var planes: (any Figure)? {
        let known = subjects.filter { $0.plane != nil }
        guard let first = known.first else { return nil }
        let panels = known.map { subject -> any Figure in
            var report = subject.plane!
            report.marksEvaluated = false
            return report.panel(titled: subject.label)
        }
        let seed = " · seed \(first.context.seed)"
        return PanelFigure(
            title: known.count > 1 ? "Loss on a plane, on one scale" : "Loss on a plane", subtitle: caption + seed,
            panels: panels, columns: min(panels.count, 3))
    }

    /// How the planes of the others differ from the first's, on one scale of their own; nil for one checkpoint.
    var differences: (any Figure)? {
        let known = subjects.compactMap { subject in subject.plane.map { (label: subject.label, slice: $0.slice) } }
        guard let first = known.first, known.count > 1 else { return nil }
        let gaps = known.dropFirst().map { other in
            (
                title: "\(other.label) − \(first.label)",
                values: zip(other.slice.loss, first.slice.loss).map { $0 - $1 }
            )
        }
        let reach = gaps.flatMap(\.values).filter(\.isFinite).map(abs).max() ?? 0
        let panels = gaps.map { gap -> any Figure in
            var map = HeatmapFigure(
                title: gap.title, xLabel: "α", yLabel: "β", valueLabel: "difference of the losses",
                x: first.slice.alpha, y: first.slice.beta, values: gap.values)
            (map.colorMap, map.valueScale, map.marksMinimum) = (.diverging, .linear, false)
            if reach > 0 { map.valueRange = -reach...reach }
            return map
        }
        return PanelFigure(
            title: "Difference of the losses on the plane", subtitle: caption, panels: panels,
            columns: min(panels.count, 3))
    }

    /// All checkpoints along one direction.
    var lines: (any Figure)? {
        var series: [Series] = []
        for (index, subject) in subjects.enumerated() {
            guard let line = subject.line else { continue }
            let slice = line.slice
            series.append(
                Series("\(subject.label), \(subject.context.split)", x: slice.alpha, y: slice.loss, color: color(index))
            )
            if let other = slice.other {
                var dashed = Series(
                    "\(subject.label), \(line.otherSplit)", x: slice.alpha, y: other.loss, color: color(index))
                dashed.dash = [4, 2.5]
                series.append(dashed)
            }
        }
        guard !series.isEmpty else { return nil }
        var figure = LineFigure(
            title: "Loss along one direction", subtitle: caption, xAxis: Axis("α"),
            leftAxis: Axis(subjects[0].context.lossLabel()), series: series)
        figure.referenceLines = [ReferenceLine(.vertical, at: 0, label: "")]
        return figure
    }

    /// The rise of the loss over ρ: a radius in one panel, a deviation of each weight in the other.
    var sharpness: (any Figure)? {
        func panel(_ title: String, _ label: String, _ value: (SharpnessReport.Point) -> Double?) -> LineFigure {
            let series = subjects.enumerated().map { index, subject in
                let points = subject.sharpness.points
                return Series(
                    subject.label, x: points.map(\.radius), y: points.map { value($0) ?? .nan }, color: color(index),
                    marker: .circle)
            }
            let values = series.flatMap(\.y).filter(\.isFinite)
            return LineFigure(
                title: title, xAxis: Axis(label, scale: .logarithmic),
                leftAxis: Axis(
                    "increase over the loss", scale: values.contains { $0 > 0 } ? .logarithmic : .linear),
                series: series)
        }
        return PanelFigure(
            title: "Sharpness over ρ", subtitle: caption,
            panels: [
                panel("worst case (lower bound)", "ρ, radius of the ball") { $0.worst?.lowerBound },
                panel("average case", "ρ, deviation of each weight") { $0.averageCase?.value },
            ], sharesRanges: false, size: Size(width: 820, height: 380))
    }

    /// The spectral densities on one logarithmic scale, eigenvalues marked.
    var spectrum: (any Figure)? {
        let densities = subjects.compactMap(\.spectrum.result.density)
        guard let most = densities.flatMap(\.density).filter(\.isFinite).max(), most > 0 else { return nil }
        let floor = densities.map { max(1e-9 * most, 0.02 / (Double($0.dimension) * $0.sigma)) }.min() ?? 1e-9 * most
        var series: [Series] = []
        for (index, subject) in subjects.enumerated() {
            guard let density = subject.spectrum.result.density else { continue }
            series.append(
                Series(
                    subject.label, x: density.grid, y: density.density.map { $0 < floor ? .nan : $0 },
                    color: color(index)))
            let marked = subject.spectrum.top?.values ?? []
            var marks = Series(
                "\(subject.label): largest eigenvalues", x: marked, y: marked.map { _ in floor }, color: color(index),
                marker: .triangle)
            marks.lineWidth = 0
            series.append(marks)
        }
        return LineFigure(
            title: "Spectral density of the Hessian", subtitle: caption, xAxis: Axis("eigenvalue"),
            leftAxis: Axis("density", scale: .logarithmic, range: (floor / 2)...(3 * most)), series: series)
    }

    /// The losses of every epoch; nil where none is recorded.
    var history: (any Figure)? {
        var series: [Series] = []
        for (index, subject) in subjects.enumerated() {
            let epochs = subject.metadata.history, x = epochs.map { Double($0.epoch) }
            guard epochs.count > 1 else { continue }
            series.append(
                Series("\(subject.label), train", x: x, y: epochs.map(\.trainLoss), color: color(index)))
            guard epochs.contains(where: { $0.testLoss != nil }) else { continue }
            var test = Series(
                "\(subject.label), test", x: x, y: epochs.map { $0.testLoss ?? .nan }, color: color(index))
            test.dash = [4, 2.5]
            series.append(test)
        }
        guard !series.isEmpty else { return nil }
        return LineFigure(
            title: "Loss during training", xAxis: Axis("epoch", isWhole: true), leftAxis: Axis("loss"), series: series)
    }
}

extension ReportStills {
    /// What the pictures show, in words.
    func planesInWords() -> String {
        subjects.compactMap { subject -> String? in
            guard let slice = subject.plane?.slice, let minimum = slice.minimum else { return nil }
            let finite = slice.loss.filter(\.isFinite)
            let lowest = slice.loss[slice.grid.index(row: minimum.beta, column: minimum.alpha)]
            return
                "\(subject.label): \(Format.brief(slice.center)) at the checkpoint, lowest \(Format.brief(lowest)) at α = \(Format.brief(slice.alpha[minimum.alpha])), β = \(Format.brief(slice.beta[minimum.beta])), highest \(Format.brief(finite.max() ?? .nan))."
        }.joined(separator: " ")
    }

    func linesInWords() -> String {
        subjects.compactMap { subject -> String? in
            guard let slice = subject.line?.slice, let first = slice.loss.first, let last = slice.loss.last else {
                return nil
            }
            return
                "\(subject.label): the loss is \(Format.brief(slice.center)) at α = 0, \(Format.brief(first)) at α = \(Format.brief(slice.alpha[0])) and \(Format.brief(last)) at α = \(Format.brief(slice.alpha.last ?? 0))."
        }.joined(separator: " ")
    }

    func sharpnessInWords() -> String {
        subjects.compactMap { subject -> String? in
            guard let first = subject.sharpness.points.first, let last = subject.sharpness.points.last else {
                return nil
            }
            func words(_ name: String, _ value: (SharpnessReport.Point) -> Double?) -> String? {
                guard let low = value(first), let high = value(last) else { return nil }
                return "\(name) rises from \(Format.brief(low)) to \(Format.brief(high))"
            }
            let parts = [
                words("the worst case", { $0.worst?.lowerBound }), words("the average case", { $0.averageCase?.value }),
            ].compactMap { $0 }
            return
                "\(subject.label): from ρ = \(Format.brief(first.radius)) to \(Format.brief(last.radius)) \(parts.joined(separator: ", "))."
        }.joined(separator: " ")
    }

    func spectrumInWords() -> String {
        subjects.compactMap { subject -> String? in
            guard let top = subject.spectrum.top else { return nil }
            var text =
                "\(subject.label): largest eigenvalues \(Format.list(top.values.map(Format.brief)))"
            if let density = subject.spectrum.result.density {
                let (low, high) = density.outliers()
                text += "; \(high.count) outliers above the bulk, \(low.count) below"
            }
            return text + "."
        }.joined(separator: " ")
    }

    func pathInWords(_ subject: ReportSubject) -> String {
        guard let result = subject.trajectory?.result, let first = result.points.first, let last = result.points.last
        else { return "" }
        let shares = result.explainedVariance.prefix(2).map { Format.percent($0) }
        return
            "\(subject.label): \(result.points.count) checkpoints from step \(first.step) with loss \(Format.brief(first.loss)) to step \(last.step) with loss \(Format.brief(last.loss)). The plane holds \(shares.joined(separator: " and ")) of their distances."
    }

    func historyInWords() -> String {
        subjects.compactMap { subject -> String? in
            guard let first = subject.metadata.history.first, let last = subject.metadata.history.last else {
                return nil
            }
            return
                "\(subject.label): training loss \(Format.brief(first.trainLoss)) in epoch \(first.epoch), \(Format.brief(last.trainLoss)) in epoch \(last.epoch)."
        }.joined(separator: " ")
    }
}
