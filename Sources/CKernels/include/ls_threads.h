// A pool of threads for loops of fixed chunks, and the set-up of OpenBLAS.
#pragma once

/// The body of a parallel loop: `index` counts its chunks, `thread` names the thread that runs it.
typedef void (*ls_task)(void *context, long index, int thread);

/// Lets later calls of ls_parallel use `threads` threads, the caller's among them; returns how many they will be, between 1 and
/// ls_threads_capacity().
int ls_threads_set(int threads);
/// The number of threads that calls of ls_parallel use.
int ls_threads_get(void);

/// Processors that the system lets this process run on.
int ls_threads_allowed(void);

/// ls_threads_set, unless it has been called before; returns how many threads there are. Until one of the two is called, loops run
/// on the caller's thread.
int ls_threads_set_default(int threads);

/// Threads that there can be at most while this process runs: workspaces have a part for each.
int ls_threads_capacity(void);

/// Calls task(context, i, thread) once for every i in 0..<count, in any order, on the pool's threads.
///
/// `thread` differs among tasks that run at the same time in one call, and lies below ls_threads_capacity(). A call from within a
/// task, or while another caller has the pool, runs on the caller's thread alone (thread 0). So does a call that takes one thread
/// about 20 µs or less, because waking another takes longer.
///
/// \param nanoseconds about how long all tasks would take one thread; INFINITY where that is not known.
void ls_parallel(long count, double nanoseconds, ls_task task, void *context);

/// Gives OpenBLAS the kernel set that fits the processor, unless OPENBLAS_CORETYPE is set; returns the name of the set in use.
const char *ls_blas_prepare(void);
