import Datasets
import Models
import Networks
import Objectives
import Tensors
import Testing

@testable import Analyses

/// The symmetry of attention: found by evidence, and the worst case that it does not move.
@Suite struct AttentionSymmetryTests {
    /// A small vision transformer on random images, in Float64.
    private static func loss(_ model: String, transforming seed: UInt64? = nil) throws -> ModelLoss {
        let data = Dataset(
            name: "images", inputs: .doubles(RandomNumbers(seed: 1).normals(12 * 64)), exampleShape: [1, 8, 8],
            targets: .classes((0..<12).map { Int32($0 % 3) }, count: 3))
        let network = try Network(model, inputShape: [1, 8, 8], outputs: 3)
        var theta = network.parameters.initialValues(seed: 2).map { 1.5 * $0 }
        func make(_ theta: [Double]) throws -> ModelLoss {
            let metadata = CheckpointMetadata(
                model: model, loss: "cross-entropy", precision: .double,
                data: DataRecord(
                    specification: "npz:images.npz", exampleShape: [1, 8, 8], classes: 3, outputs: 3,
                    trainingExamples: 12, testExamples: nil))
            let model = Model(
                network, theta: theta, buffers: [], loss: .crossEntropy(labelSmoothing: 0), metadata: metadata)
            var settings = ModelLoss.Settings()
            settings.precision = .double
            return try ModelLoss(model, settings, on: data)
        }
        let plain = try make(theta)
        guard let seed else { return plain }
        theta = try plain.attentionSymmetry().transformed(theta, seed: seed)
        return try make(theta)
    }

    @Test(arguments: [("vit:patch=4,dim=8,depth=2,heads=2", 2), ("vit:patch=4,dim=6,depth=1,heads=1", 1)])
    func found(_ model: String, _ heads: Int) throws {
        let loss = try Self.loss(model), symmetry = try loss.attentionSymmetry()
        #expect(symmetry.heads == heads && symmetry.layers.first == "blocks.0.attn")
        #expect(symmetry.products.count == 2 * heads * symmetry.layers.count)
        let value = try loss.value(at: loss.theta), moved = symmetry.transformed(loss.theta, seed: 7)
        #expect(Vectors.norm(Vectors.sum(moved, -1, loss.theta)) > 1)
        for point in [moved, try symmetry.balanced(loss.theta)] {
            #expect(abs(try loss.value(at: point) - value) < 1e-12)
        }
        // The balanced point is the shortest of its orbit, and the same from everywhere but for rotations.
        let balanced = try symmetry.balanced(loss.theta), again = try symmetry.balanced(moved)
        #expect(Vectors.norm(balanced) < Vectors.norm(loss.theta) && Vectors.norm(loss.theta) < Vectors.norm(moved))
        #expect(abs(Vectors.norm(balanced) - Vectors.norm(again)) < 1e-10)
        for product in symmetry.products {
            func gram(_ columns: [[Int]]) -> [Double] {
                let numbers = columns.map { $0.map { balanced[$0] } }
                return numbers.flatMap { a in numbers.map { Vectors.dot(a, $0) } }
            }
            #expect(zip(gram(product.left), gram(product.right)).allSatisfy { abs($0 - $1) < 1e-11 })
        }
    }

