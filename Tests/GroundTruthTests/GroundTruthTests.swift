import Objectives
import Tensors
import Testing

@testable import GroundTruth

@Suite struct GroundTruthTests {
    @Test func everyClaimHolds() throws {
        let checks = try GroundTruth().run()
        #expect(checks.count >= 35)
        for check in checks {
            #expect(
                check.passed,
                "\(check.group): \(check.name): \(check.error), bound \(check.bound) \(check.failure ?? "")")
        }
        #expect(Set(checks.map(\.name)).count == checks.count)
    }

    /// An objective with one derivative wrong by a part in a thousand, or not symmetric.
    final class Faulty: Objective {
        enum Fault: CaseIterable { case gradient, hessian, asymmetric, gaussNewton }
        let base = RosenbrockObjective(), fault: Fault
        let dimension = 2
        init(_ fault: Fault) { self.fault = fault }

        func evaluate(at theta: [Double]) -> Evaluation { base.evaluate(at: theta) }
        func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
            let (value, gradient) = base.valueAndGradient(at: theta)
            return (value, gradient.map { fault == .gradient ? 1.001 * $0 : $0 })
        }
        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
            base.hessianVectorProducts(at: theta, along: vectors).map { product in
                switch fault {
                case .hessian: product.map { 1.001 * $0 }
                case .asymmetric: [1.001 * product[0], product[1]]
                default: product
                }
            }
        }
        func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
            base.gaussNewtonVectorProducts(at: theta, along: vectors).map { product in
                fault == .gaussNewton ? [product[0], 1.001 * product[1]] : product
            }
        }
    }

    /// A right objective passes the claims on derivatives; each planted fault fails one.
    @Test func plantedFaultsAreFound() {
        let theta = [0.7, -0.4]
        func failed(_ objective: some Objective) -> [String] {
            GroundTruth.derivativeClaims(of: objective, at: theta).map { $0.check() }.filter { !$0.passed }.map(\.name)
        }
        #expect(failed(RosenbrockObjective()) == [])
        for fault in Faulty.Fault.allCases { #expect(!failed(Faulty(fault)).isEmpty, "\(fault)") }
    }

    /// What throws or is not a number fails and says why.
    @Test func failuresAreNotPassed() {
        struct Trouble: Error, CustomStringConvertible { let description = "no answer" }
        let thrown = GroundTruth.Claim("group", "throws", within: 1) { throw Trouble() }.check()
        #expect(!thrown.passed && thrown.failure == "no answer" && thrown.error == .infinity)
        #expect(!GroundTruth.Claim("group", "nan", within: 1) { .nan }.check().passed)
        #expect(GroundTruth.Claim("group", "exact", within: 0) { 0 }.check().passed)
        #expect(relativeDifference([1, .nan], [1, 1]) == .infinity && relativeDifference([1], [1, 2]) == .infinity)
    }
}
