import CKernels

/// The threads that loops over numbers run on.
///
/// Work is cut into chunks that do not depend on the number of threads, and partial results are combined in the order
/// of chunks. So results have the same bits for any number of threads.
public enum Threads {
    /// How many threads loops use. Setting it starts those that are missing; values outside 1 to `capacity` become the
    /// nearest of these.
    public static var count: Int {
        get { Int(ls_threads_get()) }
        set { _ = ls_threads_set(Int32(clamping: newValue)) }
    }

    /// How many threads there can be at most while this process runs.
    public static var capacity: Int { Int(ls_threads_capacity()) }

    /// Calls `body(index, thread)` once for every index in 0..<count, on the pool's threads and in any order, and
    /// returns when all are done.
    ///
    /// `thread` is below `capacity` and differs among calls that run at the same time, so it may pick a workspace. A
    /// call from within a body runs on the caller's thread alone.
    public static func forEach(_ count: Int, _ body: (_ index: Int, _ thread: Int) -> Void) {
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
        let body: (Int, Int) -> Void
    }
}
