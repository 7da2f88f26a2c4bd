import Foundation
import Landscape

/// Where results go.
enum OutputFile {
    /// `runs/ckpt.bin` gives `runs/ckpt.slice.png`.
    static func picture(_ checkpoint: String, _ command: String) -> String {
        (checkpoint.hasSuffix(".bin") ? String(checkpoint.dropLast(4)) : checkpoint) + ".\(command).png"
    }

    /// Whether a path's ending is one of pictures.
    static func isPicture(_ path: String) -> Bool {
        pictureFormats.contains((path as NSString).pathExtension.lowercased())
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
    /// - Parameters:
    ///   - bytes: how many there will be, where that is known.
    ///   - inputs: paths of what the command reads, none of which it may be.
    static func checkWritable(_ path: String, bytes: Int = 0, apartFrom inputs: [String] = []) throws {
        guard !path.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a file to write to") }
        do { try AtomicFile.check(path, bytes: bytes) } catch { throw UnusableRequest("\(error)") }
        try checkApart(path, from: inputs)
    }

    /// Refuses a file that is read.
    static func checkApart(_ path: String, from inputs: [String]) throws {
        guard !inputs.isEmpty, let place = FilePath.resolved(path) else { return }
        if let input = inputs.first(where: { FilePath.resolved($0) == place }) {
            throw UnusableRequest("-o \(path): it is \(input), which is read here; name another file")
        }
    }

    /// Writes a file at the end of work. What cannot be written there is kept elsewhere: beside the checkpoint, else in the folder of
    /// temporary files.
    ///
    /// - Throws: `KeptElsewhere`, or the first problem where no place takes it.
    static func write(_ path: String, beside checkpoint: String? = nil, _ body: (String) throws -> Void) throws {
        do {
            try body(path)
        } catch let problem as FileError {
            throw kept(path, beside: checkpoint, problem, body)
        }
    }

    /// Keeps elsewhere what could not be written.
    static func kept(
        _ path: String, beside checkpoint: String? = nil, _ problem: FileError, _ body: (String) throws -> Void
    ) -> any Error {
        for folder in [checkpoint.map(FilePath.folder), NSTemporaryDirectory()].compactMap({ $0 }) {
            let place = free(path, in: folder.isEmpty ? "." : folder)
            if place != path, (try? body(place)) != nil { return KeptElsewhere(problem: problem, place: place) }
        }
        return problem
    }

    /// A path of the same ending in another folder, where nothing is yet. Long names are cut.
    private static func free(_ path: String, in folder: String) -> String {
        let name = (path as NSString).lastPathComponent as NSString, ending = name.pathExtension
        let stem = String(name.deletingPathExtension.prefix(40))
        for number in 0... {
            let new = stem + (number > 0 ? "-\(number)" : "") + (ending.isEmpty ? "" : "." + ending.prefix(10))
            let place = (folder as NSString).appendingPathComponent(new)
            var information = stat()
            if lstat(FilePath.system(place), &information) != 0 { return place }
        }
        preconditionFailure("every name is taken")
    }
}

/// A result that could not be written where it was asked for, and was kept.
struct KeptElsewhere: DescribedError {
    let problem: FileError, place: String

    var description: String { "\(problem). It is in \(place) instead" }
}
