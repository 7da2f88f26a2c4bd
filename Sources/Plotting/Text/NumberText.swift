import Foundation

/// Numbers as pictures print them: with a real minus sign, and powers of ten with raised exponents.
public enum NumberText {
    /// A value rounded to some significant digits: `0.4312`, `−12.5`, `3.2×10⁻⁷`; `not a number`, `∞` and `−∞` by name.
    public static func rounded(_ value: Double, digits: Int = 4) -> String {
        if value.isNaN { return "not a number" }
        if value.isInfinite { return value < 0 ? "−∞" : "∞" }
        if value == 0 { return "0" }
        let scientific = String(format: "%.*e", max(0, digits - 1), value)
        let parts = scientific.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return scientific }
        if exponent >= -3, exponent < 5 {
            return withoutTrailingZeros(fixed(value, decimals: max(0, digits - 1 - exponent)))
        }
        let mantissa = withoutTrailingZeros(String(parts[0]).replacingOccurrences(of: "-", with: "−"))
        return product(mantissa, exponent)
    }

    /// A value as a power of ten, or a multiple of one: `10⁰`, `2×10³`.
    static func power(_ value: Double, digits: Int) -> String {
        guard value.isFinite, value != 0 else { return rounded(value, digits: digits) }
        let parts = String(format: "%.*e", max(0, digits - 1), value).split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return rounded(value, digits: digits) }
        return product(withoutTrailingZeros(parts[0].replacingOccurrences(of: "-", with: "−")), exponent)
    }

    private static func product(_ mantissa: String, _ exponent: Int) -> String {
        switch mantissa {
        case "1": powerOfTen(exponent)
        case "−1": "−\(powerOfTen(exponent))"
        default: "\(mantissa)×\(powerOfTen(exponent))"
        }
    }

    /// How many significant digits, from `least` to 17, tell these values apart.
    static func digits(telling values: [Double], least: Int) -> Int {
        let values = values.filter(\.isFinite), count = Set(values).count
        return (least...17).first { digits in Set(values.map { rounded($0, digits: digits) }).count == count } ?? 17
    }

    /// A value with a fixed number of decimals.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let text = String(format: "%.*f", min(300, max(0, decimals)), value)
        guard text.hasPrefix("-") else { return text }
        let isZero = !text.contains { ("1"..."9").contains($0) }
        return (isZero ? "" : "−") + text.dropFirst()
    }

    /// `10ⁿ`.
    static func powerOfTen(_ exponent: Int) -> String {
        "10" + raised(exponent)
    }

    static func raised(_ number: Int) -> String {
        let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return String(
            String(number).map { character in
                character.wholeNumberValue.map { digits[$0] } ?? "⁻"
            })
    }

    private static func withoutTrailingZeros(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var result = text
        while result.hasSuffix("0") { result.removeLast() }
        if result.hasSuffix(".") { result.removeLast() }
        return result
    }
}
