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
    /// An estimate, rounded by its standard error, and the interval around it: `29.6 ± 0.5 [28.7, 31.4]`.
    ///
    /// The error has two significant digits where the first is 1 or 2, else one. The estimate and the ends of the interval end at the
    /// same decimal. Without an error, a quarter of the interval's width takes its place in this: about a standard error of a 95 %
    /// interval. Without either, or with one that is 0 or not finite, the number stands with six digits.
    public static func estimate(
        _ value: Double, error: Double?, interval: ClosedRange<Double>? = nil
    ) -> String {
        let ends = interval.flatMap { $0.upperBound > $0.lowerBound ? [$0.lowerBound, $0.upperBound] : nil } ?? []
        let known = error.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
        guard value.isFinite, let size = known ?? (ends.isEmpty ? nil : ends[1] / 4 - ends[0] / 4), size.isFinite else {
            return number(value)
        }
        let rounding = Rounding(of: value, error: size)
        return rounding.text(value) + (known.map { " ± " + rounding.text($0) } ?? "")
            + (ends.isEmpty ? "" : " [" + ends.map(rounding.text).joined(separator: ", ") + "]")
    }

    /// What the signs of `estimate` mean, for the line under them.
    public static let estimateLegend = "±: standard error; [ ]: 95 % interval"

    /// A number with six significant digits, or fewer where its error leaves fewer: 5.22249 with an error of 0.004 is `5.222`.
    public static func number(_ value: Double, error: Double) -> String {
        guard value.isFinite, value != 0, error > 0, error.isFinite else { return number(value) }
        let rounding = Rounding(of: value, error: error)
        return rounding.place > Rounding.exponent(of: value) - 5 ? rounding.text(value) : number(value)
    }

    /// How numbers with one error are rounded and written.
    private struct Rounding {
        /// The power of ten of the last digit that the error leaves: two of its own digits where the first is 1 or 2, else one.
        let place: Int
        /// Whether numbers have an exponent.
        let isScientific: Bool

        init(of value: Double, error: Double) {
            let digits = String(format: "%.1e", error), size = Self.exponent(of: error)
            place = size - ("12".contains(digits.first!) ? 1 : 0)
            let largest = value.isFinite && value != 0 ? max(Self.exponent(of: value), size) : size
            isScientific = !(-5..<6 ~= largest)
        }

        static func exponent(of value: Double) -> Int {
            Int(String(format: "%.1e", value).split(separator: "e").last ?? "") ?? 0
        }

        func text(_ value: Double) -> String {
            if isScientific {
                let exponent = value == 0 ? place : Self.exponent(of: value)
                return String(format: "%.*e", min(15, max(0, exponent - place)), value)
            }
            let unit = pow(10, Double(max(0, place)))
            return String(format: "%.*f", min(15, max(0, -place)), place > 0 ? (value / unit).rounded() * unit : value)
        }
    }

    /// A number with three significant digits.
    public static func short(_ value: Double) -> String {
        value.isFinite ? String(format: "%.3g", value) : number(value)
    }
    /// A point: one coordinate as it is, several as `(0.5, −1)`, with three significant digits each.
    public static func place(_ coordinates: [Double]) -> String {
        coordinates.count == 1 ? short(coordinates[0]) : "(\(coordinates.map(short).joined(separator: ", ")))"
    }
    /// A share in per cent, with two decimals: 0.5 is `50.00 %`.
    public static func percent(_ share: Double) -> String {
        share.isFinite ? String(format: "%.2f %%", 100 * share) : number(share)
    }
    /// A time in seconds as `1.2 s`, `12 s`, `3:05` or `1:02:03`; a dash where it is negative, not finite or beyond 10⁷ s.
    public static func duration(_ seconds: Double) -> String {
        guard seconds >= 0, seconds < 1e7 else { return "–" }
        let whole = Int(seconds.rounded())
        if seconds < 9.95 { return String(format: "%.1f s", seconds) }
        if whole < 60 { return "\(whole) s" }
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}
