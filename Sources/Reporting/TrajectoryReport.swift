import Analyses
import ArrayFiles
import Essentials
import Plotting

/// The paths of one training or several over the surface of their principal plane, with the loss of each checkpoint beside the surface's.
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
    /// Of each training, what it is called and its points.
    private var trainings: [(name: String, points: [TrajectoryAnalysis.Point])] {
        shortNames(result.folders).enumerated().map { number, name in
            (name, points.filter { $0.training == number })
        }
    }
    private var isAlone: Bool { result.folders.count == 1 }
    /// Imported checkpoints have none.
    private var hasEpochs: Bool { points.contains { $0.epoch > 0 } }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        let rows = points.map { point -> JSONValue in
            .object([
                ("folder", .string(result.folders[point.training])), ("checkpoint", .string(point.path)),
                ("step", .integer(point.step)), ("epoch", .integer(point.epoch)),
                ("coordinates", JSONValue(point.place.coordinates)), ("distance", .number(point.place.distance)),
                ("distance_to_plane", .number(point.place.distanceToPlane)), ("loss", .number(point.loss)),
                ("accuracy", JSONValue(point.accuracy)), ("plane_loss", .number(point.planeLoss)),
            ])
        }
        return [
            ("explained_variance", JSONValue(explainedVariance)),
            ("scaled_by", result.scaledBy.map(JSONValue.string) ?? .null), ("points", .array(rows)),
        ] + surface.fields
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
        let names = trainings.map(\.name)
        let folders =
            isAlone
            ? []
            : [TextTable.Column("training", points.map { names[$0.training] }, width: 1 + names.map(\.count).max()!)]
        let epochs = hasEpochs ? [column("epoch", 7, points.map { "\($0.epoch)" })] : []
        let table = TextTable(
            folders + [column("step", 7, points.map { "\($0.step)" })] + epochs + [
                column("distance", 10, points.map { Format.short($0.place.distance) }),
                column("off plane", 11, points.map { Format.short($0.place.distanceToPlane) }),
                column("loss", 11, points.map { Format.number($0.loss) }),
                column("loss in the plane", 19, points.map { Format.number($0.planeLoss) }),
            ])
        let end = isAlone ? "the end" : "the end of \(names[0])"
        let summary =
            [
                "trajectory: \(points.count) checkpoints\(isAlone ? "" : " of \(names.count) trainings"); the plane holds \(shares.joined(separator: " + ")) of Σ‖θ_t − θ_T‖²",
                "distance from the plane at most \(Format.number(farthest)), from \(end) at most \(Format.number(length))",
            ]
            + (result.scaledBy.map { ["distances are of weights times √P, P being what \($0) divides its steps by"] }
                ?? [])
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
            title: isAlone ? "path over the surface" : "paths over the surface", xLabel: label(0), yLabel: label(1),
            valueLabel: "loss (\(context.lossName))", x: slice.alpha, y: slice.beta, values: slice.loss)
        map.marksMinimum = false
        map.overlays = trainings.enumerated().map { number, training in
            HeatmapFigure.Overlay(
                label: isAlone ? "checkpoints" : training.name, x: training.points.map(\.place.coordinates[0]),
                y: training.points.map(\.place.coordinates[1]), color: Self.color(number))
        }
        map.labels = trainings.flatMap { times($0.points, on: slice) }
        let distance = "distance from the plane"
        let series = trainings.enumerated().flatMap { number, training -> [Series] in
            let points = training.points, steps = points.map { Double($0.step) }
            var loss = Series(isAlone ? "loss" : training.name, x: steps, y: points.map(\.loss), marker: .circle)
            var away = Series(
                isAlone ? distance : "", x: steps, y: points.map(\.place.distanceToPlane), side: .right)
            (away.color, away.dash) = (Color(0x888888), Series.dashes[2])
            guard isAlone else {
                (loss.color, away.color) = (Self.color(number), Self.color(number))
                return [loss, away]
            }
            var inPlane = Series("in the plane", x: steps, y: points.map(\.planeLoss), marker: .square)
            inPlane.dash = Series.dashes[1]
            return [loss, inPlane, away]
        }
        var lines = LineFigure(
            title: "checkpoints", xAxis: Axis("step", isWhole: true),
            leftAxis: Axis("\(context.split) loss"),
            rightAxis: Axis(distance + (isAlone ? "" : ", dotted")),
            series: series)
        (lines.legend, lines.valueScale) = (.below, .automatic)
        return PanelFigure(
            title: isAlone ? "Training path in its principal plane" : "Training paths in their principal plane",
            subtitle: context.caption + (result.scaledBy.map { " · weights times √P of \($0)" } ?? ""),
            panels: [map, lines],
            sharesRanges: false, size: Size(width: 900, height: 430))
    }

    /// Of the path of a training, by its number: told apart from the surface's colours and on paper.
    static func color(_ number: Int) -> Color {
        let colors = [Color(0xFF7F50)] + [4, 3, 5].map { Color.seriesPalette[$0] }
        return colors[number % colors.count]
    }

    /// Steps beside points of a path, from its end back, where they are an eighth of the map apart; ours.
    private func times(_ points: [TrajectoryAnalysis.Point], on slice: Slice) -> [HeatmapFigure.Label] {
        func extent(_ values: [Double]) -> Double { (values.last ?? 0) - (values.first ?? 0) }
        let sizes = [extent(slice.alpha), extent(slice.beta)]
        var shown: [TrajectoryAnalysis.Point] = []
        for point in points.reversed() {
            let isFar = shown.allSatisfy { other in
                let way = zip(zip(point.place.coordinates, other.place.coordinates), sizes).map { ($0.0 - $0.1) / $1 }
                return way[0] * way[0] + way[1] * way[1] > 1.0 / 64
            }
            if isFar { shown.append(point) }
        }
        return shown.map {
            HeatmapFigure.Label(
                text: "\($0.step)", at: Point($0.place.coordinates[0], $0.place.coordinates[1]))
        }
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        surface.arrays + [
            ("path", NumericArray(points.flatMap(\.place.coordinates), shape: [points.count, 2])),
            ("training", NumericArray(points.map(\.training))), ("step", NumericArray(points.map(\.step))),
            ("path_loss", NumericArray(points.map(\.loss))),
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
            ["training", "step", "epoch", "x", "y", "distance", "distance_to_plane", "loss", "plane_loss"],
            points.map {
                [Double($0.training), Double($0.step), Double($0.epoch)] + $0.place.coordinates + [
                    $0.place.distance, $0.place.distanceToPlane, $0.loss, $0.planeLoss,
                ]
            }
        )
    }
}
