/* Functions of one number against double precision. SPDX-License-Identifier: MIT */
#include "support.h"

enum { X, Y, DY, DX, BEFORE };

static double value(const oc__function *f, double x) {
    switch (f->code) {
    case OC__FUNCTION_LEAKY_RELU: return x < 0 ? f->alpha * x : x;
    case OC__FUNCTION_HARD_SIGMOID: return clamped(f->alpha * x + f->beta, 0, 1);
    case OC__FUNCTION_HARD_SWISH: return x * clamped(x / 6 + 0.5, 0, 1);
    case OC__FUNCTION_SIGMOID: return 1 / (1 + exp(-x));
    case OC__FUNCTION_SILU: return x / (1 + exp(-x));
    case OC__FUNCTION_TANH: return tanh(x);
    case OC__FUNCTION_EXP: return exp(x);
    case OC__FUNCTION_SQRT: return sqrt((x < 0 ? 0 : x) + f->alpha);
    default: return x;
    }
}

/* By formulas of their own where differences would be too coarse. */
static double slope(const oc__function *f, double x) {
    const double y = value(f, x);

    switch (f->code) {
    case OC__FUNCTION_LEAKY_RELU: return x < 0 ? f->alpha : 1;
    case OC__FUNCTION_HARD_SIGMOID: return 0 < y && y < 1 ? f->alpha : 0;
    case OC__FUNCTION_HARD_SWISH: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
    case OC__FUNCTION_SIGMOID: return exp(-x) / ((1 + exp(-x)) * (1 + exp(-x)));
    case OC__FUNCTION_SILU: return 1 / (1 + exp(-x)) + x * exp(-x) / ((1 + exp(-x)) * (1 + exp(-x)));
    case OC__FUNCTION_TANH: return 1 / (cosh(x) * cosh(x));
    case OC__FUNCTION_EXP: return y;
    case OC__FUNCTION_SQRT: return x > 0 ? 0.5 / y : 0;
    default: return 1;
    }
}

static oc__function function_of(uint32_t code) {
    const bool leaky = code == OC__FUNCTION_LEAKY_RELU, hard = code == OC__FUNCTION_HARD_SIGMOID;
    const bool root = code == OC__FUNCTION_SQRT;
    return (oc__function){code, leaky ? 0.1f : hard ? 0.2f : root ? 0.01f : 0, hard ? 0.4f : 0};
}

/* Units in the last place of a float as large as `value`. */
static double unit_at(double value) {
    const double size = fabs(value);
    int exponent;

    if (size < FLT_MIN) return ldexp(1, -149);
    frexp(size, &exponent);
    return ldexp(1, exponent - 24);
}

/* Every part of the range, densest where the functions bend. */
static float number(size_t i) {
    const float spread = i % 4 == 0 ? 1 : i % 4 == 1 ? 8 : i % 4 == 2 ? 40 : 110;
    return random_unit() * spread;
}

