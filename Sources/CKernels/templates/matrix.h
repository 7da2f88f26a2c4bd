// The product of two row-major matrices, C = A B, by tiles of the strided product of tile.h: panels of B, a tile wide, are packed
// once for all rows; A is read where it lies.

enum { LS_NAME(matrix_depth) = 256 };  // rows of a panel: it stays in the first-level cache

static void LS_NAME(matrix)(const ls_matrix *q, const void *a, const void *b, void *c) {
    enum { WIDTH = 2 * LS_NAME(lanes) };
    // Vector loads of the last row may run over the end.
    _Alignas(64) T panel[LS_NAME(matrix_depth) * WIDTH + LS_SLACK / sizeof(T)];
    for (int64_t l = 0; l < q->k || l == 0; l += LS_NAME(matrix_depth)) {
        int64_t depth = MIN(q->k - l, LS_NAME(matrix_depth));
        for (int64_t j = 0; j < q->n; j += WIDTH) {
            int64_t columns = MIN(q->n - j, WIDTH), width = columns > LS_NAME(lanes) ? WIDTH : LS_NAME(lanes);
            for (int64_t i = 0; i < depth; i++) {
                memcpy(panel + i * width, (const T *)b + (l + i) * q->ldb + j, sizeof(T) * columns);
                memset(panel + i * width + columns, 0, sizeof(T) * (width - columns));
            }
            int64_t zero = 0;
            LS_NAME(tile_call) t = {
                .terms = 1, .depth = depth, .a = (const T *)a + l, .a_offset = &zero, .row_stride = q->lda, .step = 1,
                .b = panel, .b_offset = &zero, .ldb = width, .c = (T *)c + j, .ldc = q->ldc, .accumulate = l > 0,
            };
            LS_NAME(tile_product)(t, q->m, columns);
        }
    }
}
