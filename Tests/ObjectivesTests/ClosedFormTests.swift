import Datasets
import Foundation
import Networks
import ReferenceModels
import Tensors
import Testing

@testable import Objectives

/// Linear models, whose loss, gradient and Hessian are formulas.
@Suite struct ClosedFormTests {
    private let n = 11, d = 4, k = 3
    private var random: RandomNumbers { RandomNumbers(seed: 31) }
    private var x: [Double] { random.named("x").normals(n * d) }
    private var theta: [Double] { random.named("θ").normals(k * d + k) }

    /// Row i with a 1 behind it, for the bias.
    private func row(_ i: Int) -> [Double] { Array(x[(i * d)..<((i + 1) * d)]) + [1] }
    /// Where the weight from input j (the bias where j = d) to output o lies in θ.
    private func position(_ o: Int, _ j: Int) -> Int { j < d ? o * d + j : k * d + o }
    private func outputs(_ i: Int) -> [Double] {
        (0..<k).map { o in row(i).enumerated().reduce(0) { $0 + $1.element * theta[position(o, $1.offset)] } }
    }

    private func objective(_ loss: Loss, _ targets: Dataset.Targets) throws -> NetworkObjective {
        let data = Dataset(name: "linear", inputs: .doubles(x), exampleShape: [d], targets: targets)
        return try NetworkObjective(
            network: Network("linear", inputShape: [d], outputs: k), data: data, loss: loss,
            precision: .double, batchSize: 4)
    }

    /// All columns, one product a unit vector.
    private func columns(_ product: ([[Double]]) throws -> [[Double]]) rethrows -> [[Double]] {
        try product(theta.indices.map { i in theta.indices.map { $0 == i ? 1 : 0 } })
    }

    /// The Hessian where example i has Hessian `inner(i)` (k × k) with respect to its outputs: mean of inner ⊗ x xᵀ.
    private func hessian(_ inner: (Int) -> [[Double]]) -> [[Double]] {
        var h = theta.map { _ in theta.map { _ in 0.0 } }
        for i in 0..<n {
            let r = row(i), m = inner(i)
            for o in 0..<k {
                for p in 0..<k {
                    for a in 0...d {
                        for b in 0...d {
                            h[position(o, a)][position(p, b)] += m[o][p] * r[a] * r[b] / Double(n)
                        }
                    }
                }
            }
        }
        return h
    }

