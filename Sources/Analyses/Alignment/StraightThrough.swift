import Datasets
import Essentials
import Models
import Networks
import Objectives
import Tensors

/// The permutation of one network's hidden units for which the network half way to another has a small loss: a straight-through estimator
/// (Ainsworth et al. 2022, arXiv 2209.04836, algorithm 3).
///
/// θ̃ begins at A. In every step π is the weight matching of B to θ̃, found from the last one, and θ̃ takes a step of stochastic gradient descent by
/// the gradient of a batch's loss at ½(A + πB), as if πB were θ̃. Of all π, the given ones included, those with the smallest loss half way are kept.
public struct StraightThrough: Sendable {
    /// How θ̃ is trained.
    public struct Settings: Sendable {
        /// Steps.
        public var steps: Int
        /// Learning rate; 1, ours.
        public var learningRate = 1.0
        /// Momentum; 0.9, as in training.
        public var momentum = 0.9
        /// Examples a step; 128, as in training.
        public var batchSize = 128

        /// So many steps.
        public init(steps: Int) { self.steps = steps }
    }

    /// Why θ̃ was not trained.
    public struct Diverged: DescribedError {
        let step: Int
        /// One line: what was found, what was expected, what to do.
        public var description: String {
            "the refinement of the alignment diverged at step \(step + 1): the loss or its gradient is not finite; try a smaller --align-lr"
        }
    }

    /// Of each hidden dimension: unit i of the aligned network is the unit `permutations[dimension][i]` of B.
    public private(set) var permutations: [[Int]]
    /// The loss half way on the examples by which permutations are judged: of the given ones, and of those kept.
    public private(set) var losses: (before: Double, after: Double)
    /// Permutations whose loss was evaluated.
    public private(set) var tried: Int
    /// Steps of the training.
    public let steps: Int

    /// Times that permutations are judged by their loss; 20, ours.
    static let judgements = 20

    /// - Parameters:
    ///   - start: permutations to begin with.
    ///   - data: what batches are drawn from.
    ///   - examples: how many of them, from the first, permutations are judged by. Batch normalisation has each batch's own statistics there.
    ///   - seed: of batches and of the orders of dimensions.
    ///   - memory: what the process may take.
    ///   - monitor: told of the progress; what it throws ends the work. Its journal keeps the state.
    /// - Throws: `Diverged`; what the loss and the monitor throw.
    public init(
        _ settings: Settings, from start: [[Int]], _ symmetry: PermutationSymmetry, of second: Model, to first: Model,
        on data: Dataset, examples: Int, seed: UInt64 = 0, memory: MemoryBudget = MemoryBudget(),
        monitor: Monitor = .silent
    ) throws {
        let network = first.network, size = first.loss.fixedBatch ?? settings.batchSize
        let batches = try BatchGradient(
            network: network, data: data, loss: first.loss, batchSize: size, precision: first.metadata.precision,
            memory: memory)
        let judged = try data.prefix(min(data.count, max(examples, first.loss.fixedBatch ?? 2)))
        let hasBuffers = network.buffers.count > 0
        let objective = try first.objective(
            judged, batchNorm: hasBuffers ? .batch : .stored,
            batchSize: hasBuffers ? ObjectiveError.normalizableBatch(of: judged.count, most: size) : nil, memory: memory
        )
        objective.betweenBatches = { try monitor.check(batch: $0, of: $1) }
        var scores = WeightScores(symmetry, second.theta, network.parameters)
        func half(_ permutations: [[Int]]) -> [Double] {
            var point = scores.aligned(by: permutations)
            for i in point.indices { point[i] = 0.5 * (first.theta[i] + point[i]) }
            return point
        }
        func loss(_ permutations: [[Int]]) throws -> Double {
            let loss = try objective.evaluate(at: half(permutations)).loss
            return loss.isNaN ? .infinity : loss
        }
        steps = settings.steps
        let kept = monitor.journal.map {
            ($0, Alignment.key("\(settings) \(start) \(seed) \(judged.count)", first, second, data))
        }
        func keep(_ state: State, isLast: Bool) { kept.map { $0.keepState(state.numbers, under: $1, isLast: isLast) } }
        var state: State
        if let earlier = kept.flatMap({ $0.numbers(of: $1) }).flatMap({
            State($0, start, parameters: first.theta.count, steps: settings.steps)
        }) {
            state = earlier
        } else {
            state = State(start, first.theta, loss: try loss(start))
        }
        let interval = max(1, settings.steps / Self.judgements)
        let random = RandomNumbers(seed: seed).named("straight through")
        var sequence = BatchSequence(count: data.count, batchSize: batches.batchSize, seed: seed, dropsLast: true)
        var gradient = Vectors.zeros(first.theta.count)
        while state.step < settings.steps {
            do {
                try monitor.update(
                    "refinement", state.step, of: settings.steps, "loss half way \(Format.short(state.after))")
            } catch {
                keep(state, isLast: true)
                throw error
            }
            state.current = try DimensionDescent.run(
                from: state.current, random.named("\(state.step)"),
                scores: { try scores.of($0, state.theta, $1) }, progress: { try monitor.check() }
            ).permutations
            if state.step % interval == 0 || state.step == settings.steps - 1 { try state.judge(loss) }
            let batch = try batches.evaluate(
                at: half(state.current), examples: sequence.batch(state.step), gradient: &gradient)
            guard batch.loss.isFinite, Vectors.norm(gradient).isFinite else { throw Diverged(step: state.step) }
            // Half of the gradient half way is that by πB.
            Vectors.scale(&state.velocity, by: settings.momentum)
            Vectors.add(0.5, gradient, to: &state.velocity)
            Vectors.add(-settings.learningRate, state.velocity, to: &state.theta)
            guard Vectors.norm(state.theta) < 1e100 else { throw Diverged(step: state.step) }
            state.step += 1
            keep(state, isLast: false)
        }
        permutations = state.best
        losses = (state.before, state.after)
        tried = state.tried
    }
}

