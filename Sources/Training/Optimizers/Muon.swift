import COpenBLAS
import Networks
import Tensors

/// Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon) on hidden weights, AdamW on all other parameters, as the authors'
/// `MuonWithAuxAdam`:
///
///     m ← βm + (1−β)g,  u = (1−β)g + βm,  W ← (1 − ηλ)W − η √max(1, rows/columns) O(u)
///
/// O brings the singular values of a matrix near 1 (`orthogonalized`). Filters of a convolution are a matrix of [out, rest].
///
/// Differences from the authors' code (KellerJordan/Muon): products are in Float64 in place of bfloat16, and rows/columns is that of the
/// matrix for filters, too; their code has the last two extents of the filters there, height and width, so √1 for square ones.
public struct Muon: Optimizer {
    /// A hidden weight: where it lies in θ, and its extents as a matrix.
    public struct Matrix: Sendable, Hashable {
        /// Its elements in θ, row by row.
        public let range: Range<Int>
        /// Its extents: outputs, and all that makes one of them.
        public let rows: Int, columns: Int
    }

    /// The hidden weights of a network: tensors of two or more dimensions without the first of them (the input layer, or the embedding),
    /// the last (the output layer), and those with "embed" in their names or `pos` for a part of it.
    ///
    /// The authors give the list by hand: all filters but those of the first convolution, and matrices of a transformer's blocks.
    public static func hiddenWeights(of layout: ParameterLayout) -> [Matrix] {
        let weights = layout.tensors.indices.filter { layout.tensors[$0].shape.count >= 2 }
        return weights.dropFirst().dropLast().filter { index in
            let name = layout.tensors[index].name
            return layout.tensors[index].count > 0 && !name.contains("embed")
                && !name.split(separator: ".").contains("pos")
        }.map { index in
            let rows = layout.tensors[index].shape[0]
            return Matrix(range: layout.range(index), rows: rows, columns: layout.tensors[index].count / rows)
        }
    }

    /// What Muon moves; AdamW moves the rest.
    public let matrices: [Matrix]
    /// β, from 0 up to, not including, 1.
    public let momentum: Double
    /// λ, from 0, of both rules.
    public let weightDecay: Double
    /// AdamW's learning rate as a share of Muon's.
    public let auxiliaryShare: Double
    private var auxiliary: Adam
    private var buffer: [Double]?

    static let bufferName = "momentum"
    /// `momentum`, and AdamW's `exp_avg` and `exp_avg_sq`.
    public var names: [String] { [Self.bufferName] + auxiliary.names }
    /// `momentum`: m, 0 but on matrices; AdamW's moments, which are 0 on them.
    public var state: [String: [Double]] {
        get {
            var state = auxiliary.state
            state[Self.bufferName] = buffer
            return state
        }
        set {
            var rest = newValue
            buffer = rest.removeValue(forKey: Self.bufferName)
            auxiliary.state = rest
        }
    }

    /// The rule; by default with the authors' values.
    public init(
        matrices: [Matrix], momentum: Double = 0.95, weightDecay: Double = 0, auxiliaryShare: Double = 3e-4 / 0.02,
        beta1: Double = 0.9, beta2: Double = 0.95, epsilon: Double = 1e-10
    ) {
        (self.matrices, self.momentum, self.weightDecay) = (matrices, momentum, weightDecay)
        self.auxiliaryShare = auxiliaryShare
        auxiliary = Adam(
            beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, decouplesDecay: true)
    }

    /// Takes a step.
    ///
    /// - Precondition: a gradient of θ's length.
    public mutating func update(_ theta: inout [Double], gradient: [Double], learningRate: Double, step: Int) {
        precondition(gradient.count == theta.count, "a gradient of length \(gradient.count) for \(theta.count)")
        let shrinkage = 1 - learningRate * weightDecay
        var buffer = self.buffer ?? Vectors.zeros(theta.count), rest = gradient
        self.buffer = nil
        // AdamW sees a gradient of 0 where Muon is, and what it makes of the weights there is put right below.
        let weights = matrices.map { Array(theta[$0.range]) }
        for matrix in matrices { for i in matrix.range { rest[i] = 0 } }
        auxiliary.update(&theta, gradient: rest, learningRate: learningRate * auxiliaryShare, step: step)
        for (matrix, old) in zip(matrices, weights) {
            var direction = [Double](repeating: 0, count: old.count)
            for (place, i) in matrix.range.enumerated() {
                buffer[i] = momentum * buffer[i] + (1 - momentum) * gradient[i]
                direction[place] = (1 - momentum) * gradient[i] + momentum * buffer[i]
            }
            let moved = Self.orthogonalized(direction, rows: matrix.rows, columns: matrix.columns)
            let rate = learningRate * max(1, Double(matrix.rows) / Double(matrix.columns)).squareRoot()
            for (place, i) in matrix.range.enumerated() { theta[i] = shrinkage * old[place] - rate * moved[place] }
        }
        self.buffer = buffer
    }

    /// 5 steps of Newton–Schulz's iteration on X = G/(‖G‖ + 1e-7), X ← aX + bXXᵀX + c(XXᵀ)²X with the authors' (a, b, c): the singular
    /// vectors of G with singular values near 1, between 0.7 and 1.2 for those that are not tiny beside ‖G‖.
    ///
    /// - Precondition: `matrix` is rows · columns numbers, row by row.
    public static func orthogonalized(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
        precondition(matrix.count == rows * columns, "\(matrix.count) numbers for \(rows)×\(columns)")
        BLAS.prepare()
        let (a, b, c) = (3.4445, -4.775, 2.0315)
        var x = matrix
        Vectors.scale(&x, by: 1 / (Vectors.norm(matrix) + 1e-7))
        // The smaller of XXᵀ and XᵀX: the iteration of the transpose is the transpose of the iteration.
        let isWide = rows <= columns, side = min(rows, columns)
        let (m, n, k) = (blasInt(rows), blasInt(columns), blasInt(side))
        var square = Vectors.zeros(side * side), polynomial = square, next = x
        for _ in 0..<5 {
            cblas_dgemm(
                CblasRowMajor, isWide ? CblasNoTrans : CblasTrans, isWide ? CblasTrans : CblasNoTrans, k, k,
                isWide ? n : m, 1, x, n, x, n, 0, &square, k)
            polynomial = square
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, k, k, k, c, square, k, square, k, b, &polynomial, k)
            next = x
            if isWide {
                cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, polynomial, k, x, n, a, &next, n)
            } else {
                cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, x, n, polynomial, k, a, &next, n)
            }
            x = next
        }
        return x
    }
}
