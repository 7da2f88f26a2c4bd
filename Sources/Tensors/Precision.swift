/// The arithmetic a computation runs in. Sums over examples are in Float64 either way.
public enum Precision: String, Sendable, Codable, CaseIterable {
    case float
    case double

    /// Bytes of one number.
    public var size: Int { self == .float ? 4 : 8 }

    /// `value` as this precision stores it.
    public func rounded(_ value: Double) -> Double { self == .float ? Double(Float(value)) : value }
}
