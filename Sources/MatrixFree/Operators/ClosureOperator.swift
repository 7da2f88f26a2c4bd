/// A symmetric operator given by a closure that multiplies by it.
///
///     let hessian = ClosureOperator(dimension: 2) { v in [2 * v[0] + v[1], v[0] + 3 * v[1]] }
///     let spectrum = try Lanczos(largest: 2).run(hessian)
public struct ClosureOperator: LinearOperator {
    /// P, the number of rows and columns.
    public let dimension: Int
    private let product: ([Double]) throws -> [Double]

    /// - Parameters:
    ///   - dimension: P, positive.
    ///   - product: Hx of x, P numbers each. H has to be symmetric; what the closure throws reaches the algorithm's
    ///     caller.
    public init(dimension: Int, _ product: @escaping ([Double]) throws -> [Double]) {
        (self.dimension, self.product) = (dimension, product)
    }

    /// Hx, as the closure gives it.
    ///
    /// - Parameter x: `dimension` numbers.
    /// - Throws: what the closure throws.
    public func apply(_ x: [Double]) throws -> [Double] { try product(x) }
}
