import Datasets
import Networks
import ReferenceModels
import Tensors
import Testing

@testable import Objectives

/// L(θ) + ½λ‖θ‖² against the formulas: gradient g + λθ, Hessian H + λI, Gauss–Newton matrix G + λI.
@Suite struct PenalizedObjectiveTests {
    private let decay = 0.03
    private var random: RandomNumbers { RandomNumbers(seed: 7) }

    private func network() throws -> (objective: NetworkObjective, theta: [Double]) {
        let r = try Reference.mlp()
        let objective = try NetworkObjective(
            network: r.network, statistics: r.buffers, data: r.data.subset(Array(0..<50)),
            loss: .crossEntropy(labelSmoothing: 0), precision: .double, batchSize: 16)
        return (objective, r.theta)
    }

    @Test func derivativesAreShifted() throws {
        let (base, theta) = try network()
        let penalized = PenalizedObjective(base, weightDecay: decay)
        let square = theta.reduce(0) { $0 + $1 * $1 }
        let plain = try base.evaluate(at: theta), found = try penalized.evaluate(at: theta)
        #expect(abs(found.loss - plain.loss - 0.5 * decay * square) < 1e-14 * found.loss)
        #expect(found.accuracy == plain.accuracy)

        let (value, gradient) = try penalized.valueAndGradient(at: theta)
        let own = try base.valueAndGradient(at: theta).gradient
        #expect(abs(value - found.loss) < 1e-14 * value)
        #expect(relativeError(gradient, zip(own, theta).map { $0 + decay * $1 }) < 1e-15)

        let vectors = [random.named("u").normals(theta.count), random.named("v").normals(theta.count)]
        func shifted(_ products: [[Double]]) -> [[Double]] {
            zip(products, vectors).map { zip($0, $1).map { $0 + decay * $1 } }
        }
        let curvatures = try [
            (
                penalized.hessianVectorProducts(at: theta, along: vectors),
                base.hessianVectorProducts(at: theta, along: vectors)
            ),
            (
                penalized.gaussNewtonVectorProducts(at: theta, along: vectors),
                base.gaussNewtonVectorProducts(at: theta, along: vectors)
            ),
        ]
        for (with, without) in curvatures {
            for (a, b) in zip(with, shifted(without)) { #expect(relativeError(a, b) < 1e-15) }
        }
        #expect(throws: ObjectiveError.noEmpiricalFisher) {
            try penalized.empiricalFisherVectorProducts(at: theta, along: vectors)
        }
    }

    /// Ridge regression ½θᵀAθ − bᵀθ + ½λ‖θ‖² has its minimum where (A + λI)θ = b, and λmax(A) + λ there.
    @Test func ridgeRegression() throws {
        let (a, b) = ([4.0, 1, 1, 3], [1.0, 2])
        let ridge = PenalizedObjective(
            QuadraticObjective(matrix: a, linear: b.map { -$0 }), weightDecay: decay)
        let (p, q, s) = (a[0] + decay, a[1], a[3] + decay)
        let determinant = p * s - q * q
        let minimum = [(s * b[0] - q * b[1]) / determinant, (p * b[1] - q * b[0]) / determinant]
        #expect(try Vectors.norm(ridge.valueAndGradient(at: minimum).gradient) < 1e-15)
        // The eigenvector of the larger eigenvalue (7 + √5)/2 of A.
        let root = 5.0.squareRoot(), v = [(1 + root) / 2, 1]
        let product = try ridge.hessianVectorProduct(at: minimum, along: v)
        for (x, y) in zip(product, v) { #expect(abs(x - ((7 + root) / 2 + decay) * y) < 1e-14) }
    }

    /// ½λ‖θ + αd + βe‖² multiplied out; the centre has the bits of the loss at θ.
    @Test func slices() throws {
        let (base, theta) = try network()
        let penalized = PenalizedObjective(base, weightDecay: decay)
        let d = random.named("d").normals(theta.count), e = random.named("e").normals(theta.count)
        let places = [[0.0, 0], [0.5, -0.25], [-1, 2]]
        let with = try penalized.evaluate(at: theta, along: [d, e], coordinates: places)
        let without = try base.evaluate(at: theta, along: [d, e], coordinates: places)
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        for (place, (a, b)) in zip(places, zip(with, without)) {
            let (x, y) = (place[0], place[1])
            let square =
                dot(theta, theta) + x * x * dot(d, d) + y * y * dot(e, e)
                + 2 * (x * dot(theta, d) + y * dot(theta, e) + x * y * dot(d, e))
            #expect(abs(a.loss - b.loss - 0.5 * decay * square) < 1e-12 * a.loss)
            #expect(a.accuracy == b.accuracy)
        }
        #expect(try with[0].loss.bitPattern == penalized.value(at: theta).bitPattern)
    }

    /// Without decay it is the base to the last bit.
    @Test func withoutDecay() throws {
        let (base, theta) = try network()
        let same = PenalizedObjective(base, weightDecay: 0), v = random.normals(theta.count)
        #expect(try same.evaluate(at: theta) == base.evaluate(at: theta))
        #expect(try same.valueAndGradient(at: theta).gradient == base.valueAndGradient(at: theta).gradient)
        #expect(
            try same.hessianVectorProduct(at: theta, along: v) == base.hessianVectorProduct(at: theta, along: v))
        #expect(
            try same.empiricalFisherVectorProducts(at: theta, along: [v])
                == base.empiricalFisherVectorProducts(at: theta, along: [v]))
    }
}
