import Essentials
import Models
import Networks
import Objectives
import Tensors

/// Networks on the line between two whose units vary before the nonlinearity as theirs do: REPAIR (Jordan et al. 2022, arXiv 2211.08403), for layers
/// with a bias and without normalisation.
///
/// At every place t, one layer after another, each unit's weights are scaled and its bias is moved, so that over the data its mean is (1 − t) μ_A + t μ_B
/// and its standard deviation (1 − t) σ_A + t σ_B. A unit that does not vary is moved alone. The networks themselves stay as they are.
struct VarianceCorrection {
    private struct Statistics {
        let means: [Double], deviations: [Double]
    }

    private let layout: ParameterLayout
    private let layers: [(layer: PreactivationLayers.Layer, sums: PredictionSums)]
    private let ends: ([Double], [Double])
    /// Of A and B, for each layer.
    private let statistics: [(Statistics, Statistics)]

    /// - Throws: `UnusableRequest` where the network has other layers; what its outputs and the monitor throw.
    init(_ loss: ModelLoss, to other: Model, monitor: Monitor) throws {
        let network = loss.model.network, found: PreactivationLayers
        do { found = try PreactivationLayers(of: network) } catch {
            throw UnusableRequest(
                "--repair: '\(error.name)' of \(loss.name) belongs to no single layer of weight and bias; expected linear and convolutional layers with a bias, without normalisation"
                    + (network.buffers.count > 0
                        ? "; statistics of batch normalisation are measured anew with --batchnorm recalibrate" : ""))
        }
        layout = network.parameters
        ends = (loss.theta, other.theta)
        layers = try found.layers.map { layer in
            (layer, try loss.predictionSums(of: layer.network, task: "variances", monitor: monitor))
        }
        let (layout, a, b) = (layout, loss.theta, other.theta)
        statistics = try layers.map { (try Self.measure($0, layout, a), try Self.measure($0, layout, b)) }
    }

    private static func measure(
        _ one: (layer: PreactivationLayers.Layer, sums: PredictionSums), _ layout: ParameterLayout, _ theta: [Double]
    ) throws -> Statistics {
        let units = layout.tensors[one.layer.bias].count
        let sums = try one.sums.sums(at: theta, numbers: 1 + 2 * units) { rows, sums in
            sums[0] += Double(rows[0].count / units)
            PredictionSums.addMoments(rows[0], units: units, to: &sums, 1, 1 + units)
        }
        let means = (0..<units).map { sums[1 + $0] / sums[0] }
        let deviations = means.enumerated().map {
            PredictionSums.variance(mean: $1, square: sums[1 + units + $0] / sums[0]).squareRoot()
        }
        return Statistics(means: means, deviations: deviations)
    }

    /// θ at t, exactly the networks themselves at 0 and 1.
    func point(_ t: Double) throws -> [Double] {
        var theta = PathProfile.line(from: ends.0, to: ends.1)(t)
        guard t != 0, t != 1 else { return theta }
        for (one, (a, b)) in zip(layers, statistics) {
            let layer = one.layer, found = try Self.measure(one, layout, theta)
            let shape = layout.tensors[layer.weight].shape, weights = layout.range(layer.weight)
            let inner = shape[(layer.axis + 1)...].reduce(1, *), units = shape[layer.axis]
            let scales = found.deviations.indices.map { unit in
                let wanted = (1 - t) * a.deviations[unit] + t * b.deviations[unit]
                return found.deviations[unit] > 0 ? wanted / found.deviations[unit] : 1
            }
            for (place, index) in weights.enumerated() { theta[index] *= scales[place / inner % units] }
            for (unit, index) in layout.range(layer.bias).enumerated() {
                let wanted = (1 - t) * a.means[unit] + t * b.means[unit]
                theta[index] = (theta[index] - found.means[unit]) * scales[unit] + wanted
            }
        }
        return theta
    }
}
