import Essentials
import Foundation
import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct AtomicFileTests {
    @Test func replacesAFileWhole() throws {
        try Folder.with { folder in
            let path = folder + "/file"
            try AtomicFile.write("one", to: path)
            chmod(path, 0o600)
            let link = folder + "/link"
            symlink(path, link)
            try AtomicFile.write("two", to: link)
            #expect(try FileContent.bytes(of: path) == Array("two".utf8))
            var information = stat()
            #expect(lstat(link, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK)
            #expect(stat(path, &information) == 0 && information.st_mode & 0o777 == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "link"])
        }
    }

    /// A link that leads to no file yet stays, and the file is made where it leads; links in a circle are refused.
    @Test func linksToNothing() throws {
        try Folder.with { folder in
            try FileManager.default.createDirectory(atPath: folder + "/below", withIntermediateDirectories: false)
            symlink("below/second", folder + "/first")
            symlink("file", folder + "/below/second")
            try AtomicFile.write("new", to: folder + "/first")
            #expect(FilePath.link(folder + "/first") == "below/second")
            #expect(FilePath.link(folder + "/below/second") == "file" && FilePath.link(folder + "/below/file") == nil)
            #expect(try FileContent.bytes(of: folder + "/below/file") == Array("new".utf8))
            symlink("circle", folder + "/circle")
            #expect(message { try AtomicFile.write("new", to: folder + "/circle") }.contains("symbolic links"))
            #expect(FilePath.link(folder + "/circle") == "circle")
        }
    }

    @Test func leavesTheFormerFileWhenWritingFails() throws {
        try Folder.with { folder in
            let path = folder + "/file"
            try AtomicFile.write("old", to: path)
            let text = message {
                try AtomicFile.write(to: path) { (sink) throws(FileError) in
                    try sink.write([1, 2, 3])
                    throw .writeFailed(path: path, reason: "No space left on device")
                }
            }
            #expect(text.contains("No space left on device") && text.contains("left nothing behind"))
            #expect(try FileContent.bytes(of: path) == Array("old".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test func namesWhyAFileCannotBeWritten() throws {
        try Folder.with { folder in
            #expect(message { try AtomicFile.write([1], to: folder) }.contains("is a folder"))
            #expect(message { try AtomicFile.write([1], to: folder + "/new/") }.contains("is a folder"))
            #expect(message { try AtomicFile.write([1], to: folder + "/no/file") }.contains("there is no folder"))
            let long = folder + "/" + String(repeating: "x", count: 300)
            #expect(message { try AtomicFile.write([1], to: long) }.contains("File name too long"))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty)
        }
        // A full disk that every Linux system has.
        #expect(message { try AtomicFile.write([1], to: "/dev/full") }.contains("No space left"))
    }

    /// Temporary files of programs that were killed go; those of programs that live stay, whatever their process numbers.
    @Test func leftovers() throws {
        try Folder.with { folder in
            let dead = [".landscape-1-1.tmp", ".landscape-1.trial", ".landscape-3w5e11264sgsf.tmp"]
            for name in dead { try Data([1]).write(to: URL(filePath: "\(folder)/\(name)")) }
            try Data([1]).write(to: URL(filePath: "\(folder)/.landscape-notes.txt"))
            mkfifo("\(folder)/.landscape-2.tmp", 0o600)
            let live = open("\(folder)/.landscape-live.tmp", O_CREAT | O_WRONLY, 0o600)
            defer { close(live) }
            #expect(flock(live, LOCK_EX | LOCK_NB) == 0)
            try AtomicFile.check(folder + "/file")
            try AtomicFile.write("one", to: folder + "/file")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    ".landscape-2.tmp", ".landscape-live.tmp", ".landscape-notes.txt", "file",
                ])
        }
    }

    /// A file is locked while it is written, under a name of its own.
    @Test func temporaryNames() throws {
        try Folder.with { folder in
            let files = try (0..<20).map { _ in try TemporaryFile(in: folder) }
            #expect(Set(files.map(\.path)).count == 20)
            for file in files {
                let other = open(file.path, O_RDONLY)
                #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
                close(other)
                close(file.descriptor)
            }
        }
    }

    @Test func roomOnTheDisk() throws {
        try Folder.with { folder in
            try AtomicFile.check(folder + "/file", bytes: 1)
            #expect(
                message { try AtomicFile.check(folder + "/file", bytes: 1 << 60) }.contains("needs \(1 << 60) bytes"))
            let long = folder + "/" + String(repeating: "x", count: 300)
            #expect(message { try AtomicFile.check(long) }.contains("File name too long"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    /// Folders of paths, names of one character among them, and a file of such a name.
    @Test func folders() throws {
        for (path, folder) in [
            ("a.png", ""), ("a", ""), (".", ""), ("é", ""), ("", ""), ("a/", ""), ("/", "/"), ("//", "/"), ("/a", "/"),
            ("//a", "/"), ("/ab/", "/"), ("a/b", "a"), ("a//b", "a"), ("a/b/", "a"), ("a/b/c.d", "a/b"),
            ("/a/b", "/a"), ("./a", "."), ("../a", ".."),
        ] {
            #expect(FilePath.folder(of: path) == folder, "\(path)")
        }
        try Folder.with { folder in
            try AtomicFile.write("one", to: folder + "/x")
            #expect(try FileContent.bytes(of: folder + "/x") == Array("one".utf8))
        }
    }
}
