import ArgumentParser
import Landscape

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Loss and accuracy of a checkpoint.")
    @OptionGroup var options: AnalysisOptions

    func run() throws {
        let analysis = try Analysis(options, command: "evaluate")
        try analysis.finish(PlainReport(context: try analysis.context()))
    }
}
