import Datasets
import Foundation
import Models
import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// Units that are matched by what they compute, and the refinement by the loss half way.
@Suite struct ActivationMatchingTests {
    static func digits(_ count: Int) throws -> Dataset { try DataSpecification.digits.load(.train).prefix(count) }

    static func with(_ model: Model, _ theta: [Double], _ buffers: [Double]? = nil) -> Model {
        Model(
            model.network, theta: theta, buffers: buffers ?? model.buffers, loss: model.loss, metadata: model.metadata)
    }

    /// A model most of whose units vary: biases are raised.
    static func lively(_ name: String, seed: UInt64) throws -> Model {
        let model = try AlignmentTests.model(name, seed: seed)
        var theta = model.theta
        for (index, tensor) in model.network.parameters.tensors.enumerated() where tensor.name.hasSuffix("bias") {
            for i in model.network.parameters.range(index) { theta[i] += 0.5 }
        }
        return with(model, theta)
    }

    /// A planted order is found in every architecture, exactly.
    @Test(arguments: AlignmentTests.models) func planted(_ name: String) throws {
        let model = try Self.lively(name, seed: 2), symmetry = PermutationSymmetry(of: model.network)
        let planted = AlignmentTests.shuffles(symmetry, seed: 9)
        let (theta, buffers) = symmetry.permuted(model.theta, model.buffers, by: planted)
        let matching = try ActivationMatching(
            symmetry, of: Self.with(model, theta, buffers), to: model, on: Self.digits(60), seed: 1)
        let back = symmetry.permuted(theta, buffers, by: matching.permutations)
        let isFound = back.theta == model.theta && back.buffers == model.buffers
        #expect(isFound, "\(matching.correlations)")
        #expect(matching.correlations.after > matching.correlations.before + 0.2 && matching.examples == 60)
        #expect(matching.correlations.after < 1 + 1e-9)
    }

    /// Which activations are compared: the inputs of convolutions and products, the data left out.
    @Test func compared() throws {
        func sizes(_ name: String) throws -> [Int] {
            let network = try AlignmentTests.model(name, seed: 0).network
            return try #require(PairedActivations(network, network)).units.map(\.size)
        }
        #expect(try sizes("mlp:64-12-9-10") == [12, 9])
        #expect(try sizes("lenet") == [6, 16, 120, 84])
        // Of each block the stream and the inner layer, then the pooled stream.
        #expect(try sizes("resnet8;norm=none").count == 7)
    }

    /// One hidden layer against correlations and the best of all orders by hand; units whose bias is shifted and which are scaled, so that means and
    /// sizes tell nothing.
    @Test func correlation() throws {
        let name = "mlp:64-5-10", data = try Self.digits(50)
        let first = try Self.lively(name, seed: 3), second = try Self.lively(name, seed: 4)
        let matching = try ActivationMatching(
            PermutationSymmetry(of: first.network), of: second, to: first, on: data)
        func activations(_ model: Model) throws -> [[Double]] {
            let layout = model.network.parameters, weights = model.theta[layout.range(0)],
                biases = model.theta[layout.range(1)]
            var inputs = [Double](repeating: 0, count: 50 * 64)
            inputs.withUnsafeMutableBufferPointer { data.copyInputs(of: 0..<50, array: 0, to: $0) }
            return (0..<5).map { unit in
                (0..<50).map { example in
                    let sum: Double = (0..<64).reduce(biases[biases.startIndex + unit]) {
                        $0 + weights[unit * 64 + $1] * inputs[example * 64 + $1]
                    }
                    return max(0, sum)
                }
            }
        }
        func centred(_ x: [Double]) -> [Double] {
            let mean = x.reduce(0, +) / Double(x.count), norm = Vectors.norm(x.map { $0 - mean })
            return x.map { norm > 0 ? ($0 - mean) / norm : 0 }
        }
        let a = try activations(first).map(centred), b = try activations(second).map(centred)
        var best = (value: -Double.infinity, order: [0])
        func walk(_ order: [Int]) {
            guard order.count < 5 else {
                let value: Double = order.enumerated().reduce(0) { $0 + Vectors.dot(a[$1.offset], b[$1.element]) }
                if value > best.value { best = (value, order) }
                return
            }
            for unit in 0..<5 where !order.contains(unit) { walk(order + [unit]) }
        }
        walk([])
        let before: Double = (0..<5).reduce(0) { $0 + Vectors.dot(a[$1], b[$1]) }
        #expect(matching.permutations == [best.order])
        #expect(abs(matching.correlations.after - best.value / 5) < 1e-12)
        #expect(abs(matching.correlations.before - before / 5) < 1e-12)
    }

