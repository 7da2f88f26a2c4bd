// Instantiates every template for each variant and type, and chooses a variant.
#include "ls_kernels.h"
#include "ls_threads.h"
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#pragma clang fp contract(fast)
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang diagnostic ignored "-Wpass-failed"

#define LS_JOIN3(a, b, c) a##_##b##_##c
#define LS_JOIN(a, b, c) LS_JOIN3(a, b, c)
#define LS_NAME(name) LS_JOIN(name, LS_TYPE_NAME, LS_VARIANT)
#define LS_STRING2(x) #x
#define LS_STRING(x) LS_STRING2(x)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#include "templates/shared.h"

#define LS_VARIANT baseline
#define LS_VECTOR 16
#include "templates/variant.h"
#undef LS_VARIANT
#undef LS_VECTOR

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LS_VARIANT avx2
#define LS_VECTOR 32
#include "templates/variant.h"
#undef LS_VARIANT
#undef LS_VECTOR
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,fma"))), apply_to = function)
#define LS_VARIANT avx512
#define LS_VECTOR 64
#include "templates/variant.h"
#undef LS_VARIANT
#undef LS_VECTOR
#pragma clang attribute pop
#endif

const ls_kernels *ls_kernels_variant(const char *name, int double_precision) {
    if (!strcmp(name, "baseline")) return double_precision ? &kernels_double_baseline : &kernels_float_baseline;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512cd");
    if (has_avx2 && !strcmp(name, "avx2")) return double_precision ? &kernels_double_avx2 : &kernels_float_avx2;
    if (has_avx512 && !strcmp(name, "avx512")) return double_precision ? &kernels_double_avx512 : &kernels_float_avx512;
#endif
    return NULL;
}

const ls_kernels *ls_kernels_get(int double_precision) {
    static const char *const best_first[] = {"avx512", "avx2", "baseline"};
    const char *asked = getenv("LANDSCAPE_KERNELS");
    const ls_kernels *table = asked ? ls_kernels_variant(asked, double_precision) : NULL;
    for (int i = 0; !table; i++) table = ls_kernels_variant(best_first[i], double_precision);
    return table;
}
