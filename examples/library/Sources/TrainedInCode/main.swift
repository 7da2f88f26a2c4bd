// A network defined in code, trained with sharpness-aware minimisation, and the landscape around it.
import Landscape

let architecture = Architecture { layers, x in
    let hidden = layers.dense(layers.flatten(x), "hidden", 32).tanh()
    return layers.dense(hidden, "output", 10)
}

var training = TrainingConfiguration(model: "two layers", data: .digits, optimizer: .sam)
training.length = .epochs(10)
let trainer = try Trainer(training, architecture: architecture)
trainer.onEpoch = { print("epoch \($0.epoch): loss \($0.trainLoss)") }
_ = try trainer.run()

let model = trainer.model
let loss = try ModelLoss(model, name: "two layers", vectors: SliceAnalysis.vectors(along: 2))
let axis = SliceAxis(range: -1...1, points: 41)
var slice = SliceAnalysis(SliceGrid(axis, axis))
slice.tolerance = 0.02  // evaluates about a tenth of the points
let result = try slice.run(loss, at: model.theta, layout: model.network.parameters)

let context = RunContext(command: "slice", loss.summary, result.slice.centerEvaluation)
let report = SliceReport(context: context, result)
print((context.lines + report.lines).joined(separator: "\n"))
try report.write(to: "landscape.png")
try report.write(to: "landscape.npz")
