// The three products of a convolution, each by tiles of the strided product of tile.h. Images are copied into a frame of zeros
// in the thread's own workspace, so that no tap needs a bounds check; a call works on one image at a time.

typedef struct {
    const ls_convolution *q;
    const T *const *operands;   // of every pair, the two
    T *y;
    char *workspace;            // shared part first, then one part for each thread
    int64_t thread_offset, thread_bytes;
    int64_t chunks;             // of the weight product
    int adds;                   // the weight product is added to y
} LS_NAME(convolution_call);

enum { LS_NAME(weight_chunks) = 16 };

/// Chunks of the weights' gradient, of a few images at least: each has a result of its own to clear and to add.
static int64_t LS_NAME(gradient_chunks)(const ls_convolution *q) { return MIN(divide_up(q->n, 8), LS_NAME(weight_chunks)); }

/// Outer terms of a strided product at most: a tap of every pair each, or an output row each.
static int64_t LS_NAME(most_terms)(const ls_convolution *q) { return MAX(q->pairs * q->kh * q->kw, q->ho); }

/// Copies an h × w × c image into a frame with `top` rows before it, and `left` zeros before and zeros after each of its rows.
/// Rows above and below the image are left as they are: products skip them.
static void LS_NAME(frame)(T *to, const T *from, int64_t h, int64_t w, int64_t c, int64_t frame_h, int64_t frame_w,
                           int64_t top, int64_t left) {
    for (int64_t y = 0; y < frame_h; y++) {
        T *row = to + y * frame_w * c;
        int64_t iy = y - top;
        if (iy < 0 || iy >= h) continue;
        // Strides can leave a frame that is narrower than its padding.
        int64_t first = MIN(MAX(left, 0), frame_w), skip = MAX(-left, 0), count = MAX(MIN(w - skip, frame_w - first), 0);
        memset(row, 0, sizeof(T) * first * c);
        memcpy(row + first * c, from + (iy * w + skip) * c, sizeof(T) * count * c);
        memset(row + (first + count) * c, 0, sizeof(T) * (frame_w - first - count) * c);
    }
}

/// Frame size that every tap of every output stays inside.
static int64_t LS_NAME(frame_height)(const ls_convolution *q) {
    return MAX((q->ho - 1) * q->stride_h + (q->kh - 1) * q->dilation_h + 1, 1);
}
static int64_t LS_NAME(frame_width)(const ls_convolution *q) {
    return MAX((q->wo - 1) * q->stride_w + (q->kw - 1) * q->dilation_w + 1, 1);
}

/// The output gradient's frame: how far taps reach before and after it. i + shift is the output a tap meets.
static void LS_NAME(reach)(int64_t kernel, int64_t stride, int64_t pad, int64_t dilation, int64_t in, int64_t out,
                           int64_t *before, int64_t *size) {
    int64_t low = 0, high = out - 1;
    for (int64_t phase = 0; phase < stride && phase < in; phase++)
        for (int64_t k = 0; k < kernel; k++) {
            int64_t shifted = phase + pad - k * dilation;
            if (shifted % stride != 0) continue;
            int64_t from = shifted / stride, to = from + (in - 1 - phase) / stride;
            low = MIN(low, from);
            high = MAX(high, to);
        }
    *before = -low;
    *size = high - low + 1;
}

/// Elements of a frame of an image or of an output gradient, and of what loads may read past its end.
static int64_t LS_NAME(frame_elements)(const ls_convolution *q) {
    int64_t top, left, fh, fw;
    LS_NAME(reach)(q->kh, q->stride_h, q->pad_h, q->dilation_h, q->h, q->ho, &top, &fh);
    LS_NAME(reach)(q->kw, q->stride_w, q->pad_w, q->dilation_w, q->w, q->wo, &left, &fw);
    int64_t most = MAX(LS_NAME(frame_height)(q) * LS_NAME(frame_width)(q) * q->c, fh * fw * q->o);
    return round_up(most + LS_SLACK / (int64_t)sizeof(T), 64 / (int64_t)sizeof(T));
}

