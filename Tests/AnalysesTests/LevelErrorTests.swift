import Foundation
import Tensors
import Testing

@testable import Analyses

/// How far values on a grid may be off, up to a level.
@Suite struct LevelErrorTests {
    @Test func ofASmoothFunctionIsThatOfLinearInterpolation() throws {
        // Of x², half-way between points 2 h apart, the chord is h² above; of a linear function nothing.
        let x = (-6...6).map { Double($0) / 4 }
        let square = try #require(LevelError(estimating: x.map { $0 * $0 }, coordinates: [x]))
        #expect(abs(square.largest - 1.0 / 16) < 1e-14 && square.source == .estimate)
        let uneven = [0, 1, 1.5, 4, 5, 5.5, 6.0]
        let line = try #require(LevelError(estimating: uneven.map { 3 * $0 - 1 }, coordinates: [uneven]))
        #expect(line.largest < 1e-14)
        // x y is bilinear.
        let product = uneven.flatMap { y in x.map { $0 * y } }
        #expect(try #require(LevelError(estimating: product, coordinates: [uneven, x])).largest < 1e-14)
    }

    @Test func isUnknownWithoutPointsBetween() {
        #expect(LevelError(estimating: [1, 2], coordinates: [[0, 1]]) == nil)
        #expect(LevelError(estimating: [1, .nan, 2], coordinates: [[0, 1, 2]]) == nil)
        #expect(LevelError(estimating: [.nan, 1, 2], coordinates: [[0, 1, 2]]) == nil)
        // Of 4 points, the last has no neighbour beyond it.
        #expect(LevelError(estimating: [0, 1, 2, 9], coordinates: [[0, 1, 2, 3]])?.largest == 0)
        let huge = LevelError(estimating: [-1e308, 1e308, -1e308], coordinates: [[0, 1, 2]])
        #expect(huge?.largest == .greatestFiniteMagnitude)
    }

    /// ‖min(f, c) − min(g, c)‖∞ at points of odd number, from the definition.
    @Test func countsUpToALevelAlone() throws {
        let axes = [[0, 1, 2.5, 3, 4], [0, 2, 3, 4, 4.5, 5, 6.0]]
        for seed in 0..<10 as Range<UInt64> {
            let values = RandomNumbers(seed: seed).named("level").normals(35)
            let error = try #require(LevelError(estimating: values, coordinates: axes))
            func chord(_ axis: [Double], _ i: Int) -> [(Int, Double)] {
                guard i % 2 == 1 else { return [(i, 1)] }
                let share = (axis[i] - axis[i - 1]) / (axis[i + 1] - axis[i - 1])
                return [(i - 1, 1 - share), (i + 1, share)]
            }
            var pairs: [(Double, Double)] = []
            for row in 0..<5 {
                for column in 0..<7 where row % 2 == 1 || column % 2 == 1 {
                    let sum = chord(axes[0], row).reduce(0) { sum, a in
                        sum + chord(axes[1], column).reduce(0) { $0 + a.1 * $1.1 * values[a.0 * 7 + $1.0] }
                    }
                    pairs.append((values[row * 7 + column], sum))
                }
            }
            for level in values + [-9, -0.1, 0.3, 9] {
                let expected = pairs.map { abs(min($0.0, level) - min($0.1, level)) }.max()!
                #expect(abs(error.error(below: level) - expected) < 1e-14)
            }
            #expect(error.error(below: .infinity) == error.largest)
        }
    }

    @Test func adaptiveSlicesStateTheirs() throws {
        func accuracy(_ error: Double, _ logarithmic: Double?, heldOut: Int = 59) -> AdaptiveSurface.Accuracy {
            AdaptiveSurface.Accuracy(
                tolerance: 0.01, heldOut: heldOut, error: error, logarithmicError: logarithmic, carriedError: nil,
                coverage: 0.95)
        }
        let plain = try #require(LevelError(accuracy(0.01, nil), range: 1...5))
        #expect(plain.error(below: 2) == 0.04 && plain.source == .adaptive)
        #expect(plain.isCertain(birth: 1, death: 1.1) && !plain.isCertain(birth: 1, death: 1.079))
        // An error of 0.01 of ln 10⁴: near the bottom 1 − 10^−0.04 of the value.
        let both = try #require(LevelError(accuracy(0.01, 0.01), range: 1...1e4))
        #expect(abs(both.error(below: 2) - 2 * (1 - pow(10, -0.04))) < 1e-12 && both.error(below: 1e4) <= both.largest)
        #expect(both.error(below: -1) == 0 && both.error(below: .infinity) == both.largest)
        #expect(LevelError(accuracy(0.01, nil, heldOut: 0), range: 0...1) == nil)
        #expect(LevelError(accuracy(.nan, nil), range: 0...1) == nil)
        #expect(both.isCertain(birth: 0, death: .infinity))
    }
}
