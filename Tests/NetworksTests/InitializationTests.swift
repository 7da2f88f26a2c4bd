import Tensors
import Testing

@testable import Networks

@Suite struct InitializationTests {
    @Test func theSeedDecides() throws {
        let layout = try Network("resnet8", inputShape: [3, 8, 8], outputs: 10).parameters
        #expect(layout.initialValues(seed: 7) == layout.initialValues(seed: 7))
        #expect(layout.initialValues(seed: 7) != layout.initialValues(seed: 8))
    }

    /// A tensor's numbers depend on its name, not on what comes before it.
    @Test func tensorsAreIndependentOfTheirPlace() throws {
        let a = try Network("mlp:64-32-10", inputShape: [64], outputs: 10).parameters
        let reversed = ParameterLayout(a.tensors.reversed())
        let (x, y) = (a.initialValues(seed: 1), reversed.initialValues(seed: 1))
        for i in a.tensors.indices {
            #expect(Array(x[a.range(i)]) == Array(y[reversed.range(a.tensors.count - 1 - i)]))
        }
        #expect(Set(a.tensors.indices.map { x[a.offsets[$0]] }).count == a.tensors.count)
    }

    /// Mean 0 and the stated variance, each within five standard errors: σ/√n for the mean, and √((κ − 1)/n) σ² for the variance,
    /// where the kurtosis κ is 3 for normal and 9/5 for uniform numbers.
    @Test func variances() throws {
        for (model, options) in [
            ("mlp:1000-500-10", [1000]), ("resnet20", [3, 32, 32]), ("lenet", [1, 28, 28]), ("vit", [3, 32, 32]),
        ] {
            let layout = try Network(model, inputShape: options, outputs: 10).parameters
            let values = layout.initialValues(seed: 11)
            for (i, tensor) in layout.tensors.enumerated() {
                let x = values[layout.range(i)], n = Double(tensor.count)
                let (expected, kurtosis): (Double, Double)
                switch tensor.initialization {
                case .constant(let c):
                    #expect(x.allSatisfy { $0 == c })
                    continue
                case .uniformFanIn(let fan):
                    (expected, kurtosis) = (1 / (3 * Double(fan)), 1.8)
                    #expect(x.allSatisfy { $0 * $0 * Double(fan) <= 1 })
                case .normalFanOut(let fan): (expected, kurtosis) = (2 / Double(fan), 3)
                case .normal(let deviation): (expected, kurtosis) = (deviation * deviation, 3)
                }
                // The standard errors are those of large samples.
                guard tensor.count >= 400 else { continue }
                let mean = x.reduce(0, +) / n, variance = x.reduce(0) { $0 + $1 * $1 } / n
                #expect(abs(mean) < 5 * (expected / n).squareRoot(), "\(model) \(tensor.name)")
                #expect(abs(variance / expected - 1) < 5 * ((kurtosis - 1) / n).squareRoot(), "\(model) \(tensor.name)")
            }
        }
    }

    /// The fans: inputs · kernel size of PyTorch's default; outputs · kernel size of a residual network's convolutions.
    @Test func fans() throws {
        func initialization(_ model: String, _ shape: [Int], _ name: String) throws -> Initialization? {
            try Network(model, inputShape: shape, outputs: 10).parameters.tensors.first { $0.name == name }?
                .initialization
        }
        #expect(try initialization("lenet", [1, 28, 28], "conv2.weight") == .uniformFanIn(6 * 25))
        #expect(try initialization("lenet", [1, 28, 28], "fc1.bias") == .uniformFanIn(400))
        #expect(try initialization("resnet20", [3, 32, 32], "layer2.0.conv1.weight") == .normalFanOut(32 * 9))
        #expect(try initialization("resnet20:B", [3, 32, 32], "layer2.0.shortcut.0.weight") == .normalFanOut(32))
        #expect(try initialization("resnet20", [3, 32, 32], "bn1.weight") == .constant(1))
        #expect(try initialization("resnet20", [3, 32, 32], "linear.weight") == .uniformFanIn(64))
    }
}
