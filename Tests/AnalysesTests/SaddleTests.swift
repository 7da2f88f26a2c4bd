import Datasets
import Essentials
import Foundation
import Networks
import Objectives
import Tensors
import Testing

@testable import Analyses

/// Saddles of functions and small networks whose critical points are known in closed form.
@Suite struct SaddleTests {
    /// Müller and Brown's surface (1979, doi:10.1007/BF00547608).
    static var muellerBrown: ClosureObjective {
        let a = [-200, -100, -170, 15.0], b = [-1, -1, -6.5, 0.7], c = [0, 0, 11, 0.6], d = [-10, -10, -6.5, 0.7]
        let x0 = [1, 0, -0.5, -1.0], y0 = [0, 0.5, 1.5, 1]
        /// Each term with its exponent's slope and curvature.
        func terms(_ t: [Double]) -> [(value: Double, x: Double, y: Double, xx: Double, xy: Double, yy: Double)] {
            (0..<4).map { i in
                let x = t[0] - x0[i], y = t[1] - y0[i]
                return (
                    a[i] * exp(b[i] * x * x + c[i] * x * y + d[i] * y * y), 2 * b[i] * x + c[i] * y,
                    c[i] * x + 2 * d[i] * y, 2 * b[i], c[i], 2 * d[i]
                )
            }
        }
        return ClosureObjective(
            dimension: 2, value: { terms($0).reduce(0) { $0 + $1.value } },
            gradient: { t in
                terms(t).reduce([0, 0]) { [$0[0] + $1.value * $1.x, $0[1] + $1.value * $1.y] }
            },
            hessianVectorProduct: { t, v in
                terms(t).reduce([0, 0]) { sum, e in
                    let mixed = e.value * (e.x * e.y + e.xy)
                    return [
                        sum[0] + e.value * (e.x * e.x + e.xx) * v[0] + mixed * v[1],
                        sum[1] + mixed * v[0] + e.value * (e.y * e.y + e.yy) * v[1],
                    ]
                }
            })
    }

    private static func diagonal(_ values: [Double]) -> QuadraticObjective {
        var matrix = [Double](repeating: 0, count: values.count * values.count)
        for (i, value) in values.enumerated() { matrix[i * (values.count + 1)] = value }
        return QuadraticObjective(matrix: matrix, linear: values.map { _ in 0 })
    }

    @Test(arguments: [
        (
            start: [-0.75, 0.7], saddle: [-0.822001558732732, 0.624312802814871], value: -40.6648435086574,
            minima: [-146.6995172, -80.7678181]
        ),
        (
            start: [0.3, 0.25], saddle: [0.212486582000662, 0.292988325107368], value: -72.2489401123252,
            minima: [-108.1667241, -80.7678181]
        ),
    ])
    func muellerBrown(_ start: [Double], _ saddle: [Double], _ value: Double, _ minima: [Double]) throws {
        let found = try SaddleSearch().run(Self.muellerBrown, from: start)
        #expect(found.point.verdict == .saddle && found.point.negative == 1)
        #expect(Vectors.norm(Vectors.sum(found.point.theta, -1, saddle)) < 1e-8)
        #expect(abs(found.point.loss - value) < 1e-9 && found.point.gradientNorm <= 1e-10)
        #expect(found.point.eigenvalues.count == 2 && found.point.eigenvalues[0].isNegative)
        #expect(found.descents.map(\.sign) == [-1, 1])
        #expect(found.descents.allSatisfy { $0.point.verdict == .minimum })
        let ends = found.descents.map(\.point.loss).sorted()
        #expect(zip(ends, minima).allSatisfy { abs($0 - $1) < 1e-6 }, "\(ends)")
        #expect(found.products > 0 && found.gradients > found.steps)
    }

    /// From the bottom of a valley up and over: the search climbs what is not yet a negative direction.
    @Test func fromAValley() throws {
        let found = try SaddleSearch().run(Self.muellerBrown, from: [0.55, 0.05])
        #expect(found.point.verdict == .saddle && abs(found.point.loss + 72.2489401123252) < 1e-8)
    }

