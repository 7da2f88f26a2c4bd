import Tensors

/// diag(θ) bordered by one more row and column s.
struct Arrowhead {
    /// θ, k numbers.
    let diagonal: [Double]
    /// s, k numbers.
    let border: [Double]

    /// An orthogonal Z with ZᵀΘZ tridiagonal and Zᵀs = c·e_k, so that only the last row couples to the border.
    ///
    /// Householder's reduction, started at the border, which makes it stable whatever s is; the order is then reversed.
    /// - Returns: ZᵀΘZ; the columns of Z; c.
    func tridiagonalized() -> (tridiagonal: Tridiagonal, columns: [[Double]], coupling: Double) {
        let k = diagonal.count
        if k == 0 { return (Tridiagonal(), [], 0) }
        // Rows of A = ZᵀΘZ and of Zᵀ as they develop.
        var a = (0..<k).map { i in (0..<k).map { j in i == j ? diagonal[i] : 0 } }
        var zt = (0..<k).map { i in (0..<k).map { j in i == j ? 1.0 : 0 } }
        var couplings: [Double] = []

        // Reflects the coordinates from `start` on so that x becomes a multiple of the first; returns the multiple.
        func reflect(_ x: [Double], from start: Int) -> Double {
            let norm = Vectors.norm(x)
            var v = x
            let image = x[0] > 0 ? -norm : norm
            v[0] -= image
            let length = Vectors.norm(v)
            if norm == 0 || length == 0 { return x[0] }
            Vectors.scale(&v, by: 1 / length)
            for matrix in 0..<2 {
                // Rows: M ← M − 2v(vᵀM).
                var sum = [Double](repeating: 0, count: k)
                for (i, weight) in v.enumerated() {
                    Vectors.add(weight, matrix == 0 ? a[start + i] : zt[start + i], to: &sum)
                }
                for (i, weight) in v.enumerated() {
                    if matrix == 0 {
                        Vectors.add(-2 * weight, sum, to: &a[start + i])
                    } else {
                        Vectors.add(-2 * weight, sum, to: &zt[start + i])
                    }
                }
            }
            // Columns: A ← A − 2(Av)vᵀ.
            for row in 0..<k {
                var product = 0.0
                for i in 0..<v.count { product += a[row][start + i] * v[i] }
                for i in 0..<v.count { a[row][start + i] -= 2 * product * v[i] }
            }
            return image
        }

        let coupling = reflect(border, from: 0)
        for j in 0..<max(0, k - 1) {
            couplings.append(reflect((j + 1..<k).map { a[$0][j] }, from: j + 1))
        }
        let tridiagonal = Tridiagonal(
            diagonal: (0..<k).reversed().map { a[$0][$0] }, offDiagonal: couplings.reversed())
        return (tridiagonal, zt.reversed(), coupling)
    }
}