START_TEST(values_and_slopes) {
    const oc__kernels *kernels = table_at(_i);

    for (uint32_t code = 0; code < OC__N_FUNCTIONS; code++) {
        const oc__function f = function_of(code);
        const double units = code == OC__FUNCTION_EXP ? 2 : 4;
        for (size_t n = 0; n <= 130; n++) {
            for (side where = 0; where < N_SIDES; where++) {
                float *x = guarded(X, where, n), *y = guarded(Y, where, n), *dy = guarded(DY, where, n),
                      *dx = guarded(DX, where, n);
                float *before = guarded(BEFORE, where, n);
                for (size_t i = 0; i < n; i++) before[i] = x[i] = number(i);
                fill(dy, 1, n, 0);
                kernels->activate_gradient(&f, n, x, dy, dx);
                for (size_t i = 0; i < n; i++) {
                    const double expected = slope(&f, x[i]);
                    check_that((expected > FLT_MAX && isinf(dx[i])) ||
                                   fabs(dx[i] - dy[i] * expected) <= 1e-6 * fmax(1, fabs(expected)) * fabs(dy[i]) + 1e-30,
                               "%s: the slope of function %u at %g is %g, expected %g", kernels->name, code, (double)x[i],
                               (double)dx[i] / (double)dy[i], expected);
                }
                kernels->activate(&f, n, x, -INFINITY, INFINITY, y);
                for (size_t i = 0; i < n; i++) {
                    const double expected = value(&f, x[i]), most = expected > FLT_MAX ? 0 : units * unit_at(expected);
                    /* Where a sum cancels, the error is that of its terms. */
                    const double terms = code == OC__FUNCTION_HARD_SIGMOID || code == OC__FUNCTION_HARD_SWISH
                                             ? 2 * FLT_EPSILON * fmax(1, fabs((double)x[i]))
                                             : 0;
                    check_that((expected > FLT_MAX && isinf(y[i])) || fabs(y[i] - expected) <= most + terms + 1e-36,
                               "%s: function %u of %.9g is %.9g, expected %.9g", kernels->name, code, (double)x[i],
                               (double)y[i], expected);
                }
                kernels->activate(&f, n, x, -0.25f, 0.75f, x); /* in place, clamped */
                for (size_t i = 0; i < n; i++) {
                    const float expected = y[i] < -0.25f ? -0.25f : y[i] > 0.75f ? 0.75f : y[i];
                    check_same_bits(&x[i], &expected, 1, "%s: function %u of %.9g, clamped and in place", kernels->name, code,
                                    (double)before[i]);
                }
                check_guarded();
            }
        }
    }
}
END_TEST

/* A number gives the same bits wherever it stands in an array. */
START_TEST(same_bits_wherever) {
    const oc__kernels *kernels = table_at(_i);

    for (uint32_t code = 0; code < OC__N_FUNCTIONS; code++) {
        const oc__function f = function_of(code);
        float *x = guarded(X, SIDE_END, 100), *y = guarded(Y, SIDE_END, 100), *dx = guarded(DX, SIDE_END, 100), one, one_dx;
        for (size_t i = 0; i < 100; i++) x[i] = number(i);
        kernels->activate(&f, 100, x, -INFINITY, INFINITY, y);
        kernels->activate_gradient(&f, 100, x, y, dx);
        for (size_t i = 0; i < 100; i++) {
            kernels->activate(&f, 1, x + i, -INFINITY, INFINITY, &one);
            kernels->activate_gradient(&f, 1, x + i, y + i, &one_dx);
            check_same_bits(&one, y + i, 1, "%s: function %u alone", kernels->name, code);
            check_same_bits(&one_dx, dx + i, 1, "%s: slope %u alone", kernels->name, code);
        }
    }
}
END_TEST

START_TEST(special_values) {
    const oc__kernels *kernels = table_at(_i);
    static const float x[] = {NAN, 0, -0.0f, 1e-30f, -1e-30f, 88.7f, 88.8f, 1000, -1000, -87.5f, -103, 3e38f, -3e38f, INFINITY};

    for (uint32_t code = 0; code < OC__N_FUNCTIONS; code++) {
        const oc__function f = function_of(code);
        for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
            float y;
            kernels->activate(&f, 1, x + i, -INFINITY, INFINITY, &y);
            const double expected = value(&f, x[i]);
            if (isnan(x[i])) check_that(isnan(y), "%s: function %u of NaN is %g", kernels->name, code, (double)y);
            else if (expected > FLT_MAX) check_that(isinf(y), "%s: function %u of %g", kernels->name, code, (double)x[i]);
            else check_that(fabs(y - expected) <= 4 * unit_at(expected) + 1e-37, "%s: function %u of %g is %g, expected %g",
                            kernels->name, code, (double)x[i], (double)y, expected);
        }
    }
}
END_TEST

int main(void) {
    const kernel_test tests[] = {{values_and_slopes}, {same_bits_wherever}, {special_values}};
    return run_tests("function", tests, sizeof tests / sizeof *tests);
}