static int64_t LS_NAME(convolution_workspace)(const ls_convolution *q) {
    int64_t weights = q->kh * q->kw * (q->c / q->groups) * q->o;
    int64_t frame = q->pairs * LS_NAME(frame_elements)(q);
    int64_t shared = round_up((int64_t)sizeof(T) * weights * LS_NAME(weight_chunks), 64) + LS_SLACK;
    int64_t offsets = round_up(16 * LS_NAME(most_terms)(q), 64);
    return shared + ls_threads_capacity() * (round_up((int64_t)sizeof(T) * frame, 64) + LS_SLACK + offsets);
}

static LS_NAME(convolution_call) LS_NAME(convolution_plan)(const ls_convolution *q, const void *const *operands, void *y,
                                                           void *workspace) {
    LS_NAME(convolution_call) f = {.q = q, .operands = (const T *const *)operands, .y = y, .workspace = workspace};
    int64_t weights = q->kh * q->kw * (q->c / q->groups) * q->o;
    f.thread_offset = round_up((int64_t)sizeof(T) * weights * LS_NAME(weight_chunks), 64) + LS_SLACK;
    f.thread_bytes = (LS_NAME(convolution_workspace)(q) - f.thread_offset) / ls_threads_capacity();
    return f;
}

/// All three products of a convolution have as many multiply-adds.
static double LS_NAME(convolution_time)(const ls_convolution *q) {
    return multiply_adds_time(q->n * q->pairs * q->ho * q->wo * q->o * q->kh * q->kw * (q->c / q->groups));
}

/// The range of k in 0..<count for which k · step − before lies in 0..<size.
static void LS_NAME(inside)(int64_t count, int64_t step, int64_t before, int64_t size, int64_t *first, int64_t *end) {
    *first = before > 0 ? MIN(divide_up(before, step), count) : 0;
    *end = size + before > 0 ? MIN(divide_up(size + before, step), count) : 0;
    if (*end < *first) *end = *first;
}

/// Kernel rows are one term each where a row's taps are neighbours in memory, else every tap is.
static int LS_NAME(rows_are_terms)(const ls_convolution *q) { return q->groups == 1 && q->dilation_w == 1; }

/// The sum over pairs of terms first..<end of each, whose offsets lie one pair after another, in the result's
/// channels from `column` on.
static void LS_NAME(paired_product)(const LS_NAME(convolution_call) *f, LS_NAME(tile_call) t, int64_t per_pair, int64_t first,
                                    int64_t end, int64_t rows, int64_t column, int64_t columns) {
    int64_t pairs = f->q->pairs;
    const int64_t *a_offset = t.a_offset, *b_offset = t.b_offset;
    if (end - first == per_pair) {
        t.terms = pairs * per_pair;
        LS_NAME(complete)(&t, &f->q->end, f->y, column);
        LS_NAME(tile_product)(t, rows, columns);
        return;
    }
    t.terms = end - first;
    for (int64_t p = 0; p < pairs; p++) {
        if (p == pairs - 1) LS_NAME(complete)(&t, &f->q->end, f->y, column);
        t.a_offset = a_offset + p * per_pair + first;
        t.b_offset = b_offset + p * per_pair + first;
        t.accumulate = p > 0;
        LS_NAME(tile_product)(t, rows, columns);
    }
}

/// Completes pixels of a result that is not made by tiles.
static void LS_NAME(complete_pixels)(const LS_NAME(convolution_call) *f, T *y, int64_t pixels, int64_t channels) {
    const ls_epilogue *e = &f->q->end;
    if (!completes(e)) return;
    LS_NAME(tile_call) t = {.c = y, .ldc = channels};
    LS_NAME(complete)(&t, e, f->y, 0);
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t c = 0; c < channels; c++) y[i * channels + c] = LS_NAME(completed)(&t, y[i * channels + c], c, i * channels + c);
}

/// Part `i` of `parts` of the memory that is read after a convolution, into the second-level cache.
static inline void LS_NAME(read_ahead)(const ls_convolution *q, int64_t i, int64_t parts) {
    for (int64_t r = 0; r < q->aheads; r++) bring_near(q->ahead[r].start, 64, divide_up(q->ahead[r].bytes, 64), 64, i, parts);
}

#include "depthwise.h"

