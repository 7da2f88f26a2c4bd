import ArgumentParser
import Foundation
import Landscape

/// Measures what the tool is fast or slow at, and checks each answer. docs/performance.md says how to read the results.
@main
struct LandscapeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "landscape-benchmark",
        abstract: "Times loss, gradients, Hessian products, slices and kernels, and checks their answers.")

    @Option(help: "Only workloads whose name contains this; may be repeated.") var filter: [String] = []
    @Option(help: "Numbers of threads, such as 1,2.") var threads = "2"
    @Option(help: "Runs of each workload at least.") var runs = 5
    @Flag(help: "One JSON object a line.") var json = false
    @Flag(help: "Only names the workloads.") var list = false

    func run() throws {
        let counts = threads.split(separator: ",").map { Int($0) }
        guard !counts.isEmpty, counts.allSatisfy({ $0.map { (1...Threads.capacity).contains($0) } ?? false }) else {
            throw ValidationError("--threads \(threads): expected numbers from 1 to \(Threads.capacity), such as 1,2")
        }
        let all =
            [Workload.peak] + Workload.resnet20 + Workload.perceptron + Workload.wide + Workload.vit
            + Workload.convolutions
            + Workload.matrixProducts + Workload.attention
        let chosen = all.filter { workload in filter.isEmpty || filter.contains { workload.name.contains($0) } }
        guard !chosen.isEmpty else {
            throw ValidationError("no workload's name contains \(filter.joined(separator: " or ")); --list names them")
        }
        if list { return chosen.forEach { print($0.name) } }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var isWrong = false
        for count in counts.compactMap({ $0 }) {
            Threads.count = count
            for workload in chosen {
                let result = try workload.measure(threads: count, least: runs)
                isWrong = isWrong || result.answer.hasPrefix("WRONG")
                let line = json ? String(decoding: try encoder.encode(result), as: UTF8.self) : Self.line(result)
                FileHandle.standardOutput.write(Data((line + "\n").utf8))
            }
        }
        if isWrong { throw ExitCode.failure }
    }

    private static func line(_ m: Measurement) -> String {
        var text = m.workload.padding(toLength: 34, withPad: " ", startingAt: 0)
        text += String(
            format: "%d threads  median %9.2f ms  least %9.2f ms", m.threads, m.median_s * 1e3, m.min_s * 1e3)
        text += String(format: "  %6.1f GFLOP/s (%.0f %% of peak)", m.gflops, m.share_of_peak * 100)
        if let memory = m.peak_rss_mib { text += String(format: "  %.0f MiB", memory) }
        return text + "  \(m.answer)"
    }
}
