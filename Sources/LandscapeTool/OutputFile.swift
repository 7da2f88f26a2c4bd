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
    static func checkWritable(_ path: String) throws {
        guard !path.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a file to write to") }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw UnusableRequest("cannot write \(path): it is a folder; name a file in it")
        }
        let folder = FilePath.folder(of: path)
        let shown = folder.isEmpty ? "." : folder
        guard FileManager.default.fileExists(atPath: shown, isDirectory: &isFolder), isFolder.boolValue else {
            throw UnusableRequest("cannot write \(path): there is no folder \(shown); make it first")
        }
        // Permissions do not say all: some folders take no files whoever asks.
        let trial = (shown as NSString).appendingPathComponent(".landscape-\(getpid()).trial")
        let descriptor = open(trial, O_CREAT | O_EXCL | O_WRONLY, 0o600)
        guard descriptor >= 0 else {
            throw UnusableRequest(
                "cannot write \(path): the folder \(shown) is not writable (\(String(cString: strerror(errno)))); name another place"
            )
        }
        close(descriptor)
        unlink(trial)
    }
}
