// 3 × 3 convolutions of stride 1 by minimal filtering, F(2 × 2, 3 × 3) of Winograd as Lavin and Gray 2015 (arXiv 1509.09308) give
// it: with outputs in tiles of 2 × 2, each of an input patch of 4 × 4 that is transformed,
//     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A,
// where ⊙ becomes 16 products of matrices over channels: 16 multiplications for four outputs in place of 36. The weights' gradient is
// the transpose of the same map: Gᵀ [ (A Y Aᵀ) ⊙ (Bᵀ d B) ] G. All numbers in the transforms are 0, ±1 and ±½. Tiles are numbered
// through all images, and worked on in strips whose transformed patches and results stay in the second-level cache.

typedef struct {
    const ls_convolution *q;
    const T *const *operands;   // of every pair, the two
    T *y;
    char *workspace;            // parts of the weights' gradient first, then one part for each thread
    int64_t thread_offset, thread_bytes;
    int64_t tiles_h, tiles_w, tiles, strip;  // tiles of a column, of a row, of all images, and of a strip
    int64_t c_plane, o_plane;   // elements from one of 16 planes of a strip to the next
    int64_t chunks;             // of the weights' gradient
    int adds;                   // it is added to y
} LS_NAME(winograd_call);

enum { LS_NAME(strip_bytes) = 192 << 10 };

static LS_NAME(winograd_call) LS_NAME(winograd_plan)(const ls_convolution *q, const void *const *operands, void *y,
                                                     void *workspace, int weights) {
    LS_NAME(winograd_call) f = {.q = q, .operands = (const T *const *)operands, .y = y, .workspace = workspace};
    f.tiles_h = divide_up(q->ho, 2);
    f.tiles_w = divide_up(q->wo, 2);
    f.tiles = q->n * f.tiles_h * f.tiles_w;
    int64_t inputs = weights ? 1 : q->pairs, per_tile = 16 * (int64_t)sizeof(T) * (inputs * q->c + q->o);
    f.strip = MAX(1, MIN(f.tiles, round_up(LS_NAME(strip_bytes) / per_tile, 8)));
    // A line more than what a strip needs: planes a power of two apart would share their places in the first-level cache.
    f.c_plane = round_up(f.strip * q->c, 64 / sizeof(T)) + 64 / sizeof(T);
    f.o_plane = round_up(f.strip * q->o, 64 / sizeof(T)) + 64 / sizeof(T);
    int64_t elements = 16 * (inputs * f.c_plane + f.o_plane) + 4 * q->c;
    if (weights) {
        f.chunks = LS_NAME(gradient_chunks)(q);
        f.thread_offset = round_up((int64_t)sizeof(T) * f.chunks * 9 * q->c * q->o, 64);
        elements += 16 * q->c * q->o;
    }
    f.thread_bytes = round_up((int64_t)sizeof(T) * elements, 64) + LS_SLACK;
    return f;
}

static int64_t LS_NAME(winograd_workspace)(const ls_convolution *q, int weights) {
    LS_NAME(winograd_call) f = LS_NAME(winograd_plan)(q, NULL, NULL, NULL, weights);
    return f.thread_offset + f.thread_bytes * ls_threads_capacity();
}

/// Where a strip's tile lies: its image, and the row and column of its first output.
typedef struct { int64_t n, y, x; } LS_NAME(tile_place);

static LS_NAME(tile_place) LS_NAME(place)(const LS_NAME(winograd_call) *f, int64_t tile) {
    int64_t row = tile / f->tiles_w;
    return (LS_NAME(tile_place)){row / f->tiles_h, 2 * (row % f->tiles_h), 2 * (tile % f->tiles_w)};
}

static inline void LS_NAME(next_place)(const ls_convolution *q, LS_NAME(tile_place) *at) {
    if ((at->x += 2) < q->wo) return;
    at->x = 0;
    if ((at->y += 2) < q->ho) return;
    at->y = 0;
    at->n++;
}

