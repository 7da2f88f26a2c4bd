// Products that a function is applied to row by row, and that are then multiplied once more: attention, softmax(scale · Q Kᵀ) V. A
// block of rows is made, completed and used while it lies in a core's own cache, so that there is never more of the scores than
// that (Rabe, Staats 2021, arXiv 2112.05682; Dao et al. 2022, arXiv 2205.14135). Those read keys in blocks, too, and correct the sums
// of a softmax on the way; here rows are whole, and what a softmax gives is what it gives elsewhere.

enum {
    LS_NAME(block_bytes) = 1 << 17,         // of a block of rows: a small part of the second-level cache
    LS_NAME(most_block_bytes) = 1 << 19,    // of one that is a tile high
    LS_NAME(attention_tasks) = 32,          // about as many as few pairs are cut into
    LS_NAME(attention_least_rows) = 64,     // of a pair to a task, which packs the pair's factors for itself
};

typedef struct {
    const ls_fused_attention *p;
    T *c;
    T *buffers;              // for each thread: a block of rows where it is multiplied, then the packed factors
    int64_t row;             // elements from one row of a block to the next
    int64_t rows;            // of a block at most
    int64_t packed[3];       // elements of the packed factors of each term and of the second product
    int64_t block, buffer;   // elements of a block, and of all that is there
    int64_t groups, parts;   // of pairs, and of the rows of each: tasks are parts of groups
    double nanoseconds;
} LS_NAME(attention_call);

static int64_t LS_NAME(packed_count)(const ls_product *p) {
    return LS_NAME(packs)(p) ? p->k * round_up(p->n, LS_NAME(lanes)) : 0;
}

static LS_NAME(attention_call) LS_NAME(attention_plan)(const ls_fused_attention *p) {
    LS_NAME(attention_call) q = {.p = p};
    int64_t pairs = p->term[0].product.batches, m = p->term[0].product.m, n = p->term[0].product.n;
    q.row = round_up(n, LS_NAME(lanes));
    // Rows a multiple of a page apart would share their places in the first-level cache.
    if (q.row * sizeof(T) % LS_NAME(page) == 0) q.row += LS_NAME(lanes);
    int64_t bytes = q.row * sizeof(T), most = LS_NAME(block_bytes) / bytes;
    q.rows = most >= LS_NAME(rows_2) ? most / LS_NAME(rows_2) * LS_NAME(rows_2)
                                     : MAX(1, MIN(LS_NAME(rows_2), LS_NAME(most_block_bytes) / bytes));
    q.rows = MIN(q.rows, m);
    q.block = p->multiplies ? q.rows * q.row : 0;
    int64_t work = 0;
    for (int t = 0; t < p->terms; t++) {
        q.packed[t] = LS_NAME(packed_count)(&p->term[t].product);
        work += m * n * p->term[t].product.k;
    }
    if (p->multiplies) {
        q.packed[2] = LS_NAME(packed_count)(&p->second.product);
        work += m * n * p->second.product.n;
    }
    q.buffer = q.block + q.packed[0] + q.packed[1] + q.packed[2];
    q.parts = pairs >= LS_NAME(attention_tasks) ? 1 : MIN(divide_up(LS_NAME(attention_tasks), pairs), m / LS_NAME(attention_least_rows));
    q.parts = MAX(1, MIN(q.parts, work >> 18));
    q.groups = q.parts > 1 ? pairs : MIN(pairs, MAX(1, MIN(MOST_CHUNKS, pairs * work >> 18)));
    q.nanoseconds = multiply_adds_time(pairs * work) + moves_time(pairs * m * n);
    return q;
}

static int64_t LS_NAME(fused_attention_workspace)(const ls_fused_attention *p) {
    return (int64_t)sizeof(T) * LS_NAME(attention_plan)(p).buffer * ls_threads_capacity() + LS_SLACK;
}

