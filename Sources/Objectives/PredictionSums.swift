import Datasets
import Essentials
import Networks
import Tensors

/// Sums over examples of what a network predicts (`Network.Built.predictions`), each prediction a row for each unit, in evaluation mode.
package struct PredictionSums {
    private let objective: NetworkObjective
    /// Examples that are summed over.
    package var examples: Int { objective.examples }

    /// - Parameters:
    ///   - statistics: the network's buffers.
    ///   - data: whose targets have no part in it.
    ///   - task: what the monitor is told of.
    /// - Throws: `ObjectiveError` where the data do not fit the network.
    package init(
        _ network: Network, statistics: [Double], on data: Dataset, _ precision: Precision, memory: MemoryBudget,
        task: String, monitor: Monitor
    ) throws {
        var subject = Loss.OutputLoss.Subject.example
        if let size = network.onlyBatch {
            guard data.count >= size else { throw ObjectiveError.batchUnbuildable(batch: data.count, only: size) }
            subject = .batch(size)
        }
        objective = try NetworkObjective(
            network: network, statistics: statistics,
            data: Dataset(name: data.name, arrays: data.arrays, targets: .none),
            loss: Loss(.output(.init(name: nil, subject: subject))), precision: precision, memory: memory)
        objective.betweenBatches = { done, count in
            try monitor.update(task, done, of: count)
            try monitor.check(batch: done, of: count)
        }
    }

    /// Sums over batches of what is made of their predictions, in Float64 and in a fixed order.
    ///
    /// - Parameters:
    ///   - numbers: how many each batch adds to.
    ///   - add: adds what a batch's predictions give.
    package func sums(
        at theta: [Double], numbers: Int, add: ([[Double]], inout [Double]) throws -> Void
    ) throws -> [Double] {
        var failure: (any Error)?
        let sums = try objective.predictionSums(at: theta, numbers: numbers) { predictions, sums in
            do { try add(predictions, &sums) } catch { failure = error }
        }
        if let failure { throw failure }
        return sums
    }

    /// Adds Σz of each row to the numbers from a place on, and Σz² to those from another.
    package static func addMoments(_ rows: [Double], units: Int, to sums: inout [Double], _ place: Int, _ squares: Int)
    {
        let width = rows.count / units
        for row in 0..<units {
            var sum = 0.0, square = 0.0
            for value in rows[row * width..<(row + 1) * width] {
                sum += value
                square += value * value
            }
            sums[place + row] += sum
            sums[squares + row] += square
        }
    }

    /// The variance of numbers with a mean and a mean square; 0 where it is not told from rounding, 1e-12 of the mean square, ours.
    package static func variance(mean: Double, square: Double) -> Double {
        let variance = square - mean * mean
        return variance > 1e-12 * square ? variance : 0
    }
}

extension ModelLoss {
    /// Sums over this loss's examples of what a network of the model's tensors predicts.
    package func predictionSums(of network: Network, task: String, monitor: Monitor) throws -> PredictionSums {
        try PredictionSums(
            network, statistics: statistics, on: data, settings.precision, memory: memory, task: task, monitor: monitor)
    }
}
