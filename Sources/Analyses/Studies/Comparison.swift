import Essentials
import MatrixFree
import Models
import Objectives
import Tensors

/// Every measure of several checkpoints side by side, and their slices on the same axes.
public struct Comparison: Sendable {
    /// Radius of the worst case, and deviation of each weight in the average case; 0.05 as in SAM (Foret et al. 2021).
    public var radius: Double
    /// The points of the slices.
    public var grid: SliceGrid
    /// Where the axes of all slices end, in place of where the grid says: at the largest of the lengths of all checkpoints; nil for the grid's own.
    public var reach: SliceReach?
    /// Share of the range within which points of the slices are interpolated; nil to evaluate all.
    public var tolerance: Double?
    /// Whether the slices' losses are judged by their logarithm, too.
    public var isLogarithmic = false
    /// Which examples, in what arithmetic, and which loss exactly.
    public var loss = ModelLoss.Settings()
    /// Which measures are taken beside losses and norms; those of `defaults` if none are named.
    public var measures = Self.defaults
    /// Products of the trace at most, and antithetic pairs of the average case; 30 and 20, ours.
    public var traceProducts = 30, pairs = 20
    /// Of everything random.
    public var seed: UInt64 = 0

    /// λmax, trace, worst case, one step and average case.
    public static let defaults: [StudyMeasures.Measure] = [
        .largestEigenvalue, .trace, .oneStep, .worstCase, .averageCase,
    ]
    /// Those that can be named: all that no row has anyway.
    public static let measures = StudyMeasures.Measure.allCases.filter {
        ![.gradientNorm, .weightNorm, .trainingLoss].contains($0)
    }

    /// - Parameters:
    ///   - radius: positive.
    ///   - grid: of the slices along random, filter-normalised directions; 51 points from −1 to 1 by default.
    public init(radius: Double = 0.05, grid: SliceGrid = SliceGrid(SliceAxis(range: -1...1, points: 51))) {
        (self.radius, self.grid) = (radius, grid)
    }

    /// What was measured of one checkpoint.
    public struct Entry: Sendable {
        /// The model on its data, without what it was computed with.
        public let subject: ModelLoss.Summary
        /// The slice along the common directions, scaled to this network's filters; its centre is L(θ).
        public let slice: SliceAnalysis.Result
        /// On the other split, where there is one.
        public let other: Evaluation?
        /// ‖∇L(θ)‖₂.
        public let gradientNorm: Double
        /// λmax of the Hessian, and ‖Hv − λv‖; nil where not asked for.
        public let largestEigenvalue: (value: Double, residual: Double)?
        /// tr H; nil where not asked for.
        public let trace: StochasticEstimate?
        /// In the ball of the radius; nil where not asked for.
        public let worstCase: WorstCaseSharpness?
        /// With the radius as deviation; nil where not asked for.
        public let averageCase: AverageCaseSharpness?
        /// Measures that are not among `Comparison.defaults`, as a study takes them.
        public let others: StudyMeasures?

        /// An entry of results that were computed elsewhere.
        package init(
            subject: ModelLoss.Summary, slice: SliceAnalysis.Result, other: Evaluation?, gradientNorm: Double,
            largestEigenvalue: (value: Double, residual: Double)?, trace: StochasticEstimate?,
            worstCase: WorstCaseSharpness?, averageCase: AverageCaseSharpness?, others: StudyMeasures? = nil
        ) {
            (self.subject, self.slice, self.other, self.gradientNorm) = (subject, slice, other, gradientNorm)
            (self.largestEigenvalue, self.trace) = (largestEigenvalue, trace)
            (self.worstCase, self.averageCase, self.others) = (worstCase, averageCase, others)
        }
    }

    /// A checkpoint whose directions are zero, such as one whose weights are all 0.
    public struct NoSlice: DescribedError {
        /// What was found.
        public let problem: String
        /// True: other checkpoints can be compared.
        public var isOfRequest: Bool { true }
        /// What was found, what to do.
        public var description: String { problem + "; measure the checkpoints one by one with 'landscape report'" }
    }

    /// Vectors of θ's length that are held meanwhile: the first θ with what belongs to it, and what was found.
    private static let held = 8

    /// How many vectors of θ's length are held beside the few of every analysis and these: a search's, or a trace's.
    public var vectors: ClosedRange<Int> {
        let search = WorstCaseSearch.vectors(restarts: WorstCaseSearch(Ball(radius: radius)).restarts, radii: 1)
        // Of a trace a third of its products make a basis, and as many vectors go in and out of products.
        let least = max(search.lowerBound, measures.contains(.trace) ? 2 * traceProducts / 3 : 0)
        return least...max(least, search.upperBound)
    }