static void LS_NAME(convolution_image)(void *context, long n, int thread) {
    const LS_NAME(convolution_call) *f = context;
    const ls_convolution *q = f->q;
    if (LS_NAME(is_depthwise)(q)) {
        T *y = f->y + n * q->ho * q->wo * q->o;
        memset(y, 0, sizeof(T) * q->ho * q->wo * q->o);
        LS_NAME(read_ahead)(q, n, q->n);
        for (int64_t p = 0; p < q->pairs; p++)
            LS_NAME(depthwise_output)(q, f->operands[2 * p] + n * q->h * q->w * q->c, f->operands[2 * p + 1], y);
        LS_NAME(complete_pixels)(f, y, q->ho * q->wo, q->o);
        return;
    }
    int64_t *a_offset = (int64_t *)(f->workspace + f->thread_offset + thread * f->thread_bytes);
    int64_t *b_offset = a_offset + LS_NAME(most_terms)(q);
    T *frame = (T *)((char *)a_offset + round_up(16 * LS_NAME(most_terms)(q), 64));
    int64_t fh = LS_NAME(frame_height)(q), fw = LS_NAME(frame_width)(q), cg = q->c / q->groups, og = q->o / q->groups;
    int framed = q->pad_h != 0 || q->pad_w != 0 || fh > q->h || fw > q->w;
    if (!framed) fw = q->w;
    const T *x[LS_CONVOLUTIONS], *w = f->operands[1];
    int merge = LS_NAME(rows_are_terms)(q);
    int64_t taps = merge ? 1 : q->kw, terms = 0, per_pair = q->kh * taps;
    for (int64_t p = 0; p < q->pairs; p++) {
        x[p] = f->operands[2 * p] + n * q->h * q->w * q->c;
        if (framed) {
            T *own = frame + p * LS_NAME(frame_elements)(q);
            LS_NAME(frame)(own, x[p], q->h, q->w, q->c, fh, fw, q->pad_h, q->pad_w);
            x[p] = own;
        }
        for (int64_t ky = 0; ky < q->kh; ky++)
            for (int64_t kx = 0; kx < taps; kx++, terms++) {
                a_offset[terms] = LS_NAME(distance)(x[0], x[p]) + (ky * q->dilation_h * fw + kx * q->dilation_w) * q->c;
                b_offset[terms] = LS_NAME(distance)(w, f->operands[2 * p + 1]) + (ky * q->kw + kx) * cg * q->o;
            }
    }
    LS_NAME(tile_call) t = {
        .depth = merge ? q->kw * q->c : cg, .a_offset = a_offset, .row_stride = q->stride_w * q->c,
        .step = 1, .b_offset = b_offset, .ldb = q->o, .ldc = q->o,
    };
    for (int64_t g = 0; g < q->groups; g++)
        for (int64_t oy = 0; oy < q->ho; oy++) {
            // Kernel rows that lie outside the image have nothing to add.
            int64_t first, end;
            if (g == 0) LS_NAME(read_ahead)(q, n * q->ho + oy, q->n * q->ho);
            LS_NAME(inside)(q->kh, q->dilation_h, q->pad_h - oy * q->stride_h, q->h, &first, &end);
            t.a = x[0] + oy * q->stride_h * fw * q->c + g * cg;
            t.b = w + g * og;
            t.c = f->y + ((n * q->ho + oy) * q->wo) * q->o + g * og;
            LS_NAME(paired_product)(f, t, per_pair, first * taps, end * taps, q->wo, g * og, og);
        }
}

static void LS_NAME(convolution)(const ls_convolution *q, const void *const *x_w, void *y, void *workspace) {
    LS_NAME(convolution_call) f = LS_NAME(convolution_plan)(q, x_w, y, workspace);
    ls_parallel(q->n, LS_NAME(convolution_time)(q), LS_NAME(convolution_image), &f);
}

