import Foundation
import TestSupport
import Testing

extension Folder {
    /// A folder with a trained checkpoint in it.
    convenience init(checkpoint name: String) throws {
        try self.init()
        try write(Trained.checkpoint, to: name)
    }
}

/// A small network that all tests share, trained once.
enum Trained {
    static let command = "train --model mlp:64-32-10 --data digits --epochs 3 --quiet"

    static let checkpoint: [UInt8] = {
        do {
            let folder = try Folder()
            try Tool.succeed(command, in: folder)
            return try folder.bytes("ckpt.bin")
        } catch {
            fatalError("no checkpoint to test with: \(error); is \(Tool.program.path) built?")
        }
    }()
}
