#if !_endian(little)
    #error("ArrayFiles keeps numbers in little-endian memory order and has not been written for other machines")
#endif

/// How each number of an array is stored. Raw values are the names that safetensors uses.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// Bytes of one number.
    public var size: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether numbers have fractions; false for integers and for true/false.
    public var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }
}

/// The number whose IEEE 754 half precision bits these are. (Swift's `Float16` does not exist on every platform.)
@inline(__always)
func widenedHalf(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    if exponent == 0 {
        let magnitude = Float(fraction) * 0x1p-24
        return sign == 0 ? magnitude : -magnitude
    }
    let widened = exponent == 31 ? 0x7F80_0000 | fraction << 13 : (exponent + 112) << 23 | fraction << 13
    return Float(bitPattern: sign | widened)
}

/// The number whose bfloat16 bits these are: the upper half of a Float32.
@inline(__always)
func widenedBrain(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
