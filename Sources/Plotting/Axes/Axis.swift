import Foundation

/// How values are spread along an axis or a colour bar.
public enum AxisScale: String, Sendable, Equatable, Codable {
    /// Equal differences take equal lengths.
    case linear
    /// Equal ratios take equal lengths. Values that are not positive have no place and are left out.
    case logarithmic
}

/// The words, scale and range of one axis of a figure.
public struct Axis: Sendable, Equatable, Codable {
    /// The name of the quantity, with its unit if there is one.
    public var label: String
    /// How values are spread along the axis.
    public var scale: AxisScale
    /// The values at the two ends; `nil` for the range of the data.
    public var range: ClosedRange<Double>?
    /// Whether ticks are at whole numbers only, as for a count.
    public var isWhole: Bool
    /// Names for the values 1, 2, … along a horizontal axis. Numbers stand in their place where there is no room for
    /// all.
    public var names: [String]

    /// A linear axis over the range of the data, unless it is said otherwise.
    public init(
        _ label: String = "", scale: AxisScale = .linear, range: ClosedRange<Double>? = nil, isWhole: Bool = false,
        names: [String] = []
    ) {
        self.label = label
        self.scale = scale
        self.range = range
        self.isWhole = isWhole
        self.names = names
    }
}

/// A finite range of positive length on a scale: what remains after degenerate data has been dealt with.
struct AxisRange: Sendable, Equatable {
    let low: Double
    let high: Double
    let scale: AxisScale
    /// Whether only whole numbers get ticks.
    var isWhole = false

    /// The smallest range that shows all values that have a place on the scale, widened by `padding` of its length.
    ///
    /// No value at all gives 0...1 (1...10 logarithmic); values that are all equal lie in the middle.
    init(covering values: some Sequence<Double>, scale: AxisScale, padding: Double = 0) {
        let limit = 1e300
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite && (scale == .linear || value > 0) {
            low = min(low, max(-limit, value))
            high = max(high, min(limit, value))
        }
        self.scale = scale
        guard low <= high else {
            (self.low, self.high) = scale == .linear ? (0, 1) : (1, 10)
            return
        }
        switch scale {
        case .linear:
            // Differences below a trillionth of the values are rounding errors, and no label could tell them apart.
            let magnitude = max(abs(low), abs(high))
            if high - low <= 1e-12 * magnitude || high - low < 1e-300 {
                let half = magnitude > 1e-290 ? 0.1 * magnitude : 1
                (self.low, self.high) = (low - half, high + half)
            } else {
                let extra = padding * (high - low)
                (self.low, self.high) = (low - extra, high + extra)
            }
        case .logarithmic:
            let floor = 1e-300
            (low, high) = (max(floor, low), max(floor, high))
            if high / low < 1 + 1e-9 {
                (self.low, self.high) = (low / 2, high * 2)
            } else {
                let extra = exp(padding * log(high / low))
                (self.low, self.high) = (low / extra, high * extra)
            }
        }
    }

    /// The range asked for by an axis, or else one that covers the values.
    init(_ axis: Axis, covering values: some Sequence<Double>, padding: Double) {
        if let range = axis.range, range.upperBound > range.lowerBound {
            self.init(covering: [range.lowerBound, range.upperBound], scale: axis.scale)
        } else {
            self.init(covering: values, scale: axis.scale, padding: padding)
        }
        isWhole = axis.isWhole
    }

    /// 0 at the low end, 1 at the high end; nothing for values without a place on the scale.
    func fraction(of value: Double) -> Double? {
        switch scale {
        case .linear:
            guard value.isFinite else { return nil }
            // Halved, so that the difference of two huge values does not overflow.
            return (value / 2 - low / 2) / (high / 2 - low / 2)
        case .logarithmic:
            guard value.isFinite, value > 0 else { return nil }
            return log(value / low) / log(high / low)
        }
    }
}
