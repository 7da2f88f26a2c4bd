import Analyses
import ArrayFiles
import Essentials
import Plotting

/// Loss on the straight line between two networks, and on a trained curve between them.
public struct InterpolationReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// What A and B are called.
    public let ends: [String]
    /// What is shown.
    public let result: Interpolation.Line
    /// How B was aligned to A before; nil where it was not.
    public let alignment: Alignment?
    /// Where networks along the curve were written: the folder, how many, and the file of the highest loss; nil for nowhere.
    public let saved: (folder: String, checkpoints: Int, highest: String)?

    /// - Parameters:
    ///   - ends: what A and B are called.
    ///   - alignment: how B was aligned to A before; nil where it was not.
    ///   - saved: where networks along the curve were written; nil for nowhere.
    public init(
        context: RunContext, ends: [String], _ result: Interpolation.Line, alignment: Alignment? = nil,
        saved: (folder: String, checkpoints: Int, highest: String)? = nil
    ) {
        (self.context, self.ends, self.result, self.alignment) = (context, ends, result, alignment)
        self.saved = saved
    }

    private var distance: Double { result.distance }
    private var line: PathProfile { result.profile }
    private var curve: Interpolation.TrainedCurve? { result.curve }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [
            ("checkpoints", .array(ends.map { .string($0) })), ("distance", .number(distance)),
            ("alpha", JSONValue(line.t)), ("values", JSONValue(line.loss)),
        ]
        if let accuracy = line.accuracy { fields.append(("accuracies", JSONValue(accuracy))) }
        fields += [("barrier", .number(line.barrier)), ("barrier_at", .number(line.barrierAt))]
        if result.isRepaired { fields.append(("repair", .bool(true))) }
        if let curve {
            var members: [(key: String, value: JSONValue)] = [
                ("kind", .string(curve.path.kind.rawValue)), ("bends", .integer(curve.points.count - 2)),
                ("steps", .integer(curve.settings.steps)), ("cycles", .integer(curve.settings.cycles)),
                ("gradients", .integer(curve.gradients)),
                ("values", JSONValue(curve.profile.loss)), ("barrier", .number(curve.barrier.value)),
                ("barrier_at", .number(curve.barrier.at)), ("relative_length", .number(curve.relativeLength)),
            ]
            if let accuracy = curve.profile.accuracy { members.append(("accuracies", JSONValue(accuracy))) }
            var highest: [(key: String, value: JSONValue)] = [
                ("t", .number(curve.highest.t)), ("loss", .number(curve.highest.loss)),
                ("error", .number(curve.highest.error)),
            ]
            if let error = curve.highest.standardError { highest.append(("standard_error", .number(error))) }
            members.append(("highest", .object(highest)))
            if let saved {
                members.append(
                    (
                        "saved",
                        .object([
                            ("folder", .string(saved.folder)), ("checkpoints", .integer(saved.checkpoints)),
                            ("highest", .string(saved.highest)),
                        ])
                    ))
            }
            fields.append(("curve", .object(members)))
        }
        if let alignment {
            let units = alignment.units
            fields.append(
                (
                    "alignment",
                    .object(
                        [
                            ("distance_before", .number(alignment.distances.before)), ("moved", .integer(units.moved)),
                            ("units", .integer(units.all)),
                        ] + alignment.fields)
                ))
        }
        return fields
    }

    private var aligned: String {
        guard let alignment else { return "" }
        return
            ", before alignment \(Format.number(alignment.distances.before)) (\(alignment.units.moved) of \(alignment.units.all) hidden units in another place\(alignment.notes.map { "; \($0)" }.joined()))"
    }

    /// What a kind of curve is called.
    private static func name(_ kind: PathCurve.Kind) -> String {
        switch kind {
        case .bezier: "Bezier curve"
        case .polygon: "polygon"
        case .neb: "elastic band"
        }
    }

    /// What is printed for people, a line each.
    public var lines: [String] {
        func text(_ name: String, _ profile: PathProfile, highest: String) -> String {
            "\(name)  barrier \(Format.number(profile.barrier)) at t = \(Format.short(profile.barrierAt)); highest loss \(highest)"
        }
        var lines = [
            "from \(ends[0]) (loss \(Format.number(line.loss[0]))) to \(ends[1]) (loss \(Format.number(line.loss.last)))",
            "distance ‖θ_B − θ_A‖  \(Format.number(distance))\(aligned)",
            text("straight line", line, highest: Format.number(line.loss.max())),
        ]
        if result.isRepaired { lines.append("variances of hidden units corrected along the straight line (REPAIR)") }
        if let curve {
            let bends = curve.points.count - 2, highest = curve.highest
            let name = Self.name(curve.path.kind)
            lines.append(
                text(
                    name.prefix(1).uppercased() + name.dropFirst() + String(repeating: " ", count: 13 - name.count),
                    curve.profile,
                    highest:
                        "\(Format.number(highest.loss)) at t = \(Format.short(highest.t)), estimated error \(Format.number(highest.error))"
                )
                    + "; \(bends) bend\(bends == 1 ? "" : "s"), \(curve.settings.steps) steps, \(curve.gradients) gradients, \(Format.number(curve.relativeLength)) times as long as the line"
            )
            if let error = highest.standardError {
                lines.append("standard error of the highest loss over examples  \(Format.number(error))")
            }
            if let saved {
                lines.append(
                    "\(saved.checkpoints) checkpoints in \(saved.folder), the highest loss is that of \(saved.highest)")
            }
        }
        return lines + ["barrier: largest rise of the loss over the straight line between the losses of the ends"]
    }

    /// The losses along the line and the curve, or a map of the plane.
    public var figure: (any Figure)? {
        var series = [Series(curve == nil ? "loss" : "loss, straight line", x: line.t, y: line.loss)]
        (series[0].color, series[0].dash) = (Color.seriesPalette[0], [])
        if let curve {
            let color = Color.seriesPalette[2], highest = curve.highest
            var along = Series("loss, \(Self.name(curve.path.kind))", x: curve.profile.t, y: curve.profile.loss)
            (along.color, along.dash) = (color, Series.dashes[1])
            var top = Series("highest loss \(Format.short(highest.loss))", x: [highest.t], y: [highest.loss])
            (top.color, top.lineWidth, top.dash, top.marker) = (color, 0, [], .diamond)
            series += [along, top]
        }
        if let accuracy = line.accuracy {
            var values = Series(
                curve == nil ? "accuracy" : "accuracy, straight line", x: line.t, y: accuracy, side: .right)
            // A colour for each line; for each quantity where there is one line.
            (values.color, values.dash) = (Color.seriesPalette[curve == nil ? 1 : 0], Series.dashes[2])
            series.append(values)
        }
        if let accuracy = curve?.profile.accuracy {
            var values = Series(
                "accuracy, \(Self.name(curve!.path.kind))", x: line.t, y: accuracy, side: .right)
            (values.color, values.dash) = (Color.seriesPalette[2], Series.dashes[3])
            series.append(values)
        }
        var figure = LineFigure(
            title: "Loss from A = \(shortNames(ends)[0]) to B = \(shortNames(ends)[1])", subtitle: context.caption,
            xAxis: Axis("t, from A to B"),
            leftAxis: Axis("\(context.split) loss (\(context.lossName))"),
            rightAxis: Axis("\(context.split) accuracy", range: 0...1), series: series)
        (figure.legend, figure.valueScale, figure.marksLowest) = (.below, .automatic, true)
        return figure
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        var arrays: [(name: String, array: NumericArray)] = [
            ("alpha", NumericArray(line.t)), ("loss", NumericArray(line.loss)),
        ]
        if let accuracy = line.accuracy { arrays.append(("accuracy", NumericArray(accuracy))) }
        if let curve {
            arrays.append(("curve_loss", NumericArray(curve.profile.loss)))
            if let accuracy = curve.profile.accuracy { arrays.append(("curve_accuracy", NumericArray(accuracy))) }
            arrays.append(("curve_t", NumericArray(curve.path.places)))
            arrays.append(
                (
                    "curve_points",
                    NumericArray(curve.points.flatMap { $0 }, shape: [curve.points.count, curve.points[0].count])
                ))
        }
        return arrays
    }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        var columns = [("t", line.t), ("loss", line.loss)]
        if let accuracy = line.accuracy { columns.append(("accuracy", accuracy)) }
        if let curve {
            columns.append(("curve_loss", curve.profile.loss))
            if let accuracy = curve.profile.accuracy { columns.append(("curve_accuracy", accuracy)) }
        }
        return (columns.map(\.0), line.t.indices.map { i in columns.map { $0.1[i] } })
    }
}

