/* Functions of one number, reference. SPDX-License-Identifier: MIT */
#include <math.h>

#include "clamp.h"
#include "exponential.h"
#include "set.h"

/* exp(x) = (1 + *rest) * 2^n; returns n. */
static int reduce(float x, float *rest) {
    const float n = floorf(oc__clamp(x, OC__EXP_LOWEST, OC__EXP_HIGHEST) * OC__EXP_LOG2_E + 0.5f);
    const float r = oc__clamp(x, OC__EXP_LOWEST, OC__EXP_HIGHEST) - n * OC__EXP_LN2_FIRST - n * OC__EXP_LN2_SECOND;
    float sum = 0;

    for (int i = 0; i < OC__EXP_TERMS; i++) sum = (sum + oc__exp_terms[i]) * r;
    *rest = sum;
    return isnan(x) ? 0 : (int)n;
}

static float exponential(float x) {
    float rest;
    const int n = reduce(x, &rest);
    return ldexpf(rest + 1, n);
}

static float sigmoid(float x) {
    return 1 / (1 + exponential(-x));
}

/* (exp(2x) - 1) / (exp(2x) + 1), without the cancellation near 0. */
static float hyperbolic_tangent(float x) {
    float rest;
    const int n = reduce(oc__clamp(2 * x, -30, 30), &rest);
    const float less_one = ldexpf(rest, n) + (ldexpf(1, n) - 1);
    return less_one / (less_one + 2);
}

static float hard_gate(float x) {
    return oc__clamp(x * (1.0f / 6) + 0.5f, 0, 1);
}

static float value(const oc__function *f, float x) {
    switch (f->code) {
    case OC__FUNCTION_LEAKY_RELU: return x < 0 ? f->alpha * x : x;
    case OC__FUNCTION_HARD_SIGMOID: return oc__clamp(f->alpha * x + f->beta, 0, 1);
    case OC__FUNCTION_HARD_SWISH: return x * hard_gate(x);
    case OC__FUNCTION_SIGMOID: return sigmoid(x);
    case OC__FUNCTION_SILU: return x * sigmoid(x);
    case OC__FUNCTION_TANH: return hyperbolic_tangent(x);
    case OC__FUNCTION_EXP: return exponential(x);
    case OC__FUNCTION_SQRT: return sqrtf(oc__clamp(x, 0, INFINITY) + f->alpha);
    default: return x;
    }
}

static float slope(const oc__function *f, float x) {
    float y;

    switch (f->code) {
    case OC__FUNCTION_LEAKY_RELU: return x < 0 ? f->alpha : 1;
    case OC__FUNCTION_HARD_SIGMOID: y = f->alpha * x + f->beta; return 0 < y && y < 1 ? f->alpha : 0;
    case OC__FUNCTION_HARD_SWISH: y = hard_gate(x); return y + (0 < y && y < 1 ? x * (1.0f / 6) : 0);
    case OC__FUNCTION_SIGMOID: y = sigmoid(x); return y - y * y;
    case OC__FUNCTION_SILU: y = sigmoid(x); return y + x * (y - y * y);
    case OC__FUNCTION_TANH: y = hyperbolic_tangent(x); return 1 - y * y;
    case OC__FUNCTION_EXP: return exponential(x);
    case OC__FUNCTION_SQRT: return x > 0 ? 0.5f / sqrtf(x + f->alpha) : 0;
    default: return 1;
    }
}

void oc__activate_c(const oc__function *function, size_t n, const float *x, float low, float high, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = oc__clamp(value(function, x[i]), low, high);
}

void oc__activate_gradient_c(const oc__function *function, size_t n, const float *x, const float *dy, float *dx) {
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] * slope(function, x[i]);
}
