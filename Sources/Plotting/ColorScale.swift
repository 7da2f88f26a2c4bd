import Foundation

/// Which values the two ends of a colour map stand for.
struct ColorScale: Sendable, Equatable {
    var range: AxisRange
    var map: ColorMap
    /// True if there are values beyond the top, which get the top's colour.
    var isCapped: Bool

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

    private var capLabel: String { "≥ \(NumberText.rounded(scale.range.high, digits: 3))" }

    private var capLabelWidth: Double {
        scale.isCapped
            ? StrokeFont.standard.width(of: capLabel, size: FigureStyle.tickLabelSize, weight: .regular) - 8 : 0
    }

    func elements(beside frame: Box) -> Drawing.Element {
        let bar = Box(x: frame.maxX + ColorBar.gap, y: frame.y, width: ColorBar.width, height: frame.height)
        let steps = 256
        var result: [Drawing.Element] = [
            .cells(
                CellRaster(
                    columnEdges: [bar.x, bar.maxX],
                    rowEdges: (0...steps).map { bar.y + bar.height * Double($0) / Double(steps) },
                    colors: (0..<steps).map { scale.map.color(at: 1 - (Double($0) + 0.5) / Double(steps)) })),
        ]
        let side = AxesFrame(box: bar, bottom: axis, left: axis, right: axis)
        if scale.isCapped {
            // A point at the top says that the scale goes on.
            let tip = [Point(bar.x, bar.y), Point(bar.center.x, bar.y - 8), Point(bar.maxX, bar.y)]
            result.append(.fill(.polygon(tip), scale.map.color(at: 1)))
            result.append(.stroke(.line(tip), Stroke(.ink, width: 0.8)))
            result.append(
                .text(
                    TextLine(
                        capLabel, at: Point(bar.maxX - 1, bar.y - 6), size: FigureStyle.tickLabelSize, color: .ink,
                        baseline: .middle)))
        }
        result.append(.stroke(.rectangle(bar), .crisp(.ink, width: 0.8)))
        result += side.rightElements(avoidingTop: scale.isCapped ? 8 : nil)
        return .group("colour-bar", clip: nil, result)
    }
}
