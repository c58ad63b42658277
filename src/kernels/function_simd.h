/* Functions of one number over vectors, for every instruction set. SPDX-License-Identifier: MIT */
#include <math.h>

#include "exponential.h"

/* exp(x) = (1 + *rest) * 2^n; returns n. */
INLINE vec reduce(vec x, vec *rest) {
    const vec inside = vec_clamp(x, vec_set(OC__EXP_LOWEST), vec_set(OC__EXP_HIGHEST));
    const vec n = vec_round(vec_mul(inside, vec_set(OC__EXP_LOG2_E)));
    const vec r = vec_fma(n, vec_set(-OC__EXP_LN2_SECOND), vec_fma(n, vec_set(-OC__EXP_LN2_FIRST), inside));
    vec sum = vec_set(oc__exp_terms[0]);

    UNROLL for (size_t i = 1; i < OC__EXP_TERMS; i++) sum = vec_fma(sum, r, vec_set(oc__exp_terms[i]));
    *rest = vec_mul(sum, r);
    return n;
}

INLINE vec exponential(vec x) {
    vec rest;
    const vec n = reduce(x, &rest);
    return vec_scale(vec_add(rest, vec_set(1)), n);
}

INLINE vec sigmoid(vec x) {
    return vec_div(vec_set(1), vec_add(vec_set(1), exponential(vec_sub(vec_zero(), x))));
}

/* (exp(2x) - 1) / (exp(2x) + 1), without the cancellation near 0. */
INLINE vec hyperbolic_tangent(vec x) {
    vec rest;
    const vec n = reduce(vec_clamp(vec_add(x, x), vec_set(-30), vec_set(30)), &rest), one = vec_set(1);
    const vec less_one = vec_add(vec_scale(rest, n), vec_sub(vec_scale(one, n), one));
    return vec_div(less_one, vec_add(less_one, vec_set(2)));
}

INLINE vec hard_gate(vec x) {
    return vec_clamp(vec_fma(x, vec_set(1.0f / 6), vec_set(0.5f)), vec_zero(), vec_set(1));
}

/* Where x is below 0: from the first number below it down. */
#define FIRST_BELOW_0 (-1.40129846e-45f)

INLINE vec value_of(const oc__function *f, const uint32_t code, vec x) {
    const vec zero = vec_zero();

    switch (code) {
    case OC__FUNCTION_LEAKY_RELU:
        return vec_fma(vec_set(f->alpha), vec_clamp(x, vec_set(-INFINITY), zero), vec_clamp(x, zero, vec_set(INFINITY)));
    case OC__FUNCTION_HARD_SIGMOID: return vec_clamp(vec_fma(vec_set(f->alpha), x, vec_set(f->beta)), zero, vec_set(1));
    case OC__FUNCTION_HARD_SWISH: return vec_mul(x, hard_gate(x));
    case OC__FUNCTION_SIGMOID: return sigmoid(x);
    case OC__FUNCTION_SILU: return vec_mul(x, sigmoid(x));
    case OC__FUNCTION_TANH: return hyperbolic_tangent(x);
    case OC__FUNCTION_EXP: return exponential(x);
    case OC__FUNCTION_SQRT: return vec_sqrt(vec_add(vec_clamp(x, zero, vec_set(INFINITY)), vec_set(f->alpha)));
    default: return x;
    }
}

INLINE vec slope_of(const oc__function *f, const uint32_t code, vec x) {
    const vec zero = vec_zero(), one = vec_set(1), infinity = vec_set(INFINITY);
    vec y, product;

    switch (code) {
    case OC__FUNCTION_LEAKY_RELU:
        return vec_add(vec_where_inside(one, x, vec_set(FIRST_BELOW_0), infinity),
                       vec_where_inside(vec_set(f->alpha), x, vec_set(-INFINITY), zero));
    case OC__FUNCTION_HARD_SIGMOID:
        return vec_where_inside(vec_set(f->alpha), vec_fma(vec_set(f->alpha), x, vec_set(f->beta)), zero, one);
    case OC__FUNCTION_HARD_SWISH:
        y = hard_gate(x);
        return vec_add(y, vec_where_inside(vec_mul(x, vec_set(1.0f / 6)), y, zero, one));
    case OC__FUNCTION_SIGMOID:
        y = sigmoid(x);
        return vec_sub(y, vec_mul(y, y));
    case OC__FUNCTION_SILU:
        y = sigmoid(x);
        product = vec_sub(y, vec_mul(y, y));
        return vec_fma(x, product, y);
    case OC__FUNCTION_TANH:
        y = hyperbolic_tangent(x);
        return vec_sub(one, vec_mul(y, y));
    case OC__FUNCTION_EXP: return exponential(x);
    case OC__FUNCTION_SQRT:
        y = vec_div(vec_set(0.5f), vec_sqrt(vec_add(vec_clamp(x, zero, infinity), vec_set(f->alpha))));
        return vec_where_inside(y, x, zero, infinity);
    default: return one;
    }
}

/* One loop for each function. */
#define FOR_FUNCTIONS(code, LOOP)                                                                                              \
    switch (code) {                                                                                                            \
    case OC__FUNCTION_LEAKY_RELU: LOOP(OC__FUNCTION_LEAKY_RELU); break;                                                        \
    case OC__FUNCTION_HARD_SIGMOID: LOOP(OC__FUNCTION_HARD_SIGMOID); break;                                                    \
    case OC__FUNCTION_HARD_SWISH: LOOP(OC__FUNCTION_HARD_SWISH); break;                                                        \
    case OC__FUNCTION_SIGMOID: LOOP(OC__FUNCTION_SIGMOID); break;                                                              \
    case OC__FUNCTION_SILU: LOOP(OC__FUNCTION_SILU); break;                                                                    \
    case OC__FUNCTION_TANH: LOOP(OC__FUNCTION_TANH); break;                                                                    \
    case OC__FUNCTION_EXP: LOOP(OC__FUNCTION_EXP); break;                                                                      \
    case OC__FUNCTION_SQRT: LOOP(OC__FUNCTION_SQRT); break;                                                                    \
    default: LOOP(OC__FUNCTION_NONE);                                                                                          \
    }

INLINE void activate(const oc__function *f, const uint32_t code, size_t n, const float *x, float low, float high, float *y) {
    const vec lowest = vec_set(low), highest = vec_set(high);

#define ACTIVATE(LOAD, STORE) STORE(y + i, vec_clamp(value_of(f, code, LOAD(x + i)), lowest, highest))
    FOR_VECTORS(n, ACTIVATE);
}

void SET(activate)(const oc__function *function, size_t n, const float *x, float low, float high, float *y) {
#define ACTIVATE_BY(code) activate(function, code, n, x, low, high, y)
    FOR_FUNCTIONS(function->code, ACTIVATE_BY)
}

INLINE void activate_gradient(const oc__function *f, const uint32_t code, size_t n, const float *x, const float *dy,
                              float *dx) {
#define ACTIVATE_GRADIENT(LOAD, STORE) STORE(dx + i, vec_mul(LOAD(dy + i), slope_of(f, code, LOAD(x + i))))
    FOR_VECTORS(n, ACTIVATE_GRADIENT);
}

void SET(activate_gradient)(const oc__function *function, size_t n, const float *x, const float *dy, float *dx) {
#define ACTIVATE_GRADIENT_BY(code) activate_gradient(function, code, n, x, dy, dx)
    FOR_FUNCTIONS(function->code, ACTIVATE_GRADIENT_BY)
}
