// One variant: every template in both types.
#define LS_TYPE_NAME float
#define T float
#define TI int32_t
#include "functions_float.h"
#include "tile.h"
#include "product.h"
#include "reductions.h"
#include "fused.h"
#include "rows.h"
#include "attention.h"
#include "convolution.h"
#include "winograd.h"
#include "pooling.h"
#include "table.h"
#undef LS_TYPE_NAME
#undef T
#undef TI

#define LS_TYPE_NAME double
#define T double
#define TI int64_t
#include "functions_double.h"
#include "tile.h"
#include "product.h"
#include "reductions.h"
#include "fused.h"
#include "rows.h"
#include "attention.h"
#include "convolution.h"
#include "winograd.h"
#include "pooling.h"
#include "table.h"
#undef LS_TYPE_NAME
#undef T
#undef TI
