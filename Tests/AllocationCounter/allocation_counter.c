// Takes the place of the C library's allocation functions in the test program and counts their calls, thread by thread.
#include "allocation_counter.h"
#include <errno.h>
#include <stdlib.h>

// A sanitizer has its own allocation functions, which must stay in place.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(IS_SANITIZED)
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);
static _Thread_local long count, freed;

long allocation_count(void) { return count; }
long allocation_balance(void) { return count - freed; }

void free(void *memory) { freed += memory != NULL; __libc_free(memory); }

void *malloc(size_t size) { count++; return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count++; return __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { count++; freed += old != NULL; return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { count++; return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count++; return __libc_memalign(alignment, size); }
int posix_memalign(void **to, size_t alignment, size_t size) {
    count++;
    void *memory = __libc_memalign(alignment, size);
    if (!memory) return ENOMEM;
    *to = memory;
    return 0;
}
#else
long allocation_count(void) { return -1; }
long allocation_balance(void) { return 0; }
#endif
