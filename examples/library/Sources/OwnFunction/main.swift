import Landscape

// Rosenbrock's valley: its value, its gradient, and its Hessian times a vector.
let valley = ClosureObjective(
    dimension: 2, value: { x in (1 - x[0]) * (1 - x[0]) + 100 * (x[1] - x[0] * x[0]) * (x[1] - x[0] * x[0]) },
    gradient: { x in [2 * (x[0] - 1) - 400 * x[0] * (x[1] - x[0] * x[0]), 200 * (x[1] - x[0] * x[0])] },
    hessianVectorProduct: { x, v in
        let (a, b) = (2 - 400 * x[1] + 1200 * x[0] * x[0], -400 * x[0])
        return [a * v[0] + b * v[1], b * v[0] + 200 * v[1]]
    })

let spectrum = try SpectrumAnalysis(largest: 2).run(valley, at: [1, 1])
print("eigenvalues", spectrum.top!.values, "with residuals", spectrum.top!.residuals)
let sharpness = try SharpnessAnalysis(radii: [0.1]).run(valley, at: [1, 1])
print("within 0.1 of the minimum the value rises by", sharpness.points[0].worstCase!.lowerBound)

let axis = SliceAxis(range: -1...1, points: 101)
var analysis = SliceAnalysis(SliceGrid(axis, axis))
analysis.directions = .vectors([[1, 0], [0, 1]], kind: "coordinate")
let picture = SliceReport(function: "Rosenbrock's valley", try analysis.run(valley, at: [1, 1]))
var style = FigureStyle()
(style.scale, style.isInSpace) = (.logarithmic, true)
try picture.write(to: "valley.png", style: style)