    /// Units of a ReLU network that are scaled, their bias raised and the next layer corrected, in a planted order: the same function. Activations
    /// find them; weights that are as different do not; nor do activations without their mean taken off.
    @Test func rescaled() throws {
        let base = try AlignmentTests.model("mlp:64-12-9-10", seed: 5), layout = base.network.parameters
        var theta = base.theta
        // All units of the first layer are active everywhere, so that a bias may be raised; the second layer gets what it got.
        for i in layout.range(1) { theta[i] += 30 }
        for out in 0..<9 {
            let sum: Double = (0..<12).reduce(0) { $0 + theta[layout.offsets[2] + out * 12 + $1] }
            theta[layout.offsets[3] + out] += 0.5 - 30 * sum
        }
        let model = Self.with(base, theta)
        let random = RandomNumbers(seed: 8)
        for (layer, (width, inputs, next)) in [(12, 64, 9), (9, 12, 10)].enumerated() {
            for unit in 0..<width {
                let scale = (2 * random.named("scale \(layer)").uniform(at: unit) - 1) * 3
                let factor = exp(scale)
                let shift = layer == 0 ? 200 * random.named("shift").uniform(at: unit) : 0
                for i in 0..<inputs { theta[layout.offsets[2 * layer] + unit * inputs + i] *= factor }
                let bias = layout.offsets[2 * layer + 1] + unit
                theta[bias] = theta[bias] * factor + shift
                for out in 0..<next {
                    let weight = layout.offsets[2 * layer + 2] + out * width + unit
                    theta[weight] /= factor
                    theta[layout.offsets[2 * layer + 3] + out] -= theta[weight] * shift
                }
            }
        }
        let symmetry = PermutationSymmetry(of: model.network), planted = AlignmentTests.shuffles(symmetry, seed: 4)
        let other = Self.with(model, symmetry.permuted(theta, by: planted)), data = try Self.digits(80)
        let change = try OutputProbe(model, on: data, examples: 20).change(at: other.theta)
        #expect(change < 1e-9)
        func isFound(_ permutations: [[Int]]) -> Bool { symmetry.permuted(other.theta, by: permutations) == theta }
        let found = try ActivationMatching(symmetry, of: other, to: model, on: data)
        #expect(isFound(found.permutations) && found.correlations.after > 0.9)
        #expect(!isFound(try WeightMatching(symmetry, model.theta, other.theta, layout).permutations))
    }

    /// Units that never vary correlate with none, and are found by their weights; the others are found.
    @Test func dead() throws {
        let name = "mlp:64-12-9-10"
        let base = try Self.lively(name, seed: 6), layout = base.network.parameters
        var theta = base.theta
        // Two of a layer: which of them is which, weights alone tell.
        for unit in [3, 7] { theta[layout.offsets[1] + unit] = -1e3 }
        theta[layout.offsets[3] + 5] = -1e3
        let model = Self.with(base, theta), symmetry = PermutationSymmetry(of: base.network)
        let planted = AlignmentTests.shuffles(symmetry, seed: 2)
        let other = Self.with(model, symmetry.permuted(theta, by: planted))
        let found = try ActivationMatching(symmetry, of: other, to: model, on: Self.digits(60))
        let isFound = symmetry.permuted(other.theta, by: found.permutations) == theta
        #expect(isFound)
        #expect(abs(found.correlations.after - 18.0 / 21) < 1e-9)
    }

