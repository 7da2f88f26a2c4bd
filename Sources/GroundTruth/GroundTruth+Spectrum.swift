import Analyses
import Datasets
import MatrixFree
import Networks
import Objectives
import Tensors

/// The mean of ½(xᵀθ)² over rows x.
private final class LeastSquares: ExampleObjective {
    private let rows: [[Double]]

    init(rows: [[Double]]) { self.rows = rows }

    var dimension: Int { rows[0].count }
    var examples: Int { rows.count }
    func restricted(to examples: [Int]) -> any Objective { LeastSquares(rows: examples.map { rows[$0] }) }
    func evaluate(at theta: [Double]) -> Evaluation {
        Evaluation(loss: 0.5 * Vectors.dot(theta, hessianVectorProducts(at: theta, along: [theta])[0]))
    }
    func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
        vectors.map { vector in
            var sum = Vectors.zeros(dimension)
            for row in rows { Vectors.add(Vectors.dot(row, vector) / Double(rows.count), row, to: &sum) }
            return sum
        }
    }
}

extension GroundTruth {
    /// A dense matrix of chosen eigenvalues in a random basis: reflections of a diagonal matrix.
    private static func matrix(_ eigenvalues: [Double], seed: UInt64) -> SymmetricMatrix {
        let n = eigenvalues.count
        var a = [Double](repeating: 0, count: n * n)
        for (i, value) in eigenvalues.enumerated() { a[i * n + i] = value }
        for reflection in 0..<3 {
            var v = RandomNumbers(seed: seed).named("reflection \(reflection)").normals(n)
            Vectors.scale(&v, by: 1 / Vectors.norm(v))
            // A ← (I − 2vvᵀ) A (I − 2vvᵀ), by rows and then by columns.
            for _ in 0..<2 {
                for i in 0..<n {
                    let row = Array(a[(i * n)..<((i + 1) * n)])
                    let reflected = Vectors.sum(row, -2 * Vectors.dot(row, v), v)
                    a.replaceSubrange((i * n)..<((i + 1) * n), with: reflected)
                }
                var transposed = a
                for i in 0..<n { for j in 0..<n { transposed[j * n + i] = a[i * n + j] } }
                a = transposed
            }
        }
        return SymmetricMatrix(dimension: n, elements: a)
    }

    /// A plane and points that come twice, once above it and once below by 1: at the plane, Σ is H.
    private static func regression() throws -> (objective: NetworkObjective, theta: [Double]) {
        let random = RandomNumbers(seed: 8), plane = random.named("plane").normals(6)
        let rows = (0..<60).map { random.named("\($0 / 2)").normals(5) }
        let heights = rows.enumerated().map { i, row in
            Vectors.dot(Array(plane[0..<5]), row) + plane[5] + (i % 2 == 0 ? 1 : -1)
        }
        let data = Dataset(
            name: "plane", arrays: [.init(name: "", values: .doubles(rows.flatMap { $0 }), shape: [5])],
            targets: .values(heights, width: 1))
        return (try SmallNetworks.objective("linear", data, loss: .halfMeanSquaredError), plane)
    }

