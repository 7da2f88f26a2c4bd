import Essentials
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ArrayFiles

@Suite struct JournalFileTests {
    private static func key(_ text: String) -> JournalKey { ContentKey(text).journal }

    private static let vector = (0..<2000).map { 1 / Double($0 + 1) }

    /// A journal as a killed process leaves it: nothing but the file.
    private func killed(_ path: String) throws {
        let journal = try JournalFile(path, title: "work", interval: 0, resumes: false)
        journal.keep([1, .nan, -0.0], under: Self.key("a"), seconds: 1)
        journal.keep(Self.vector, under: Self.key("b"), seconds: 2)
        journal.keep([7], under: Self.key("c"), seconds: 3)
    }

    private func copy(_ path: String, to other: String) throws {
        try AtomicFile.write(FileContent.bytes(of: path), to: other)
    }

    @Test func goesOnFromWhatAKilledProcessKept() throws {
        try Folder.with { folder in
            let path = folder + "/j", remarks = Mutex<[String]>([])
            try killed(path)
            let journal = try JournalFile(path, title: "work", resumes: true) { text in
                remarks.withLock { $0.append(text) }
            }
            #expect(remarks.withLock { $0.isEmpty })
            #expect(journal.numbers(of: Self.key("a"))?.count == 3)
            #expect(remarks.withLock { $0 } == ["going on from \(path): 3 results, 6.0 s of work"])
            #expect(journal.numbers(of: Self.key("a"))?.map(\.bitPattern) == [1, .nan, -0.0].map(\.bitPattern))
            #expect(journal.numbers(of: Self.key("b")) == Self.vector && journal.hasEarlier)
            #expect(journal.numbers(of: Self.key("c")) == [7] && !journal.hasEarlier)
            #expect(journal.numbers(of: Self.key("d")) == nil)
            // It goes on in the same file.
            journal.keep([4], under: Self.key("d"), seconds: 1)
            #expect(journal.save())
            try copy(path, to: path + "2")
            #expect(try JournalFile(path + "2", title: "work", resumes: true).numbers(of: Self.key("d")) == [4])
            unlink(path + "2")
            journal.remove()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    /// Wherever the file ends, what was whole is found, and nothing else.
    @Test func cutAnywhere() throws {
        try Folder.with { folder in
            let path = folder + "/j"
            try killed(path)
            let bytes = try FileContent.bytes(of: path)
            var counts: Set<Int> = []
            for length in stride(from: 0, through: bytes.count, by: 7) {
                try AtomicFile.write(Array(bytes[..<length]), to: path)
                guard let journal = try? JournalFile(path, title: "work", resumes: true) else {
                    #expect(length < 40)
                    continue
                }
                let found = [("a", 3), ("b", 2000), ("c", 1)].prefix {
                    journal.numbers(of: Self.key($0.0))?.count == $0.1
                }
                counts.insert(found.count)
                #expect((journal.numbers(of: Self.key("b")) ?? Self.vector) == Self.vector)
                journal.keep([5], under: Self.key("e"), seconds: 1)
                try copy(path, to: path + "2")
                #expect(try JournalFile(path + "2", title: "work", resumes: true).numbers(of: Self.key("e")) == [5])
            }
            #expect(counts.isSuperset(of: [0, 1, 2]))
        }
    }

    /// A flipped bit loses results, and makes none.
    @Test func damage() throws {
        try Folder.with { folder in
            let path = folder + "/j"
            try killed(path)
            let bytes = try FileContent.bytes(of: path)
            for damaged in Damage.flips(bytes, count: Damage.trials(300), seed: 1) {
                try AtomicFile.write(damaged, to: path)
                guard let journal = try? JournalFile(path, title: "work", resumes: true) else { continue }
                let a = journal.numbers(of: Self.key("a")), b = journal.numbers(of: Self.key("b"))
                #expect(a == nil || a?.map(\.bitPattern) == [1, .nan, -0.0].map(\.bitPattern))
                #expect(b == nil || b == Self.vector)
            }
        }
    }

    /// A process may be killed before the first line is whole: nothing is kept, and the work begins anew in the same file.
    @Test func killedAsItBegan() throws {
        try Folder.with { folder in
            let path = folder + "/j"
            try killed(path)
            let bytes = try FileContent.bytes(of: path), line = try #require(bytes.dropFirst(20).firstIndex(of: 10))
            for length in 0...line {
                FileManager.default.createFile(atPath: path, contents: Data(bytes[..<length]))
                let journal = try JournalFile(path, title: "work", interval: 0, resumes: true)
                #expect(!journal.hasEarlier)
                journal.keep([4], under: Self.key("d"), seconds: 1)
                #expect(journal.save())
                try copy(path, to: path + "2")
                #expect(try JournalFile(path + "2", title: "work", resumes: true).numbers(of: Self.key("d")) == [4])
                unlink(path)
            }
            FileManager.default.createFile(atPath: path, contents: Data("lands of".utf8))
            #expect(throws: JournalError.self) { try JournalFile(path, title: "work", resumes: true) }
        }
    }

    @Test func refusesOtherFiles() throws {
        try Folder.with { folder in
            let path = folder + "/j"
            #expect(message { _ = try JournalFile(path, title: "work", resumes: true) }.contains("no such file"))
            try killed(path)
            #expect(
                message { _ = try JournalFile(path, title: "other work", resumes: true) }.contains(
                    "the work of 'work', expected 'other work'"))
            let journal = try JournalFile(path, title: "work", resumes: true)
            #expect(message { _ = try JournalFile(path, title: "work", resumes: true) }.contains("another run"))
            #expect(JournalFile.title(of: path) == "work")
            journal.remove()
            try AtomicFile.write("text\n", to: path)
            #expect(
                message { _ = try JournalFile(path, title: "work", resumes: true) }.contains("no work that was kept"))
            #expect(JournalFile.title(of: path) == nil)
            unlink(path)
            mkfifo(path, 0o600)
            #expect(!message { _ = try JournalFile(path, title: "work", resumes: true) }.isEmpty)
        }
    }

