import Analyses
import ArrayFiles
import Datasets
import Essentials
import Plotting

/// A loss slice, or several along the directions of several seeds.
public struct SliceReport: Report {
    /// What the result is of, and how it was computed.
    public var context: RunContext
    /// The slices of all seeds, at least one.
    public let result: SliceAnalysis.Result
    /// What is drawn where there is a choice.
    public var drawsAccuracy = false
    /// What the directions lead to or come from, such as `sam.bin`, for titles; empty for directions without names.
    public var directionNames: [String] = []
    /// Whether the points that were evaluated are marked where others are interpolated.
    public var marksEvaluated = true
    /// Lines over a map, such as the path of a training.
    public var overlays: [HeatmapFigure.Overlay] = []

    /// - Parameter result: one slice, or those of several seeds.
    public init(context: RunContext, _ result: SliceAnalysis.Result) {
        (self.context, self.result) = (context, result)
    }

    /// Of a plain function.
    ///
    /// - Parameters:
    ///   - function: what it is called, in results and under pictures.
    ///   - result: what is shown.
    public init(function: String, _ result: SliceAnalysis.Result) {
        self.init(context: RunContext(function: function, command: "slice", result.slice.centerEvaluation), result)
    }

    /// A slice alone.
    public init(context: RunContext, slice: Slice) {
        self.init(
            context: context, SliceAnalysis.Result(planes: [SliceAnalysis.Plane(seed: context.seed, slice: slice)]))
    }

    /// The first slice.
    public var slice: Slice { result.slice }
    var directions: SliceDirections { slice.directions }
    var normalization: String { directions.normalization.rawValue }
    var planes: [SliceAnalysis.Plane] { result.planes }
    var isPlane: Bool { slice.isPlane }
    var otherSplit: Split { context.split == .train ? .test : .train }
    var isPartial: Bool { slice.isPartial }