/// How far the training has come.
private struct State {
    var step = 0
    /// θ̃ and the momentum's vector.
    var theta: [Double], velocity: [Double]
    /// The last permutations, and those with the smallest loss.
    var current: [[Int]], best: [[Int]]
    var before: Double, after: Double
    var tried = 1

    init(_ start: [[Int]], _ theta: [Double], loss: Double) {
        (self.theta, velocity) = (theta, Vectors.zeros(theta.count))
        (current, best) = (start, start)
        (before, after) = (loss, loss)
    }

    mutating func judge(_ loss: ([[Int]]) throws -> Double) throws {
        guard current != best else { return }
        let value = try loss(current)
        tried += 1
        if value < after { (best, after) = (current, value) }
    }

    var numbers: [Double] {
        [Double(step), Double(tried), before, after] + theta + velocity + (current + best).joined().map(Double.init)
    }

    /// Nil where numbers are not those of such a state.
    init?(_ numbers: [Double], _ start: [[Int]], parameters: Int, steps: Int) {
        let units = start.reduce(0) { $0 + $1.count }
        guard numbers.count == 4 + 2 * parameters + 2 * units, let step = Int(exactly: numbers[0]),
            (0...steps).contains(step), let tried = Int(exactly: numbers[1])
        else { return nil }
        var place = 4
        func take(_ count: Int) -> ArraySlice<Double> {
            defer { place += count }
            return numbers[place..<place + count]
        }
        (theta, velocity) = (Array(take(parameters)), Array(take(parameters)))
        func permutations() -> [[Int]]? {
            var found: [[Int]] = []
            for one in start {
                let units = take(one.count).map { Int(exactly: $0) ?? -1 }
                guard units.sorted() == Array(one.indices) else { return nil }
                found.append(units)
            }
            return found
        }
        guard let current = permutations(), let best = permutations() else { return nil }
        (self.step, self.tried, self.current, self.best) = (step, tried, current, best)
        (before, after) = (numbers[2], numbers[3])
    }
}
