// Elementary functions in Float64: exp and what is made of it without branches, so that loops become vector code; else the C
// library's, which are within an ulp or two.

/// eˣ: x = n ln 2 + r, Taylor's polynomial of degree 13 in r (off by 4e-18), then 2ⁿ in two factors so that the ends of the
/// range come out right. Overflow gives infinity, NaN stays.
static inline double LS_NAME(fn_exp)(double x) {
    double c = x > 710.0 ? 710.0 : x;
    c = c < -746.0 ? -746.0 : c;
    double magic = 6755399441055744.0;  // 1.5 · 2⁵²: adding it rounds to an integer
    double shifted = c * 1.4426950408889634 + magic;
    double n = shifted - magic;
    double r = c - n * 0.6931471803691238;
    r = r - n * 1.9082149292705877e-10;
    double p = 1.6059043836821613e-10;
    p = p * r + 2.08767569878681e-09;
    p = p * r + 2.505210838544172e-08;
    p = p * r + 2.755731922398589e-07;
    p = p * r + 2.7557319223985893e-06;
    p = p * r + 2.48015873015873e-05;
    p = p * r + 0.0001984126984126984;
    p = p * r + 0.001388888888888889;
    p = p * r + 0.008333333333333333;
    p = p * r + 0.041666666666666664;
    p = p * r + 0.16666666666666666;
    p = p * r + 0.5;
    p = p * r * r + r + 1.0;
    uint64_t bits;  // of what x is: for NaN they are any
    memcpy(&bits, &shifted, 8);
    int64_t i = (int64_t)(bits - 0x4338000000000000u);
    int64_t half = i >> 1, rest = i - half;
    uint64_t b0 = (uint64_t)(half + 1023) << 52, b1 = (uint64_t)(rest + 1023) << 52;
    double s0, s1;
    memcpy(&s0, &b0, 8);
    memcpy(&s1, &b1, 8);
    double y = p * s0 * s1;
    return x != x ? x : y;
}
static inline double LS_NAME(fn_log)(double x) { return log(x); }

/// tanh x: a rational function below 0.625 (the coefficients of Cephes, public domain), of eˣ beyond.
static inline double LS_NAME(fn_tanh)(double x) {
    double a = x < 0 ? -x : x, z = x * x;
    double p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
    double q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3;
    double small = x * z * (p / q) + x;
    double large = 1.0 - 2.0 / (LS_NAME(fn_exp)(2.0 * (a > 30.0 ? 30.0 : a)) + 1.0);
    large = x < 0 ? -large : large;
    double y = a < 0.625 ? small : large;
    return x != x ? x : y;
}
static inline double LS_NAME(fn_sigmoid)(double x) {
    double e = LS_NAME(fn_exp)(x < 0 ? x : -x), s = 1.0 / (1.0 + e);
    return x < 0 ? e * s : s;
}
static inline double LS_NAME(fn_softplus)(double x) { return (x > 0 ? x : x != x ? x : 0.0) + log1p(exp(x < 0 ? x : -x)); }
static inline double LS_NAME(fn_erf)(double x) { return erf(x); }
/// Φ(x), where e is exp(−x²/2): for x < 0 e times a function m(−x) that falls as 1/x does, else 1 − e m(x). (x + 5) m(x) is a polynomial
/// in (x − 5) / (x + 5), which interpolates at Chebyshev's points of 0 to 39 and is off by 1.2e-17. So the lower tail is right to a
/// few units in its last place and those that e lacks.
static inline double LS_NAME(fn_normal_cdf)(double x, double e) {
    double a = x < 0 ? -x : x, q = 1 / (a + 5), u = 1 - 10 * q;
    double p = -1.5877468827473365e-10;
    p = p * u + 1.753048401408232e-9;
    p = p * u + 7.663071800760041e-9;
    p = p * u - 9.3135609943260591e-9;
    p = p * u - 6.594221662477223e-8;
    p = p * u + 4.2274993740065348e-8;
    p = p * u + 4.331410356862585e-7;
    p = p * u - 3.3661536810124712e-7;
    p = p * u - 2.7692670959974302e-6;
    p = p * u + 3.9809021578680411e-6;
    p = p * u + 1.6681213742042061e-5;
    p = p * u - 4.9762814270585805e-5;
    p = p * u - 5.9375728009915864e-5;
    p = p * u + 0.00054489906477312989;
    p = p * u - 0.00079786939846607011;
    p = p * u - 0.0029933767705085424;
    p = p * u + 0.02079506679988318;
    p = p * u - 0.069118638706310164;
    p = p * u + 0.16502036617038472;
    p = p * u - 0.31353315667130454;
    p = p * u + 0.49530561596997641;
    p = p * u - 0.6653825028900567;
    p = p * u + 0.76919304975006296;
    double tail = p * q * e;
    return x < 0 ? tail : 1 - tail;
}
static inline double LS_NAME(fn_erfc)(double x) { return erfc(x); }
static inline double LS_NAME(fn_log1p)(double x) { return log1p(x); }
static inline double LS_NAME(fn_sqrt)(double x) { return sqrt(x); }
static inline double LS_NAME(fn_sin)(double x) { return sin(x); }
static inline double LS_NAME(fn_cos)(double x) { return cos(x); }
static inline double LS_NAME(fn_floor)(double x) { return floor(x); }
static inline double LS_NAME(fn_power)(double x, double y) { return pow(x, y); }
