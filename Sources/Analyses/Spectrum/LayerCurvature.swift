import MatrixFree
import Networks
import Objectives
import Tensors

/// The curvature of one parameter tensor alone: its diagonal block of H.
public struct LayerCurvature: Sendable, Codable {
    /// The tensor's name and shape.
    public let name: String, shape: [Int]
    /// λmax of the block, algebraic, and ‖Hv − λv‖ within the block.
    public let largestEigenvalue: Double, residual: Double
    /// Whether the eigenvalue reached the tolerance.
    public let converged: Bool
    /// The trace of the block.
    public let trace: StochasticEstimate

    enum CodingKeys: String, CodingKey {
        case name, shape, residual, converged, trace
        case largestEigenvalue = "largest_eigenvalue"
    }

    /// Blocks of at most so many parameters are computed whole, a product a parameter: about what Lanczos takes for the eigenvalue
    /// alone, and the trace is exact then.
    public static let smallBlock = 16
    /// Columns that are computed at once.
    private static let columnsAtOnce = 4

    /// All tensors of a network, in order, and the products made.
    ///
    /// - Parameters:
    ///   - tolerance: of the residual relative to |λ|; 1e-3, ours.
    ///   - maximumProducts: for each tensor's eigenvalue.
    ///   - probes: for the traces of all tensors together (`blockTraces`).
    ///   - progress: called before every product or so with the tensors done; what it throws ends the work.
    public static func all(
        _ curvature: CurvatureOperator, _ layout: ParameterLayout, tolerance: Double = 1e-3,
        maximumProducts: Int = 200, probes: Int = 30, memoryLimit: Int = MemoryBudget.forSpeed,
        seed: UInt64 = 0,
        rounding: Double = 0x1p-52, progress: (_ done: Int, _ count: Int) throws -> Void = { _, _ in }
    ) throws -> (layers: [LayerCurvature], products: Int) {
        let ranges = layout.tensors.indices.map(layout.range)
        let large = ranges.filter { $0.count > smallBlock }
        var products = large.isEmpty ? 0 : probes
        var traces: [StochasticEstimate] = []
        if !large.isEmpty {
            traces = try BlockTraces(probes: probes, seed: seed).run(curvature, blocks: large) { _ in
                try progress(0, ranges.count)
            }
        }
        traces.reverse()
        var layers: [LayerCurvature] = []
        for (index, tensor) in layout.tensors.enumerated() {
            try progress(index, ranges.count)
            guard ranges[index].count > smallBlock else {
                layers.append(try LayerCurvature(whole: DiagonalBlock(curvature, ranges[index]), tensor))
                products += ranges[index].count
                continue
            }
            let found = try Lanczos(
                largest: 1, tolerance: tolerance, maximumProducts: maximumProducts, memoryLimit: memoryLimit,
                seed: seed, rounding: rounding, eigenvectors: false
            ).run(DiagonalBlock(curvature, ranges[index]))
            products += found.products
            let top = found.largest[0]
            layers.append(
                LayerCurvature(
                    name: tensor.name, shape: tensor.shape, largestEigenvalue: top.value, residual: top.residual,
                    converged: top.converged, trace: traces.removeLast()))
        }
        return (layers, products)
    }
}

extension LayerCurvature {
    /// From all columns of a block.
    private init(whole block: some LinearOperator, _ tensor: TensorSpecification) throws {
        let count = block.dimension
        var columns: [[Double]] = []
        for first in stride(from: 0, to: count, by: Self.columnsAtOnce) {
            columns += try block.apply(
                block: (first..<min(first + Self.columnsAtOnce, count)).map { i in
                    (0..<count).map { $0 == i ? 1 : 0 }
                })
        }
        let matrix = SymmetricMatrix(dimension: count, elements: columns.flatMap { $0 })
        let (values, vectors) = try matrix.eigendecomposition()
        let (value, vector) = (values[count - 1], vectors[count - 1])
        var product = [Double](repeating: 0, count: count)
        for (x, column) in zip(vector, columns) { Vectors.add(x, column, to: &product) }
        (name, shape) = (tensor.name, tensor.shape)
        (largestEigenvalue, converged) = (value, true)
        residual = Vectors.norm(Vectors.sum(product, -value, vector))
        trace = StochasticEstimate(exact: (0..<count).reduce(0) { $0 + columns[$1][$1] })
    }
}
