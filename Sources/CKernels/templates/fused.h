// Fused elementwise loops: the domain is walked in tiles that stay in the first-level cache; every instruction runs over a
// whole tile before the next one does, so values between instructions never reach memory.

typedef struct {
    const ls_fused *p;
    char *tiles;            // a block of registers for each thread
    int64_t tile_bytes;     // bytes of one thread's block
    double *sums;           // accumulators: of every reduction in turn (direct), or of every chunk in turn (partial)
    int64_t sums_total;     // elements of all reductions together
    int64_t columns, rows;  // the two innermost extents
    int64_t segments;       // pieces that a long row is cut into, so that it can be shared among threads
    int64_t units, chunks;  // units are rows, or segments of rows
    int64_t unit_multiple;  // chunks begin at multiples of this
    int direct;             // no two chunks meet in one element of a result
    int adds;               // accumulators hold earlier sums
    int64_t tile;           // elements of a tile at most
} LS_NAME(fused_call);

static int64_t LS_NAME(fused_tile)(const ls_fused *p) { return (p->registers > 12 ? 2048 : 4096) / (int64_t)sizeof(T); }

static LS_NAME(fused_call) LS_NAME(fused_plan)(const ls_fused *p) {
    LS_NAME(fused_call) f = {.p = p};
    f.columns = p->extent[p->dims - 1];
    f.rows = p->dims > 1 ? p->extent[p->dims - 2] : 1;
    int64_t elements = 1, prefix = 1;
    for (int i = 0; i < p->dims; i++) elements *= p->extent[i];
    // Units are rows at least; a part of a loop over one example can keep all dimensions.
    for (int i = 0; i < MIN(p->kept_prefix, p->dims - 1); i++) prefix *= p->extent[i];
    f.segments = divide_up(f.columns, SEGMENT);
    f.units = elements / f.columns * f.segments;
    f.direct = p->reductions == 0 || prefix >= 8;
    f.unit_multiple = p->reductions && f.direct ? f.units / prefix : 1;
    f.chunks = chunk_count(f.units / f.unit_multiple, elements);
    for (int j = 0; j < p->reductions; j++) f.sums_total += LS_NAME(accumulators)(p, j);
    f.tile = LS_NAME(fused_tile)(p);
    f.tile_bytes = round_up((int64_t)sizeof(T) * f.tile * p->registers + 64, 64) + 2 * (int64_t)sizeof(T) * f.tile;
    return f;
}

static int64_t LS_NAME(fused_workspace)(const ls_fused *p) {
    LS_NAME(fused_call) f = LS_NAME(fused_plan)(p);
    return 64 + f.tile_bytes * ls_threads_capacity() + 8 * f.sums_total * (f.direct ? 1 : f.chunks);
}

#define LS_LOOP(expression)                                              \
    {                                                                    \
        _Pragma("clang loop vectorize(assume_safety)")                   \
        for (int64_t i = 0; i < n; i++) { d[i] = (T)(expression); }      \
        break;                                                           \
    }

