import Datasets
import Networks
import Objectives
import Tensors
import Testing

@testable import Training

/// Muon against its authors' formulas, written out here with loops over rows and columns.
@Suite struct MuonTests {
    typealias Rows = [[Double]]

    func rows(_ flat: [Double], _ columns: Int) -> Rows {
        stride(from: 0, to: flat.count, by: columns).map { Array(flat[$0..<$0 + columns]) }
    }
    func transpose(_ a: Rows) -> Rows { a[0].indices.map { column in a.map { $0[column] } } }
    func product(_ a: Rows, _ b: Rows) -> Rows {
        a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
    }
    func combined(_ terms: (Double, Rows)...) -> Rows {
        terms[0].1.indices.map { i in
            terms[0].1[i].indices.map { j in terms.reduce(0) { $0 + $1.0 * $1.1[i][j] } }
        }
    }

    /// X ← aX + bXXᵀX + cXXᵀXXᵀX, five times, of the matrix by its norm.
    func orthogonalized(_ matrix: Rows) -> Rows {
        let norm = matrix.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
        var x = matrix.map { $0.map { $0 / (norm + 1e-7) } }
        for _ in 0..<5 {
            let cube = product(product(x, transpose(x)), x), fifth = product(product(x, transpose(x)), cube)
            x = combined((3.4445, x), (-4.7750, cube), (2.0315, fifth))
        }
        return x
    }

    func close(_ a: [Double], _ b: [Double], _ bound: Double = 1e-12) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= bound }
    }

    /// Two steps on a wide and a tall matrix and a vector between them, with decay.
    @Test(arguments: [(3, 5), (5, 2), (4, 4), (1, 6)]) func oneStep(_ height: Int, _ width: Int) throws {
        let count = height * width, beta = 0.8, decay = 0.3, rate = 0.1, share = 0.25
        let random = RandomNumbers(seed: 7).normals(3 * (count + 2))
        var theta = Array(random[0..<count + 2])
        let gradients = [Array(random[(count + 2)..<2 * (count + 2)]), Array(random[(2 * (count + 2))...])]
        var muon = Muon(
            matrices: [.init(range: 1..<count + 1, rows: height, columns: width)], momentum: beta, weightDecay: decay,
            auxiliaryShare: share, beta1: 0.5, beta2: 0.75, epsilon: 0.1)
        var expected = theta, m = [Double](repeating: 0, count: count)
        var mean = [0.0, 0], square = [0.0, 0]
        for (step, gradient) in gradients.enumerated() {
            muon.update(&theta, gradient: gradient, learningRate: rate, step: step)
            let g = Array(gradient[1...count])
            m = m.indices.map { beta * m[$0] + (1 - beta) * g[$0] }
            let u = m.indices.map { (1 - beta) * g[$0] + beta * m[$0] }
            let o = orthogonalized(rows(u, width)).flatMap { $0 }
            let scale = height > width ? (Double(height) / Double(width)).squareRoot() : 1
            for i in 0..<count { expected[i + 1] = (1 - rate * decay) * expected[i + 1] - rate * scale * o[i] }
            // AdamW on the first and the last number, at a quarter of the rate.
            for (k, i) in [0, count + 1].enumerated() {
                mean[k] = 0.5 * mean[k] + 0.5 * gradient[i]
                square[k] = 0.75 * square[k] + 0.25 * gradient[i] * gradient[i]
                let power = Double(step + 1)
                let unbiased = mean[k] / (step == 0 ? 0.5 : 0.75)
                let deviation = (square[k] / (1 - (power == 1 ? 0.75 : 0.5625))).squareRoot()
                expected[i] = (1 - rate * share * decay) * expected[i] - rate * share * unbiased / (deviation + 0.1)
            }
            #expect(close(theta, expected), "\(theta), not \(expected)")
            #expect(close(muon.state["momentum"] ?? [], [0] + m + [0]))
        }
        #expect(Set(muon.state.keys) == Set(muon.names))
    }

    /// Singular values of a diagonal matrix are those of the polynomial, near 1; its signs stay.
    @Test func singularValues() {
        let found = Muon.orthogonalized([3, 0, 0, 0, -2, 0, 0, 0, 1], rows: 3, columns: 3)
        for (i, value) in found.enumerated() {
            if i % 4 == 0 { #expect(abs(value) > 0.65 && abs(value) < 1.25) } else { #expect(abs(value) < 1e-12) }
        }
        #expect(found[4] < 0)
        #expect(Muon.orthogonalized([0, 0, 0, 0], rows: 2, columns: 2) == [0, 0, 0, 0])
    }

    @Test func hiddenWeights() throws {
        func shapes(_ model: String, _ input: [Int], takesTokens: Bool = false) throws -> [[Int]] {
            let network = try Network(model, inputShape: input, takesTokens: takesTokens, outputs: 10)
            return Muon.hiddenWeights(of: network.parameters).map { [$0.rows, $0.columns] }
        }
        #expect(try shapes("mlp:64-32-16-10", [64]) == [[16, 32]])
        #expect(try shapes("mlp:64-32-10", [64]).isEmpty && shapes("linear", [64]).isEmpty)
        // All filters but the first convolution's, each a matrix of the outputs.
        let filters = try shapes("resnet8:B", [1, 8, 8])
        #expect(filters.first == [16, 16 * 9] && filters.contains([64, 64 * 9]) && filters.last == [64, 32])
        // Queries, keys, values; their output; the two layers of the perceptron: no embedding of patches or places, no head.
        #expect(
            try shapes("vit:patch=4,dim=8,depth=1,heads=2", [1, 8, 8]) == [[24, 8], [8, 8], [32, 8], [8, 32]])
    }

    /// A training of three layers: the middle one moves by Muon, all else by AdamW at its own rate, also below SAM.
    @Test(arguments: [OptimizerKind.muon, .sam]) func training(_ optimizer: OptimizerKind) throws {
        var configuration = TrainingConfiguration(
            model: "mlp:64-6-4-10", data: .digits, optimizer: optimizer, base: optimizer == .sam ? .muon : .sgd)
        #expect(configuration.learningRate == 0.02 && configuration.momentum == 0.95 && configuration.weightDecay == 0)
        (configuration.precision, configuration.examples, configuration.rho) = (.double, 30, 0.4)
        configuration.adamRate = 0.004
        let trainer = try Trainer(configuration), theta = trainer.state.theta, layout = trainer.network.parameters
        func gradient(_ theta: [Double]) throws -> [Double] { try batchGradient(of: trainer, at: theta) }
        var g = try gradient(theta)
        if optimizer == .sam { g = try gradient(Vectors.sum(theta, 0.4 / Vectors.norm(g), g)) }
        try trainer.step(Array(0..<30), 0.02)
        // The first step of AdamW is g/(|g| + ε) at its rate, the first u of Muon (1 − β²)g.
        var expected = theta.indices.map { theta[$0] - 0.004 * g[$0] / (abs(g[$0]) + 1e-10) }
        let middle = try #require(layout.tensors.firstIndex { $0.shape == [4, 6] })
        let o = orthogonalized(rows(layout.range(middle).map { (1 - 0.95 * 0.95) * g[$0] }, 6)).flatMap { $0 }
        for (place, i) in layout.range(middle).enumerated() { expected[i] = theta[i] - 0.02 * o[place] }
        #expect(close(trainer.state.theta, expected))
        #expect(try TrainingConfiguration(trainer.checkpoint().metadata) == configuration)
    }
}
