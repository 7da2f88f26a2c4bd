extension NumericArray {
    /// The numbers in Float64, row-major. 64-bit integers beyond 2⁵³ are rounded; true is 1.
    public var doubles: [Double] {
        switch type {
        case .float64: copied(as: Double.self)
        case .float32: mapped(from: Float.self) { Double($0) }
        case .float16: mapped(from: UInt16.self) { Double(widenedHalf($0)) }
        case .bfloat16: mapped(from: UInt16.self) { Double(widenedBrain($0)) }
        case .int64: mapped(from: Int64.self) { Double($0) }
        case .int32: mapped(from: Int32.self) { Double($0) }
        case .int16: mapped(from: Int16.self) { Double($0) }
        case .int8: mapped(from: Int8.self) { Double($0) }
        case .uint64: mapped(from: UInt64.self) { Double($0) }
        case .uint32: mapped(from: UInt32.self) { Double($0) }
        case .uint16: mapped(from: UInt16.self) { Double($0) }
        case .uint8: mapped(from: UInt8.self) { Double($0) }
        case .bool: mapped(from: UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }

    /// The numbers in Float32, row-major, each rounded to the nearest; true is 1.
    public var floats: [Float] {
        switch type {
        case .float64: mapped(from: Double.self) { Float($0) }
        case .float32: copied(as: Float.self)
        case .float16: mapped(from: UInt16.self) { widenedHalf($0) }
        case .bfloat16: mapped(from: UInt16.self) { widenedBrain($0) }
        case .int64: mapped(from: Int64.self) { Float($0) }
        case .int32: mapped(from: Int32.self) { Float($0) }
        case .int16: mapped(from: Int16.self) { Float($0) }
        case .int8: mapped(from: Int8.self) { Float($0) }
        case .uint64: mapped(from: UInt64.self) { Float($0) }
        case .uint32: mapped(from: UInt32.self) { Float($0) }
        case .uint16: mapped(from: UInt16.self) { Float($0) }
        case .uint8: mapped(from: UInt8.self) { Float($0) }
        case .bool: mapped(from: UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }

    /// The numbers as integers, row-major; true is 1.
    ///
    /// - Throws: `NumericArrayError.notIntegral` where one is not whole (5.5, NaN) or does not fit,
    ///   `NumericArrayError.integerTooLarge` for unsigned numbers from 2⁶³ on.
    public func integers() throws(NumericArrayError) -> [Int] {
        switch type {
        case .float64, .float32, .float16, .bfloat16:
            var result: [Int] = []
            result.reserveCapacity(count)
            for (index, value) in doubles.enumerated() {
                guard let whole = Int(exactly: value) else { throw .notIntegral(index: index, value: value) }
                result.append(whole)
            }
            return result
        case .uint64:
            let values = copied(as: UInt64.self)
            if let index = values.firstIndex(where: { $0 > UInt64(Int.max) }) {
                throw .integerTooLarge(index: index, value: values[index])
            }
            return values.map { Int($0) }
        case .int64: return mapped(from: Int64.self) { Int($0) }
        case .int32: return mapped(from: Int32.self) { Int($0) }
        case .int16: return mapped(from: Int16.self) { Int($0) }
        case .int8: return mapped(from: Int8.self) { Int($0) }
        case .uint32: return mapped(from: UInt32.self) { Int($0) }
        case .uint16: return mapped(from: UInt16.self) { Int($0) }
        case .uint8: return mapped(from: UInt8.self) { Int($0) }
        case .bool: return mapped(from: UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }

    private func copied<Element: BitwiseCopyable>(as type: Element.Type) -> [Element] {
        let count = count
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            initialized = count
        }
    }

    @inline(__always)
    private func mapped<Element: BitwiseCopyable, Result>(
        from type: Element.Type, _ transform: (Element) -> Result
    ) -> [Result] {
        let count = count
        return bytes.withUnsafeBytes { source in
            [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
                for index in 0..<count {
                    let element = source.loadUnaligned(
                        fromByteOffset: index &* MemoryLayout<Element>.size, as: Element.self)
                    buffer.initializeElement(at: index, to: transform(element))
                }
                initialized = count
            }
        }
    }
}
