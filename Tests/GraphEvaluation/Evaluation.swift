import Autodiff
import Tensors

/// Runs a graph once on numbers given for its inputs.
public func evaluate(
    _ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], indices: [(Value, [Int32])] = [],
    _ precision: Precision = .double
) -> [[Double]] {
    evaluate(Executable(graph, outputs: outputs, precision: precision), outputs, inputs, indices: indices)
}

public func evaluate(
    _ executable: Executable, _ outputs: [Value], _ inputs: [(Value, [Double])], indices: [(Value, [Int32])] = []
) -> [[Double]] {
    let run = GraphRun(executable)
    for (input, numbers) in inputs { run.bind(input, numbers) }
    for (input, numbers) in indices { run.bind(input, indices: numbers) }
    run.run()
    return outputs.map(run.numbers)
}