    /// Hessian and Gauss–Newton matrix, to rounding of a dozen terms.
    private func check(
        _ objective: NetworkObjective, loss: Double, slopes: (Int) -> [Double], _ inner: (Int) -> [[Double]]
    ) throws {
        let found = try objective.valueAndGradient(at: theta)
        #expect(abs(found.value - loss) < 1e-14 * (1 + loss))
        var gradient = theta.map { _ in 0.0 }
        for i in 0..<n {
            for (o, slope) in slopes(i).enumerated() {
                for (j, input) in row(i).enumerated() { gradient[position(o, j)] += slope * input / Double(n) }
            }
        }
        #expect(relativeError(found.gradient, gradient) < 1e-14)
        let expected = hessian(inner).flatMap { $0 }
        #expect(
            relativeError(
                try columns { try objective.hessianVectorProducts(at: theta, along: $0) }.flatMap { $0 }, expected)
                < 1e-14)
        #expect(
            relativeError(
                try columns { try objective.gaussNewtonVectorProducts(at: theta, along: $0) }.flatMap { $0 }, expected)
                < 1e-14)
    }

    /// ½ mean r²: XᵀX/n for each output, over k because the mean is over outputs as well; mean r² is twice that.
    @Test(arguments: [(Loss.halfMeanSquaredError, 0.5), (.meanSquaredError, 1)]) func leastSquares(
        _ loss: Loss, _ factor: Double
    ) throws {
        let y = random.named("y").normals(n * k)
        let residuals = (0..<n).map { i in outputs(i).enumerated().map { $1 - y[i * k + $0] } }
        let value = factor * residuals.joined().reduce(0) { $0 + $1 * $1 } / Double(n * k)
        try check(
            objective(loss, .values(y, width: k)), loss: value,
            slopes: { i in residuals[i].map { 2 * factor * $0 / Double(k) } }
        ) { _ in
            (0..<k).map { o in (0..<k).map { $0 == o ? 2 * factor / Double(k) : 0 } }
        }
    }

    /// Softmax regression: diag(p) − p pᵀ, whatever the labels and their smoothing.
    @Test(arguments: [0, 0.1, 0.5]) func softmaxRegression(_ smoothing: Double) throws {
        let labels = (0..<n).map { Int32(($0 * 2) % k) }
        let p = (0..<n).map { i in
            let e = outputs(i).map { exp($0) }
            return e.map { $0 / e.reduce(0, +) }
        }
        let t = (0..<n).map { i in (0..<k).map { (Int32($0) == labels[i] ? 1 - smoothing : 0) + smoothing / Double(k) }
        }
        let value =
            (0..<n).reduce(0.0) { sum, i in sum - zip(t[i], p[i]).reduce(0) { $0 + $1.0 * log($1.1) } } / Double(n)
        try check(
            objective(.crossEntropy(labelSmoothing: smoothing), .classes(labels, count: k)), loss: value,
            slopes: { i in zip(p[i], t[i]).map { $0 - $1 } }
        ) { i in (0..<k).map { o in (0..<k).map { q in (o == q ? p[i][o] : 0) - p[i][o] * p[i][q] } } }
    }

    /// Logistic regressions side by side: diag(σ(1 − σ))/k.
    @Test func logisticRegression() throws {
        let y = (0..<(n * k)).map { Double($0 * 5 % 7 % 2) }
        let s = (0..<n).map { i in outputs(i).map { 1 / (1 + exp(-$0)) } }
        let value =
            (0..<(n * k)).reduce(0.0) {
                $0 - (y[$1] * log(s[$1 / k][$1 % k]) + (1 - y[$1]) * log(1 - s[$1 / k][$1 % k]))
            } / Double(n * k)
        try check(
            objective(.binaryCrossEntropy, .values(y, width: k)), loss: value,
            slopes: { i in (0..<k).map { (s[i][$0] - y[i * k + $0]) / Double(k) } }
        ) { i in (0..<k).map { o in (0..<k).map { $0 == o ? s[i][o] * (1 - s[i][o]) / Double(k) : 0 } } }
    }

    /// Regression on classes is regression on their one-hot rows.
    @Test func oneHotTargets() throws {
        let labels = (0..<n).map { Int32($0 % k) }
        let rows = labels.flatMap { label in (0..<k).map { Int32($0) == label ? 1.0 : 0 } }
        let a = try objective(.halfMeanSquaredError, .classes(labels, count: k)),
            b = try objective(.halfMeanSquaredError, .values(rows, width: k))
        #expect(try a.valueAndGradient(at: theta).gradient == b.valueAndGradient(at: theta).gradient)
        #expect(try a.evaluate(at: theta).accuracy == nil)
    }

    /// Logits of a thousand neither overflow nor lose the loss.
    @Test func largeLogits() throws {
        let data = Dataset(
            name: "large", inputs: .doubles([1000, -1000]), exampleShape: [1], targets: .classes([0, 0], count: 2))
        for precision in Precision.allCases {
            let objective = try NetworkObjective(
                network: Network("linear", inputShape: [1], outputs: 2), data: data,
                loss: .crossEntropy(labelSmoothing: 0), precision: precision)
            // Logits (1000, 0) and (−1000, 0): losses 0 and 1000.
            let (value, gradient) = try objective.valueAndGradient(at: [1, 0, 0, 0])
            #expect(value == 500)
            #expect(gradient == [500, -500, -0.5, 0.5])
        }
    }
}
