import Datasets
import Networks

/// How much each example of a data set counts in the mean of a loss: the sum of its elements' weights, and how many of its elements count
/// at all. A mean over examples of which some have no label, or several, is over these.
struct ElementCounts: Sendable {
    /// n.
    let examples: Int
    /// For each example the sum of its elements' weights; nil where each counts 1.
    private let weights: [Double]?
    /// For each example how many of its elements have a class that counts; nil where each has one.
    private let classified: [Double]?
    /// The sum of all weights.
    let total: Double

    /// - Throws: `ObjectiveError.data(.nothingCounts)` where all weights are 0.
    init(_ data: Dataset, _ loss: Loss, _ layout: LossLayout) throws(ObjectiveError) {
        examples = data.count
        let elements = layout.elements
        let isPlain =
            loss.takesClasses
            ? elements == 1 && !layout.isWeighted && loss.classWeights.isEmpty : !layout.isWeighted
        guard !isPlain else {
            (weights, classified) = (nil, nil)
            var counting = examples
            // What is left of a last batch is no batch.
            if let size = loss.fixedBatch { counting = examples / size * size }
            guard counting > 0 else {
                throw .data(.unsuitable(expected: "at least one whole batch of examples", found: "\(examples)"))
            }
            total = Double(counting)
            return
        }
        var weights = [Double](repeating: 0, count: examples), classified = weights
        var row = [Double](repeating: 1, count: elements)
        for example in 0..<examples {
            if layout.isWeighted {
                row.withUnsafeMutableBufferPointer { Self.weights(of: example, data, loss, layout, $0) }
            }
            var sum = 0.0, count = 0.0
            for element in 0..<elements where row[element] > 0 {
                count += 1
                var weight = row[element]
                if layout.target == .classes, !loss.classWeights.isEmpty, case .classes(let labels, _) = data.targets {
                    weight *= loss.classWeights[Int(labels[example * elements + element])]
                }
                sum += weight
            }
            (weights[example], classified[example]) = (sum, count)
        }
        total = weights.reduce(0, +)
        guard total > 0 else { throw .data(.nothingCounts) }
        (self.weights, self.classified) = (weights, loss.takesClasses ? classified : nil)
    }

    /// The sum of the weights of some examples.
    func weight(of examples: some Collection<Int>) -> Double {
        guard let weights else { return Double(examples.count) }
        return examples.reduce(0) { $0 + weights[$1] }
    }

    /// How many elements of some examples have a class that counts.
    func classified(of examples: some Collection<Int>) -> Double {
        guard let classified else { return Double(examples.count) }
        return examples.reduce(0) { $0 + classified[$1] }
    }

    /// The weight of each element of an example, 0 for labels that do not count.
    static func weights(
        of example: Int, _ data: Dataset, _ loss: Loss, _ layout: LossLayout,
        _ target: UnsafeMutableBufferPointer<Double>
    ) {
        let elements = layout.elements
        for element in 0..<elements { target[element] = 1 }
        if let weights = data.weights {
            let width = weights.shape.reduce(1, *)
            // Weights of the first extents hold for all that lies within them.
            for element in 0..<elements {
                target[element] = weights.values[example * width + element * width / elements]
            }
        }
        if layout.target == .classes, case .classes(let labels, _) = data.targets {
            for element in 0..<elements where Int(labels[example * elements + element]) == loss.ignoreIndex {
                target[element] = 0
            }
        }
    }
}
