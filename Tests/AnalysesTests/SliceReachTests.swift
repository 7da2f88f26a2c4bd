import Essentials
import Objectives
import Tensors
import Testing

@testable import Analyses

/// Where a slice ends that goes to a multiple of the loss.
@Suite struct SliceReachTests {
    /// c + ½ Σ hᵢ xᵢ²: along axis i the loss is m c at √(2c(m − 1)/hᵢ). Found within a tenth above, and at each multiple.
    @Test(arguments: [2.0, 10, 1000]) func quadratic(_ multiple: Double) throws {
        let c = 0.3, h = [400.0, 0.02], matrix = [h[0], 0, 0, h[1]]
        let bowl = QuadraticObjective(matrix: matrix, linear: [0, 0], constant: c)
        var analysis = SliceAnalysis(
            SliceGrid(SliceAxis(range: -1...1, points: 5), SliceAxis(range: -1...1, points: 4)))
        analysis.directions = .vectors([[1, 0], [0, 1]], kind: "axes")
        analysis.reach = SliceReach(multiple: multiple)
        let result = try analysis.run(bowl, at: [0, 0])
        let lengths = try #require(result.reach?.lengths)
        for (length, curvature) in zip(lengths, h) {
            let exact = (2 * c * (multiple - 1) / curvature).squareRoot()
            #expect(length >= exact && length < 1.2 * exact, "\(length), exactly \(exact)")
        }
        #expect(result.slice.alpha.first == -lengths[0] && result.slice.alpha.last == lengths[0])
        #expect(result.slice.beta.last == lengths[1] && result.slice.alpha.count == 5 && result.slice.beta.count == 4)
        #expect(result.slice.loss[2 * 5] >= multiple * c)
    }

    /// The side that rises first counts.
    @Test func steeperSide() throws {
        // L(x) = 1 + x + x²: 3 at x = 1, and at x = −2.
        let tilted = QuadraticObjective(matrix: [2], linear: [1], constant: 1)
        var analysis = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 3)))
        analysis.directions = .vectors([[1]], kind: "axis")
        let length = try analysis.lengths(SliceReach(multiple: 3), tilted, at: [0])[0]
        #expect(length >= 1 && length < 1.1)
    }

    @Test func twoDigits() {
        for (length, rounded) in [(0.1234, 0.13), (0.13, 0.13), (123, 130), (1, 1), (9.99, 10), (0.00051, 0.00051)] {
            #expect(SliceReach.roundedUp(length) == rounded, "\(length)")
        }
    }

    /// No multiple of nothing, and no rise where the function stays below.
    @Test func refused() throws {
        var analysis = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 3)))
        analysis.directions = .vectors([[1]], kind: "axis")
        let flat = QuadraticObjective(matrix: [0], linear: [0], constant: 1)
        #expect(throws: SliceReach.Failure.staysBelow(multiple: 10, direction: 1, length: 0x1p20)) {
            try analysis.lengths(SliceReach(), flat, at: [0])
        }
        let nothing = QuadraticObjective(matrix: [1], linear: [0])
        #expect(throws: SliceReach.Failure.noMultiple(loss: 0)) { try analysis.lengths(SliceReach(), nothing, at: [0]) }
    }
}
