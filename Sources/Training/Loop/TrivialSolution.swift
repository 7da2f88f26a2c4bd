import Datasets
import Essentials

/// The finding that a network gives (almost) the same answer for every input, which is what SAM with too large a radius ρ and
/// SGD with too large a learning rate end in.
struct TrivialSolution: Equatable {
    enum Finding: Equatable {
        /// The largest range of an output over the examples, relative to the outputs' largest size (or 1).
        case equalOutputs(spread: Double)
        /// The one class that every example is taken for.
        case oneClass(Int)
        /// 1 − Σr²/Σ(y − ȳ)²: the share of the targets' variance that the outputs explain.
        case unexplained(share: Double)
    }

    let finding: Finding

    /// Below these, outputs count as equal and variance as unexplained: a collapsed network still trembles a little.
    static let leastSpread = 1e-3, leastShare = 0.05

    /// Examples enough to see whether outputs differ, evenly spread.
    static func sample(of count: Int) -> [Int] {
        Array(stride(from: 0, to: count, by: max(1, count / 1000)))
    }

    /// Nil where the answers depend on the input as they should, or where all targets are the same.
    ///
    /// - Parameter outputs: of the examples that the targets are of, examples × `width`.
    init?(outputs: [Double], width: Int, targets: Dataset.Targets) {
        let count = outputs.count / width
        guard count > 1 else { return nil }
        switch targets {
        case .classes(let labels, _):
            // Labels of elements are answers to another question at each.
            guard labels.count == count, Set(labels).count > 1 else { return nil }
            let answers = Set(
                (0..<count).map { row in (0..<width).max { outputs[row * width + $0] < outputs[row * width + $1] } ?? 0
                })
            if let spread = Self.spread(outputs, width), spread < Self.leastSpread {
                finding = .equalOutputs(spread: spread)
            } else if let answer = answers.first, answers.count == 1 {
                finding = .oneClass(answer)
            } else {
                return nil
            }
        case .none: return nil
        case .values(let values, _):
            guard values.count == outputs.count else { return nil }
            var residual = 0.0, variance = 0.0
            for column in 0..<width {
                let mean = (0..<count).reduce(0) { $0 + values[$1 * width + column] } / Double(count)
                for row in 0..<count {
                    let (target, output) = (values[row * width + column], outputs[row * width + column])
                    residual += (target - output) * (target - output)
                    variance += (target - mean) * (target - mean)
                }
            }
            guard variance > 0, 1 - residual / variance < Self.leastShare else { return nil }
            finding = .unexplained(share: 1 - residual / variance)
        }
    }

    private static func spread(_ outputs: [Double], _ width: Int) -> Double? {
        var range = 0.0, size = 1.0
        for column in 0..<width {
            let values = stride(from: column, to: outputs.count, by: width).map { outputs[$0] }
            guard let low = values.min(), let high = values.max() else { return nil }
            range = max(range, high - low)
            size = max(size, abs(low), abs(high))
        }
        return range / size
    }

    func warning(_ configuration: TrainingConfiguration) -> String {
        let what =
            switch finding {
            case .equalOutputs(let spread): "its outputs differ by only \(spread) of their size from example to example"
            case .oneClass(let answer): "it takes every example for class \(answer)"
            case .unexplained(let share): "its outputs explain a share of \(share) of the targets' variance"
            }
        let advice =
            configuration.optimizer.ascends
            ? "SAM does that when the radius is too large: try a smaller --rho (such as \(Format.short(configuration.smallerRadius))) or --lr"
            : "try another --lr (smaller, or larger if it has hardly moved) or more --epochs"
        return "the network is at the trivial solution, the same output for every input: \(what); \(advice)"
    }
}
