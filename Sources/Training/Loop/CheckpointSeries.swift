import ArrayFiles
import Essentials
import Foundation
import Models

/// The files that a training writes: the final one at the output path, those of epochs beside it. For `run/ckpt.bin` these are
/// `run/ckpt.epoch000.bin`, `run/ckpt.epoch010.bin` and so on, three digits at least.
public struct CheckpointSeries: Sendable {
    /// Nil writes nothing.
    public let output: String?
    /// Written so far, in order.
    public private(set) var files: [String] = []

    init(output: String?) { self.output = output }

    /// The path of an epoch's checkpoint.
    public static func path(_ output: String, epoch: Int) -> String {
        let digits = String(epoch)
        return path(output, labelled: "epoch" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
    }

    /// The path of a checkpoint with a label, such as `run/ckpt.ema.bin`.
    static func path(_ output: String, labelled label: String) -> String {
        let label = "." + label
        let start = output.lastIndex(of: "/").map(output.index(after:)) ?? output.startIndex
        // A leading dot hides a file; it starts no extension.
        guard let dot = output[start...].lastIndex(of: "."), dot > start else { return output + label }
        return output[..<dot] + label + output[dot...]
    }

    /// The last of the epochs' checkpoints beside an output path; nil where there is none.
    static func newest(beside output: String) -> String? {
        let folder = FilePath.folder(of: output)
        let names = (try? FilePath.names(in: folder)) ?? []
        let name = (output as NSString).lastPathComponent
        let epochs = names.compactMap { other -> Int? in
            guard let found = other.firstMatch(of: /\.epoch([0-9]{3,})/), let epoch = Int(found.1),
                path(name, epoch: epoch) == other
            else { return nil }
            return epoch
        }
        return epochs.max().map { path(output, epoch: $0) }
    }

    mutating func write(_ checkpoint: Checkpoint, epoch: Int) throws(FileError) {
        guard let output else { return }
        let path = Self.path(output, epoch: epoch)
        if files.contains(path) { return }
        try checkpoint.write(to: path)
        files.append(path)
    }

    /// Returns the path; nil where nothing is written.
    mutating func write(_ checkpoint: Checkpoint, labelled label: String) throws(FileError) -> String? {
        guard let output else { return nil }
        let path = Self.path(output, labelled: label)
        try checkpoint.write(to: path)
        files.append(path)
        return path
    }

    mutating func writeFinal(_ checkpoint: Checkpoint) throws(FileError) {
        guard let output else { return }
        try checkpoint.write(to: output)
        files.append(output)
    }
}