    /// Measures every checkpoint, one after another.
    ///
    /// - Parameters:
    ///   - paths: of the checkpoints.
    ///   - memory: what the process may take.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where the losses have different weight decay; what opening and the monitor throw.
    public func run(_ paths: [String], memory: MemoryBudget = MemoryBudget(), monitor: Monitor = .silent) throws
        -> [Entry]
    {
        var first: ModelLoss?
        func open(_ path: String) throws -> ModelLoss {
            if let first, first.name == path { return first }
            let loss = try ModelLoss(
                Model.open(path), name: path, self.loss, vectors: vectors, held: Self.held, memory: memory,
                monitor: monitor)
            if let first { try first.checkWeightDecay(of: loss.model, path) } else { first = loss }
            return loss
        }
        let reach = try reach.map { reach in
            let lengths = try paths.map { path in
                let loss = try open(path)
                do {
                    return try slice.lengths(
                        reach, loss, at: loss.theta, layout: loss.model.network.parameters,
                        monitor: monitor.named("\(path): range"))
                } catch let failure as SliceReach.Failure {
                    throw UnusableRequest("\(path): \(failure)")
                }
            }
            return SliceReach(
                multiple: reach.multiple,
                lengths: lengths[0].indices.map { axis in lengths.map { $0[axis] }.max()! })
        }
        return try paths.map { try measure(open($0), reach, monitor) }
    }

    /// The slice of one of them: the same random numbers for each, scaled to its own filters.
    private var slice: SliceAnalysis {
        var slice = SliceAnalysis(grid)
        (slice.tolerance, slice.isLogarithmic, slice.seed) = (tolerance, isLogarithmic, seed)
        slice.normalization = .filter
        return slice
    }

    private func measure(_ loss: ModelLoss, _ reach: SliceReach?, _ monitor: Monitor) throws -> Entry {
        let (theta, name) = (loss.theta, loss.name)
        func isAsked(_ some: StudyMeasures.Measure...) -> Bool { measures.contains(where: some.contains) }
        let trace =
            try isAsked(.trace)
            ? HutchPlusPlus(products: min(traceProducts, max(6, theta.count)), seed: seed).run(
                CurvatureOperator(loss, at: theta)
            ).trace : nil
        var worst: WorstCaseSharpness?, largest: (value: Double, residual: Double)?, gradientNorm: Double
        if isAsked(.largestEigenvalue, .worstCase, .oneStep) {
            var search = WorstCaseSearch(Ball(radius: radius))
            (search.seed, search.memoryLimit) = (seed, loss.vectorMemory)
            search.tolerance = WorstCaseSearch.tolerance(of: loss)
            let scout = try WorstCaseSearch.scout(loss, at: theta, seed: seed, monitor: monitor)
            let model = try LocalModel(
                around: theta, loss, radii: search.ball.quadraticRadii, scout: scout, seed: seed, monitor: monitor)
            search.progress = { start, done, most in
                try monitor.update("\(name): worst case", done, of: most, "from \(start)")
            }
            if isAsked(.worstCase, .oneStep) { worst = try search.run(loss, at: theta, scout: scout, model: model) }
            // Lanczos's own residual says nothing of the rounding of products.
            let product = try loss.hessianVectorProduct(at: theta, along: model.topVector)
            let residual = Vectors.norm(Vectors.sum(product, -model.largestEigenvalue, model.topVector))
            (largest, gradientNorm) = ((model.largestEigenvalue, residual), Vectors.norm(model.gradient))
        } else {
            gradientNorm = Vectors.norm(try loss.valueAndGradient(at: theta).gradient)
        }
        let average =
            try isAsked(.averageCase)
            ? AverageCaseSharpness(loss, at: theta, deviation: radius, pairs: pairs, seed: seed) {
                try monitor.update("\(name): average case", $0, of: pairs)
            } : nil
        var settings = StudyMeasures.Settings()
        settings.measures = measures.filter { !Self.defaults.contains($0) }
        (settings.pairs, settings.traceProducts, settings.seed) = (pairs, traceProducts, seed)
        settings.suit(loss)
        let others =
            try settings.measures.isEmpty
            ? nil
            : StudyMeasures(loss, at: theta, settings) {
                try monitor.update("\(name): measures", Int(100 * $0), of: 100, "%")
            }
        let other = loss.hasOtherSplit ? try loss.onOtherSplit() : nil
        var slice = slice
        slice.reach = reach
        // Maps are of one split only.
        let result: SliceAnalysis.Result
        do {
            result = try slice.run(
                loss, at: theta, other: grid.beta == nil ? other : nil, layout: loss.model.network.parameters,
                monitor: monitor.named("\(name): slice"))
        } catch let zero as SliceAnalysis.ZeroDirection {
            throw NoSlice(problem: "\(name): \(zero.problem), so there is no slice to compare")
        }
        return Entry(
            subject: loss.summary, slice: result, other: try other?.evaluate(at: theta), gradientNorm: gradientNorm,
            largestEigenvalue: isAsked(.largestEigenvalue) ? largest : nil, trace: trace, worstCase: worst,
            averageCase: average, others: others)
    }
}
