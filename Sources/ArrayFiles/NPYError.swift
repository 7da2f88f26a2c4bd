import Essentials

/// Why bytes are no intact NPY file, or hold something other than numbers.
public enum NPYError: DescribedError, Equatable {
    case notNPY
    case unknownVersion(major: UInt8, minor: UInt8)
    case headerTooLong(Int)
    case truncatedHeader(expected: Int, found: Int)
    case badHeader(String)
    case unsupportedType(String)
    case shapeOverflows([Int])
    case truncated(expected: Int, found: Int)
    case trailingBytes(Int)
    case notText(String)
    case invalidText
    case scatteredRows

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notNPY:
            "not an NPY file: the first six bytes are not \\x93NUMPY; write it with numpy.save"
        case .unknownVersion(let major, let minor):
            "found NPY format version \(major).\(minor), expected 1.0, 2.0 or 3.0; write it again with numpy.save"
        case .headerTooLong(let length):
            "found an NPY header of \(length) bytes, expected at most \(NPYHeader.maximalLength); the file is damaged"
        case .truncatedHeader(let expected, let found):
            "the NPY header is cut short: found \(found) bytes, expected at least \(expected); copy the file again"
        case .badHeader(let what):
            "the NPY header has \(what.shown), expected {'descr': …, 'fortran_order': …, 'shape': …}; the file is damaged"
        case .unsupportedType(let type):
            "found NPY elements of type '\(type.shown)', expected numbers (f2 f4 f8, i1–i8, u1–u8, b1); use array.astype"
        case .shapeOverflows(let shape):
            "the NPY shape \(shape.shown) holds more numbers than a computer can address; the file is damaged"
        case .truncated(let expected, let found):
            "the NPY numbers are cut short: found \(found) bytes, expected \(expected); copy the file again"
        case .trailingBytes(let count):
            "found \(count) bytes behind the NPY array, expected none; save one array in each file"
        case .notText(let type):
            "found NPY elements of type '\(type.shown)', expected one text (U or S)"
        case .invalidText:
            "the NPY text holds bytes that are no characters; the file is damaged"
        case .scatteredRows:
            "the array is in Fortran order and too large for memory: its rows cannot be read one by one; save it with "
                + "numpy.save(FILE, numpy.ascontiguousarray(array))"
        }
    }
}
