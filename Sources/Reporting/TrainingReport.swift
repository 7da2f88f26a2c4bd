import Training
import ArrayFiles
import Analyses
import Plotting

/// What a training gave, with the sharpness that was tracked on the way, if it was.
public struct TrainingReport: Report {
    public let context: RunContext
    public let fields: [(key: String, value: JSONValue)]
    public let lines: [String]
    public let tracked: [TrackedSharpness]

    public init(
        context: RunContext, fields: [(key: String, value: JSONValue)], lines: [String], tracked: [TrackedSharpness]
    ) {
        self.context = context
        self.tracked = tracked
        self.lines = lines + tracked.suffix(1).map(Self.line)
        var fields = fields
        if !tracked.isEmpty {
            fields.append(
                (
                    "sharpness",
                    .array(
                        tracked.map {
                            .object([
                                ("step", .integer($0.step)), ("loss", .number($0.loss)),
                                ("lambda_max", .number($0.largestEigenvalue)), ("residual", .number($0.residual)),
                                ("gradient_norm", .number($0.gradientNorm)), ("stability_edge", JSONValue($0.edge)),
                            ])
                        })
                ))
        }
        self.fields = fields
    }

    private static func line(_ last: TrackedSharpness) -> String {
        "λmax at step \(last.step)  \(Format.number(last.largestEigenvalue))"
            + (last.edge.map { ", stable up to \(Format.number($0))" } ?? "")
            + ", ‖∇L‖ \(Format.number(last.gradientNorm))"
    }

    public var figure: (any Figure)? {
        guard !tracked.isEmpty else { return nil }
        let steps = tracked.map { Double($0.step) }
        // The loss first, so that what the picture is about lies above it.
        var loss = Series("training loss", x: steps, y: tracked.map { $0.loss > 0 ? $0.loss : .nan }, side: .right)
        (loss.color, loss.lineWidth) = (Color(0xB0B0B0), 1)
        var series = [
            loss, Series("λmax", x: steps, y: tracked.map(\.largestEigenvalue), color: Color.seriesPalette[0]),
        ]
        if tracked.contains(where: { $0.edge != nil }) {
            // A warm-up or a small gradient takes the edge out of sight; the picture is about where λmax is.
            let most = 3 * (tracked.map(\.largestEigenvalue).filter(\.isFinite).max() ?? .infinity)
            var edge = Series(
                "edge of stability", x: steps, y: tracked.map { $0.edge.map { $0 > most ? .nan : $0 } ?? .nan },
                color: Color.seriesPalette[1])
            edge.dash = [5, 3]
            series.append(edge)
        }
        return LineFigure(
            title: "Sharpness during training", subtitle: context.caption, xAxis: Axis("step"),
            leftAxis: Axis("largest eigenvalue of the Hessian"),
            rightAxis: Axis("training loss (\(context.lossName))", scale: .logarithmic), series: series)
    }

    public var arrays: [(name: String, array: NumericArray)] { [] }
    public var table: (header: [String], rows: [[Double]])? { nil }
}
