import Objectives
import Tensors
import Testing

@testable import Analyses

/// Starts from the slopes of single classes, and which starts climb.
@Suite struct ClassStartTests {
    /// Two classes whose slopes cancel: only their own starts lead to the top, which neither the slope nor the curvature at θ shows.
    @Test(arguments: [Ball.Norm.l2, .linf]) func topsOfClasses(norm: Ball.Norm) throws {
        let objective = Opposites(50, norm: norm)
        let found = try WorstCaseSearch(Ball(norm: norm, radius: 1)).run(
            objective, at: [Double](repeating: 0, count: 50))
        #expect(found.lowerBound > 0.4)
        let best = try #require(found.restarts.max { $0.increase < $1.increase })
        #expect(best.start.hasPrefix("class-"))
        objective.classes = []
        let without = try WorstCaseSearch(Ball(norm: norm, radius: 1)).run(
            objective, at: [Double](repeating: 0, count: 50))
        #expect(without.restarts.allSatisfy { !$0.start.hasPrefix("class-") })
        #expect(without.lowerBound < 0.1)
    }

    /// One class is all of the data, whose slope is a start already; of many ten are drawn.
    @Test func countOfClasses() throws {
        let objective = Opposites(50, norm: .l2), theta = [Double](repeating: 0, count: 50)
        let search = WorstCaseSearch(Ball(radius: 1))
        func numbers() throws -> [Int] {
            var numbers: [Int] = []
            let count = try search.forEachClass(objective, at: theta) { number, _ in numbers.append(number) }
            #expect(count == numbers.count)
            return numbers
        }
        #expect(try numbers() == [0, 1])
        objective.classes = [[], [0, 1]]
        #expect(try numbers() == [])
        objective.classes = (0..<30).map { $0 % 3 == 1 ? [] : [$0 % 2] }
        let drawn = try numbers()
        #expect(drawn.count == 10 && drawn == drawn.sorted() && drawn.allSatisfy { $0 % 3 != 1 })
    }

    /// What is no mean over examples that can be taken apart has no classes, and slopes without a direction are no starts.
    @Test func classesWithoutSlopes() throws {
        let objective = Opposites(4, norm: .l2), search = WorstCaseSearch(Ball(radius: 1))
        var slopes: [[Double]] = []
        let flat = Opposites(4, norm: .l2, signs: [0, .infinity, 1], slope: 0)
        flat.classes = [[0], [1], [2]]
        #expect(try search.forEachClass(flat, at: [0, 0, 0, 0]) { slopes.append([Double($0)] + $1) } == 3)
        #expect(slopes == [[2] + objective.u])
        var none = search
        none.classes = 0
        #expect(try none.forEachClass(objective, at: [0, 0, 0, 0]) { _, _ in Issue.record("a class") } == 0)
        objective.hasParts = false
        #expect(try search.forEachClass(objective, at: [0, 0, 0, 0]) { _, _ in Issue.record("a class") } == 0)
    }

    /// The part of one class is gone when that of the next is made, and of a large class no more is looked at than of others.
    @Test func partsOneByOne() throws {
        let objective = Opposites(4, norm: .l2, signs: [Double](repeating: 1, count: 3000))
        objective.classes = [[0], Array(1..<2600), Array(2600..<3000)]
        _ = try WorstCaseSearch(Ball(radius: 1)).forEachClass(objective, at: [0, 0, 0, 0]) { _, _ in }
        #expect(objective.parts.sizes == [1, 1024, 400] && objective.parts.mostAtOnce == 1)
    }

    /// Of starts that come one by one the highest, in descending order; of equal ones the first.
    @Test func highestStarts() throws {
        func highest(_ count: Int, of most: Int) -> [String] {
            var highest = WorstCaseSearch.Highest(most: most)
            for i in 0..<count {
                let height = Double((i * 7) % 20)
                highest.add(.init(name: "\(i)") { [height] }, increase: i == 1 ? .nan : min(15, height))
                #expect(highest.starts.count <= most)
            }
            return highest.starts.map(\.name)
        }
        #expect(highest(5, of: 5) == ["1", "2", "4", "3", "0"])  // 0, NaN, 14, 1, 8
        #expect(Set(highest(20, of: 16)) == Set((0..<20).filter { $0 == 1 || ($0 * 7) % 20 > 3 }.map { "\($0)" }))
        // 15 or more have 5, 8, 11, 14 and 17.
        #expect(highest(20, of: 4) == ["1", "5", "8", "11"])
    }

    /// As many starts climb as random ones are asked for, or 16, and what a smaller ball found does so wherever it lies.
    @Test(arguments: [(5, 16), (12, 16), (30, 30)]) func climbing(restarts: Int, expected: Int) throws {
        let objective = Opposites(50, norm: .linf), theta = [Double](repeating: 0, count: 50)
        var search = WorstCaseSearch(Ball(norm: .linf, radius: 1))
        search.restarts = restarts
        var found = try search.run(objective, at: theta)
        found.coordinates = theta
        var ascent = Ascent(objective, at: theta, search.ball, base: 0)
        let (starts, classes) = try search.starts(
            &ascent, oneStep: objective.u, eigenvectors: [objective.v, objective.u, objective.v], nil, found,
            objective, at: theta)
        #expect(classes == 2 && starts.count == expected)
        #expect(starts.contains { $0.name == "smaller-radius" })
        #expect(Set(["class-0+", "class-0-", "class-1+", "class-1-"]).isSubset(of: starts.map(\.name)))
        #expect(ascent.values == 8 + 4 + restarts - 1)
    }

