import Analyses
import MatrixFree
import Networks
import Objectives
import Tensors

extension GroundTruth {
    private static func slice(
        _ objective: NetworkObjective, at theta: [Double], _ normalization: DirectionNormalization, range: Double = 1,
        points: (Int, Int) = (5, 3),
        orthogonalizes: Bool = true
    ) throws -> (slice: Slice, directions: SliceDirections) {
        let directions = SliceDirections(
            SliceDirections.random(2, dimension: theta.count, seed: 5), kind: "random", at: theta,
            objective.network.parameters, normalization: normalization, orthogonalizes: orthogonalizes)
        var computation = SliceComputation(
            directions, alpha: SliceAxis(range: -range...range, points: points.0),
            beta: SliceAxis(range: -range...range, points: points.1))
        try computation.run(objective, at: theta)
        return (try computation.result(objective, at: theta), directions)
    }

    static func slices() throws -> [Claim] {
        let smooth = try SmallNetworks.objective("mlp:64-12-10;activation=tanh", try SmallNetworks.digits(50))
        let theta = SmallNetworks.theta(smooth)
        return [
            Claim("slices", "the centre has the bits of the checkpoint's loss", within: 0) {
                try slice(smooth, at: theta, .filter).slice.audit.centerIsExact == true ? 0 : .infinity
            },
            Claim("slices", "curvature of the grid at 0 = dᵀHd on a smooth network", within: 1e-5) {
                let audit = try slice(smooth, at: theta, .filter, range: 0.02, points: (5, 5)).slice.audit
                return relativeDifference(
                    audit.curvatureFromGrid.map { $0 ?? .nan }, audit.curvatureFromProduct.map { $0 ?? .nan })
            },
            Claim("slices", "rows are β and columns α on a grid of 5 × 3", within: 1e-13) {
                let (slice, directions) = try slice(smooth, at: theta, .filter)
                var expected: [Double] = []
                for beta in slice.beta {
                    for alpha in slice.alpha {
                        var point = Vectors.sum(theta, alpha, directions.vectors[0])
                        Vectors.add(beta, directions.vectors[1], to: &point)
                        expected.append(try smooth.value(at: point))
                    }
                }
                return relativeDifference(slice.loss, expected)
            },
            Claim(
                "slices", "filter normalisation: every filter has the norm of the network's, biases are 0",
                within: 1e-13
            ) {
                var d = RandomNumbers(seed: 4).normals(theta.count)
                let layout = smooth.network.parameters
                DirectionNormalization.filter.apply(to: &d, at: theta, layout)
                var error = 0.0
                for (index, tensor) in layout.tensors.enumerated() {
                    let range = layout.range(index)
                    guard tensor.shape.count >= 2 else {
                        if d[range].contains(where: { $0 != 0 }) { error = .infinity }
                        continue
                    }
                    let width = range.count / tensor.shape[0]
                    for first in stride(from: range.lowerBound, to: range.upperBound, by: width) {
                        let (own, goal) = (Array(d[first..<(first + width)]), Array(theta[first..<(first + width)]))
                        error = max(error, relativeDifference(Vectors.norm(own), Vectors.norm(goal)))
                    }
                }
                return error
            },
            Claim("slices", "the second direction is orthogonal to the first", within: 1e-12) {
                abs(try slice(smooth, at: theta, .none).directions.cosine ?? .infinity)
            },
        ]
    }

    /// Dinh et al. 2017 (arXiv 1703.04933): layer 1 of a ReLU network times a, the next weights divided by a.
    static func rescaling() throws -> [Claim] {
        let relu = try SmallNetworks.objective("mlp:64-12-10", try SmallNetworks.digits(50))
        let layout = relu.network.parameters, theta = SmallNetworks.theta(relu)
        func rescaled(_ a: Double) -> [Double] {
            var point = theta
            // The tensors are: weight, bias, weight, bias.
            for (index, factor) in [a, a, 1 / a, 1].enumerated() {
                for i in layout.range(index) { point[i] *= factor }
            }
            return point
        }
        /// The largest relative change of a value under rescaling by 10 and by 100.
        func change(_ value: ([Double]) throws -> [Double]) throws -> Double {
            let before = try value(theta)
            var worst = 0.0
            for a in [10.0, 100] { worst = max(worst, relativeDifference(try value(rescaled(a)), before)) }
            return worst
        }
        func adaptive(_ point: [Double]) -> [Double] { Ball.adaptiveScaling(point, eta: 0) }
        return [
            Claim("rescaling", "Dinh ×10, ×100: the loss does not move", within: 1e-12) {
                try change { [try relu.value(at: $0)] }
            },
            // Making the second direction orthogonal to the first is not invariant: their product weighs layers by their size.
            Claim(
                "rescaling", "Dinh ×10, ×100: filter-normalised slices do not move (not orthogonalised)", within: 1e-11
            ) {
                try change { try slice(relu, at: $0, .filter, orthogonalizes: false).slice.loss }
            },
            Claim("rescaling", "Dinh ×10, ×100: adaptive sharpness (η = 0) does not move", within: 1e-4) {
                try change { point in
                    var search = WorstCaseSearch(Ball(radius: 0.02, scaling: adaptive(point)))
                    search.restarts = 0
                    let found = try search.run(relu, at: point)
                    return [found.lowerBound, found.oneStep]
                }
            },
            Claim("rescaling", "Dinh ×10, ×100: the Fisher-Rao norm θᵀGθ does not move", within: 1e-11) {
                try change { [try FisherRaoNorm(relu, at: $0).value] }
            },
            Claim(
                "rescaling", "Dinh ×10: the relative flatness of both layers does not move, in standard errors",
                within: 4
            ) {
                let found = try [theta, rescaled(10)].map {
                    try RelativeFlatness.all(CurvatureOperator(relu, at: $0), layout, probes: 60).layers.map(\.value)
                }
                return zip(found[0], found[1]).reduce(0) {
                    let error = ($1.0.standardError ?? 0) + ($1.1.standardError ?? 0)
                    return max($0, abs($1.0.value - $1.1.value) / error)
                }
            },
            Claim("rescaling", "Dinh ×10, ×100: adaptive average case (η = 0) does not move", within: 1e-8) {
                try change { point in
                    [
                        try AverageCaseSharpness(
                            relu, at: point, deviation: 0.05, scaling: adaptive(point), pairs: 5
                        ).value
                    ]
                }
            },
            Claim("rescaling", "Dinh ×a: λmax and trace do move, by a² in order: a²/100 over the growth", within: 1) {
                func curvature(_ point: [Double]) throws -> [Double] {
                    let matrix = CurvatureOperator(relu, at: point)
                    return [
                        try Lanczos(tolerance: 1e-3).run(matrix).largest[0].value,
                        try HutchPlusPlus(products: 60).run(matrix).trace.value,
                    ]
                }
                let before = try curvature(theta)
                var worst = 0.0
                for a in [10.0, 100] {
                    for (after, before) in zip(try curvature(rescaled(a)), before) {
                        worst = max(worst, a * a / 100 * before / after)
                    }
                }
                return worst
            },
        ]
    }
}
