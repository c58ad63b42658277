/* Depthwise convolution and its gradients against double precision. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "support.h"

enum { IN, WEIGHTS, BIAS, OUT, OUT_GRADIENT, IN_GRADIENT, WEIGHT_GRADIENT, OTHER };

typedef struct sums {
    double *sum, *magnitude;
    size_t n;
} sums;

static sums sums_new(size_t n) {
    sums made = {calloc(n, sizeof(double)), calloc(n, sizeof(double)), n};
    ck_assert(made.sum && made.magnitude);
    return made;
}

static void sums_free(sums *of) {
    free(of->sum);
    free(of->magnitude);
}

static void sums_add(sums *to, size_t at, double product) {
    to->sum[at] += product;
    to->magnitude[at] += fabs(product);
}

/* Calls for every triple of an output element, the input element and the weight that meet there. */
typedef void (*meet)(void *user, size_t out, size_t in, size_t weight);

static void for_all(const oc__depthwise *s, size_t y_begin, size_t y_end, meet call, void *user) {
    for (size_t y = y_begin; y < y_end; y++) {
        for (size_t x = 0; x < s->out_width; x++) {
            for (size_t i = 0; i < s->kernel_height; i++) {
                for (size_t j = 0; j < s->kernel_width; j++) {
                    const size_t row = y * s->stride + i - s->pad_top, column = x * s->stride + j - s->pad_left;
                    if (row >= s->height || column >= s->width) continue; /* also below 0, which wraps */
                    for (size_t c = 0; c < s->channels; c++) {
                        call(user, (y * s->out_width + x) * s->channels + c, (row * s->width + column) * s->channels + c,
                             (i * s->kernel_width + j) * s->channels + c);
                    }
                }
            }
        }
    }
}

typedef struct operands {
    const float *in, *weights, *out_gradient;
    sums to;
} operands;

static void meet_forward(void *user, size_t out, size_t in, size_t weight) {
    operands *o = user;
    sums_add(&o->to, out, (double)o->in[in] * o->weights[weight]);
}

static void meet_input_gradient(void *user, size_t out, size_t in, size_t weight) {
    operands *o = user;
    sums_add(&o->to, in, (double)o->out_gradient[out] * o->weights[weight]);
}

static void meet_weight_gradient(void *user, size_t out, size_t in, size_t weight) {
    operands *o = user;
    sums_add(&o->to, weight, (double)o->out_gradient[out] * o->in[in]);
}

static void describe(char *to, size_t size, const oc__kernels *kernels, const oc__depthwise *s) {
    snprintf(to, size, "%s, %zux%zux%zu, kernel %zux%zu, stride %zu, pad %zu %zu, out %zux%zu", kernels->name, s->height,
             s->width, s->channels, s->kernel_height, s->kernel_width, s->stride, s->pad_top, s->pad_left, s->out_height,
             s->out_width);
}

static void check_sums(const sums *expected, const float *got, size_t n_terms, float low, float high, const char *what,
                       const char *where) {
    for (size_t i = 0; i < expected->n; i++) {
        check_near(got[i], clamped(expected->sum[i], low, high), n_terms, expected->magnitude[i], "%s: %s[%zu] is %g, not %g",
                   where, what, i, (double)got[i], expected->sum[i]);
    }
}

static void check_forward(const oc__kernels *kernels, const oc__depthwise *s, side where, bool with_bias, float low,
                          float high) {
    const size_t n_in = s->height * s->width * s->channels, n_out = s->out_height * s->out_width * s->channels;
    const size_t n_taps = s->kernel_height * s->kernel_width, row = s->out_width * s->channels;
    float *in = guarded(IN, where, n_in), *weights = guarded(WEIGHTS, where, n_taps * s->channels);
    float *bias = with_bias ? guarded(BIAS, where, s->channels) : NULL;
    float *out = guarded(OUT, where, n_out), *other = guarded(OTHER, where, n_out);
    operands o = {in, weights, NULL, sums_new(n_out)};
    char text[160];

    describe(text, sizeof text, kernels, s);
    fill(in, 1, n_in, 0);
    fill(weights, 1, n_taps * s->channels, 0);
    if (bias) fill(bias, 1, s->channels, 0);
    for_all(s, 0, s->out_height, meet_forward, &o);
    for (size_t i = 0; i < n_out && bias; i++) {
        o.to.sum[i] += bias[i % s->channels];
        o.to.magnitude[i] += fabsf(bias[i % s->channels]);
    }
    kernels->depthwise(s, 0, s->out_height, in, weights, bias, low, high, out);
    check_sums(&o.to, out, n_taps + 1, low, high, "out", text);

    const size_t cut = random_size(0, s->out_height), end = random_size(cut, s->out_height);
    kernels->depthwise(s, cut, end, in, weights, bias, low, high, other);
    check_same_bits(other + cut * row, out + cut * row, (end - cut) * row, "%s: rows %zu to %zu differ alone", text, cut, end);
    for (size_t i = 0; i < n_out; i++) {
        if (i < cut * row || i >= end * row) check_that(is_poison(other[i]), "%s: written outside the rows", text);
    }
    check_guarded();
    sums_free(&o.to);
}

