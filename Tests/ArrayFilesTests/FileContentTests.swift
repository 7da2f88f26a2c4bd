import Foundation
import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct FileContentTests {
    @Test func namesWhyAFileCannotBeRead() throws {
        try Folder.with { folder in
            #expect(message { _ = try FileContent.bytes(of: folder + "/no") }.contains("no such file"))
            #expect(message { _ = try FileContent.bytes(of: folder) }.contains("found a folder"))
            #expect(FileManager.default.createFile(atPath: folder + "/empty", contents: nil))
            #expect(message { _ = try FileContent.bytes(of: folder + "/empty") }.contains("empty"))
            try AtomicFile.write([1, 2, 3], to: folder + "/three")
            #expect(
                message { _ = try FileContent.bytes(of: folder + "/three", limit: 2) }
                    .contains("found 3 bytes, expected at most 2"))
            #expect(message { _ = try NPY.read(folder + "/three") }.hasPrefix("\(folder)/three: not an NPY file"))
            #expect(try FileContent.bytes(of: folder + "/three", limit: 3) == [1, 2, 3])
        }
        // A device without end is stopped at the bound.
        #expect(message { _ = try FileContent.bytes(of: "/dev/zero", limit: 1 << 20) }.contains("at most 1048576"))
    }
}
