// Products of matrices, C (+)= A B, by the tiles of tile.h: a tile a few rows high and two vectors wide for every sliver of A and
// panel of B (Goto, van de Geijn 2008, doi 10.1145/1356052.1356053).
//
// What the second-level cache holds is read where it lies, which is faster than to pack it: the processor looks far enough ahead.
// A panel wants rows of B; where B's columns lie side by side, or B is large, it is packed in blocks of `product_depth` rows, each as
// panels whose rows follow one another. Rows of A that are a multiple of a page apart would share their places in the first-level
// cache: such slivers are packed where they are used. Sums run over blocks in order, whatever the number of threads.
//
// Few rows times a large matrix wait for memory: each number of B serves so few multiplications that a copy of it would cost more than
// they do. Such a B is read once, where it lies: by across.h where its columns lie side by side, else panel by panel, the next of which
// is brought near meanwhile.

enum {
    LS_NAME(panel) = 2 * LS_NAME(lanes),
    LS_NAME(product_depth) = 1024 / sizeof(T),
    LS_NAME(product_columns) = 2048 / sizeof(T),  // of panels that pass by one sliver: half a mebibyte
    LS_NAME(sliver) = LS_NAME(rows_2),
    LS_NAME(in_first) = 16384 / sizeof(T),        // elements of A that fit into the first-level cache however they lie
    LS_NAME(in_second) = (1 << 20) / sizeof(T),   // elements of B that the second-level cache holds
    LS_NAME(few_rows) = 64,                       // of A, for which a large B is read where it lies
    LS_NAME(page) = 4096,
};

typedef T LS_NAME(four) __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T))));

/// to[l·width + i] = from[i·row + l] for i < rows and l < depth, zeros up to `width`.
static inline __attribute__((always_inline)) void LS_NAME(pack_across)(
    T *restrict to, const T *restrict from, int64_t row, int64_t rows, int64_t depth, int64_t width) {
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        const T *r0 = from + i * row, *r1 = r0 + row, *r2 = r1 + row, *r3 = r2 + row;
        T *t = to + i;
        int64_t l = 0;
        for (; l + 4 <= depth; l += 4, t += 4 * width) {
            LS_NAME(four) x0 = *(const LS_NAME(four) *)(r0 + l), x1 = *(const LS_NAME(four) *)(r1 + l);
            LS_NAME(four) x2 = *(const LS_NAME(four) *)(r2 + l), x3 = *(const LS_NAME(four) *)(r3 + l);
            LS_NAME(four) y0 = __builtin_shufflevector(x0, x1, 0, 4, 1, 5), y1 = __builtin_shufflevector(x0, x1, 2, 6, 3, 7);
            LS_NAME(four) y2 = __builtin_shufflevector(x2, x3, 0, 4, 1, 5), y3 = __builtin_shufflevector(x2, x3, 2, 6, 3, 7);
            *(LS_NAME(four) *)t = __builtin_shufflevector(y0, y2, 0, 1, 4, 5);
            *(LS_NAME(four) *)(t + width) = __builtin_shufflevector(y0, y2, 2, 3, 6, 7);
            *(LS_NAME(four) *)(t + 2 * width) = __builtin_shufflevector(y1, y3, 0, 1, 4, 5);
            *(LS_NAME(four) *)(t + 3 * width) = __builtin_shufflevector(y1, y3, 2, 3, 6, 7);
        }
        for (; l < depth; l++, t += width) {
            t[0] = r0[l];
            t[1] = r1[l];
            t[2] = r2[l];
            t[3] = r3[l];
        }
    }
    for (; i < rows; i++)
        for (int64_t l = 0; l < depth; l++) to[l * width + i] = from[i * row + l];
    for (; i < width; i++)
        for (int64_t l = 0; l < depth; l++) to[l * width + i] = 0;
}

static inline int64_t LS_NAME(panel_width)(int64_t columns) {
    return columns > LS_NAME(lanes) ? LS_NAME(panel) : LS_NAME(lanes);
}

