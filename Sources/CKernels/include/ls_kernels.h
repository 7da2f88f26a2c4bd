// Loops over numbers, in Float32 and Float64, built for three classes of processor and chosen at run time.
// Tensors are dense, row-major; images are NHWC, convolution weights HWIO. Pointers are not checked: callers have.
// Each loop is cut into chunks that depend on its shape alone, and partial sums are combined in chunk order: the result has
// the same bits for any number of threads.
#pragma once
#include <stdint.h>

enum { LS_DIMS = 6, LS_SLACK = 128 };  // most dimensions of a fused loop; readable bytes past the end of every tensor

/// What one instruction of a fused loop computes: dst = op(a, b, c), with an immediate operand.
enum ls_opcode {
    LS_COPY, LS_NEGATE, LS_ADD, LS_SUBTRACT, LS_MULTIPLY, LS_DIVIDE, LS_MINIMUM, LS_MAXIMUM,
    LS_SCALE,       // a · immediate
    LS_OFFSET,      // a + immediate
    LS_EXP, LS_LOG, LS_SQRT, LS_RECIPROCAL, LS_SQUARE, LS_TANH, LS_SIGMOID, LS_ERF, LS_SOFTPLUS, LS_SIN, LS_COS,
    LS_ABS, LS_SIGN, LS_FLOOR,
    LS_RELU,        // a < 0 ? 0 : a, so that NaN stays NaN
    LS_STEP,        // a > 0 ? 1 : 0
    LS_POWER,       // a ^ immediate
    LS_GREATER,     // a > b ? 1 : 0
    LS_EQUAL,       // a == b ? 1 : 0
    LS_SELECT,      // a != 0 ? b : c
    LS_MASK,        // b > 0 ? a : 0
    LS_MULTIPLY_ADD,      // a · b + c
    LS_SCALE_ADD,         // a · immediate + b
    LS_SUBTRACT_PRODUCT,  // c − a · b
    LS_ADD_RELU,          // relu(a + b)
    LS_ERFC, LS_LOG1P,
    LS_SUBTRACT_MULTIPLY,  // (a − b) · c
    LS_NORMAL_CDF,  // Φ(a), where b is exp(−a²/2)
    LS_GELU_SLOPE,  // b + a · c / √(2π): the derivative of aΦ(a), where b is Φ(a) and c exp(−a²/2)
};

typedef struct { int32_t op, dst, a, b, c; double immediate; } ls_instruction;

/// A tensor as a fused loop meets it: one stride, in elements, for every dimension of the loop; 0 repeats the element.
typedef struct { void *base; int64_t stride[LS_DIMS]; } ls_operand;

enum ls_reduction {
    LS_SUM, LS_MAX,
    LS_VARIANCE,  // the mean of squares about the mean
};

/// A loop nest over `extent`, row-major, that loads registers, runs instructions, stores registers and reduces registers.
typedef struct {
    int32_t dims;
    int64_t extent[LS_DIMS];
    int32_t registers;
    int32_t loads; const ls_operand *load; const int32_t *load_register;
    int32_t instructions; const ls_instruction *instruction;
    int32_t stores; const ls_operand *store; const int32_t *store_register;
    int32_t reductions; const ls_operand *reduction; const int32_t *reduction_register; const int32_t *reduction_kind;
    const int64_t *reduction_size;  // elements of each reduction's result
    int32_t kept_prefix;            // leading dimensions that every reduction keeps
} ls_fused;

/// What becomes of the result of a product or a convolution, whose last dimension are columns or channels, while it is stored:
/// result + bias of the column + addend, that times the factor, then 0 where that is below 0. What is NULL is left out.
typedef struct {
    const void *bias;
    const void *addend, *factor;  // laid out like the result
    int32_t masks;                // 0 where the factor is not above 0, in place of a product
    int32_t relu;
} ls_epilogue;

/// C = A B for pairs of matrices, m × k and k × n. In A and in B, either rows or columns are a stride of 1 apart; in C columns are.
/// Pairs are numbered row by row in two dimensions, the inner one of extent `inner`.
typedef struct {
    int64_t batches, inner, m, n, k;
    int64_t a_row, a_column, a_outer, a_inner, b_row, b_column, b_outer, b_inner, c_row, c_outer, c_inner;  // strides, in elements
    int32_t b_is_packed;  // as `pack` leaves it; one batch
    int32_t accumulate;   // C += A B
    ls_epilogue end;
} ls_product;

/// What is applied to each row of numbers x.
enum ls_row_function {
    LS_SOFTMAX,        // softmax(scale · x)
    LS_SOFTMAX_SLOPE,  // scale · y ∘ (x − Σ y ∘ x): the derivative of the row y of that softmax, along x
};

/// A product and its factors.
enum { LS_TERMS = 3 };  // most that one pass adds up
typedef struct { ls_product product; const void *a, *b; } ls_factors;

/// C = f(A₁B₁ + A₂B₂) or f(A₁B₁ + A₂B₂) V, where f is applied to each row: attention, and the derivatives of its softmax.
typedef struct {
    int32_t terms;         // 1 or 2, of equal batches, inner, m and n; nothing else completes them
    ls_factors term[2];
    enum ls_row_function function;
    double scale;
    const void *y;         // dense
    int32_t multiplies;    // by V, which is the B of `second`; its A is what f gives. C lies as `second` says, or as term 0.
    ls_factors second;
} ls_fused_attention;

/// Some memory.
typedef struct { const void *start; int64_t bytes; } ls_range;

