import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Data that do not fit, or are none.
@Suite struct BadDataTests {
    /// A folder with a checkpoint for 64 numbers and 10 classes, and arrays x.npy, y.npy.
    private func folder(_ x: [Double], _ shape: [Int], _ y: [Double]) throws -> Folder {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.write(NumericArray(x, shape: shape), to: "x.npy")
        try folder.write(NumericArray(y), to: "y.npy")
        return folder
    }

    private let zeros = [Double](repeating: 0, count: 256), labels = [0.0, 1, 2, 9]

    @Test func fitting() throws {
        let folder = try folder(zeros, [4, 64], labels)
        let result = try Tool.json("evaluate --data npy:x.npy,y.npy", in: folder)
        #expect(result["examples"] as? Int == 4)
    }

    @Test func wrongShape() throws {
        let folder = try folder(Array(zeros.prefix(252)), [4, 63], labels)
        for command in ["evaluate", "slice", "sharpness", "hessian", "gradient"] {
            try Tool.refuse("\(command) --data npy:x.npy,y.npy", in: folder, saying: "[63]", "shape", "64")
        }
        try Tool.refuse("train --model mlp:64-32-10 --data npy:x.npy,y.npy -o new.bin", in: folder, saying: "64", "63")
        try Tool.refuse("train --model lenet --data npy:x.npy,y.npy -o new.bin", in: folder, saying: "images", "63")
    }

    @Test func labelOutOfRange() throws {
        for label in [10.0, 1e6, -1] {
            let folder = try folder(zeros, [4, 64], [0, 1, 2, label])
            for command in ["evaluate", "slice --points 3", "sharpness", "hessian", "gradient"] {
                try Tool.refuse("\(command) --data npy:x.npy,y.npy", in: folder)
            }
        }
        let folder = try folder(zeros, [4, 64], [0, 1, 2, 12])
        try Tool.refuse("train --model mlp:64-32-10 --data npy:x.npy,y.npy -o new.bin", in: folder, saying: "10", "13")
    }

    @Test func notFinite() throws {
        for value in [Double.nan, .infinity, -.infinity] {
            var x = zeros
            x[70] = value
            let folder = try folder(x, [4, 64], labels)
            try Tool.refuse("evaluate --data npy:x.npy,y.npy", in: folder, saying: "row 1", "finite")
            try Tool.refuse(
                "train --model mlp:64-32-10 --data npy:x.npy,y.npy -o new.bin", in: folder, saying: "row 1", "finite")
            let targets = try self.folder(zeros, [4, 64], [0, 1, value, 2])
            try Tool.refuse("evaluate --data npy:x.npy,y.npy", in: targets, saying: "row 2", "finite")
        }
    }

    @Test func countsDiffer() throws {
        let folder = try folder(zeros, [4, 64], [0, 1, 2])
        try Tool.refuse("evaluate --data npy:x.npy,y.npy", in: folder, saying: "4 inputs", "3 targets")
    }

    @Test func brokenFiles() throws {
        let folder = try folder(zeros, [4, 64], labels)
        try folder.write([], to: "empty.npy")
        try folder.write(Array("no array".utf8), to: "text.npy")
        try folder.write(Array(try folder.bytes("x.npy").prefix(500)), to: "short.npy")
        try folder.write(Array("1,2,3\n4,5\n".utf8), to: "ragged.csv")
        try folder.write(Array("1,two,0\n3,4,x\n".utf8), to: "words.csv")
        try folder.makeFolder("images")
        for data in [
            "npy:missing.npy,y.npy", "npy:empty.npy,y.npy", "npy:text.npy,y.npy", "npy:short.npy,y.npy",
            "npy:images,y.npy", "npy:x.npy",
            "npz:x.npy", "npz:missing.npz", "csv:ragged.csv", "csv:words.csv", "mnist:images", "mnist:nowhere",
            "cifar10:images",
            "cifar100:images", "fashion-mnist:images", "pictures", "chebyshev:0", "chebyshev:x", "digits:here", "''",
        ] {
            try Tool.refuse("evaluate --data \(data)", in: folder)
            try Tool.refuse("train --model linear --data \(data) -o new.bin", in: folder)
        }
        try Tool.refuse("evaluate --data pictures", in: folder, saying: "unknown data", "digits", "fashion-mnist")
    }

    @Test func splits() throws {
        let folder = try folder(zeros, [4, 64], labels)
        try Tool.refuse("evaluate --data npy:x.npy,y.npy --split test", in: folder, saying: "no test split")
        try Tool.refuse("evaluate --split validation", in: folder, saying: "validation", "train")
        try Tool.refuse("evaluate --examples 5000", in: folder, saying: "5000", "1442")
    }

    /// The data that a checkpoint was trained on have gone.
    @Test func dataGone() throws {
        let folder = try folder((0..<256).map { Double($0 % 7) }, [4, 64], labels)
        try Tool.succeed("train --model mlp:64-10 --data npy:x.npy,y.npy --epochs 1 --quiet -o own.bin", in: folder)
        try FileManager.default.removeItem(atPath: folder.path("x.npy"))
        try Tool.refuse("slice own.bin", in: folder, saying: "x.npy", "no such file")
    }
}
