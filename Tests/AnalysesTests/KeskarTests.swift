import MatrixFree
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

@Suite struct KeskarTests {
    static let theta = [2.0, 0, -4, 0.5], slope = [1.0, -2, 0.5, 3]
    static var linear: QuadraticObjective {
        QuadraticObjective(matrix: [Double](repeating: 0, count: 16), linear: slope, constant: 1)
    }

    /// On a linear function φ = 100 ε Σ|g_i|(|θ_i| + 1)/(1 + L). Three wrong versions have other values: without the +1, a ball of
    /// radius ε, and a fraction in place of a percentage.
    @Test(arguments: [1e-3, 5e-4]) func linearFunction(_ epsilon: Double) throws {
        let found = try KeskarSharpness(Self.linear, at: Self.theta, epsilon: epsilon)
        let loss = Self.linear.value(at: Self.theta)
        func phi(_ increase: Double) -> Double { 100 * increase / (1 + loss) }
        let exact = phi(epsilon * zip(Self.slope, Self.theta).reduce(0) { $0 + abs($1.0) * (abs($1.1) + 1) })
        #expect(abs(found.value - exact) < 1e-9 * exact)
        #expect(found.repeats.count == 5 && found.standardDeviation < 1e-9 * exact)
        let withoutOne = phi(epsilon * zip(Self.slope, Self.theta).reduce(0) { $0 + abs($1.0 * $1.1) })
        let ball = phi(epsilon * Vectors.norm(Self.slope))
        for wrong in [withoutOne, ball, exact / 100] { #expect(abs(found.value - wrong) > 0.1 * wrong) }
    }

    /// In a random subspace the linear function's slope is Aᵀg and the box is that of A⁺θ.
    @Test func linearFunctionInASubspace() throws {
        let n = 40, k = 7
        let slope = RandomNumbers(seed: 1).normals(n), theta = RandomNumbers(seed: 2).normals(n)
        let objective = QuadraticObjective(matrix: [Double](repeating: 0, count: n * n), linear: slope, constant: 30)
        let loss = objective.value(at: theta)
        let found = try KeskarSharpness(objective, at: theta, subspace: k, repeats: 3, seed: 4)
        var exact: [Double] = []
        for number in 0..<3 {
            let space = RandomSubspace(
                dimension: n, count: k, random: RandomNumbers(seed: 4).named("keskar").named("repeat \(number)"),
                memoryLimit: 0)
            let gradient = space.transposed(slope), point = try space.coordinates(of: theta)
            // The residual of the projection is orthogonal to the subspace.
            #expect(Vectors.norm(space.transposed(Vectors.sum(theta, -1, space.combination(point)))) < 1e-9)
            let increase = zip(gradient, point).reduce(0) { $0 + 1e-3 * abs($1.0) * (abs($1.1) + 1) }
            exact.append(100 * increase / (1 + loss))
        }
        #expect(relativeError(found.repeats, exact) < 1e-9)
        #expect(abs(found.value - exact.reduce(0, +) / 3) < 1e-9 * abs(found.value))
        #expect(Set(found.repeats).count == 3, "every repeat draws a subspace of its own")
    }

    /// A separable quadratic at its minimum: the corners, ½ Σ λ_i h_i². From θ itself the gradient is zero; random starts find them.
    @Test func startsAtRandomPointsLeaveAMinimum() throws {
        var matrix = [Double](repeating: 0, count: 16)
        for (i, value) in [4.0, 1, 0.2, -1].enumerated() { matrix[i * 5] = value }
        let objective = QuadraticObjective(matrix: matrix, linear: [0, 0, 0, 0])
        let found = try KeskarSharpness(objective, at: [0, 0, 0, 0], epsilon: 0.1)
        // h = ε at θ = 0; the coordinate of negative curvature stays.
        #expect(abs(found.value - 100 * 0.5 * 0.01 * 5.2) < 1e-6)
        #expect(found.repeats[0] == 0)
    }

    /// A network: what is found is in the box, beats every random point of it and the corner along the gradient's signs.
    @Test func network() throws {
        let r = try Reference.mlp()
        let objective = try r.objective()
        let found = try KeskarSharpness(objective, at: r.theta, repeats: 2)
        let base = r.number("loss"), gradient = try objective.valueAndGradient(at: r.theta).gradient
        func phi(_ z: [Double]) throws -> Double {
            100 * (try objective.value(at: Vectors.sum(r.theta, 1, z)) - base) / (1 + base)
        }
        let widths = r.theta.map { 1e-3 * (abs($0) + 1) }
        let corner = try phi(zip(widths, gradient).map { $1 > 0 ? $0 : -$0 })
        #expect(found.value >= 0.999 * corner, "\(found.value), corner \(corner)")
        for seed in 0..<5 {
            let signs = RandomNumbers(seed: UInt64(seed)).signs(widths.count)
            #expect(try phi(zip(widths, signs).map { $0 * $1 }) < found.value)
        }
        let half = try KeskarSharpness(objective, at: r.theta, epsilon: 5e-4, repeats: 1)
        #expect(half.value < found.value && half.value > 0)
    }
}
