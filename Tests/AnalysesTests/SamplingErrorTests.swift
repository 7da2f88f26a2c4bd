import Essentials
import MatrixFree
import Objectives
import Tensors
import Testing

@testable import Analyses

/// λmax of all examples between the means of draws: exactly in expectation, and within the interval as often as it says.
@Suite struct SamplingErrorTests {
    /// The mean of ½(xᵢᵀθ)², whose Hessian is the mean of xᵢxᵢᵀ.
    private final class Squares: ExampleObjective {
        let rows: [[Double]]
        init(_ rows: [[Double]]) { self.rows = rows }
        var dimension: Int { rows[0].count }
        var examples: Int { rows.count }
        func evaluate(at theta: [Double]) -> Evaluation {
            Evaluation(
                loss: rows.reduce(0) { $0 + 0.5 * Vectors.dot($1, theta) * Vectors.dot($1, theta) } / Double(rows.count)
            )
        }
        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
            vectors.map { v in
                var sum = Vectors.zeros(dimension)
                for row in rows { Vectors.add(Vectors.dot(row, v) / Double(rows.count), row, to: &sum) }
                return sum
            }
        }
        func restricted(to examples: [Int]) -> any Objective { Squares(examples.map { rows[$0] }) }
    }

    private func rows(_ count: Int, width: Int, seed: UInt64 = 0) -> [[Double]] {
        (0..<count).map { RandomNumbers(seed: seed).named("\($0)").normals(width) }
    }

    private func top(_ objective: any Objective) throws -> (value: Double, vector: [Double]) {
        let found = try Lanczos(largest: 1, tolerance: 1e-12).run(
            CurvatureOperator(objective, at: Vectors.zeros(objective.dimension)))
        return (found.largest[0].value, found.largestVectors[0])
    }

    /// All draws of 2 of 6 examples with all of 2 others: the corrected form is vᵀHv in expectation, without the correction it is not.
    @Test func enumeration() throws {
        let whole = Squares(rows(6, width: 3)), n = 2, m = 6
        let exact = try top(whole).value
        var corrected = 0.0, plain = 0.0, upper = 0.0, expected = 0.0, count = 0.0, draws = 0.0
        for a in 0..<m {
            for b in a + 1..<m {
                let (value, v) = try top(whole.restricted(to: [a, b]))
                upper += value
                expected += Vectors.dot(v, whole.hessianVectorProducts(at: [0, 0, 0], along: [v])[0])
                draws += 1
                let others = (0..<m).filter { $0 != a && $0 != b }
                for c in others.indices {
                    for d in others.indices where d > c {
                        let rest = whole.restricted(to: [others[c], others[d]])
                        let outside = Vectors.dot(v, try rest.hessianVectorProducts(at: [0, 0, 0], along: [v])[0])
                        corrected += (Double(m - n) * outside + Double(n) * value) / Double(m)
                        plain += outside
                        count += 1
                    }
                }
            }
        }
        #expect(abs(corrected / count - expected / draws) < 1e-12)
        #expect(abs(plain / count - expected / draws) > 0.01)
        #expect(corrected / count < exact && exact < upper / draws)
        // The analysis has these means, within its errors.
        let found = try SamplingError(
            of: whole, at: [0, 0, 0], examples: n, repetitions: 600, traceProducts: 6, seed: 1)
        #expect(abs(found.lower.value - expected / draws) < 4 * found.lower.standardError!)
        #expect(abs(found.upper.value - upper / draws) < 4 * found.upper.standardError!)
        let trace = whole.rows.reduce(0) { $0 + Vectors.dot($1, $1) } / 6
        #expect(abs(found.trace.value - trace) < 4 * found.trace.standardError!)
        #expect(found.examples == 2 && found.total == 6 && found.converged)
        #expect(abs(found.gap.value - (found.upper.value - found.lower.value)) < 1e-12)
        // Both ends are of the same draws, so that the difference is known better than the two.
        #expect(found.gap.standardError! < found.upper.standardError! + found.lower.standardError!)
    }

    /// Over 1000 draws of the whole experiment the interval misses λmax of all examples in 5 % at most, but for chance.
    @Test func coverage() throws {
        let whole = Squares(rows(40, width: 4)), exact = try top(whole).value
        var missed = 0
        for seed in 0..<1000 {
            let found = try SamplingError(
                of: whole, at: [0, 0, 0, 0], examples: 10, repetitions: 5, traceProducts: 4, seed: UInt64(seed))
            if !(found.interval95?.contains(exact) ?? false) { missed += 1 }
        }
        #expect(missed <= 70, "\(missed) of 1000")
    }

    /// A study's row: none where all examples are the same; of halves, and with its error.
    @Test func gap() throws {
        var settings = StudyMeasures.Settings()
        settings.measures = [.samplingGap]
        let same = try StudyMeasures(
            Squares(Array(repeating: [1, 2, 3], count: 8)), at: [0, 0, 0], settings)
        #expect(abs(same[.samplingGap]) < 1e-9)
        let whole = Squares(rows(12, width: 3))
        let other = try StudyMeasures(whole, at: [0, 0, 0], settings)
        let halves = try SamplingError(of: whole, at: [0, 0, 0], examples: 6, repetitions: 5, traceProducts: 3)
        #expect(other[.samplingGap] == halves.gap.value && other[.samplingGap] > 0)
        #expect(other.standardErrors[.samplingGap] == halves.gap.standardError)
        let bowl = QuadraticObjective(matrix: [2, 0, 0, 1], linear: [1, 1])
        #expect(try StudyMeasures(bowl, at: [0, 0], settings).values[.samplingGap]?.isNaN == true)
    }

    @Test func refused() throws {
        let whole = Squares(rows(5, width: 2))
        #expect(throws: UnusableRequest.self) {
            try SamplingError(of: whole, at: [0, 0], examples: 5, repetitions: 3)
        }
    }
}
