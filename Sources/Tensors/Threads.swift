import CKernels
import Foundation

/// The threads that loops over numbers run on.
///
/// Work is cut into chunks that do not depend on the number of threads, and partial results are combined in the order
/// of chunks. So results have the same bits for any number of threads.
public enum Threads {
    /// How many threads loops use: by default as many as this process may use processors (its affinity and its control
    /// group are heeded). Setting it starts those that are missing; values outside 1 to `capacity` become the nearest of
    /// these.
    public static var count: Int {
        get {
            startDefault()
            return Int(ls_threads_get())
        }
        set { _ = ls_threads_set(Int32(clamping: newValue)) }
    }

    /// How many threads there can be at most while this process runs.
    public static var capacity: Int { Int(ls_threads_capacity()) }

    /// Starts the threads of the default count unless a count has been set. Whatever runs loops calls it; all but the first
    /// call cost nothing.
    @inline(__always)
    public static func startDefault() { _ = started }

    private static let started: Void = { _ = ls_threads_set_default(Int32(clamping: allowed)) }()

    /// Processors that this process may use.
    public static var allowed: Int {
        // Foundation's count heeds control groups, and where there are some, not the affinity.
        min(ProcessInfo.processInfo.activeProcessorCount, Int(ls_threads_allowed()))
    }

    /// Makes the default count this process's part of the machine's processors, unless a count has been set.
    ///
    /// - Parameter processes: how many share the machine.
    public static func shareProcessors(among processes: Int) {
        _ = ls_threads_set_default(Int32(clamping: min(allowed, part(of: processes))))
        startDefault()
    }

    /// Processors of the machine for each of so many processes, at least one.
    public static func part(of processes: Int) -> Int { max(1, ProcessInfo.processInfo.processorCount / processes) }

    /// Calls `body(index, thread)` once for every index in 0..<count, on the pool's threads and in any order, and
    /// returns when all are done.
    ///
    /// `thread` is below `capacity` and differs among calls that run at the same time, so it may pick a workspace. A
    /// call from within a body runs on the caller's thread alone.
    public static func forEach(_ count: Int, _ body: @Sendable (_ index: Int, _ thread: Int) -> Void) {
        startDefault()
        withoutActuallyEscaping(body) { escapable in
            var task = Task(body: escapable)
            withUnsafeMutablePointer(to: &task) { pointer in
                ls_parallel(
                    count, .infinity,
                    { context, index, thread in
                        context!.assumingMemoryBound(to: Task.self).pointee.body(index, Int(thread))
                    }, pointer)
            }
        }
    }

    /// A closure behind a pointer of its own would be wrapped once more, in new memory.
    private struct Task {
        let body: @Sendable (Int, Int) -> Void
    }
}
