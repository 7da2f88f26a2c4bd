import Foundation
import Synchronization

/// Memory that this process may have, and has had.
public enum MachineMemory {
    /// Bytes of the machine, or the limit of this process's control group (Linux, cgroup v2 and v1) where that is less.
    public static let bytes = min(
        Int(clamping: ProcessInfo.processInfo.physicalMemory),
        groupLimit(groups: "/proc/self/cgroup", hierarchy: "/sys/fs/cgroup") ?? .max)

    /// The smallest limit of a process's control group and of the groups around it; nil where there is none.
    ///
    /// - Parameters:
    ///   - groups: the file that names the groups, a line `number:controllers:/path` each.
    ///   - hierarchy: where the groups' folders lie.
    static func groupLimit(groups: String, hierarchy: String) -> Int? {
        let lines = (try? String(contentsOfFile: groups, encoding: .utf8))?.split(separator: "\n") ?? []
        // In a container the root is its own group, whatever it is called outside.
        var folders = [("", "memory.max"), ("/memory", "memory.limit_in_bytes")]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[0] == "0" && parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            var path = isSecond ? "" : "/memory"
            for name in parts[2].split(separator: "/") where name != ".." {
                path += "/" + name
                folders.append((path, isSecond ? "memory.max" : "memory.limit_in_bytes"))
            }
        }
        // "max" is no limit.
        return folders.compactMap { folder, name in
            (try? String(contentsOfFile: "\(hierarchy)\(folder)/\(name)", encoding: .utf8)).flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }.filter { $0 > 0 }.min()
    }

    /// What this process may take, in bytes, of the machine or its control group, and of the limit of its address space. A tenth of the
    /// memory, and half of the address space, is left to the system and to what is only mapped. Of processes that work together on several
    /// machines it is what each of them has.
    public static var usable: Int { min(bytes / 10 * 9, (addressSpace ?? .max) / 2, agreed.load(ordering: .relaxed)) }

    /// Whether the limit of the address space is what `usable` follows from.
    public static var isLimitedBySpace: Bool { addressSpace.map { $0 / 2 <= usable } ?? false }

    private static let agreed = Atomic(Int.max)

    /// From now on no more than so many bytes are usable: what processes that work together have agreed on.
    package static func agree(on bytes: Int) { agreed.store(bytes, ordering: .relaxed) }

    /// The most memory that this process has had, in bytes, as Linux counts it; `nil` on other systems.
    public static var peak: Int? {
        let row = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }
        return row.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 }
    }

    /// Limit of the address space in bytes, as `ulimit -v` sets it; `nil` where there is none.
    public static var addressSpace: Int? {
        var limit = rlimit()
        #if os(Linux)
            let found = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
            let found = getrlimit(RLIMIT_AS, &limit)
        #endif
        return found == 0 && limit.rlim_cur < rlim_t(Int.max) ? Int(limit.rlim_cur) : nil
    }
}
