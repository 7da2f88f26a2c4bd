extension ONNXModel {
    /// Adds a StringStringEntryProto.
    static func addEntry(_ message: ArraySlice<UInt8>, to entries: inout [String: String]) throws(ONNXError) {
        var fields = WireReader(message), key = "", text = ""
        while let (number, value) = try fields.next() {
            if number == 1 { key = value.text ?? "" }
            if number == 2 { text = value.text ?? "" }
        }
        entries[key] = text
    }

    init(_ bytes: [UInt8]) throws(ONNXError) {
        var reader = WireReader(bytes[...])
        var hasGraph = false
        while let (number, value) = try reader.next() {
            switch (number, value.message) {
            case (2, _): producer = value.text ?? ""
            case (7, let message?):
                guard !hasGraph else { throw .notONNX("two graphs") }
                graph = try Graph(message, depth: 0)
                hasGraph = true
            case (8, let message?):
                var domain = "", version = 0
                var fields = WireReader(message)
                while let (number, value) = try fields.next() {
                    if number == 1 { domain = value.text ?? "" }
                    if number == 2 { version = value.integer ?? 0 }
                }
                opsets[domain == "ai.onnx" ? "" : domain] = version
            case (25, let message?): functions.append(try Function(message))
            default: break
            }
        }
        guard hasGraph else { throw .notONNX("it has no graph") }
        guard !opsets.isEmpty else { throw .notONNX("it does not say which version of the operators it uses") }
    }
}

extension ONNXModel.Graph {
    init(_ message: ArraySlice<UInt8>, depth: Int) throws(ONNXError) {
        guard depth < 8 else { throw .limit("graphs within graphs deeper than 8") }
        var reader = WireReader(message)
        while let (number, value) = try reader.next() {
            guard let message = value.message else { continue }
            switch number {
            case 1: nodes.append(try ONNXModel.Node(message, depth: depth))
            case 5: initializers.append(try ONNXTensor(message))
            case 11: inputs.append(try ONNXModel.ValueInfo(message))
            case 12: outputs.append(try ONNXModel.ValueInfo(message))
            case 13:
                let value = try ONNXModel.ValueInfo(message)
                if !value.metadata.isEmpty { valueMetadata[value.name] = value.metadata }
            case 15: initializers.append(try ONNXTensor(sparse: message))
            case 16: try ONNXModel.addEntry(message, to: &metadata)
            default: break
            }
        }
    }
}

extension ONNXModel.Node {
    init(_ message: ArraySlice<UInt8>, depth: Int) throws(ONNXError) {
        var reader = WireReader(message)
        while let (number, value) = try reader.next() {
            switch number {
            case 1: inputs.append(value.text ?? "")
            case 2: outputs.append(value.text ?? "")
            case 3: name = value.text ?? ""
            case 4: kind = value.text ?? ""
            case 5: if let message = value.message { attributes.append(try ONNXModel.Attribute(message, depth: depth)) }
            case 7: domain = value.text == "ai.onnx" ? "" : value.text ?? ""
            case 9: if let message = value.message { try ONNXModel.addEntry(message, to: &metadata) }
            default: break
            }
        }
    }
}

extension ONNXModel.Attribute {
    init(_ message: ArraySlice<UInt8>, depth: Int) throws(ONNXError) {
        var reader = WireReader(message)
        while let (number, value) = try reader.next() {
            switch number {
            case 1: name = value.text ?? ""
            case 2: real = value.float
            case 3: integer = value.integer
            case 4: text = value.text
            case 5: if let message = value.message { tensor = try ONNXTensor(message) }
            case 6: if let message = value.message { graph = try ONNXModel.Graph(message, depth: depth + 1) }
            case 7:
                if case .bytes(let packed) = value {
                    var words = WireReader(packed)
                    while !words.rest.isEmpty {
                        reals.append(Double(Float(bitPattern: try words.fixed(UInt32.self))))
                    }
                } else {
                    try value.append(to: &reals)
                }
            case 8: try value.append(to: &integers)
            case 9: texts.append(value.text ?? "")
            case 22: if let message = value.message { tensor = try ONNXTensor(sparse: message) }
            case 20: type = value.integer ?? 0
            case 21: reference = value.text
            default: break
            }
        }
    }
}

extension ONNXModel.ValueInfo {
    init(_ message: ArraySlice<UInt8>) throws(ONNXError) {
        var reader = WireReader(message)
        while let (number, value) = try reader.next() {
            if number == 1 { name = value.text ?? "" }
            if number == 4, let message = value.message { try ONNXModel.addEntry(message, to: &metadata) }
            guard number == 2, let type = value.message else { continue }
            var fields = WireReader(type)
            while let (number, value) = try fields.next() {
                guard number == 1, let tensor = value.message else {
                    isTensor = false
                    continue
                }
                var fields = WireReader(tensor)
                while let (number, value) = try fields.next() {
                    if number == 1 { elementType = value.integer ?? 0 }
                    if number == 2, let message = value.message { shape = try Self.extents(message) }
                }
            }
        }
    }

    private static func extents(_ message: ArraySlice<UInt8>) throws(ONNXError) -> [Int?] {
        var result: [Int?] = []
        var reader = WireReader(message)
        while let (number, value) = try reader.next() {
            guard number == 1, let dimension = value.message else { continue }
            var extent: Int?
            var fields = WireReader(dimension)
            while let (number, value) = try fields.next() {
                if number == 1 { extent = value.integer }
            }
            result.append(extent.flatMap { $0 > 0 ? $0 : nil })
        }
        return result
    }
}

extension ONNXModel.Function {
    init(_ message: ArraySlice<UInt8>) throws(ONNXError) {
        var reader = WireReader(message)
        while let (number, value) = try reader.next() {
            switch number {
            case 1: name = value.text ?? ""
            case 4: inputs.append(value.text ?? "")
            case 5: outputs.append(value.text ?? "")
            case 7: if let message = value.message { nodes.append(try ONNXModel.Node(message, depth: 1)) }
            case 10: domain = value.text == "ai.onnx" ? "" : value.text ?? ""
            case 11: if let message = value.message { defaults.append(try ONNXModel.Attribute(message, depth: 1)) }
            default: break
            }
        }
    }
}
