// The product of a strided and a dense matrix without packing or im2col:
//     C[i, j] (+)= Σ_o Σ_k A_o[i · row_stride + k · step] · B_o[k · ldb + j]
// A convolution's three products are this, with one outer term o a kernel row or tap. A tile of C stays in registers.

typedef T LS_NAME(vector) __attribute__((vector_size(LS_VECTOR), aligned(sizeof(T))));
typedef T LS_NAME(half) __attribute__((vector_size(LS_VECTOR / 2), aligned(sizeof(T))));
enum { LS_NAME(lanes) = LS_VECTOR / sizeof(T) };

typedef struct {
    int64_t terms, depth;               // outer terms, and k in each of them
    const T *a; const int64_t *a_offset; int64_t row_stride, step;
    const T *b; const int64_t *b_offset; int64_t ldb;
    T *c; int64_t ldc;
    int64_t columns;                    // columns of this tile that are stored
    int accumulate;
    const T *ahead;                     // what is read next, with rows like B's; for tiles that bring it near
    const T *bias, *addend, *factor;    // what completes it, as ls_epilogue says; the last two lie like C
    int masks, relu;
} LS_NAME(tile_call);

/// How many elements lie from one tensor to another.
static int64_t LS_NAME(distance)(const T *from, const T *to) {
    return ((intptr_t)to - (intptr_t)from) / (intptr_t)sizeof(T);
}

/// What completes the result at `c`, part of one that begins at `base`, in column `j`.
static inline void LS_NAME(complete)(LS_NAME(tile_call) *t, const ls_epilogue *e, const T *base, int64_t j) {
    if (e->bias) t->bias = (const T *)e->bias + j;
    if (e->addend) t->addend = (const T *)e->addend + (t->c - base);
    if (e->factor) t->factor = (const T *)e->factor + (t->c - base);
    t->masks = e->masks;
    t->relu = e->relu;
}

// A number, or a vector of them, completed: `column` is its first column, `at` how far it lies from C's start. NaN stays NaN.
#define LS_COMPLETED(V, NAME, LESS)                                                                           \
    static inline __attribute__((always_inline)) V LS_NAME(NAME)(const LS_NAME(tile_call) *q, V x, int64_t column, int64_t at) { \
        V zero = (V){0};                                                                                      \
        if (q->bias) x += *(const V *)(q->bias + column);                                                     \
        if (q->addend) x += *(const V *)(q->addend + at);                                                     \
        if (q->factor) {                                                                                      \
            V f = *(const V *)(q->factor + at);                                                               \
            x = q->masks ? LESS(zero, f, x, zero) : x * f;                                                    \
        }                                                                                                     \
        return q->relu ? LESS(x, zero, zero, x) : x;                                                          \
    }
// a < b ? c : d
#define LS_LESS(a, b, c, d) ((a) < (b) ? (c) : (d))
#define LS_LESS_EACH(a, b, c, d) \
    ((__typeof__(a))((((a) < (b)) & (__typeof__((a) < (b)))(c)) | (~((a) < (b)) & (__typeof__((a) < (b)))(d))))
LS_COMPLETED(T, completed, LS_LESS)
LS_COMPLETED(LS_NAME(vector), completed_vector, LS_LESS_EACH)
LS_COMPLETED(LS_NAME(half), completed_half, LS_LESS_EACH)
#undef LS_COMPLETED
#undef LS_LESS
#undef LS_LESS_EACH

// An element of A is broadcast to a register of its own. As an operand of every multiply-add, which AVX-512 has and compilers
// prefer, it would be loaded once for each vector of the tile; a tile one vector wide loads it once anyway.
#if LS_VECTOR == 64
#define LS_IN_REGISTER(x) __asm__("" : "+v"(x))
#else
#define LS_IN_REGISTER(x) ((void)0)
#endif

