import Tensors
import Testing

@testable import MatrixFree

@Suite struct LBFGSBTests {
    /// gᵀx over a box: the corner against the gradient, in one iteration.
    @Test func linearFunctionEndsInTheCorner() throws {
        let g = [1.0, -2, 0.5, 0, 1e-3]
        let box = try BoxConstraint(lower: [-1, -2, -3, -4, -5], upper: [0.5, 1, 1.5, 2, 2.5])
        let found = try LBFGSB().minimize(in: box, from: [0, 0, 0, 0.25, 0]) { (Vectors.dot(g, $0), g) }
        #expect(found.point == [-1, 1, -3, 0.25, -5])
        #expect(found.stationarity == 0 && found.converged)
    }

    /// A separable quadratic: every coordinate's own minimum, clamped.
    @Test func separableQuadraticIsClamped() throws {
        let n = 60
        let random = RandomNumbers(seed: 3)
        let center = random.named("center").normals(n)
        let scales: [Double] = (0..<n).map { 1 + 30 * random.uniform(at: $0) }
        let widths: [Double] = (0..<n).map { 0.1 + random.named("width").uniform(at: $0) }
        let box = try BoxConstraint(halfWidths: widths)
        let found = try LBFGSB(maximumIterations: 200, tolerance: 0).minimize(
            in: box, from: [Double](repeating: 0, count: n)
        ) {
            x in
            let offset = Vectors.sum(x, -1, center)
            let gradient = Vectors.product(scales, offset)
            return (0.5 * Vectors.dot(offset, gradient), gradient)
        }
        for (x, exact) in zip(found.point, box.projection(center)) { #expect(abs(x - exact) < 1e-7) }
    }

    /// A coupled convex quadratic in 6 dimensions against all 3⁶ choices of lower, free and upper.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func coupledQuadraticAgainstEnumeration(_ seed: UInt64) throws {
        let n = 6
        let random = RandomNumbers(seed: seed)
        let factor = random.named("factor").normals(n * n), linear = random.named("linear").normals(n)
        var a = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0..<n {
                let (left, right) = (factor[(i * n)..<(i * n + n)], factor[(j * n)..<(j * n + n)])
                a[i * n + j] = Vectors.dot(Array(left), Array(right)) + (i == j ? 0.3 : 0)
            }
        }
        func value(_ x: [Double]) -> (Double, [Double]) {
            let ax = (0..<n).map { i in Vectors.dot(Array(a[(i * n)..<(i * n + n)]), x) }
            return (Vectors.dot(linear, x) + 0.5 * Vectors.dot(x, ax), Vectors.sum(linear, 1, ax))
        }
        let box = try BoxConstraint(
            lower: [-0.3, -0.1, -1, 0, -0.5, -0.2], upper: [0.2, 0.4, 0.05, 0.3, 0.5, .infinity])
        var best = Double.infinity
        for code in 0..<729 {
            let powers = [1, 3, 9, 27, 81, 243]
            let states: [Int] = powers.map { code / $0 % 3 }
            let free = (0..<n).filter { states[$0] == 1 }
            var x: [Double] = (0..<n).map { states[$0] == 0 ? box.lower[$0] : states[$0] == 2 ? box.upper[$0] : 0 }
            guard x.allSatisfy(\.isFinite) else { continue }
            if !free.isEmpty {
                let residual = value(x).1
                let system = free.flatMap { i in free.map { a[i * n + $0] } }
                let step = try #require(
                    LimitedMemoryMatrix.solution(system, free.map { -residual[$0] }, columns: 1))
                for (i, move) in zip(free, step) { x[i] = move }
            }
            if box.projection(x) == x { best = min(best, value(x).0) }
        }
        let found = try LBFGSB(maximumIterations: 200, tolerance: 0).minimize(
            in: box, from: [Double](repeating: 0, count: n), value)
        #expect(abs(found.value - best) < 1e-9 * max(1, abs(best)), "\(found.value) against \(best)")
        #expect(box.projection(found.point) == found.point)
        #expect(found.stationarity < 1e-4)
    }

    /// The first example of the authors' program: an extended Rosenbrock function of 25 variables, odd ones from 1 to 100, even
    /// ones from −100 to 100. Theirs ends after 23 iterations at 1.08e-9.
    @Test func exampleOfTheAuthors() throws {
        let n = 25
        let box = try BoxConstraint(
            lower: (0..<n).map { $0 % 2 == 0 ? 1.0 : -100.0 }, upper: [Double](repeating: 100, count: n))
        let found = try LBFGSB(memory: 5, maximumIterations: 60).minimize(
            in: box, from: [Double](repeating: 3, count: n)
        ) {
            x in
            var f = 0.25 * (x[0] - 1) * (x[0] - 1), gradient = [Double](repeating: 0, count: n)
            gradient[0] = 2 * (x[0] - 1)
            for i in 1..<n {
                let t = x[i] - x[i - 1] * x[i - 1]
                f += t * t
                gradient[i] += 8 * t
                gradient[i - 1] -= 16 * x[i - 1] * t
            }
            return (4 * f, gradient)
        }
        #expect(found.value < 1e-7 && found.converged, "\(found.value) after \(found.iterations)")
        #expect(found.iterations <= 40, "\(found.iterations) iterations, \(found.evaluations) evaluations")
        #expect(found.curve.count == found.iterations + 1)
        #expect(zip(found.curve, found.curve.dropFirst()).allSatisfy { $0 > $1 })
    }

    /// Away from the bounds it is L-BFGS; at a bound it stays there.
    @Test func rosenbrock() throws {
        func value(_ t: [Double]) -> (Double, [Double]) {
            let r = t[1] - t[0] * t[0]
            return ((1 - t[0]) * (1 - t[0]) + 100 * r * r, [-2 * (1 - t[0]) - 400 * t[0] * r, 200 * r])
        }
        let wide = try LBFGSB(tolerance: 0).minimize(
            in: BoxConstraint(halfWidths: [.infinity, .infinity]), from: [-1.2, 1], value)
        #expect(abs(wide.point[0] - 1) < 1e-6 && abs(wide.point[1] - 1) < 1e-6)
        let bounded = try LBFGSB(tolerance: 0).minimize(
            in: BoxConstraint(lower: [-2, -2], upper: [0.5, 2]), from: [-1.2, 1], value)
        #expect(abs(bounded.point[0] - 0.5) < 1e-9 && abs(bounded.point[1] - 0.25) < 1e-7)
    }

    /// Ends at a value that is not finite only where the start is; there it says so.
    @Test func nonFiniteValuesAndUnusableArguments() throws {
        let box = try BoxConstraint(lower: [0, 0], upper: [10, 10])
        // Falls towards an edge behind which there is nothing.
        let found = try LBFGSB().minimize(in: box, from: [0, 0]) { x in
            (x[0] > 3 ? .nan : -x[0] + x[1], [-1, 1])
        }
        #expect(found.value.isFinite && found.point[0] <= 3 && found.point[0] > 2.5)
        #expect(throws: MatrixFreeError.self) { try LBFGSB().minimize(in: box, from: [0, 0]) { _ in (.nan, [0, 0]) } }
        #expect(throws: MatrixFreeError.self) { try LBFGSB().minimize(in: box, from: [0]) { _ in (0, [0]) } }
        #expect(throws: MatrixFreeError.self) { try BoxConstraint(lower: [1], upper: [0]) }
    }
}
