// Few rows of A times columns of B that lie side by side, as in x Wᵀ: C[i, j] (+)= Σ_l A[i, l] B[l, j], with vectors along l in both. Each
// number of B comes from memory once, and is multiplied by all rows of A while it is in the first-level cache.

#if LS_VECTOR == 64  // 32 registers
enum { LS_NAME(across_rows) = 3, LS_NAME(across_columns) = 8 };
#else
enum { LS_NAME(across_rows) = 3, LS_NAME(across_columns) = 4 };
#endif
enum { LS_NAME(across_depth) = 2048 / sizeof(T) };  // of a block: that of B's columns is a third of the first-level cache

/// Inner products of `across_rows` rows and `across_columns` columns, each `depth` long. `ahead` is read next; as much of it is brought near
/// as a column has.
static __attribute__((noinline)) void LS_NAME(across_tile)(
    const T *const a[LS_NAME(across_rows)], const T *const b[LS_NAME(across_columns)], int64_t depth, const T *ahead,
    T products[LS_NAME(across_rows)][LS_NAME(across_columns)]) {
    enum { M = LS_NAME(across_rows), N = LS_NAME(across_columns), LANES = LS_NAME(lanes) };
    LS_NAME(vector) sum[M][N];
    _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)
        _Pragma("clang loop unroll(full)") for (int j = 0; j < N; j++) sum[i][j] = (LS_NAME(vector)){0};
    int64_t l = 0;
    for (; l + LANES <= depth; l += LANES) {
        LS_NAME(vector) av[M];
        _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) av[i] = *(const LS_NAME(vector) *)(a[i] + l);
        _Pragma("clang loop unroll(full)") for (int j = 0; j < N; j++) {
            LS_NAME(vector) bv = *(const LS_NAME(vector) *)(b[j] + l);
            _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) sum[i][j] += av[i] * bv;
        }
        __builtin_prefetch(ahead + l, 0, 2);
    }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            T lanes[LANES];
            memcpy(lanes, &sum[i][j], sizeof lanes);
            _Pragma("clang loop unroll(full)") for (int half = LANES / 2; half; half /= 2)
                _Pragma("clang loop unroll(full)") for (int v = 0; v < half; v++) lanes[v] += lanes[v + half];
            T total = lanes[0];
            for (int64_t rest = l; rest < depth; rest++) total += a[i][rest] * b[j][rest];
            products[i][j] = total;
        }
}

/// Rows, columns and part of the sum of a product; the arguments are those of `product_block`.
static void LS_NAME(across_block)(const ls_product *p, const T *a, const T *b, T *c, int64_t ldc, int64_t i0, int64_t i1, int64_t j0,
                                  int64_t j1, int64_t l0, int64_t l1, int accumulate, const ls_epilogue *whole) {
    enum { M = LS_NAME(across_rows), N = LS_NAME(across_columns) };
    int64_t tiles = divide_up(i1 - i0, M);
    // One row of tiles reads every number of B once in any order.
    int64_t block = tiles == 1 ? l1 - l0 : LS_NAME(across_depth);
    for (int64_t l = l0; l < l1; l += block) {
        int64_t depth = MIN(l1 - l, block);
        for (int64_t j = j0; j < j1; j += N) {
            int64_t columns = MIN(j1 - j, N);
            const T *from[N];
            for (int64_t n = 0; n < N; n++) from[n] = b + l + (j + MIN(n, columns - 1)) * p->b_column;
            for (int64_t tile = 0; tile < tiles; tile++) {
                int64_t i = i0 + tile * M, rows = MIN(i1 - i, M);
                const T *row[M];
                for (int64_t m = 0; m < M; m++) row[m] = a + l + (i + MIN(m, rows - 1)) * p->a_row;
                int64_t next = j + N + tile;
                const T *ahead = tile < N && next < j1 ? b + l + next * p->b_column : from[0];
                T products[M][N];
                LS_NAME(across_tile)(row, from, depth, ahead, products);
                for (int64_t m = 0; m < rows; m++) {
                    LS_NAME(tile_call) t = {.c = c + (i + m) * ldc};
                    if (whole && l + depth == l1) LS_NAME(complete)(&t, whole, c, 0);
                    for (int64_t n = 0; n < columns; n++) {
                        T sum = products[m][n] + (accumulate || l > l0 ? t.c[j + n] : 0);
                        t.c[j + n] = LS_NAME(completed)(&t, sum, j + n, j + n);
                    }
                }
            }
        }
    }
}
