import Foundation
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// Elementary functions in Float32 against the C library's in Float64, over the whole range of floats.
@Suite struct ElementaryFunctionTests {
    struct Function: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let value: @Sendable (Value) -> Value
        let truth: @Sendable (Double) -> Double
        /// Bound of the error in units in the last place of the result. Measured: exp and log below 1, tanh 1.20, sigmoid 2.37,
        /// softplus 2.58, which round two or three times more after an exponential that may be off by 1.
        let ulps: Double
    }

    static let functions = [
        Function(testDescription: "exp", value: { $0.exp() }, truth: { exp($0) }, ulps: 1.0),
        Function(testDescription: "log", value: { $0.log() }, truth: { log($0) }, ulps: 1.0),
        Function(testDescription: "tanh", value: { $0.tanh() }, truth: { tanh($0) }, ulps: 1.25),
        Function(testDescription: "sigmoid", value: { $0.sigmoid() }, truth: { 1 / (1 + exp(-$0)) }, ulps: 2.5),
        Function(
            testDescription: "softplus", value: { $0.softplus() }, truth: { max($0, 0) + log1p(exp(-abs($0))) },
            ulps: 2.7),
    ]

    /// Rows of all lengths around a vector and a chunk, with −∞, with differences that overflow and with NaN. (Rounding of a difference
    /// from the maximum becomes a relative error.)
    @Test(arguments: Variant.all) func softmax(_ variant: Variant) {
        let unit = variant.precision == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne
        for (rows, width) in [(1, 1), (3, 7), (2, 16), (5, 17), (1, 40_000), (5000, 9), (64, 64)] {
            let random = RandomNumbers(seed: 5).named("softmax")
            var x = (0..<(rows * width)).map { Double(Float(8 * random.normal(at: $0))) }
            if rows > 2 {
                x[0] = -.infinity
                x[width] = 3000
                x[2 * width] = .nan
            }
            let graph = Graph(), input = graph.input("x", TensorType([rows, width]), .data)
            let y = evaluate(graph, [input.scaled(0.5).softmax()], [(input, x)], kernels: variant.kernels)[0]
            for row in 0..<rows {
                let z = x[(row * width)..<((row + 1) * width)].map { $0 / 2 }, most = z.max()!
                let sum = stride(from: 0, to: width, by: 200).reduce(0.0) { sum, first in
                    sum + z[first..<min(width, first + 200)].reduce(0) { $0 + exp($1 - most) }
                }
                for (j, z) in z.enumerated() {
                    let y = y[row * width + j]
                    if rows > 2, row == 2 {
                        #expect(y.isNaN)
                    } else if width == 1, rows > 2, row == 0 {
                        #expect(y.isNaN)
                    } else {
                        let truth = exp(z - most) / sum
                        #expect(
                            abs(y - truth) <= (10 + min(most - z, 1000)) * unit * truth + 1e-37,
                            "\(rows) \(width) \(row) \(j)")
                    }
                }
            }
        }
    }

    /// Within 3.5 units in the last place and what the rounding of x² and, in the truth, of x/√2 costs in the tail.
    @Test(arguments: Variant.all) func gelu(_ variant: Variant) {
        let x = (-1400...1400).map { Double(Float($0) / 100) }
        let graph = Graph(), input = graph.input("x", TensorType([x.count]), .data)
        let slope = graph.gradient(of: input.gelu().sum(), at: [input])[0]
        let values = evaluate(graph, [input.gelu(), slope], [(input, x)], kernels: variant.kernels)
        let unit = variant.precision == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne
        for (i, x) in x.enumerated() {
            let cdf = 0.5 * erfc(-x / 2.0.squareRoot()), density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            let relative = (3.5 + x * x) * unit
            guard cdf > (variant.precision == .float ? 1e-37 : 1e-300) else { continue }
            #expect(abs(values[0][i] - x * cdf) <= relative * abs(x * cdf), "gelu of \(x)")
            // The slope's two terms nearly cancel in the lower tail.
            #expect(abs(values[1][i] - (cdf + x * density)) <= relative * (cdf + abs(x) * density), "slope at \(x)")
        }
    }

    /// Within what the rounding of the sigmoid's argument costs, in the tail too, where the terms of the slope nearly cancel.
    @Test(arguments: Variant.all) func tanhGelu(_ variant: Variant) {
        let x = (-700...1400).map { Double(Float($0) / 100) }
        let graph = Graph(), input = graph.input("x", TensorType([x.count]), .data)
        let slope = graph.gradient(of: input.tanhGelu().sum(), at: [input])[0]
        let values = evaluate(graph, [input.tanhGelu(), slope], [(input, x)], kernels: variant.kernels)
        let unit = variant.precision == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne
        for (i, x) in x.enumerated() {
            let factor = 2 * (2 / Double.pi).squareRoot(), argument = factor * (x + 0.044715 * x * x * x)
            let sigmoid = 1 / (1 + exp(-argument)), rest = 1 / (1 + exp(argument))
            let bend = x * sigmoid * rest * factor * (1 + 3 * 0.044715 * x * x)
            let relative = (4 + 2 * abs(argument)) * unit
            guard sigmoid > (variant.precision == .float ? 1e-36 : 1e-300) else { continue }
            #expect(abs(values[0][i] - x * sigmoid) <= relative * abs(x * sigmoid), "tanh gelu of \(x)")
            // 1 − σ is rounded where σ is near 1.
            let bound = relative * (sigmoid + abs(bend)) + unit * abs(bend) / rest
            #expect(abs(values[1][i] - (sigmoid + bend)) <= bound, "slope at \(x)")
        }
    }

    /// Where the sigmoid is 0 or 1, so are the derivatives, however large x is.
    @Test(arguments: Variant.all) func tanhGeluOfLargeNumbers(_ variant: Variant) {
        let x = [1e4, 1e8, 1e13, 1e18].flatMap { [-$0, $0] }
        let graph = Graph(), input = graph.input("x", TensorType([x.count]), .data)
        let tangent = graph.input("t", input.type, .data), loss = input.tanhGelu().sum()
        let outputs =
            [input.tanhGelu()] + graph.gradient(of: loss, at: [input])
            + graph.hessianVectorProduct(of: loss, at: [input], along: [tangent])
        let values = evaluate(
            graph, outputs, [(input, x), (tangent, x.map { _ in 1 })], kernels: variant.kernels)
        #expect(zip(values[0], x).allSatisfy { $0 == ($1 > 0 ? Double(Float($1)) : 0) || $0 == max($1, 0) })
        #expect(values[1] == x.map { $0 > 0 ? 1 : 0 } && values[2].allSatisfy { $0 == 0 })
    }

    private func run(_ function: Function, _ x: [Float], _ variant: Variant) -> [Float] {
        let graph = Graph()
        let input = graph.input("x", TensorType([x.count]), .data)
        return evaluate(graph, [function.value(input)], [(input, x.map(Double.init))], kernels: variant.kernels)[0].map
        { Float($0) }
    }

    /// Distance in units of the last place of the truth as a float (denormal numbers have the smallest).
    private func error(_ y: Float, _ truth: Double) -> Double {
        let rounded = Float(truth)
        if y == rounded || y.isNaN && truth.isNaN { return 0 }
        guard y.isFinite, truth.isFinite else { return .infinity }
        // Where truth overflows, the last finite number is the nearest that counts.
        return abs(Double(y) - truth) / Double(min(rounded.magnitude, .greatestFiniteMagnitude).ulp)
    }

    /// Every 1009th float of both signs, and all floats near 0 and 1.
    static let floats: [Float] = {
        var bits = Array(stride(from: UInt32(0), through: 0x7f80_0000, by: 1009))
        bits += (0..<4000).map { Float(1).bitPattern - 2000 + $0 }
        bits += 0..<4000
        return bits.flatMap { [Float(bitPattern: $0), -Float(bitPattern: $0)] }
    }()

    @Test(arguments: functions, Variant.all.filter { $0.precision == .float })
    func accuracy(_ function: Function, _ variant: Variant) {
        let y = run(function, Self.floats, variant)
        var worst = (error: 0.0, at: Float(0))
        for (x, y) in zip(Self.floats, y) {
            let e = error(y, function.truth(Double(x)))
            if !(e <= worst.error) { worst = (e, x) }
        }
        #expect(worst.error <= function.ulps, "worst at \(worst.at)")
    }

    @Test(arguments: functions, Variant.all) func specialValues(_ function: Function, _ variant: Variant) {
        let x: [Float] = [
            .infinity, -.infinity, .nan, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude, 1, -1,
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1000, -1000, 88.8, -110,
        ]
        for (x, y) in zip(x, run(function, x, variant)) {
            let truth = function.truth(Double(x))
            if truth.isNaN {
                #expect(y.isNaN, "at \(x)")
            } else if truth.isInfinite || truth == 0 {
                #expect(Double(y) == truth, "at \(x)")
            } else {
                #expect(error(y, truth) <= max(2, function.ulps), "at \(x)")
            }
        }
    }
}
