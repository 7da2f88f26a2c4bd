// The pool: workers spin a bounded while for the next loop, then sleep. A futex wake costs 50–90 µs on virtual machines,
// so back-to-back loops must not sleep; unbounded spinning would collapse when another process runs.
#define _GNU_SOURCE
#include "ls_threads.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define relax() __asm__ volatile("yield")
#else
#define relax() ((void)0)
#endif

enum { SPINS = 8000, LEAST_CAPACITY = 8, MOST_THREADS = 256 };
static const double WORTH_SHARING = 20000;  // nanoseconds

// A loop's state in one word: its generation, whether it can be joined, and how many workers have joined. A worker joins a
// loop that is open or lets it pass: nobody waits for one that is still waking up.
enum { GENERATION_SHIFT = 32 };
static const unsigned long OPEN = 1UL << 31, JOINED = (1UL << 31) - 1;

static struct {
    ls_task task;
    void *context;
    long count;
    atomic_int processor;             // where the caller runs, or -1
    _Alignas(64) atomic_long next;    // the first index that nobody has taken
    _Alignas(64) atomic_ulong state;
    _Alignas(64) atomic_int wanted;   // threads a loop may use, the caller's included; 0 until it is set
    atomic_int sleepers;
    int started;                      // workers that exist, the caller not counted
    pthread_mutex_t loop;             // held by the caller whose loop runs
    pthread_mutex_t sleep;
    pthread_cond_t wake, finished;
} pool = {
    .loop = PTHREAD_MUTEX_INITIALIZER,
    .sleep = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .finished = PTHREAD_COND_INITIALIZER,
};
static _Thread_local int inside;

static unsigned long generation(unsigned long state) { return state >> GENERATION_SHIFT; }

static void drain(int thread) {
    for (;;) {
        long i = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed);
        if (i >= pool.count) return;
        pool.task(pool.context, i, thread);
    }
}

static void join_loop(unsigned long state, int thread) {
    do {
        if (!(state & OPEN) || thread >= atomic_load_explicit(&pool.wanted, memory_order_relaxed)) return;
    } while (!atomic_compare_exchange_weak_explicit(&pool.state, &state, state + 1, memory_order_acq_rel, memory_order_acquire));
    drain(thread);
    state = atomic_fetch_sub_explicit(&pool.state, 1, memory_order_acq_rel);
    if ((state & (OPEN | JOINED)) == 1) {
        pthread_mutex_lock(&pool.sleep);
        pthread_cond_signal(&pool.finished);
        pthread_mutex_unlock(&pool.sleep);
    }
}

// Linux may leave a worker on the caller's processor for a tenth of a second while another one idles, which is all of a short
// command. A worker that finds itself there goes to any other one that it may use, at most every five milliseconds.
#if defined(__linux__)
static int this_processor(void) { return sched_getcpu(); }
static void leave(int processor, int64_t *last) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now = t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
    cpu_set_t all, others;
    if (now - *last < 5000000 || sched_getaffinity(0, sizeof all, &all)) return;
    *last = now;
    others = all;
    CPU_CLR(processor, &others);
    if (CPU_COUNT(&others) && !sched_setaffinity(0, sizeof others, &others)) sched_setaffinity(0, sizeof all, &all);
}
#else
static int this_processor(void) { return -1; }
static void leave(int processor, int64_t *last) {}
#endif

static void *work(void *argument) {
    int thread = (int)(intptr_t)argument;
    unsigned long seen = 0;
    int64_t left = 0;
    inside = 1;
    for (;;) {
        unsigned long now = atomic_load_explicit(&pool.state, memory_order_acquire);
        for (int s = 0; generation(now) == seen && s < SPINS; s++) {
            relax();
            now = atomic_load_explicit(&pool.state, memory_order_acquire);
        }
        if (generation(now) == seen) {
            // The caller changes the state and then looks for sleepers; a sleeper counts itself and then looks at the state.
            pthread_mutex_lock(&pool.sleep);
            atomic_fetch_add(&pool.sleepers, 1);
            while (generation(now = atomic_load(&pool.state)) == seen) pthread_cond_wait(&pool.wake, &pool.sleep);
            atomic_fetch_sub(&pool.sleepers, 1);
            pthread_mutex_unlock(&pool.sleep);
        }
        seen = generation(now);
        int processor = atomic_load_explicit(&pool.processor, memory_order_relaxed);
        if (processor >= 0 && processor == this_processor()) leave(processor, &left);
        join_loop(now, thread);
    }
    return NULL;
}

static int capacity;
static void find_capacity(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    capacity = processors < LEAST_CAPACITY ? LEAST_CAPACITY : processors > MOST_THREADS ? MOST_THREADS : (int)processors;
}

int ls_threads_capacity(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_capacity);
    return capacity;
}

int ls_threads_allowed(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (!sched_getaffinity(0, sizeof allowed, &allowed)) return CPU_COUNT(&allowed);
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

// Held by the caller: the mutex of loops.
static void start(int threads) {
    if (threads < 1) threads = 1;
    if (threads > ls_threads_capacity()) threads = ls_threads_capacity();
    while (pool.started < threads - 1) {
        pthread_t id;
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        int failed = pthread_create(&id, &attributes, work, (void *)(intptr_t)(pool.started + 1));
        pthread_attr_destroy(&attributes);
        if (failed) break;
        pool.started++;
    }
    if (threads > pool.started + 1) threads = pool.started + 1;
    atomic_store(&pool.wanted, threads);
}

int ls_threads_set(int threads) {
    pthread_mutex_lock(&pool.loop);
    start(threads);
    pthread_mutex_unlock(&pool.loop);
    return ls_threads_get();
}

int ls_threads_set_default(int threads) {
    if (atomic_load(&pool.wanted) != 0) return ls_threads_get();  // perhaps within a loop, which holds the mutex
    pthread_mutex_lock(&pool.loop);
    if (atomic_load(&pool.wanted) == 0) start(threads);
    pthread_mutex_unlock(&pool.loop);
    return ls_threads_get();
}

int ls_threads_get(void) {
    int wanted = atomic_load(&pool.wanted);
    return wanted < 1 ? 1 : wanted;
}

void ls_parallel(long count, double nanoseconds, ls_task task, void *context) {
    if (count <= 0) return;
    if (count == 1 || nanoseconds < WORTH_SHARING || inside || atomic_load(&pool.wanted) <= 1 || pthread_mutex_trylock(&pool.loop)) {
        for (long i = 0; i < count; i++) task(context, i, 0);
        return;
    }
    inside = 1;
    pool.task = task;
    pool.context = context;
    pool.count = count;
    atomic_store_explicit(&pool.processor, this_processor(), memory_order_relaxed);
    atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
    atomic_store(&pool.state, (generation(atomic_load(&pool.state)) + 1) << GENERATION_SHIFT | OPEN);
    if (atomic_load(&pool.sleepers)) {
        pthread_mutex_lock(&pool.sleep);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.sleep);
    }
    drain(0);
    atomic_fetch_and(&pool.state, ~OPEN);
    for (int s = 0; s < SPINS && atomic_load_explicit(&pool.state, memory_order_acquire) & JOINED; s++) relax();
    if (atomic_load_explicit(&pool.state, memory_order_acquire) & JOINED) {
        pthread_mutex_lock(&pool.sleep);
        while (atomic_load(&pool.state) & JOINED) pthread_cond_wait(&pool.finished, &pool.sleep);
        pthread_mutex_unlock(&pool.sleep);
    }
    inside = 0;
    pthread_mutex_unlock(&pool.loop);
}
