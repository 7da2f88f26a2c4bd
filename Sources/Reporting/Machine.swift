import Essentials
import Foundation
import Tensors

/// Where and when a report is made.
struct Machine {
    /// Of the processor, such as `AMD EPYC 7763`; nil where the system does not say.
    let processor: String?
    /// That the process may use.
    let processors: Int
    /// In bytes.
    let memory: UInt64
    let system: String
    /// The day in UTC, as 2026-01-31. `SOURCE_DATE_EPOCH` in the environment gives another, so that a report can be made again to the bit
    /// (reproducible-builds.org).
    let date: String

    init() {
        let process = ProcessInfo.processInfo
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        processor = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        (processors, memory) = (process.activeProcessorCount, process.physicalMemory)
        system = process.operatingSystemVersionString
        let epoch = process.environment["SOURCE_DATE_EPOCH"].flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
        // No DateFormatter: it needs ICU's data, which a program of examples/standalone.sh does without.
        date = (epoch.map(Date.init(timeIntervalSince1970:)) ?? Date()).formatted(.iso8601.year().month().day())
    }

    /// System, architecture and the kernels that run on it: machines of one kind give the same bits.
    var kind: String {
        #if os(Linux)
            let system = "Linux"
        #else
            let system = "macOS"
        #endif
        #if arch(x86_64)
            let architecture = "x86_64"
        #else
            let architecture = "arm64"
        #endif
        return "\(system) \(architecture), \(Precision.kernels) kernels"
    }

    var description: String {
        let gibibytes = String(format: "%.1f", Double(memory) / 0x1p30)
        return "\(processor ?? "unknown processor"), \(processors) processors, \(gibibytes) GiB of memory, \(system)"
    }
}
