/// What PyTorch's exporter noted of where a tensor came from (torch 2.5 and later, `dynamo=True`): the module's parameters, buffers and
/// constants, and what constants were folded from.
struct Provenance {
    enum Origin { case parameter, other }

    /// By the names of the module's tensors.
    private var kinds: [String: Origin] = [:]
    /// Where in the list of the module's tensors each is.
    private var places: [String: Int] = [:]
    /// Names of what a folded tensor was computed from.
    private var sources: [String: [Substring]] = [:]

    private static let signatureKey = "pkg.torch.export.ExportedProgram.graph_signature"
    private static let kindKey = "pkg.torch.export.graph_signature.InputSpec.kind"
    private static let foldedKey = "pkg.onnxscript.optimizer.folded_from"

    init(_ graph: ONNXModel.Graph) {
        if let signature = graph.metadata[Self.signatureKey] {
            // p_fc_weight: PARAMETER target='fc.weight'
            for line in signature.split(separator: "\n") {
                guard let (target, kind) = Self.entry(line) else { continue }
                note(String(target), kind)
            }
        }
        for (name, metadata) in graph.valueMetadata {
            if let kind = metadata[Self.kindKey] { note(name, kind[...]) }
            if let list = metadata[Self.foldedKey] { sources[name] = ExportedNames.quoted(list) }
        }
    }

    /// The name and kind of a tensor of the module.
    private static func entry(_ line: Substring) -> (target: Substring, kind: Substring)? {
        guard let colon = line.firstRange(of: ": "), let target = line[colon.upperBound...].firstRange(of: " target='"),
            let end = line[target.upperBound...].firstIndex(of: "'"), end > target.upperBound
        else { return nil }
        return (line[target.upperBound..<end], line[colon.upperBound..<target.lowerBound])
    }

    private mutating func note(_ name: String, _ kind: Substring) {
        if places[name] == nil { places[name] = places.count }
        switch kind {
        case "PARAMETER": kinds[name] = .parameter
        case "BUFFER", "CONSTANT_TENSOR": kinds[name] = .other
        default: break
        }
    }

    /// Names of the module's parameters, as far as the file says.
    var parameters: Set<String> { Set(kinds.filter { $0.value == .parameter }.keys) }

    /// Whether one parameter comes before another in the list of the module's.
    func isListed(_ name: String, before other: String) -> Bool {
        guard let place = places[name], let next = places[other] else { return false }
        return place < next
    }

    /// Whether the file says that it is a tensor of the module and no parameter.
    func isBuffer(_ name: String) -> Bool { kinds[name] == .other }

    /// Whether the file says anything.
    var isKnown: Bool { !kinds.isEmpty }

    /// Names of what a tensor was folded from; empty where the file does not say.
    func origins(_ name: String) -> [String] { (sources[name] ?? []).map(String.init) }

    /// Nil where the file does not say.
    func origin(_ name: String) -> Origin? {
        if let kind = kinds[name] { return kind }
        guard !kinds.isEmpty, let folded = sources[name] else { return nil }
        return folded.contains { kinds[String($0)] == .parameter } ? .parameter : .other
    }
}