    /// Networks of other seeds: the aligned one computes the same, and its units go together better. Two processors or one make no difference.
    @Test func otherSeeds() throws {
        let first = try AlignmentTests.model("resnet8", seed: 1), second = try AlignmentTests.model("resnet8", seed: 2)
        var settings = Alignment.Settings()
        (settings.kind, settings.examples) = (.activations, 40)
        let alignment = try Alignment(of: second, named: "b", to: first, named: "a", settings)
        let correlations = try #require(alignment.activations).correlations
        #expect(correlations.after > correlations.before + 0.1 && alignment.outputChange < 1e-12)
        #expect(alignment.model.theta.sorted() == second.theta.sorted())
        let distance = Vectors.norm(Vectors.sum(alignment.model.theta, -1, first.theta))
        #expect(abs(distance - alignment.distances.after) < 1e-12 * distance)
        #expect(throws: Alignment.Failure.differentGraphs) {
            let symmetry = PermutationSymmetry(of: first.network)
            _ = try ActivationMatching(
                symmetry, of: AlignmentTests.model("resnet8;norm=none", seed: 1), to: first, on: Self.digits(10))
        }
    }

    /// The refinement never ends with a larger loss half way than it began with.
    @Test(arguments: ["mlp:64-12-9-10", "resnet8"]) func refinement(_ name: String) throws {
        let first = try AlignmentTests.model(name, seed: 1), second = try AlignmentTests.model(name, seed: 2)
        let symmetry = PermutationSymmetry(of: first.network), data = try Self.digits(300)
        var settings = StraightThrough.Settings(steps: 30)
        settings.batchSize = 50
        let start = try WeightMatching(symmetry, first.theta, second.theta, first.network.parameters).permutations
        let found = try StraightThrough(settings, from: start, symmetry, of: second, to: first, on: data, examples: 100)
        #expect(found.losses.after <= found.losses.before && found.tried > 1)
        let half = zip(first.theta, symmetry.permuted(second.theta, by: found.permutations)).map { 0.5 * ($0 + $1) }
        let loss = try first.objective(
            data.prefix(100), batchNorm: first.buffers.isEmpty ? .stored : .batch, batchSize: 50
        ).evaluate(at: half).loss
        #expect(abs(loss - found.losses.after) < 1e-12)
        #expect(throws: StraightThrough.Diverged.self) {
            var wild = settings
            wild.learningRate = 1e200
            _ = try StraightThrough(wild, from: start, symmetry, of: second, to: first, on: data, examples: 50)
        }
    }

    /// Scores of weights against those that gather every tensor anew.
    @Test(arguments: AlignmentTests.models) func scores(_ name: String) throws {
        let first = try AlignmentTests.model(name, seed: 1), second = try AlignmentTests.model(name, seed: 2)
        let symmetry = PermutationSymmetry(of: first.network), layout = first.network.parameters
        var scores = WeightScores(symmetry, second.theta, layout)
        for seed in 0..<2 as Range<UInt64> {
            let permutations = AlignmentTests.shuffles(symmetry, seed: seed)
            for dimension in symmetry.dimensions.indices {
                let count = symmetry.dimensions[dimension].size
                let found = try scores.of(dimension, first.theta, permutations)
                var expected = [Double](repeating: 0, count: count * count)
                for (index, forms) in symmetry.parameters.enumerated() {
                    let shape = layout.tensors[index].shape, first = Array(first.theta[layout.range(index)])
                    let other = Array(second.theta[layout.range(index)])
                    for (axis, form) in forms.enumerated() {
                        for places in form.places(of: dimension) {
                            var others = permutations
                            others[dimension] = Array(0..<count)
                            var sources = forms.map { $0.sources(permutations) }
                            sources[axis] = form.sources(others)
                            func element(_ values: [Double], _ place: [Int]) -> Double {
                                values[zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }]
                            }
                            var place = shape.map { _ in 0 }
                            func walk(_ at: Int, _ i: Int, _ j: Int, _ k: Int) {
                                guard at < shape.count else {
                                    var (a, b) = (place, place)
                                    a[axis] = places[i][k]
                                    b[axis] = places[j][k]
                                    expected[i * count + j] +=
                                        element(first, a) * element(other, b.indices.map { sources[$0][b[$0]] })
                                    return
                                }
                                for x in at == axis ? 0..<1 : 0..<shape[at] {
                                    place[at] = x
                                    walk(at + 1, i, j, k)
                                }
                            }
                            // One row tells enough.
                            for j in 0..<count { for k in places[j].indices { walk(0, count - 1, j, k) } }
                        }
                    }
                }
                #expect(zip(found, expected).suffix(count).allSatisfy { abs($0 - $1) < 1e-9 })
            }
        }
    }
}
