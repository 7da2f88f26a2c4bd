import ArgumentParser
import Landscape

struct AlignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "align", "Reorders a network's hidden units so that they agree with another's.",
        usage: "landscape align A B [-o FILE] [OPTIONS]",
        remark:
            "The aligned network computes what B computes. Which units may be reordered is read off the network's graph.",
        examples: [
            "landscape align sgd.bin sam.bin -o sam-aligned.bin",
            "landscape align sgd.bin sam.bin --by activations --align-examples 500",
        ])

    @Argument(help: "The checkpoint that stays.", completion: .file()) var reference: String
    @Argument(help: "The checkpoint that is aligned.", completion: .file()) var checkpoint: String
    @Option(name: .customShort("o"), help: .file("The checkpoint to write."), completion: .file()) var output =
        "aligned.bin"
    @Option(
        help: ArgumentHelp(
            "weights: units are matched by their weights. activations: by what they compute on training examples.",
            valueName: "kind"))
    var by = Alignment.Kind.weights
    @OptionGroup var matching: AlignmentOptions
    @Option(
        help: ArgumentHelp(
            "Seed of the order in which hidden dimensions are matched, and of batches.", valueName: "number")) var seed:
        UInt64 = 0
    @Flag(help: .resume) var resume = false
    @OptionGroup var general: GeneralOptions

    func validate() throws { try matching.check(by, option: "--by") }

    func run() throws {
        try ResultKeys.alignment(by, refines: matching.alignRefine != nil).check(general.keys)
        general.prepare("reading")
        try OutputFile.checkWritable(output, apartFrom: [reference, checkpoint])
        let monitor = general.monitor.keeping(
            in: try KeptWork.open("align", beside: reference, resumes: resume, onRemark: general.remark))
        let first = try Model.open(reference), second = try Model.open(checkpoint)
        let alignment = try Alignment(
            of: second, named: checkpoint, to: first, named: reference,
            matching.settings(by, seed: seed), monitor: monitor)
        let before = try ModelLoss(second, name: checkpoint)
        let after = try ModelLoss(alignment.model, name: checkpoint, loaded: before.data)
        let losses = try [before, after].map { try $0.evaluation().loss }
        let aligned = alignment.checkpoint
        try OutputFile.write(output) { try aligned.write(to: $0) }
        let dimensions = alignment.symmetry.dimensions.enumerated().map { number, dimension in
            (dimension: dimension, moved: alignment.moved(number))
        }
        let distances = alignment.distances
        let result = JSONValue.object(
            [
                ("command", .string("align")), ("reference", .string(reference)), ("aligned", .string(checkpoint)),
                ("checkpoint", .string(output)),
                (
                    "dimensions",
                    .array(
                        dimensions.map {
                            .object([
                                ("name", .string($0.dimension.name)), ("size", .integer($0.dimension.size)),
                                ("moved", .integer($0.moved)),
                            ])
                        })
                ),
                ("fixed", .array(alignment.symmetry.fixed.map { .string($0) })),
                ("distance_before", .number(distances.before)), ("distance", .number(distances.after)),
                ("passes", .integer(alignment.passes)), ("loss_before", .number(losses[0])),
                ("loss", .number(losses[1])), ("output_change", .number(alignment.outputChange)),
            ] + alignment.fields)
        let units = alignment.units
        var lines = [
            "\(output): \(checkpoint) with \(units.moved) of \(units.all) hidden units in another place, in \(dimensions.count) dimension\(dimensions.count == 1 ? "" : "s")",
            "distance to \(reference)  \(Format.number(distances.after)), before \(Format.number(distances.before))",
            "loss  \(Format.number(losses[1])), "
                + (losses[0] == losses[1]
                    ? "the same to the bit"
                    : losses[0].isNaN && losses[1].isNaN
                        ? "as before: not finite, so that it says nothing"
                        : "before \(Format.number(losses[0])): sums in another order are rounded"),
        ]
        lines += alignment.notes
        if !alignment.symmetry.fixed.isEmpty {
            lines.append("tensors without hidden units: \(alignment.symmetry.fixed.joined(separator: ", "))")
        }
        try general.print(result, lines)
    }
}
