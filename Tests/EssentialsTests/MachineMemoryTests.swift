import Foundation
import Testing

@testable import Essentials

@Suite struct MachineMemoryTests {
    /// Files of a control group's hierarchy, version 2 or 1.
    private func limit(_ groups: String, _ files: [String: String]) throws -> Int? {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files.merging(["groups": groups], uniquingKeysWith: { first, _ in first }) {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return MachineMemory.groupLimit(groups: folder.appending(path: "groups").path, hierarchy: folder.path)
    }

    @Test func controlGroups() throws {
        #expect(try limit("0::/\n", [:]) == nil)
        #expect(try limit("0::/\n", ["memory.max": "max\n"]) == nil)
        #expect(try limit("0::/\n", ["memory.max": "1000\n"]) == 1000)
        // The group around it has less.
        let nested = ["memory.max": "max\n", "a/memory.max": "500\n", "a/b c/memory.max": "700\n"]
        #expect(try limit("0::/a/b c\n", nested) == 500)
        #expect(try limit("0::/x\n", nested) == nil)
        let first = [
            "memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/a/memory.limit_in_bytes": "600\n",
        ]
        #expect(try limit("12:cpu,memory:/a\n1:name=systemd:/b\n0::/c\n", first) == 600)
        #expect(try limit("broken\n::\n0::/../../a\n", nested) == 500)
        #expect(MachineMemory.bytes > 1 << 24)
    }

    @Test func tightness() {
        #expect(MachineMemory.usable > 0 && MachineMemory.usable <= MachineMemory.bytes)
    }
}
