// Loops over numbers in Float32 and Float64, built for three classes of processor and chosen at run time.
//
// Tensors are dense and row-major; images are NHWC, convolution weights HWIO. Callers check shapes and pointers; kernels do not.
// Every tensor must be readable for LS_SLACK bytes past its end. Each loop is cut into chunks that depend on its shape alone,
// and partial sums are combined in the order of chunks. So results have the same bits for any number of threads.
#pragma once
#include <stdint.h>

enum { LS_DIMS = 8, LS_SLACK = 128 };  // most dimensions of a fused loop; readable bytes past the end of every tensor

/// The operation of one instruction of a fused loop: dst = op(a, b, c), some with an immediate operand.
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
    LS_TANH_GELU_SLOPE,  // b + a · b · (1 − b) · u: the derivative of a · b, where b is σ(2√(2/π)(a + 0.044715a³)) and u the derivative of σ's argument
};

/// One instruction of a fused loop: an ls_opcode, the registers of its result and operands, and the immediate operand.
typedef struct { int32_t op, dst, a, b, c; double immediate; } ls_instruction;

/// A tensor as a fused loop reads or writes it: a stride, in elements, for every dimension of the loop; 0 repeats an element.
typedef struct { void *base; int64_t stride[LS_DIMS]; } ls_operand;

/// How a fused loop reduces a register over the dimensions that a result does not keep.
enum ls_reduction {
    LS_SUM, LS_MAX,
    LS_VARIANCE,  // the mean of squares about the mean
};

/// A loop nest over `extent`, row-major. For each element it loads registers, runs instructions, stores registers and reduces
/// registers.
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

/// What is done to the result of a product or a convolution while it is stored: relu((result + bias + addend) · factor).
/// The bias has one number for each column or channel, the last dimension. Pointers that are NULL leave their step out.
typedef struct {
    const void *bias;
    const void *addend, *factor;  // laid out like the result
    int32_t masks;                // 0 where the factor is not above 0, in place of a product
    int32_t relu;
} ls_epilogue;

/// C = A B for pairs of matrices, m × k and k × n. Either rows or columns of A are a stride of 1 apart, the same for B; in C,
/// columns are. Pairs are numbered row by row in two dimensions, the inner one of extent `inner`.
typedef struct {
    int64_t batches, inner, m, n, k;
    int64_t a_row, a_column, a_outer, a_inner, b_row, b_column, b_outer, b_inner, c_row, c_outer, c_inner;  // strides, in elements
    int32_t b_is_packed;  // as `pack` leaves it; one batch
    int32_t accumulate;   // C += A B
    ls_epilogue end;
} ls_product;

/// A function of each row of numbers x.
enum ls_row_function {
    LS_SOFTMAX,        // softmax(scale · x)
    LS_SOFTMAX_SLOPE,  // scale · y ∘ (x − Σ y ∘ x): the derivative of the row y of that softmax, along x
};

enum { LS_TERMS = 3 };  // most products that one pass adds up
/// A product and where its factors lie.
typedef struct { ls_product product; const void *a, *b; } ls_factors;

/// C = f(A₁B₁ + A₂B₂) or C = f(A₁B₁ + A₂B₂) V, with f applied to each row: attention, and the derivatives of its softmax.
typedef struct {
    int32_t terms;         // 1 or 2, of equal batches, inner, m and n; nothing else completes them
    ls_factors term[2];
    enum ls_row_function function;
    double scale;
    const void *y;         // dense
    int32_t multiplies;    // whether f's result is multiplied by V, the B of `second`; C then lies as `second` says, else as term 0
    ls_factors second;
} ls_fused_attention;

/// A range of memory.
typedef struct { const void *start; int64_t bytes; } ls_range;

enum { LS_CONVOLUTIONS = 2 };  // most convolutions of a sum
/// A 2-D convolution, or the sum of two of one shape. `pad_h` and `pad_w` lie before the image; the output's size gives those after.
typedef struct {
    int64_t pairs;                // of operands: 1 or 2
    int64_t n, h, w, c;           // input images
    int64_t kh, kw, o;            // weights: kh × kw × (c / groups) × o
    int64_t ho, wo;               // output images: n × ho × wo × o
    int64_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
    const ls_range *ahead;        // memory that is read afterwards; it is prefetched while the processor multiplies
    int64_t aheads;
    ls_epilogue end;              // of outputs and of input gradients
} ls_convolution;

/// The windows of a pooling. Each channel is pooled by itself; extents mean the same as a convolution's.
typedef struct {
    int64_t n, h, w, c, kh, kw, ho, wo, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
} ls_window;

