// Depthwise convolutions, where each channel has a filter of its own: all three products walk taps and rows of outputs alike, and
// along a row multiply and add vectors of channels.

enum { LS_NAME(makes_output), LS_NAME(makes_input), LS_NAME(makes_weights) };

static int LS_NAME(is_depthwise)(const ls_convolution *q) { return q->groups > 1 && q->groups == q->c && q->c == q->o; }

// One tap along a row: `count` inputs and outputs that lie so far apart.
#define LS_TAP(V, NAME)                                                                                                    \
    static inline __attribute__((always_inline)) void LS_NAME(NAME##_tap)(int made, T *x, T *w, T *y, int64_t count,       \
                                                                          int64_t x_step, int64_t y_step) {                \
        V weight = *(V *)w, sum = (V){0};                                                                                  \
        for (int64_t i = 0; i < count; i++, x += x_step, y += y_step) {                                                    \
            if (made == LS_NAME(makes_output)) *(V *)y += *(V *)x * weight;                                                \
            else if (made == LS_NAME(makes_input)) *(V *)x += *(V *)y * weight;                                            \
            else sum += *(V *)x * *(V *)y;                                                                                 \
        }                                                                                                                  \
        if (made == LS_NAME(makes_weights)) *(V *)w = weight + sum;                                                        \
    }
LS_TAP(LS_NAME(vector), vector)
LS_TAP(T, single)
#undef LS_TAP

/// Adds to one of an image x, weights w and an output y what the other two give.
static inline __attribute__((always_inline)) void LS_NAME(depthwise)(const ls_convolution *q, int made, T *x, T *w, T *y) {
    int64_t c = q->c, x_step = q->stride_w * c;
    for (int64_t oy = 0; oy < q->ho; oy++)
        for (int64_t ky = 0; ky < q->kh; ky++) {
            int64_t iy = oy * q->stride_h + ky * q->dilation_h - q->pad_h;
            if (iy < 0 || iy >= q->h) continue;
            for (int64_t kx = 0; kx < q->kw; kx++) {
                int64_t before = q->pad_w - kx * q->dilation_w, first, end;
                LS_NAME(inside)(q->wo, q->stride_w, before, q->w, &first, &end);
                if (first == end) continue;
                T *xs = x + (iy * q->w + first * q->stride_w - before) * c, *ys = y + (oy * q->wo + first) * c;
                T *ws = w + (ky * q->kw + kx) * c;
                int64_t i = 0;
                for (; i + LS_NAME(lanes) <= c; i += LS_NAME(lanes))
                    LS_NAME(vector_tap)(made, xs + i, ws + i, ys + i, end - first, x_step, c);
                for (; i < c; i++) LS_NAME(single_tap)(made, xs + i, ws + i, ys + i, end - first, x_step, c);
            }
        }
}

static void LS_NAME(depthwise_output)(const ls_convolution *q, const T *x, const T *w, T *y) {
    LS_NAME(depthwise)(q, LS_NAME(makes_output), (T *)x, (T *)w, y);
}
static void LS_NAME(depthwise_input)(const ls_convolution *q, T *dx, const T *w, const T *dy) {
    LS_NAME(depthwise)(q, LS_NAME(makes_input), dx, (T *)w, (T *)dy);
}
static void LS_NAME(depthwise_weights)(const ls_convolution *q, const T *x, T *dw, const T *dy) {
    LS_NAME(depthwise)(q, LS_NAME(makes_weights), (T *)x, dw, (T *)dy);
}
