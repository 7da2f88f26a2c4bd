import Essentials
import MatrixFree
import Networks
import Objectives
import Tensors

/// A slice of the loss along one direction, over the plane of two or through the space of three, with its audit (Li et al. 2018,
/// arXiv 1712.09913).
///
/// ```swift
/// let slice = try SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 51))).run(objective, at: theta).slice
/// ```
public struct SliceAnalysis: Sendable {
    /// What a slice runs along.
    public enum Directions: Sendable {
        /// Standard normal numbers by the seed.
        case random
        /// The eigenvectors of the Hessian's largest eigenvalues.
        case eigenvectors
        /// The gradient, and a random second one.
        case gradient
        /// Vectors that are given, P numbers each, and what they are called.
        case vectors([[Double]], kind: String)

        /// Whether they have no length of their own, and are scaled to the network unless something else is asked for. (Eigenvectors would
        /// be none any more, and differences of checkpoints have a length that means something.)
        var isArbitrary: Bool {
            switch self {
            case .random, .gradient: true
            case .eigenvectors, .vectors: false
            }
        }
    }

    /// The points.
    public var grid: SliceGrid
    /// Random by default.
    public var directions = Directions.random
    /// How directions are scaled. Nil for the filters' norms (Li et al. 2018) where a direction is random or the gradient and the
    /// tensors are known, and for none otherwise. Without tensors, random directions have length 1.
    public var normalization: DirectionNormalization?
    /// Where the axes end, in place of where the grid says; nil for the grid's own. It keeps the grid's numbers of points.
    public var reach: SliceReach?
    /// Whether biases and norm scales move, too; not by default, as Li et al. have it.
    public var includes1D = false
    /// Whether each of arbitrary or eigenvector directions is made orthogonal to those before it.
    public var orthogonalizes = true
    /// Slices along random directions of so many seeds from `seed`; 1, and a band over them where there are more.
    public var planes = 1
    /// Share of the range within which points are interpolated; nil to evaluate all (see `AdaptiveSampling`). Of one or two axes.
    public var tolerance: Double?
    /// Whether the tolerance is of the accuracy.
    public var controlsAccuracy = false
    /// Whether the loss is judged by its logarithm, too, however small its range.
    public var isLogarithmic = false
    /// Only a part of the points; nil for all.
    public var shard: SliceShard?
    /// Of random directions, and of the adaptive choice of points.
    public var seed: UInt64 = 0

    /// A slice on a grid: along as many directions as the grid has axes.
    public init(_ grid: SliceGrid) { self.grid = grid }

    /// How many vectors of θ's length a slice holds beside the few of every analysis: its directions, as they were given and as they are
    /// scaled, and a basis where they are eigenvectors.
    ///
    /// - Parameters:
    ///   - count: of the directions, 1 to 3.
    ///   - isEigen: whether the directions are eigenvectors.
    public static func vectors(along count: Int, isEigen: Bool = false) -> ClosedRange<Int> {
        let own = 2 * count + 1
        return isEigen ? own + 3 * count + 3...own + 2 * count + eigenProducts : own...own
    }

    /// Products for eigenvectors at most: 300, ours.
    private static let eigenProducts = 300
    /// Cosine beyond which a pair of directions hardly spans a plane; 0.99, ours.
    private static let oblique = 0.99

    /// A slice, or the slices along the directions of several seeds.
    public struct Result: Sendable {
        /// At least one, in the order of seeds.
        public let planes: [Plane]
        /// The first.
        public var slice: Slice { planes[0].slice }
        /// Where the axes end, with lengths that were found; nil for the grid's own.
        public var reach: SliceReach?

        /// - Precondition: at least one slice.
        public init(planes: [Plane], reach: SliceReach? = nil) {
            precondition(!planes.isEmpty, "a result of no slice")
            (self.planes, self.reach) = (planes, reach)
        }
    }

    /// The slice of one seed.
    public struct Plane: Sendable {
        /// Of its random directions.
        public let seed: UInt64
        /// The slice itself.
        public let slice: Slice

        /// - Parameter seed: of the random directions.
        public init(seed: UInt64, slice: Slice) { (self.seed, self.slice) = (seed, slice) }
    }

