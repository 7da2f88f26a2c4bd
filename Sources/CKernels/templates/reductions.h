// Sums, maxima and variances: a tile is added to accumulators in Float64, and results are made of those.

/// Accumulators of a reduction: a variance's are Σx and Σx² of each element in turn.
static int64_t LS_NAME(accumulators)(const ls_fused *p, int j) {
    return p->reduction_size[j] * (p->reduction_kind[j] == LS_VARIANCE ? 2 : 1);
}

static T LS_NAME(sum_of)(const T *x, int64_t n) {
#pragma clang fp reassociate(on)
    T s = 0;
    for (int64_t i = 0; i < n; i++) s += x[i];
    return s;
}

/// NaN if there is one.
static T LS_NAME(maximum_of)(const T *x, int64_t n) {
    T most = x[0];
    int64_t i = 0, bad = 0;
    if (n >= LS_NAME(lanes)) {
        T best[LS_NAME(lanes)];
        TI unordered[LS_NAME(lanes)] = {0};
        memcpy(best, x, sizeof best);
        for (; i + LS_NAME(lanes) <= n; i += LS_NAME(lanes))
            _Pragma("clang loop vectorize(enable)") for (int l = 0; l < LS_NAME(lanes); l++) {
                T v = x[i + l];
                unordered[l] |= v != v;
                best[l] = v > best[l] ? v : best[l];
            }
        for (int l = 0; l < LS_NAME(lanes); l++) {
            most = best[l] > most ? best[l] : most;
            bad |= unordered[l];
        }
    }
    for (; i < n; i++) {
        bad |= x[i] != x[i];
        most = x[i] > most ? x[i] : most;
    }
    return bad || most != most ? NAN : most;
}

/// Adds a rows × columns tile to accumulators with the given strides; `spare` holds one row.
static void LS_NAME(reduce_sum)(double *to, const T *x, int64_t rows, int64_t columns, int64_t row_stride,
                                int64_t column_stride, T *restrict spare) {
    if (column_stride == 0) {
        if (row_stride == 0) *to += LS_NAME(sum_of)(x, rows * columns);
        else for (int64_t r = 0; r < rows; r++) to[r * row_stride] += LS_NAME(sum_of)(x + r * columns, columns);
    } else if (row_stride == 0 && rows > 1) {
        // Down the rows in registers, in four chains.
        int64_t c = 0;
        for (; c + LS_NAME(lanes) <= columns; c += LS_NAME(lanes)) {
            LS_NAME(vector) sum[4] = {0};
            const T *at = x + c;
            int64_t r = 0;
            for (; r + 4 <= rows; r += 4, at += 4 * columns)
                _Pragma("clang loop unroll(full)") for (int i = 0; i < 4; i++)
                    sum[i] += *(const LS_NAME(vector) *)(at + i * columns);
            for (; r < rows; r++, at += columns) sum[0] += *(const LS_NAME(vector) *)at;
            *(LS_NAME(vector) *)(spare + c) = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
        for (int64_t i = c; i < columns; i++) spare[i] = x[i];
        for (int64_t r = 1; r < rows; r++)
            for (int64_t i = c; i < columns; i++) spare[i] += x[r * columns + i];
        for (int64_t i = 0; i < columns; i++) to[i * column_stride] += spare[i];
    } else {
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < columns; c++) to[r * row_stride + c * column_stride] += x[r * columns + c];
    }
}

/// Adds Σx and Σx² of a tile to pairs of accumulators. Within a column, or a row, sums are taken about its first element, so that
/// nothing of a small spread about a large mean is lost; what they are about is put back in Float64.
static void LS_NAME(reduce_variance)(double *to, const T *x, int64_t rows, int64_t columns, int64_t row_stride,
                                     int64_t column_stride, T *restrict spare) {
    if (row_stride == 0 && column_stride == 0) columns *= rows, rows = 1;
    if (column_stride == 0) {
        for (int64_t r = 0; r < rows; r++, x += columns) {
#pragma clang fp reassociate(on)
            T about = x[0], sum = 0, squares = 0;
            for (int64_t c = 0; c < columns; c++) {
                T d = x[c] - about;
                sum += d;
                squares += d * d;
            }
            double a = about, s = sum, n = (double)columns;
            to[2 * r * row_stride] += s + n * a;
            to[2 * r * row_stride + 1] += (double)squares + a * (2 * s + n * a);
        }
    } else if (row_stride == 0) {
        T *restrict second = spare + columns;
        int64_t c = 0;
        for (; c + LS_NAME(lanes) <= columns; c += LS_NAME(lanes)) {
            LS_NAME(vector) about = *(const LS_NAME(vector) *)(x + c), sum[2] = {0}, squares[2] = {0};
            const T *at = x + c;
            int64_t r = 0;
            for (; r + 2 <= rows; r += 2, at += 2 * columns)
                _Pragma("clang loop unroll(full)") for (int i = 0; i < 2; i++) {
                    LS_NAME(vector) d = *(const LS_NAME(vector) *)(at + i * columns) - about;
                    sum[i] += d;
                    squares[i] += d * d;
                }
            if (r < rows) {
                LS_NAME(vector) d = *(const LS_NAME(vector) *)at - about;
                sum[0] += d;
                squares[0] += d * d;
            }
            *(LS_NAME(vector) *)(spare + c) = sum[0] + sum[1];
            *(LS_NAME(vector) *)(second + c) = squares[0] + squares[1];
        }
        for (int64_t i = c; i < columns; i++) spare[i] = second[i] = 0;
        for (int64_t r = 1; r < rows; r++)
            for (int64_t i = c; i < columns; i++) {
                T d = x[r * columns + i] - x[i];
                spare[i] += d;
                second[i] += d * d;
            }
        double n = (double)rows;
        for (int64_t i = 0; i < columns; i++) {
            double a = x[i], s = spare[i];
            to[2 * i * column_stride] += s + n * a;
            to[2 * i * column_stride + 1] += (double)second[i] + a * (2 * s + n * a);
        }
    } else {
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < columns; c++) {
                double v = x[r * columns + c], *m = to + 2 * (r * row_stride + c * column_stride);
                m[0] += v;
                m[1] += v * v;
            }
    }
}

static void LS_NAME(reduce_max)(double *to, const T *x, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
    for (int64_t r = 0; r < rows; r++) {
        if (column_stride == 0) {
            double v = LS_NAME(maximum_of)(x + r * columns, columns), *m = to + r * row_stride;
            *m = v > *m || v != v ? v : *m;
        } else for (int64_t c = 0; c < columns; c++) {
            double v = x[r * columns + c], *m = to + r * row_stride + c * column_stride;
            *m = v > *m || v != v ? v : *m;
        }
    }
}

/// Elements first..<end of a reduction's result from their accumulators.
static void LS_NAME(finish)(const ls_fused *p, int j, const double *sums, int64_t first, int64_t end) {
    T *restrict to = (T *)p->reduction[j].base;
    if (p->reduction_kind[j] != LS_VARIANCE) {
        for (int64_t i = first; i < end; i++) to[i] = (T)sums[i];
        return;
    }
    double count = 1;
    for (int i = 0; i < p->dims; i++) count *= p->extent[i];
    count /= p->reduction_size[j];
    for (int64_t i = first; i < end; i++) {
        double mean = sums[2 * i] / count, variance = sums[2 * i + 1] / count - mean * mean;
        to[i] = (T)(variance < 0 ? 0 : variance);
    }
}
