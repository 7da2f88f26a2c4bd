import Foundation
import Testing

@testable import Plotting

@Suite struct TicksTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var low: Double
        var high: Double
        var labels: [String]
        var annotation = ""
        var testDescription: String { "\(low)...\(high)" }
    }

    /// The axes of a column's picture have enough ticks to read values from; those of a large one no more than before.
    @Test func shortAxes() {
        func labels(_ low: Double, _ high: Double, _ scale: AxisScale, length: Double) -> [String] {
            let range = AxisRange(covering: [low, high], scale: scale)
            return ResolvedAxis(label: "", range: range, length: length, spacing: 34).ticks.major.map(\.label)
        }
        #expect(labels(0.4, 4.8, .linear, length: 160) == ["1", "2", "3", "4"])
        #expect(labels(9e-4, 1.2, .logarithmic, length: 130) == ["0.001", "0.01", "0.1", "1"])
        #expect(labels(0, 1, .linear, length: 30).count >= 2 && labels(0, 1, .linear, length: 270).count == 6)
    }

    @Test(arguments: [
        Case(low: -1, high: 1, labels: ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        Case(low: 0, high: 10, labels: ["0", "2", "4", "6", "8", "10"]),
        Case(low: -12.3, high: -2.1, labels: ["−12", "−10", "−8", "−6", "−4"]),
        Case(low: 0, high: 2.9e-7, labels: ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"], annotation: "×10⁻⁷"),
        Case(low: 1.2e6, high: 3.4e6, labels: ["1.5", "2.0", "2.5", "3.0"], annotation: "×10⁶"),
        Case(low: 1e7 - 9, high: 1e7 + 309, labels: ["0", "100", "200", "300"], annotation: "+ 10000000"),
        Case(low: 0.0999, high: 0.1044, labels: ["0.100", "0.101", "0.102", "0.103", "0.104"]),
        Case(low: -3e15, high: 1e15, labels: ["−3", "−2", "−1", "0", "1"], annotation: "×10¹⁵"),
    ])
    func linearLabels(_ example: Case) {
        let ticks = Ticks(AxisRange(covering: [example.low, example.high], scale: .linear), count: 6)
        #expect(ticks.major.map(\.label) == example.labels)
        #expect(ticks.annotation == example.annotation)
    }

    static let ranges: [[Double]] = [
        [0, 1], [-1, 1], [-0.37, 12.9], [1e-12, 3e-12], [-4e-9, -1e-9], [1e9, 1e9 + 1], [123_456, 123_457],
        [-1e12, 1e12], [0.05, 0.95], [-273.15, -200], [1e-200, 2e-200], [-1e250, 3e250],
    ]

    /// Every range gets ticks that lie inside, are equally spaced by 1, 2 or 5 times a power of ten, and not too many.
    @Test(arguments: ranges)
    func linearTicksAreRoundAndInside(_ range: [Double]) {
        let (low, high) = (range[0], range[1])
        for count in [2, 4, 7, 10] {
            let ticks = Ticks(AxisRange(covering: [low, high], scale: .linear), count: count)
            let values = ticks.major.map(\.value)
            #expect(values.count <= count + 1 && !values.isEmpty)
            let slack = 1e-8 * (high - low)
            #expect(values.allSatisfy { $0 >= low - slack && $0 <= high + slack })
            let (mantissa, exponent) = Ticks.niceStep(high - low, count: count)
            #expect([1, 2, 5].contains(mantissa))
            let step = mantissa * pow(10, Double(exponent))
            // Neighbours of size 1e9 differ from their rounded places by one unit in the last place.
            let tolerance = 1e-9 * step + 4 * max(low.magnitude.ulp, high.magnitude.ulp)
            for (a, b) in zip(values, values.dropFirst()) { #expect(abs(b - a - step) <= tolerance) }
            #expect(Set(ticks.major.map(\.label)).count == values.count, "labels repeat: \(ticks.major.map(\.label))")
        }
    }

    @Test func logarithmicTicksOverManyDecades() {
        let ticks = Ticks(AxisRange(covering: [1e-9, 3], scale: .logarithmic), count: 5)
        #expect(ticks.major.map(\.label) == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"])
        // The skipped decades are marked.
        #expect(ticks.minor.contains { abs($0 / 1e-7 - 1) < 1e-9 })
    }

    @Test func logarithmicTicksOverOneDecade() {
        let ticks = Ticks(AxisRange(covering: [0.15, 3], scale: .logarithmic), count: 8)
        #expect(ticks.major.map(\.label) == ["0.2", "0.5", "1", "2"])
        #expect(ticks.minor.contains { abs($0 - 0.7) < 1e-12 })
        #expect(ticks.minor.allSatisfy { $0 >= 0.15 && $0 <= 3 })
    }

    @Test func logarithmicTicksInAShortRangeAreLinear() {
        let ticks = Ticks(AxisRange(covering: [2.1, 2.9], scale: .logarithmic), count: 5)
        #expect(ticks.major.map(\.label) == ["2.2", "2.4", "2.6", "2.8"])
    }

    @Test func rangesOfDegenerateDataHaveLength() {
        let examples: [[Double]] = [
            [], [.nan], [5], [0, 0], [-3, -3], [.leastNonzeroMagnitude], [.infinity, 2], [1.7e308, -1.7e308],
        ]
        for values in examples {
            for scale in [AxisScale.linear, .logarithmic] {
                let range = AxisRange(covering: values, scale: scale, padding: 0.05)
                #expect(range.low.isFinite && range.high.isFinite && range.high > range.low, "\(values) \(scale)")
                #expect(!Ticks(range, count: 6).major.isEmpty, "\(values) \(scale)")
            }
        }
        let seven = AxisRange(covering: [7, 7], scale: .linear)
        #expect(seven.fraction(of: 7).map { abs($0 - 0.5) < 1e-12 } == true)
        #expect(
            AxisRange(covering: [1, 100], scale: .logarithmic).fraction(of: 10).map { abs($0 - 0.5) < 1e-12 } == true)
        #expect(AxisRange(covering: [1, 100], scale: .logarithmic).fraction(of: 0) == nil)
        #expect(AxisRange(covering: [1, 100], scale: .linear).fraction(of: .nan) == nil)
    }

    @Test func numbersInWords() {
        #expect(NumberText.rounded(0.431234) == "0.4312")
        #expect(NumberText.rounded(-12.5) == "−12.5")
        #expect(NumberText.rounded(3.2e-7) == "3.2×10⁻⁷")
        #expect(NumberText.rounded(-123456, digits: 3) == "−1.23×10⁵")
        #expect(NumberText.rounded(9.9999) == "10")
        #expect(NumberText.rounded(0) == "0")
        #expect(NumberText.rounded(.nan) == "not a number")
        #expect(NumberText.rounded(-.infinity) == "−∞")
        #expect(NumberText.fixed(-0.001, decimals: 1) == "0.0")
    }
}
