import ArrayFiles
import Essentials
import Foundation

/// An ONNX file that was read and whose operators are supported, before it is decided what of it is θ: the first half of an import.
/// Weights of another file may take the place of its own now.
package struct ONNXFile {
    /// What the model is called in results.
    let name: String
    let opset: Int
    /// Versions of the operators that are known.
    static let opsets = 1...26
    /// Whether one of PyTorch's exporters wrote it.
    let isOfPyTorch: Bool
    /// What examples are, in the graph's order, as far as it is read.
    let inputs: [ONNXModel.ValueInfo]
    /// The same for those who look for data: names, and whether they are whole numbers.
    package var inputKinds: [(name: String, isInteger: Bool)] { inputs.map { ($0.name, !$0.isReal) } }
    /// What the loss is computed of, or is.
    let output: String
    /// Of an output that is the loss: the value through which parameters reach it, where one was named.
    let prediction: String?
    private(set) var sources: ONNXSources
    let provenance: Provenance
    /// What the exporter computed in advance out of the module's parameters.
    let folds: ExportFolds
    /// The bytes of a file beside the model's.
    let data: (String) throws -> [UInt8]
    /// Which tensor of other weights took the place of the file's own, by the names here.
    private(set) var replaced: [String: (source: String, isTransposed: Bool)] = [:]
    /// What a user should know of how it was read.
    package var notes: [String] = []

    /// Reads an ONNX file. Weights in other files are read from beside it.
    ///
    /// - Throws: `FileError`; `ONNXError` where the model is damaged or has operators that are not supported.
    package init(_ path: String, _ choice: OutputChoice = OutputChoice()) throws {
        let files = FilesBeside(path)
        try self.init(
            try FileContent.bytes(of: path), choice, name: "onnx:" + (path as NSString).lastPathComponent,
            data: files.bytes)
    }

    /// - Parameters:
    ///   - name: what the model is called in results.
    ///   - data: the bytes of a file beside the model's.
    init(
        _ bytes: [UInt8], _ choice: OutputChoice = OutputChoice(), name: String,
        data: @escaping (String) throws -> [UInt8]
    ) throws {
        (self.name, self.data) = (name, data)
        let model = try ONNXModel(bytes)
        let opset = model.opsets[""] ?? 1
        guard Self.opsets.contains(opset) else { throw ONNXError.opset(found: opset, known: Self.opsets) }
        self.opset = opset
        isOfPyTorch = model.producer == "pytorch"
        (output, prediction) = try choice.outputs(of: model.graph.outputs, &notes)
        let initializers = Set(model.graph.initializers.map(\.name))
        let inputs = model.graph.inputs.filter { !initializers.contains($0.name) }
        let (nodes, tensors) = try model.expanded()
        sources = try ONNXSources(
            nodes, tensors, outputs: [output] + (prediction.map { [$0] } ?? []), given: Set(inputs.map(\.name)))
        try sources.checkSize()
        try sources.resolveSequences(data)
        let quantized = try sources.dequantize(data)
        if !quantized.isEmpty {
            notes.append("quantised weights are taken as the real numbers that they stand for: \(quantized.shown)")
        }
        let sparse = sources.sparseTensors
        if !sparse.isEmpty {
            notes.append("sparse tensors are taken as dense ones, their zeros included: \(sparse.shown)")
        }
        provenance = Provenance(model.graph)
        let tied = try TiedWeights.find(in: sources, provenance, values: { try $0.values(data) })
        sources.transpose(tied)
        for (copy, original) in tied {
            notes.append("'\(copy.shown)' is the transpose of '\(original.shown)', and is taken for the same weights")
        }
        let read = Set(sources.nodes.flatMap(\.inputs))
        let used = inputs.filter { read.contains($0.name) }
        guard !used.isEmpty else { throw ONNXError.output("does not depend on any input") }
        try Self.checkSupport(sources)
        self.inputs = used
        folds = ExportFolds(sources, provenance, data)
    }

    /// Names every operator that is missing, with its nodes.
    private static func checkSupport(_ sources: ONNXSources) throws(ONNXError) {
        var missing: [String: [String]] = [:]
        var pending = sources.nodes
        while let node = pending.popLast() {
            pending += node.attributes.flatMap { $0.graph?.nodes ?? [] }
            if Operators.table[node.kind] != nil, node.domain.isEmpty { continue }
            missing[node.domain.isEmpty ? node.kind : "\(node.domain).\(node.kind)", default: []].append(
                ONNXModel.label(node))
        }
        for (kind, labels) in missing { missing[kind] = labels.reversed() }
        if !missing.isEmpty {
            throw .unsupported(missing.sorted { $0.key < $1.key }.map { .init(name: $0.key, nodes: $0.value) })
        }
    }

    // MARK: Weights of another file

    /// The floating-point tensors that the model reads.
    ///
    /// - Parameter frozen: patterns of names of tensors that may stay as they are.
    package func wantedTensors(frozen: [String]) throws -> [WantedTensor] {
        let rules = ParameterRules(sources, output: output, provenance, data)
        let batch = inputs.lazy.compactMap { $0.shape?.first ?? nil }.first
        let read = Set(sources.nodes.flatMap(\.inputs))
        var wanted: [WantedTensor] = []
        for name in sources.order where read.contains(name) {
            guard let source = sources.tensors[name], source.isFloating else { continue }
            var tensor = try source.values(data)
            guard !tensor.values.isEmpty else { continue }
            let repeated = rules.repeatedAxis(name, tensor, batch: batch)
            if let repeated { tensor = tensor.once(along: repeated) }
            let rank = tensor.shape.count, isKept = frozen.contains { ParameterRules.matches(source, $0) }
            var entry = WantedTensor(name: name, shape: tensor.shape)
            entry.isStatistic = rules.isStatistic(name)
            entry.isNeeded = (entry.isStatistic || rules.isParameter(source)) && !isKept
            entry.isTransposed = rank == 2 && rules.filterAxis(name, rank: rank) == 1
            entry.isMadeUp = ExportedNames.isMadeUp(name)
            entry.change =
                repeated != nil
                ? .repeated : rules.isKept(name) ? .none : entry.isTransposed ? .transposed : .unknown
            entry.origins = provenance.origins(name)
            entry.module = entry.isMadeUp ? rules.module(reading: name) : nil
            entry.values = tensor.values
            wanted.append(entry)
        }
        return wanted
    }

    /// Puts an array of another file in the place of a tensor.
    ///
    /// - Parameter isTransposed: whether the array, a matrix, is the transpose of the tensor.
    /// - Throws: `ONNXError.nonFinite` where its numbers are no trained weights, `ONNXError.folded` where the tensor holds more than one of
    ///   the module's.
    package mutating func replace(_ name: String, by other: NamedArray, isTransposed: Bool) throws(ONNXError) {
        let shape = other.array.shape
        let given = HostTensor(shape: shape, kind: .real, values: other.array.doubles)
        guard given.values.allSatisfy(\.isFinite) else { throw .nonFinite(name: other.name) }
        guard !folds.changed.contains(name) else { throw .folded(name: name, folds.warnings) }
        sources.replace(
            name, by: isTransposed ? given.transposed([1, 0], shape.reversed()) : given,
            isDouble: other.array.type == .float64)
        replaced[name] = (other.name, isTransposed)
    }
}

