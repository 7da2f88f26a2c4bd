import ArgumentParser
import Landscape

struct GradientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradient", abstract: "Norm of the gradient, whole and by tensor.")
    @Option(help: "Write the gradient to an .npy file: P numbers in the order of the parameters.") var save: String?
    @OptionGroup var options: AnalysisOptions

    func run() throws {
        if let save { try OutputFile.checkWritable(save) }
        let session = try Session(options, command: "gradient")
        let loss = try session.loss()
        let gradient = try GradientNorms(loss, at: loss.theta, layout: loss.model.network.parameters)
        if let save { try NPY.write(NumericArray(gradient.gradient), to: save) }
        try session.finish(GradientReport(context: session.context(loss, gradient.evaluation), gradient))
    }
}
