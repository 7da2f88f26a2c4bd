import CKernels

/// The threads that loops over numbers run on. Work is cut into chunks that do not depend on their number, and partial
/// results are combined in a fixed order, so results have the same bits for any number of threads.
public enum Threads {
    /// How many threads loops use; setting it starts what is missing.
    public static var count: Int {
        get { Int(ls_threads_get()) }
        set { _ = ls_threads_set(Int32(clamping: newValue)) }
    }

    /// How many there can be at most.
    public static var capacity: Int { Int(ls_threads_capacity()) }

    /// Calls `body(i, thread)` for every i in 0..<count on the pool's threads, in any order.
    /// `thread` is below `Threads.capacity` and unique among the calls running at one time.
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
