// Elementary functions in Float32, branch-free so that loops over them become vector code.

/// eˣ: x = n ln 2 + r, a polynomial of degree 6 in r, then 2ⁿ in two factors so that the ends of the range come out right.
/// The polynomial is 1 + r + r² q(r) with q of least maximal relative error on |r| ≤ ½ ln 2, which is 3.1e-9 (Taylor's own
/// coefficients are off by 1.7e-7). Overflow gives infinity, NaN stays.
static inline float LS_NAME(fn_exp)(float x) {
    float c = x > 89.5f ? 89.5f : x;
    c = c < -104.0f ? -104.0f : c;
    float magic = 12582912.0f;  // 1.5 · 2²³: adding it rounds to an integer
    float shifted = c * 1.44269504088896341f + magic;
    float n = shifted - magic;
    float r = c - n * 0.693145751953125f;
    r = r - n * 1.42860682030941723e-6f;
    float p = 1.3814539415761828e-3f;
    p = p * r + 8.368745446205139e-3f;
    p = p * r + 4.166838899254799e-2f;
    p = p * r + 1.666652113199234e-1f;
    p = p * r + 4.999999403953552e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits;  // of what x is: for NaN they are any
    memcpy(&bits, &shifted, 4);
    int32_t i = (int32_t)(bits - 0x4B400000u);
    int32_t half = i >> 1, rest = i - half;
    uint32_t b0 = (uint32_t)(half + 127) << 23, b1 = (uint32_t)(rest + 127) << 23;
    float s0, s1;
    memcpy(&s0, &b0, 4);
    memcpy(&s1, &b1, 4);
    float y = p * s0 * s1;
    return x != x ? x : y;
}

/// ln x: x = 2ⁿ m with m in [√½, √2), then a polynomial in m − 1 (the coefficients of Cephes' logf, public domain).
static inline float LS_NAME(fn_log)(float x) {
    float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
    int32_t extra = x < 1.17549435e-38f ? -23 : 0;
    uint32_t i;
    memcpy(&i, &scaled, 4);
    int32_t e = (int32_t)(i - 0x3f3504f3u) >> 23;
    uint32_t mi = i - ((uint32_t)e << 23);
    float m;
    memcpy(&m, &mi, 4);
    float f = m - 1.0f, z = f * f, n = (float)(e + extra);
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    float y = p * f * z;
    y = y + n * -2.12194440e-4f;
    y = y - 0.5f * z;
    y = f + y + n * 0.693359375f;
    y = x == 0.0f ? -INFINITY : y;
    y = x < 0.0f ? NAN : y;
    return x == INFINITY || x != x ? x : y;
}

static inline float LS_NAME(fn_tanh)(float x) {
    float a = x < 0 ? -x : x;
    float z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = p * z * x + x;
    float e = LS_NAME(fn_exp)(2.0f * (a > 15.0f ? 15.0f : a));
    float large = 1.0f - 2.0f / (e + 1.0f);
    large = x < 0 ? -large : large;
    float y = a < 0.625f ? small : large;
    return x != x ? x : y;
}

static inline float LS_NAME(fn_sigmoid)(float x) {
    float a = x < 0 ? x : -x;
    float e = LS_NAME(fn_exp)(a);
    float s = 1.0f / (1.0f + e);
    return x < 0 ? e * s : s;
}

/// ln(1 + eˣ) without overflow.
static inline float LS_NAME(fn_softplus)(float x) {
    float a = x < 0 ? x : -x;
    float e = LS_NAME(fn_exp)(a);
    float u = 1.0f + e, d = u - 1.0f;
    float l = d == 0.0f ? e : LS_NAME(fn_log)(u) * (e / d);
    return (x > 0 ? x : x != x ? x : 0.0f) + l;
}

/// erf x within 1.1 ulp: x + x p(x²) below 15/16, and 1 − e^q beyond, where q is ln erfc. Both polynomials interpolate at
/// Chebyshev's points.
static inline float LS_NAME(fn_erf)(float x) {
    float a = x < 0 ? -x : x, z = x * x;
    float p = 8.28582633e-05f;
    p = p * z - 0.000812296115f;
    p = p * z + 0.00519931829f;
    p = p * z - 0.0268587228f;
    p = p * z + 0.112836838f;
    p = p * z - 0.376126319f;
    p = p * z + 0.128379166f;
    float small = p * x + x;
    float t = (a > 3.95f ? 3.95f : a) - 0.9375f;
    float q = 1.66129757e-06f;
    q = q * t - 3.40510596e-05f;
    q = q * t + 0.000336062512f;
    q = q * t - 0.00217991788f;
    q = q * t + 0.0107422173f;
    q = q * t - 0.0441790223f;
    q = q * t - 0.83506763f;
    q = q * t - 2.53407669f;
    q = q * t - 1.68795311f;
    float large = 1.0f - LS_NAME(fn_exp)(q);
    large = x < 0 ? -large : large;
    float y = a < 0.9375f ? small : large;
    return x != x ? x : y;
}
/// Φ(x), where e is exp(−x²/2): for x < 0 e times a function m(−x) that falls as 1/x does, else 1 − e m(x). (x + 4) m(x) is a polynomial
/// in (x − 4) / (x + 4), which interpolates at Chebyshev's points of 0 to 14 and is off by 1.2e-8. So the lower tail is right to a
/// few units in its last place and those that e lacks.
static inline float LS_NAME(fn_normal_cdf)(float x, float e) {
    float a = x < 0 ? -x : x, q = 1 / (a + 4), u = 1 - 8 * q;
    float p = -0.000120184401f;
    p = p * u + 0.00020126173f;
    p = p * u + 0.00157231788f;
    p = p * u - 0.0035261837f;
    p = p * u - 0.0075292507f;
    p = p * u + 0.0604066887f;
    p = p * u - 0.186522685f;
    p = p * u + 0.387136684f;
    p = p * u - 0.607896618f;
    p = p * u + 0.755285138f;
    float tail = p * q * e;
    return x < 0 ? tail : 1 - tail;
}
static inline float LS_NAME(fn_erfc)(float x) { return erfcf(x); }
static inline float LS_NAME(fn_log1p)(float x) { return log1pf(x); }
static inline float LS_NAME(fn_sqrt)(float x) { return sqrtf(x); }
static inline float LS_NAME(fn_sin)(float x) { return sinf(x); }
static inline float LS_NAME(fn_cos)(float x) { return cosf(x); }
static inline float LS_NAME(fn_floor)(float x) { return floorf(x); }
static inline float LS_NAME(fn_power)(float x, float y) { return powf(x, y); }
