import ArrayFiles
import Landscape
import Plotting

/// A loss slice.
public struct SliceReport: Report {
    public let context: RunContext
    public let slice: Slice
    public let directions: SliceDirections
    /// What is drawn where there is a choice.
    public var drawsAccuracy = false
    public var isLogarithmic = false

    public init(context: RunContext, slice: Slice, directions: SliceDirections) {
        (self.context, self.slice, self.directions) = (context, slice, directions)
    }

    private var isPlane: Bool { slice.beta.count > 1 || directions.vectors.count == 2 }

    private func rows(_ values: [Double]) -> JSONValue {
        guard isPlane else { return JSONValue(values) }
        let width = slice.alpha.count
        return .array(slice.beta.indices.map { JSONValue(Array(values[($0 * width)..<(($0 + 1) * width)])) })
    }

    public var fields: [(key: String, value: JSONValue)] {
        let audit = slice.audit
        var surface: [(key: String, value: JSONValue)] = [
            ("directions", .string(directions.kind)), ("normalization", .string(directions.normalization.rawValue)),
            ("center_exact", audit.centerIsExact.map { .bool($0) } ?? .null),
            ("relative_reach", JSONValue(audit.relativeReach)),
        ]
        if let minimum = slice.minimum {
            surface.append(("minimum", .number(slice.loss[minimum.beta * slice.alpha.count + minimum.alpha])))
            surface.append(("minimum_at", JSONValue([slice.alpha[minimum.alpha], slice.beta[minimum.beta]])))
        }
        var fields: [(key: String, value: JSONValue)] = [
            ("alpha", JSONValue(slice.alpha)), ("beta", JSONValue(isPlane ? slice.beta : [])),
            ("values", rows(slice.loss)),
        ]
        if let accuracy = slice.accuracy { fields.append(("accuracies", rows(accuracy))) }
        fields += [
            ("center", .number(slice.center)), ("cosine", JSONValue(slice.cosine)),
            ("curvature_hvp", .number(audit.curvatureFromProduct[0])),
            ("curvature_grid", JSONValue(audit.curvatureFromGrid[0])),
        ]
        if isPlane {
            fields.append(("curvature_hvp_2", .number(audit.curvatureFromProduct[1])))
            fields.append(("curvature_grid_2", JSONValue(audit.curvatureFromGrid[1])))
        }
        fields += [
            ("nonfinite", .integer(audit.nonfinite)), ("evaluations", .integer(audit.evaluations)),
            ("surface", .object(surface)),
        ]
        return fields
    }

    public var lines: [String] {
        let audit = slice.audit
        let size = isPlane ? "\(slice.alpha.count) × \(slice.beta.count)" : "\(slice.alpha.count)"
        var lines = [
            "slice: \(size) points along \(directions.kind) directions, \(directions.normalization.rawValue) normalisation; "
                + "α from \(Format.short(slice.alpha[0])) to \(Format.short(slice.alpha.last!))"
        ]
        if let minimum = slice.minimum {
            let at =
                isPlane
                ? "(\(Format.short(slice.alpha[minimum.alpha])), \(Format.short(slice.beta[minimum.beta])))"
                : Format.short(slice.alpha[minimum.alpha])
            lines.append(
                "lowest \(Format.number(slice.loss[minimum.beta * slice.alpha.count + minimum.alpha])) at \(at)")
        }
        if let cosine = slice.cosine { lines.append("cosine of the directions as used  \(Format.short(cosine))") }
        for (i, curvature) in audit.curvatureFromProduct.enumerated() {
            lines.append(
                "curvature along d\(i + 1)  exact dᵀHd \(Format.number(curvature)), second difference of the grid \(Format.number(audit.curvatureFromGrid[i]))"
            )
        }
        let reach = audit.relativeReach.map { Format.percent($0) }.joined(separator: " and ")
        let exact = audit.centerIsExact.map { $0 ? "yes" : "NO" } ?? "the grid has no origin"
        lines.append(
            "audit: centre has the checkpoint's bits: \(exact); non-finite values: \(audit.nonfinite); edge moves \(reach) of ‖θ‖"
        )
        return lines
    }

    private var title: String {
        let kind = directions.kind == "random" ? "random" : directions.kind
        let normalized = directions.normalization == .none ? "" : "\(directions.normalization.rawValue)-normalised "
        return "\(drawsAccuracy ? "Accuracy" : "Loss") along \(normalized)\(kind) direction\(isPlane ? "s" : "")"
    }

    public var figure: (any Figure)? {
        let subtitle = context.caption + (directions.kind == "random" ? " · seed \(context.seed)" : "")
        if isPlane {
            let values = drawsAccuracy ? slice.accuracy ?? slice.loss : slice.loss
            var figure = HeatmapFigure(
                title: title, subtitle: subtitle, xLabel: "α", yLabel: "β",
                valueLabel: drawsAccuracy ? "accuracy" : "loss (\(context.lossName))",
                x: slice.alpha, y: slice.beta, values: values)
            if isLogarithmic { figure.valueScale = .logarithmic }
            return figure
        }
        var series = [Series("loss", x: slice.alpha, y: slice.loss)]
        if let accuracy = slice.accuracy {
            series.append(Series("accuracy", x: slice.alpha, y: accuracy, side: .right))
        }
        var figure = LineFigure(
            title: title, subtitle: subtitle, xAxis: Axis("α"),
            leftAxis: Axis(
                "\(context.split) loss (\(context.lossName))", scale: isLogarithmic ? .logarithmic : .linear),
            rightAxis: Axis("\(context.split) accuracy", range: 0...1), series: series)
        figure.referenceLines = [ReferenceLine(.vertical, at: 0, label: "")]
        return figure
    }

    public var arrays: [(name: String, array: NumericArray)] {
        let shape = isPlane ? [slice.beta.count, slice.alpha.count] : [slice.alpha.count]
        var arrays: [(name: String, array: NumericArray)] = [
            ("loss", NumericArray(slice.loss, shape: shape)), ("alpha", NumericArray(slice.alpha)),
        ]
        if isPlane { arrays.append(("beta", NumericArray(slice.beta))) }
        if let accuracy = slice.accuracy { arrays.append(("accuracy", NumericArray(accuracy, shape: shape))) }
        for (i, vector) in directions.vectors.enumerated() {
            arrays.append(("direction_\(i + 1)", NumericArray(vector)))
        }
        return arrays
    }

    public var grid: GridData? {
        GridData(
            x: slice.alpha, y: isPlane ? slice.beta : [0],
            arrays: [("loss", slice.loss)] + (slice.accuracy.map { [("accuracy", $0)] } ?? []))
    }

    public var table: (header: [String], rows: [[Double]])? {
        let width = slice.alpha.count
        let header = (isPlane ? ["alpha", "beta"] : ["alpha"]) + ["loss"] + (slice.accuracy == nil ? [] : ["accuracy"])
        return (
            header,
            slice.loss.indices.map { i in
                (isPlane ? [slice.alpha[i % width], slice.beta[i / width]] : [slice.alpha[i]]) + [slice.loss[i]]
                    + (slice.accuracy.map { [$0[i]] } ?? [])
            }
        )
    }
}
