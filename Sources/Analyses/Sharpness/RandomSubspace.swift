import MatrixFree
import Objectives
import Tensors

/// The span of k random vectors of R^P, the columns of A with entries ~ N(0, 1).
///
/// The columns are kept where `memoryLimit` allows 8Pk bytes, else computed anew at every use.
struct RandomSubspace {
    let dimension: Int, count: Int
    private let random: RandomNumbers
    private let columns: [[Double]]?

    init(dimension: Int, count: Int, random: RandomNumbers, memoryLimit: Int) {
        (self.dimension, self.count, self.random) = (dimension, count, random)
        columns =
            8 * dimension <= memoryLimit / count
            ? (0..<count).map { random.named("column \($0)").normals(dimension) } : nil
    }

    private func column(_ index: Int) -> [Double] {
        columns?[index] ?? random.named("column \(index)").normals(dimension)
    }

    /// Az.
    func combination(_ z: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: dimension)
        for (index, factor) in z.enumerated() where factor != 0 { Vectors.add(factor, column(index), to: &sum) }
        return sum
    }

    /// Aᵀx.
    func transposed(_ x: [Double]) -> [Double] { (0..<count).map { Vectors.dot(column($0), x) } }

    /// A⁺x = (AᵀA)⁻¹Aᵀx: the coordinates of the point of the span that is nearest to x.
    func coordinates(of x: [Double]) throws(MatrixFreeError) -> [Double] {
        var gram = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            let a = column(i)
            for j in 0...i {
                let product = Vectors.dot(a, column(j))
                (gram[i + j * count], gram[j + i * count]) = (product, product)
            }
        }
        let right = transposed(x)
        let (values, vectors) = try SymmetricMatrix(dimension: count, elements: gram).eigendecomposition()
        var solution = [Double](repeating: 0, count: count)
        // More columns than P: the rest of the eigenvalues are zero to rounding, and the pseudo-inverse leaves them out.
        for (value, vector) in zip(values, vectors) where value > 1e-12 * (values.last ?? 0) {
            Vectors.add(Vectors.dot(vector, right) / value, vector, to: &solution)
        }
        return solution
    }
}