/// The kernels of one precision, built for one class of processor.
typedef struct {
    const char *variant;
    /// Bytes of workspace that `fused` and `fused_sums` need.
    int64_t (*fused_workspace)(const ls_fused *);
    /// Runs a fused loop and writes its stores and reductions.
    void (*fused)(const ls_fused *, void *workspace);
    /// Numbers that the reductions of a loop accumulate, for a loop that is run in parts.
    int64_t (*fused_accumulators)(const ls_fused *);
    /// Runs one part of a loop on the calling thread and adds to accumulators, which are 0 before the first part.
    void (*fused_sums)(const ls_fused *, void *workspace, double *sums);
    /// Combines the accumulators of all parts, which lie one after another, in order, and writes the reductions' results.
    void (*fused_finish)(const ls_fused *whole, double *sums, int64_t parts);

    /// Bytes of workspace that `products` needs for this product.
    int64_t (*product_workspace)(const ls_product *);
    /// c = Σ of `count` products of equal m and n, or c += Σ where the first one accumulates; the last one's `end` is applied.
    void (*products)(const ls_factors *, int count, void *c, void *workspace);
    /// Copies B, k × n with these strides, into the order that products read. `to` has room for k times n, with n rounded up to a
    /// multiple of 16.
    void (*pack)(int64_t k, int64_t n, int64_t row, int64_t column, const void *b, void *to);

    /// Bytes of workspace that each of the four functions below needs.
    int64_t (*convolution_workspace)(const ls_convolution *);
    /// y = Σ over pairs of the convolution of x with w; operands are given pair after pair.
    void (*convolution)(const ls_convolution *, const void *const *x_w, void *y, void *workspace);
    /// dx = Σ over pairs of the transpose applied to dy: the gradient by the input. Weights are transposed tap by tap:
    /// kh × kw × (o / groups) × c.
    void (*convolution_input)(const ls_convolution *, const void *const *dy_w, void *dx, void *workspace);
    /// dw = Σ over pairs of the gradient by the weights, of x and dy.
    void (*convolution_weight)(const ls_convolution *, const void *const *x_dy, void *dw, void *workspace);
    /// dw += that gradient, on the calling thread.
    void (*convolution_weight_add)(const ls_convolution *, const void *const *x_dy, void *dw, void *workspace);

    /// Bytes of workspace that `winograd` or, where `weights` is not 0, `winograd_weight` needs. These evaluate 3 × 3 convolutions of
    /// stride 1, dilation 1 and one group by minimal filtering (Lavin, Gray 2015, arXiv 1509.09308).
    int64_t (*winograd_workspace)(const ls_convolution *, int weights);
    /// u = weights transformed for minimal filtering, 16 × c × o; where `turned` is not 0, those for input gradients, 16 × o × c.
    void (*winograd_weights)(int64_t c, int64_t o, int turned, const void *w, void *u);
    /// y = Σ over pairs of the convolution of x with transformed weights u. An input gradient is a convolution of output gradients.
    void (*winograd)(const ls_convolution *, const void *const *x_u, void *y, void *workspace);
    /// dw = Σ over pairs of the gradient by the weights before their transformation; where `adds` is not 0, dw += it, on the calling
    /// thread.
    void (*winograd_weight)(const ls_convolution *, const void *const *x_dy, void *dw, void *workspace, int adds);

    /// index[n,ho,wo,c] = place in the flattened h × w plane of the window's first maximum, where NaN counts as the largest; −1 where
    /// a window has no element.
    void (*pool_argmax)(const ls_window *, const void *x, int32_t *index);
    /// y = x at those places; −∞ where there is none.
    void (*pool_gather)(const ls_window *, const void *x, const int32_t *index, void *y);
    /// dx = dy added up at those places, 0 elsewhere: the transpose of `pool_gather`.
    void (*pool_scatter)(const ls_window *, const void *dy, const int32_t *index, void *dx);
    /// y = the sum of every window.
    void (*pool_sum)(const ls_window *, const void *x, void *y);
    /// dx = the sum, at every element, of dy over the windows that it is in: the transpose of `pool_sum`.
    void (*pool_spread)(const ls_window *, const void *dy, void *dx);

    /// y[i, :] = x[index[i], :], of a table x of `table` rows; an index outside gives zeros.
    void (*gather_rows)(int64_t rows, int64_t width, int64_t table, const void *x, const int32_t *index, void *y);
    /// y = 0, then y[index[i], :] += x[i, :], of a table y of `table` rows; an index outside is passed over.
    void (*scatter_rows)(int64_t rows, int64_t width, int64_t table, const void *x, const int32_t *index, void *y);
    /// y[i, :] = 1 at index[i], 0 elsewhere.
    void (*one_hot)(int64_t rows, int64_t width, const int32_t *index, void *y);
    /// y[i] = 1 where the first of the largest of logits[i, :] is at label[i] and none is NaN, else 0.
    void (*correct)(int64_t rows, int64_t width, const void *logits, const int32_t *label, void *y);
    /// to = f(x), row by row; y is NULL for functions without it.
    void (*rows)(enum ls_row_function f, int64_t rows, int64_t width, double scale, const void *y, const void *x, void *to);

    /// Bytes of workspace that `fused_attention` needs.
    int64_t (*fused_attention_workspace)(const ls_fused_attention *);
    /// c = f(A₁B₁ + A₂B₂), or that times V, as the description says.
    void (*fused_attention)(const ls_fused_attention *, void *c, void *workspace);
    /// y = Σ over `parts` consecutive blocks of `count` elements, added in order.
    void (*add_parts)(int64_t count, int64_t parts, const void *x, void *y);
    /// sum += x, in Float64.
    void (*add_to)(int64_t count, const void *x, double *sum);
    /// Runs `count` multiply-adds on registers, to measure the processor's peak rate. Each adds 1, and the sum is returned: `count`
    /// where 192 divides it, up to 2²⁴ times a vector's lanes.
    double (*multiply_adds)(int64_t count);
} ls_kernels;

/// The kernels of a variant by name (avx512, avx2, baseline); NULL where there is none of that name or the processor cannot run it.
const ls_kernels *ls_kernels_variant(const char *name, int double_precision);

/// The kernels of the variant that LANDSCAPE_KERNELS in the environment names; the best that the processor can run where it names
/// none or one that cannot run.
const ls_kernels *ls_kernels_get(int double_precision);
