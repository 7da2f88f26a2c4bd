import Essentials

/// A file that `torch.save` wrote: its objects, and the numbers that their tensors are views of.
///
/// Two forms are read. Since 2020 a ZIP file: `NAME/data.pkl`, and every storage as a stored member `NAME/data/KEY`. Before that,
/// and with `_use_new_zipfile_serialization=False`: five pickles one after another (a magic number, a version, the machine's
/// type sizes, the objects, the keys of the storages), then for each key a count in 64 bits and the numbers.
struct PyTorchFile {
    let graph: PickleGraph
    let root: Int
    private let isBigEndian: Bool
    private let source: Source
    /// Bytes that the tensors may take together.
    private let limit: Int

    private enum Source {
        case archive(ZipArchive, folder: String)
        /// Where the numbers of each key lie.
        case legacy([UInt8], [String: Range<Int>])
    }

    /// A pickled long integer of ten bytes, 0x1950a86a20f9469cfc6c, by which the old form begins.
    static let legacyMagic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

    /// The new form.
    init(_ archive: ZipArchive, fileSize: Int, limit: Int) throws(PyTorchError) {
        let names = archive.names
        guard let name = names.first(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) else {
            throw .notWeights(FileKind(zip: names))
        }
        let folder = String(name.dropLast("data.pkl".count))
        var unpickler = Unpickler(try Self.content(archive, name))
        root = try unpickler.next()
        graph = unpickler.graph
        isBigEndian =
            archive.contains(folder + "byteorder")
            ? try Self.content(archive, folder + "byteorder").elementsEqual("big".utf8) : false
        source = .archive(archive, folder: folder)
        self.limit = Self.bound(limit, fileSize: fileSize)
    }

    /// The old form.
    init(legacy bytes: [UInt8], limit: Int) throws(PyTorchError) {
        var unpickler = Unpickler(bytes)
        _ = try unpickler.next()
        let version = try unpickler.next()
        guard unpickler.graph.integer(version) == 1001 else {
            throw .malformed("an unknown version of the old form", at: unpickler.position)
        }
        let machine = try unpickler.next()
        var isBigEndian = false
        for (name, value) in unpickler.graph.members(machine) ?? [] where name == "little_endian" {
            if case .boolean(false) = unpickler.graph[value] { isBigEndian = true }
        }
        root = try unpickler.next()
        let listed = try unpickler.next()
        guard let keys = unpickler.graph.elements(listed) else {
            throw .malformed("no list of storages", at: unpickler.position)
        }
        graph = unpickler.graph
        let sizes = Dictionary(graph.storages.map { ($0.key, $0.type?.size ?? 1) }) { first, _ in first }
        var position = unpickler.position
        var places: [String: Range<Int>] = [:]
        for place in keys {
            guard let key = graph.text(place) ?? graph.integer(place).map({ String($0) }), let size = sizes[key] else {
                throw .malformed("a storage that no tensor uses", at: position)
            }
            guard let count = ByteReader(bytes: bytes).littleEndian(UInt64.self, at: position) else {
                throw .truncated(at: position)
            }
            position += 8
            let swapped = isBigEndian ? count.byteSwapped : count
            guard let numbers = Int(exactly: swapped), numbers <= (bytes.count - position) / size else {
                throw .truncated(at: position)
            }
            places[key] = position..<(position + numbers * size)
            position += numbers * size
        }
        self.isBigEndian = isBigEndian
        source = .legacy(bytes, places)
        self.limit = Self.bound(limit, fileSize: bytes.count)
    }

    private static func content(_ archive: ZipArchive, _ name: String) throws(PyTorchError) -> [UInt8] {
        do {
            return try archive.content(of: name)
        } catch {
            throw .archive(error)
        }
    }

    /// Views may repeat numbers (a stride of 0), but not without bound.
    private static func bound(_ limit: Int, fileSize: Int) -> Int {
        min(limit, max(1 << 20, 64 * min(fileSize, 1 << 50)))
    }

