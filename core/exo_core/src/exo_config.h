/* What every part of the core relies on, checked when it is compiled. */
#ifndef EXO_CONFIG_H
#define EXO_CONFIG_H

#include <float.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXO_SIDES 2 /* left, right, in this order everywhere */
#define EXO_HASH_BYTES 32

/* The same bits everywhere need IEEE-754 single precision, evaluated as written and never contracted. */
typedef char exo_needs_binary32[(FLT_RADIX == 2 && FLT_MANT_DIG == 24 && FLT_MAX_EXP == 128) ? 1 : -1];
typedef char exo_needs_binary64[(DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024) ? 1 : -1];
typedef char exo_needs_8_bit_bytes[(CHAR_BIT == 8 && sizeof(float) == 4) ? 1 : -1];
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "exo_core needs float arithmetic in float (no x87, no extended precision)"
#endif
#ifdef __FAST_MATH__
#error "exo_core must not be compiled with -ffast-math"
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "exo_core reads its numbers little-endian, in place"
#endif

/* True for every number that is neither infinite nor NaN. */
static inline bool exo_finite(float value) { return value >= -FLT_MAX && value <= FLT_MAX; }

static inline float exo_abs(float value) { return value < 0.0f ? -value : value; }

/* `value` between `low` and `high`; NaN stays NaN, so that a later check can see it. */
static inline float exo_clip(float value, float low, float high) {
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

#endif
