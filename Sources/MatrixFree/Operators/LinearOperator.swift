/// Anything that multiplies a vector by one real symmetric matrix H of P rows: all that the algorithms of this module
/// know about a Hessian.
///
/// The product is the expensive part; every algorithm counts it. An error thrown by `apply` (a cancellation, a failed
/// rank of a distributed job) ends the algorithm and reaches its caller unchanged. `ClosureOperator` makes one of a
/// closure.
public protocol LinearOperator {
    /// P, the number of rows and columns: positive, and the same at every call.
    var dimension: Int { get }

    /// Hx. The same x gives the same product, and H is symmetric: xᵀ(Hy) = yᵀ(Hx) to rounding.
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
