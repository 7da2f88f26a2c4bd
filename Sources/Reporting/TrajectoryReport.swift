import Analyses
import ArrayFiles
import Essentials
import Plotting

/// A training's path over the surface of its principal plane, with the loss of each checkpoint beside the surface's.
public struct TrajectoryReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// What is shown.
    public let result: TrajectoryAnalysis.Result

    /// - Parameter result: what is shown.
    public init(context: RunContext, _ result: TrajectoryAnalysis.Result) {
        (self.context, self.result) = (context, result)
    }

    private var surface: SliceReport { SliceReport(context: context, slice: result.surface) }
    private var explainedVariance: [Double] { result.explainedVariance }
    private var points: [TrajectoryAnalysis.Point] { result.points }
    /// Imported checkpoints have none.
    private var hasEpochs: Bool { points.contains { $0.epoch > 0 } }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        let rows = points.map { point -> JSONValue in
            .object([
                ("checkpoint", .string(point.path)), ("step", .integer(point.step)), ("epoch", .integer(point.epoch)),
                ("coordinates", JSONValue(point.place.coordinates)), ("distance", .number(point.place.distance)),
                ("distance_to_plane", .number(point.place.distanceToPlane)), ("loss", .number(point.loss)),
                ("accuracy", JSONValue(point.accuracy)), ("plane_loss", .number(point.planeLoss)),
            ])
        }
        return [("explained_variance", JSONValue(explainedVariance)), ("points", .array(rows))] + surface.fields
    }

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with a table that fits a window.
    public func lines(width: Int?) -> [PrintedLine] {
        let shares = explainedVariance.prefix(2).map { Format.percent($0) }
        let farthest = points.map(\.place.distanceToPlane).max() ?? 0
        let length = points.map(\.place.distance).max() ?? 0
        func column(_ title: String, _ width: Int, _ cells: [String]) -> TextTable.Column {
            TextTable.Column(title, cells, width: width, isRight: true)
        }
        let epochs = hasEpochs ? [column("epoch", 7, points.map { "\($0.epoch)" })] : []
        let table = TextTable(
            [column("step", 7, points.map { "\($0.step)" })] + epochs + [
                column("distance", 10, points.map { Format.short($0.place.distance) }),
                column("off plane", 11, points.map { Format.short($0.place.distanceToPlane) }),
                column("loss", 11, points.map { Format.number($0.loss) }),
                column("loss in the plane", 19, points.map { Format.number($0.planeLoss) }),
            ])
        let summary = [
            "trajectory: \(points.count) checkpoints; the plane holds \(shares.joined(separator: " + ")) of Σ‖θ_t − θ_T‖²",
            "distance from the plane at most \(Format.number(farthest)), from the end at most \(Format.number(length))",
        ]
        return summary.map { PrintedLine($0) } + table.lines(width: width)
            + surface.lines.dropFirst().map { PrintedLine($0) }
    }

    private func label(_ axis: Int) -> String {
        let share = axis < explainedVariance.count ? ", \(Format.percent(explainedVariance[axis]))" : ""
        return "principal axis \(axis + 1)\(share)"
    }

    /// The path over the surface, and the losses of its checkpoints.
    public var figure: (any Figure)? {
        let slice = surface.slice
        var map = HeatmapFigure(
            title: "path over the surface", xLabel: label(0), yLabel: label(1),
            valueLabel: "loss (\(context.lossName))", x: slice.alpha, y: slice.beta, values: slice.loss)
        map.marksMinimum = false
        map.overlays = [
            HeatmapFigure.Overlay(
                label: "checkpoints", x: points.map(\.place.coordinates[0]), y: points.map(\.place.coordinates[1]))
        ]
        let steps = points.map { Double($0.step) }
        var inPlane = Series("in the plane", x: steps, y: points.map(\.planeLoss), marker: .square)
        inPlane.dash = Series.dashes[1]
        var distance = Series("distance from the plane", x: steps, y: points.map(\.place.distanceToPlane), side: .right)
        (distance.color, distance.dash) = (Color(0x888888), Series.dashes[2])
        var lines = LineFigure(
            title: "checkpoints", xAxis: Axis("step", isWhole: true),
            leftAxis: Axis("\(context.split) loss"),
            rightAxis: Axis("distance from the plane"),
            series: [Series("loss", x: steps, y: points.map(\.loss), marker: .circle), inPlane, distance])
        (lines.legend, lines.valueScale) = (.below, .automatic)
        return PanelFigure(
            title: "Training path in its principal plane", subtitle: context.caption, panels: [map, lines],
            sharesRanges: false, size: Size(width: 900, height: 430))
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        surface.arrays + [
            ("path", NumericArray(points.flatMap(\.place.coordinates), shape: [points.count, 2])),
            ("step", NumericArray(points.map(\.step))), ("path_loss", NumericArray(points.map(\.loss))),
            ("path_plane_loss", NumericArray(points.map(\.planeLoss))),
            ("distance_to_plane", NumericArray(points.map(\.place.distanceToPlane))),
            ("explained_variance", NumericArray(explainedVariance)),
        ]
    }

    /// Numbers on the grid, for ParaView.
    public var grid: GridData? { surface.grid }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        (
            ["step", "epoch", "x", "y", "distance", "distance_to_plane", "loss", "plane_loss"],
            points.map {
                [Double($0.step), Double($0.epoch)] + $0.place.coordinates + [
                    $0.place.distance, $0.place.distanceToPlane, $0.loss, $0.planeLoss,
                ]
            }
        )
    }
}
