import Tensors

/// Applies an operator, counts its products and refuses what is not a number.
struct ProductCounter<Operator: LinearOperator> {
    let matrix: Operator
    private(set) var products = 0

    /// - Throws: `MatrixFreeError` for an operator of no rows, or of more than BLAS counts.
    init(_ matrix: Operator) throws(MatrixFreeError) {
        guard matrix.dimension > 0 else {
            throw .invalidArgument("an operator of dimension \(matrix.dimension) has no spectrum; expected at least 1")
        }
        _ = try blasCount(matrix.dimension)
        self.matrix = matrix
    }

    /// Counts products that another algorithm made.
    mutating func add(_ count: Int) { products += count }

    mutating func apply(_ x: [Double]) throws -> [Double] {
        let y = try matrix.apply(x)
        try accept(y)
        return y
    }

    mutating func apply(block: [[Double]]) throws -> [[Double]] {
        if block.isEmpty { return [] }
        let result = try matrix.apply(block: block)
        guard result.count == block.count else {
            throw MatrixFreeError.invalidArgument(
                "the operator made \(result.count) products of a block of \(block.count) vectors; expected one for each"
            )
        }
        for y in result { try accept(y) }
        return result
    }

    /// Columns of the matrix: its products with unit vectors.
    mutating func columns(_ indices: Range<Int>) throws -> [[Double]] {
        try apply(
            block: indices.map { index in
                var e = Vectors.zeros(matrix.dimension)
                e[index] = 1
                return e
            })
    }

    private mutating func accept(_ y: [Double]) throws(MatrixFreeError) {
        guard y.count == matrix.dimension else {
            throw .invalidArgument(
                "the operator's product has \(y.count) numbers; expected its dimension, \(matrix.dimension)")
        }
        products += 1
        guard Vectors.isFinite(y) else { throw .nonFiniteProduct(number: products) }
    }
}

/// A number of elements, rows or columns as BLAS and LAPACK take it.
func blasCount(_ count: Int) throws(MatrixFreeError) -> Int32 {
    guard let small = Int32(exactly: count) else { throw .tooManyElements(found: count, most: Int(Int32.max)) }
    return small
}

/// The bytes of `count` vectors of n numbers; the largest number where it is beyond counting.
func bytes(of count: Int, vectors n: Int) -> Int {
    let (numbers, isTooMany) = count.multipliedReportingOverflow(by: n)
    let (bytes, isTooLarge) = numbers.multipliedReportingOverflow(by: 8)
    return isTooMany || isTooLarge ? .max : bytes
}
