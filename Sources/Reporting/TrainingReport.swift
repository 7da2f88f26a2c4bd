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
        let averages = outcome.averages.map { found in
            let of = "\(found.count) \(found.average == .ema ? "step" : "epoch")\(found.count == 1 ? "" : "s")"
            let loss = (found.test ?? found.train).loss, accuracy = (found.test ?? found.train).accuracy
            return
                "average over \(of) (\(found.average.rawValue))  \(found.test == nil ? "train" : "test") loss \(Format.number(loss))"
                + (accuracy.map { ", accuracy \(Format.percent($0))" } ?? "")
                + (found.file.map { "; written to \($0)" } ?? "")
        }
        lines = [test, work].compactMap { $0 } + averages + tracked.suffix(1).map(Self.line)
        var fields: [(key: String, value: JSONValue)] = [
            ("optimizer", .string(optimizer.rawValue)), ("train_loss", JSONValue(outcome.trainLoss)),
            ("train_accuracy", JSONValue(outcome.trainAccuracy)), ("test_loss", JSONValue(outcome.testLoss)),
            ("test_accuracy", JSONValue(outcome.testAccuracy)), ("steps", .integer(outcome.steps)),
            ("gradient_evaluations", .integer(outcome.gradientEvaluations)),
            ("files", .array(outcome.files.map { .string($0) })),
            ("warnings", .array(outcome.warnings.map { .string($0) })),
        ]
        if !outcome.averages.isEmpty {
            fields.append(
                (
                    "averages",
                    .array(
                        outcome.averages.map { found in
                            .object([
                                ("average", .string(found.average.rawValue)), ("count", .integer(found.count)),
                                ("file", found.file.map { .string($0) } ?? .null),
                                ("train_loss", .number(found.train.loss)),
                                ("train_accuracy", JSONValue(found.train.accuracy)),
                                ("test_loss", JSONValue(found.test?.loss)),
                                ("test_accuracy", JSONValue(found.test?.accuracy)),
                            ])
                        })
                ))
        }
        if !tracked.isEmpty {
            fields.append(
                (
                    "sharpness",
                    .array(
                        tracked.map { one in
                            let scaled: [(key: String, value: JSONValue)] =
                                one.preconditioned.map {
                                    [
                                        ("preconditioned_lambda_max", .number($0.largestEigenvalue)),
                                        ("preconditioned_residual", .number($0.residual)),
                                        ("preconditioned_edge", .number($0.edge)),
                                    ]
                                } ?? []
                            return .object(
                                [
                                    ("step", .integer(one.step)), ("loss", .number(one.loss)),
                                    ("lambda_max", .number(one.largestEigenvalue)), ("residual", .number(one.residual)),
                                    ("gradient_norm", .number(one.gradientNorm)),
                                    ("stability_edge", JSONValue(one.edge)),
                                ] + (one.topSpaceShare.map { [("top_space_share", .number($0))] } ?? []) + scaled)
                        })
                ))
        }
        self.fields = fields
    }

    private static func line(_ last: TrackedSharpness) -> String {
        "λmax at step \(last.step)  \(Format.number(last.largestEigenvalue))"
            + (last.edge.map { ", stable up to \(Format.number($0))" } ?? "")
            + (last.preconditioned.map {
                "; of P⁻¹H \(Format.number($0.largestEigenvalue)), stable up to \(Format.number($0.edge))"
            } ?? "")
            + ", ‖∇L‖ \(Format.number(last.gradientNorm))"
            + (last.topSpaceShare.map { ", of its square \(Format.percent($0)) in the top space" } ?? "")
    }

    /// λmax during training beside the edge of stability; nil where it was not tracked.
    public var figure: (any Figure)? {
        guard !tracked.isEmpty else { return nil }
        let steps = tracked.map { Double($0.step) }
        // The loss first, so that what the picture is about lies above it.
        var loss = Series("training loss", x: steps, y: tracked.map { $0.loss > 0 ? $0.loss : .nan }, side: .right)
        (loss.color, loss.lineWidth) = (Color(0xB0B0B0), 1)
        // Of an adaptive rule it is the preconditioned sharpness that rises to an edge.
        let isScaled = tracked.contains { $0.preconditioned != nil }
        let values = tracked.map { isScaled ? $0.preconditioned?.largestEigenvalue ?? .nan : $0.largestEigenvalue }
        let bounds = tracked.map { (isScaled ? $0.preconditioned?.edge : $0.edge) ?? .nan }
        var series = [loss, Series("λmax", x: steps, y: values, color: Color.seriesPalette[0])]
        series[0].dash = []
        var axis = Axis(isScaled ? "λmax of P⁻¹H, preconditioned" : "λmax of the Hessian")
        let edges = bounds.filter(\.isFinite)
        if !edges.isEmpty {
            var edge = Series("edge of stability", x: steps, y: bounds, color: Color.seriesPalette[1])
            edge.marksNonFinite = false
            axis = Self.axis(axis.label, values: values, edges: edges)
            if let top = axis.range?.upperBound {
                let above = edges.count { $0 > top }
                if above > 0 { edge.label += ", above the frame at \(above) of \(tracked.count)" }
            }
            series.append(edge)
        }
        return LineFigure(
            title: "Sharpness during training", subtitle: context.caption, xAxis: Axis("step"), leftAxis: axis,
            rightAxis: Axis("training loss (\(context.lossName))", scale: .logarithmic), series: series)
    }

    /// An axis with λmax and its edge in view.
    ///
    /// A warm-up or a decaying rate takes part of the edge far up: that part is left out. Where most of the edge is far up, the
    /// axis is logarithmic, and ends where the edge's lowest part and λmax can still be told apart.
    private static func axis(_ label: String, values: [Double], edges: [Double]) -> Axis {
        let shown = values.filter(\.isFinite)
        guard let low = shown.min(), let most = shown.max(), let lowest = edges.min(), let highest = edges.max(),
            most > 0, highest > 3 * most
        else { return Axis(label) }
        let near = edges.filter { $0 <= 3 * most }
        if 3 * near.count >= edges.count || low <= 0 {
            let top = max(most, near.max() ?? most), bottom = min(low, near.min() ?? low)
            return Axis(label, range: (bottom - 0.06 * (top - bottom))...(top + 0.1 * (top - bottom)))
        }
        let top = max(3 * most, min(highest, max(30 * most, 3 * lowest)))
        return Axis("\(label), log scale", scale: .logarithmic, range: (min(low, lowest) / 1.3)...(1.3 * top))
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] { [] }
    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { nil }
}