static void LS_NAME(fused_instruction)(const ls_instruction *q, T *const *reg, int64_t n) {
    T *d = reg[q->dst];
    const T *a = reg[q->a], *b = reg[q->b], *c = reg[q->c];
    T imm = (T)q->immediate;
    switch (q->op) {
    case LS_COPY: LS_LOOP(a[i])
    case LS_NEGATE: LS_LOOP(-a[i])
    case LS_ADD: LS_LOOP(a[i] + b[i])
    case LS_SUBTRACT: LS_LOOP(a[i] - b[i])
    case LS_MULTIPLY: LS_LOOP(a[i] * b[i])
    case LS_DIVIDE: LS_LOOP(a[i] / b[i])
    case LS_MINIMUM: LS_LOOP(a[i] != a[i] ? a[i] : (b[i] > a[i] ? a[i] : b[i]))
    case LS_MAXIMUM: LS_LOOP(a[i] != a[i] ? a[i] : (b[i] < a[i] ? a[i] : b[i]))
    case LS_SCALE: LS_LOOP(a[i] * imm)
    case LS_OFFSET: LS_LOOP(a[i] + imm)
    case LS_EXP: LS_LOOP(LS_NAME(fn_exp)(a[i]))
    case LS_LOG: LS_LOOP(LS_NAME(fn_log)(a[i]))
    case LS_SQRT: LS_LOOP(LS_NAME(fn_sqrt)(a[i]))
    case LS_RECIPROCAL: LS_LOOP(1 / a[i])
    case LS_SQUARE: LS_LOOP(a[i] * a[i])
    case LS_TANH: LS_LOOP(LS_NAME(fn_tanh)(a[i]))
    case LS_SIGMOID: LS_LOOP(LS_NAME(fn_sigmoid)(a[i]))
    case LS_ERF: LS_LOOP(LS_NAME(fn_erf)(a[i]))
    case LS_ERFC: LS_LOOP(LS_NAME(fn_erfc)(a[i]))
    case LS_LOG1P: LS_LOOP(LS_NAME(fn_log1p)(a[i]))
    case LS_SOFTPLUS: LS_LOOP(LS_NAME(fn_softplus)(a[i]))
    case LS_SIN: LS_LOOP(LS_NAME(fn_sin)(a[i]))
    case LS_COS: LS_LOOP(LS_NAME(fn_cos)(a[i]))
    case LS_ABS: LS_LOOP(a[i] < 0 ? -a[i] : a[i])
    case LS_SIGN: LS_LOOP(a[i] > 0 ? 1 : a[i] < 0 ? -1 : a[i])
    case LS_FLOOR: LS_LOOP(LS_NAME(fn_floor)(a[i]))
    case LS_RELU: LS_LOOP(a[i] < 0 ? 0 : a[i])
    case LS_STEP: LS_LOOP(a[i] > 0 ? 1 : 0)
    case LS_POWER: LS_LOOP(LS_NAME(fn_power)(a[i], imm))
    case LS_GREATER: LS_LOOP(a[i] > b[i] ? 1 : 0)
    case LS_EQUAL: LS_LOOP(a[i] == b[i] ? 1 : 0)
    case LS_SELECT: LS_LOOP(a[i] != 0 ? b[i] : c[i])
    case LS_MASK: LS_LOOP(b[i] > 0 ? a[i] : 0)
    case LS_MULTIPLY_ADD: LS_LOOP(a[i] * b[i] + c[i])
    case LS_SCALE_ADD: LS_LOOP(a[i] * imm + b[i])
    case LS_SUBTRACT_PRODUCT: LS_LOOP(c[i] - a[i] * b[i])
    case LS_SUBTRACT_MULTIPLY: LS_LOOP((a[i] - b[i]) * c[i])
    case LS_NORMAL_CDF: LS_LOOP(LS_NAME(fn_normal_cdf)(a[i], b[i]))
    case LS_GELU_SLOPE: LS_LOOP(b[i] + a[i] * (c[i] * (T)0.398942280401432677939946059934))
    case LS_TANH_GELU_SLOPE:
        LS_LOOP(b[i] + a[i] * (b[i] * (1 - b[i])) * ((T)1.595769121605730711759784239738 + (T)0.214064448817800746329016256839 * (a[i] * a[i])))
    case LS_ADD_RELU: LS_LOOP(a[i] + b[i] < 0 ? 0 : a[i] + b[i])
    }
}
#undef LS_LOOP

