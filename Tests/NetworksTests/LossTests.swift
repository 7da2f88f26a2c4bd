import Autodiff
import Foundation
import GraphEvaluation
import Networks
import Testing

/// The text forms of losses, and their values against closed forms.
@Suite struct LossTests {
    @Test(arguments: [
        "cross-entropy", "nll", "bce", "mse", "half-mse", "l1", "huber", "huber:0.5", "smooth-l1", "smooth-l1:0.25",
        "poisson", "kl", "output", "output:loss", "output:a,b=c", "output:of=mean", "output:of=mean,name=loss",
        "output:batch=8,name=x=y", "cross-entropy:outputs=probabilities",
        "bce:outputs=probabilities,pos-weights=2.0;1.0",
        "cross-entropy:label-smoothing=0.1,class-axis=-1,ignore-index=255,class-weights=0.2;1.0;3.0",
        "nll:ignore-index=7",
    ])
    func textForms(_ text: String) throws {
        let loss = try Loss(specification: text)
        #expect(loss.specification == text)
        #expect(try Loss(specification: loss.specification) == loss && !loss.name.isEmpty)
    }

    @Test(arguments: [
        "", ":", "mae", "mse:", "mse:1", "huber:0", "huber:-1", "huber:nan", "huber:x", "smooth-l1:-1", "output:",
        "output:batch=0", "output:batch=x", "output:of=mean,loss", "bce:class-axis=1", "mse:outputs=logits",
        "cross-entropy:outputs=odd", "cross-entropy:ignore-index=1e3", "cross-entropy:ignore-index=4294967296",
        "cross-entropy:class-weights=1;-1", "cross-entropy:class-weights=1;inf", "nll:label-smoothing=1",
        "cross-entropy,label-smoothing=0.1", "kl:0.5",
    ])
    func otherTexts(_ text: String) {
        #expect(throws: NetworkError.self) { try Loss(specification: text) }
    }

    /// Contributions of two examples for outputs, targets and, where they are given, weights.
    private func losses(
        _ text: String, _ z: [Double], _ t: [Double], weights: [Double]? = nil, shape: [Int]
    ) throws -> [Double] {
        let loss = try Loss(specification: text), graph = Graph(), n = 2, width = shape.reduce(1, *)
        let output = graph.input("z", TensorType([n, width]), .data)
        let target = graph.input("t", TensorType([n, width]), .data)
        let layout = LossLayout(
            outputShape: shape, target: loss.takesClasses ? .distributions : .values, classAxis: shape.count - 1,
            isWeighted: weights != nil)
        let weight = weights.map { _ in graph.input("w", TensorType([n, layout.elements]), .data) }
        let found = loss.contributions(output, target: target, weights: weight, layout, batch: n)
        let given = [(output, z), (target, t)] + (weight.map { [($0, weights!)] } ?? [])
        return evaluate(graph, [found.losses], given)[0]
    }

    private func expect(_ found: [Double], _ wanted: [Double]) {
        #expect(
            found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-12 },
            "\(found), not \(wanted)")
    }

    @Test func elementwise() throws {
        let z = [0.5, -2, 3, 0.25], t = [1.0, 0, 0, 1]
        func mean(_ f: (Double, Double) -> Double) -> [Double] {
            [(f(z[0], t[0]) + f(z[1], t[1])) / 2, (f(z[2], t[2]) + f(z[3], t[3])) / 2]
        }
        let values: [(String, (Double, Double) -> Double)] = [
            ("mse", { ($0 - $1) * ($0 - $1) }), ("half-mse", { 0.5 * ($0 - $1) * ($0 - $1) }),
            ("l1", { abs($0 - $1) }),
            ("huber:0.6", { abs($0 - $1) < 0.6 ? 0.5 * ($0 - $1) * ($0 - $1) : 0.6 * (abs($0 - $1) - 0.3) }),
            ("smooth-l1:0.6", { abs($0 - $1) < 0.6 ? 0.5 * ($0 - $1) * ($0 - $1) / 0.6 : abs($0 - $1) - 0.3 }),
            ("smooth-l1:0", { abs($0 - $1) }), ("poisson", { exp($0) - $1 * $0 }),
            ("kl", { $1 == 0 ? 0 : $1 * (log($1) - $0) }),
            ("bce", { log(1 + exp($0)) - $1 * $0 }),
            ("bce:pos-weights=3", { (1 - $1) * $0 + (1 + 2 * $1) * log(1 + exp(-$0)) }),
        ]
        for (text, f) in values { expect(try losses(text, z, t, shape: [2]), mean(f)) }
        // With weights the sum; what does not count may even be no number.
        let weighted = try losses("mse", [0.5, .nan, 3, 0.25], t, weights: [2, 0, 1, 4], shape: [2])
        expect(weighted, [2 * 0.25, 9 + 4 * 0.5625])
    }

    /// Probabilities of 0 and 1 count as PyTorch's BCELoss has them, whose logarithms are −100 at least.
    @Test func probabilitiesOfYes() throws {
        let p = [0.25, 1, 0, 0.5], t = [1.0, 1, 1, 0]
        expect(
            try losses("bce:outputs=probabilities", p, t, shape: [2]),
            [-log(0.25) / 2, (100 - log(0.5)) / 2])
    }

    @Test func distributions() throws {
        // Two elements an example, two classes each.
        let z = [1.0, 2, 0.5, -1, 0, 0, 3, 1], t = [0.25, 0.75, 1, 0, 0.5, 0.5, 0, 1]
        func element(_ i: Int, _ c: [Double] = [1, 1]) -> Double {
            let lse = log(exp(z[i]) + exp(z[i + 1]))
            return c[0] * t[i] * (lse - z[i]) + c[1] * t[i + 1] * (lse - z[i + 1])
        }
        expect(try losses("cross-entropy", z, t, shape: [2, 2]), [element(0) + element(2), element(4) + element(6)])
        expect(
            try losses("cross-entropy:class-weights=0.5;3", z, t, weights: [1, 2, 0, 4], shape: [2, 2]),
            [element(0, [0.5, 3]) + 2 * element(2, [0.5, 3]), 4 * element(6, [0.5, 3])])
    }
}
