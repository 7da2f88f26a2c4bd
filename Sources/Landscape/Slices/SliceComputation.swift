import Objectives
import Tensors

/// Computes a slice point by point; what is finished can be taken out at any time and given to a later computation.
public struct SliceComputation {
    public let directions: SliceDirections
    public let alpha: SliceAxis, beta: SliceAxis?
    /// Finished points, in the order of `Slice.loss`.
    public private(set) var finished: [Evaluation]

    public init(_ directions: SliceDirections, alpha: SliceAxis, beta: SliceAxis? = nil, finished: [Evaluation] = []) {
        precondition((beta == nil) == (directions.vectors.count == 1), "\(directions.vectors.count) directions")
        self.directions = directions
        self.alpha = alpha
        self.beta = beta
        self.finished = finished
    }

    /// Points that are evaluated together, which costs less than one by one.
    private static let pointsAtOnce = 16

    public var points: Int { alpha.values.count * (beta?.values.count ?? 1) }

    /// Evaluates the points that are missing, row by row. `progress` gets the number of finished points; what it throws ends
    /// the computation, which keeps what it has.
    public mutating func run(_ objective: some Objective, at theta: [Double], progress: (Int) throws -> Void = { _ in })
        throws
    {
        let columns = alpha.values.count
        while finished.count < points {
            try progress(finished.count)
            let block = finished.count..<min(finished.count + Self.pointsAtOnce, points)
            finished += try objective.evaluate(
                at: theta, along: directions.vectors,
                coordinates: block.map { point in
                    [alpha.values[point % columns]] + (beta.map { [$0.values[point / columns]] } ?? [])
                })
        }
        try progress(finished.count)
    }

    /// The finished slice with its audit: one more evaluation and a Hessian product for each direction.
    public func result(_ objective: some Objective, at theta: [Double]) throws -> Slice {
        precondition(finished.count == points, "\(finished.count) of \(points) points")
        let loss = finished.map(\.loss)
        let columns = alpha.values.count
        let zero = (alpha: alpha.zero, beta: beta.map(\.zero) ?? 0)
        let center = try objective.value(at: theta)
        let products = try objective.hessianVectorProducts(at: theta, along: directions.vectors)
        var fromGrid: [Double?] = []
        fromGrid.append(zero.beta.flatMap { row in alpha.secondDifference { loss[row * columns + $0] } })
        if let beta {
            fromGrid.append(zero.alpha.flatMap { column in beta.secondDifference { loss[$0 * columns + column] } })
        }
        let weightNorm = Vectors.norm(theta)
        let reach = zip(directions.vectors, [alpha] + (beta.map { [$0] } ?? [])).map { vector, axis in
            Vectors.norm(vector) * axis.values.reduce(0) { max($0, abs($1)) } / weightNorm
        }
        var exact: Bool?
        if let column = zero.alpha, let row = zero.beta {
            exact =
                loss[row * columns + column].bitPattern == center.bitPattern
                || (center.isNaN && loss[row * columns + column].isNaN)
        }
        return Slice(
            alpha: alpha.values, beta: beta?.values ?? [0], loss: loss,
            accuracy: finished.allSatisfy { $0.accuracy != nil } ? finished.map { $0.accuracy! } : nil, center: center,
            cosine: directions.cosine,
            audit: Slice.Audit(
                centerIsExact: exact,
                curvatureFromProduct: zip(directions.vectors, products).map { Vectors.dot($0, $1) },
                curvatureFromGrid: fromGrid, nonfinite: loss.count { !$0.isFinite }, evaluations: points,
                relativeReach: reach))
    }
}
