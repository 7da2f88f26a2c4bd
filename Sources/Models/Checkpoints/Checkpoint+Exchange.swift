import ArrayFiles
import Essentials

/// What other programs take over of a checkpoint: its weights, under their names and in their layout.
extension Checkpoint {
    private static let sourceNamesKey = "source_names", sourceAxesKey = "source_filter_axes"

    /// Entries of the metadata that keep how tensors were in the file that they came from, by their names here.
    ///
    /// - Parameters:
    ///   - names: what they were called there, where that differs.
    ///   - filterAxes: the axis there that comes first here, where it is another than the first.
    ///   - mapping: by what evidence tensors were matched with those of a file of weights; empty where there was none.
    ///   - origin: a digest of what was imported; nil for a single import.
    static func source(
        names: [String: String], filterAxes: [String: Int] = [:], mapping: [TensorMapping] = [], origin: String? = nil
    ) throws(CheckpointError) -> [String: String] {
        var entries: [String: String] = [:]
        if !names.isEmpty { entries[sourceNamesKey] = try encoded(names, sourceNamesKey) }
        if !filterAxes.isEmpty { entries[sourceAxesKey] = try encoded(filterAxes, sourceAxesKey) }
        entries[ModelImport.originKey] = origin
        if !mapping.isEmpty { entries[TensorMapping.metadataKey] = try encoded(mapping, TensorMapping.metadataKey) }
        return entries
    }

    /// Parameters and buffers under the names, and with the axes, that they came with, so that the program that wrote them reads them
    /// again.
    public var exchangedTensors: [NamedArray] {
        func entry<Value: Decodable>(_ key: String) -> [String: Value] {
            metadata.other[key].flatMap { try? Self.decoded($0, key, [String: Value].self) } ?? [:]
        }
        let own = parameters + buffers, axes: [String: Int] = entry(Self.sourceAxesKey)
        var names: [String: String] = entry(Self.sourceNamesKey)
        if Set(own.map { names[$0.name] ?? $0.name }).count < own.count { names = [:] }
        return own.map { tensor in
            NamedArray(
                name: names[tensor.name] ?? tensor.name,
                array: axes[tensor.name].flatMap { tensor.array.movingFirstAxis(to: $0) } ?? tensor.array)
        }
    }

    /// Writes parameters and buffers alone, in the format that the path names.
    ///
    /// - Returns: the names of the tensors written, in their order.
    /// - Throws: `FileError` where the file cannot be written; `UnusableRequest` where the path names no format.
    @discardableResult public func exportWeights(to path: String) throws -> [String] {
        let tensors = exchangedTensors
        switch WeightFormat(path: path) {
        case .safetensors: try weights().write(to: path)
        case .npz: try NPZ.write(tensors.map { ($0.name, .array($0.array)) }, to: path)
        case nil: throw UnusableRequest("\(path): expected a name that ends in \(WeightFormat.endings)")
        }
        return tensors.map(\.name)
    }

    /// Parameters and buffers alone, as other programs exchange weights. `format: pt` is what PyTorch's readers look for.
    ///
    /// - Throws: `FileError` where two tensors have one name.
    public func weights() throws(FileError) -> Safetensors {
        try FileError.in("the checkpoint") { () throws(SafetensorsError) in
            try Safetensors(tensors: exchangedTensors, metadata: ["format": "pt"])
        }
    }
}

/// What weights can be written as; the end of a file's name says which.
public enum WeightFormat: String, CaseIterable, Sendable {
    /// Read by `safetensors.torch.load_file`.
    case safetensors
    /// Read by `numpy.load`.
    case npz

    /// The format that a path ends in; nil for another end.
    public init?(path: String) {
        guard let format = Self.allCases.first(where: { path.lowercased().hasSuffix(".\($0.rawValue)") }) else {
            return nil
        }
        self = format
    }

    /// The ends of names, for messages.
    public static let endings = allCases.map { ".\($0.rawValue)" }.joined(separator: " or ")
}
