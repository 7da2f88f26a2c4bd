import Foundation
import Landscape

/// Where results go.
enum OutputFile {
    /// `runs/ckpt.bin` gives `runs/ckpt.slice.png`.
    static func picture(_ checkpoint: String, _ command: String) -> String {
        (checkpoint.hasSuffix(".bin") ? String(checkpoint.dropLast(4)) : checkpoint) + ".\(command).png"
    }

    /// Finds out before long work that an array cannot be written after it, or that its name would say another format.
    static func checkArray(_ path: String, _ option: String) throws {
        guard path.lowercased().hasSuffix(".npy") else {
            throw UnusableRequest("\(option) \(path): expected a name that ends in .npy, the format that is written")
        }
        try checkWritable(path)
    }

    /// Finds out before long work that a file cannot be written after it.
    ///
    /// - Parameter bytes: how many there will be, where that is known.
    static func checkWritable(_ path: String, bytes: Int = 0) throws {
        guard !path.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a file to write to") }
        do { try AtomicFile.check(path, bytes: bytes) } catch { throw UnusableRequest("\(error)") }
    }
}
