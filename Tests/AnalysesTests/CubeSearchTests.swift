import Objectives
import Tensors
import Testing

@testable import Analyses

/// The search in a cube, where maxima are corners and many.
@Suite struct CubeSearchTests {
    /// A quadratic of independent blocks, away from its critical point, and its largest increase in the cube: that of each block by all
    /// of its corners. Diagonals are positive, so that every maximum is a corner.
    static func blocks(_ count: Int, of size: Int, radius: Double, seed: UInt64) -> (
        objective: QuadraticObjective, theta: [Double], maximum: Double
    ) {
        let random = RandomNumbers(seed: seed), n = count * size
        var matrix = [Double](repeating: 0, count: n * n)
        let linear = random.named("linear").normals(n).map { 0.1 * $0 }
        let theta = random.named("theta").normals(n).map { 0.1 * $0 }
        var maximum = 0.0
        for block in 0..<count {
            let entries = random.named("block \(block)").normals(size * size)
            let range = block * size..<(block + 1) * size
            for i in range {
                for j in range {
                    let (a, b) = (i - range.lowerBound, j - range.lowerBound)
                    // Off the diagonal of both signs: the block is indefinite.
                    matrix[i * n + j] = a == b ? 0.1 : entries[min(a, b) * size + max(a, b)]
                }
            }
            let g = range.map { i in linear[i] + range.reduce(0) { $0 + matrix[i * n + $1] * theta[$1] } }
            let increases = (0..<(1 << size)).map { corner in
                let z = (0..<size).map { corner >> $0 & 1 == 1 ? radius : -radius }
                return (0..<size).reduce(0) { sum, a in
                    let i = range.lowerBound + a
                    return sum + z[a]
                        * (g[a] + 0.5 * (0..<size).reduce(0) { $0 + matrix[i * n + range.lowerBound + $1] * z[$1] })
                }
            }
            maximum += increases.max()!
        }
        return (QuadraticObjective(matrix: matrix, linear: linear), theta, maximum)
    }

    /// Indefinite quadratics against all 2¹² corners: most are solved, and where one is not, the spread says so.
    @Test func indefiniteQuadratics() throws {
        var solved = 0
        for seed in UInt64(0)..<8 {
            let (objective, theta, maximum) = Self.blocks(1, of: 12, radius: 0.7, seed: seed)
            let found = try WorstCaseSearch(Ball(norm: .linf, radius: 0.7)).run(objective, at: theta)
            #expect(found.lowerBound <= maximum * (1 + 1e-9))
            #expect(maximum - found.lowerBound <= found.spread)
            if found.lowerBound > maximum * (1 - 1e-9) { solved += 1 }
        }
        #expect(solved >= 7)
    }

    /// As many tops as the product of the blocks': the search comes close, and its spread is larger than what it misses.
    @Test func manyTops() throws {
        for seed in UInt64(0)..<4 {
            let (objective, theta, maximum) = Self.blocks(6, of: 8, radius: 0.7, seed: seed)
            let found = try WorstCaseSearch(Ball(norm: .linf, radius: 0.7)).run(objective, at: theta)
            #expect(found.lowerBound <= maximum * (1 + 1e-9) && found.lowerBound > maximum * 0.98)
            #expect(maximum - found.lowerBound <= found.spread)
        }
    }

    /// Pairs with two tops each, of which the slope at θ leads to the lower one but in every fifth. No start has all pairs right, and
    /// points between tops fall back; hops move the pairs of the smallest slopes, which are those that are wrong.
    @Test func hopsFindTheTop() throws {
        let pairs = 20
        let found = try WorstCaseSearch(Ball(norm: .linf, radius: 1)).run(
            Pairs(pairs), at: [Double](repeating: 0, count: 2 * pairs))
        let top = 2.06 * Double(pairs)
        #expect(abs(found.lowerBound - top) < 1e-9)
        #expect(found.hops > 0)
        #expect(found.restarts.allSatisfy { $0.start == "hop" || $0.increase < top - 0.5 })
    }

