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

    /// Where a tensor is among other programs' weights.
    struct ExchangePlace {
        var name: String
        /// The axis there that is the first one here.
        var axis = 0
        /// There.
        var shape: [Int]

        init(_ tensor: NamedArray, name: String? = nil, axis: Int = 0) {
            (self.name, shape) = (name ?? tensor.name, tensor.array.shape)
            guard axis > 0, shape.indices.contains(axis) else { return }
            self.axis = axis
            shape.insert(shape.removeFirst(), at: axis)
        }

        /// An array from there as it is here.
        ///
        /// - Parameter own: the shape here, with as many elements.
        func taken(_ array: NumericArray, shape own: [Int]) -> NumericArray {
            guard axis > 0 else { return array }
            let before = shape[..<axis].reduce(1, *), inner = shape[(axis + 1)...].reduce(1, *)
            let blocks = array.reshaped([before, shape[axis], inner])
            return blocks?.movingFirstAxis(to: 1)?.reshaped(own) ?? array
        }
    }

    /// Parameters and buffers as they are here.
    var ownPlaces: [ExchangePlace] { (parameters + buffers).map { ExchangePlace($0) } }

    /// Where parameters and buffers were in the weights that they came from, transposed buffers included.
    ///
    /// - Throws: `CheckpointError.badMetadata` where the list of matched tensors is damaged.
    func exchangePlaces() throws(CheckpointError) -> [ExchangePlace] {
        let mapping = try metadata.other[TensorMapping.metadataKey].map { (text) throws(CheckpointError) in
            try Self.decoded(text, TensorMapping.metadataKey, [TensorMapping].self)
        }
        let turned = Set((mapping ?? []).filter(\.isTransposed).map(\.tensor))
        let names = sourceNames, axes = filterAxes
        return parameters.map { ExchangePlace($0, name: names[$0.name], axis: axes[$0.name] ?? 0) }
            + buffers.map { ExchangePlace($0, name: names[$0.name], axis: turned.contains($0.name) ? 1 : 0) }
    }

    private var filterAxes: [String: Int] { entry(Self.sourceAxesKey) }

    /// Empty where two tensors would have one name.
    private var sourceNames: [String: String] {
        let own = parameters + buffers, names: [String: String] = entry(Self.sourceNamesKey)
        return Set(own.map { names[$0.name] ?? $0.name }).count < own.count ? [:] : names
    }

    private func entry<Value: Decodable>(_ key: String) -> [String: Value] {
        metadata.other[key].flatMap { try? Self.decoded($0, key, [String: Value].self) } ?? [:]
    }

    /// Parameters and buffers under the names, and with the axes, that they came with, so that the program that wrote them reads them
    /// again.
    public var exchangedTensors: [NamedArray] {
        let names = sourceNames, axes = filterAxes
        return (parameters + buffers).map { tensor in
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
