// Rows: by index (embeddings, labels, predictions), softmax and its derivative, and sums.

static void LS_NAME(gather_rows)(int64_t rows, int64_t width, int64_t table, const void *x, const int32_t *index, void *y) {
    for (int64_t i = 0; i < rows; i++) {
        T *to = (T *)y + i * width;
        if (index[i] < 0 || index[i] >= table) memset(to, 0, sizeof(T) * width);
        else memcpy(to, (const T *)x + index[i] * width, sizeof(T) * width);
    }
}

static void LS_NAME(scatter_rows)(int64_t rows, int64_t width, int64_t table, const void *x, const int32_t *index, void *y) {
    memset(y, 0, sizeof(T) * table * width);
    for (int64_t i = 0; i < rows; i++) {
        if (index[i] < 0 || index[i] >= table) continue;
        T *restrict to = (T *)y + index[i] * width;
        const T *restrict from = (const T *)x + i * width;
        for (int64_t j = 0; j < width; j++) to[j] += from[j];
    }
}

static void LS_NAME(one_hot)(int64_t rows, int64_t width, const int32_t *index, void *y) {
    memset(y, 0, sizeof(T) * rows * width);
    for (int64_t i = 0; i < rows; i++)
        if (index[i] >= 0 && index[i] < width) ((T *)y)[i * width + index[i]] = 1;
}

static void LS_NAME(correct)(int64_t rows, int64_t width, const void *logits, const int32_t *label, void *y) {
    for (int64_t i = 0; i < rows; i++) {
        const T *z = (const T *)logits + i * width;
        int64_t best = 0;
        int finite = z[0] == z[0];
        for (int64_t j = 1; j < width; j++) {
            finite &= z[j] == z[j];
            if (z[j] > z[best]) best = j;
        }
        ((T *)y)[i] = finite && best == label[i];
    }
}

/// y = softmax(scale · x) of each row, `row` elements apart; y may be x. Rows take each step together as many as fit into the
/// first-level cache: what one row waits for, its maximum and its sum, the others compute meanwhile.
static void LS_NAME(softmax_rows)(int64_t rows, int64_t width, T scale, const T *x, int64_t row, T *y) {
    enum { MOST = 8, BYTES = 8192 };
    T most[MOST], inverse[MOST];
    int64_t group = MAX(1, MIN(MOST, BYTES / (width * (int64_t)sizeof(T))));
    for (; rows > 0; rows -= group, x += group * row, y += group * row) {
        group = MIN(group, rows);
        for (int64_t i = 0; i < group; i++) {
            const T *from = x + i * row;
            T *to = y + i * row;
            _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = 0; j < width; j++) to[j] = from[j] * scale;
            most[i] = LS_NAME(maximum_of)(to, width);
        }
        for (int64_t i = 0; i < group; i++) {
            T *to = y + i * row, m = most[i];
            _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = 0; j < width; j++) to[j] = LS_NAME(fn_exp)(to[j] - m);
        }
        for (int64_t i = 0; i < group; i++) {
            double sum = 0;
            for (int64_t j = 0; j < width; j += TILE) sum += LS_NAME(sum_of)(y + i * row + j, MIN(TILE, width - j));
            inverse[i] = (T)(1 / sum);
        }
        for (int64_t i = 0; i < group; i++) {
            T *to = y + i * row, factor = inverse[i];
            for (int64_t j = 0; j < width; j++) to[j] *= factor;
        }
    }
}

static T LS_NAME(dot_of)(const T *x, const T *y, int64_t n) {
#pragma clang fp reassociate(on)
    T s = 0;
    for (int64_t i = 0; i < n; i++) s += x[i] * y[i];
    return s;
}

/// to = scale · y ∘ (x − Σ y ∘ x) of each row, the derivative of y = softmax(scale · …) along x; `to` may be x. Rows of y are dense.
static void LS_NAME(softmax_slope_rows)(int64_t rows, int64_t width, T scale, const T *y, const T *x, int64_t row, T *to) {
    for (; rows > 0; rows--, y += width, x += row, to += row) {
        double sum = 0;
        for (int64_t j = 0; j < width; j += TILE) sum += LS_NAME(dot_of)(y + j, x + j, MIN(TILE, width - j));
        T mean = (T)sum;
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = 0; j < width; j++) to[j] = (x[j] - mean) * y[j] * scale;
    }
}

static void LS_NAME(row_function)(enum ls_row_function function, T scale, int64_t rows, int64_t width, const T *y,
                                  const T *x, int64_t row, T *to) {
    if (function == LS_SOFTMAX) LS_NAME(softmax_rows)(rows, width, scale, x, row, to);
    else LS_NAME(softmax_slope_rows)(rows, width, scale, y, x, row, to);
}

typedef struct {
    enum ls_row_function function;
    int64_t rows, width, chunks;
    T scale;
    const T *y, *x;
    T *to;
} LS_NAME(rows_call);

static void LS_NAME(rows_chunk)(void *context, long chunk, int thread) {
    const LS_NAME(rows_call) *f = context;
    (void)thread;
    int64_t first = chunk_start(f->rows, f->chunks, chunk), at = first * f->width;
    LS_NAME(row_function)(f->function, f->scale, chunk_start(f->rows, f->chunks, chunk + 1) - first, f->width,
                          f->y ? f->y + at : NULL, f->x + at, f->width, f->to + at);
}

static void LS_NAME(rows)(enum ls_row_function function, int64_t rows, int64_t width, double scale, const void *y,
                          const void *x, void *to) {
    LS_NAME(rows_call) f = {function, rows, width, chunk_count(rows, rows * width), (T)scale, y, x, to};
    ls_parallel(f.chunks, INFINITY, LS_NAME(rows_chunk), &f);
}

static void LS_NAME(add_parts)(int64_t count, int64_t parts, const void *x, void *y) {
    T *restrict to = (T *)y;
    memcpy(to, x, sizeof(T) * count);
    for (int64_t p = 1; p < parts; p++) {
        const T *restrict from = (const T *)x + p * count;
        for (int64_t i = 0; i < count; i++) to[i] += from[i];
    }
}

static void LS_NAME(add_to)(int64_t count, const void *x, double *restrict sum) {
    const T *from = x;
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < count; i++) sum[i] += from[i];
}

static double LS_NAME(multiply_adds)(int64_t count) {
    enum { CHAINS = 12 };
    LS_NAME(vector) sum[CHAINS] = {0};
    T one = 1;
    __asm__ volatile("" : "+m"(one));  // unknown to the compiler
    LS_NAME(vector) x = (LS_NAME(vector)){0} + one, y = x;
    for (int64_t n = 0; n < count; n += CHAINS * LS_NAME(lanes))
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * x + y;
    double made = 0;
    for (int i = 0; i < CHAINS; i++)
        for (int lane = 0; lane < LS_NAME(lanes); lane++) made += sum[i][lane];
    return made;
}
