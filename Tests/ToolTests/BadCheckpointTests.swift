import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Files that are no checkpoint, or a damaged one.
@Suite struct BadCheckpointTests {
    @Test func noFile() throws {
        let folder = try Folder()
        for command in ["info", "evaluate", "gradient", "slice", "sharpness", "hessian"] {
            try Tool.refuse(command, in: folder, saying: "ckpt.bin", "no such file")
            try Tool.refuse("\(command) nothing.bin", in: folder, saying: "nothing.bin", "no such file")
        }
    }

    @Test func folderOrEmpty() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        try folder.write([], to: "empty.bin")
        try Tool.refuse("evaluate runs", in: folder, saying: "folder", "expected")
        try Tool.refuse("evaluate empty.bin", in: folder, saying: "empty")
    }

    @Test func truncated() throws {
        let folder = try Folder()
        let whole = Trained.checkpoint
        for length in [1, 7, 8, 9, 100, whole.count / 2, whole.count - 1] {
            try folder.write(Array(whole.prefix(length)), to: "ckpt.bin")
            try Tool.refuse("evaluate", in: folder, saying: "ckpt.bin")
        }
        try folder.write(whole + [0], to: "ckpt.bin")
        try Tool.refuse("evaluate", in: folder, saying: "ckpt.bin")
    }

    /// One bit anywhere: in the length, in names and numbers of the header, in the tensors.
    @Test func bitFlipped() throws {
        let folder = try Folder()
        let whole = Trained.checkpoint
        let places = [0, 3, 7, 8, 9, 40] + stride(from: 60, to: whole.count, by: whole.count / 40) + [whole.count - 1]
        for (number, place) in places.enumerated() {
            var damaged = whole
            damaged[place] ^= 1 << UInt8(number % 8)
            try folder.write(damaged, to: "ckpt.bin")
            try Tool.refuse("info", in: folder, saying: "ckpt.bin")
        }
    }

    @Test func otherFiles() throws {
        let folder = try Folder()
        let contents: [(name: String, bytes: [UInt8])] = [
            ("png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]),
            ("zip", [0x50, 0x4B, 3, 4] + Array(repeating: 0, count: 60)),
            ("text", Array("this is no checkpoint, it is a line of text\n".utf8)),
            ("zeros", Array(repeating: 0, count: 4096)),
            ("ones", Array(repeating: 0xFF, count: 4096)),
        ]
        for (name, bytes) in contents {
            try folder.write(bytes, to: name)
            try Tool.refuse("evaluate \(name)", in: folder, saying: name, "found")
        }
        let plain = Self.container("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", data: 8)
        try folder.write(plain, to: "plain.safetensors")
        try Tool.refuse("slice plain.safetensors", in: folder, saying: "plain safetensors", "landscape import")
    }

    static let impossible = [
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,1000]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,9223372036854775807],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[18446744073709551616],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551615]}}",
        "{\"w\":{\"dtype\":\"Q7\",\"shape\":[2],\"data_offsets\":[0,8]}}", "{\"w\":[]}", "{", "[]", "{}garbage",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        String(repeating: "[", count: 5000),
    ]

    @Test(arguments: impossible) func header(_ header: String) throws {
        let folder = try Folder()
        try folder.write(Self.container(header, data: 8), to: "ckpt.bin")
        try Tool.refuse("evaluate", in: folder, saying: "ckpt.bin")
    }

    @Test func headerLength() throws {
        let folder = try Folder()
        for length: UInt64 in [0, 1, 1 << 40, .max, UInt64(Int64.max)] {
            try folder.write(withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8), to: "ckpt.bin")
            try Tool.refuse("evaluate", in: folder, saying: "ckpt.bin")
        }
    }

    /// A safetensors file: length, header, zeros.
    private static func container(_ header: String, data: Int) -> [UInt8] {
        let text = Array(header.utf8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
            + Array(repeating: 0, count: data)
    }
}