    /// One climb on its way and three vectors of each further radius; in a cube two, and two more.
    @Test func vectors() {
        #expect(WorstCaseSearch.vectors(restarts: 4, radii: 1).lowerBound == 8)
        #expect(WorstCaseSearch.vectors(restarts: 4, radii: 3).lowerBound == 8 + 6)
        #expect(WorstCaseSearch.vectors(restarts: 30, radii: 3, norm: .linf).lowerBound == 8 + 4 + 2)
    }

    /// Starts and tops that lie in a file are found again to the bit.
    @Test(arguments: [Ball.Norm.l2, .linf]) func searchBeyondMemory(_ norm: Ball.Norm) throws {
        let objective = Opposites(50, norm: norm), theta = [Double](repeating: 0, count: 50)
        var search = WorstCaseSearch(Ball(norm: norm, radius: 1))
        // Without the quadratic model's maximiser, which is found in another space where memory has no room for its vectors.
        let model = try LocalModel(objective, at: theta)
        let free = try search.run(objective, at: theta, model: model)
        search.memoryLimit = 9 * 8 * 50
        let filed = try search.run(objective, at: theta, model: model)
        #expect(free.epsilon == filed.epsilon && free.restarts.map(\.curve) == filed.restarts.map(\.curve))
        #expect(free.gradients == filed.gradients && free.restarts.count > 4)
    }

    @Test func shelf() throws {
        let shelf = VectorShelf(room: 2), vectors = (0..<4).map { RandomNumbers(seed: UInt64($0)).normals(10) }
        var shelved = try vectors.map { try shelf.put($0) }
        #expect(shelved.map(\.isInFile) == [false, false, true, true])
        #expect(shelved.map(\.vector) == vectors)
        shelved.removeFirst()
        #expect(try !shelf.put(vectors[0]).isInFile)
    }

    /// Classes are those of all data where starts compete on a part of it, and every radius has them.
    @Test func severalRadiiAndScout() throws {
        let objective = Opposites(50, norm: .l2, signs: (0..<40).map { $0 % 2 == 0 ? 1 : -1 })
        objective.classes = [0, 1].map { Array(stride(from: $0, to: 40, by: 2)) }
        var analysis = SharpnessAnalysis(radii: [0.9, 1])
        (analysis.scoutExamples, analysis.restarts) = (20, 0)
        let points = try analysis.run(objective, at: [Double](repeating: 0, count: 50)).points
        let found = try points.map { try #require($0.worstCase) }
        #expect(found.allSatisfy { $0.scout?.examples == 20 })
        for one in found { #expect(one.restarts.contains { $0.start.hasPrefix("class-") }) }
        #expect(found[1].restarts.contains { $0.start == "smaller-radius" })
        // 10 (ρ − 0.8)² of either class, and the slope's share.
        #expect(found[0].lowerBound > 0.1 && found[1].lowerBound > 0.4)
    }

    /// Examples with signs s: s uᵀθ + 10 max(0, |uᵀθ| − 0.8)² + vᵀθ/100, where u is a unit vector of the dual norm.
    final class Opposites: ExampleObjective {
        let u: [Double], v: [Double], signs: [Double], slope: Double
        var classes = [[0], [1]], hasParts = true
        let parts = Parts()

        /// The parts that were made of it.
        final class Parts {
            var sizes: [Int] = [], atOnce = 0, mostAtOnce = 0
        }
        private var whole: Parts?

        init(_ dimension: Int, norm: Ball.Norm, signs: [Double] = [1, -1], slope: Double = 0.01) {
            (self.signs, self.slope) = (signs, slope)
            let random = RandomNumbers(seed: 3), x = random.named("u").normals(dimension)
            let length = norm == .l2 ? Vectors.norm(x) : x.reduce(0) { $0 + abs($1) }
            u = x.map { $0 / length }
            // Across u's signs as well, so that the slope leads nowhere near the top in either ball.
            v = (0..<dimension).map { ($0 % 2 == 0 ? 1.0 : -1) / Double(dimension) }
        }

        private init(_ whole: Opposites, _ examples: [Int]) {
            (u, v, signs, slope) = (whole.u, whole.v, examples.map { whole.signs[$0] }, whole.slope)
            self.whole = whole.parts
            whole.parts.sizes.append(examples.count)
            whole.parts.atOnce += 1
            whole.parts.mostAtOnce = max(whole.parts.mostAtOnce, whole.parts.atOnce)
        }

        deinit { whole?.atOnce -= 1 }

        var dimension: Int { u.count }
        var examples: Int { signs.count }
        func restricted(to examples: [Int]) -> any Objective { Opposites(self, examples) }

        private func terms(_ theta: [Double]) -> (value: Double, along: Double, curvature: Double) {
            let t = Vectors.dot(u, theta), over = max(0, abs(t) - 0.8)
            let sign = signs.reduce(0, +) / Double(signs.count)
            return (
                sign * t + 10 * over * over + slope * Vectors.dot(v, theta), sign + 20 * over * (t < 0 ? -1 : 1),
                over > 0 ? 20 : 0
            )
        }

        func evaluate(at theta: [Double]) -> Evaluation { Evaluation(loss: terms(theta).value) }

        func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
            let (value, along, _) = terms(theta)
            return (value, u.indices.map { along * u[$0] + slope * v[$0] })
        }

        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
            let curvature = terms(theta).curvature
            return vectors.map { x in
                let factor = curvature * Vectors.dot(u, x)
                return u.map { factor * $0 }
            }
        }
    }
}
