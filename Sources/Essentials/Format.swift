import Foundation

/// Numbers as people read them.
public enum Format {
    /// A number with six significant digits; `nan`, `inf` and `-inf` by name.
    public static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        return String(format: "%.6g", value)
    }
    /// A number with six significant digits; a dash for `nil`.
    public static func number(_ value: Double?) -> String { value.map { number($0) } ?? "–" }
    /// A number and the interval around it, `29.5908 [28.4, 30.8]`: ends to a tenth of its width or better; without an
    /// interval, or with one of no width, the number alone.
    public static func number(_ value: Double, within interval: ClosedRange<Double>?) -> String {
        guard let interval, interval.upperBound > interval.lowerBound else { return number(value) }
        let (low, high) = (interval.lowerBound, interval.upperBound)
        let largest = log10(max(abs(low), abs(high))).rounded(.down)
        let width = log10(high - low).rounded(.down)
        // Numbers below 10⁶ keep all digits before the point: %g would give them an exponent.
        let digits = max(largest - width + 2, min(largest + 1, 6))
        let format = digits >= 1 && digits <= 15 ? "%.\(Int(digits))g" : "%.15g"
        return number(value) + " [" + String(format: format, low) + ", " + String(format: format, high) + "]"
    }
    /// A number with three significant digits.
    public static func short(_ value: Double) -> String {
        value.isFinite ? String(format: "%.3g", value) : number(value)
    }
    /// A share in per cent, with two decimals: 0.5 is `50.00 %`.
    public static func percent(_ share: Double) -> String {
        share.isFinite ? String(format: "%.2f %%", 100 * share) : number(share)
    }
    /// A time in seconds as `1.2 s`, `12 s`, `3:05` or `1:02:03`; a dash where it is not finite or beyond 10⁷ s.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e7 else { return "–" }
        let whole = Int(seconds.rounded())
        if seconds < 9.95 { return String(format: "%.1f s", seconds) }
        if whole < 60 { return "\(whole) s" }
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}
