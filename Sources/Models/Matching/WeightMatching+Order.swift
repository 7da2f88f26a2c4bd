import ArrayFiles
import ONNX

/// Evidence of order: as many tensors on both sides, every shape the same.
extension WeightMatching {
    /// What is left of a graph's tensors, if the exporter did nothing to them but repeat them.
    mutating func matchRemainingInOrder() {
        guard holdsOtherWeights else { return }
        let left = missing, copies = copiesOfMatched
        var rest = unused.filter { !copies.contains($0.name) }
        if !isOrdered { rest = StateNames.inModuleOrder(rest) { $0.name } }
        let fit = zip(left, rest).allSatisfy { [.none, .repeated].contains($0.change) && $0.shape == $1.shape }
        guard left.count == rest.count, fit else { return }
        for (tensor, source) in zip(left, rest) { place(tensor, source, .order) }
    }

    /// All of an architecture's tensors, where names do not fit: parameters and statistics each in their order.
    mutating func matchAllInOrder() {
        guard places.isEmpty else { return }
        let own = wanted.partitioned(\.isStatistic)
        let theirs = given.partitioned { StateNames.isStatistic($0.name) }
        func pairs(_ order: ([Given]) -> [Given]) -> [(WantedTensor, Given)]? {
            var result: [(WantedTensor, Given)] = []
            for (wanted, given) in [(own.rest, order(theirs.rest)), (own.first, order(theirs.first))] {
                guard wanted.count == given.count, zip(wanted, given).allSatisfy({ $0.shape == $1.shape }) else {
                    return nil
                }
                result += zip(wanted, given)
            }
            return result
        }
        // Python's safetensors writes names in alphabetical order, so the order of modules is first taken from their numbers.
        guard let found = pairs({ StateNames.inModuleOrder($0, name: \.name) }) ?? pairs({ $0 }) else { return }
        for (tensor, source) in found { place(tensor, source, .order) }
        let example =
            wanted.first.map { "'\(places[$0.name]?.source ?? "")' as '\($0.name)'" } ?? ""
        notes.append(
            "names differ from the model's, so tensors were matched by order, every shape fitting: \(example) and so on"
        )
    }
}

extension Array {
    /// Those that satisfy the condition, and the others, both in order.
    fileprivate func partitioned(_ isFirst: (Element) -> Bool) -> (first: [Element], rest: [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
