import Foundation

/// Which values the two ends of a colour map stand for.
struct ColorScale: Sendable, Equatable {
    var range: AxisRange
    var map: ColorMap
    /// True if there are values beyond the top, which get the top's colour.
    var isCapped: Bool
    /// True if there are values below the bottom, which get the bottom's colour.
    var isCappedBelow: Bool

    func color(of value: Double) -> Color? {
        guard value.isFinite else { return nil }
        // On a logarithmic scale, zero and less lie below everything.
        return map.color(at: range.fraction(of: value) ?? 0)
    }
}

/// A colour bar to the right of a plot: its cells, frame, ticks and label.
struct ColorBar {
    static let gap = 12.0
    static let width = 11.0
    static let tipHeight = 8.0

    let scale: ColorScale
    let axis: ResolvedAxis

    init(scale: ColorScale, label: String, height: Double) {
        self.scale = scale
        axis = ResolvedAxis(label: label, range: scale.range, length: height, spacing: 32)
    }

    /// The space right of the plot's frame.
    var space: Double {
        let label = axis.fullLabel.isEmpty ? 0 : FigureStyle.axisLabelSize + 7
        return ColorBar.gap + ColorBar.width + FigureStyle.tickLength + 3 + max(axis.widestLabel, capLabelWidth) + label
            + FigureStyle.outerMargin
    }

    private var topLabel: String { "≥ \(NumberText.rounded(scale.range.high, digits: 3))" }
    private var bottomLabel: String { "≤ \(NumberText.rounded(scale.range.low, digits: 3))" }

    private var capLabelWidth: Double {
        let labels = (scale.isCapped ? [topLabel] : []) + (scale.isCappedBelow ? [bottomLabel] : [])
        let widths = labels.map {
            StrokeFont.standard.width(of: $0, size: FigureStyle.tickLabelSize, weight: .regular)
        }
        return (widths.max() ?? 0) - 6
    }

    func elements(beside frame: Box) -> Drawing.Element {
        let bar = Box(x: frame.maxX + ColorBar.gap, y: frame.y, width: ColorBar.width, height: frame.height)
        let steps = 256
        var result: [Drawing.Element] = [
            .cells(
                CellRaster(
                    columnEdges: [bar.x, bar.maxX],
                    rowEdges: (0...steps).map { bar.y + bar.height * Double($0) / Double(steps) },
                    colors: (0..<steps).map { scale.map.color(at: 1 - (Double($0) + 0.5) / Double(steps)) }))
        ]
        let side = AxesFrame(box: bar, bottom: axis, left: axis, right: axis)
        // A point at an end says that there are values beyond it.
        if scale.isCapped { result += tip(bar, edge: bar.y, direction: -1, color: 1, label: topLabel) }
        if scale.isCappedBelow { result += tip(bar, edge: bar.maxY, direction: 1, color: 0, label: bottomLabel) }
        result.append(.stroke(.rectangle(bar), .crisp(.ink, width: 0.8)))
        result += side.rightElements(avoidingTop: scale.isCapped, avoidingBottom: scale.isCappedBelow)
        return .group("colour-bar", clip: nil, result)
    }

    private func tip(
        _ bar: Box, edge: Double, direction: Double, color: Double, label: String
    ) -> [Drawing.Element] {
        let corners = [
            Point(bar.x, edge), Point(bar.center.x, edge + direction * ColorBar.tipHeight), Point(bar.maxX, edge),
        ]
        return [
            .fill(.polygon(corners), scale.map.color(at: color)), .stroke(.line(corners), Stroke(.ink, width: 0.8)),
            .text(
                TextLine(
                    label, at: Point(bar.maxX + 1, edge + direction * 6), size: FigureStyle.tickLabelSize, color: .ink,
                    baseline: .middle)),
        ]
    }
}
