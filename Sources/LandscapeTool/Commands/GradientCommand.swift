import ArgumentParser
import Foundation
import Landscape

struct GradientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradient", abstract: "Norm of the gradient, whole and by tensor.")
    @Option(help: "Write the gradient to an .npy file: P numbers in the order of the parameters.") var save: String?
    @OptionGroup var options: AnalysisOptions

    func run() throws {
        if let save { try Analysis.checkWritable(save) }
        let analysis = try Analysis(options, command: "gradient")
        let gradient = try analysis.objective.valueAndGradient(at: analysis.theta).gradient
        let layout = analysis.model.network.parameters
        let norms = layout.tensors.indices.map {
            (name: layout.tensors[$0].name, norm: Vectors.norm(Array(gradient[layout.range($0)])))
        }
        let norm = Vectors.norm(gradient)
        var report = PlainReport(
            context: try analysis.context(),
            fields: [
                ("gradient_norm", .number(norm)),
                (
                    "layers",
                    .array(norms.map { .object([("name", .string($0.name)), ("gradient_norm", .number($0.norm))]) })
                ),
            ],
            lines: ["‖∇L‖₂  \(Format.number(norm))"]
                + norms.map {
                    "  \($0.name.padding(toLength: 28, withPad: " ", startingAt: 0)) \(Format.number($0.norm))"
                })
        report.arrays = [("gradient", NumericArray(gradient))]
        if let save { try NPY.write(NumericArray(gradient), to: save) }
        try analysis.finish(report)
    }
}
