import ArgumentParser
import Landscape

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Loss and accuracy of a checkpoint.")
    @OptionGroup var options: AnalysisOptions

    func run() throws {
        let session = try Session(options, command: "evaluate")
        let loss = try session.loss()
        try session.finish(PlainReport(context: session.context(loss, try loss.evaluation())))
    }
}
