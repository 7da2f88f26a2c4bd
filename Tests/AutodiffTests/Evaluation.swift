import GraphEvaluation

@testable import Autodiff

/// Runs a graph once with kernels of one variant.
func evaluate(
    _ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], indices: [(Value, [Int32])] = [],
    kernels: Kernels
) -> [[Double]] {
    evaluate(Executable(graph, outputs: outputs, kernels: kernels), outputs, inputs, indices: indices)
}
