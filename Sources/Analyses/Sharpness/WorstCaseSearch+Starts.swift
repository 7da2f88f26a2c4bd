import MatrixFree
import Objectives
import Tensors

/// Where the search starts.
extension WorstCaseSearch {
    /// A name and the point, which is made or taken from its shelf when it is asked for.
    struct Start {
        let name: String
        let z: () -> [Double]
    }

    private static let smallerRadius = "smaller-radius"

    /// Where to climb from: the best of a smaller ball, then the others by their losses, the highest first. Of more starts than are to
    /// climb, those of the highest losses.
    ///
    /// - Returns: the starts, and from how many classes some were made.
    func starts(
        _ ascent: inout Ascent, oneStep: [Double], eigenvectors: [[Double]], _ quadratic: QuadraticMaximum?,
        _ smaller: WorstCaseSharpness?, _ objective: any Objective, at theta: [Double]
    ) throws -> (starts: [Start], classes: Int) {
        var highest = Highest(most: max(Self.climbing, restarts))
        func add(_ name: String, _ z: [Double]) throws {
            // The best ε of a smaller ball always climbs.
            let shelved = try shelf.put(z)
            try highest.add(
                Start(name: name) { shelved.vector },
                increase: name == Self.smallerRadius ? .infinity : ascent.increase(z))
        }
        func addBoth(_ name: String, along slope: [Double]) throws {
            try add(name + "+", ball.farthest(along: slope))
            try add(name + "-", ball.farthest(along: slope.map { -$0 }))
        }
        try add("gradient", oneStep)
        for (i, vector) in eigenvectors.enumerated() {
            try addBoth(i == 0 ? "top-eigenvector" : "eigenvector-\(i + 1)", along: vector)
        }
        if let quadratic { try add("trust-region", ball.projection(quadratic.maximizer)) }
        if let smaller { try add(Self.smallerRadius, ball.projection(smaller.coordinates)) }
        let classes = try forEachClass(objective, at: theta) { try addBoth("class-\($0)", along: $1) }
        for i in 0..<max(0, restarts) {
            let name = "random-\(i + 1)"
            try add(name, random(name, oneStep.count))
        }
        return (highest.starts, classes)
    }

    /// Gives ∂L/∂z at θ of the mean over each class alone, one after another. Against it all examples move towards that class, which
    /// is where many worst cases are. Together they cost about one gradient.
    ///
    /// - Returns: of how many classes the slope was computed.
    func forEachClass(
        _ objective: any Objective, at theta: [Double], _ body: (_ number: Int, _ slope: [Double]) throws -> Void
    ) throws -> Int {
        guard classes > 0, let whole = objective as? any ExampleObjective, whole.hasParts else { return 0 }
        let examples = whole.classes
        let present = examples.indices.filter { !examples[$0].isEmpty }
        // Of one class the mean is the loss itself.
        guard present.count > 1 else { return 0 }
        let chosen = RandomNumbers(seed: seed).named("classes").permutation(present.count).prefix(classes)
        for number in chosen.map({ present[$0] }).sorted() {
            let part = try whole.restricted(to: Array(examples[number].prefix(Self.examplesOfClass)))
            let slope = ball.scaled(try part.valueAndGradient(at: theta).gradient)
            // Such slopes have no direction.
            if slope.allSatisfy(\.isFinite), slope.contains(where: { $0 != 0 }) { try body(number, slope) }
        }
        return chosen.count
    }

    /// Of starts that come one by one, those of the highest losses: no more are held.
    struct Highest {
        let most: Int
        private var held: [(start: Start, increase: Double)] = []

        init(most: Int) { self.most = most }

        /// The highest first; of equal ones the first to come.
        var starts: [Start] {
            held.indices.sorted { (held[$1].increase, $0) < (held[$0].increase, $1) }.map { held[$0].start }
        }

        /// - Parameter increase: of a start's loss. What is not finite counts as high, because its climb begins nearer to θ.
        mutating func add(_ start: Start, increase: Double) {
            held.append((start, increase.isFinite ? increase : .infinity))
            guard held.count > most else { return }
            // Of equal ones the first stay.
            var lowest = 0
            for i in held.indices where held[i].increase <= held[lowest].increase { lowest = i }
            held.remove(at: lowest)
        }
    }
}