/// Columns first..<end, of which `first` is a multiple of the panel, of one block of rows of B. Columns that are missing from the
/// last panel are zeros.
static void LS_NAME(pack_block)(T *to, const T *b, int64_t row, int64_t column, int64_t first, int64_t end, int64_t depth) {
    for (int64_t j = first; j < end; j += LS_NAME(panel)) {
        int64_t columns = MIN(end - j, LS_NAME(panel)), width = LS_NAME(panel_width)(columns);
        T *panel = to + (j - first) * depth;
        const T *from = b + j * column;
        if (column == 1)
            for (int64_t l = 0; l < depth; l++) {
                memcpy(panel + l * width, from + l * row, sizeof(T) * columns);
                memset(panel + l * width + columns, 0, sizeof(T) * (width - columns));
            }
        else if (columns == LS_NAME(panel)) LS_NAME(pack_across)(panel, from, column, LS_NAME(panel), depth, LS_NAME(panel));
        else LS_NAME(pack_across)(panel, from, column, columns, depth, width);
    }
}

typedef struct {
    int64_t k, n, row, column;
    const T *b;
    T *to;
} LS_NAME(pack_call);

/// A group of panels in all blocks of rows.
static void LS_NAME(pack_chunk)(void *context, long chunk, int thread) {
    const LS_NAME(pack_call) *q = context;
    (void)thread;
    int64_t padded = round_up(q->n, LS_NAME(lanes)), first = chunk * 4 * LS_NAME(panel);
    int64_t end = MIN(q->n, first + 4 * LS_NAME(panel));
    for (int64_t l = 0; l < q->k; l += LS_NAME(product_depth)) {
        int64_t depth = MIN(q->k - l, LS_NAME(product_depth));
        LS_NAME(pack_block)(q->to + l * padded + first * depth, q->b + l * q->row, q->row, q->column, first, end, depth);
    }
}

static void LS_NAME(pack)(int64_t k, int64_t n, int64_t row, int64_t column, const void *b, void *to) {
    LS_NAME(pack_call) q = {k, n, row, column, b, to};
    ls_parallel(divide_up(n, 4 * LS_NAME(panel)), moves_time(k * n), LS_NAME(pack_chunk), &q);
}

static int64_t LS_NAME(result_offset)(const ls_product *p, int64_t batch) {
    return batch / p->inner * p->c_outer + batch % p->inner * p->c_inner;
}

/// Products that one pass adds up in registers: how far, in elements, the factors of each lie from those of the first.
typedef struct { int64_t count, a[LS_TERMS], b[LS_TERMS]; } LS_NAME(term_offsets);
static const LS_NAME(term_offsets) LS_NAME(one_term) = {1, {0}, {0}};

/// Whether one pass can add up so many terms like this one: they are short, and A is read where it lies.
static int LS_NAME(can_join)(const ls_product *p, int terms) {
    return terms <= LS_TERMS && 2 * terms * p->k <= 3 * LS_NAME(product_depth) &&
           (p->a_column != 1 || p->a_row * sizeof(T) % LS_NAME(page));
}

static int LS_NAME(lie_alike)(const ls_product *p, const ls_product *q) { return !memcmp(p, q, offsetof(ls_product, accumulate)); }

/// How a product is shared among threads: whole batches, blocks of rows or columns, or parts of the sum. The shape decides.
typedef struct {
    const ls_product *p;
    const T *a, *b;             // of this batch, or of the first
    LS_NAME(term_offsets) terms;
    T *c;
    T *packed;                  // all of B where tasks share it
    T *buffers;                 // a block of B for each thread
    T *sums;                    // what parts of the sum give
    int64_t buffer;             // elements of a buffer
    int64_t rows, columns, parts, groups;
    ls_epilogue end;            // of this batch
} LS_NAME(product_call);

/// Whether few rows meet a B that is too large to be copied for them.
static int LS_NAME(waits_for_memory)(const ls_product *p) {
    return !p->b_is_packed && p->m < LS_NAME(few_rows) && p->k * p->n > LS_NAME(in_second);
}

/// Whether rows of A and columns of B are multiplied where they lie, along both.
static int LS_NAME(runs_across)(const ls_product *p) {
    return LS_NAME(waits_for_memory)(p) && p->b_column != 1 && p->a_column == 1 && p->k >= LS_NAME(product_depth);
}

