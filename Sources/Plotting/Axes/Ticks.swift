import Foundation

/// Labelled places on an axis.
struct Ticks: Sendable, Equatable {
    struct Tick: Sendable, Equatable {
        var value: Double
        var label: String
    }

    /// Ascending.
    var major: [Tick]
    /// Places of short marks without labels.
    var minor: [Double] = []
    /// What applies to all labels, such as `×10⁻⁷`; goes into the axis label.
    var annotation = ""

    /// Ticks at round values inside the range, not many more than `count`.
    init(_ range: AxisRange, count: Int) {
        switch range.scale {
        case .linear:
            let most = range.isWhole ? max(1, Int(min(1e9, range.high - range.low))) : count
            self = Ticks.linear(range.low, range.high, count: min(count, most))
        case .logarithmic: self = Ticks.logarithmic(range.low, range.high, count: count)
        }
    }

    /// A tick for each name, at 1, 2, ….
    init(names: [String]) {
        self.init(major: names.enumerated().map { Tick(value: Double($0 + 1), label: $1) })
    }

    private init(major: [Tick], minor: [Double] = [], annotation: String = "") {
        self.major = major
        self.minor = minor
        self.annotation = annotation
    }

    /// The smallest step of 1, 2 or 5 times a power of ten that fits at most `count` steps into the length.
    static func niceStep(_ length: Double, count: Int) -> (mantissa: Double, exponent: Int) {
        let rough = length / Double(max(1, count))
        var exponent = Int(log10(rough).rounded(.down))
        for _ in 0..<3 {
            for mantissa in [1.0, 2, 5] where value(mantissa, exponent) >= rough * (1 - 1e-9) {
                return (mantissa, exponent)
            }
            exponent += 1
        }
        return (1, exponent)
    }

    /// `mantissa · 10^exponent`, divided where that is exact.
    private static func value(_ mantissa: Double, _ exponent: Int) -> Double {
        exponent >= 0
            ? mantissa * pow(10, Double(exponent))
            : exponent > -300
                ? mantissa / pow(10, Double(-exponent)) : mantissa * pow(10, Double(exponent))
    }

    /// Multiples of a nice step inside low...high, ascending.
    static func multiples(_ low: Double, _ high: Double, count: Int) -> (values: [Double], exponent: Int) {
        let length = high - low
        guard length.isFinite, length > 0 else { return ([low], 0) }
        let (mantissa, exponent) = niceStep(length, count: count)
        let step = value(mantissa, exponent)
        let first = (low / step - 1e-9).rounded(.up)
        let last = (high / step + 1e-9).rounded(.down)
        guard first.isFinite, last.isFinite, last >= first, last - first < 1000 else { return ([low], exponent) }
        let values = (0...Int(last - first)).map { value((first + Double($0)) * mantissa, exponent) }
        return (values, exponent)
    }

    private static func linear(_ low: Double, _ high: Double, count: Int) -> Ticks {
        let (values, stepExponent) = multiples(low, high, count: count)
        let largest = values.reduce(0) { max($0, abs($1)) }
        let top = largest > 0 ? Int(log10(largest * (1 + 1e-12)).rounded(.down)) : 0
        var (offset, offsetText) = (0.0, "")
        var exponent = 0
        let isOrdinary = top < 5 && top >= -3
        if top - stepExponent > (isOrdinary ? 5 : 4) {
            // The leading digits are the same in all labels: say them once.
            let unit = pow(10, Double(stepExponent + 2))
            offset = ((values.first ?? low) / unit + 1e-9).rounded(.down) * unit
            let sign = offset < 0 ? "− " : "+ "
            let magnitude = abs(offset)
            offsetText =
                sign
                + (top < 10 && stepExponent > -10
                    ? NumberText.fixed(magnitude, decimals: max(0, -(stepExponent + 2)))
                    : NumberText.rounded(magnitude, digits: min(15, top - stepExponent)))
            if stepExponent > 3 || stepExponent < -3 { exponent = stepExponent }
        } else if !isOrdinary {
            exponent = top
        }
        let scale = value(1, exponent)
        let decimals = max(0, exponent - stepExponent)
        let ticks = values.map {
            Tick(
                value: $0,
                label: NumberText.fixed(
                    ($0 - offset) / scale, decimals: exponent == 0 ? max(0, -stepExponent) : decimals))
        }
        var notes: [String] = []
        if exponent != 0 { notes.append("×\(NumberText.powerOfTen(exponent))") }
        if !offsetText.isEmpty { notes.append(offsetText) }
        return Ticks(major: ticks, annotation: notes.joined(separator: " "))
    }

    private static func logarithmic(_ low: Double, _ high: Double, count: Int) -> Ticks {
        let (from, to) = (log10(low), log10(high))
        // A short range has too few round powers to read values from.
        if to - from < 0.8 { return linear(low, high, count: count) }
        let (first, last) = (Int((from - 1e-9).rounded(.up)), Int((to + 1e-9).rounded(.down)))
        func isInside(_ value: Double) -> Bool { value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9) }
        let decades = max(0, last - first + 1)
        let mantissas: [Double] =
            to - from <= 1.6 && count >= 5 ? [1, 2, 5] : decades < 3 && count >= 4 ? [1, 3] : [1]
        let stride = max(1, Int((Double(decades) / Double(max(1, count))).rounded(.up)))
        var minor: [Double] = []
        for exponent in Swift.stride(from: first - 1, through: last, by: 1) where decades <= 40 {
            // Where powers are skipped, the skipped ones are marked instead of what lies between powers.
            minor += (stride > 1 ? 1...1 : 2...9).map { value(Double($0), exponent) }.filter(isInside)
        }
        var major: [Tick] = []
        let plain = from >= -3.4 && to <= 4.5
        for exponent in Swift.stride(from: first - 1, through: last, by: 1) {
            // Powers that are multiples of the stride, counted from 1, so that neighbouring figures agree.
            guard exponent % stride == 0 else { continue }
            for mantissa in mantissas {
                let tick = value(mantissa, exponent)
                guard isInside(tick) else { continue }
                let power = NumberText.powerOfTen(exponent)
                let label =
                    plain
                    ? NumberText.fixed(tick, decimals: max(0, -exponent))
                    : mantissa == 1 ? power : "\(Int(mantissa))×\(power)"
                major.append(Tick(value: tick, label: label))
            }
        }
        return Ticks(major: major, minor: minor)
    }
}
