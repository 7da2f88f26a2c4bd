import Foundation
import Tensors

@testable import MatrixFree

/// Symmetric matrices of chosen spectra, and comparisons.
enum Spectra {
    /// λᵢ = ratioⁱ.
    static func decaying(_ n: Int, ratio: Double) -> [Double] { (0..<n).map { pow(ratio, Double($0)) } }

    /// Evenly spaced from `low` to `high`.
    static func flat(_ n: Int, _ low: Double, _ high: Double) -> [Double] {
        (0..<n).map { low + (high - low) * Double($0) / Double(max(1, n - 1)) }
    }

    /// Like a trained classifier's Hessian: ten large values, a decaying bulk with many values near zero, and a small
    /// dense negative end: −0.033, −0.0297, −0.0293, −0.0290, −0.0277, … below a largest value of 4.5.
    static func classifier(_ n: Int) -> [Double] {
        let large = [4.5, 3.8, 2.8, 2.7, 1.76, 1.53, 1.25, 1.2, 0.71, 0.21]
        let low = [-0.0333, -0.0297, -0.0293, -0.0290, -0.0277, -0.0275, -0.0270, -0.0268]
        let rest = n - large.count - low.count
        let positive = rest / 3
        let negative = rest / 5
        var bulk = (0..<positive).map { 0.2 * pow(0.97, Double($0)) }
        bulk += (0..<negative).map { -0.0265 * pow(0.98, Double($0)) }
        bulk += [Double](repeating: 0, count: rest - positive - negative)
        return large + bulk + low
    }

    /// QΛQᵀ with a random orthogonal Q.
    static func dense(_ eigenvalues: [Double], seed: UInt64 = 1) -> SymmetricMatrix {
        let n = eigenvalues.count
        let q = orthonormal(n, n, seed: seed)
        var elements = [Double](repeating: 0, count: n * n)
        for (value, column) in zip(eigenvalues, q) {
            for j in 0..<n { for i in 0..<n { elements[i + j * n] += value * column[i] * column[j] } }
        }
        return SymmetricMatrix(dimension: n, elements: elements)
    }

    /// `count` orthonormal random vectors of n numbers.
    static func orthonormal(_ count: Int, _ n: Int, seed: UInt64 = 1) -> [[Double]] {
        let basis = KrylovBasis(dimension: n, capacity: count)
        for i in 0..<count { basis.appendOrthonormalized(RandomNumbers(seed: seed, stream: UInt64(i)).normals(n)) }
        return (0..<count).map(basis.vector)
    }
}

/// ‖a − b‖∞; infinite where lengths differ or anything is not a number.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let worst = zip(a, b).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
    return worst
}

extension SpectrumExtremes {
    var largestValues: [Double] { largest.map(\.value) }
    var smallestValues: [Double] { smallest.map(\.value) }
}
