import COpenBLAS
import Tensors

/// The limited-memory BFGS matrix in its compact form (Byrd, Nocedal, Schnabel 1994, doi:10.1007/BF01582063):
///
///     B = θI − W M Wᵀ,  W = [Y θS],  M⁻¹ = [−D Lᵀ; L θSᵀS],
///
/// of the last steps s and changes y of the gradient. D is the diagonal of SᵀY, L its strictly lower part.
struct LimitedMemoryMatrix {
    /// How many pairs are kept.
    let capacity: Int
    private(set) var steps: [[Double]] = [], changes: [[Double]] = []
    /// θ, the curvature outside the span of W.
    private(set) var scale = 1.0
    /// M, symmetric, 2k × 2k.
    private(set) var middle: [Double] = []

    init(capacity: Int) { self.capacity = capacity }

    /// 2k, the columns of W.
    var width: Int { 2 * steps.count }

    mutating func reset() { self = LimitedMemoryMatrix(capacity: capacity) }

    /// Takes in a step and the change of the gradient along it; a pair without positive curvature is left out, as in
    /// the authors' program (sᵀy > ε yᵀy).
    mutating func update(step s: [Double], change y: [Double]) {
        let curvature = Vectors.dot(s, y), square = Vectors.dot(y, y)
        guard curvature > 0x1p-52 * square, curvature.isFinite, square.isFinite else { return }
        if steps.count == capacity {
            steps.removeFirst()
            changes.removeFirst()
        }
        steps.append(s)
        changes.append(y)
        scale = square / curvature
        if !makeMiddle() { reset() }
    }

    /// Whether M⁻¹ could be inverted.
    private mutating func makeMiddle() -> Bool {
        let k = steps.count, n = 2 * k
        var matrix = [Double](repeating: 0, count: n * n)
        for i in 0..<k {
            for j in 0..<k {
                matrix[(k + i) * n + k + j] = scale * Vectors.dot(steps[i], steps[j])
                guard i >= j else { continue }
                let product = Vectors.dot(steps[i], changes[j])
                if i == j {
                    matrix[i * n + i] = -product
                } else {
                    matrix[(k + i) * n + j] = product
                    matrix[j * n + k + i] = product
                }
            }
        }
        var identity = [Double](repeating: 0, count: n * n)
        for i in 0..<n { identity[i * n + i] = 1 }
        guard let inverse = Self.solution(matrix, identity, columns: n) else { return false }
        middle = inverse
        return true
    }

    /// A⁻¹B for a square A and `columns` right-hand sides, one behind the other; nil where A is singular.
    static func solution(_ matrix: [Double], _ rightHandSides: [Double], columns: Int) -> [Double]? {
        BLAS.prepare()
        var (a, b) = (matrix, rightHandSides)
        var n = blasInt(rightHandSides.count / columns), count = blasInt(columns), info: Int32 = 0
        var lda = n, ldb = n, pivots = [Int32](repeating: 0, count: Int(n))
        dgesv_(&n, &count, &a, &lda, &pivots, &b, &ldb, &info)
        return info == 0 && b.allSatisfy(\.isFinite) ? b : nil
    }

    /// Wᵀv.
    func transposed(_ v: [Double]) -> [Double] {
        changes.map { Vectors.dot($0, v) } + steps.map { scale * Vectors.dot($0, v) }
    }

    /// Wp.
    func product(_ p: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: steps.first?.count ?? 0)
        for (j, y) in changes.enumerated() { Vectors.add(p[j], y, to: &result) }
        for (j, s) in steps.enumerated() { Vectors.add(scale * p[steps.count + j], s, to: &result) }
        return result
    }

    /// Row i of W.
    func row(_ i: Int, into w: inout [Double]) {
        let k = steps.count
        for j in 0..<k {
            w[j] = changes[j][i]
            w[k + j] = scale * steps[j][i]
        }
    }

    /// Mp.
    func middleProduct(_ p: [Double]) -> [Double] {
        let n = width
        var result = [Double](repeating: 0, count: n)
        for j in 0..<n where p[j] != 0 {
            for i in 0..<n { result[i] += middle[j * n + i] * p[j] }
        }
        return result
    }
}
