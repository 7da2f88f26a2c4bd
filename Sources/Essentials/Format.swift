import Foundation

/// Numbers as people read them.
public enum Format {
    /// Six significant digits.
    public static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        return String(format: "%.6g", value)
    }
    /// Six significant digits, or a dash where there is no number.
    public static func number(_ value: Double?) -> String { value.map { number($0) } ?? "–" }
    /// Three significant digits.
    public static func short(_ value: Double) -> String {
        value.isFinite ? String(format: "%.3g", value) : number(value)
    }
    /// A share in per cent, with two decimals.
    public static func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    /// Seconds as 12 s, 3:05 or 1:02:03.
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
