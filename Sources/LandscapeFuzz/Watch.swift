import Foundation
import Synchronization

/// Bounds on what a case may take. The system ends the program where they are broken, and where it traps: the handler only says
/// which case it was.
enum Watch {
    // What the signals' handler reads and writes, at any moment: atomic.
    private static let current = Atomic<Int>(0)
    /// Where the processor's clock may stand at the end of the case.
    private static let deadline = Atomic<Int>(0)
    /// Seconds at which the system sends SIGXCPU. It counts in ticks, which on a busy machine run ahead of the clock.
    private static let systemLimit = Atomic<Int>(0)

    static func install(mebibytes: Int) {
        // Address space, which is more than what is in memory: stacks, and pages that nobody touched.
        var limit = rlimit(rlim_cur: rlim_t(4 * mebibytes + 4096) << 20, rlim_max: rlim_t(4 * mebibytes + 4096) << 20)
        #if os(Linux)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
            setrlimit(RLIMIT_AS, &limit)
        #endif
        for number in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGALRM, SIGXCPU] {
            signal(number) { number in
                if number == SIGXCPU, Int(clock()) < Watch.deadline.load(ordering: .relaxed) {
                    return Watch.setLimit(Watch.systemLimit.load(ordering: .relaxed) + 1)
                }
                Watch.report(number)
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Seconds are those of the processor, so that a busy machine makes no case slow; one that sleeps has thirty times as many.
    static func begin(_ number: Int, seconds: Int) {
        current.store(number, ordering: .relaxed)
        deadline.store(Int(clock()) + seconds * clockTicks, ordering: .relaxed)
        setLimit(Int(clock()) / clockTicks + seconds + 1)
        alarm(UInt32(30 * seconds))
    }

    private static func setLimit(_ seconds: Int) {
        systemLimit.store(seconds, ordering: .relaxed)
        var limit = rlimit()
        #if os(Linux)
            let resource = __rlimit_resource_t(RLIMIT_CPU.rawValue)
        #else
            let resource = RLIMIT_CPU
        #endif
        getrlimit(resource, &limit)
        limit.rlim_cur = min(rlim_t(seconds), limit.rlim_max)
        setrlimit(resource, &limit)
    }

    /// POSIX's value of CLOCKS_PER_SEC.
    private static let clockTicks = 1_000_000

    static func end() { alarm(0) }

    /// The most that was in memory so far.
    static var peakMebibytes: Int {
        #if os(Linux)
            // getrusage's is no less than what the program that started this one had in memory.
            let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
            return status.firstMatch(of: /VmHWM:\s*(\d+) kB/).flatMap { Int($0.1) }.map { $0 >> 10 } ?? 0
        #else
            var usage = rusage()
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss >> 20
        #endif
    }

    /// "case N: signal S" without allocating, as a handler must.
    private static func report(_ number: Int32) {
        func put(_ text: StaticString) { _ = write(2, text.utf8Start, text.utf8CodeUnitCount) }
        func put(_ value: Int) {
            var place = 1
            while value / place >= 10 { place *= 10 }
            while place > 0 {
                var digit = UInt8(48 + value / place % 10)
                _ = write(2, &digit, 1)
                place /= 10
            }
        }
        put("case ")
        put(current.load(ordering: .relaxed))
        put(number == SIGALRM || number == SIGXCPU ? ": too slow, signal " : ": signal ")
        put(Int(number))
        put("\n")
    }
}