/// Whether B is packed: not where it would serve a few rows of A only.
static int LS_NAME(packs)(const ls_product *p) {
    if (p->b_is_packed || LS_NAME(runs_across)(p)) return 0;
    return p->b_column != 1 || (p->k * p->n > LS_NAME(in_second) && p->m >= LS_NAME(few_rows));
}

static LS_NAME(product_call) LS_NAME(product_plan)(const ls_product *p) {
    LS_NAME(product_call) q = {.p = p, .terms = LS_NAME(one_term), .rows = 1, .columns = 1, .parts = 1, .groups = 1};
    int64_t work = p->m * p->n * p->k;
    if (p->batches >= 8) q.groups = MIN(p->batches, MAX(1, MIN(MOST_CHUNKS, p->batches * work >> 18)));
    else if (work <= 1 << 18) {}
    else if (!p->b_is_packed && p->k >= 2048 && p->k >= 8 * MAX(p->m, p->n)) q.parts = MIN(8, p->k / 1024);
    // Tasks share the smaller operand, as those that follow one another on one thread find it in the second-level cache. (B as
    // it was packed for all is small beside A.)
    else if (p->n >= 256 && (p->m < 128 || (p->m < p->n && !p->b_is_packed))) q.columns = MIN(32, p->n / 128);
    else if (p->m >= 128) q.rows = MIN(32, p->m / 64);
    q.buffer = !LS_NAME(packs)(p) ? 0 : MIN(p->k, LS_NAME(product_depth)) * MIN(round_up(p->n, LS_NAME(panel)), LS_NAME(product_columns));
    return q;
}

static int LS_NAME(shares_packed)(const LS_NAME(product_call) *q) { return q->rows > 1 && LS_NAME(packs)(q->p); }

static int64_t LS_NAME(product_workspace)(const ls_product *p) {
    LS_NAME(product_call) q = LS_NAME(product_plan)(p);
    int64_t sums = q.parts > 1 ? q.parts * p->m * p->n : 0;
    int64_t packed = LS_NAME(shares_packed)(&q) ? p->k * round_up(p->n, LS_NAME(lanes)) : 0;
    return (int64_t)sizeof(T) * (q.buffer * ls_threads_capacity() + sums + packed) + LS_SLACK;
}

#include "across.h"

/// Where the tile below one lies, and what completes it, brought near while the processor multiplies.
static inline void LS_NAME(bring_tile_near)(const T *c, int64_t ldc, int64_t rows, int64_t columns, const T *base,
                                            const ls_epilogue *whole) {
    int64_t row = ldc * sizeof(T), width = columns * sizeof(T);
    bring_near(c, row, rows, width, 0, 1);
    if (whole && whole->addend) bring_near((const T *)whole->addend + (c - base), row, rows, width, 0, 1);
    if (whole && whole->factor) bring_near((const T *)whole->factor + (c - base), row, rows, width, 0, 1);
}