    /// Across is the orthogonal complement of all (GΛ, −HΛᵀ).
    @Test func across() throws {
        let loss = try Self.loss("vit:patch=4,dim=8,depth=1,heads=2"), symmetry = try loss.attentionSymmetry()
        let origin = try symmetry.balanced(loss.theta), numbers = RandomNumbers(seed: 3)
        let vector = numbers.named("v").normals(origin.count), across = symmetry.across(vector, at: origin)
        #expect(Vectors.norm(Vectors.sum(symmetry.across(across, at: origin), -1, across)) < 1e-11)
        var along = Vectors.sum(vector, -1, across)
        #expect(abs(Vectors.dot(along, across)) < 1e-11 && Vectors.norm(along) > 1)
        for (number, product) in symmetry.products.enumerated() {
            let width = product.left.count, matrix = numbers.named("\(number)").normals(width * width)
            var tangent = Vectors.zeros(origin.count)
            for k in 0..<width {
                for l in 0..<width {
                    for (from, to) in zip(product.left[k], product.left[l]) {
                        tangent[to] += origin[from] * matrix[k * width + l]
                    }
                    for (from, to) in zip(product.right[l], product.right[k]) {
                        tangent[to] -= origin[from] * matrix[k * width + l]
                    }
                }
            }
            #expect(abs(Vectors.dot(tangent, across)) < 1e-10)
            Vectors.add(-Vectors.dot(tangent, along) / Vectors.dot(tangent, tangent), tangent, to: &along)
        }
        // A tangent moves no output at first order.
        let slope = try loss.valueAndGradient(at: origin).gradient
        #expect(Vectors.norm(Vectors.sum(symmetry.across(slope, at: origin), -1, slope)) < 1e-12)
    }

    /// ½(ab − 1)² at (4, ¼): from (1, 1) across the orbit ab = 1, ½((1 + ρ/√2)² − 1)².
    @Test func closedForm() throws {
        let objective = ClosureObjective(dimension: 2) {
            0.5 * ($0[0] * $0[1] - 1) * ($0[0] * $0[1] - 1)
        } gradient: {
            let r = $0[0] * $0[1] - 1
            return [r * $0[1], r * $0[0]]
        } hessianVectorProduct: { theta, v in
            let (a, b) = (theta[0], theta[1]), r = a * b - 1
            return [b * b * v[0] + (a * b + r) * v[1], (a * b + r) * v[0] + a * a * v[1]]
        }
        var analysis = SharpnessAnalysis(radii: [0.1, 0.4])
        analysis.measures = .symmetryCorrected
        analysis.symmetry = AttentionSymmetry(layers: ["ab"], heads: 1, products: [.init(left: [[0]], right: [[1]])])
        for point in [[4, 0.25], [1, 1], [-0.1, -10]] {
            let found = try #require(try analysis.run(objective, at: point).symmetryCorrected)
            for (radius, worst) in found.points {
                let top = 1 + radius / 2.0.squareRoot(), exact = 0.5 * (top * top - 1) * (top * top - 1)
                #expect(abs(worst.lowerBound - exact) < 1e-9 * exact)
                #expect(abs(worst.largestEigenvalue - 2) < 1e-9)
            }
            #expect(abs(found.lossChange) < 1e-14 && found.gradientNorm < 1e-12)
            let distance = Vectors.norm(Vectors.sum(point, -1, point[0] > 0 ? [1, 1] : [-1, -1]))
            #expect(abs(found.distance - distance) < 1e-12)
        }
    }

    /// The same network with other weights: this measure stays, those of the weights do not.
    @Test func doesNotMove() throws {
        func measured(_ seed: UInt64?) throws -> (corrected: WorstCaseSharpness, plain: WorstCaseSharpness) {
            let loss = try Self.loss("vit:patch=4,dim=8,depth=1,heads=2", transforming: seed)
            var analysis = SharpnessAnalysis(radii: [0.3])
            analysis.measures = [.symmetryCorrected, .worstCase]
            let result = try analysis.run(loss, at: loss.theta)
            return (
                try #require(result.symmetryCorrected).points[0].worstCase, try #require(result.points[0].worstCase)
            )
        }
        let first = try measured(nil), second = try measured(4)
        #expect(abs(first.corrected.lowerBound - second.corrected.lowerBound) < 1e-4 * first.corrected.lowerBound)
        let values = (first.corrected.largestEigenvalue, second.corrected.largestEigenvalue)
        #expect(abs(values.0 - values.1) < 1e-6 * values.0)
        #expect(second.plain.lowerBound > 1.1 * first.plain.lowerBound)
        #expect(second.plain.largestEigenvalue > 1.1 * first.plain.largestEigenvalue)
    }

    @Test func refused() throws {
        let none = #expect(throws: AttentionSymmetryError.self) { try Self.loss("mlp:64-8-3").attentionSymmetry() }
        #expect(none?.description.contains("mlp:64-8-3 has no attention") == true)
    }
}