    /// x⁴/4 − x²/2 + y²: its saddle is the origin, its minima (±1, 0).
    @Test func doubleWell() throws {
        let well = ClosureObjective(
            dimension: 2, value: { pow($0[0], 4) / 4 - $0[0] * $0[0] / 2 + $0[1] * $0[1] },
            gradient: { [pow($0[0], 3) - $0[0], 2 * $0[1]] },
            hessianVectorProduct: { t, v in [(3 * t[0] * t[0] - 1) * v[0], 2 * v[1]] })
        let found = try SaddleSearch().run(well, from: [0.3, 0.4])
        #expect(found.point.verdict == .saddle && found.point.negative == 1 && Vectors.norm(found.point.theta) < 1e-8)
        let values = found.point.eigenvalues.map(\.value)
        #expect(zip(values, [-1, 2]).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(zip(found.descents, [-1, 1]).allSatisfy { abs($0.point.theta[0] - $1) < 1e-6 })
        #expect(found.descents.allSatisfy { abs($0.point.loss + 0.25) < 1e-12 && abs($0.distance - 1) < 1e-6 })
        // At a minimum there is nothing to climb from.
        let minimum = try SaddleSearch().run(well, from: [1, 0])
        #expect(minimum.point.verdict == .minimum && minimum.steps == 0 && minimum.descents.isEmpty)
        var none = SaddleSearch()
        none.descentSteps = 0
        #expect(try none.run(well, from: [0.3, 0.4]).descents.isEmpty)
    }

    @Test func higherIndex() throws {
        var search = SaddleSearch()
        (search.index, search.descentSteps) = (2, 5)
        let found = try search.run(Self.diagonal([3, -2, 4, -1]), from: [1, 1, 1, 1])
        #expect(found.point.verdict == .saddle && found.point.negative == 2)
        #expect(zip(found.point.eigenvalues.map(\.value), [-2, -1, 3]).allSatisfy { abs($0 - $1) < 1e-9 })
        // Nothing ends the way down.
        #expect(found.descents.allSatisfy { $0.point.verdict == .unconverged && $0.point.loss < 0 && $0.steps == 5 })
        // Where the search begins on one, its index is what it is.
        let other = try SaddleSearch().run(Self.diagonal([-3, -2, 1]), from: [0, 0, 0])
        #expect(other.point.verdict == .saddle && other.point.negative == 2 && other.point.flatness == nil)
        #expect(try SaddleSearch().run(Self.diagonal([-3, -2]), from: [0, 0]).point.verdict == .maximum)
        #expect(throws: UnusableRequest.self) { try search.run(Self.diagonal([-3, -2]), from: [1, 1]) }
    }

    /// x³ − 3xy²: at its critical point the Hessian is 0. Near it, its eigenvalues are ±6r, exact to rounding, and the gradient 3r²: without
    /// what they change by on the way to the point, it would pass for a saddle of index 1.
    @Test(arguments: [[0, 0], [0.3, 0.2], [-0.1, 0.25]]) func monkeySaddle(_ start: [Double]) throws {
        let monkey = ClosureObjective(
            dimension: 2, value: { $0[0] * $0[0] * $0[0] - 3 * $0[0] * $0[1] * $0[1] },
            gradient: { [3 * $0[0] * $0[0] - 3 * $0[1] * $0[1], -6 * $0[0] * $0[1]] },
            hessianVectorProduct: { t, v in
                [6 * t[0] * v[0] - 6 * t[1] * v[1], -6 * t[1] * v[0] - 6 * t[0] * v[1]]
            })
        let found = try SaddleSearch().run(monkey, from: start)
        #expect(found.point.gradientNorm <= 1e-10 && found.point.verdict == .degenerate && found.descents.isEmpty)
    }