    /// A linear function has one top, and nothing to hop for. In an ℓ2 ball there are no hops.
    @Test func hopsOnlyWhereTopsDiffer() throws {
        let objective = QuadraticObjective(matrix: [0, 0, 0, 0], linear: [1, -0.3])
        #expect(try WorstCaseSearch(Ball(norm: .linf, radius: 1)).run(objective, at: [0, 0]).hops == 0)
        #expect(try WorstCaseSearch(Ball(radius: 1)).run(Pairs(4), at: [Double](repeating: 0, count: 8)).hops == 0)
    }

    /// A concave function with its top inside a cube of many dimensions, where a step as long as ρ is short.
    @Test func topInside() throws {
        let top = RandomNumbers(seed: 0).named("top").normals(2500).map { 0.5 * max(-0.9, min(0.9, $0)) }
        let found = try WorstCaseSearch(Ball(norm: .linf, radius: 0.5)).run(
            Peak(top), at: [Double](repeating: 0, count: top.count))
        #expect(abs(found.lowerBound - 0.5 * Vectors.dot(top, top)) < 1e-6 * found.lowerBound)
        // 186; with steps of ρ 616.
        #expect(found.gradients < 300)
    }

    /// Climbs are ended by the factor of their last round, not by how far they are below.
    @Test func leftBehind() throws {
        func climb(_ before: Double, _ increase: Double) -> Ascent.Climb {
            var climb = Ascent.Climb(name: "", z: [], increase: increase, slope: [], curve: [])
            climb.before = before
            return climb
        }
        var climbs = [climb(90, 100), climb(1, 9), climb(1, 11), climb(-1, 0.1), climb(40, 60)]
        Ascent.leaveBehind(&climbs)
        #expect(climbs.map(\.leftBehind) == [false, true, false, false, true])
        #expect(climbs.map(\.isActive) == climbs.map { !$0.leftBehind })
    }

    /// Σ over pairs (x, y) of 3/2 xy − s(x + y)/5 + (x + y)³/10, with s = −1 for every fifth and 1 for the others: in the cube of radius 1 tops at (1, 1), 1.9
    /// or 2.7, and at (−1, −1), 1.1 or 0.3.
    final class Pairs: Objective {
        let pairs: Int
        init(_ pairs: Int) { self.pairs = pairs }
        var dimension: Int { 2 * pairs }
        /// 1/5 or −1/5, of the pair of a coordinate.
        private func slope(_ coordinate: Int) -> Double { coordinate / 2 % 5 == 0 ? -0.2 : 0.2 }

        func evaluate(at theta: [Double]) -> Evaluation {
            Evaluation(
                loss: stride(from: 0, to: dimension, by: 2).reduce(0) {
                    let (x, y) = (theta[$1], theta[$1 + 1]), sum = x + y
                    return $0 + 1.5 * x * y - slope($1) * sum + 0.1 * sum * sum * sum
                })
        }

        func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
            let gradient = theta.indices.map {
                let other = theta[$0 ^ 1], sum = theta[$0] + other
                return 1.5 * other - slope($0) + 0.3 * sum * sum
            }
            return (evaluate(at: theta).loss, gradient)
        }

        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
            vectors.map { v in
                v.indices.map { 1.5 * v[$0 ^ 1] + 0.6 * (theta[$0] + theta[$0 ^ 1]) * (v[$0] + v[$0 ^ 1]) }
            }
        }
    }

    /// −½‖θ − top‖².
    final class Peak: Objective {
        let top: [Double]
        init(_ top: [Double]) { self.top = top }
        var dimension: Int { top.count }

        func evaluate(at theta: [Double]) -> Evaluation {
            let difference = Vectors.sum(theta, -1, top)
            return Evaluation(loss: -0.5 * Vectors.dot(difference, difference))
        }

        func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
            (evaluate(at: theta).loss, Vectors.sum(top, -1, theta))
        }

        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
            vectors.map { $0.map { -$0 } }
        }
    }
}
