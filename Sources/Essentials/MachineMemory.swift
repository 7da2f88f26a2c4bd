import Foundation

/// Memory that this process may have, and has had.
public enum MachineMemory {
    /// Bytes of the machine, or the limit of its control group (Linux, cgroup v2 and v1) where that is less.
    public static let bytes: Int = {
        var result = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            // "max" is no bound.
            guard let bound = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), bound > 0 else { continue }
            result = min(result, bound)
        }
        return result
    }()

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
