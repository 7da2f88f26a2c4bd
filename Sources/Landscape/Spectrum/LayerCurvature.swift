import MatrixFree
import Networks
import Objectives

/// The curvature of one parameter tensor alone: its diagonal block of H.
public struct LayerCurvature: Sendable, Codable {
    /// The tensor's name and shape.
    public let name: String, shape: [Int]
    /// λmax of the block, algebraic, and ‖Hv − λv‖ within the block.
    public let largestEigenvalue: Double, residual: Double
    public let converged: Bool
    public let trace: StochasticEstimate

    enum CodingKeys: String, CodingKey {
        case name, shape, residual, converged, trace
        case largestEigenvalue = "largest_eigenvalue"
    }

    /// All tensors of a network, in order, and the products made.
    ///
    /// - Parameters:
    ///   - tolerance: of the residual relative to |λ|; 1e-3, ours.
    ///   - maximumProducts: for each tensor's eigenvalue.
    ///   - probes: for the traces of all tensors together (`blockTraces`).
    ///   - progress: called before every product or so with the tensors done; what it throws ends the work.
    public static func all<O: Objective>(
        _ curvature: CurvatureOperator<O>, _ layout: ParameterLayout, tolerance: Double = 1e-3,
        maximumProducts: Int = 200, probes: Int = 30, memoryLimit: Int = 1 << 30, seed: UInt64 = 0,
        rounding: Double = 0x1p-52, progress: (_ done: Int, _ count: Int) throws -> Void = { _, _ in }
    ) throws -> (layers: [LayerCurvature], products: Int) {
        let ranges = layout.tensors.indices.map(layout.range)
        var products = probes
        let traces = try blockTraces(curvature, blocks: ranges, probes: probes, seed: seed) { _ in
            try progress(0, ranges.count)
        }
        var layers: [LayerCurvature] = []
        for (index, tensor) in layout.tensors.enumerated() {
            try progress(index, ranges.count)
            let found = try lanczos(
                DiagonalBlock(curvature, ranges[index]), largest: 1, tolerance: tolerance,
                maximumProducts: maximumProducts, memoryLimit: memoryLimit, seed: seed, rounding: rounding,
                eigenvectors: false)
            products += found.products
            let top = found.largest[0]
            layers.append(
                LayerCurvature(
                    name: tensor.name, shape: tensor.shape, largestEigenvalue: top.value, residual: top.residual,
                    converged: top.converged, trace: traces[index]))
        }
        return (layers, products)
    }
}