/// Inputs are cut into stride × stride phases; within one, every tap meets output i + shift for input number i.
static void LS_NAME(convolution_input_image)(void *context, long n, int thread) {
    const LS_NAME(convolution_call) *f = context;
    const ls_convolution *q = f->q;
    if (LS_NAME(is_depthwise)(q)) {
        T *dx = f->y + n * q->h * q->w * q->c;
        memset(dx, 0, sizeof(T) * q->h * q->w * q->c);
        LS_NAME(read_ahead)(q, n, q->n);
        for (int64_t p = 0; p < q->pairs; p++)
            LS_NAME(depthwise_input)(q, dx, f->operands[2 * p + 1], f->operands[2 * p] + n * q->ho * q->wo * q->o);
        LS_NAME(complete_pixels)(f, dx, q->h * q->w, q->c);
        return;
    }
    int64_t *a_offset = (int64_t *)(f->workspace + f->thread_offset + thread * f->thread_bytes);
    int64_t *b_offset = a_offset + LS_NAME(most_terms)(q);
    T *frame = (T *)((char *)a_offset + round_up(16 * LS_NAME(most_terms)(q), 64));
    int64_t top, left, fh, fw, cg = q->c / q->groups, og = q->o / q->groups;
    LS_NAME(reach)(q->kh, q->stride_h, q->pad_h, q->dilation_h, q->h, q->ho, &top, &fh);
    LS_NAME(reach)(q->kw, q->stride_w, q->pad_w, q->dilation_w, q->w, q->wo, &left, &fw);
    const T *dy[LS_CONVOLUTIONS], *w = f->operands[1];
    for (int64_t p = 0; p < q->pairs; p++) {
        dy[p] = f->operands[2 * p] + n * q->ho * q->wo * q->o;
        if (top || left || fh != q->ho || fw != q->wo) {
            T *own = frame + p * LS_NAME(frame_elements)(q);
            LS_NAME(frame)(own, dy[p], q->ho, q->wo, q->o, fh, fw, top, left);
            dy[p] = own;
        }
    }
    T *dx = f->y + n * q->h * q->w * q->c;
    for (int64_t py = 0; py < q->stride_h && py < q->h; py++)
        for (int64_t px = 0; px < q->stride_w && px < q->w; px++) {
            // Terms by kernel row: all have the same number, and meet output rows in descending order.
            int64_t terms = 0, rows = 0, count_y = divide_up(q->h - py, q->stride_h),
                    count_x = divide_up(q->w - px, q->stride_w);
            for (int64_t ky = 0; ky < q->kh; ky++) {
                int64_t sy = py + q->pad_h - ky * q->dilation_h;
                if (sy % q->stride_h) continue;
                rows++;
                for (int64_t kx = 0; kx < q->kw; kx++) {
                    int64_t sx = px + q->pad_w - kx * q->dilation_w;
                    if (sx % q->stride_w) continue;
                    a_offset[terms] = ((sy / q->stride_h + top) * fw + sx / q->stride_w + left) * q->o;
                    b_offset[terms++] = (ky * q->kw + kx) * og * q->c;
                }
            }
            int64_t per_row = rows ? terms / rows : 0, per_pair = terms;
            for (int64_t p = 1; p < q->pairs; p++)
                for (int64_t i = 0; i < per_pair; i++, terms++) {
                    a_offset[terms] = LS_NAME(distance)(dy[0], dy[p]) + a_offset[i];
                    b_offset[terms] = LS_NAME(distance)(w, f->operands[2 * p + 1]) + b_offset[i];
                }
            LS_NAME(tile_call) t = {
                .depth = og, .a_offset = a_offset, .row_stride = q->o, .step = 1, .b_offset = b_offset, .ldb = q->c,
                .ldc = q->stride_w * q->c,
            };
            for (int64_t g = 0; g < q->groups; g++)
                for (int64_t i = 0; i < count_y; i++) {
                    int64_t first = 0, end = rows;
                    if (py == 0 && px == 0 && g == 0) LS_NAME(read_ahead)(q, n * count_y + i, q->n * count_y);
                    if (per_row) {
                        // The output row of a term: its offset counts frame rows from `top` before the first.
                        while (first < end && i + a_offset[first * per_row] / (fw * q->o) - top >= q->ho) first++;
                        while (first < end && i + a_offset[(end - 1) * per_row] / (fw * q->o) < top) end--;
                    }
                    t.a = dy[0] + i * fw * q->o + g * og;
                    t.b = w + g * cg;
                    t.c = dx + ((py + i * q->stride_h) * q->w + px) * q->c + g * cg;
                    LS_NAME(paired_product)(f, t, per_pair, first * per_row, end * per_row, count_x, g * cg, cg);
                }
        }
}

static void LS_NAME(convolution_input)(const ls_convolution *q, const void *const *dy_w, void *dx, void *workspace) {
    LS_NAME(convolution_call) f = LS_NAME(convolution_plan)(q, dy_w, dx, workspace);
    ls_parallel(q->n, LS_NAME(convolution_time)(q), LS_NAME(convolution_input_image), &f);
}

