import ArrayFiles
import Networks
import Tensors

/// Which of a file's tensors each tensor of a layout is.
struct TensorPlaces {
    /// The number of each in the file's list, in the layout's order.
    let numbers: [Int]
    private let names: [String]

    /// - Parameter found: names and shapes in the file.
    /// - Throws: `CheckpointError` where a tensor is missing or of another shape.
    init(of layout: ParameterLayout, in found: [(name: String, shape: [Int])]) throws(CheckpointError) {
        names = found.map(\.name)
        let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        var numbers: [Int] = []
        for tensor in layout.tensors {
            guard let number = places[tensor.name] else { throw .tensorMissing(tensor.name, found: names) }
            guard found[number].shape == tensor.shape else {
                throw .shapeMismatch(tensor.name, found: found[number].shape, expected: tensor.shape)
            }
            numbers.append(number)
        }
        self.numbers = numbers
    }

    /// - Throws: `CheckpointError.unexpectedTensor` where the file has a tensor that the layout has not.
    func refuseOthers(_ model: String) throws(CheckpointError) {
        let known = Set(numbers.map { names[$0] })
        if let extra = names.first(where: { !known.contains($0) }) { throw .unexpectedTensor(extra, model: model) }
    }
}

extension CheckpointSummary {
    /// θ and the buffers of a network, in the order of its layouts, read from the checkpoint's file piece by piece: no more of it is in memory
    /// at a time, and an optimiser's state is read for the checksum alone.
    ///
    /// - Throws: `CheckpointError` where tensors are missing, left over or of another shape; `FileError` where the file can no longer be
    ///   read, or has other numbers than were written.
    func numbers(of network: Network, in file: SafetensorsFile, _ path: String) throws -> (
        weights: StoredVector, buffers: [Double]
    ) {
        var offsets: [String: Int] = [:]
        func place(_ layout: ParameterLayout, _ entries: [Safetensors.Entry], from first: Int) throws(CheckpointError)
            -> TensorPlaces
        {
            let places = try TensorPlaces(of: layout, in: entries.map { ($0.name, $0.shape) })
            for (number, offset) in zip(places.numbers, layout.offsets) {
                offsets[entries[number].name] = first + offset
            }
            return places
        }
        try place(network.parameters, parameters, from: 0).refuseOthers(metadata.model)
        _ = try place(network.buffers, self.buffers, from: network.parameters.count)
        let count = network.parameters.count
        let fitFloat = parameters.allSatisfy { $0.type != .float64 }
        let floats = fitFloat ? Buffer(byteCount: count * Precision.float.size) : nil
        var theta = fitFloat ? [] : Vectors.zeros(count)
        var buffers = [Double](repeating: 0, count: network.buffers.count)
        let digest = try file.digest { entry, first, piece in
            guard let offset = offsets[entry.name] else { return }
            if offset < count, let floats {
                floats.store(piece.floats, from: offset + first)
                return
            }
            let values = piece.doubles
            if offset < count {
                theta.replaceSubrange(offset + first..<offset + first + values.count, with: values)
            } else {
                let begin = offset - count + first
                buffers.replaceSubrange(begin..<begin + values.count, with: values)
            }
        }
        try FileError.in(path) { () throws(CheckpointError) in try verify(digest) }
        return (floats.map { StoredVector($0, count: count) } ?? StoredVector(theta), buffers)
    }
}
