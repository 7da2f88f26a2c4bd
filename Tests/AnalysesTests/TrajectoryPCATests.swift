import Tensors
import Testing

@testable import Analyses

@Suite struct TrajectoryPCATests {
    /// A path in a known plane: that plane is found, with its coordinates up to sign, and nothing lies off it.
    @Test func knownPlane() throws {
        let n = 40
        let u = RandomNumbers(seed: 1).named("u").normals(n)
        var v = RandomNumbers(seed: 1).named("v").normals(n)
        Vectors.add(-Vectors.dot(u, v) / Vectors.dot(u, u), u, to: &v)
        let (unitU, unitV) = (u.map { $0 / Vectors.norm(u) }, v.map { $0 / Vectors.norm(v) })
        let final = RandomNumbers(seed: 2).normals(n).map { 10 + $0 }
        // Long in u, short in v; their products sum to 0, so that u and v are the principal axes.
        let coordinates = [(8.0, 1.0), (5, -1), (3, 1), (-8, 1), (-5, -1), (-3, 1), (0, 0)]
        let product = coordinates.reduce(0) { $0 + $1.0 * $1.1 }
        #expect(product == 0)
        let path = coordinates.map { a, b in Vectors.sum(Vectors.sum(final, a, unitU), b, unitV) }
        let pca = try TrajectoryPCA(path)
        #expect(abs(abs(Vectors.dot(pca.directions[0], unitU)) - 1) < 1e-12)
        #expect(abs(abs(Vectors.dot(pca.directions[1], unitV)) - 1) < 1e-12)
        #expect(abs(Vectors.dot(pca.directions[0], pca.directions[1])) < 1e-14)
        let (along, across) = (coordinates.reduce(0) { $0 + $1.0 * $1.0 }, coordinates.reduce(0) { $0 + $1.1 * $1.1 })
        #expect(abs(pca.explainedVariance[0] - along / (along + across)) < 1e-12)
        #expect(abs(pca.explainedVariance[1] - across / (along + across)) < 1e-12)
        for (point, (a, b)) in zip(pca.points, coordinates) {
            #expect(abs(abs(point.coordinates[0]) - abs(a)) < 1e-10 && abs(abs(point.coordinates[1]) - abs(b)) < 1e-10)
            #expect(abs(point.distance - (a * a + b * b).squareRoot()) < 1e-10 && point.distanceToPlane < 1e-10)
        }
    }

    /// Uncentred: for a straight path that stays on one side of its end, all variance lies along it. Around the mean the plane
    /// would not hold the end of a path off the line.
    @Test func distancesFromThePlane() throws {
        // Two axes in the plane of the first two coordinates; the third point sticks out by a little.
        let path: [[Double]] = [[10, 0, 0], [0, 5, 0], [0, 0, 0.5], [0, 0, 0]].map { $0.map { $0 + 3 } }
        let pca = try TrajectoryPCA(path)
        #expect(abs(pca.explainedVariance[0] - 100 / 125.25) < 1e-12)
        #expect(pca.explainedVariance.count == 3)
        #expect(abs(pca.points[2].distanceToPlane - 0.5) < 1e-12 && pca.points[3].distance == 0)
        #expect(pca.points[0].coordinates[0] > 0)
    }

    /// Scaled: the axes of s ∘ (θ_t − θ_T), each point's place and distance in them, and the same points of the weights' space.
    @Test func scaling() throws {
        let random = RandomNumbers(seed: 4), scale = random.named("s").normals(6).map { 0.5 + abs($0) }
        let path = (0..<5).map { random.named("\($0)").normals(6) }
        let scaled = try TrajectoryPCA(path, scaling: scale)
        let plain = try TrajectoryPCA(path.map { Vectors.product(scale, $0) })
        #expect(zip(scaled.explainedVariance, plain.explainedVariance).allSatisfy { abs($0 - $1) < 1e-12 })
        for (index, (a, b)) in zip(scaled.points, plain.points).enumerated() {
            #expect(abs(a.distance - b.distance) < 1e-12 && abs(a.distanceToPlane - b.distanceToPlane) < 1e-12)
            let place = Vectors.product(scale, scaled.projection(index))
            #expect(Vectors.norm(Vectors.sum(place, -1, plain.projection(index))) < 1e-12)
        }
    }

    @Test func tooFewCheckpoints() {
        #expect(throws: TrajectoryPCA.Failure.self) { try TrajectoryPCA([[1, 2, 3], [2, 3, 4]]) }
        #expect(throws: TrajectoryPCA.Failure.self) { try TrajectoryPCA([[1, 0], [2, 0], [4, 0]]) }
        #expect(throws: TrajectoryPCA.Failure.self) { try TrajectoryPCA([[1, 0]]) }
        #expect((try? TrajectoryPCA([[1, 2, 3], [2, 3, 4]], axes: 1)) != nil)
    }
}