static void LS_NAME(convolution_weight_images)(void *context, long chunk, int thread) {
    const LS_NAME(convolution_call) *f = context;
    const ls_convolution *q = f->q;
    int64_t *a_offset = (int64_t *)(f->workspace + f->thread_offset + thread * f->thread_bytes);
    int64_t *b_offset = a_offset + LS_NAME(most_terms)(q);
    T *frame = (T *)((char *)a_offset + round_up(16 * LS_NAME(most_terms)(q), 64));
    int64_t fh = LS_NAME(frame_height)(q), frame_w = LS_NAME(frame_width)(q), cg = q->c / q->groups, og = q->o / q->groups;
    int64_t weights = q->kh * q->kw * cg * q->o;
    T *dw = f->y;
    int merge = LS_NAME(rows_are_terms)(q);
    if (!f->adds) {
        dw = (T *)f->workspace + chunk * weights;
        memset(dw, 0, sizeof(T) * weights);
    }
    int64_t first_image = q->n * chunk / f->chunks, images = q->n * (chunk + 1) / f->chunks - first_image;
    for (int64_t i = 0; i < images * q->pairs; i++) {
        const T *const *pair = f->operands + 2 * (i % q->pairs);
        int64_t n = first_image + i / q->pairs;
        const T *x = pair[0] + n * q->h * q->w * q->c, *dy = pair[1] + n * q->ho * q->wo * q->o;
        if (LS_NAME(is_depthwise)(q)) {
            LS_NAME(read_ahead)(q, first_image * q->pairs + i, q->n * q->pairs);
            LS_NAME(depthwise_weights)(q, x, dw, dy);
            continue;
        }
        int64_t fw = frame_w;
        if (q->pad_h == 0 && q->pad_w == 0 && fh <= q->h && fw <= q->w) fw = q->w;
        else { LS_NAME(frame)(frame, x, q->h, q->w, q->c, fh, fw, q->pad_h, q->pad_w); x = frame; }
        for (int64_t oy = 0; oy < q->ho; oy++) {
            a_offset[oy] = oy * q->stride_h * fw * q->c;
            b_offset[oy] = oy * q->wo * q->o;
        }
        for (int64_t ky = 0; ky < q->kh; ky++) {
            LS_NAME(read_ahead)(q, (first_image * q->pairs + i) * q->kh + ky, q->n * q->pairs * q->kh);
            for (int64_t kx = 0; kx < (merge ? 1 : q->kw); kx++)
                for (int64_t g = 0; g < q->groups; g++) {
                    int64_t first, end;  // output rows whose tap lies inside the image
                    LS_NAME(inside)(q->ho, q->stride_h, q->pad_h - ky * q->dilation_h, q->h, &first, &end);
                    LS_NAME(tile_call) t = {
                        .terms = end - first, .depth = q->wo, .a_offset = a_offset + first, .row_stride = 1, .step = q->stride_w * q->c,
                        .b_offset = b_offset + first, .ldb = q->o, .ldc = q->o, .accumulate = 1,
                        .a = x + (ky * q->dilation_h * fw + kx * q->dilation_w) * q->c + g * cg,
                        .b = dy + g * og,
                        .c = dw + (ky * q->kw + kx) * cg * q->o + g * og,
                    };
                    LS_NAME(tile_product)(t, merge ? q->kw * q->c : cg, og);
                }
        }
    }
}

static void LS_NAME(convolution_weight)(const ls_convolution *q, const void *const *x_dy, void *dw, void *workspace) {
    LS_NAME(convolution_call) f = LS_NAME(convolution_plan)(q, x_dy, dw, workspace);
    f.chunks = LS_NAME(gradient_chunks)(q);
    ls_parallel(f.chunks, LS_NAME(convolution_time)(q), LS_NAME(convolution_weight_images), &f);
    LS_NAME(add_parts)(q->kh * q->kw * (q->c / q->groups) * q->o, f.chunks, workspace, dw);
}

static void LS_NAME(convolution_weight_add)(const ls_convolution *q, const void *const *x_dy, void *dw, void *workspace) {
    LS_NAME(convolution_call) f = LS_NAME(convolution_plan)(q, x_dy, dw, workspace);
    f.chunks = f.adds = 1;
    LS_NAME(convolution_weight_images)(&f, 0, 0);
}
