import COpenBLAS
import Tensors

/// Anything that multiplies a vector by one real symmetric matrix H of P rows: all that the algorithms of this module
/// know about a Hessian.
///
/// The product is the expensive part; every algorithm counts it. An error thrown by `apply` (a cancellation, a failed
/// rank of a distributed job) ends the algorithm and reaches its caller unchanged.
public protocol LinearOperator {
    /// P, the number of rows and columns.
    var dimension: Int { get }

    /// Hx.
    ///
    /// - Parameter x: `dimension` numbers.
    /// - Returns: `dimension` numbers.
    func apply(_ x: [Double]) throws -> [Double]

    /// H applied to several vectors at once, for operators to which that is cheaper than one after another.
    ///
    /// - Parameter block: any number of vectors of `dimension` numbers.
    /// - Returns: their products, in the same order.
    func apply(block: [[Double]]) throws -> [[Double]]
}

extension LinearOperator {
    /// One product after another.
    public func apply(block: [[Double]]) throws -> [[Double]] { try block.map(apply) }
}

/// Applies an operator, counts its products and refuses what is not a number.
struct ProductCounter<Operator: LinearOperator> {
    let matrix: Operator
    private(set) var products = 0

    init(_ matrix: Operator) throws(MatrixFreeError) {
        guard matrix.dimension > 0 else {
            throw .invalidArgument("an operator of dimension \(matrix.dimension) has no spectrum; expected at least 1")
        }
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
        precondition(result.count == block.count, "apply(block:) made \(result.count) products of \(block.count)")
        for y in result { try accept(y) }
        return result
    }

    private mutating func accept(_ y: [Double]) throws(MatrixFreeError) {
        precondition(y.count == matrix.dimension, "apply made \(y.count) numbers, expected \(matrix.dimension)")
        products += 1
        BLAS.prepare()
        // The sum of absolute values is finite only if every one is.
        guard cblas_dasum(blasInt(y.count), y, 1).isFinite else { throw .nonFiniteProduct(number: products) }
    }
}
