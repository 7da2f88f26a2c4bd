import Foundation
import Landscape

/// Something to time: made ready once, then repeated.
struct Workload {
    let name: String
    /// Floating-point operations of one run, counted as multiplications and additions of the weights alone.
    let operations: Double
    /// What a run must give, as PyTorch computes it in Float64 (`examples/beside_pytorch.py --answers`), and the relative error
    /// allowed.
    let expected: Double
    var tolerance = 1e-4
    /// Gives the run, which gives its answer once it is asked for: that is not timed.
    let prepare: () throws -> () throws -> () -> Double
}

/// One line of results.
struct Measurement: Codable {
    var workload: String
    var peer = "landscape"
    var threads: Int
    var median_s: Double
    var min_s: Double
    var n: Int
    var value: Double
    var answer: String
    var gflops: Double
    /// Of `peak_gflops`, which is the mean of what it was right before and after.
    var share_of_peak: Double
    var peak_gflops: Double
    var peak_rss_mib: Double?
    /// Cores that anything else used meanwhile.
    var other_cores: Double?
}

extension Workload {
    /// Runs until there are at least `least` runs and half a second, or three runs and ten seconds.
    func measure(threads: Int, least: Int) throws -> Measurement {
        let limitBefore = try Workload.limit()
        let run = try prepare()
        MachineMemory.resetPeak()
        _ = try run()
        let clock = ContinuousClock(), start = clock.now, before = ProcessorTime.now
        var seconds: [Double] = []
        var total = 0.0, answer: (() -> Double)?
        repeat {
            answer = nil  // what it holds is not of the next run
            let began = clock.now
            answer = try run()
            seconds.append((clock.now - began) / .seconds(1))
            total = (clock.now - start) / .seconds(1)
        } while !(seconds.count >= least && total >= 0.5 || seconds.count >= 3 && total >= 10) && seconds.count < 2000
        let after = ProcessorTime.now
        let sorted = seconds.sorted(), half = sorted.count / 2
        let median = sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
        let rate = operations / median
        let memory = MachineMemory.peak, limit = (limitBefore + (try Workload.limit())) / 2, value = answer?() ?? .nan
        let holds = abs(value - expected) <= tolerance * abs(expected)
        return Measurement(
            workload: name, threads: threads, median_s: fourDigits(median), min_s: fourDigits(sorted[0]),
            n: sorted.count,
            value: value, answer: holds ? "right" : "WRONG, expected \(expected)",
            gflops: fourDigits(rate / 1e9),
            share_of_peak: fourDigits(rate / limit), peak_gflops: fourDigits(limit / 1e9),
            peak_rss_mib: memory.map { fourDigits(Double($0) / 1_048_576) },
            other_cores: fourDigits(max(0, (after.machine - before.machine) - (after.own - before.own)) / total))
    }

    /// Operations a second of fused multiply-adds on registers at present: the best run in a tenth of a second (as a process
    /// starts, OpenBLAS's thread takes a part of the first). It is measured anew for every workload, because a virtual machine's
    /// processors are at times two halves of one.
    private static func limit() throws -> Double {
        let run = try peak.prepare(), clock = ContinuousClock(), start = clock.now
        var least = Double.infinity
        while clock.now - start < .milliseconds(100) {
            least = min(least, try clock.measure { _ = try run() } / .seconds(1))
        }
        return peak.operations / least
    }
}

private func fourDigits(_ x: Double) -> Double { Double(String(format: "%.4g", x)) ?? x }

extension MachineMemory {
    /// The peak counts from here (Linux).
    fileprivate static func resetPeak() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }
}

/// Processor seconds that the machine and this process have used.
struct ProcessorTime {
    let machine: Double, own: Double

    static var now: ProcessorTime {
        var usage = rusage()
        _ = withUnsafeMutablePointer(to: &usage) { getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), $0) }
        func seconds(_ t: timeval) -> Double { Double(t.tv_sec) + Double(t.tv_usec) / 1e6 }
        let fields =
            (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n").first?
            .split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
        // user nice system idle iowait irq softirq steal, in hundredths.
        let busy = fields.count >= 8 ? (fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]) / 100 : 0
        return ProcessorTime(machine: busy, own: seconds(usage.ru_utime) + seconds(usage.ru_stime))
    }
}
