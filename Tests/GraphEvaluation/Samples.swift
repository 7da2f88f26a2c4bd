import Tensors

/// Numbers in a range, from a seed.
public func sample(_ count: Int, _ range: ClosedRange<Double> = -1...1, seed: UInt64 = 1) -> [Double] {
    let random = RandomNumbers(seed: seed).named("sample")
    return (0..<count).map { range.lowerBound + (range.upperBound - range.lowerBound) * random.uniform(at: $0) }
}

public func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

public func dot(_ a: [[Double]], _ b: [[Double]]) -> Double { zip(a, b).reduce(0) { $0 + dot($1.0, $1.1) } }

/// The largest difference relative to the largest number of `b`.
public func relativeError(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = b.reduce(1e-300) { max($0, abs($1)) }
    return zip(a, b).reduce(0) {
        $1.0 == $1.1 ? $0 : max($0, ($1.0 - $1.1).magnitude.isNaN ? .infinity : abs($1.0 - $1.1))
    } / scale
}
