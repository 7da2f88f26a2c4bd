/// Reverses the bytes of every number in place.
func swapBytes(_ bytes: inout [UInt8], size: Int) {
    func swap<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type) {
        bytes.withUnsafeMutableBytes { buffer in
            for start in stride(from: 0, through: buffer.count - size, by: size) {
                let word = buffer.loadUnaligned(fromByteOffset: start, as: Word.self)
                buffer.storeBytes(of: word.byteSwapped, toByteOffset: start, as: Word.self)
            }
        }
    }
    switch size {
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: break
    }
}

/// Numbers stored with the first index running fastest (Fortran order), rearranged so that the last one does.
func rowMajor(_ bytes: [UInt8], shape: [Int], size: Int) -> [UInt8] {
    guard !bytes.isEmpty else { return bytes }
    var strides: [Int] = []
    var product = size
    for extent in shape {
        strides.append(product)
        product *= extent
    }
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { result, count in
        bytes.withUnsafeBytes { source in
            let target = UnsafeMutableRawBufferPointer(result)
            var index = [Int](repeating: 0, count: shape.count)
            var from = 0
            for to in stride(from: 0, to: source.count, by: size) {
                for byte in 0..<size { target[to + byte] = source[from + byte] }
                var axis = shape.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    from += strides[axis]
                    if index[axis] < shape[axis] { break }
                    from -= strides[axis] * shape[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
        }
        count = bytes.count
    }
}
