import ArrayFiles
import Essentials
import Plotting
import Training

/// What a training gave, with the sharpness that was tracked on the way, if it was.
public struct TrainingReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public let fields: [(key: String, value: JSONValue)]
    /// What is printed for people, a line each.
    public let lines: [String]
    /// λmax on the way, where it was tracked.
    public let tracked: [TrackedSharpness]

    /// - Parameters:
    ///   - outcome: what a training gave.
    ///   - optimizer: that it was trained with.
    ///   - output: where its checkpoint is.
    public init(context: RunContext, _ outcome: TrainingOutcome, optimizer: OptimizerKind, output: String) {
        self.context = context
        tracked = outcome.checkpoint.metadata.history.compactMap {
            TrackedSharpness(step: $0.step, measures: $0.measures ?? [:])
        }
        let test = outcome.testLoss.map {
            "test loss  \(Format.number($0))\(outcome.testAccuracy.map { ", accuracy \(Format.percent($0))" } ?? "")"
        }
        let work =
            "\(outcome.steps) steps, \(outcome.gradientEvaluations) gradient evaluations, \(Format.duration(outcome.seconds)); written to \(output)"
        lines = [test, work].compactMap { $0 } + tracked.suffix(1).map(Self.line)
        var fields: [(key: String, value: JSONValue)] = [
            ("optimizer", .string(optimizer.rawValue)), ("train_loss", JSONValue(outcome.trainLoss)),
            ("train_accuracy", JSONValue(outcome.trainAccuracy)), ("test_loss", JSONValue(outcome.testLoss)),
            ("test_accuracy", JSONValue(outcome.testAccuracy)), ("steps", .integer(outcome.steps)),
            ("gradient_evaluations", .integer(outcome.gradientEvaluations)),
            ("files", .array(outcome.files.map { .string($0) })),
            ("warnings", .array(outcome.warnings.map { .string($0) })),
        ]
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

    /// λmax during training beside the edge of stability; nil where it was not tracked.
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

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] { [] }
    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { nil }
}
