import Datasets
import Testing

@testable import Training

@Suite struct TrivialSolutionTests {
    let labels = Dataset.Targets.classes([0, 1, 0], count: 2)

    func finding(_ outputs: [Double], _ targets: Dataset.Targets, width: Int = 2) -> TrivialSolution.Finding? {
        TrivialSolution(outputs: outputs, width: width, targets: targets)?.finding
    }

    @Test func classes() {
        #expect(finding([1, 2, 1, 2, 1, 2], labels) == .equalOutputs(spread: 0))
        #expect(finding([1, 2, 1, 3, -1, 4], labels) == .oneClass(1))
        #expect(finding([1, 2, 2, 1, 1, 2], labels) == nil)
        #expect(finding([0, 2, 0, 2], .classes([1, 1], count: 2)) == nil)  // one class only: a constant is right
    }

    @Test func regression() {
        let targets = Dataset.Targets.values([-1, 0, 1], width: 1)
        // 1 − (1 + 0 + 1)/2 and 1 − (0.01 + 0 + 0.01)/2.
        #expect(finding([0, 0, 0], targets, width: 1) == .unexplained(share: 0))
        #expect(finding([-0.9, 0, 0.9], targets, width: 1) == nil)
    }

    /// T5 by a 1-100-1 tanh network under SAM with ρ = 0.3 goes to the trivial solution; with 0.05 it does not.
    @Test(arguments: [0.3, 0.05]) func largeRadius(_ rho: Double) throws {
        let outcome = try Trainer(edgeOfStability(degree: 5, .sam, rate: 0.1, steps: 5000) { $0.rho = rho }).run()
        #expect(outcome.warnings.isEmpty == (rho < 0.1))
        if let warning = outcome.warnings.first {
            #expect(warning.contains("trivial") && warning.contains("--rho (such as 0.15)"))
        }
    }
}