    static func spectrum() throws -> [Claim] {
        let n = 60
        // A few outliers, a bulk near zero, and a negative end that is larger in magnitude.
        let bulk: [Double] = (4..<(n - 2)).map { 0.5 / Double($0) - 0.02 }
        let eigenvalues: [Double] =
            [9.0, 8.99, 5, 2] + bulk + [-3, -20]
        let matrix = Self.matrix(eigenvalues, seed: 5)
        let ascending = eigenvalues.sorted(), descending = Array(ascending.reversed())
        let repeated = Self.matrix([4.0, 4, 4, 1, 1] + [Double](repeating: 0.1, count: 35), seed: 6)
        let trace = eigenvalues.reduce(0, +)
        let frobenius = Vectors.norm(eigenvalues)

        return [
            Claim("spectrum", "full Lanczos = all eigenvalues of a matrix of known spectrum", within: 1e-12) {
                let found = try Lanczos(largest: n, tolerance: 1e-12, eigenvectors: false).run(matrix)
                return relativeDifference(found.largest.map(\.value), descending)
            },
            Claim("spectrum", "λmax and λmin are algebraic where the negative end dominates", within: 1e-8) {
                let found = try Lanczos(largest: 1, smallest: 1, tolerance: 1e-6).run(matrix)
                return relativeDifference([found.largest[0].value, found.smallest[0].value], [9, -20])
            },
            Claim("spectrum", "each eigenvalue lies within its residual of a true one", within: 1) {
                let found = try Lanczos(largest: 4, smallest: 2, tolerance: 1e-2, verifyResiduals: true).run(matrix)
                var worst = 0.0
                for pair in found.largest + found.smallest {
                    let distance = eigenvalues.map { abs($0 - pair.value) }.min() ?? .infinity
                    worst = max(worst, distance / (pair.residual + 1e-12))
                }
                return worst
            },
            Claim("spectrum", "restarts within 8 vectors of memory change no eigenvalue", within: 1e-8) {
                let found = try Lanczos(largest: 3, smallest: 1, tolerance: 1e-6, memoryLimit: 8 * 8 * n).run(matrix)
                if found.restarts == 0 || !found.converged { return .infinity }
                return relativeDifference(
                    found.largest.map(\.value) + found.smallest.map(\.value), Array(descending[0..<3]) + [-20])
            },
            Claim("spectrum", "every copy of a repeated eigenvalue is found on request", within: 1e-8) {
                let found = try Lanczos(largest: 5, tolerance: 1e-8, multiplicities: true).run(repeated)
                return relativeDifference(found.largest.map(\.value), [4, 4, 4, 1, 1])
            },
            Claim("spectrum", "power iteration stops on the residual, at the algebraic end asked for", within: 1e-6) {
                let found = try PowerIteration(target: .largestAlgebraic, tolerance: 1e-4, maximumIterations: 100_000)
                    .run(matrix)
                let low = try PowerIteration(target: .smallestAlgebraic, tolerance: 1e-4).run(matrix)
                // 9 and 8.99 are neighbours: a vector of that residual may lie between.
                let error = abs(found.eigenvalues[0].value - 9) <= found.eigenvalues[0].residual ? 0 : Double.infinity
                return max(error, relativeDifference(low.eigenvalues[0].value, -20))
            },
            Claim("spectrum", "trace = Σλ and ‖H‖_F = √Σλ², Hutch++ with P products", within: 1e-12) {
                let found = try HutchPlusPlus(products: n).run(matrix)
                return relativeDifference([found.trace.value, found.frobeniusNorm.value], [trace, frobenius])
            },
            Claim("spectrum", "trace by Hutch++ with P/2 products: error in standard errors", within: 4) {
                let found = try HutchPlusPlus(products: n / 2, seed: 1).run(matrix)
                return abs(found.trace.value - trace) / (found.trace.standardError ?? 0)
            },
            Claim("spectrum", "trace by Hutchinson: error in standard errors", within: 4) {
                let found = try Hutchinson(probes: 200, seed: 1).run(matrix)
                return abs(found.trace.value - trace) / (found.trace.standardError ?? 0)
            },
            Claim("spectrum", "traces of diagonal blocks: error in standard errors", within: 4) {
                let blocks = [0..<10, 10..<35, 35..<n]
                let found = try BlockTraces(probes: 400, seed: 1).run(matrix, blocks: blocks)
                var worst = 0.0
                for (estimate, block) in zip(found, blocks) {
                    let exact = block.map { matrix.elements[$0 * (n + 1)] }.reduce(0, +)
                    worst = max(worst, abs(estimate.value - exact) / (estimate.standardError ?? 0))
                }
                return worst
            },
            Claim("spectrum", "diagonal with P products = eᵢᵀHeᵢ", within: 0) {
                let found = try DiagonalEstimate(of: matrix, products: n)
                return relativeDifference(found.values, (0..<n).map { matrix.elements[$0 * (n + 1)] })
            },
            Claim("spectrum", "diagonal with P/2 products: its sum is the trace that Hutch++ finds", within: 1e-12) {
                let found = try DiagonalEstimate(of: matrix, products: n / 2, seed: 1)
                let trace = try HutchPlusPlus(products: n / 2, seed: 1).run(matrix).trace.value
                return relativeDifference(found.values.reduce(0, +), trace)
            },
            Claim("spectrum", "Σ log(1 + λ/δ) and Σ λ/(λ + δ), with Krylov spaces of everything", within: 1e-6) {
                let positive = eigenvalues.map { abs($0) }, squared = Self.matrix(positive, seed: 7)
                let found = try SpectralSums(probes: 2).run(
                    squared, [{ logarithm(1 + $0 / 0.01) }, { $0 / ($0 + 0.01) }], resolution: 0.01)
                let exact = [
                    positive.reduce(0) { $0 + logarithm(1 + $1 / 0.01) }, positive.reduce(0) { $0 + $1 / ($1 + 0.01) },
                ]
                return relativeDifference(found.sums.map(\.value), exact)
            },
            Claim("spectrum", "well-specified regression: Takeuchi's criterion tr(H⁻¹Σ) = P", within: 1e-9) {
                let (objective, point) = try Self.regression()
                let found = try NoiseAlignment(
                    of: CurvatureOperator(objective, at: point), shift: 0, probes: 3, tolerance: 1e-12)
                return relativeDifference(found.criterion?.value ?? .nan, Double(point.count))
            },
            Claim(
                "spectrum", "regression: relative flatness = ‖w‖² tr((1/n) Σ xxᵀ), error in standard errors", within: 4
            ) {
                let (objective, point) = try Self.regression(), weights = Array(point[0..<5])
                let curvature = CurvatureOperator(objective, at: point)
                var trace = 0.0
                for i in 0..<5 { trace += try curvature.apply((0..<6).map { $0 == i ? 1 : 0 })[i] }
                let found = try RelativeFlatness.all(curvature, objective.network.parameters, probes: 100).layers[0]
                let error = abs(found.value.value - Vectors.dot(weights, weights) * trace)
                return error / (found.value.standardError ?? .nan)
            },
            Claim("spectrum", "sampling error: λmax of all examples lies in the interval of samples", within: 0) {
                let random = RandomNumbers(seed: 8)
                let objective = LeastSquares(rows: (0..<60).map { random.named("\($0)").normals(5) })
                let point = [Double](repeating: 0, count: 5)
                let all = try Lanczos(largest: 1).run(CurvatureOperator(objective, at: point)).largest[0].value
                var error = 0.0
                for examples in [10, 20, 40] {
                    let found = try SamplingError(of: objective, at: point, examples: examples, repetitions: 10)
                    guard let interval = found.interval95 else { return .nan }
                    error = max(error, interval.lowerBound - all, all - interval.upperBound)
                }
                return error
            },
            Claim("spectrum", "share of a gradient in the space of the top eigenvectors of a quadratic", within: 1e-9) {
                let point = [Double](repeating: 0, count: 4), linear = [1, -2, 3, 0.5]
                var elements = [Double](repeating: 0, count: 16)
                for (i, value) in [9.0, 5, 2, 1].enumerated() { elements[5 * i] = value }
                var analysis = SpectrumAnalysis(largest: 2)
                (analysis.findsGradientShare, analysis.tolerance) = (true, 1e-8)
                let found = try analysis.run(QuadraticObjective(matrix: elements, linear: linear), at: point)
                return relativeDifference(found.gradientShare ?? .nan, 5 / 14.25)
            },
            Claim("spectrum", "quadrature weights of every probe sum to 1", within: 1e-13) {
                let density = try StochasticLanczosQuadrature(probes: 4, steps: 20).run(matrix)
                let sums = density.quadratures.map { $0.weights.reduce(0, +) }
                return sums.map { abs($0 - 1) }.max() ?? .infinity
            },
            Claim("spectrum", "density: mean of λ and of λ², error in standard errors", within: 4) {
                let density = try StochasticLanczosQuadrature(probes: 40, steps: 20, seed: 2).run(matrix)
                let first = density.mean { $0 }, second = density.mean { $0 * $0 }
                let offsets = [first.value - trace / Double(n), second.value - frobenius * frobenius / Double(n)]
                return max(
                    abs(offsets[0]) / (first.standardError ?? 0), abs(offsets[1]) / (second.standardError ?? 0))
            },
        ]
    }
}