/// A 2-D convolution, or the sum of two of one shape. Low padding is given; the high padding follows from the output size.
enum { LS_CONVOLUTIONS = 2 };  // most of a sum
typedef struct {
    int64_t pairs;                // of operands: 1 or 2
    int64_t n, h, w, c;           // input images
    int64_t kh, kw, o;            // weights: kh × kw × (c / groups) × o
    int64_t ho, wo;               // output images: n × ho × wo × o
    int64_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
    const ls_range *ahead;        // what is read afterwards: it is brought near while the processor multiplies
    int64_t aheads;
    ls_epilogue end;              // of outputs and of input gradients
} ls_convolution;

/// Windows of a pooling: like a convolution's, every channel for itself.
typedef struct {
    int64_t n, h, w, c, kh, kw, ho, wo, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
} ls_window;

typedef struct {
    const char *variant;
    /// Bytes of workspace that `fused` needs.
    int64_t (*fused_workspace)(const ls_fused *);
    void (*fused)(const ls_fused *, void *workspace);
    /// For a loop that is run in parts: the same on the calling thread, its sums added to `fused_accumulators` numbers that were 0
    /// before the first part; and the results of all parts' accumulators, which lie one after another.
    int64_t (*fused_accumulators)(const ls_fused *);
    void (*fused_sums)(const ls_fused *, void *workspace, double *sums);
    void (*fused_finish)(const ls_fused *whole, double *sums, int64_t parts);

    int64_t (*product_workspace)(const ls_product *);
    /// c = Σ of products of equal m and n, or, where the first says so, c += Σ; what completes the sum is the last one's.
    void (*products)(const ls_factors *, int count, void *c, void *workspace);
    /// Brings B, k × n with these strides, into the order that products read it in: k times n, rounded up to a multiple of 16,
    /// elements at most.
    void (*pack)(int64_t k, int64_t n, int64_t row, int64_t column, const void *b, void *to);

    /// Bytes of workspace for any of the three products. Their operands are given pair after pair.
    int64_t (*convolution_workspace)(const ls_convolution *);
    void (*convolution)(const ls_convolution *, const void *const *x_w, void *y, void *workspace);
    /// Its weights are transposed tap by tap: kh × kw × (o / groups) × c.
    void (*convolution_input)(const ls_convolution *, const void *const *dy_w, void *dx, void *workspace);
    void (*convolution_weight)(const ls_convolution *, const void *const *x_dy, void *dw, void *workspace);
    /// dw += its gradient, on the calling thread.
    void (*convolution_weight_add)(const ls_convolution *, const void *const *x_dy, void *dw, void *workspace);

    /// 3 × 3 convolutions of stride 1, dilation 1 and one group, by minimal filtering. Bytes of workspace, of `winograd` or of
    /// `winograd_weight`.
    int64_t (*winograd_workspace)(const ls_convolution *, int weights);
    /// u = transformed weights, 16 × c × o, or, `turned`, those that give input gradients, 16 × o × c.
    void (*winograd_weights)(int64_t c, int64_t o, int turned, const void *w, void *u);
    /// A convolution with transformed weights. An input gradient is a convolution of output gradients.
    void (*winograd)(const ls_convolution *, const void *const *x_u, void *y, void *workspace);
    /// dw = the gradient for weights before they are transformed, or, `adds`, dw += it, on the calling thread.
    void (*winograd_weight)(const ls_convolution *, const void *const *x_dy, void *dw, void *workspace, int adds);

    /// index[n,ho,wo,c] = position in the flattened h × w plane of the window's first maximum (NaN counts as the largest).
    void (*pool_argmax)(const ls_window *, const void *x, int32_t *index);
    void (*pool_gather)(const ls_window *, const void *x, const int32_t *index, void *y);
    void (*pool_scatter)(const ls_window *, const void *dy, const int32_t *index, void *dx);
    void (*pool_sum)(const ls_window *, const void *x, void *y);
    void (*pool_spread)(const ls_window *, const void *dy, void *dx);

    /// result[i, :] = table[index[i], :], and table[index[i], :] += rows[i, :] on zeros. Indices out of range give zeros.
    void (*gather_rows)(int64_t rows, int64_t width, int64_t table, const void *x, const int32_t *index, void *y);
    void (*scatter_rows)(int64_t rows, int64_t width, int64_t table, const void *x, const int32_t *index, void *y);
    void (*one_hot)(int64_t rows, int64_t width, const int32_t *index, void *y);
    /// y[i] = 1 where the first largest of logits[i, :] is at label[i] and no logit is NaN, else 0.
    void (*correct)(int64_t rows, int64_t width, const void *logits, const int32_t *label, void *y);
    /// to = f(x), row by row; y is NULL where f has none.
    void (*rows)(enum ls_row_function f, int64_t rows, int64_t width, double scale, const void *y, const void *x, void *to);

    int64_t (*fused_attention_workspace)(const ls_fused_attention *);
    void (*fused_attention)(const ls_fused_attention *, void *c, void *workspace);
    /// y = Σ over `parts` consecutive blocks of `count` elements, in order.
    void (*add_parts)(int64_t count, int64_t parts, const void *x, void *y);
    /// sum += x.
    void (*add_to)(int64_t count, const void *x, double *sum);
    /// `count` multiply-adds on registers, for the processor's peak rate: each adds 1, and the sum of all is given back. That is
    /// `count` where 192 divides it, up to 2²⁴ times a vector's lanes.
    double (*multiply_adds)(int64_t count);
} ls_kernels;

/// The kernels of a variant by name (avx512, avx2, baseline), or NULL if there is none of that name or the processor cannot
/// run it.
const ls_kernels *ls_kernels_variant(const char *name, int double_precision);

/// The variant that LANDSCAPE_KERNELS names if there is one and the processor can run it, else the best that it can run.
const ls_kernels *ls_kernels_get(int double_precision);
