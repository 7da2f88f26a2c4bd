import Essentials
import Foundation

/// Why a file cannot be read or written. An error of the format *inside* the bytes is carried by `malformed`, together
/// with the path.
public enum FileError: DescribedError {
    case missing(path: String)
    case directory(path: String)
    case special(path: String, kind: SpecialFile)
    case interrupted(path: String)
    case empty(path: String)
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    case malformed(path: String, problem: any DescribedError)
    case folderMissing(path: String, folder: String)
    case destinationIsDirectory(path: String)
    case notWritable(path: String, reason: String)
    case writeFailed(path: String, reason: String)
    case noSpace(path: String, bytes: Int, free: Int)
    case unprinted(reason: String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            "\(path): no such file\(FilePath.suggestion(for: path, otherwise: "; check the path"))"
        case .directory(let path):
            "\(path): found a folder where a file was expected; name a file in it"
        case .special(let path, let kind):
            "\(path): found \(kind.words.found) where a file was expected; \(kind.words.advice)"
        case .interrupted(let path):
            "\(path): interrupted while waiting for it"
        case .empty(let path):
            "\(path): the file is empty (0 bytes); make or download it again"
        case .unreadable(let path, let reason):
            "\(path): cannot be read (\(reason)); check its permissions"
        case .tooLarge(let path, let bytes, let limit):
            "\(path): found \(bytes) bytes, expected at most \(limit) here; \(FileContent.advice(limit))"
        case .malformed(let path, let problem):
            "\(path): \(problem)"
        case .folderMissing(let path, let folder):
            "\(path): cannot be written because there is no folder \(folder)\(FilePath.suggestion(for: folder)); make it first"
        case .destinationIsDirectory(let path):
            "\(path): is a folder, expected a file name to write to; add a file name"
        case .notWritable(let path, let reason):
            "\(path): cannot be written (\(reason)); choose a folder you may write to"
        case .writeFailed(let path, let reason):
            "\(path): writing failed (\(reason)) and left nothing behind; free some space or choose another folder"
        case .noSpace(let path, let bytes, let free):
            "\(path): needs \(bytes) bytes, and its disk has \(free) left; free some space or choose another folder"
        case .unprinted(let reason):
            "standard output: the result could not be printed (\(reason)); send it elsewhere, or use -o FILE"
        }
    }
}

extension FileError {
    /// The result of `body`.
    ///
    /// - Throws: `FileError.malformed` with the path and the error that `body` throws.
    public static func `in`<Value, Problem: DescribedError>(
        _ path: String, _ body: () throws(Problem) -> Value
    ) throws(FileError) -> Value {
        do {
            return try body()
        } catch {
            throw .malformed(path: path, problem: error)
        }
    }
}

/// The system's words for an error number.
func systemReason(_ number: Int32) -> String { String(cString: strerror(number)) }
