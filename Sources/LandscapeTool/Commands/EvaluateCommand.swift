import ArgumentParser
import Landscape

struct EvaluateCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "evaluate", "Measures loss and accuracy.",
        examples: [
            "landscape evaluate",
            "landscape evaluate ckpt.bin --split test",
        ])
    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(help: .weights, completion: .file()) var weights: String?
    @OptionGroup var options: AnalysisOptions

    func run() throws {
        let session = try Session(options, checkpoint: checkpoint, weights: weights, command: "evaluate", keys: [])
        let loss = try session.loss(derivative: .value)
        try session.finish(PlainReport(context: session.context(loss, try loss.evaluation())))
    }
}