/// The plane through three networks.
public struct CheckpointPlaneReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// What A, B and C are called.
    public let names: [String]
    /// What is shown.
    public let result: Interpolation.Plane

    /// - Parameter names: what A, B and C are called.
    public init(context: RunContext, names: [String], _ result: Interpolation.Plane) {
        (self.context, self.names, self.result) = (context, names, result)
    }

    private var surface: SliceReport { SliceReport(context: context, slice: result.slice) }
    private var corners: [(x: Double, y: Double)] { result.corners }
    private var sides: [PathProfile] { result.sides }

    private static let sideNames = ["ab", "ac", "bc"]

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        let places = zip(names, corners).map { name, place -> JSONValue in
            .object([("checkpoint", .string(name)), ("coordinates", JSONValue([place.x, place.y]))])
        }
        let barriers = zip(Self.sideNames, sides).map { ($0, JSONValue.number($1.barrier)) }
        return [
            ("checkpoints", .array(places)), ("barrier", JSONValue(sides.map(\.barrier).max())),
            ("barriers", .object(barriers.map { (key: $0.0, value: $0.1) })),
            (
                "mean",
                .object([
                    ("coordinates", JSONValue([result.mean.x, result.mean.y])),
                    ("loss", .number(result.mean.evaluation.loss)),
                    ("accuracy", JSONValue(result.mean.evaluation.accuracy)),
                ])
            ),
        ] + surface.fields
    }

    /// What is printed for people, a line each.
    public var lines: [String] {
        let places = zip(["A", "B", "C"], zip(names, corners)).map {
            "\($0)  \($1.0) at (\(Format.short($1.1.x)), \(Format.short($1.1.y)))"
        }
        let barriers = zip(Self.sideNames, sides).map { "\($0.uppercased()) \(Format.number($1.barrier))" }
        let mean = result.mean
        let middle =
            "mean of the weights at (\(Format.short(mean.x)), \(Format.short(mean.y))), loss \(Format.number(mean.evaluation.loss))"
        return places + [middle, "barriers on the straight lines  \(barriers.joined(separator: ", "))"] + surface.lines
    }

    /// The losses along the line and the curve, or a map of the plane.
    public var figure: (any Figure)? {
        let slice = surface.slice
        var map = HeatmapFigure(
            title: "Loss on the plane through "
                + zip(["A", "B", "C"], shortNames(names)).map { "\($0) = \($1)" }.joined(separator: ", "),
            subtitle: context.caption,
            xLabel: "x, distance along AB",
            yLabel: "y", valueLabel: "loss (\(context.lossName))", x: slice.alpha, y: slice.beta, values: slice.loss)
        map.center = nil
        map.overlays = [
            HeatmapFigure.Overlay(
                label: "A, B and C", x: corners.map(\.x) + [corners[0].x], y: corners.map(\.y) + [corners[0].y]),
            HeatmapFigure.Overlay(label: "", x: [result.mean.x], y: [result.mean.y]),
        ]
        let places = corners + [(result.mean.x, result.mean.y)]
        map.labels = zip(["A", "B", "C", "mean"], places).map { ($0, Point($1.x, $1.y)) }.map {
            HeatmapFigure.Label(text: $0.0, at: $0.1)
        }
        return map
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        surface.arrays + [("corners", NumericArray(corners.flatMap { [$0.x, $0.y] }, shape: [corners.count, 2]))]
    }

    /// Numbers on the grid, for ParaView.
    public var grid: GridData? { surface.grid }
    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { surface.table }
}
