import Datasets
import Essentials
import Models
import Networks
import Objectives
import Tensors
import Testing

@testable import Analyses

/// Networks between two whose units vary as theirs do.
@Suite struct VarianceCorrectionTests {
    static func loss(_ model: Model, _ data: Dataset) throws -> ModelLoss {
        var settings = ModelLoss.Settings()
        settings.precision = .double
        return try ModelLoss(model, name: "a", settings, on: data)
    }

    /// Means and deviations of both layers of a perceptron before the nonlinearity, by hand.
    static func moments(_ model: Model, _ theta: [Double], _ data: Dataset) -> [[(mean: Double, deviation: Double)]] {
        let layout = model.network.parameters, count = data.count
        var inputs = [Double](repeating: 0, count: count * 64)
        inputs.withUnsafeMutableBufferPointer { data.copyInputs(of: 0..<count, array: 0, to: $0) }
        var rows = (0..<count).map { Array(inputs[$0 * 64..<($0 + 1) * 64]) }
        return (0..<2).map { layer in
            let shape = layout.tensors[2 * layer].shape, weights = layout.offsets[2 * layer]
            let sums = rows.map { row in
                (0..<shape[0]).map { unit -> Double in
                    (0..<shape[1]).reduce(theta[layout.offsets[2 * layer + 1] + unit]) {
                        $0 + theta[weights + unit * shape[1] + $1] * row[$1]
                    }
                }
            }
            rows = sums.map { $0.map { max(0, $0) } }
            return (0..<shape[0]).map { unit in
                let values = sums.map { $0[unit] }, mean = values.reduce(0, +) / Double(count)
                let square: Double = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                return (mean, (square / Double(count)).squareRoot())
            }
        }
    }

    /// Half way and elsewhere, means and deviations are those between the networks'; on the plain line they are not.
    @Test func moments() throws {
        let name = "mlp:64-12-9-10", data = try ActivationMatchingTests.digits(70)
        let a = try AlignmentTests.model(name, seed: 1), b = try AlignmentTests.model(name, seed: 2)
        let correction = try VarianceCorrection(Self.loss(a, data), to: b, monitor: .silent)
        #expect(try correction.point(0) == a.theta && correction.point(1) == b.theta)
        let ends = (Self.moments(a, a.theta, data), Self.moments(b, b.theta, data))
        for t in [0.25, 0.5] {
            let theta = try correction.point(t), found = Self.moments(a, theta, data)
            let plain = Self.moments(a, PathProfile.line(from: a.theta, to: b.theta)(t), data)
            var worst = 0.0
            for layer in 0..<2 {
                for unit in found[layer].indices {
                    let (one, other) = (ends.0[layer][unit], ends.1[layer][unit])
                    let mean = (1 - t) * one.mean + t * other.mean
                    let deviation = (1 - t) * one.deviation + t * other.deviation
                    #expect(abs(found[layer][unit].mean - mean) < 1e-10)
                    #expect(abs(found[layer][unit].deviation - deviation) < 1e-10)
                    worst = max(worst, abs(plain[layer][unit].deviation / deviation - 1))
                }
            }
            #expect(worst > 0.2)
        }
    }

    /// Layers of a convolutional network, one after another; a tensor that belongs to none is named.
    @Test func layers() throws {
        let data = try ActivationMatchingTests.digits(20)
        let model = try AlignmentTests.model("lenet", seed: 1)
        let layers = try PreactivationLayers(of: model.network).layers, tensors = model.network.parameters.tensors
        #expect(layers.map { tensors[$0.weight].name } == ["conv1", "conv2", "fc1", "fc2"].map { $0 + ".weight" })
        #expect(layers.map { tensors[$0.bias].name } == ["conv1", "conv2", "fc1", "fc2"].map { $0 + ".bias" })
        #expect(layers.allSatisfy { $0.axis == 0 })
        for (name, tensor, advice) in [
            ("resnet8", "conv1.weight", "recalibrate"), ("mlp:64-12-9-10;norm=layer", "ln1.weight", "without"),
        ] {
            let other = try AlignmentTests.model(name, seed: 1)
            let loss = try Self.loss(other, data)
            let refusal = #expect(throws: UnusableRequest.self) {
                _ = try VarianceCorrection(loss, to: other, monitor: .silent)
            }
            let text = "\(try #require(refusal))"
            #expect(text.contains(tensor) && text.contains(advice) && text.count < 500, "\(text)")
        }
    }
}
