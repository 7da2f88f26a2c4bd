// Elementary functions in Float64: the C library's, which are within an ulp or two.
static inline double LS_NAME(fn_exp)(double x) { return exp(x); }
static inline double LS_NAME(fn_log)(double x) { return log(x); }
static inline double LS_NAME(fn_tanh)(double x) { return tanh(x); }
static inline double LS_NAME(fn_sigmoid)(double x) {
    double e = exp(x < 0 ? x : -x), s = 1.0 / (1.0 + e);
    return x < 0 ? e * s : s;
}
static inline double LS_NAME(fn_softplus)(double x) { return (x > 0 ? x : x != x ? x : 0.0) + log1p(exp(x < 0 ? x : -x)); }
static inline double LS_NAME(fn_erf)(double x) { return erf(x); }
static inline double LS_NAME(fn_erfc)(double x) { return erfc(x); }
static inline double LS_NAME(fn_log1p)(double x) { return log1p(x); }
static inline double LS_NAME(fn_sqrt)(double x) { return sqrt(x); }
static inline double LS_NAME(fn_sin)(double x) { return sin(x); }
static inline double LS_NAME(fn_cos)(double x) { return cos(x); }
static inline double LS_NAME(fn_floor)(double x) { return floor(x); }
static inline double LS_NAME(fn_power)(double x, double y) { return pow(x, y); }
