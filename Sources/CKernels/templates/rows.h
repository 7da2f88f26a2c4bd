// Rows: by index (embeddings, labels, predictions), softmax, and sums.

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

typedef struct {
    int64_t rows, width, chunks;
    T scale;
    const T *x;
    T *y;
} LS_NAME(softmax_call);

static void LS_NAME(softmax_rows)(void *context, long chunk, int thread) {
    const LS_NAME(softmax_call) *f = context;
    (void)thread;
    int64_t end = chunk_start(f->rows, f->chunks, chunk + 1), width = f->width;
    for (int64_t i = chunk_start(f->rows, f->chunks, chunk); i < end; i++) {
        const T *restrict x = f->x + i * width;
        T *restrict y = f->y + i * width;
        for (int64_t j = 0; j < width; j++) y[j] = x[j] * f->scale;
        T most = LS_NAME(maximum_of)(y, width);
        _Pragma("clang loop vectorize(assume_safety)")
        for (int64_t j = 0; j < width; j++) y[j] = LS_NAME(fn_exp)(y[j] - most);
        double sum = 0;
        for (int64_t j = 0; j < width; j += TILE) sum += LS_NAME(sum_of)(y + j, MIN(TILE, width - j));
        T inverse = (T)(1 / sum);
        for (int64_t j = 0; j < width; j++) y[j] *= inverse;
    }
}

static void LS_NAME(softmax)(int64_t rows, int64_t width, double scale, const void *x, void *y) {
    LS_NAME(softmax_call) f = {rows, width, chunk_count(rows, rows * width), (T)scale, x, y};
    ls_parallel(f.chunks, INFINITY, LS_NAME(softmax_rows), &f);
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

static void LS_NAME(multiply_adds)(int64_t count) {
    enum { CHAINS = 12 };
    LS_NAME(vector) sum[CHAINS];
    T start = 1;
    __asm__ volatile("" : "+m"(start));  // unknown to the compiler
    LS_NAME(vector) x = (LS_NAME(vector)){0} + start, y = x * (T)1e-6;
    for (int i = 0; i < CHAINS; i++) sum[i] = x;
    for (int64_t n = 0; n < count; n += CHAINS * LS_NAME(lanes))
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * x + y;
    for (int i = 1; i < CHAINS; i++) sum[0] += sum[i];
    __asm__ volatile("" : : "m"(sum[0]));
}
