import Foundation

/// The number that a Float32 of a model's code was rounded from.
///
/// Slopes, scales and bounds are written in code as decimals or roots of whole numbers, and a file holds them to Float32's 24 bits. In
/// Float64 what was written matters: PyTorch computes with 0.1 and 1/√2, not with what is nearest to them in Float32. A number that
/// rounds back to the same Float32 is no further from the file's than the rounding itself, so Float32 networks stay what they are.
enum RoundedConstant {
    /// Digits of a decimal that a person would write.
    private static let mostDigits = 6
    /// Of whole numbers and quotients under a root: widths of attention heads, numbers of channels.
    private static let mostWhole = 65536.0, mostDenominator = 64.0
    /// Circles, Gauss' function, and the two numbers of Selu (arXiv 1706.02515).
    private static let known = [
        (2 / Double.pi).squareRoot(), Double.pi, 2 * Double.pi, (2 * Double.pi).squareRoot(), Double.pi / 2, exp(1),
        log(2),
        log(10), 1.6732632423543772848170429916717, 1.0507009873554804934193349852946,
        1.6732632423543772848170429916717 * 1.0507009873554804934193349852946,
    ]

    static func number(_ stored: Float) -> Double {
        let exact = Double(stored)
        guard exact.isFinite, exact != exact.rounded() else { return exact }
        let digits = "\(abs(stored))".prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
        if digits.count <= mostDigits, let decimal = Double("\(stored)") { return decimal }
        let size = abs(exact), sign = exact < 0 ? -1.0 : 1
        for candidate in candidates(size) where Float(candidate) == abs(stored) { return sign * candidate }
        return exact
    }

    private static func candidates(_ size: Double) -> [Double] {
        let square = size * size, fourth = square * square
        var result = known
        for power in [square, fourth] {
            let root: (Double) -> Double = power == square ? { $0.squareRoot() } : { $0.squareRoot().squareRoot() }
            for (value, inverts) in [(power, false), (1 / power, true)] where value >= 1 && value.rounded() <= mostWhole
            {
                result.append(inverts ? 1 / root(value.rounded()) : root(value.rounded()))
            }
        }
        for denominator in stride(from: 2, through: mostDenominator, by: 1) {
            result.append((size * denominator).rounded() / denominator)
            result.append(((square * denominator).rounded() / denominator).squareRoot())
        }
        return result
    }
}