    /// Short work leaves no file, and keeps what is small where it is interrupted.
    @Test func shortWork() throws {
        try Folder.with { folder in
            let path = folder + "/j"
            func begin() throws -> JournalFile { try JournalFile(path, title: "work", interval: 1e6, resumes: false) }
            let unused = try begin()
            #expect(!unused.save())
            try unused.confirm("a checkpoint", Self.key("x"))
            #expect(!unused.save() && !FileManager.default.fileExists(atPath: path))
            let journal = try begin()
            #expect(journal.isWorthKeeping(2, digested: 0, seconds: 0.001))
            #expect(!journal.isWorthKeeping(100_000, digested: 0, seconds: 1))
            journal.keep([1, 2], under: Self.key("a"), seconds: 1)
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(journal.save() && FileManager.default.fileExists(atPath: path))
        }
    }

    /// What costs more to look up or to write than to compute is computed.
    @Test func keepsWhatIsWorthIt() throws {
        try Folder.with { folder in
            let journal = try JournalFile(folder + "/j", title: "work", interval: 0, resumes: false)
            #expect(journal.isWorthKeeping(1, digested: 1_000_000, seconds: 1))
            #expect(!journal.isWorthKeeping(1, digested: 1_000_000, seconds: 0.001))
            var limits = JournalFile.Limits()
            (limits.rate, limits.mostBytes) = (0, 40_000)
            let slow = try JournalFile(folder + "/k", title: "work", interval: 0, resumes: false, limits)
            #expect(slow.isWorthKeeping(2000, digested: 0, seconds: 1))
            slow.keep(Self.vector, under: Self.key("a"), seconds: 1)
            slow.keep(Self.vector, under: Self.key("b"), seconds: 1)
            #expect(!slow.isWorthKeeping(2000, digested: 0, seconds: 1))
            #expect(slow.isWorthKeeping(2, digested: 0, seconds: 1))
        }
    }

    /// Of a state the last is found; a checkpoint that has changed is noticed.
    @Test func statesAndNames() throws {
        try Folder.with { folder in
            let path = folder + "/j"
            do {
                let journal = try JournalFile(path, title: "work", interval: 0, resumes: false)
                for step in 1...3 {
                    journal.keepState([Double(step)] + Self.vector, under: Self.key("s"), isLast: false)
                }
                try journal.confirm("a.bin", Self.key("x"))
            }
            let journal = try JournalFile(path, title: "work", resumes: true)
            #expect(journal.numbers(of: Self.key("s")) == [3] + Self.vector)
            try journal.confirm("a.bin", Self.key("x"))
            #expect(message { try journal.confirm("a.bin", Self.key("y")) }.contains("another a.bin"))
        }
    }