// The transforms of one tile, of a vector of channels or of a single one. `plane` is the distance of the 16 planes.
#define LS_TRANSFORMS(V, NAME, COMPLETED)                                                                                          \
    /* Bᵀ d B, of which columns `left`..<`right` lie in the image and the others are zeros */                           \
    static inline __attribute__((always_inline)) void LS_NAME(NAME##_patch)(                                            \
        const T *const *row, int64_t left, int64_t right, int64_t c, int64_t i, T *to, int64_t plane) {                 \
        const T *r0 = row[0] + i, *r1 = row[1] + i, *r2 = row[2] + i, *r3 = row[3] + i;                                 \
        V t[4][4];                                                                                                      \
        _Pragma("clang loop unroll(full)") for (int x = 0; x < 4; x++) {                                                \
            V d0 = (V){0}, d1 = d0, d2 = d0, d3 = d0;                                                                   \
            if (x >= left && x < right) {                                                                               \
                d0 = *(const V *)(r0 + x * c);                                                                          \
                d1 = *(const V *)(r1 + x * c);                                                                          \
                d2 = *(const V *)(r2 + x * c);                                                                          \
                d3 = *(const V *)(r3 + x * c);                                                                          \
            }                                                                                                           \
            t[0][x] = d0 - d2; t[1][x] = d1 + d2; t[2][x] = d2 - d1; t[3][x] = d1 - d3;                                 \
        }                                                                                                               \
        T *p = to + i;                                                                                                  \
        _Pragma("clang loop unroll(full)") for (int y = 0; y < 4; y++, p += 4 * plane) {                                \
            *(V *)p = t[y][0] - t[y][2];                                                                                \
            *(V *)(p + plane) = t[y][1] + t[y][2];                                                                      \
            *(V *)(p + 2 * plane) = t[y][2] - t[y][1];                                                                  \
            *(V *)(p + 3 * plane) = t[y][1] - t[y][3];                                                                  \
        }                                                                                                               \
    }                                                                                                                   \
    /* Aᵀ m A, of which `rows` × `columns` lie in the image; `end` is what completes it, if anything does, from y's place on. */ \
    static inline __attribute__((always_inline)) void LS_NAME(NAME##_outputs)(                                         \
        T *y, int64_t line, int64_t rows, int64_t columns, const LS_NAME(tile_call) *end, int64_t o, int64_t i, T *from, int64_t plane) { \
        const T *p = from + i;                                                                                         \
        V s[2][4];                                                                                                     \
        _Pragma("clang loop unroll(full)") for (int x = 0; x < 4; x++, p += plane) {                                   \
            V m0 = *(const V *)p, m1 = *(const V *)(p + 4 * plane);                                                    \
            V m2 = *(const V *)(p + 8 * plane), m3 = *(const V *)(p + 12 * plane);                                     \
            s[0][x] = m0 + m1 + m2; s[1][x] = m1 - m2 - m3;                                                            \
        }                                                                                                              \
        for (int r = 0; r < rows; r++) {                                                                               \
            int64_t at = r * line + i;                                                                                 \
            V first = s[r][0] + s[r][1] + s[r][2], second = s[r][1] - s[r][2] - s[r][3];                               \
            *(V *)(y + at) = end ? LS_NAME(COMPLETED)(end, first, i, at) : first;                                      \
            if (columns > 1) *(V *)(y + at + o) = end ? LS_NAME(COMPLETED)(end, second, i, at + o) : second;           \
        }                                                                                                              \
    }                                                                                                                  \
    /* A y Aᵀ, of which `rows` × `columns` lie in the image and the others are zeros */                                 \
    static inline __attribute__((always_inline)) void LS_NAME(NAME##_gradients)(                                        \
        T *y, int64_t line, int64_t rows, int64_t columns, int64_t o, int64_t i, T *to, int64_t plane) {                \
        V zero = (V){0}, s[2][4];                                                                                       \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < 2; r++) {                                                \
            V a = r < rows ? *(const V *)(y + r * line + i) : zero;                                                     \
            V b = r < rows && columns > 1 ? *(const V *)(y + r * line + o + i) : zero;                                  \
            s[r][0] = a; s[r][1] = a + b; s[r][2] = a - b; s[r][3] = -b;                                                \
        }                                                                                                               \
        T *p = to + i;                                                                                                  \
        _Pragma("clang loop unroll(full)") for (int x = 0; x < 4; x++, p += plane) {                                    \
            *(V *)p = s[0][x];                                                                                          \
            *(V *)(p + 4 * plane) = s[0][x] + s[1][x];                                                                  \
            *(V *)(p + 8 * plane) = s[0][x] - s[1][x];                                                                  \
            *(V *)(p + 12 * plane) = -s[1][x];                                                                          \
        }                                                                                                               \
    }
