// Pooling on NHWC images: every loop is over contiguous channels.

typedef struct { const ls_window *q; const T *x; T *y; int32_t *index; } LS_NAME(pool_call);

/// Channels are taken in blocks whose best values stay in registers. Of the last block all lanes are read and not all are stored: what
/// follows is the next image's, which another thread may be writing. ThreadSanitizer would see a race, and it gets none.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LS_LANES_READ(width) (width)
#endif
#endif
#ifndef LS_LANES_READ
#define LS_LANES_READ(width) BLOCK
#endif
static void LS_NAME(pool_argmax_image)(void *context, long n, int thread) {
    (void)thread;
    enum { BLOCK = 16 };
    const LS_NAME(pool_call) *call = context;
    const ls_window *q = call->q;
    const T *x = call->x + n * q->h * q->w * q->c;
    for (int64_t oy = 0; oy < q->ho; oy++)
        for (int64_t ox = 0; ox < q->wo; ox++)
            for (int64_t c0 = 0; c0 < q->c; c0 += BLOCK) {
                int64_t width = MIN(BLOCK, q->c - c0);
                T best[BLOCK];
                TI at[BLOCK];
                for (int c = 0; c < BLOCK; c++) { best[c] = -(T)INFINITY; at[c] = -1; }
                for (int64_t ky = 0; ky < q->kh; ky++) {
                    int64_t iy = oy * q->stride_h + ky * q->dilation_h - q->pad_h;
                    if (iy < 0 || iy >= q->h) continue;
                    for (int64_t kx = 0; kx < q->kw; kx++) {
                        int64_t ix = ox * q->stride_w + kx * q->dilation_w - q->pad_w;
                        if (ix < 0 || ix >= q->w) continue;
                        TI here = (TI)(iy * q->w + ix);
                        const T *v = x + (int64_t)here * q->c + c0;
                        for (int c = 0; c < LS_LANES_READ(width); c++) {
                            // The first of equals stays; the first NaN wins for good.
                            int better = (v[c] > best[c]) | (at[c] < 0) | ((v[c] != v[c]) & (best[c] == best[c]));
                            best[c] = better ? v[c] : best[c];
                            at[c] = better ? here : at[c];
                        }
                    }
                }
                int32_t *index = call->index + ((n * q->ho + oy) * q->wo + ox) * q->c + c0;
                for (int64_t c = 0; c < width; c++) index[c] = (int32_t)at[c];
            }
}

static void LS_NAME(pool_gather_image)(void *context, long n, int thread) {
    (void)thread;
    const LS_NAME(pool_call) *call = context;
    const ls_window *q = call->q;
    const T *x = call->x + n * q->h * q->w * q->c;
    int64_t count = q->ho * q->wo, base = n * count * q->c;
    for (int64_t p = 0; p < count; p++)
        for (int64_t c = 0; c < q->c; c++) {
            int64_t at = base + p * q->c + c;
            int32_t from = call->index[at];
            call->y[at] = from < 0 ? -(T)INFINITY : x[(int64_t)from * q->c + c];
        }
}

static void LS_NAME(pool_scatter_image)(void *context, long n, int thread) {
    (void)thread;
    const LS_NAME(pool_call) *call = context;
    const ls_window *q = call->q;
    T *dx = call->y + n * q->h * q->w * q->c;
    memset(dx, 0, sizeof(T) * q->h * q->w * q->c);
    int64_t count = q->ho * q->wo, base = n * count * q->c;
    for (int64_t p = 0; p < count; p++)
        for (int64_t c = 0; c < q->c; c++) {
            int64_t at = base + p * q->c + c;
            int32_t to = call->index[at];
            if (to >= 0) dx[(int64_t)to * q->c + c] += call->x[at];
        }
}

static void LS_NAME(pool_windows_image)(const ls_window *q, const T *from, T *to, long n, int spread) {
    T *image_to = to + n * (spread ? q->h * q->w : q->ho * q->wo) * q->c;
    const T *image_from = from + n * (spread ? q->ho * q->wo : q->h * q->w) * q->c;
    memset(image_to, 0, sizeof(T) * (spread ? q->h * q->w : q->ho * q->wo) * q->c);
    for (int64_t oy = 0; oy < q->ho; oy++)
        for (int64_t ox = 0; ox < q->wo; ox++)
            for (int64_t ky = 0; ky < q->kh; ky++) {
                int64_t iy = oy * q->stride_h + ky * q->dilation_h - q->pad_h;
                if (iy < 0 || iy >= q->h) continue;
                for (int64_t kx = 0; kx < q->kw; kx++) {
                    int64_t ix = ox * q->stride_w + kx * q->dilation_w - q->pad_w;
                    if (ix < 0 || ix >= q->w) continue;
                    int64_t in = (iy * q->w + ix) * q->c, out = (oy * q->wo + ox) * q->c;
                    T *restrict t = image_to + (spread ? in : out);
                    const T *restrict f = image_from + (spread ? out : in);
                    for (int64_t c = 0; c < q->c; c++) t[c] += f[c];
                }
            }
}
static void LS_NAME(pool_sum_image)(void *context, long n, int thread) {
    (void)thread;
    const LS_NAME(pool_call) *call = context;
    LS_NAME(pool_windows_image)(call->q, call->x, call->y, n, 0);
}
static void LS_NAME(pool_spread_image)(void *context, long n, int thread) {
    (void)thread;
    const LS_NAME(pool_call) *call = context;
    LS_NAME(pool_windows_image)(call->q, call->x, call->y, n, 1);
}

static double LS_NAME(pool_time)(const ls_window *q) { return moves_time(q->n * q->ho * q->wo * q->c * q->kh * q->kw); }

static void LS_NAME(pool_argmax)(const ls_window *q, const void *x, int32_t *index) {
    LS_NAME(pool_call) call = {q, x, NULL, index};
    ls_parallel(q->n, LS_NAME(pool_time)(q), LS_NAME(pool_argmax_image), &call);
}
static void LS_NAME(pool_gather)(const ls_window *q, const void *x, const int32_t *index, void *y) {
    LS_NAME(pool_call) call = {q, x, y, (int32_t *)index};
    ls_parallel(q->n, LS_NAME(pool_time)(q), LS_NAME(pool_gather_image), &call);
}
static void LS_NAME(pool_scatter)(const ls_window *q, const void *dy, const int32_t *index, void *dx) {
    LS_NAME(pool_call) call = {q, dy, dx, (int32_t *)index};
    ls_parallel(q->n, LS_NAME(pool_time)(q), LS_NAME(pool_scatter_image), &call);
}
static void LS_NAME(pool_sum)(const ls_window *q, const void *x, void *y) {
    LS_NAME(pool_call) call = {q, x, y, NULL};
    ls_parallel(q->n, LS_NAME(pool_time)(q), LS_NAME(pool_sum_image), &call);
}
static void LS_NAME(pool_spread)(const ls_window *q, const void *dy, void *dx) {
    LS_NAME(pool_call) call = {q, dy, dx, NULL};
    ls_parallel(q->n, LS_NAME(pool_time)(q), LS_NAME(pool_spread_image), &call);
}