    /// A direction without curvature or slope: one negative eigenvalue is certain, the index is not. Beside 0 the residual decides.
    @Test func flatDirection() throws {
        let found = try SaddleSearch().run(Self.diagonal([-1, 0, 2]), from: [0.1, 0.1, 0.1])
        #expect(found.point.verdict == .degenerate && found.point.negative == 1 && found.descents.count == 2)
        let value = CriticalPoint.Eigenvalue(value: 1e-9, residual: 1e-8, drift: 0)
        let negative = CriticalPoint.Eigenvalue(value: -1, residual: 1e-8, drift: 0)
        func verdict(_ eigenvalues: [CriticalPoint.Eigenvalue], complete: Bool = true) -> CriticalPoint.Verdict {
            CriticalPoint.verdict(
                isConverged: true, flatness: nil, eigenvalues, isComplete: complete, dimension: 10)
        }
        let positive = CriticalPoint.Eigenvalue(value: 1, residual: 1e-8, drift: 0)
        let drifting = CriticalPoint.Eigenvalue(value: 1, residual: 0, drift: 2)
        #expect(verdict([negative, value]) == .degenerate && verdict([negative, positive]) == .saddle)
        #expect(verdict([negative, drifting]) == .degenerate && verdict([positive, positive]) == .minimum)
        #expect(verdict([negative, positive], complete: false) == .degenerate && verdict([negative]) == .degenerate)
    }

    /// Where the gradient lies in the kernel of the Hessian, ‖g‖² has a minimum that is no critical point.
    @Test func gradientFlat() throws {
        let slope = QuadraticObjective(matrix: [-1, 0, 0, 0, 1, 0, 0, 0, 0], linear: [0, 0, 1])
        var search = SaddleSearch()
        search.steps = 30
        let found = try search.run(slope, from: [0.1, 0.3, 0])
        #expect(found.point.verdict == .gradientFlat && found.descents.isEmpty && found.steps == 30)
        #expect(abs(try #require(found.point.flatness) - 1) < 1e-4)
        // With a slope that the Hessian reaches, it is only unfinished.
        search.steps = 1
        let far = try search.run(Self.diagonal([-1, 1, 3]), from: [5, 5, 5])
        #expect(far.point.verdict == .unconverged && (far.point.flatness ?? 1) < 1e-6)
    }

    /// |x| − y²/2: its gradient does not go to 0, and no step of any length is as predicted.
    @Test func kink() throws {
        let kink = ClosureObjective(
            dimension: 2, value: { abs($0[0]) - $0[1] * $0[1] / 2 },
            gradient: { [$0[0] < 0 ? -1 : 1, -$0[1]] }, hessianVectorProduct: { _, v in [0, -v[1]] })
        let found = try SaddleSearch().run(kink, from: [0.2, 0.3])
        #expect(found.point.verdict == .gradientFlat && found.point.gradientNorm > 0.5)
    }

    @Test func notFinite() throws {
        let log = ClosureObjective(
            dimension: 1, value: { Foundation.log($0[0]) }, gradient: { [1 / $0[0]] },
            hessianVectorProduct: { [-$1[0] / ($0[0] * $0[0])] })
        #expect(throws: UnusableRequest.self) { try SaddleSearch().run(log, from: [-1]) }
        #expect(try SaddleSearch().run(log, from: [1]).point.verdict != .saddle)
    }

    /// A network with H hidden units of tanh and one output, with ½λ‖θ‖². At θ = 0 every unit has an eigenvalue λ ∓ ‖c‖, c the covariance of
    /// inputs and targets, and the rest are positive: a saddle of index H whose lowest eigenvalue has H copies.
    private static func network(hidden: Int) throws -> (objective: any Objective, covariance: Double) {
        let n = 40, random = RandomNumbers(seed: 3)
        var x = random.named("x").normals(3 * n)
        for column in 0..<3 {
            let mean = stride(from: column, to: 3 * n, by: 3).reduce(0) { $0 + x[$1] } / Double(n)
            for i in 0..<n { x[3 * i + column] -= mean }
        }
        let y = (0..<n).map { tanh(x[3 * $0]) + 0.5 * x[3 * $0 + 1] }, mean = y.reduce(0, +) / Double(n)
        let targets = y.map { $0 - mean }
        let covariance = (0..<3).map { column in
            (0..<n).reduce(0) { $0 + x[3 * $1 + column] * targets[$1] } / Double(n)
        }
        let data = Dataset(
            name: "small", inputs: .doubles(x), exampleShape: [3], targets: .values(targets, width: 1))
        let network = try Network(
            "mlp:3-\(hidden)-1", inputShape: [3], outputs: 1, options: NetworkOptions(activation: .tanh))
        let loss = try NetworkObjective(
            network: network, data: data, loss: Loss(.halfMeanSquaredError), precision: .double)
        return (PenalizedObjective(loss, weightDecay: 0.05), Vectors.norm(covariance))
    }