    private func rows(_ values: [Double]) -> JSONValue {
        let grid = slice.grid
        func plane(_ first: Int) -> JSONValue {
            .array(
                (0..<grid.rows).map { JSONValue(Array(values[(first + $0 * grid.columns)...].prefix(grid.columns))) })
        }
        switch grid.dimension {
        case 1: return JSONValue(values)
        case 2: return plane(0)
        default: return .array((0..<grid.layers).map { plane($0 * grid.rows * grid.columns) })
        }
    }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        let audit = slice.audit
        var surface: [(key: String, value: JSONValue)] = [
            ("directions", .string(directions.kind)), ("normalization", .string(normalization)),
            ("center_exact", audit.centerIsExact.map { .bool($0) } ?? .null),
            ("relative_reach", JSONValue(audit.relativeReach)), ("loss_multiple", JSONValue(result.reach?.multiple)),
        ]
        if let minimum = slice.minimumPoint {
            let place = slice.grid.place(minimum)
            surface.append(("minimum", .number(slice.loss[minimum])))
            surface.append(("minimum_at", JSONValue(place.count == 1 ? place + [0] : place)))
        }
        let axes = slice.grid.dimension
        var fields: [(key: String, value: JSONValue)] = [
            ("alpha", JSONValue(slice.alpha)), ("beta", JSONValue(axes > 1 ? slice.beta : [])),
        ]
        if axes > 2 { fields.append(("gamma", JSONValue(slice.gamma))) }
        fields.append(("values", rows(slice.loss)))
        if let accuracy = slice.accuracy { fields.append(("accuracies", rows(accuracy))) }
        if let other = slice.other {
            fields.append(("other_split", .string(otherSplit.rawValue)))
            fields.append(("other_values", rows(other.loss)))
            if let accuracy = other.accuracy { fields.append(("other_accuracies", rows(accuracy))) }
        }
        fields += [
            ("center", .number(slice.center)), ("cosine", JSONValue(slice.cosine)),
            ("curvature_hvp", JSONValue(audit.curvatureFromProduct[0])),
            ("curvature_grid", JSONValue(audit.curvatureFromGrid[0])),
        ]
        for axis in 1..<max(axes, 1) {
            fields.append(("curvature_hvp_\(axis + 1)", JSONValue(audit.curvatureFromProduct[axis])))
            fields.append(("curvature_grid_\(axis + 1)", JSONValue(audit.curvatureFromGrid[axis])))
        }
        fields += [
            ("nonfinite", .integer(audit.nonfinite)), ("evaluations", .integer(audit.evaluations)),
            ("surface", .object(surface)),
        ]
        if let interpolation = slice.interpolation { fields.append(("adaptive", .object(Self.fields(interpolation)))) }
        if planes.count > 1 { fields += planeFields }
        return fields
    }

    private static func fields(_ interpolation: AdaptiveSurface.Accuracy) -> [(key: String, value: JSONValue)] {
        [
            ("tolerance", .number(interpolation.tolerance)), ("estimated_error", .number(interpolation.error)),
            ("estimated_error_log", JSONValue(interpolation.logarithmicError)),
            ("estimated_error_carried", JSONValue(interpolation.carriedError)),
            ("held_out", .integer(interpolation.heldOut)), ("coverage", .number(interpolation.coverage)),
        ]
    }

    private var planeFields: [(key: String, value: JSONValue)] {
        let band = SliceBand(planes.map(\.slice.loss))
        let each = planes.map { plane -> JSONValue in
            .object([
                ("seed", .integer(Int(truncatingIfNeeded: plane.seed))), ("values", rows(plane.slice.loss)),
                ("cosine", JSONValue(plane.slice.cosine)),
                ("curvature_hvp", .array(plane.slice.audit.curvatureFromProduct.map { JSONValue($0) })),
                ("nonfinite", .integer(plane.slice.audit.nonfinite)),
                ("evaluations", .integer(plane.slice.audit.evaluations)),
            ])
        }
        return [
            ("planes", .array(each)),
            (
                "band",
                .object([("mean", rows(band.mean)), ("lowest", rows(band.lowest)), ("highest", rows(band.highest))])
            ),
        ]
    }

    /// What is printed for people, a line each.
    public var lines: [String] {
        let audit = slice.audit
        let size = slice.grid.axes.map { "\($0.values.count)" }.joined(separator: " × ")
        let ranges = zip(["α", "β", "γ"], slice.grid.axes).map { letter, axis in
            "\(letter) from \(Format.short(axis.values[0])) to \(Format.short(axis.values.last!))"
        }
        let normalization =
            normalization == "none" ? "not normalised" : "\(normalization) normalisation"
        var lines = [
            "slice: \(size) points along \(directions.kind) directions, \(normalization); "
                + ranges.joined(separator: ", ")
        ]
        if let reach = result.reach {
            lines.append(
                "at the ends of each axis the loss has risen to \(Format.short(reach.multiple)) times the checkpoint's")
        }
        if let minimum = slice.minimumPoint {
            lines.append("lowest \(Format.number(slice.loss[minimum])) at \(Format.place(slice.grid.place(minimum)))")
        }
        if let cosine = slice.cosine {
            let asGiven = ["to", "file"].contains(directions.kind) ? "  (as given, not made orthogonal)" : ""
            let pair = slice.grid.dimension > 2 ? " nearest to parallel" : ""
            lines.append("cosine of the directions\(pair)  \(Format.short(cosine))\(asGiven)")
        }
        for (i, curvature) in audit.curvatureFromProduct.enumerated() {
            lines.append(
                "curvature along d\(i + 1)  exact dᵀHd \(Format.number(curvature)), second difference of the grid \(Format.number(audit.curvatureFromGrid[i]))"
            )
        }
        if let interpolation = slice.interpolation { lines.append(line(interpolation)) }
        if isPartial {
            lines.append("a shard: \(audit.evaluations) of \(slice.loss.count) points; 'landscape merge' joins them")
        }
        if planes.count > 1 {
            let band = SliceBand(planes.map(\.slice.loss))
            let spread = band.spread.filter(\.isFinite).max()
            lines.append(
                "\(planes.count) seeds from \(planes[0].seed): values differ by up to \(Format.number(spread)) between them"
            )
        }
        let reach = audit.relativeReach.map { Format.percent($0) }.joined(separator: " and ")
        let overflow = audit.nonfinite > 0 && context.precision == .float ? " (try --precision double)" : ""
        let exact =
            audit.centerIsExact.map { $0 ? "yes" : "NO" } ?? (isPartial ? "in another shard" : "the grid has no origin")
        lines.append(
            "audit: centre has the checkpoint's bits: \(exact); non-finite values: \(audit.nonfinite)\(overflow); edge moves \(reach) of ‖θ‖"
        )
        return lines
    }

    private func line(_ interpolation: AdaptiveSurface.Accuracy) -> String {
        let all = slice.loss.count
        guard interpolation.heldOut > 0 else { return "adaptive: all \(all) points were evaluated" }
        let logarithmic = interpolation.logarithmicError.map { " (\(Format.percent($0)) of the logarithm's)" } ?? ""
        return
            "adaptive: \(slice.audit.evaluations) of \(all) points evaluated; error at \(interpolation.heldOut) random points at most \(Format.percent(interpolation.error)) of the range"
            + "\(logarithmic); with 95 % confidence that holds for \(Format.percent(interpolation.coverage)) of the rest"
    }
}
