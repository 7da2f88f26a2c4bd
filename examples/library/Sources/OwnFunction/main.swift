// A function of your own: its spectrum, its worst case in a ball, and a picture of it.
import Landscape

let valley = ClosureObjective(
    dimension: 2, value: { x in (1 - x[0]) * (1 - x[0]) + 100 * (x[1] - x[0] * x[0]) * (x[1] - x[0] * x[0]) },
    gradient: { x in
        let r = x[1] - x[0] * x[0]
        return [-2 * (1 - x[0]) - 400 * x[0] * r, 200 * r]
    },
    hessianVectorProduct: { x, v in
        let a = 2 - 400 * x[1] + 1200 * x[0] * x[0], b = -400 * x[0]
        return [a * v[0] + b * v[1], b * v[0] + 200 * v[1]]
    })
let minimum = [1.0, 1.0]

let spectrum = try SpectrumAnalysis(largest: 2).run(valley, at: minimum)
let sharpness = try SharpnessAnalysis(radii: [0.1]).run(valley, at: minimum)
print(SpectrumReport(function: "Rosenbrock's valley", spectrum).lines.joined(separator: "\n"))
print("the value rises by", sharpness.points[0].worstCase!.lowerBound, "within 0.1 of the minimum")

let axis = SliceAxis(range: -1...1, points: 101)
var analysis = SliceAnalysis(SliceGrid(axis, axis))
analysis.directions = .vectors([[1, 0], [0, 1]], kind: "coordinate")
var picture = SliceReport(function: "Rosenbrock's valley", try analysis.run(valley, at: minimum))
picture.isLogarithmic = true
try picture.write(to: "valley.png")
