@testable import ONNX

/// Writes small ONNX files, sound or not.
struct ModelBuilder {
    var bytes: [UInt8] = []

    static func varint(_ value: Int) -> [UInt8] {
        var word = UInt64(bitPattern: Int64(value)), result: [UInt8] = []
        repeat {
            result.append(UInt8(word & 0x7F) | (word > 0x7F ? 0x80 : 0))
            word >>= 7
        } while word > 0
        return result
    }
    mutating func number(_ field: Int, _ value: Int) { bytes += Self.varint(field << 3) + Self.varint(value) }
    mutating func text(_ field: Int, _ value: String) { message(field, Array(value.utf8)) }
    mutating func message(_ field: Int, _ content: [UInt8]) {
        bytes += Self.varint(field << 3 | 2) + Self.varint(content.count) + content
    }

    static func node(
        _ kind: String, _ inputs: [String], _ outputs: [String], integers: [(String, [Int])] = [],
        integer: [(String, Int)] = [], graphs: [(String, [UInt8])] = [], tensors: [(String, [UInt8])] = [],
        metadata: [String: String] = [:]
    ) -> [UInt8] {
        var node = ModelBuilder()
        for name in inputs { node.text(1, name) }
        for name in outputs { node.text(2, name) }
        node.text(3, "the \(kind)")
        node.text(4, kind)
        for (name, values) in integers {
            var attribute = ModelBuilder()
            attribute.text(1, name)
            for value in values { attribute.number(8, value) }
            attribute.number(20, 7)
            node.message(5, attribute.bytes)
        }
        for (name, value) in integer {
            var attribute = ModelBuilder()
            attribute.text(1, name)
            attribute.number(3, value)
            attribute.number(20, 2)
            node.message(5, attribute.bytes)
        }
        for (name, content, field, kind) in graphs.map({ ($0.0, $0.1, 6, 5) }) + tensors.map({ ($0.0, $0.1, 5, 4) }) {
            var attribute = ModelBuilder()
            attribute.text(1, name)
            attribute.message(field, content)
            attribute.number(20, kind)
            node.message(5, attribute.bytes)
        }
        for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
            var entry = ModelBuilder()
            entry.text(1, key)
            entry.text(2, text)
            node.message(9, entry.bytes)
        }
        return node.bytes
    }

    /// Of Float32 where `integers` is nil, else of Int64.
    static func tensor(_ name: String, _ shape: [Int], _ values: [Float] = [], integers: [Int]? = nil) -> [UInt8] {
        var tensor = ModelBuilder()
        for extent in shape { tensor.number(1, extent) }
        tensor.number(2, integers == nil ? 1 : 7)
        tensor.text(8, name)
        tensor.message(
            9,
            integers?.flatMap { withUnsafeBytes(of: Int64($0)) { Array($0) } } ?? values.withUnsafeBytes { Array($0) })
        return tensor.bytes
    }

    /// Of Float32; nil is an open extent.
    static func value(_ name: String, _ shape: [Int?]) -> [UInt8] {
        var extents = ModelBuilder()
        for extent in shape {
            var dimension = ModelBuilder()
            if let extent { dimension.number(1, extent) } else { dimension.text(2, "n") }
            extents.message(1, dimension.bytes)
        }
        var tensor = ModelBuilder(), type = ModelBuilder(), value = ModelBuilder()
        tensor.number(1, 1)
        tensor.message(2, extents.bytes)
        type.message(1, tensor.bytes)
        value.text(1, name)
        value.message(2, type.bytes)
        return value.bytes
    }

    static func model(
        nodes: [[UInt8]], tensors: [[UInt8]], input: [UInt8] = value("x", [nil, 2]), output: String = "y",
        opset: Int = 17, metadata: [String: String] = [:], valueMetadata: [String: [String: String]] = [:]
    ) -> [UInt8] {
        var graph = ModelBuilder(), version = ModelBuilder(), model = ModelBuilder()
        for node in nodes { graph.message(1, node) }
        for tensor in tensors { graph.message(5, tensor) }
        graph.message(11, input)
        graph.message(12, value(output, []))
        func add(_ entries: [String: String], _ field: Int, to message: inout ModelBuilder) {
            for (key, text) in entries.sorted(by: { $0.key < $1.key }) {
                var entry = ModelBuilder()
                entry.text(1, key)
                entry.text(2, text)
                message.message(field, entry.bytes)
            }
        }
        for (name, entries) in valueMetadata.sorted(by: { $0.key < $1.key }) {
            var value = ModelBuilder()
            value.text(1, name)
            add(entries, 4, to: &value)
            graph.message(13, value.bytes)
        }
        add(metadata, 16, to: &graph)
        version.number(2, opset)
        model.number(1, 8)
        model.message(7, graph.bytes)
        model.message(8, version.bytes)
        return model.bytes
    }
}

extension ImportedModel {
    /// A file of these bytes, made ready for data.
    init(
        onnxBytes bytes: [UInt8], name: String, _ options: ImportOptions,
        data: @escaping (String) throws -> [UInt8]
    ) throws {
        try self.init(try ONNXFile(bytes, name: name, data: data), options)
    }
}
