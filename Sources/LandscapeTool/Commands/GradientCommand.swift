import ArgumentParser
import Landscape

struct GradientCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "gradient", "Measures the norm of the gradient, whole and by tensor.",
        examples: [
            "landscape gradient",
            "landscape gradient ckpt.bin --save g.npy",
        ])
    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(help: .weights, completion: .file()) var weights: String?
    @Option(
        help: ArgumentHelp(
            "Write the gradient to this .npy file: P numbers, in the order of the parameters.", valueName: "file"),
        completion: .file())
    var save: String?
    @Flag(help: "Measure the norm of every example's own gradient, too.") var byExample = false
    @Option(
        help: ArgumentHelp(
            "Write the norms of --by-example to this .npy file, in the data's order.", valueName: "file"),
        completion: .file())
    var saveNorms: String?
    @OptionGroup var options: AnalysisOptions

    /// The keys of the result.
    static let keys = ["gradient_norm", "layers"]

    func validate() throws {
        if saveNorms != nil, !byExample { throw ValidationError("--save-norms needs --by-example") }
    }

    func run() throws {
        if let saveNorms { try OutputFile.checkArray(saveNorms, "--save-norms") }
        if let save { try OutputFile.checkArray(save, "--save") }
        let session = try Session(
            options, checkpoint: checkpoint, weights: weights, command: "gradient",
            keys: ResultKeys(
                Self.keys
                    + (byExample ? ResultKeys.members("by_example", "count mean_square median smallest largest") : [])))
        let loss = try session.loss(derivative: .gradient)
        var gradient = try GradientNorms(of: loss)
        if byExample {
            try gradient.addExamples(of: loss, at: loss.theta)
            if let saveNorms, let norms = gradient.examples?.norms { session.save(NumericArray(norms), to: saveNorms) }
        }
        if let save { session.save(NumericArray(gradient.gradient), to: save) }
        try session.finish(GradientReport(context: session.context(loss, gradient.evaluation), gradient))
    }
}
