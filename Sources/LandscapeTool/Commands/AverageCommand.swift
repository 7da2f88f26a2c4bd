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
                        average.parts.enumerated().map { number, part in
                            let place = average.plane?.places[number]
                            return .object(
                                [("checkpoint", .string(part.name))] + members(part) + [
                                    ("distance", .number(part.distance)),
                                    ("coordinates", place.map { JSONValue($0.coordinates) } ?? .null),
                                    ("distance_to_plane", JSONValue(place?.distanceToPlane)),
                                ])
                        })
                ), ("distances", .array(average.distances.map { JSONValue($0) })),
                ("explained_variance", average.plane.map { JSONValue($0.explainedVariance) } ?? .null),
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
        let places = average.parts.enumerated().map { number, part in
            ", \(Format.number(part.distance)) from the mean"
                + (average.plane.map { " at \(Format.place($0.places[number].coordinates))" } ?? "")
        }
        let plane = average.plane.map { plane in
            let shares = plane.explainedVariance.prefix(2).map { Format.percent($0) }.joined(separator: " + ")
            return [
                "places are in the principal plane of the parts around their mean; it holds \(shares) of their squared distances"
            ]
        }
        try general.print(
            result,
            zip(average.parts, places).map { line($0) + $1 } + [line(average.mean)] + (plane ?? [])
                + (average.model.buffers.isEmpty
                    ? []
                    : ["statistics of batch normalisation: of the parts as they are stored, of the mean measured anew"])
        )
    }
}