/// Rows, columns and part of the sum of one product on this thread. `packed` is B's part as `pack` leaves it where B is
/// packed as a whole, else NULL; `columns` then begin at a multiple of the panel. Several terms are one block deep and read where
/// they lie. `whole` is what completes the product whose result begins at `c`; NULL for a part of a sum.
static void LS_NAME(product_block)(const ls_product *p, const LS_NAME(term_offsets) *terms, const T *a, const T *b, const T *packed,
                                   T *buffer, T *c, int64_t ldc, int64_t i0, int64_t i1, int64_t j0, int64_t j1, int64_t l0,
                                   int64_t l1, int accumulate, const ls_epilogue *whole) {
    if (LS_NAME(runs_across)(p)) {
        LS_NAME(across_block)(p, a, b, c, ldc, i0, i1, j0, j1, l0, l1, accumulate, whole);
        return;
    }
    _Alignas(64) T sliver[LS_NAME(product_depth) * LS_NAME(sliver) + 4];
    int64_t m = i1 - i0, padded = round_up(p->n, LS_NAME(lanes)), slivers = divide_up(m, LS_NAME(sliver));
    int reads_b = !packed && !LS_NAME(packs)(p), brings_b = reads_b && LS_NAME(waits_for_memory)(p);
    int reads_a = p->a_column != 1 || p->a_row * sizeof(T) % LS_NAME(page) || m * (l1 - l0) <= LS_NAME(in_first);
    for (int64_t l = l0; l < l1; l += LS_NAME(product_depth)) {
        int64_t depth = MIN(l1 - l, LS_NAME(product_depth));
        for (int64_t first = j0; first < j1; first += LS_NAME(product_columns)) {
            int64_t end = MIN(j1, first + LS_NAME(product_columns));
            const T *block = packed ? packed + l * padded + first * depth : buffer;
            if (!packed && !reads_b)
                LS_NAME(pack_block)(buffer, b + l * p->b_row, p->b_row, p->b_column, first, end, depth);
            for (int64_t s = 0; s < slivers; s++) {
                int64_t i = i0 + m * s / slivers, height = i0 + m * (s + 1) / slivers - i;
                const T *from = a + i * p->a_row + l * p->a_column;
                if (!reads_a) LS_NAME(pack_across)(sliver, from, p->a_row, height, depth, height);
                LS_NAME(tile_call) t = {
                    .terms = terms->count, .depth = depth, .a_offset = terms->a, .b_offset = terms->b, .ldc = ldc,
                    .accumulate = accumulate || l > l0, .a = reads_a ? from : sliver,
                    .row_stride = reads_a ? p->a_row : 1, .step = reads_a ? p->a_column : height,
                };
                int64_t below = i + height, rows_below = s + 1 < slivers ? i0 + m * (s + 2) / slivers - below : 0;
                int64_t panels = divide_up(end - first, LS_NAME(panel));
                for (int64_t j = first; j < end; j += LS_NAME(panel)) {
                    t.columns = MIN(end - j, LS_NAME(panel));
                    // The sliver below, where its columns are short pieces, and the result's first use.
                    for (int64_t k = 0; rows_below && reads_a && p->a_column != 1 && k < terms->count; k++)
                        bring_near(from + height * p->a_row + terms->a[k], p->a_column * sizeof(T), depth, rows_below * sizeof(T),
                                   (j - first) / LS_NAME(panel), panels);
                    if (rows_below && l == l0) LS_NAME(bring_tile_near)(c + below * ldc + j, ldc, rows_below, t.columns, c, whole);
                    t.ldb = reads_b ? p->b_row : LS_NAME(panel_width)(t.columns);
                    t.b = reads_b ? b + l * p->b_row + j : block + (j - first) * depth;
                    t.c = c + i * ldc + j;
                    if (whole && l + depth == l1) LS_NAME(complete)(&t, whole, c, j);
                    // The first rows of A wait for B: the next panel comes while this one is multiplied.
                    if (brings_b && s == 0 && t.columns == LS_NAME(panel)) {
                        t.ahead = t.b + LS_NAME(panel);
                        LS_NAME(ahead_tiles_2)[height - 1](&t);
                        continue;
                    }
                    const LS_NAME(tile_function) *tiles = t.columns > LS_NAME(lanes)       ? LS_NAME(tiles_2)
                                                          : t.columns > LS_NAME(lanes) / 2 ? LS_NAME(tiles_1)
                                                                                           : LS_NAME(half_tiles);
                    tiles[height - 1](&t);
                }
            }
        }
    }
}

/// What completes the product number `batch`.
static ls_epilogue LS_NAME(product_end)(const ls_product *p, int64_t batch) {
    ls_epilogue end = p->end;
    if (end.addend) end.addend = (const T *)end.addend + LS_NAME(result_offset)(p, batch);
    if (end.factor) end.factor = (const T *)end.factor + LS_NAME(result_offset)(p, batch);
    return end;
}