/// Copies a rows × columns view into a dense tile.
static void LS_NAME(expand)(T *to, const T *from, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
    if (row_stride == 1 && column_stride > 1 && columns < rows) {  // few columns, as of images with channels first
        for (int64_t c = 0; c < columns; c++)
            for (int64_t r = 0; r < rows; r++) to[r * columns + c] = from[r + c * column_stride];
        return;
    }
    for (int64_t r = 0; r < rows; r++) {
        const T *f = from + r * row_stride;
        T *t = to + r * columns;
        if (column_stride == 0) {
            LS_NAME(vector) value = (LS_NAME(vector)){0} + *f;
            int64_t c = 0;
            for (; c + LS_NAME(lanes) <= columns; c += LS_NAME(lanes)) *(LS_NAME(vector) *)(t + c) = value;
            for (; c < columns; c++) t[c] = *f;
        }
        else if (column_stride == 1) memcpy(t, f, sizeof(T) * columns);
        else for (int64_t c = 0; c < columns; c++) t[c] = f[c * column_stride];
    }
}

static void LS_NAME(fused_chunk)(void *context, long chunk, int thread) {
    const LS_NAME(fused_call) *f = context;
    const ls_fused *p = f->p;
    int last = p->dims - 1;
    int64_t first_unit = chunk_start(f->units / f->unit_multiple, f->chunks, chunk) * f->unit_multiple;
    int64_t end_unit = chunk_start(f->units / f->unit_multiple, f->chunks, chunk + 1) * f->unit_multiple;
    int64_t prefix_first = first_unit / f->unit_multiple, prefix_end = end_unit / f->unit_multiple;
    int64_t prefixes = f->units / f->unit_multiple;

    double *sums[p->reductions + 1];
    double *at = f->sums + (f->direct ? 0 : chunk * f->sums_total);
    for (int j = 0; j < p->reductions; at += LS_NAME(accumulators)(p, j), j++) {
        sums[j] = at;
        if (f->adds) continue;
        int64_t per = LS_NAME(accumulators)(p, j) / (f->direct ? prefixes : 1);
        int64_t from = f->direct ? prefix_first * per : 0, to = f->direct ? prefix_end * per : per;
        for (int64_t i = from; i < to; i++) at[i] = p->reduction_kind[j] == LS_MAX ? -INFINITY : 0;
    }

    T *tiles = (T *)(f->tiles + thread * f->tile_bytes), *spare = tiles + p->registers * f->tile;
    T *reg[p->registers + 1];
    for (int i = 0; i < p->registers; i++) reg[i] = tiles + i * f->tile;
    int64_t filled[p->loads + 1];  // rows of a tile that already hold this load's values
    for (int i = 0; i < p->loads; i++) filled[i] = 0;
    int64_t block_columns = MIN(f->columns, f->tile);
    int64_t block_rows = f->columns <= f->tile ? f->tile / f->columns : 1;

    for (int64_t unit = first_unit; unit < end_unit;) {
        int64_t row = unit / f->segments, segment = unit % f->segments;
        int64_t r0 = row % f->rows, outer = row / f->rows, index[LS_DIMS] = {0};
        for (int i = last - 2; i >= 0; i--) { index[i] = outer % p->extent[i]; outer /= p->extent[i]; }
        if (last > 0) index[last - 1] = r0;
        int64_t rows = f->segments == 1 ? MIN(MIN(block_rows, f->rows - r0), end_unit - unit) : 1;
        int64_t column_end = MIN(f->columns, (segment + 1) * SEGMENT);
        for (index[last] = segment * SEGMENT; index[last] < column_end; index[last] += block_columns) {
            int64_t columns = MIN(block_columns, column_end - index[last]), n = rows * columns;
            for (int l = 0; l < p->loads; l++) {
                const ls_operand *q = p->load + l;
                int64_t offset = 0, varies = 0;
                for (int i = 0; i <= last; i++) offset += index[i] * q->stride[i];
                for (int i = 0; i < last; i++) varies |= q->stride[i];
                const T *from = (const T *)q->base + offset;
                int64_t row_stride = last > 0 ? q->stride[last - 1] : 0, column_stride = q->stride[last];
                T **to = reg + p->load_register[l];
                if ((column_stride == 1 || columns == 1) && (rows == 1 || row_stride == columns)) { *to = (T *)from; continue; }
                *to = tiles + p->load_register[l] * f->tile;
                if (!varies && (column_stride == 0 || f->columns <= f->tile)) {
                    int64_t have = column_stride == 0 ? filled[l] / columns : filled[l];
                    if (have >= rows) continue;
                    filled[l] = column_stride == 0 ? n : rows;
                }
                LS_NAME(expand)(*to, from, rows, columns, row_stride, column_stride);
            }
            for (int s = 0; s < p->stores; s++) {
                const ls_operand *q = p->store + s;
                int64_t offset = 0;
                for (int i = 0; i <= last; i++) offset += index[i] * q->stride[i];
                reg[p->store_register[s]] = (T *)q->base + offset;
            }
            for (int k = 0; k < p->instructions; k++) LS_NAME(fused_instruction)(p->instruction + k, reg, n);
            for (int j = 0; j < p->reductions; j++) {
                const int64_t *stride = p->reduction[j].stride;
                int64_t offset = 0;
                for (int i = 0; i <= last; i++) offset += index[i] * stride[i];
                int64_t row_stride = last > 0 ? stride[last - 1] : 0;
                const T *x = reg[p->reduction_register[j]];
                if (p->reduction_kind[j] == LS_SUM)
                    LS_NAME(reduce_sum)(sums[j] + offset, x, rows, columns, row_stride, stride[last], spare);
                else if (p->reduction_kind[j] == LS_VARIANCE)
                    LS_NAME(reduce_variance)(sums[j] + 2 * offset, x, rows, columns, row_stride, stride[last], spare);
                else LS_NAME(reduce_max)(sums[j] + offset, x, rows, columns, row_stride, stride[last]);
            }
        }
        unit += rows;
    }

    if (!f->direct) return;
    for (int j = 0; j < p->reductions; j++) {
        int64_t per = p->reduction_size[j] / prefixes;
        LS_NAME(finish)(p, j, sums[j], prefix_first * per, prefix_end * per);
    }
}

