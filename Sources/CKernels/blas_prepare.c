// OpenBLAS 0.3.21 as Debian builds it does not know recent Intel processors and falls back to its SSE3 kernels, four times
// slower than its AVX-512 ones. The library can be asked to choose again: gotoblas_dynamic_init reads OPENBLAS_CORETYPE.
#define _GNU_SOURCE
#include "ls_threads.h"
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>

// Not in every build of OpenBLAS, hence weak. dlsym would not find them in a program that has OpenBLAS linked into it.
__attribute__((weak)) extern const char *openblas_get_corename(void);
__attribute__((weak)) extern void gotoblas_dynamic_init(void);
__attribute__((weak)) extern void gotoblas_dynamic_quit(void);

// Each thread that calls OpenBLAS at the same time as others gets a buffer of 128 MiB. Where the address space (ulimit -v) has no
// room for it, OpenBLAS asks for ever; so the room is asked for first. One more is for a thread of OpenBLAS's own that is still asking.
static void expect_room_for_buffers(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
    size_t size = ((size_t)ls_threads_get() + 1) * ((size_t)129 << 20);
    void *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) abort();
    munmap(room, size);
}

#if defined(__x86_64__)
static const char *fitting_set(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
    return NULL;
}
#else
static const char *fitting_set(void) { return NULL; }
#endif

const char *ls_blas_prepare(void) {
    expect_room_for_buffers();
    if (!openblas_get_corename) return "unknown";
    static const char *const slow[] = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Katmai", "generic"};
    int is_slow = 0;
    for (unsigned i = 0; i < sizeof slow / sizeof *slow; i++) is_slow |= !strcasecmp(openblas_get_corename(), slow[i]);
    const char *want = fitting_set();
    if (is_slow && want && gotoblas_dynamic_quit && gotoblas_dynamic_init && !getenv("OPENBLAS_CORETYPE")) {
        setenv("OPENBLAS_CORETYPE", want, 1);
        gotoblas_dynamic_quit();
        gotoblas_dynamic_init();
        unsetenv("OPENBLAS_CORETYPE");
    }
    return openblas_get_corename();
}
