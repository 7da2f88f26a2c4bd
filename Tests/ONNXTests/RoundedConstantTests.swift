import GraphEvaluation
import Testing

@testable import ONNX

@Suite struct RoundedConstantTests {
    @Test func decimalsAndRootsAreRecovered() {
        for number in [
            0.1, 0.01, 1e-5, 1e-12, -0.044715, 6, 1.0 / 3, 2.0 / 7, 0.5.squareRoot(), 1 / 24.0.squareRoot(),
            768.0.squareRoot(),
            4.0.squareRoot().squareRoot(), 1 / 48.0.squareRoot().squareRoot(), (2 / Double.pi).squareRoot(), Double.pi,
            1.0507009873554804934, (3.0 / 5).squareRoot(), -1 / 2.0.squareRoot(),
        ] { #expect(abs(RoundedConstant.number(Float(number)) / number - 1) < 1e-15, "\(number)") }
    }

    /// Whatever it takes a number for, Float32 networks stay the same; most numbers stay as they are.
    @Test func neverLeavesTheFloat() {
        var changed = 0
        for trial in 0..<2000 {
            let number = Float(sample(1, -3...3, seed: UInt64(trial))[0])
            let taken = RoundedConstant.number(number)
            #expect(Float(taken) == number)
            changed += taken == Double(number) ? 0 : 1
        }
        #expect(changed < 300)
        for special in [Float.infinity, -.infinity, 0, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 16_777_216] {
            #expect(Float(RoundedConstant.number(special)) == special)
        }
        #expect(RoundedConstant.number(.nan).isNaN)
    }
}
