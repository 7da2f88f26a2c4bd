// A model from PyTorch: an ONNX file and two arrays give the spectrum of its Hessian, printed and drawn.
//
//     FromONNX model.onnx inputs.npy targets.npy
import Landscape

let paths = CommandLine.arguments.dropFirst().map { $0 }
guard paths.count == 3 else { fatalError("expected model.onnx inputs.npy targets.npy") }

let source = ModelImport(.graph(paths[0]), data: .npy(inputs: paths[1], targets: paths[2]))
let imported = try source.run()
for note in imported.notes { print("note:", note) }

let model = try Model(imported.checkpoint)
var analysis = SpectrumAnalysis(largest: 5)
(analysis.estimatesTrace, analysis.estimatesDensity) = (true, true)
let loss = try ModelLoss(model, name: paths[0], vectors: analysis.vectors)
let spectrum = try analysis.run(loss, at: loss.theta)

let report = SpectrumReport(context: RunContext(command: "hessian", loss.summary, try loss.evaluation()), spectrum)
print((report.context.lines + report.lines).joined(separator: "\n"))
try report.write(to: "spectrum.png")
