import Datasets
import Models
import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// Hidden units that are read off the graph, and the order that weight matching finds for them.
@Suite struct AlignmentTests {
    /// Perceptron, convolutions with flattening, shortcuts of both kinds with batch normalisation, without, over groups of channels, and
    /// attention.
    static let models = [
        "mlp:64-12-9-10", "lenet", "resnet8", "resnet20", "resnet8:B", "resnet8;norm=none", "resnet8;norm=layer",
        "resnet8;norm=group", "vit:patch=4,dim=12,depth=2,heads=3",
    ]

    static func model(_ name: String, seed: UInt64) throws -> Model {
        let network = try Network(canonical: name, inputShape: [1, 8, 8], takesTokens: false, outputs: 10)
        let metadata = CheckpointMetadata(
            model: name, loss: "cross-entropy", precision: .double,
            data: DataRecord(
                specification: "digits", exampleShape: [1, 8, 8], classes: 10, outputs: 10, trainingExamples: 1442))
        // Statistics that differ between channels.
        let random = RandomNumbers(seed: seed).named("buffers").normals(network.buffers.count)
        let statistics = network.buffers.tensors.enumerated().flatMap { index, tensor in
            random[network.buffers.range(index)].map { tensor.name.hasSuffix("mean") ? 0.3 * $0 : 1 + 0.3 * abs($0) }
        }
        let theta = network.parameters.initialValues(seed: seed)
        let noise = RandomNumbers(seed: seed).named("noise").normals(theta.count)
        return Model(
            network, theta: zip(theta, noise).map { $0 + 0.05 * $1 }, buffers: statistics,
            loss: .crossEntropy(labelSmoothing: 0), metadata: metadata)
    }

    static func shuffles(_ symmetry: PermutationSymmetry, seed: UInt64) -> [[Int]] {
        symmetry.dimensions.enumerated().map {
            RandomNumbers(seed: seed).named("shuffle \($0)").permutation($1.size)
        }
    }

    /// Any order of the units is the same function; the next layer's weights in the old order are another.
    @Test(arguments: models) func sameFunction(_ name: String) throws {
        let model = try Self.model(name, seed: 1), symmetry = PermutationSymmetry(of: model.network)
        // Groups of channels and the widening by zeros cut the stream in different places.
        #expect(!symmetry.dimensions.isEmpty && symmetry.fixed.isEmpty == !name.contains("group"))
        let (theta, buffers) = symmetry.permuted(
            model.theta, model.buffers, by: Self.shuffles(symmetry, seed: 5))
        let data = try DataSpecification.digits.load(.train).prefix(6)
        func outputs(_ theta: [Double], _ buffers: [Double]) throws -> [Double] {
            try NetworkObjective(
                network: model.network, statistics: buffers, data: data, loss: model.loss, precision: .double
            ).outputs(at: theta)
        }
        let before = try outputs(model.theta, model.buffers), after = try outputs(theta, buffers)
        #expect(theta != model.theta && relativeError(after, before) < 1e-12)
        if model.buffers.count > 0 {
            #expect(try relativeError(outputs(theta, model.buffers), before) > 1e-3)
        }
    }

    /// What each dimension has: its number and size, and through what it goes.
    @Test func dimensions() throws {
        func sizes(_ name: String) throws -> [Int] {
            PermutationSymmetry(of: try Self.model(name, seed: 0).network).dimensions.map(\.size)
        }
        #expect(try sizes("mlp:64-12-9-10") == [12, 9])
        #expect(try sizes("lenet") == [6, 16, 120, 84])
        // The stream of 16 channels, widened by zeros on both sides: 8 + 16 + 8, then 16 + 32 + 16.
        #expect(try sizes("resnet8") == [16, 16, 32, 8, 8, 64, 16, 16])
        #expect(try sizes("resnet8:B") == [16, 16, 32, 32, 64, 64])
        // Width, heads of a block, channels of queries and keys, of values, and the inner layer.
        #expect(try sizes("vit:patch=4,dim=12,depth=1,heads=3") == [12, 3, 4, 4, 48])
    }

    /// A planted order is found, to the bit.
    @Test(arguments: models) func planted(_ name: String) throws {
        let model = try Self.model(name, seed: 2), symmetry = PermutationSymmetry(of: model.network)
        let planted = Self.shuffles(symmetry, seed: 9)
        let (theta, buffers) = symmetry.permuted(model.theta, model.buffers, by: planted)
        let matching = try WeightMatching(symmetry, model.theta, theta, model.network.parameters, seed: 1)
        #expect(Vectors.norm(Vectors.sum(model.theta, -1, theta)) > 1)
        for (found, order) in zip(matching.permutations, planted) {
            #expect(found.map { order[$0] } == Array(order.indices))
        }
        let back = symmetry.permuted(theta, buffers, by: matching.permutations)
        #expect(back.theta == model.theta && back.buffers == model.buffers)
    }

    /// Two networks of other seeds come nearer, whichever order dimensions are taken in, and the second stays what it was.
    @Test func otherSeeds() throws {
        let first = try Self.model("resnet8", seed: 1), second = try Self.model("resnet8", seed: 2)
        for seed in [0, 1] as [UInt64] {
            var settings = Alignment.Settings()
            settings.seed = seed
            let alignment = try Alignment(of: second, named: "b", to: first, named: "a", settings)
            let distances = alignment.distances
            #expect(distances.after < 0.99 * distances.before && alignment.outputChange < 1e-12)
            let distance = Vectors.norm(Vectors.sum(alignment.model.theta, -1, first.theta))
            #expect(abs(distance - distances.after) < 1e-12 * distance)
            #expect(alignment.model.theta.sorted() == second.theta.sorted())
            #expect(alignment.model.buffers.sorted() == second.buffers.sorted())
        }
        #expect(throws: Alignment.Failure.noHiddenUnits(model: "linear")) {
            try Alignment(of: Self.model("linear", seed: 1), named: "b", to: Self.model("linear", seed: 2), named: "a")
        }
    }
}
