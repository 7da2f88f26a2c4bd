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

/// Whether there is anything to be done to a result before it is stored.
static inline int completes(const ls_epilogue *e) { return e->bias || e->addend || e->factor || e->relu; }