    /// Computes the slice.
    ///
    /// - Parameters:
    ///   - other: the same function on other data, evaluated at the same points.
    ///   - layout: the tensors of θ, for scaling directions to them; nil where θ is a plain vector.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` for a direction that is zero, and for a tolerance on three axes; what the objective and the monitor
    ///   throw.
    public func run(
        _ objective: any Objective, at theta: [Double], other: (any Objective)? = nil, layout: ParameterLayout? = nil,
        monitor: Monitor = .silent
    ) throws -> Result {
        guard tolerance == nil || grid.dimension < 3 else {
            throw UnusableRequest("an adaptive slice of \(grid.dimension) axes: expected 1 or 2, or no tolerance")
        }
        let first = try pair(seed: seed, objective, at: theta, layout, monitor)
        if let cosine = first.cosine, abs(cosine) > Self.oblique {
            monitor.remark(
                "\(first.vectors.count == 2 ? "the two" : "two of the") directions are nearly parallel (cosine \(Format.short(cosine))), so the plane is stretched; choose other directions"
            )
        }
        let reach = try reach.map { reach in
            SliceReach(
                multiple: reach.multiple,
                lengths: try reach.lengths ?? lengths(reach, objective, at: theta, layout, first, monitor))
        }
        let grid = reach.map { self.grid.ending(at: $0.lengths!) } ?? self.grid
        try monitor.update("centre of the slice", 0, of: 1)
        let center = try objective.evaluate(at: theta)
        return Result(
            planes: try (0..<planes).map { number in
                let seed = seed &+ UInt64(number)
                let pair = number == 0 ? first : try pair(seed: seed, objective, at: theta, layout, monitor)
                var computation = SliceComputation(pair, grid)
                let name = planes > 1 ? "slice \(number + 1) of \(planes)" : "slice"
                try computation.compute(self, objective, other: other, at: theta, seed: seed, name, monitor)
                var slice = try computation.result(objective, at: theta, center: center)
                if number > 0 { slice.directions = pair.described }
                return Plane(seed: seed, slice: slice)
            }, reach: reach)
    }

    /// The directions of one slice, scaled as asked.
    func pair(
        seed: UInt64, _ objective: any Objective, at theta: [Double], _ layout: ParameterLayout?, _ monitor: Monitor
    ) throws -> SliceDirections {
        let count = grid.dimension
        let (raw, kind) = try raw(count, seed: seed, objective, at: theta, hasLayout: layout != nil, monitor)
        guard raw.count == count else {
            throw UnusableRequest("found \(raw.count) directions, expected \(count): one for each axis of the grid")
        }
        let scaling = normalization ?? (directions.isArbitrary && layout != nil ? .filter : .none)
        guard layout != nil || scaling == .none else {
            throw UnusableRequest(
                "normalisation by \(scaling.rawValue) needs the tensors of θ, and only a vector is known; expected none"
            )
        }
        let isEigen = if case .eigenvectors = directions { true } else { false }
        let pair = SliceDirections(
            raw, kind: kind, at: theta, layout, normalization: scaling, includes1D: includes1D,
            orthogonalizes: orthogonalizes && (directions.isArbitrary || isEigen))
        for (i, vector) in pair.vectors.enumerated() where !(Vectors.norm(vector) > 0) {
            throw ZeroDirection(number: i + 1, normalization: pair.normalization)
        }
        return pair
    }

    /// A direction that moves nothing, as where a normalisation scales it to weights that are all 0.
    public struct ZeroDirection: DescribedError {
        /// 1 to 3.
        public let number: Int
        /// What the direction was scaled by.
        public let normalization: DirectionNormalization

        /// True: other directions can do.
        public var isOfRequest: Bool { true }

        /// What was found, without advice.
        public var problem: String {
            "direction \(number) is zero\(normalization == .none ? "" : " after \(normalization.rawValue) normalisation")"
        }

        /// What was found, what to do.
        public var description: String { problem + "; choose other --directions or another --normalization" }
    }

    private func raw(
        _ count: Int, seed: UInt64, _ objective: any Objective, at theta: [Double], hasLayout: Bool, _ monitor: Monitor
    ) throws -> (vectors: [[Double]], kind: String) {
        func random(_ count: Int) -> [[Double]] {
            SliceDirections.random(count, dimension: theta.count, seed: seed).map { direction in
                guard !hasLayout else { return direction }
                let norm = Vectors.norm(direction)
                return direction.map { $0 / norm }
            }
        }
        switch directions {
        case .random: return (random(count), "random")
        case .eigenvectors:
            let spectrum = try monitor.following("eigenvectors") {
                try Lanczos(
                    largest: count, tolerance: 1e-3, maximumProducts: Self.eigenProducts,
                    memoryLimit: objective.vectorMemory - 2 * count * 8 * theta.count, seed: seed,
                    rounding: objective.rounding
                ).run(CurvatureOperator(objective, at: theta), progress: $0)
            }
            return (spectrum.largestVectors, "eigen")
        case .gradient:
            let gradient = try objective.valueAndGradient(at: theta).gradient
            return ([gradient] + (count > 1 ? random(count).dropFirst() : []), "gradient")
        case .vectors(let vectors, let kind): return (vectors, kind)
        }
    }
}

extension SliceComputation {
    /// Evaluates the points, all or those that are needed, and tells how far it is.
    mutating func compute(
        _ settings: SliceAnalysis, _ objective: any Objective, other: (any Objective)? = nil, at theta: [Double],
        seed: UInt64, _ name: String, _ monitor: Monitor
    ) throws {
        let points = points
        if let tolerance = settings.tolerance {
            try refine(
                objective, other: other, at: theta, tolerance: tolerance, controlsAccuracy: settings.controlsAccuracy,
                forcesLogarithm: settings.isLogarithmic, seed: seed
            ) { count, error in
                try monitor.update(
                    name, count, of: nil,
                    "of \(points) points at most; largest expected error \(Format.short(error)) × tolerance")
            }
        } else {
            let total = (0..<points).count { settings.shard?.contains($0) ?? true }
            try run(objective, other: other, at: theta, shard: settings.shard) {
                try monitor.update(name, $0, of: total, next: Self.pointsAtOnce)
            }
        }
    }
}