static int64_t LS_NAME(fused_accumulators)(const ls_fused *p) {
    int64_t total = 0;
    for (int j = 0; j < p->reductions; j++) total += LS_NAME(accumulators)(p, j);
    return total;
}

/// Results of all reductions from the accumulators of several parts, combined in order in those of the first.
static void LS_NAME(fused_finish)(const ls_fused *p, double *sums, int64_t parts) {
    int64_t total = LS_NAME(fused_accumulators)(p);
    for (int j = 0; j < p->reductions; sums += LS_NAME(accumulators)(p, j), j++) {
        for (int64_t part = 1; part < parts; part++)
            for (int64_t i = 0; i < LS_NAME(accumulators)(p, j); i++) {
                double next = sums[part * total + i];
                if (p->reduction_kind[j] != LS_MAX) sums[i] += next;
                else sums[i] = next > sums[i] || next != next ? next : sums[i];
            }
        LS_NAME(finish)(p, j, sums, 0, p->reduction_size[j]);
    }
}

static void LS_NAME(fused)(const ls_fused *p, void *workspace) {
    for (int i = 0; i < p->dims; i++)
        if (p->extent[i] == 0) return;
    LS_NAME(fused_call) f = LS_NAME(fused_plan)(p);
    f.tiles = workspace;
    f.sums = (double *)((char *)workspace + f.tile_bytes * ls_threads_capacity());
    ls_parallel(f.chunks, INFINITY, LS_NAME(fused_chunk), &f);  // a chunk has CHUNK_ELEMENTS at least
    if (f.direct) return;
    LS_NAME(fused_finish)(p, f.sums, f.chunks);
}

/// The same on the calling thread, with sums added to accumulators that the caller has.
static void LS_NAME(fused_sums)(const ls_fused *p, void *workspace, double *sums) {
    LS_NAME(fused_call) f = LS_NAME(fused_plan)(p);
    f.tiles = workspace;
    f.sums = sums;
    f.adds = 1;
    f.direct = 0;
    f.unit_multiple = f.chunks = 1;
    LS_NAME(fused_chunk)(&f, 0, 0);
}
