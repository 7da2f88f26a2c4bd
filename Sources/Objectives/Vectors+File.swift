import ArrayFiles
import Essentials
import Tensors

extension Vectors {
    /// Numbers that are read at once: 2 MiB of Float64.
    private static let pieceOfFile = 1 << 18

    /// The numbers of an .npy file in Float64, in row-major order. A file is read piece by piece, so that no more than the vector is in
    /// memory; a pipe, or an array in Fortran order, as a whole.
    ///
    /// - Parameter check: of how many numbers it holds, before they are read; what it throws ends the reading.
    /// - Throws: `FileError` where the file cannot be read, is no intact NPY file of numbers, or is too large for memory.
    public static func read(npy path: String, check: (_ count: Int) throws -> Void = { _ in }) throws -> [Double] {
        guard RandomAccessFile.isRegular(path), let array = try? StreamedArray(npy: path) else {
            let array = try NPY.read(path)
            try check(array.count)
            return array.doubles
        }
        let count = array.byteCount / array.type.size
        try check(count)
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 8), limit = MachineMemory.usable
        guard !overflow, bytes <= limit else {
            throw FileError.tooLarge(path: path, bytes: overflow ? .max : bytes, limit: limit)
        }
        return try written(count) { numbers in
            for first in stride(from: 0, to: count, by: pieceOfFile) {
                let range = first..<min(first + pieceOfFile, count)
                let part = UnsafeMutableBufferPointer(rebasing: numbers[range])
                _ = try part.update(fromContentsOf: array.numbers(range).doubles)
            }
            return count
        }
    }
}
