import Essentials

/// Which of a model's outputs is looked at, and as what.
package struct OutputChoice: Sendable, Equatable {
    /// Whether an output is the loss itself.
    package var isLoss = false
    /// The name of that loss; nil for the first output of real numbers.
    package var loss: String?
    /// The output that the loss is computed of; of an output that is the loss, the one through which parameters reach it.
    package var prediction: String?

    /// The first output of real numbers, as what a loss is computed of.
    package init() {}

    /// The names of what is looked at, and of the prediction of a loss.
    func outputs(
        of declared: [ONNXModel.ValueInfo], _ notes: inout [String]
    ) throws(ONNXError) -> (output: String, prediction: String?) {
        guard !declared.isEmpty else { throw .notONNX("it has no output") }
        func named(_ name: String, _ option: String) throws(ONNXError) -> String {
            guard declared.contains(where: { $0.name == name }) else {
                throw .outputs(wanted: "'\(name)' (\(option))", found: declared.map(\.name))
            }
            return name
        }
        if isLoss {
            let output = try loss.map { (name) throws(ONNXError) in try named(name, "--loss output:NAME") }
            let prediction = try prediction.map { (name) throws(ONNXError) in try named(name, "--prediction") }
            if let output {
                guard output != prediction else {
                    throw .outputs(
                        wanted: "another output than the loss '\(output)' (--prediction)", found: declared.map(\.name))
                }
                return (output, prediction)
            }
            let others = declared.filter { $0.name != prediction }
            return (try Self.first(others, declared, "--loss output:NAME", &notes), prediction)
        }
        if let prediction { return (try named(prediction, "--prediction"), nil) }
        return (try Self.first(declared, declared, "--prediction NAME", &notes), nil)
    }

    /// The first output of real numbers; of a file that does not say what its outputs are, the first.
    private static func first(
        _ outputs: [ONNXModel.ValueInfo], _ all: [ONNXModel.ValueInfo], _ option: String, _ notes: inout [String]
    ) throws(ONNXError) -> String {
        let real = outputs.first { $0.isTensor && $0.isReal } ?? outputs.first { $0.isTensor && $0.elementType == 0 }
        guard let real else {
            throw .outputs(
                wanted:
                    "one of real numbers in a tensor; export scores or logits (of scikit-learn with options={'zipmap': False})",
                found: all.map { output in
                    "\(output.name) (\(!output.isTensor ? "a sequence or map" : output.isReal ? "real numbers" : "whole numbers"))"
                })
        }
        if all.count > 1 {
            let isFirst = real.name == all[0].name
            notes.append(
                "the model has \(all.count) outputs (\(all.map(\.name).shown)); the first\(isFirst ? "" : " of real numbers"), '\(real.name.shown)', is taken; \(option) takes another"
            )
        }
        return real.name
    }
}