static void check_input_gradient(const oc__kernels *kernels, const oc__depthwise *s, side where) {
    const size_t n_in = s->height * s->width * s->channels, n_out = s->out_height * s->out_width * s->channels;
    const size_t n_taps = s->kernel_height * s->kernel_width, row = s->width * s->channels;
    float *out_gradient = guarded(OUT_GRADIENT, where, n_out), *weights = guarded(WEIGHTS, where, n_taps * s->channels);
    float *in_gradient = guarded(IN_GRADIENT, where, n_in), *other = guarded(OTHER, where, n_in);
    operands o = {NULL, weights, out_gradient, sums_new(n_in)};
    char text[160];

    describe(text, sizeof text, kernels, s);
    fill(out_gradient, 1, n_out, 0);
    fill(weights, 1, n_taps * s->channels, 0);
    for_all(s, 0, s->out_height, meet_input_gradient, &o);
    kernels->depthwise_input_gradient(s, 0, s->height, out_gradient, weights, in_gradient);
    check_sums(&o.to, in_gradient, n_taps, -INFINITY, INFINITY, "input gradient", text);

    const size_t cut = random_size(0, s->height), end = random_size(cut, s->height);
    kernels->depthwise_input_gradient(s, cut, end, out_gradient, weights, other);
    check_same_bits(other + cut * row, in_gradient + cut * row, (end - cut) * row, "%s: rows %zu to %zu differ alone", text,
                    cut, end);
    for (size_t i = 0; i < n_in; i++) {
        if (i < cut * row || i >= end * row) check_that(is_poison(other[i]), "%s: written outside the rows", text);
    }
    check_guarded();
    sums_free(&o.to);
}

static void check_weight_gradient(const oc__kernels *kernels, const oc__depthwise *s, side where) {
    const size_t n_in = s->height * s->width * s->channels, n_out = s->out_height * s->out_width * s->channels;
    const size_t n_weights = s->kernel_height * s->kernel_width * s->channels;
    const size_t cut = random_size(0, s->out_height), end = random_size(cut, s->out_height);
    float *in = guarded(IN, where, n_in), *out_gradient = guarded(OUT_GRADIENT, where, n_out);
    float *gradient = guarded(WEIGHT_GRADIENT, where, n_weights), *other = guarded(OTHER, where, n_weights);
    operands o = {in, NULL, out_gradient, sums_new(n_weights)};
    char text[160];

    describe(text, sizeof text, kernels, s);
    fill(in, 1, n_in, 0);
    fill(out_gradient, 1, n_out, 0);
    fill(gradient, 1, n_weights, 0);
    memcpy(other, gradient, n_weights * sizeof *other);
    for (size_t i = 0; i < n_weights; i++) sums_add(&o.to, i, gradient[i]);
    for_all(s, cut, end, meet_weight_gradient, &o);
    kernels->depthwise_weight_gradient(s, cut, end, in, out_gradient, gradient);
    check_sums(&o.to, gradient, (end - cut) * s->out_width + 1, -INFINITY, INFINITY, "weight gradient", text);
    kernels->depthwise_weight_gradient(s, cut, end, in, out_gradient, other);
    check_same_bits(other, gradient, n_weights, "%s: two calls differ", text);
    check_guarded();
    sums_free(&o.to);
}

static size_t out_size(size_t in, size_t kernel, size_t stride, size_t pad) {
    return in + 2 * pad < kernel ? 1 : (in + 2 * pad - kernel) / stride + 1;
}

/* Odd in every way: unequal kernels, pads up to the kernel's size, a row or column of outputs more than fit. */
static oc__depthwise random_shape(size_t kernel_height, size_t kernel_width, size_t stride) {
    oc__depthwise s = {
        .height = random_size(1, 12),
        .width = random_size(1, 24),
        .channels = random_size(0, 3) ? random_size(1, 37) : random_size(1, 6) * 16,
        .kernel_height = kernel_height,
        .kernel_width = kernel_width,
        .stride = stride,
        .pad_top = random_size(0, kernel_height),
        .pad_left = random_size(0, kernel_width),
    };
    s.out_height = out_size(s.height, kernel_height, stride, s.pad_top) + (random_size(0, 7) == 0);
    s.out_width = out_size(s.width, kernel_width, stride, s.pad_left) + (random_size(0, 7) == 0);
    return s;
}