/// Files that a model's file names, each read once, whatever it is called. A model may be anybody's, so that it must not get at any other
/// file of this machine.
private final class FilesBeside {
    private let folder: String
    /// Where files may be: the model's folder and, where the model is a link, that of the file that it leads to. (Hugging Face's cache
    /// keeps the files of a model beside each other and links to them.)
    private let roots: [String]
    private var files: [String: [UInt8]] = [:]
    /// Bytes of all of them.
    private var total = 0

    init(_ path: String) {
        folder = FilePath.folder(of: path)
        roots = [folder.isEmpty ? "." : folder, FilePath.resolved(path).map(FilePath.folder) ?? "."]
            .compactMap(FilePath.resolved)
    }

    func bytes(_ location: String) throws -> [UInt8] {
        guard FilePath.staysBelow(location) else {
            throw ONNXError.externalData(name: location, problem: "the path does not lie below the model's folder")
        }
        let named = folder.isEmpty ? location : folder + "/" + location
        guard let path = FilePath.resolved(named) else { throw FileError.missing(path: named) }
        if let known = files[path] { return known }
        guard roots.contains(where: { path.hasPrefix($0 == "/" ? $0 : $0 + "/") }) else {
            throw ONNXError.externalData(
                name: location, problem: "the path is a link that leads out of the model's folder")
        }
        guard RandomAccessFile.isRegular(path) else {
            throw ONNXError.externalData(name: location, problem: "found a folder, pipe or device, expected a file")
        }
        let content = try FileContent.bytes(of: path, limit: max(0, FileContent.defaultLimit - total))
        files[path] = content
        total += content.count
        return content
    }
}
