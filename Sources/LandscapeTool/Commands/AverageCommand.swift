import ArgumentParser
import Landscape

struct AverageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "average", "Writes the mean of several networks' weights, and measures it beside its parts.",
        usage: "landscape average A B [C …] [-o FILE] [OPTIONS]",
        remark: "Statistics of batch normalisation are measured anew on the training data of the first network.",
        examples: [
            "landscape average sgd.bin sam.bin", "landscape average sgd.bin sam.bin -o average.bin",
        ])

    @Argument(help: "The checkpoints.", completion: .file()) var checkpoints: [String]
    @Option(name: .customShort("o"), help: .file("The checkpoint to write."), completion: .file()) var output =
        "average.bin"
    @Option(help: .examples) var examples: Int?
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        guard checkpoints.count > 1 else { throw ValidationError("one checkpoint: expected at least two, A and B") }
        if let examples, examples < 1 { throw ValidationError("--examples \(examples): expected at least 1") }
    }

    func run() throws {
        try ResultKeys.average.check(general.keys)
        general.prepare("reading")
        try OutputFile.checkWritable(output, apartFrom: checkpoints)
        var settings = ModelLoss.Settings()
        settings.examples = examples
        let average = try WeightSpaceAverage(
            of: checkpoints.map { (model: try Model.open($0), name: $0) }, named: output, settings,
            monitor: general.monitor)
        let checkpoint = average.checkpoint
        try OutputFile.write(output) { try checkpoint.write(to: $0) }
        func members(_ part: WeightSpaceAverage.Part) -> [(key: String, value: JSONValue)] {
            [
                ("train_loss", .number(part.train.loss)), ("train_accuracy", JSONValue(part.train.accuracy)),
                ("test_loss", JSONValue(part.test?.loss)), ("test_accuracy", JSONValue(part.test?.accuracy)),
            ]
        }
        let result = JSONValue.object(
            [("command", .string("average")), ("checkpoint", .string(output))] + members(average.mean) + [
                (
                    "parts",
                    .array(
                        average.parts.map {
                            .object(
                                [("checkpoint", .string($0.name))] + members($0) + [("distance", .number($0.distance))])
                        })
                ), ("distances", .array(average.distances.map { JSONValue($0) })),
            ])
        func line(_ part: WeightSpaceAverage.Part) -> String {
            func text(_ split: String, _ evaluation: Evaluation?) -> String {
                evaluation.map {
                    ", \(split) loss \(Format.number($0.loss))"
                        + ($0.accuracy.map { ", accuracy \(Format.percent($0))" } ?? "")
                } ?? ""
            }
            return part.name + text("train", part.train) + text("test", part.test)
        }
        try general.print(
            result,
            average.parts.map { line($0) + ", \(Format.number($0.distance)) from the mean" } + [line(average.mean)])
    }
}
