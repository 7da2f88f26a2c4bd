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
    @OptionGroup var options: AnalysisOptions

    /// The keys of the result.
    static let keys = ["gradient_norm", "layers"]

    func run() throws {
        if let save { try OutputFile.checkArray(save, "--save") }
        let session = try Session(
            options, checkpoint: checkpoint, weights: weights, command: "gradient", keys: ResultKeys(Self.keys))
        let loss = try session.loss(derivative: .gradient)
        let gradient = try GradientNorms(loss, at: loss.theta, layout: loss.model.network.parameters)
        if let save { session.save(NumericArray(gradient.gradient), to: save) }
        try session.finish(GradientReport(context: session.context(loss, gradient.evaluation), gradient))
    }
}
