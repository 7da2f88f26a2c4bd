// What does not depend on type or variant: how loops are cut, and workspace arithmetic.
#pragma once

enum { TILE = 1024, MOST_CHUNKS = 64, CHUNK_ELEMENTS = 16384, SEGMENT = 16384 };

static inline int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
static inline int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

// About what a thread takes for work of one kind, in nanoseconds: products run near the limit, moves wait for memory.
static inline double multiply_adds_time(int64_t count) { return (double)count / 32; }
static inline double moves_time(int64_t elements) { return (double)elements; }

/// Chunks for a loop of `units` units that together touch `elements` elements.
static inline int64_t chunk_count(int64_t units, int64_t elements) {
    int64_t chunks = elements / CHUNK_ELEMENTS;
    if (chunks > MOST_CHUNKS) chunks = MOST_CHUNKS;
    if (chunks > units) chunks = units;
    return chunks < 1 ? 1 : chunks;
}
static inline int64_t chunk_start(int64_t units, int64_t chunks, int64_t i) { return units * i / chunks; }

/// Has part `part` of `parts` of `count` pieces of memory, so many bytes each and `stride` bytes apart, brought into the second-level
/// cache: what lies too far apart for a processor to see a pattern in its use. A line that a piece shares with what is before it is left out.
static inline void bring_near(const void *from, int64_t stride, int64_t count, int64_t bytes, int64_t part, int64_t parts) {
    for (int64_t i = count * part / parts, last = count * (part + 1) / parts; i < last; i++) {
        intptr_t start = (intptr_t)from + i * stride;
        for (intptr_t line = (start + 63) & -64; line < start + bytes; line += 64) __builtin_prefetch((const void *)line, 0, 2);
    }
}

/// Whether there is anything to be done to a result before it is stored.
static inline int completes(const ls_epilogue *e) { return e->bias || e->addend || e->factor || e->relu; }
