import Foundation
import TestSupport
import Testing

/// Full-batch descent on a Chebyshev polynomial at 20 points with a 1-100-1 tanh network, ½ mean r² in Float64 (Cohen et al. 2021,
/// arXiv 2103.00065; Long & Bartlett 2023, arXiv 2309.12488 for SAM): λmax rises to the edge of stability and stays there.
///
/// PyTorch's initial values begin at λmax = 22, beyond 2/η already, hence the warm-ups. That of T5 is long: where the rate is reached
/// before the polynomial is learned, the network is thrown off again and again, and λmax η/2 is 1.04 ± 0.06 for as long as that lasts
/// (docs/explanation/science.md). λmax is measured at every 99th step: beyond the edge iterates alternate, and an even number would
/// see one side.
@Suite struct EdgeOfStabilityTests {
    static let command =
        "train --model mlp:1-100-1 --activation tanh --momentum 0 --weight-decay 0 --schedule constant --loss half-mse "
        + "--precision double --threads 1 --track-sharpness 99"

    struct Case: CustomTestStringConvertible, Sendable {
        let options: String
        /// How far the mean over the last 2000 steps may be from the edge, and each measurement.
        let mean: Double, single: Double
        var testDescription: String { options }
    }

    @Test(arguments: [
        Case(
            options: "--data chebyshev:4 --lr 0.2 --warmup '4000 steps' --steps 10000", mean: 0.02, single: 0.05),
        Case(
            options: "--data chebyshev:4 --lr 0.4 --warmup '4000 steps' --steps 10000", mean: 0.02, single: 0.05),
        Case(
            options: "--data chebyshev:5 --lr 0.2 --warmup '20000 steps' --steps 26000", mean: 0.02, single: 0.05),
        Case(
            options: "--data chebyshev:5 --lr 0.4 --warmup '20000 steps' --steps 26000", mean: 0.02, single: 0.05),
        Case(
            options: "--data chebyshev:5 --lr 0.1 --optimizer sam --rho 0.05 --warmup '2000 steps' --steps 8000",
            mean: 0.03, single: 0.1),
        Case(
            options: "--data chebyshev:4 --lr 0.1 --optimizer sam --rho 0.05 --warmup '2000 steps' --steps 8000",
            mean: 0.02, single: 0.1),
    ])
    func settles(_ test: Case) throws {
        let folder = try Folder()
        let result = try Tool.json("\(Self.command) \(test.options)", in: folder)
        let steps = try #require(result["steps"] as? Int)
        let tracked = try #require(result["sharpness"] as? [[String: Any]])
        let late = try tracked.filter { try #require($0["step"] as? Int) > steps - 2000 }
        let ratios = try late.map { record in
            try #require(record["lambda_max"] as? Double) / (try #require(record["stability_edge"] as? Double))
        }
        let mean = ratios.reduce(0, +) / Double(ratios.count)
        #expect(ratios.count >= 20 && abs(mean - 1) < test.mean, "\(mean) of the edge")
        #expect(ratios.allSatisfy { abs($0 - 1) < test.single }, "\(ratios)")
        #expect(try folder.bytes("ckpt.train.png").starts(with: [0x89, 0x50]))
        try Tool.succeed("plot ckpt.train.json --theme dark -o again.svg", in: folder)
        #expect(try folder.text("again.svg").contains("λmax of the Hessian"))
        // SAM's edge is about half of 2/η.
        if test.options.contains("sam") {
            let edge = try #require(tracked.last?["stability_edge"] as? Double)
            #expect((0.3...0.7).contains(edge * 0.1 / 2) && result["gradient_evaluations"] as? Int == 16000)
        }
        #expect((result["warnings"] as? [String])?.isEmpty == true)
    }

    /// At a larger radius the network stays at the trivial solution, and it says so.
    @Test func collapses() throws {
        let folder = try Folder()
        let result = try Tool.json(
            "\(Self.command) --data chebyshev:5 --lr 0.1 --optimizer sam --rho 0.3 --warmup '2000 steps' --steps 4000",
            in: folder)
        let warnings = try #require(result["warnings"] as? [String])
        #expect(
            warnings.count == 1 && warnings[0].contains("trivial solution") && warnings[0].contains("smaller --rho"))
    }

    /// What is tracked is the same in a training that was interrupted, and in the file.
    @Test func historyKeepsIt() throws {
        let folder = try Folder()
        let line = "train --model mlp:64-8-10 --data digits --examples 200 --track-sharpness 2 --schedule constant"
        try Tool.succeed("\(line) --epochs 4 -o a.bin --quiet", in: folder)
        try Tool.succeed("\(line) --epochs 2 -o b.bin --quiet", in: folder)
        try Tool.succeed("\(line) --epochs 4 -o b.bin --resume --quiet", in: folder)
        #expect(try folder.bytes("a.bin") == folder.bytes("b.bin"))
        let info = try Tool.json("info a.bin", in: folder)
        let history = try #require((info["metadata"] as? [String: Any])?["history"] as? [[String: Any]])
        let measures = history.map { $0["measures"] as? [String: Any] }
        #expect(measures.map { $0 != nil } == [false, true, false, true])
        #expect(measures[3]?["lambda_max"] is Double && measures[3]?["stability_edge"] is Double)
        try Tool.refuse("train --model linear --data digits --track-sharpness 0 -o c.bin", in: folder, saying: "from 1")
    }
}