static void LS_NAME(product_task)(void *context, long task, int thread) {
    const LS_NAME(product_call) *q = context;
    const ls_product *p = q->p;
    T *buffer = q->buffers + thread * q->buffer;
    if (q->groups > 1 || p->batches >= 8) {
        int64_t last = chunk_start(p->batches, q->groups, task + 1);
        for (int64_t i = chunk_start(p->batches, q->groups, task); i < last; i++) {
            ls_epilogue end = LS_NAME(product_end)(p, i);
            LS_NAME(product_block)(p, &q->terms, q->a + i / p->inner * p->a_outer + i % p->inner * p->a_inner,
                                   q->b + i / p->inner * p->b_outer + i % p->inner * p->b_inner, NULL, buffer,
                                   q->c + LS_NAME(result_offset)(p, i), p->c_row, 0, p->m, 0, p->n, 0, p->k, p->accumulate, &end);
        }
    } else if (q->parts > 1) {
        LS_NAME(product_block)(p, &q->terms, q->a, q->b, NULL, buffer, q->sums + task * p->m * p->n, p->n, 0, p->m, 0, p->n,
                               chunk_start(p->k, q->parts, task), chunk_start(p->k, q->parts, task + 1), 0, NULL);
    } else {
        int64_t panels = divide_up(p->n, LS_NAME(panel));
        int64_t row = task % q->rows, column = task / q->rows;
        LS_NAME(product_block)(p, &q->terms, q->a, q->b, q->packed, buffer, q->c, p->c_row, chunk_start(p->m, q->rows, row),
                               chunk_start(p->m, q->rows, row + 1), LS_NAME(panel) * chunk_start(panels, q->columns, column),
                               MIN(p->n, LS_NAME(panel) * chunk_start(panels, q->columns, column + 1)), 0, p->k, p->accumulate,
                               &q->end);
    }
}

/// The sum of terms that lie alike; the product says what it is added to and completed by.
static void LS_NAME(add_products)(const ls_product *p, const ls_factors *f, int count, void *c, void *workspace) {
    const T *a = f->a, *b = f->b;
    LS_NAME(product_call) q = LS_NAME(product_plan)(p);
    q.terms.count = count;
    for (int i = 1; i < count; i++) {
        q.terms.a[i] = LS_NAME(distance)(a, f[i].a);
        q.terms.b[i] = LS_NAME(distance)(b, f[i].b);
    }
    double nanoseconds = count * multiply_adds_time(p->batches * p->m * p->n * p->k);
    q.a = a;
    q.b = b;
    q.c = c;
    q.buffers = workspace;
    T *rest = q.buffers + q.buffer * ls_threads_capacity();
    if (p->batches >= 8) {
        ls_parallel(q.groups, nanoseconds, LS_NAME(product_task), &q);
        return;
    }
    for (int64_t batch = 0; batch < p->batches; batch++) {
        q.a = a + batch / p->inner * p->a_outer + batch % p->inner * p->a_inner;
        q.b = b + batch / p->inner * p->b_outer + batch % p->inner * p->b_inner;
        q.c = (T *)c + LS_NAME(result_offset)(p, batch);
        q.end = LS_NAME(product_end)(p, batch);
        if (p->b_is_packed) q.packed = (T *)q.b;
        else if (LS_NAME(shares_packed)(&q)) {
            LS_NAME(pack)(p->k, p->n, p->b_row, p->b_column, q.b, rest);
            q.packed = rest;
        }
        q.sums = rest;
        ls_parallel(q.rows * q.columns * q.parts, nanoseconds / p->batches, LS_NAME(product_task), &q);
        if (q.parts == 1) continue;
        for (int64_t i = 0; i < p->m; i++) {
            LS_NAME(tile_call) t = {.c = q.c + i * p->c_row};
            LS_NAME(complete)(&t, &q.end, q.c, 0);
            for (int64_t j = 0; j < p->n; j++) {
                T sum = p->accumulate ? t.c[j] : 0;
                for (int64_t part = 0; part < q.parts; part++) sum += rest[(part * p->m + i) * p->n + j];
                t.c[j] = LS_NAME(completed)(&t, sum, j, j);
            }
        }
    }
}

static void LS_NAME(products)(const ls_factors *f, int count, void *c, void *workspace) {
    for (int i = 0; i < count;) {
        ls_product p = f[i].product;
        int joined = 1;
        while (i + joined < count && !LS_NAME(packs)(&p) && LS_NAME(can_join)(&p, joined + 1) &&
               LS_NAME(lie_alike)(&p, &f[i + joined].product))
            joined++;
        p.accumulate |= i > 0;
        p.end = f[i + joined - 1].product.end;
        LS_NAME(add_products)(&p, f + i, joined, c, workspace);
        i += joined;
    }
}
