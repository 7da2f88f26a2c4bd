// The pool: workers spin a bounded while for the next loop, then sleep. A futex wake costs 50–90 µs on virtual machines,
// so back-to-back loops must not sleep; unbounded spinning would collapse when another process runs.
#define _GNU_SOURCE
#include "ls_threads.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__x86_64__)
#define relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define relax() __asm__ volatile("yield")
#else
#define relax() ((void)0)
#endif

enum { SPINS = 8000, LEAST_CAPACITY = 8, MOST_THREADS = 256 };

static struct {
    ls_task task;
    void *context;
    long count;
    _Alignas(64) atomic_long next;        // the first index that nobody has taken
    _Alignas(64) atomic_uint generation;  // grows by one a loop
    _Alignas(64) atomic_int pending;      // workers that have not finished this loop
    _Alignas(64) atomic_int wanted;       // threads a loop may use, the caller's included
    int started;                          // workers that exist, the caller not counted
    pthread_mutex_t loop;                 // held by the caller whose loop runs
    pthread_mutex_t sleep;
    pthread_cond_t wake, finished;
    int sleepers, waiting;
} pool = {
    .wanted = 1,
    .loop = PTHREAD_MUTEX_INITIALIZER,
    .sleep = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .finished = PTHREAD_COND_INITIALIZER,
};
static _Thread_local int inside;

static void drain(int thread) {
    for (;;) {
        long i = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed);
        if (i >= pool.count) return;
        pool.task(pool.context, i, thread);
    }
}

typedef struct { int thread; unsigned generation; } worker_start;

static void *work(void *argument) {
    // Loops before this worker was started are not its own: it must not be counted among those who finished one.
    worker_start start = *(worker_start *)argument;
    free(argument);
    int thread = start.thread;
    unsigned seen = start.generation;
    inside = 1;
    for (;;) {
        unsigned now = atomic_load_explicit(&pool.generation, memory_order_acquire);
        for (int s = 0; now == seen && s < SPINS; s++) {
            relax();
            now = atomic_load_explicit(&pool.generation, memory_order_acquire);
        }
        if (now == seen) {
            pthread_mutex_lock(&pool.sleep);
            pool.sleepers++;
            while ((now = atomic_load(&pool.generation)) == seen) pthread_cond_wait(&pool.wake, &pool.sleep);
            pool.sleepers--;
            pthread_mutex_unlock(&pool.sleep);
        }
        seen = now;
        if (thread < atomic_load_explicit(&pool.wanted, memory_order_relaxed)) drain(thread);
        if (atomic_fetch_sub_explicit(&pool.pending, 1, memory_order_acq_rel) == 1) {
            pthread_mutex_lock(&pool.sleep);
            if (pool.waiting) pthread_cond_signal(&pool.finished);
            pthread_mutex_unlock(&pool.sleep);
        }
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

int ls_threads_set(int threads) {
    if (threads < 1) threads = 1;
    if (threads > ls_threads_capacity()) threads = ls_threads_capacity();
    pthread_mutex_lock(&pool.loop);
    while (pool.started < threads - 1) {
        pthread_t id;
        pthread_attr_t attributes;
        worker_start *start = malloc(sizeof *start);
        if (!start) break;
        *start = (worker_start){pool.started + 1, atomic_load(&pool.generation)};
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        int failed = pthread_create(&id, &attributes, work, start);
        pthread_attr_destroy(&attributes);
        if (failed) { free(start); break; }
        pool.started++;
    }
    if (threads > pool.started + 1) threads = pool.started + 1;
    atomic_store(&pool.wanted, threads);
    pthread_mutex_unlock(&pool.loop);
    return threads;
}

int ls_threads_get(void) { return atomic_load(&pool.wanted); }

void ls_parallel(long count, ls_task task, void *context) {
    if (count <= 0) return;
    if (count == 1 || inside || atomic_load(&pool.wanted) == 1 || pthread_mutex_trylock(&pool.loop)) {
        for (long i = 0; i < count; i++) task(context, i, 0);
        return;
    }
    inside = 1;
    pool.task = task;
    pool.context = context;
    pool.count = count;
    atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
    atomic_store_explicit(&pool.pending, pool.started, memory_order_relaxed);
    pthread_mutex_lock(&pool.sleep);
    atomic_fetch_add(&pool.generation, 1);
    if (pool.sleepers) pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.sleep);
    drain(0);
    for (int s = 0; s < SPINS && atomic_load_explicit(&pool.pending, memory_order_acquire) > 0; s++) relax();
    if (atomic_load_explicit(&pool.pending, memory_order_acquire) > 0) {
        pthread_mutex_lock(&pool.sleep);
        pool.waiting = 1;
        while (atomic_load(&pool.pending) > 0) pthread_cond_wait(&pool.finished, &pool.sleep);
        pool.waiting = 0;
        pthread_mutex_unlock(&pool.sleep);
    }
    inside = 0;
    pthread_mutex_unlock(&pool.loop);
}