// Reads of B may run past the last column into what follows it (LS_SLACK at the end of memory); only stores are exact.
#define LS_TILE_KERNEL(M, N) LS_TILE_KERNEL_OF(tile, vector, completed_vector, LS_NAME(lanes), 0, M, N)
// For the last few columns: vectors of half the width, which some processors do at twice the rate.
#define LS_HALF_KERNEL(M, N) LS_TILE_KERNEL_OF(half_tile, half, completed_half, LS_NAME(lanes) / 2, 0, M, N)
// Brings near what is read next, a row of it for each row of B: a processor sees no pattern in short pieces far apart.
#define LS_AHEAD_KERNEL(M, N) LS_TILE_KERNEL_OF(ahead_tile, vector, completed_vector, LS_NAME(lanes), 1, M, N)
#define LS_TILE_KERNEL_OF(NAME, V, COMPLETED, LANES, AHEAD, M, N)                                                                              \
    static __attribute__((noinline)) void LS_NAME(NAME##_##M##x##N)(const LS_NAME(tile_call) *q) {                  \
        LS_NAME(V) sum[M][N];                                                                                \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)                                            \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < N; v++) sum[i][v] = (LS_NAME(V)){0};      \
        const int64_t rs = q->row_stride, step = q->step, ldb = q->ldb;                                           \
        for (int64_t o = 0; o < q->terms; o++) {                                                                  \
            const T *p[(M + 2) / 3];                                                                              \
            _Pragma("clang loop unroll(full)") for (int g = 0; g < (M + 2) / 3; g++)                              \
                p[g] = q->a + q->a_offset[o] + 3 * g * rs;                                                        \
            const T *b = q->b + q->b_offset[o], *ahead = q->ahead;                                                \
            for (int64_t k = 0; k < q->depth; k++) {                                                              \
                LS_NAME(V) bv[N];                                                                            \
                _Pragma("clang loop unroll(full)") for (int v = 0; v < N; v++)                                    \
                    bv[v] = *(const LS_NAME(V) *)(b + v * (LANES));                                   \
                _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) {                                  \
                    LS_NAME(V) x = p[i / 3][(i % 3) * rs] - (LS_NAME(V)){0};                                      \
                    if (N > 1) LS_IN_REGISTER(x);                                                                      \
                    _Pragma("clang loop unroll(full)") for (int v = 0; v < N; v++) sum[i][v] += x * bv[v];        \
                }                                                                                                 \
                _Pragma("clang loop unroll(full)") for (int g = 0; g < (M + 2) / 3; g++) p[g] += step;            \
                b += ldb;                                                                                         \
                if (AHEAD) {                                                                                      \
                    _Pragma("clang loop unroll(full)") for (int v = 0; v < N; v++)                                \
                        __builtin_prefetch(ahead + v * (LANES), 0, 2);                                            \
                    ahead += ldb;                                                                                 \
                }                                                                                                 \
            }                                                                                                     \
        }                                                                                                         \
        int completes = q->bias || q->addend || q->factor || q->relu;                                               \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)                                              \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < N; v++) {                                        \
                int64_t column = v * (LANES), at = i * q->ldc + column, left = q->columns - column;                 \
                T *c = q->c + at;                                                                                   \
                if (left >= (LANES)) {                                                                              \
                    if (q->accumulate) sum[i][v] += *(LS_NAME(V) *)c;                                               \
                    if (completes) sum[i][v] = LS_NAME(COMPLETED)(q, sum[i][v], column, at);                        \
                    *(LS_NAME(V) *)c = sum[i][v];                                                                   \
                } else for (int64_t j = 0; j < left; j++)                                                           \
                    c[j] = LS_NAME(completed)(q, q->accumulate ? c[j] + sum[i][v][j] : sum[i][v][j], column + j, at + j);\
            }                                                                                                       \
    }

typedef void (*LS_NAME(tile_function))(const LS_NAME(tile_call) *);

#if LS_VECTOR == 64  // 32 registers
#define LS_TILES_1(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) X(9, 1) X(10, 1) X(11, 1) X(12, 1) \
    X(13, 1) X(14, 1) X(15, 1) X(16, 1) X(17, 1) X(18, 1) X(19, 1) X(20, 1) X(21, 1) X(22, 1) X(23, 1) X(24, 1)