/// B of one pair: packed, at `to` if this is not done yet, or NULL where it is read as it lies.
static const T *LS_NAME(packed_factor)(const ls_product *p, const T *b, T *to) {
    if (p->b_is_packed) return b;
    if (!LS_NAME(packs)(p)) return NULL;
    int64_t padded = round_up(p->n, LS_NAME(lanes));
    for (int64_t l = 0; l < p->k; l += LS_NAME(product_depth))
        LS_NAME(pack_block)(to + l * padded, b + l * p->b_row, p->b_row, p->b_column, 0, p->n, MIN(p->k - l, LS_NAME(product_depth)));
    return to;
}

static void LS_NAME(attention_task)(void *context, long task, int thread) {
    const LS_NAME(attention_call) *q = context;
    const ls_fused_attention *p = q->p;
    const ls_product *first = &p->term[0].product, *second = &p->second.product, *last = p->multiplies ? second : first;
    T *block = q->buffers + thread * q->buffer, *packing[3] = {block + q->block};
    packing[1] = packing[0] + q->packed[0];
    packing[2] = packing[1] + q->packed[1];
    int64_t group = task / q->parts, part = task % q->parts, m = first->m, n = first->n;
    int64_t start = chunk_start(m, q->parts, part), count = chunk_start(m, q->parts, part + 1) - start;
    int64_t blocks = divide_up(count, q->rows), end = chunk_start(first->batches, q->groups, group + 1);
    for (int64_t pair = chunk_start(first->batches, q->groups, group); pair < end; pair++) {
        const T *a[2], *b[3], *packed[3];
        for (int t = 0; t < p->terms; t++) {
            const ls_product *f = &p->term[t].product;
            a[t] = (const T *)p->term[t].a + pair / f->inner * f->a_outer + pair % f->inner * f->a_inner;
            b[t] = (const T *)p->term[t].b + pair / f->inner * f->b_outer + pair % f->inner * f->b_inner;
            packed[t] = LS_NAME(packed_factor)(f, b[t], packing[t]);
        }
        if (p->multiplies) {
            b[2] = (const T *)p->second.b + pair / second->inner * second->b_outer + pair % second->inner * second->b_inner;
            packed[2] = LS_NAME(packed_factor)(second, b[2], packing[2]);
        }
        LS_NAME(term_offsets) offsets = LS_NAME(one_term);
        if (p->terms == 2 && LS_NAME(can_join)(first, 2) && LS_NAME(lie_alike)(first, &p->term[1].product))
            offsets = (LS_NAME(term_offsets)){2, {0, LS_NAME(distance)(a[0], a[1])},
                                              {0, packed[0] ? LS_NAME(distance)(packed[0], packed[1]) : LS_NAME(distance)(b[0], b[1])}};
        for (int64_t i = 0; i < blocks; i++) {
            int64_t at = start + chunk_start(count, blocks, i), rows = start + chunk_start(count, blocks, i + 1) - at;
            T *c = q->c + LS_NAME(result_offset)(last, pair) + at * last->c_row;
            // What is not multiplied is made where it will lie.
            T *scores = p->multiplies ? block : c;
            int64_t row = p->multiplies ? q->row : first->c_row;
            for (int t = 0; t < p->terms; t += offsets.count) {
                const ls_product *f = &p->term[t].product;
                LS_NAME(product_block)(f, &offsets, a[t] + at * f->a_row, b[t], packed[t], NULL, scores, row, 0, rows, 0, n, 0, f->k, t > 0, NULL);
            }
            LS_NAME(row_function)(p->function, (T)p->scale, rows, n, p->y ? (const T *)p->y + (pair * m + at) * n : NULL, scores,
                                  row, scores);
            if (!p->multiplies) continue;
            ls_product f = *second;
            f.a_row = q->row;
            f.a_column = 1;
            LS_NAME(product_block)(&f, &LS_NAME(one_term), block, b[2], packed[2], NULL, c, second->c_row, 0, rows, 0, second->n, 0, n, 0, NULL);
        }
    }
}

static void LS_NAME(fused_attention)(const ls_fused_attention *p, void *c, void *workspace) {
    LS_NAME(attention_call) q = LS_NAME(attention_plan)(p);
    q.c = c;
    q.buffers = workspace;
    ls_parallel(q.groups * q.parts, q.nanoseconds, LS_NAME(attention_task), &q);
}
