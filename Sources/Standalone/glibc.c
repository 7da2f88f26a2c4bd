// What newer systems have in their glibc and 2.34 lacks, so that a program linked there runs on RHEL 9 and Ubuntu 22.04, too.
// Calls from within the program find these definitions first.
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#define LOCAL __attribute__((visibility("hidden")))

// Since 2.36; Foundation draws random numbers from it.
LOCAL uint32_t arc4random(void) {
    uint32_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number) abort();
    return number;
}

// Since 2.35 with a symbol version of its own, because errno is no longer set. The former version remains in every glibc.
#if defined(__x86_64__)
__asm__(".symver former_hypot, hypot@GLIBC_2.2.5\n.symver former_hypotf, hypotf@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver former_hypot, hypot@GLIBC_2.17\n.symver former_hypotf, hypotf@GLIBC_2.17");
#else
#error "expected x86_64 or aarch64; add the version that hypot had in glibc before 2.35"
#endif
double former_hypot(double, double);
float former_hypotf(float, float);
LOCAL double hypot(double x, double y) { return former_hypot(x, y); }
LOCAL float hypotf(float x, float y) { return former_hypotf(x, y); }

// Since 2.35; the unwinder of GCC 12 and later asks it which object holds an address, and for that object's exception table.
// The structure is dl_find_object of <dlfcn.h> there.
struct object {
    uint64_t flags;
    void *start, *end;
    struct link_map *map;
    void *exceptionTable;
    uint64_t reserved[7];
};

struct search {
    uintptr_t address;
    struct object *found;
};

static int look_into(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    struct search *search = context;
    uintptr_t first = UINTPTR_MAX, last = 0;
    int isInside = 0;
    void *exceptionTable = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr, end = start + part->p_memsz;
        if (part->p_type == PT_GNU_EH_FRAME) exceptionTable = (void *)start;
        if (part->p_type != PT_LOAD) continue;
        isInside |= start <= search->address && search->address < end;
        if (start < first) first = start;
        if (end > last) last = end;
    }
    if (!isInside || !exceptionTable) return 0;
    *search->found = (struct object){.start = (void *)first, .end = (void *)last, .exceptionTable = exceptionTable};
    return 1;
}

LOCAL int find_object(void *address, struct object *found) __asm__("_dl_find_object");
int find_object(void *address, struct object *found) {
    struct search search = {(uintptr_t)address, found};
    return dl_iterate_phdr(look_into, &search) == 1 ? 0 : -1;
}
