import Datasets

/// The finding that a network gives (almost) the same for every input, which is what SAM with too large a radius ρ and SGD
/// with too large a learning rate end in.
struct TrivialSolution: Equatable {
    /// Largest range of an output over the examples, as a share of the scale it is measured by.
    let spread: Double
    /// The accuracy, where it is that of always naming the commonest class.
    let majorityShare: Double?

    /// Shares of scale below which outputs count as equal: of the targets' range for regression, where a collapsed network
    /// still trembles; of the outputs' largest size (or 1) for classes.
    static let regressionThreshold = 0.05, classThreshold = 1e-3

    /// Examples enough to see whether outputs differ, evenly spread.
    static func sample(of count: Int) -> [Int] {
        let step = max(1, count / 1000)
        return Array(stride(from: 0, to: count, by: step))
    }

    /// Nil where the outputs depend on the input as they should.
    ///
    /// - Parameters:
    ///   - outputs: of a sample of examples, examples × `width`.
    ///   - targets: of the whole split.
    ///   - accuracy: over the whole split; nil for regression.
    init?(outputs: [Double], width: Int, targets: Dataset.Targets, accuracy: Double?) {
        let examples = outputs.count / width
        var range = 0.0, size = 0.0
        for output in 0..<width {
            let values = (0..<examples).map { outputs[$0 * width + output] }
            guard let low = values.min(), let high = values.max() else { return nil }
            range = max(range, high - low)
            size = max(size, abs(low), abs(high))
        }
        var isConstant: Bool, majority: Double?
        switch targets {
        case .values(let values, _):
            guard let low = values.min(), let high = values.max(), high > low else { return nil }
            spread = range / (high - low)
            isConstant = spread < Self.regressionThreshold
        case .classes(let labels, let count):
            var counts = [Int](repeating: 0, count: count)
            for label in labels { counts[Int(label)] += 1 }
            let share = Double(counts.max() ?? 0) / Double(labels.count)
            guard share < 1 else { return nil }  // one class only: a constant is right
            spread = range / max(1, size)
            isConstant = spread < Self.classThreshold
            if let accuracy, accuracy == share { majority = share }
        }
        guard examples > 1, isConstant || majority != nil else { return nil }
        majorityShare = majority
    }

    func warning(_ configuration: TrainingConfiguration) -> String {
        let finding =
            majorityShare.map { "its accuracy \($0) is that of always naming the commonest class" }
            ?? "its outputs differ by only \(spread) of their scale from example to example"
        let advice =
            configuration.optimizer.ascends
            ? "SAM does that when the radius is too large: try a smaller --rho (such as \(configuration.rho / 2)) or --lr"
            : "try another --lr (smaller, or larger if it has hardly moved) or more --epochs"
        return "the network has collapsed to the trivial solution, the same output whatever the input: \(finding); \(advice)"
    }
}
