import ArrayFiles
import Essentials
import Foundation

/// An array that was read, or one that stays in its file.
enum ArrayContent {
    case read(NumericArray)
    case streamed(StreamedArray)

    /// Arrays of more bytes than this stay in their file: an eighth of the memory, since a file, the numbers made of it and those
    /// that are computed with are in memory together.
    static var streamedSize: Int { FileContent.defaultLimit / 4 }

    /// The array of an NPY file.
    static func npy(_ path: String, streamedSize: Int = streamedSize) throws(FileError) -> ArrayContent {
        var information = stat()
        let isLarge =
            stat(FilePath.system(path), &information) == 0 && information.st_mode & S_IFMT == S_IFREG
            && Int(information.st_size) > streamedSize
        return isLarge ? .streamed(try StreamedArray(npy: path)) : .read(try NPY.read(path))
    }

    /// A member of an archive. Those that are compressed are read, however large.
    static func member(
        _ name: String, of archive: NPZ, streamedSize: Int = streamedSize
    ) throws(NPZError) -> ArrayContent {
        if let array = try archive.streamed(name), array.byteCount > streamedSize { return .streamed(array) }
        return .read(try archive.array(name))
    }

    var shape: [Int] {
        switch self {
        case .read(let array): array.shape
        case .streamed(let array): array.shape
        }
    }
    var type: ElementType {
        switch self {
        case .read(let array): array.type
        case .streamed(let array): array.type
        }
    }
}
