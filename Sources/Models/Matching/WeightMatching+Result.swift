import ArrayFiles
import Essentials
import ONNX

extension WeightMatching {
    /// Why tensors do not fit.
    struct Failure: Error, Equatable {
        /// Tensors of the model that the file lacks, and of the file that the model lacks.
        var missing: [String], unexpected: [String]
        /// Why, or what to do.
        var reason: String

        /// Names do not fit, nor does order.
        static func byOrderNeither(missing: [String], unexpected: [String]) -> Failure {
            let projects = unexpected.contains { $0.contains("shortcut.") || $0.contains("downsample.") }
            return Failure(
                missing: missing, unexpected: unexpected,
                reason: "By order they do not fit either: numbers or shapes differ"
                    + (projects ? "; the file has projections on its shortcuts, as model resnet…:B" : ""))
        }

        /// Names fit, but a shape does not.
        static func shape(of source: Given, expected: [Int]) -> Failure {
            Failure(
                missing: [], unexpected: [],
                reason: "Every name fits, but '\(source.name)' has shape \(source.shape), expected \(expected)")
        }
    }

    /// Refuses weights of which an architecture lacks one.
    mutating func checkArchitecture() throws(Failure) {
        if let failure, places.isEmpty { throw failure }
    }

    /// Refuses weights that a graph lacks one of, or that it may have been meant to have one more of.
    mutating func checkGraph() throws(Failure) {
        let copies = copiesOfMatched, missing = self.missing
        let unexpected = unused.filter { !copies.contains($0.name) }
        guard !missing.isEmpty || !unexpected.isEmpty else { return }
        if missing.isEmpty, isAsExported({ _ in true }) {
            notes.append(
                "ignored \(unexpected.map(\.name).shown): the graph was exported with these weights and does not read them"
            )
            return
        }
        throw Failure(
            missing: missing.map { "\($0.name.shown) \($0.shape.shown)" },
            unexpected: unexpected.map { "\($0.name.shown) \($0.shape.shown)" },
            reason: advice(missing, unexpected))
    }

    private func advice(_ missing: [WantedTensor], _ unexpected: [Given]) -> String {
        let export =
            "export it with torch.onnx.export(…, dynamo=True, optimize=False), or dynamo=False, do_constant_folding=False"
        if let tensor = missing.first(where: { tensor in unexpected.contains { $0.name == tensor.name } }) {
            return
                "'\(tensor.name.shown)' has another shape in the graph than in the weights; export the graph of the module that these weights belong to"
        }
        if let statistic = unexpected.first(where: { StateNames.isStatistic($0.name) }),
            !wanted.contains(where: \.isStatistic)
        {
            return
                "The graph has no batch normalisation \(StateNames.split(statistic.name).module.shown): exporters fold it into the convolutions before it. Keep it in the graph: \(export)"
        }
        if missing.isEmpty {
            return
                "Exporters fold tensors into others and share tensors of equal numbers, as a fresh network has. Load these weights into the module before you export it, and \(export); remove tensors that the graph does not need from the weights"
        }
        return
            "Exporters rename tensors and fold some into others. Take the module of these weights and \(export), which keep its tensors; --freeze tensors that the weights do not have, and they keep the graph's values"
    }

    /// Notes for each kind of evidence how many of a graph's tensors were found by it, with an example that is not evident.
    mutating func describe() {
        for kind in Evidence.allCases {
            let found = wanted.filter { evidence[$0.name] == kind }
            let example =
                found.first { places[$0.name]?.isTransposed ?? false }
                ?? found.first { places[$0.name]?.source != $0.name }
            guard let example, let place = places[example.name] else { continue }
            notes.append(
                "\(found.count) weight\(found.count == 1 ? " was" : "s were") matched \(kind.words): '\(place.source.shown)' is "
                    + "'\(example.name.shown)'\(place.isTransposed ? ", transposed" : "")"
                    + (found.count > 1 ? ", and so on" : ""))
        }
    }
}

extension WeightMatching.Evidence {
    /// As notes say it.
    fileprivate var words: String {
        switch self {
        case .name: "by name"
        case .numbers: "by their numbers"
        case .exporterNotes: "by what the exporter noted of them"
        case .order: "by order, every shape fitting"
        }
    }
}
