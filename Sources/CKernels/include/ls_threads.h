// A pool of threads for loops of fixed chunks, and the set-up of OpenBLAS.
#pragma once

typedef void (*ls_task)(void *context, long index, int thread);

/// Lets later calls of ls_parallel use `threads` threads, the caller's among them; returns how many there are.
int ls_threads_set(int threads);
int ls_threads_get(void);

/// Processors that the system lets this process run on.
int ls_threads_allowed(void);

/// ls_threads_set, unless it has been called before; returns how many threads there are. Until one of the two is called, loops run
/// on the caller's thread.
int ls_threads_set_default(int threads);

/// Threads that there can be at most while this process runs: workspaces have a part for each.
int ls_threads_capacity(void);

/// Calls task(context, i, thread) for i in 0..<count, each once, in any order, on the pool's threads. A call from within
/// a task, or while another caller has the pool, runs on the caller's thread alone (thread 0); so does one that would take
/// a thread about 20 µs or less, since another's waking takes longer.
/// \param nanoseconds about what all of it would take one thread; INFINITY where that is not known.
/// `thread` is unique among tasks running at the same time in one call and lies below ls_threads_capacity().
void ls_parallel(long count, double nanoseconds, ls_task task, void *context);

/// Gives OpenBLAS the kernel set that fits the processor unless OPENBLAS_CORETYPE is set. Returns the name of the set.
const char *ls_blas_prepare(void);