#define LS_TILES_2(X) X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(7, 2) X(8, 2) X(9, 2) X(10, 2) X(11, 2) X(12, 2) \
    X(13, 2) X(14, 2)
#elif LS_VECTOR == 32  // 16 registers
#define LS_TILES_1(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) X(9, 1) X(10, 1) X(11, 1) X(12, 1)
#define LS_TILES_2(X) X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2)
#else
#define LS_TILES_1(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1)
#define LS_TILES_2(X) X(1, 2) X(2, 2) X(3, 2) X(4, 2)
#endif
LS_TILES_1(LS_TILE_KERNEL)
LS_TILES_2(LS_TILE_KERNEL)
LS_TILES_1(LS_HALF_KERNEL)
LS_TILES_2(LS_AHEAD_KERNEL)
#define LS_HALF_ENTRY(M, N) LS_NAME(half_tile_##M##x##N),
#define LS_TILE_ENTRY(M, N) LS_NAME(tile_##M##x##N),
#define LS_AHEAD_ENTRY(M, N) LS_NAME(ahead_tile_##M##x##N),
static const LS_NAME(tile_function) LS_NAME(tiles_1)[] = {LS_TILES_1(LS_TILE_ENTRY)};
static const LS_NAME(tile_function) LS_NAME(half_tiles)[] = {LS_TILES_1(LS_HALF_ENTRY)};
static const LS_NAME(tile_function) LS_NAME(tiles_2)[] = {LS_TILES_2(LS_TILE_ENTRY)};
static const LS_NAME(tile_function) LS_NAME(ahead_tiles_2)[] = {LS_TILES_2(LS_AHEAD_ENTRY)};
enum {
    LS_NAME(rows_1) = sizeof LS_NAME(tiles_1) / sizeof *LS_NAME(tiles_1),
    LS_NAME(rows_2) = sizeof LS_NAME(tiles_2) / sizeof *LS_NAME(tiles_2),
};
#undef LS_TILES_1
#undef LS_TILES_2
#undef LS_TILE_ENTRY
#undef LS_HALF_ENTRY
#undef LS_AHEAD_ENTRY
#undef LS_AHEAD_KERNEL
#undef LS_TILE_KERNEL
#undef LS_HALF_KERNEL
#undef LS_TILE_KERNEL_OF
#undef LS_IN_REGISTER

/// The whole product: C is rows × columns. Rows are cut into tiles of nearly equal height.
static void LS_NAME(tile_product)(LS_NAME(tile_call) q, int64_t rows, int64_t columns) {
    const T *a = q.a, *b = q.b, *bias = q.bias, *addend = q.addend, *factor = q.factor;
    T *c = q.c;
    for (int64_t j = 0; j < columns;) {
        int wide = columns - j > LS_NAME(lanes);
        int64_t width = MIN(columns - j, wide ? 2 * LS_NAME(lanes) : LS_NAME(lanes));
        int64_t most = wide ? LS_NAME(rows_2) : LS_NAME(rows_1), tiles = divide_up(rows, most);
        const LS_NAME(tile_function) *table =
            wide ? LS_NAME(tiles_2) : width <= LS_NAME(lanes) / 2 ? LS_NAME(half_tiles) : LS_NAME(tiles_1);
        q.b = b + j;
        q.columns = width;
        q.bias = bias ? bias + j : NULL;
        for (int64_t t = 0; t < tiles; t++) {
            int64_t i = rows * t / tiles, height = rows * (t + 1) / tiles - i;
            q.a = a + i * q.row_stride;
            q.c = c + i * q.ldc + j;
            q.addend = addend ? addend + i * q.ldc + j : NULL;
            q.factor = factor ? factor + i * q.ldc + j : NULL;
            table[height - 1](&q);
        }
        j += width;
    }
}