    @Test func networkOfOneUnit() throws {
        let (objective, covariance) = try Self.network(hidden: 1)
        let start = RandomNumbers(seed: 5).normals(objective.dimension).map { 0.02 * $0 }
        let found = try SaddleSearch().run(objective, from: start)
        #expect(found.point.verdict == .saddle && found.point.negative == 1)
        #expect(Vectors.norm(found.point.theta) < 1e-6)
        #expect(abs(found.point.eigenvalues[0].value - (0.05 - covariance)) < 1e-8)
        // The unit with its sign reversed is the same function; the last bias stays.
        let ends = found.descents.map(\.point)
        try #require(ends.count == 2)
        #expect(ends.allSatisfy { $0.verdict == .minimum && $0.loss < found.point.loss })
        #expect(abs(ends[0].loss - ends[1].loss) < 1e-9)
        #expect(zip(ends[0].theta, ends[1].theta).dropLast().allSatisfy { abs($0 + $1) < 1e-6 })
    }

    /// By Lanczos as by the dense matrix: one Krylov space holds one vector of the three copies.
    @Test(arguments: [0, 1024]) func copiesAreCounted(_ mostDense: Int) throws {
        let (objective, covariance) = try Self.network(hidden: 3)
        let theta = Vectors.zeros(objective.dimension), (value, gradient) = try objective.valueAndGradient(at: theta)
        var settings = CriticalPoint.Settings()
        settings.mostDense = mostDense
        let point = try CriticalPoint(
            objective, at: theta, value: value, gradient: gradient, settings, named: "verdict", monitor: .silent)
        #expect(point.isDense == (mostDense > 0) && point.isComplete)
        #expect(point.verdict == .saddle && point.negative == 3, "\(point.eigenvalues)")
        #expect(point.eigenvalues.prefix(3).allSatisfy { abs($0.value - (0.05 - covariance)) < 1e-6 })
        #expect(abs(point.eigenvalues[3].value - 0.05) < 1e-6)
        // Without weight decay there are flat directions beside it, and nothing is claimed.
        let plain = (objective as! PenalizedObjective).base
        let (bare, slope) = try plain.valueAndGradient(at: theta)
        let flat = try CriticalPoint(
            plain, at: theta, value: bare, gradient: slope, settings, named: "verdict", monitor: .silent)
        #expect(flat.verdict == .degenerate && flat.negative == 3)
    }

    /// Where the Krylov space is small beside the whole, the second copy of the lowest eigenvalue lies outside it.
    @Test func copiesOutsideTheKrylovSpace() throws {
        let values = [-1, -1, 2] + (0..<597).map { 5 + Double($0) / 100 }
        let objective = ClosureObjective(
            dimension: values.count, value: { 0.5 * zip(values, $0).reduce(0) { $0 + $1.0 * $1.1 * $1.1 } },
            gradient: { zip(values, $0).map { $0 * $1 } },
            hessianVectorProduct: { _, v in zip(values, v).map { $0 * $1 } })
        let theta = Vectors.zeros(values.count)
        var settings = CriticalPoint.Settings()
        settings.mostDense = 0
        let point = try CriticalPoint(
            objective, at: theta, value: 0, gradient: theta, settings, named: "verdict", monitor: .silent)
        #expect(point.verdict == .saddle && point.negative == 2 && point.products < values.count)
    }
}
