import Testing

@testable import Objectives

/// The smallest objectives: closures with as many derivatives as they have.
@Suite struct ClosureObjectiveTests {
    /// ½ (3x² + y²) + x.
    static var bowl: ClosureObjective {
        ClosureObjective(
            dimension: 2, value: { 1.5 * $0[0] * $0[0] + 0.5 * $0[1] * $0[1] + $0[0] },
            gradient: { [3 * $0[0] + 1, $0[1]] }, hessianVectorProduct: { _, v in [3 * v[0], v[1]] },
            gaussNewtonVectorProduct: { _, v in [2 * v[0], v[1]] })
    }

    @Test func closuresAreWhatIsComputed() throws {
        let bowl = Self.bowl
        #expect(try bowl.value(at: [2, 4]) == 16)
        let (value, gradient) = try bowl.valueAndGradient(at: [2, 4])
        #expect(value == 16 && gradient == [7, 4])
        #expect(try bowl.hessianVectorProducts(at: [0, 0], along: [[1, 0], [0, 2]]) == [[3, 0], [0, 2]])
        #expect(try CurvatureOperator(bowl, at: [0, 0], .ggn).apply([1, 1]) == [2, 1])
        let points = try bowl.evaluate(at: [0, 0], along: [[1, 0], [0, 1]], coordinates: [[2, 4], [0, 0]])
        #expect(points.map(\.loss) == [16, 0])
    }

    /// What was not given is an error that names it, not a wrong number.
    @Test func missingDerivativesAreNamed() throws {
        let plain = ClosureObjective(dimension: 1, value: { $0[0] })
        #expect(throws: ObjectiveError.noGradient) { try plain.valueAndGradient(at: [1]) }
        #expect(throws: ObjectiveError.noHessian) { try plain.hessianVectorProduct(at: [1], along: [1]) }
        #expect(throws: ObjectiveError.noGaussNewton) { try plain.gaussNewtonVectorProduct(at: [1], along: [1]) }
        #expect(throws: ObjectiveError.noEmpiricalFisher) {
            try plain.empiricalFisherVectorProducts(at: [1], along: [[1]])
        }
    }

    @Test func vectorsOfAnotherLengthAreRefused() {
        let wrong = ClosureObjective(
            dimension: 2, value: { _ in 0 }, gradient: { _ in [1] }, hessianVectorProduct: { _, _ in [1, 2, 3] })
        #expect(throws: ObjectiveError.wrongLength(found: 1, expected: 2)) { try wrong.valueAndGradient(at: [0, 0]) }
        #expect(throws: ObjectiveError.wrongLength(found: 3, expected: 2)) {
            try wrong.hessianVectorProduct(at: [0, 0], along: [1, 0])
        }
    }
}
