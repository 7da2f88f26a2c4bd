import ArrayFiles

/// Bytes as numbers in [0, 1]: x/255, rounded to Float32.
enum ByteFractions {
    private static let table = (0...255).map { Float($0) / 255 }

    /// Whether an array of bytes, N×H×W or N×C×H×W, holds images.
    static func isImages(_ shape: [Int]) -> Bool { shape.count == 3 || shape.count == 4 }

    /// Whether bytes are images of brightnesses: an array of their shape that holds more than 0 and 1, as a mask does.
    static func areImages(_ x: NumericArray) -> Bool {
        x.type == .uint8 && isImages(x.shape) && (x.bytes.isEmpty || x.bytes.contains { $0 > 1 })
    }

    /// The fractions of all bytes.
    static func of(_ bytes: [UInt8]) -> [Float] {
        [Float](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            bytes.withUnsafeBufferPointer { write($0, to: buffer) }
            count = bytes.count
        }
    }

    /// Initialises as many numbers as there are bytes.
    static func write(_ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableBufferPointer<Float>) {
        precondition(bytes.count <= target.count, "\(bytes.count) bytes into \(target.count) numbers")
        guard let output = target.baseAddress else { return }
        table.withUnsafeBufferPointer { table in
            for index in 0..<bytes.count { (output + index).initialize(to: table[Int(bytes[index])]) }
        }
    }
}
