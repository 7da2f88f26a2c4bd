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

        /// Names agree, but shapes do not.
        static func shape(of source: Given, _ tensor: WantedTensor) -> Failure {
            Failure(
                missing: [], unexpected: [],
                reason:
                    "'\(source.name.shown)' is '\(tensor.name.shown)' by its name, but has the shape \(source.shape.shown), expected \(tensor.shape.shown)"
            )
        }
    }

    /// Refuses weights that the model lacks one of, or that it may have been meant to have one more of.
    ///
    /// - Parameter namesAdvice: what to do where names alone count; nil where other evidence counts, too.
    func check(_ namesAdvice: String? = nil) throws(Failure) {
        let copies = copiesOfMatched, missing = self.missing
        let unexpected = unused.filter { !copies.contains($0.name) && !StateNames.isReplaced($0.name) }
        guard !missing.isEmpty || !unexpected.isEmpty else { return }
        if !isArchitecture, missing.isEmpty, isAsExported({ _ in true }) { return }
        let left = isArchitecture ? unexpected.sorted { $0.name < $1.name } : unexpected
        throw Failure(
            missing: missing.map { "\($0.name.shown) \($0.shape.shown)" },
            unexpected: left.map { "\($0.name.shown) \($0.shape.shown)" },
            reason: openReason ?? namesAdvice
                ?? (isArchitecture ? architectureAdvice(unexpected) : advice(missing, unexpected)))
    }

    /// Why tensors are open that could be matched in several ways; nil where there are none.
    private var openReason: String? {
        if let rival = rivals.first(where: { places[$0[0]] == nil }) {
            return
                "\(rival.dropFirst().map(\.shown).joined(separator: " and ")) could each be '\(rival[0].shown)'; save the weights of one model alone"
        }
        let cure =
            "rename them in the file as the model does"
            + (isArchitecture ? ", or export the module to ONNX and give that file as --model" : "")
        if !ambiguities.isEmpty {
            let pairs = ambiguities.prefix(3).map { open in
                open.given.count == 1
                    ? "nothing but the shape \(open.shape.shown), which others have too, says that \(open.given.shown) is \(open.wanted.shown)"
                    : "found \(open.given.shown) of shape \(open.shape.shown), each of which could be any of \(open.wanted.shown)"
            }
            return "Names do not say which tensor is which: \(pairs.joined(separator: "; ")). Order is no proof; "
                + cure
        }
        if isOutOfOrder {
            return "Names do not say which tensor is which, and the file has another order than the model; " + cure
        }
        return nil
    }

    private func architectureAdvice(_ unexpected: [Given]) -> String {
        let projects = unexpected.contains { $0.name.contains("shortcut.") || $0.name.contains("downsample.") }
        let hasKernels = unexpected.contains { StateNames.split($0.name).leaf == "kernel" }
        return "By shape they do not fit either: numbers or shapes differ"
            + (hasKernels
                ? "; a kernel is [inputs, outputs] in other libraries: save it as weight, [outputs, inputs]" : "")
            + (projects ? "; the file has projections on its shortcuts, as model resnet…:B" : "")
            + "; name the --model of these weights"
    }

    private func advice(_ missing: [WantedTensor], _ unexpected: [Given]) -> String {
        let export = "export it with \(FaithfulExport.newer) or \(FaithfulExport.older)"
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
        if unexpected.contains(where: { StateNames.isOfAdapter($0.name) }),
            !wanted.contains(where: { StateNames.isOfAdapter($0.name) })
        {
            return
                "The graph has no adapter: export the model that PEFT made, with its adapter and not merged, and \(export)"
        }
        if missing.isEmpty {
            return
                "Exporters fold tensors into others and share tensors of equal numbers, as a fresh network has. Load these weights into the module before you export it, and \(export); remove tensors that the graph does not need from the weights"
        }
        return
            "Exporters rename tensors and fold some into others. Take the module of these weights and \(export), which keep its tensors; --freeze tensors that the weights do not have, and they keep the graph's values"
    }

    /// Notes for each kind of evidence how many tensors were found by it, with an example that is not evident, and what was ignored.
    mutating func describe() {
        let copies = copiesOfMatched
        let ignored = unused.filter { !copies.contains($0.name) && !StateNames.isReplaced($0.name) }
        if !ignored.isEmpty {
            notes.append(
                "ignored \(ignored.map(\.name).shown): the graph was exported with these weights and does not read them"
            )
        }
        for kind in Evidence.allCases {
            let found = wanted.filter { evidence[$0.name] == kind }
            let example =
                found.first { places[$0.name]?.isTransposed ?? false }
                ?? found.first { places[$0.name]?.source != $0.name }
            guard let example, let place = places[example.name] else { continue }
            notes.append(
                "\(found.count) tensor\(found.count == 1 ? " was" : "s were") matched \(kind.words): '\(place.source.shown)' is "
                    + "'\(example.name.shown)'\(place.isTransposed ? ", transposed" : "")"
                    + (found.count > 1 ? ", and so on" : ""))
        }
    }

    /// Which tensor of the file each tensor of the model is.
    var mapping: [TensorMapping] {
        let shapes = Dictionary(given.map { ($0.name, $0.shape) }) { first, _ in first }
        return wanted.compactMap { tensor in
            guard let place = places[tensor.name], let kind = evidence[tensor.name] else { return nil }
            return TensorMapping(
                tensor: tensor.name, source: place.source, shape: shapes[place.source] ?? [],
                isTransposed: place.isTransposed, evidence: kind.rawValue)
        }
    }
}

extension WeightMatching.Evidence {
    /// As notes say it.
    fileprivate var words: String {
        switch self {
        case .name: "by name"
        case .numbering: "by the order of the numbers in their names"
        case .numbers: "by their values"
        case .exporterNotes: "by what the exporter noted of them"
        case .order: "by order, and no other assignment fits the shapes"
        case .shape: "by shape, and no other assignment fits"
        }
    }
}