LS_TRANSFORMS(LS_NAME(vector), vector, completed_vector)
LS_TRANSFORMS(T, single, completed)
#undef LS_TRANSFORMS
/// A transform of all C channels.
#define LS_CHANNELS(TRANSFORM, C, PLANES, PLANE, ...)                                                     \
    {                                                                                                    \
        int64_t i = 0;                                                                                   \
        for (; i + LS_NAME(lanes) <= (C); i += LS_NAME(lanes))                                           \
            LS_NAME(vector_##TRANSFORM)(__VA_ARGS__, C, i, PLANES, PLANE);                                 \
        for (; i < (C); i++) LS_NAME(single_##TRANSFORM)(__VA_ARGS__, C, i, PLANES, PLANE);                \
    }

/// The transformed patches of `count` tiles: 16 planes of tiles × c. `zeros` are four pixels.
static void LS_NAME(winograd_patches)(const LS_NAME(winograd_call) *f, const T *x, int64_t first, int64_t count, T *to, T *zeros) {
    const ls_convolution *q = f->q;
    int64_t c = q->c, h = q->h, w = q->w;
    LS_NAME(tile_place) at = LS_NAME(place)(f, first);
    memset(zeros, 0, sizeof(T) * 4 * c);
    for (int64_t tile = 0; tile < count; tile++, to += c) {
        int64_t top = at.y - q->pad_h, left = at.x - q->pad_w;
        const T *row[4];
        for (int64_t r = 0; r < 4; r++)
            row[r] = top + r >= 0 && top + r < h ? x + ((at.n * h + top + r) * w + left) * c : zeros;
        if (left >= 0 && left + 4 <= w) LS_CHANNELS(patch, c, to, f->c_plane, row, 0, 4)
        else LS_CHANNELS(patch, c, to, f->c_plane, row, -left, w - left)
        LS_NAME(next_place)(q, &at);
    }
}

/// Outputs from `count` tiles of 16 planes, or, for `gradients`, the planes from outputs.
static void LS_NAME(winograd_outputs)(const LS_NAME(winograd_call) *f, T *y, int64_t first, int64_t count, T *planes, int gradients) {
    const ls_convolution *q = f->q;
    int64_t o = q->o, line = q->wo * o;
    int ends = completes(&q->end);
    LS_NAME(tile_place) at = LS_NAME(place)(f, first);
    for (int64_t tile = 0; tile < count; tile++, planes += o) {
        T *corner = y + ((at.n * q->ho + at.y) * q->wo + at.x) * o;
        int64_t rows = MIN(2, q->ho - at.y), columns = MIN(2, q->wo - at.x);
        LS_NAME(tile_call) end;
        if (ends) {
            end = (LS_NAME(tile_call)){.c = corner};
            LS_NAME(complete)(&end, &q->end, f->y, 0);
        }
        if (gradients) LS_CHANNELS(gradients, o, planes, f->o_plane, corner, line, rows, columns)
        else if (rows + columns < 4) LS_CHANNELS(outputs, o, planes, f->o_plane, corner, line, rows, columns, ends ? &end : NULL)
        else if (ends) LS_CHANNELS(outputs, o, planes, f->o_plane, corner, line, 2, 2, &end)
        else LS_CHANNELS(outputs, o, planes, f->o_plane, corner, line, 2, 2, NULL)
        LS_NAME(next_place)(q, &at);
    }
}
#undef LS_CHANNELS

static void LS_NAME(winograd_strip)(void *context, long strip, int thread) {
    const LS_NAME(winograd_call) *f = context;
    const ls_convolution *q = f->q;
    int64_t first = strip * f->strip, count = MIN(f->strip, f->tiles - first), strips = divide_up(f->tiles, f->strip);
    T *patches = (T *)(f->workspace + f->thread_offset + thread * f->thread_bytes);
    T *results = patches + 16 * q->pairs * f->c_plane, *spare = results + 16 * f->o_plane;
    int64_t a_offset[LS_CONVOLUTIONS], b_offset[LS_CONVOLUTIONS];
    for (int64_t p = 0; p < q->pairs; p++) {
        a_offset[p] = 16 * p * f->c_plane;
        b_offset[p] = LS_NAME(distance)(f->operands[1], f->operands[2 * p + 1]);
        LS_NAME(winograd_patches)(f, f->operands[2 * p], first, count, patches + a_offset[p], spare);
    }
    for (int64_t i = 0; i < 16; i++) {
        LS_NAME(read_ahead)(q, strip * 16 + i, strips * 16);
        LS_NAME(tile_call) t = {
            .terms = q->pairs, .depth = q->c, .a_offset = a_offset, .row_stride = q->c, .step = 1, .b_offset = b_offset,
            .ldb = q->o, .ldc = q->o, .a = patches + i * f->c_plane, .b = f->operands[1] + i * q->c * q->o,
            .c = results + i * f->o_plane,
        };
        LS_NAME(tile_product)(t, count, q->o);
    }
    LS_NAME(winograd_outputs)(f, f->y, first, count, results, 0);
}

static double LS_NAME(winograd_time)(const LS_NAME(winograd_call) *f) {
    return multiply_adds_time(f->tiles * 16 * f->q->c * f->q->o * f->q->pairs);
}

static void LS_NAME(winograd)(const ls_convolution *q, const void *const *x_u, void *y, void *workspace) {
    LS_NAME(winograd_call) f = LS_NAME(winograd_plan)(q, x_u, y, workspace, 0);
    ls_parallel(divide_up(f.tiles, f.strip), LS_NAME(winograd_time)(&f), LS_NAME(winograd_strip), &f);
}

/// Gᵀ u G from 16 planes of c × o.
static void LS_NAME(winograd_weights_back)(const T *restrict u, int64_t count, T *restrict dw, int adds) {
    _Pragma("clang loop vectorize(assume_safety)")
    for (int64_t i = 0; i < count; i++) {
        T s[3][4];
        for (int x = 0; x < 4; x++) {
            T u0 = u[x * count + i], u1 = u[(4 + x) * count + i], u2 = u[(8 + x) * count + i], u3 = u[(12 + x) * count + i];
            s[0][x] = u0 + (u1 + u2) / 2; s[1][x] = (u1 - u2) / 2; s[2][x] = (u1 + u2) / 2 + u3;
        }
        for (int y = 0; y < 3; y++) {
            T w0 = s[y][0] + (s[y][1] + s[y][2]) / 2, w1 = (s[y][1] - s[y][2]) / 2, w2 = (s[y][1] + s[y][2]) / 2 + s[y][3];
            T *to = dw + 3 * y * count + i;
            to[0] = adds ? to[0] + w0 : w0;
            to[count] = adds ? to[count] + w1 : w1;
            to[2 * count] = adds ? to[2 * count] + w2 : w2;
        }
    }
}

static void LS_NAME(winograd_weight_chunk)(void *context, long chunk, int thread) {
    const LS_NAME(winograd_call) *f = context;
    const ls_convolution *q = f->q;
    T *patches = (T *)(f->workspace + f->thread_offset + thread * f->thread_bytes);
    T *gradients = patches + 16 * f->c_plane, *u = gradients + 16 * f->o_plane, *spare = u + 16 * q->c * q->o;
    int64_t image = f->tiles_h * f->tiles_w, zero = 0;
    int64_t start = chunk_start(q->n, f->chunks, chunk) * image, end = chunk_start(q->n, f->chunks, chunk + 1) * image;
    int64_t strips = divide_up(end - start, f->strip), part = 0;
    for (int64_t p = 0; p < q->pairs; p++)
        for (int64_t first = start; first < end; first += f->strip) {
            int64_t count = MIN(f->strip, end - first);
            LS_NAME(winograd_patches)(f, f->operands[2 * p], first, count, patches, spare);
            LS_NAME(winograd_outputs)(f, (T *)f->operands[2 * p + 1], first, count, gradients, 1);
            for (int64_t i = 0; i < 16; i++) {
                LS_NAME(read_ahead)(q, part++, 16 * q->pairs * strips);
                LS_NAME(tile_call) t = {
                    .terms = 1, .depth = count, .a_offset = &zero, .row_stride = 1, .step = q->c, .b_offset = &zero,
                    .ldb = q->o, .ldc = q->o, .accumulate = p > 0 || first > start, .a = patches + i * f->c_plane,
                    .b = gradients + i * f->o_plane, .c = u + i * q->c * q->o,
                };
                LS_NAME(tile_product)(t, q->c, q->o);
            }
        }
    int64_t weights = q->c * q->o;
    LS_NAME(winograd_weights_back)(u, weights, f->adds ? f->y : (T *)f->workspace + chunk * 9 * weights, f->adds);
}

static void LS_NAME(winograd_weight)(const ls_convolution *q, const void *const *x_dy, void *dw, void *workspace, int adds) {
    LS_NAME(winograd_call) f = LS_NAME(winograd_plan)(q, x_dy, dw, workspace, 1);
    if (adds) {
        f.chunks = f.adds = 1;
        LS_NAME(winograd_weight_chunk)(&f, 0, 0);
        return;
    }
    ls_parallel(f.chunks, LS_NAME(winograd_time)(&f), LS_NAME(winograd_weight_chunk), &f);
    LS_NAME(add_parts)(9 * q->c * q->o, f.chunks, workspace, dw);
}

/// G g Gᵀ of rows × columns weights, whose taps lie `tap` apart from the first.
static inline __attribute__((always_inline)) void LS_NAME(winograd_planes)(
    const T *restrict w, int64_t rows, int64_t columns, int64_t row, int64_t column, int64_t tap, T *restrict u) {
    int64_t plane = rows * columns;
    for (int64_t k = 0; k < rows; k++) {
        _Pragma("clang loop vectorize(assume_safety)")
        for (int64_t j = 0; j < columns; j++) {
            const T *g = w + k * row + j * column;
            T *to = u + k * columns + j, s[4][3];
            for (int x = 0; x < 3; x++) {
                T g0 = g[x * tap], g1 = g[(3 + x) * tap], g2 = g[(6 + x) * tap];
                s[0][x] = g0; s[1][x] = (g0 + g1 + g2) / 2; s[2][x] = (g0 - g1 + g2) / 2; s[3][x] = g2;
            }
            for (int y = 0; y < 4; y++) {
                to[4 * y * plane] = s[y][0];
                to[(4 * y + 1) * plane] = (s[y][0] + s[y][1] + s[y][2]) / 2;
                to[(4 * y + 2) * plane] = (s[y][0] - s[y][1] + s[y][2]) / 2;
                to[(4 * y + 3) * plane] = s[y][2];
            }
        }
    }
}

/// Transformed weights: 16 planes of c × o; or, turned, those of the convolution that gives input gradients, whose taps are in
/// reverse order: 16 planes of o × c.
static void LS_NAME(winograd_weights)(int64_t c, int64_t o, int turned, const void *w, void *u) {
    if (turned) LS_NAME(winograd_planes)((const T *)w + 8 * c * o, o, c, 1, o, -c * o, u);
    else LS_NAME(winograd_planes)(w, c, o, o, 1, c * o, u);
}
