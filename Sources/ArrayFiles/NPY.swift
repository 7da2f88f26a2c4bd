/// NumPy's array files, format versions 1.0 to 3.0 (NumPy Enhancement Proposal 1).
///
/// Read: numbers of every type with a counterpart in `ElementType`, both byte orders, C and Fortran order. Written:
/// version 1.0, little-endian, C order.
public enum NPY {
    /// Reads the array of a file.
    ///
    /// - Parameter limit: the most bytes that are read into memory; larger files are refused.
    ///   `FileContent.defaultLimit` fits the machine.
    /// - Throws: `FileError` where the file cannot be read or is no intact NPY file of numbers.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> NumericArray {
        try FileContent.parse(path, limit: limit, beginning: NPYHeader.magic) { (bytes) throws(NPYError) in
            try parse(bytes)
        }
    }

    /// Replaces the file at `path` by one with this array, atomically. NumPy has no bfloat16: such numbers are written
    /// as the 16-bit integers of the same bits.
    ///
    /// - Throws: `FileError` where the file cannot be written.
    public static func write(_ array: NumericArray, to path: String) throws(FileError) {
        try AtomicFile.write(to: path) { (sink) throws(FileError) in
            try sink.write(header(code(of: array.type), array.shape))
            try sink.write(array.bytes)
        }
    }

    /// The array that the bytes of an NPY file hold.
    ///
    /// - Throws: `NPYError` where they are no intact NPY file of numbers.
    public static func parse(_ bytes: [UInt8]) throws(NPYError) -> NumericArray {
        let header = try NPYHeader(bytes)
        guard let type = type(of: header.code) else { throw .unsupportedType(header.code) }
        var content = try body(bytes, header, size: type.size)
        if header.isBigEndian { swapBytes(&content, size: type.size) }
        if header.isFortranOrder && header.shape.count > 1 {
            content = rowMajor(content, shape: header.shape, size: type.size)
        }
        return NumericArray(checked: header.shape, type, content)
    }

    /// The bytes of an NPY file with this array; bfloat16 numbers as the 16-bit integers of the same bits.
    public static func encode(_ array: NumericArray) -> [UInt8] {
        header(code(of: array.type), array.shape) + array.bytes
    }

    /// The text that an array of one element of type U or S holds, as `numpy.array("text")` makes it.
    ///
    /// - Throws: `NPYError` where the bytes are no intact NPY file of one text.
    public static func parseText(_ bytes: [UInt8]) throws(NPYError) -> String {
        let header = try NPYHeader(bytes)
        guard let kind = header.code.first, kind == "U" || kind == "S", let length = Int(header.code.dropFirst()),
            length >= 0, header.shape.allSatisfy({ $0 == 1 })
        else { throw .notText(header.code) }
        let (size, overflow) = length.multipliedReportingOverflow(by: kind == "U" ? 4 : 1)
        guard !overflow else { throw .shapeOverflows([length]) }
        var content = try body(bytes, header, size: size)
        if kind == "S" {
            while content.last == 0 { content.removeLast() }
            guard let text = String(validating: content, as: UTF8.self) else { throw .invalidText }
            return text
        }
        if header.isBigEndian { swapBytes(&content, size: 4) }
        var text = String.UnicodeScalarView()
        var zeros = 0
        for start in stride(from: 0, to: content.count, by: 4) {
            let value = content.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: UInt32.self) }
            guard let scalar = Unicode.Scalar(value) else { throw .invalidText }
            // NumPy pads with zeros at the end and keeps those within.
            if value == 0 {
                zeros += 1
                continue
            }
            for _ in 0..<zeros { text.append("\0") }
            zeros = 0
            text.append(scalar)
        }
        return String(text)
    }

    /// The bytes of an NPY file with one text, which `str(numpy.load(…))` gives back.
    public static func encode(text: String) -> [UInt8] {
        let scalars = text.unicodeScalars.map { $0.value }
        // NumPy has no text of length 0.
        let padded = scalars.isEmpty ? [0] : scalars
        return header("<U\(padded.count)", []) + padded.withUnsafeBytes { Array($0) }
    }

    private static func body(_ bytes: [UInt8], _ header: NPYHeader, size: Int) throws(NPYError) -> [UInt8] {
        guard let needed = NumericArray.byteCount(shape: header.shape, size: size) else {
            throw .shapeOverflows(header.shape)
        }
        let found = bytes.count - header.offset
        if found < needed { throw .truncated(expected: needed, found: found) }
        if found > needed { throw .trailingBytes(found - needed) }
        return Array(bytes[header.offset...])
    }

    private static func header(_ code: String, _ shape: [Int]) -> [UInt8] {
        let extents = shape.map { "\($0)," }.joined(separator: " ")
        let tuple = shape.count > 1 ? String(extents.dropLast()) : extents
        let text = "{'descr': '\(code)', 'fortran_order': False, 'shape': (\(tuple)), }"
        // The numbers begin at a multiple of 64, so that they can be mapped.
        let length = (text.utf8.count + 1 + 10 + 63) / 64 * 64 - 10
        var bytes = NPYHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
        bytes += [UInt8](repeating: 0x20, count: length - text.utf8.count - 1) + [0x0A]
        return bytes
    }

    static func type(of code: String) -> ElementType? {
        switch code {
        case "f8": .float64
        case "f4": .float32
        case "f2": .float16
        case "i8": .int64
        case "i4": .int32
        case "i2": .int16
        case "i1": .int8
        case "u8": .uint64
        case "u4": .uint32
        case "u2": .uint16
        case "u1": .uint8
        case "b1": .bool
        default: nil
        }
    }

    private static func code(of type: ElementType) -> String {
        switch type {
        case .float64: "<f8"
        case .float32: "<f4"
        case .float16: "<f2"
        // NumPy has no bfloat16: its bits, as its users keep them.
        case .bfloat16: "<u2"
        case .int64: "<i8"
        case .int32: "<i4"
        case .int16: "<i2"
        case .int8: "|i1"
        case .uint64: "<u8"
        case .uint32: "<u4"
        case .uint16: "<u2"
        case .uint8: "|u1"
        case .bool: "|b1"
        }
    }
}