/* Every kernel from 1 to 7, square and not, at every stride. */
static void for_shapes(const oc__kernels *kernels, void (*check)(const oc__kernels *, const oc__depthwise *, side)) {
    for (size_t kernel = 1; kernel <= 7; kernel++) {
        for (size_t stride = 1; stride <= 4; stride++) {
            const size_t rounds = (kernel == 3 || kernel == 5) && stride <= 2 ? 24 : 4;
            for (size_t round = 0; round < rounds; round++) {
                const size_t kernel_height = round % 4 == 0 ? random_size(1, 7) : kernel;
                const oc__depthwise shape = random_shape(kernel_height, kernel, stride);
                check(kernels, &shape, round % N_SIDES);
            }
        }
    }
    const oc__depthwise widest = {.height = 9, .width = 11, .channels = 19, .out_height = 9, .out_width = 11,
                                  .kernel_height = 15, .kernel_width = 15, .stride = 1, .pad_top = 7, .pad_left = 7};
    check(kernels, &widest, SIDE_END);
}

static void check_forward_variants(const oc__kernels *kernels, const oc__depthwise *shape, side where) {
    check_forward(kernels, shape, where, true, -INFINITY, INFINITY);
    check_forward(kernels, shape, where, false, -0.5f, 0.75f);
}

START_TEST(forward) {
    for_shapes(table_at(_i), check_forward_variants);
}
END_TEST

START_TEST(input_gradient) {
    for_shapes(table_at(_i), check_input_gradient);
}
END_TEST

START_TEST(weight_gradient) {
    for_shapes(table_at(_i), check_weight_gradient);
}
END_TEST

/* Every width around the runs, every number of channels around the vectors. */
START_TEST(widths_and_channels) {
    for (size_t width = 1; width <= 19; width++) {
        for (size_t channels = 1; channels <= 33; channels++) {
            const size_t kernel = width % 2 ? 3 : 5, stride = 1 + channels % 2, pad = kernel / 2;
            const oc__depthwise shape = {.height = 3, .width = width, .channels = channels, .kernel_height = 3,
                                         .kernel_width = kernel, .stride = stride, .pad_top = 1, .pad_left = pad,
                                         .out_height = out_size(3, 3, stride, 1),
                                         .out_width = out_size(width, kernel, stride, pad)};
            check_forward(table_at(_i), &shape, channels % N_SIDES, true, 0, 6);
            check_input_gradient(table_at(_i), &shape, channels % N_SIDES);
            check_weight_gradient(table_at(_i), &shape, channels % N_SIDES);
        }
    }
}
END_TEST

START_TEST(clamp_passes_nan) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t channels = 1; channels <= 35; channels++) {
        const oc__depthwise shape = {.height = 5, .width = 9, .channels = channels, .kernel_height = 3, .kernel_width = 3,
                                     .stride = 1, .pad_top = 1, .pad_left = 1, .out_height = 5, .out_width = 9};
        const size_t n = 5 * 9 * channels, marked = random_size(0, channels - 1);
        float *in = guarded(IN, SIDE_END, n), *out = guarded(OUT, SIDE_END, n);
        float *weights = guarded(WEIGHTS, SIDE_END, 9 * channels);
        fill(in, 1, n, 0);
        fill(weights, 1, 9 * channels, 0);
        in[(2 * 9 + 4) * channels + marked] = NAN;
        kernels->depthwise(&shape, 0, 5, in, weights, NULL, 0, 6, out);
        for (size_t i = 0; i < n; i++) {
            const size_t y = i / channels / 9, x = i / channels % 9;
            const bool met = i % channels == marked && y >= 1 && y <= 3 && x >= 3 && x <= 5;
            check_that(met ? isnan(out[i]) : out[i] >= 0 && out[i] <= 6, "%s, %zu channels: out[%zu] is %g", kernels->name,
                          channels, i, (double)out[i]);
        }
    }
}
END_TEST

int main(void) {
    const kernel_test tests[] = {{forward}, {input_gradient}, {weight_gradient}, {widths_and_channels}, {clamp_passes_nan}};
    return run_tests("depthwise", tests, sizeof tests / sizeof *tests);
}
