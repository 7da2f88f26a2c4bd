// Makes the n-th call of one kind fail, as SQLite's tests do with their file system. Preloaded by faults.py:
//
//     CAMPAIGN_COUNTS=FILE    counts of calls by kind, 8 bytes each in the order of `enum kind`, and whether the fault happened
//     CAMPAIGN_FAULT=K:N:A    the N-th call (from 1) of kind K is hit by A: an errno as a number, or "short" (half of the bytes are
//                             read or written), "kill" (SIGKILL before the call), "after" (behind it), "tear" (behind half of a write)
//
// Calls go to the kernel directly, so there is nothing to look up, and the shim works before the libraries' own constructors.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { OPEN, READ, PREAD, WRITE, PWRITE, FSYNC, RENAME, FTRUNCATE, MMAP, CLOSE, UNLINK, FLOCK, FALLOCATE, THREAD, KINDS };
enum action { NONE, ERROR, SHORT, KILL, AFTER, TEAR };

static uint64_t nowhere[KINDS + 1], *counts;
static int fault_kind = -1, fault_error;
static uint64_t fault_number;
static enum action fault_action;

static void begin(void) {
    const char *path = getenv("CAMPAIGN_COUNTS"), *fault = getenv("CAMPAIGN_FAULT");
    uint64_t *place = nowhere;
    if (path) {
        long file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
        if (file >= 0) {
            long memory = syscall(SYS_mmap, 0, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            if (memory > 0) place = (uint64_t *)memory;
            syscall(SYS_close, file);
        }
    }
    if (fault) {
        char *rest;
        fault_kind = (int)strtol(fault, &rest, 10);
        fault_number = strtoull(rest + 1, &rest, 10);
        const char *name = rest + 1;
        fault_action = !strcmp(name, "short")   ? SHORT
                       : !strcmp(name, "kill")  ? KILL
                       : !strcmp(name, "after") ? AFTER
                       : !strcmp(name, "tear")  ? TEAR
                                                : ERROR;
        fault_error = atoi(name);
    }
    __atomic_store_n(&counts, place, __ATOMIC_RELEASE);
}

static void end(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) syscall(SYS_pause);
}

// What becomes of this call.
static enum action next(enum kind kind) {
    if (!__atomic_load_n(&counts, __ATOMIC_ACQUIRE)) begin();
    uint64_t number = __atomic_add_fetch(&counts[kind], 1, __ATOMIC_RELAXED);
    if ((int)kind != fault_kind || number != fault_number) return NONE;
    counts[KINDS] = 1;
    if (fault_action == KILL) end();
    return fault_action;
}

static long fail(void) {
    errno = fault_error;
    return -1;
}

// A call without bytes: it fails, happens, or is the last.
#define PLAIN(kind, call)                                                                                                          \
    do {                                                                                                                           \
        enum action action = next(kind);                                                                                           \
        if (action == ERROR) return fail();                                                                                        \
        long result = (call);                                                                                                      \
        if (action == AFTER) end();                                                                                                \
        return result;                                                                                                             \
    } while (0)

// A call that moves `count` bytes.
#define MOVE(kind, call)                                                                                                           \
    do {                                                                                                                           \
        enum action action = next(kind);                                                                                           \
        if (action == ERROR) return fail();                                                                                        \
        if ((action == SHORT || action == TEAR) && count > 1) count /= 2;                                                          \
        long result = (call);                                                                                                      \
        if (action == AFTER || action == TEAR) end();                                                                              \
        return result;                                                                                                             \
    } while (0)

static int open_at(int folder, const char *path, int flags, mode_t mode) {
    PLAIN(OPEN, syscall(SYS_openat, folder, path, flags, mode));
}

#define MODE                                                                                                                       \
    mode_t mode = 0;                                                                                                               \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                                                         \
        va_list list;                                                                                                              \
        va_start(list, flags);                                                                                                     \
        mode = va_arg(list, mode_t);                                                                                               \
        va_end(list);                                                                                                              \
    }

int open(const char *path, int flags, ...) { MODE return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_at(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE return open_at(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE return open_at(folder, path, flags, mode); }
int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }

ssize_t read(int file, void *bytes, size_t count) { MOVE(READ, syscall(SYS_read, file, bytes, count)); }
ssize_t write(int file, const void *bytes, size_t count) { MOVE(WRITE, syscall(SYS_write, file, bytes, count)); }
ssize_t pread(int file, void *bytes, size_t count, off_t place) { MOVE(PREAD, syscall(SYS_pread64, file, bytes, count, place)); }
ssize_t pread64(int file, void *bytes, size_t count, off64_t place) { MOVE(PREAD, syscall(SYS_pread64, file, bytes, count, place)); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
    MOVE(PWRITE, syscall(SYS_pwrite64, file, bytes, count, place));
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
    MOVE(PWRITE, syscall(SYS_pwrite64, file, bytes, count, place));
}

int fsync(int file) { PLAIN(FSYNC, syscall(SYS_fsync, file)); }
int fdatasync(int file) { PLAIN(FSYNC, syscall(SYS_fdatasync, file)); }
int rename(const char *from, const char *to) { PLAIN(RENAME, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)); }
int unlink(const char *path) { PLAIN(UNLINK, syscall(SYS_unlinkat, AT_FDCWD, path, 0)); }
int ftruncate(int file, off_t size) { PLAIN(FTRUNCATE, syscall(SYS_ftruncate, file, size)); }
int ftruncate64(int file, off64_t size) { PLAIN(FTRUNCATE, syscall(SYS_ftruncate, file, size)); }
int flock(int file, int how) { PLAIN(FLOCK, syscall(SYS_flock, file, how)); }

// Linux closes the file whatever it says.
int close(int file) {
    enum action action = next(CLOSE);
    long result = syscall(SYS_close, file);
    if (action == AFTER) end();
    return action == ERROR ? fail() : result;
}

void *mmap(void *at, size_t size, int protection, int flags, int file, off_t place) {
    if (next(MMAP) == ERROR) return (void *)fail();
    return (void *)syscall(SYS_mmap, at, size, protection, flags, file, place);
}
void *mmap64(void *at, size_t size, int protection, int flags, int file, off64_t place) {
    return mmap(at, size, protection, flags, file, place);
}

// These two give the error itself.
int posix_fallocate(int file, off_t from, off_t size) {
    if (next(FALLOCATE) == ERROR) return fault_error;
    return syscall(SYS_fallocate, file, 0, from, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int file, off64_t from, off64_t size) { return posix_fallocate(file, from, size); }

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    if (next(THREAD) == ERROR) return fault_error;
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, body, argument);
}