    /// The numbers of these tensors of the graph, in C order.
    func arrays(_ wanted: [(name: String, tensor: Int)]) throws(PyTorchError) -> [NamedArray] {
        var cache: [String: [UInt8]] = [:]
        var total = 0
        var result: [NamedArray] = []
        for (name, index) in wanted {
            let tensor = graph.tensors[index], storage = graph.storages[tensor.storage]
            guard let needed = NumericArray.byteCount(shape: tensor.shape, size: tensor.type.size) else {
                throw .badTensor(name, "has the shape \(tensor.shape.shown)")
            }
            guard needed <= limit - total else { throw .tooLarge(tensor: name, limit: limit) }
            total += needed
            if case .archive(let archive, let folder) = source, cache[storage.key] == nil {
                guard archive.contains("\(folder)data/\(storage.key)") else {
                    throw .storageMissing(tensor: name, key: storage.key)
                }
                cache[storage.key] = try Self.content(archive, "\(folder)data/\(storage.key)")
            }
            let bytes: [UInt8], range: Range<Int>
            switch source {
            case .archive:
                bytes = cache[storage.key] ?? []
                range = bytes.indices
            case .legacy(let all, let places):
                guard let place = places[storage.key] else { throw .storageMissing(tensor: name, key: storage.key) }
                (bytes, range) = (all, place)
            }
            var content = try tensor.gathered(
                from: bytes, range, storageOffset: storage.offset * (storage.type?.size ?? 1), name: name)
            if isBigEndian { swapBytes(&content, size: tensor.type.size) }
            result.append(.init(name: name, array: NumericArray(checked: tensor.shape, tensor.type, content)))
        }
        return result
    }
}

extension PickleGraph.Tensor {
    /// The numbers of this view in C order. The shape's byte count is known to be an `Int`.
    ///
    /// - Parameters:
    ///   - range: the storage's bytes.
    ///   - storageOffset: bytes before the part of the storage that strides and offset are counted in.
    func gathered(
        from bytes: [UInt8], _ range: Range<Int>, storageOffset: Int, name: String
    ) throws(PyTorchError) -> [UInt8] {
        let size = type.size
        guard strides.count == shape.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
            throw .badTensor(name, "has the shape \(shape.shown) and the strides \(strides.shown)")
        }
        if shape.contains(0) { return [] }
        // The last number's place bounds all of them.
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            let (step, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            let (next, carry) = last.addingReportingOverflow(step)
            guard !overflow, !carry else { throw .badTensor(name, "has the strides \(strides.shown)") }
            last = next
        }
        guard storageOffset <= range.count, last < (range.count - storageOffset) / size else {
            throw .badTensor(name, "reaches past the end of its storage")
        }
        let start = range.lowerBound + storageOffset + offset * size
        let count = shape.reduce(1, *)
        var contiguous: [Int] = [], product = 1
        for extent in shape.reversed() {
            contiguous.append(product)
            product *= extent
        }
        let isContiguous = zip(shape, zip(strides, contiguous.reversed())).allSatisfy { $0 == 1 || $1.0 == $1.1 }
        if isContiguous { return Array(bytes[start..<(start + count * size)]) }
        return bytes.withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: count * size) { result, initialized in
                let target = UnsafeMutableRawBufferPointer(result)
                var index = [Int](repeating: 0, count: shape.count)
                var from = start
                for to in stride(from: 0, to: count * size, by: size) {
                    for byte in 0..<size { target[to + byte] = source[from + byte] }
                    var axis = shape.count - 1
                    while axis >= 0 {
                        index[axis] += 1
                        from += strides[axis] * size
                        if index[axis] < shape[axis] { break }
                        from -= strides[axis] * size * shape[axis]
                        index[axis] = 0
                        axis -= 1
                    }
                }
                initialized = count * size
            }
        }
    }
}