    /// A finished part is found as a whole, and what it needed is forgotten; one that was interrupted goes on from what it had.
    @Test func parts() throws {
        try Folder.with { folder in
            let path = folder + "/j", long = [Double](repeating: 0.5, count: 300_000)
            struct Stop: Error {}
            func run(resumes: Bool, stops: Bool = false) throws -> (found: Int, computed: Int) {
                let journal = try JournalFile(path, title: "work", interval: 0, resumes: resumes)
                var found = 0, computed = 0
                func numbers(_ name: String) {
                    if let known = journal.numbers(of: Self.key(name)) {
                        #expect(known == long)
                        found += 1
                    } else {
                        computed += 1
                        journal.keep(long, under: Self.key(name), seconds: 1)
                    }
                }
                numbers("before")
                let result = try journal.part(Self.key("part")) {
                    numbers("a")
                    if stops { throw Stop() }
                    numbers("b")
                    return [1, 2]
                }
                #expect(result == [1, 2])
                numbers("after")
                return (found, computed)
            }
            #expect(throws: Stop.self) { _ = try run(resumes: false, stops: true) }
            #expect(try run(resumes: true) == (2, 2))
            var information = stat()
            #expect(stat(path, &information) == 0)
            // A file system without holes keeps the room.
            let taken = Int(information.st_blocks) * 512
            #expect(taken < 6_000_000 || taken >= Int(information.st_size))
            // Before, the part as a whole, and after.
            #expect(try run(resumes: true) == (2, 0))
            let journal = try JournalFile(path, title: "work", resumes: true)
            #expect(journal.numbers(of: Self.key("a")) == nil && journal.numbers(of: Self.key("part")) == [1, 2])
        }
    }

    /// Two runs of one command: the second works without keeping anything, and leaves the first one's file.
    @Test func twoAtOnce() throws {
        try Folder.with { folder in
            let path = folder + "/j", remarks = Mutex<[String]>([])
            let first = try JournalFile(path, title: "work", interval: 0, resumes: false)
            first.keep([1], under: Self.key("a"), seconds: 1)
            let second = try JournalFile(path, title: "work", interval: 0, resumes: false) { text in
                remarks.withLock { $0.append(text) }
            }
            second.keep([2], under: Self.key("b"), seconds: 1)
            #expect(remarks.withLock { $0.count == 1 && $0[0].contains("another run") })
            second.remove()
            first.keep([3], under: Self.key("c"), seconds: 1)
            #expect(first.save() && FileManager.default.fileExists(atPath: path))
        }
    }

    /// A disk without room: the work goes on, what is kept stays intact.
    @Test func cannotBeWritten() throws {
        let remarks = Mutex<[String]>([])
        let journal = try JournalFile("/no/such/folder/j", title: "work", interval: 0, resumes: false) { text in
            remarks.withLock { $0.append(text) }
        }
        journal.keep([1], under: Self.key("a"), seconds: 1)
        journal.keep([2], under: Self.key("b"), seconds: 1)
        #expect(remarks.withLock { $0.count == 1 && $0[0].contains("work is not kept") })
        #expect(journal.numbers(of: Self.key("a")) == nil && !journal.save())
    }

    /// Keys of other numbers are other keys, also where only the lengths or the order differ.
    @Test func keys() {
        var seen: Set<JournalKey> = []
        for length in 0...70 {
            for place in 0...length {
                var bytes = [UInt8](repeating: 0, count: length)
                if place < length { bytes[place] = 1 }
                var key = ContentKey()
                key.add(bytes)
                seen.insert(key.journal)
            }
        }
        #expect(seen.count == 71 * 72 / 2)
        var ab = ContentKey(), ba = ContentKey(), joined = ContentKey()
        ab.add([1.0])
        ab.add([2.0])
        ba.add([2.0])
        ba.add([1.0])
        joined.add([1.0, 2.0])
        #expect(Set([ab.journal, ba.journal, joined.journal]).count == 3)
        // Each bit of 8000 bytes matters, and about half of the digest turns.
        let base = Self.vector
        var whole = ContentKey()
        whole.add(base)
        for bit in stride(from: 0, to: 64_000, by: 611) {
            var other = base
            other[bit / 64] = Double(bitPattern: other[bit / 64].bitPattern ^ 1 << UInt64(bit % 64))
            var key = ContentKey()
            key.add(other)
            let turned = zip(key.words, whole.words).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
            #expect((80...176).contains(turned))
        }
    }
}
