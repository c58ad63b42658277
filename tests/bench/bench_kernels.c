/* The kernels' speed at the shapes of MobileNetV2-1.0, ResNet-18 and ResNet-50 at 224 px, beside the speed of multiply-add
 * alone in the same minute. SPDX-License-Identifier: MIT
 *
 * Usage: bench_kernels [instruction set [int8]], the CPU's best where none is named; int8: the 8-bit kernels alone. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "kernels.h"

#define SECONDS_PER_ROUND 0.01
#define N_ROUNDS 9

typedef struct product_shape {
    const char *name;
    size_t side, in, out, kernel, stride; /* of the output */
} product_shape;

static const product_shape products[] = {
    {"MobileNetV2 1x1", 112, 32, 16, 1, 1},   {"MobileNetV2 1x1", 112, 16, 96, 1, 1}, {"MobileNetV2 1x1", 56, 96, 24, 1, 1},
    {"MobileNetV2 1x1", 56, 24, 144, 1, 1},   {"MobileNetV2 1x1", 28, 144, 32, 1, 1}, {"MobileNetV2 1x1", 28, 32, 192, 1, 1},
    {"MobileNetV2 1x1", 14, 64, 384, 1, 1},   {"MobileNetV2 1x1", 14, 384, 64, 1, 1}, {"MobileNetV2 1x1", 14, 576, 96, 1, 1},
    {"MobileNetV2 1x1", 7, 160, 960, 1, 1},   {"MobileNetV2 1x1", 7, 960, 160, 1, 1}, {"MobileNetV2 1x1", 7, 320, 1280, 1, 1},
    {"MobileNetV2 first 3x3 /2", 112, 3, 32, 3, 2}, {"ResNet first 7x7 /2", 112, 3, 64, 7, 2},
    {"ResNet-18 3x3", 56, 64, 64, 3, 1},      {"ResNet-18 3x3 /2", 28, 64, 128, 3, 2}, {"ResNet-18 3x3", 28, 128, 128, 3, 1},
    {"ResNet-18 3x3", 14, 256, 256, 3, 1},    {"ResNet-18 3x3", 7, 512, 512, 3, 1},    {"ResNet-50 1x1", 56, 64, 256, 1, 1},
    {"ResNet-50 1x1", 56, 256, 64, 1, 1},     {"ResNet-50 1x1", 28, 512, 128, 1, 1},   {"ResNet-50 1x1", 28, 128, 512, 1, 1},
    {"ResNet-50 1x1", 14, 1024, 256, 1, 1},   {"ResNet-50 1x1", 14, 256, 1024, 1, 1},  {"ResNet-50 1x1", 7, 2048, 512, 1, 1},
    {"ResNet-50 1x1", 7, 512, 2048, 1, 1},
};

typedef struct depthwise_shape {
    size_t side, channels, kernel, stride; /* of the input */
} depthwise_shape;

static const depthwise_shape depthwises[] = {
    {112, 32, 3, 1}, {112, 96, 3, 2}, {56, 144, 3, 1}, {56, 144, 3, 2}, {28, 192, 3, 1}, {28, 192, 3, 2},
    {14, 384, 3, 1}, {14, 576, 3, 1}, {14, 576, 3, 2}, {7, 960, 3, 1},  {28, 120, 5, 1}, {14, 672, 5, 2},
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may be using the cores */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *numbers(size_t n) {
    float *made = aligned_alloc(64, (n * sizeof *made + 127) / 64 * 64);
    if (!made) {
        fprintf(stderr, "bench_kernels: out of memory\n");
        exit(1);
    }
    for (size_t i = 0; i < n; i++) made[i] = (float)(i * 2654435761u % 1000) * 0.002f - 1;
    return made;
}

/* 12 independent chains of multiply-add, enough for any latency. Built with contraction allowed, so that it is one
 * instruction where the CPU has one. */
#define N_CHAINS 12
#define PROBE(name, width, target)                                                                                             \
    target static double name(size_t n) {                                                                                      \
        typedef float lanes __attribute__((vector_size((width) * sizeof(float))));                                             \
        volatile float half = 0.5f;                                                                                            \
        lanes sum[N_CHAINS], factor = (lanes){0} + half;                                                                       \
        for (size_t s = 0; s < N_CHAINS; s++) sum[s] = factor * (float)s;                                                      \
        for (size_t i = 0; i < n; i++) {                                                                                       \
            for (size_t s = 0; s < N_CHAINS; s++) sum[s] = sum[s] * factor + factor;                                           \
        }                                                                                                                      \
        for (size_t s = 1; s < N_CHAINS; s++) sum[0] += sum[s];                                                                \
        half = sum[0][0];                                                                                                      \
        return 2.0 * N_CHAINS * (width) * (double)n;                                                                           \
    }

PROBE(probe_128, 4, )
#ifdef __x86_64__
PROBE(probe_256, 8, __attribute__((target("avx2,fma"))))
PROBE(probe_512, 16, __attribute__((target("avx512f"))))
#endif

/* How fast some work ran. */
typedef struct speed {
    double seconds; /* of one call, in the best round */
    double share;   /* of the speed of multiply-add alone: the median of rounds, each compared with a probe next to it */
} speed;

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* GFLOP/s of multiply-add with the registers of a table, right now. */
static double probe(const oc__kernels *kernels) {
    double (*run)(size_t n) = probe_128;
#ifdef __x86_64__
    if (strcmp(kernels->name, "avx2") == 0) run = probe_256;
    if (strncmp(kernels->name, "avx512", 6) == 0) run = probe_512;
#else
    (void)kernels;
#endif
    const double start = now();
    const double flops = run(100000);
    return flops / (now() - start) * 1e-9;
}

#ifdef __x86_64__
__attribute__((target("avx512f,avx512vnni"))) static double probe_vnni(size_t n) {
    volatile int one = 1;
    __m512i sum[N_CHAINS], a = _mm512_set1_epi32(one);
    for (int s = 0; s < N_CHAINS; s++) sum[s] = _mm512_set1_epi32(s);
    for (size_t i = 0; i < n; i++) {
        for (int s = 0; s < N_CHAINS; s++) sum[s] = _mm512_dpbusd_epi32(sum[s], a, a);
    }
    for (int s = 1; s < N_CHAINS; s++) sum[0] = _mm512_add_epi32(sum[0], sum[s]);
    one = _mm512_reduce_add_epi32(sum[0]);
    return 2.0 * N_CHAINS * 64 * (double)n;
}
#endif

/* GOP/s of the instruction that 8-bit products are made of, or of float's where there is none. */
static double probe_int8(const oc__kernels *kernels) {
#ifdef __x86_64__
    if (strcmp(kernels->name, "avx512vnni") == 0 || strcmp(kernels->name, "avx512bf16") == 0) {
        const double start = now();
        const double ops = probe_vnni(100000);
        return ops / (now() - start) * 1e-9;
    }
#endif
    return probe(kernels);
}

/* Calls work(user), of so many floating point operations, often enough to measure. */
static speed measure(const oc__kernels *kernels, double (*peak_of)(const oc__kernels *), double flops, void (*work)(void *),
                     void *user) {
    double shares[N_ROUNDS];
    speed best = {.seconds = INFINITY};
    size_t n = 1;

    for (int round = 0; round < N_ROUNDS;) {
        const double peak = peak_of(kernels), start = now();
        for (size_t i = 0; i < n; i++) work(user);
        const double seconds = now() - start;
        if (seconds < SECONDS_PER_ROUND / 2) {
            n *= 2;
            continue;
        }
        if (seconds / (double)n < best.seconds) best.seconds = seconds / (double)n;
        shares[round++] = flops * (double)n / seconds * 1e-9 / peak;
    }
    qsort(shares, N_ROUNDS, sizeof *shares, compare_doubles);
    best.share = shares[N_ROUNDS / 2];
    return best;
}

static void bench_flops(const oc__kernels *kernels, const char *name, size_t side, size_t in, size_t out, double flops,
                        void (*work)(void *), void *user) {
    const speed got = measure(kernels, probe, flops, work, user);
    printf("%-28s %4zu^2 %5zu %5zu %9.1f us %8.1f GFLOP/s %5.1f %%\n", name, side, in, out, got.seconds * 1e6,
           flops / got.seconds * 1e-9, got.share * 100);
}

/* A layer's work: every tile of rows against every panel of columns. */
typedef struct product_run {
    const oc__kernels *kernels;
    size_t n_pixels, n_taps, depth, n_out;
    const float **a; /* for each tile of rows: n_taps x gemm_rows pointers */
    const float *packed, *bias;
    float *c;
} product_run;

static void run_tile(const product_run *run, size_t row, size_t column) {
    const size_t rows = run->kernels->gemm_rows, columns = run->kernels->gemm_columns;
    const size_t rows_left = run->n_pixels - row, columns_left = run->n_out - column;

    run->kernels->gemm(&(oc__gemm_tile){
        .rows = rows_left < rows ? rows_left : rows,
        .columns = columns_left < columns ? columns_left : columns,
        .n_taps = run->n_taps,
        .depth = run->depth,
        .a = run->a + row * run->n_taps,
        .b = run->packed + column * run->n_taps * run->depth,
        .bias = run->bias + column,
        .low = 0,
        .high = 6,
        .c = run->c + row * run->n_out + column,
        .c_stride = run->n_out,
    });
}

static void run_product(void *user) {
    const product_run *run = user;
    const size_t rows = run->kernels->gemm_rows, columns = run->kernels->gemm_columns;

    /* The smaller operand stays in the cache while the other passes by. */
    if (run->n_pixels > run->n_out * run->n_taps) {
        for (size_t row = 0; row < run->n_pixels; row += rows) {
            for (size_t column = 0; column < run->n_out; column += columns) run_tile(run, row, column);
        }
    } else {
        for (size_t column = 0; column < run->n_out; column += columns) {
            for (size_t row = 0; row < run->n_pixels; row += rows) run_tile(run, row, column);
        }
    }
}

static void bench_product(const oc__kernels *kernels, const product_shape *shape) {
    const size_t n_pixels = shape->side * shape->side, n_taps = shape->kernel * shape->kernel, rows = kernels->gemm_rows;
    const size_t in_side = shape->side * shape->stride, pad = shape->kernel / 2, n_tiles = (n_pixels + rows - 1) / rows;
    float *in = numbers(in_side * in_side * shape->in), *zeros = numbers(shape->in);
    float *weights = numbers(n_taps * shape->in * shape->out), *bias = numbers(shape->out + OC__GEMM_MAX_COLUMNS);
    float *c = numbers(n_pixels * shape->out), *packed;
    const float **a = malloc(n_tiles * rows * n_taps * sizeof *a);
    size_t packed_size;

    if (!a || !oc__gemm_packed_size(&packed_size, kernels, n_taps, shape->in, shape->out)) exit(1);
    packed = numbers(packed_size);
    oc__gemm_pack(packed, kernels, n_taps, shape->in, shape->out, weights, shape->in * shape->out, shape->out, 1);
    memset(zeros, 0, shape->in * sizeof *zeros);
    for (size_t pixel = 0; pixel < n_tiles * rows; pixel++) {
        const size_t p = pixel < n_pixels ? pixel : n_pixels - 1;
        for (size_t t = 0; t < n_taps; t++) {
            const size_t y = p / shape->side * shape->stride + t / shape->kernel - pad;
            const size_t x = p % shape->side * shape->stride + t % shape->kernel - pad;
            const float *from = y < in_side && x < in_side ? in + (y * in_side + x) * shape->in : zeros;
            a[pixel / rows * rows * n_taps + t * rows + pixel % rows] = from;
        }
    }
    product_run run = {kernels, n_pixels, n_taps, shape->in, shape->out, a, packed, bias, c};
    bench_flops(kernels, shape->name, shape->side, shape->in, shape->out,
                2.0 * (double)(n_pixels * n_taps * shape->in * shape->out), run_product, &run);
    free(in), free(zeros), free(weights), free(bias), free(c), free(packed), free(a);
}

/* The gradient of 1x1 weights: c[in][out] += a[pixel][in] b[pixel][out]. */
typedef struct tn_run {
    const oc__kernels *kernels;
    size_t n_pixels, in, out;
    const float *a, *b;
    float *c;
} tn_run;

static void run_tn(void *user) {
    const tn_run *run = user;
    const size_t rows = run->kernels->gemm_tn_rows, columns = run->kernels->gemm_tn_columns, step = 256;

    for (size_t m = 0; m < run->n_pixels; m += step) {
        const size_t depth = run->n_pixels - m < step ? run->n_pixels - m : step;
        for (size_t row = 0; row < run->in; row += rows) {
            for (size_t column = 0; column < run->out; column += columns) {
                run->kernels->gemm_tn(&(oc__gemm_tn_tile){
                    .rows = run->in - row < rows ? run->in - row : rows,
                    .columns = run->out - column < columns ? run->out - column : columns,
                    .depth = depth,
                    .a = run->a + m * run->in + row,
                    .a_stride = run->in,
                    .b = run->b + m * run->out + column,
                    .b_stride = run->out,
                    .c = run->c + row * run->out + column,
                    .c_stride = run->out,
                });
            }
        }
    }
}

static void bench_tn(const oc__kernels *kernels, const product_shape *shape) {
    const size_t n_pixels = shape->side * shape->side;
    float *a = numbers(n_pixels * shape->in), *b = numbers(n_pixels * shape->out), *c = numbers(shape->in * shape->out);
    tn_run run = {kernels, n_pixels, shape->in, shape->out, a, b, c};

    bench_flops(kernels, "weight gradient 1x1", shape->side, shape->in, shape->out,
                2.0 * (double)(n_pixels * shape->in * shape->out), run_tn, &run);
    free(a), free(b), free(c);
}

typedef struct depthwise_run {
    const oc__kernels *kernels;
    oc__depthwise shape;
    float *in, *weights, *bias, *out;
} depthwise_run;

static void run_depthwise(void *user) {
    const depthwise_run *run = user;
    run->kernels->depthwise(&run->shape, 0, run->shape.out_height, run->in, run->weights, run->bias, 0, 6, run->out);
}

static void run_depthwise_input_gradient(void *user) {
    const depthwise_run *run = user;
    run->kernels->depthwise_input_gradient(&run->shape, 0, run->shape.height, run->out, run->weights, run->in);
}

static void run_depthwise_weight_gradient(void *user) {
    const depthwise_run *run = user;
    memset(run->weights, 0, run->shape.kernel_height * run->shape.kernel_width * run->shape.channels * sizeof(float));
    run->kernels->depthwise_weight_gradient(&run->shape, 0, run->shape.out_height, run->in, run->out, run->weights);
}

static void bench_depthwise(const oc__kernels *kernels, const depthwise_shape *shape) {
    const size_t out_side = (shape->side + shape->stride - 1) / shape->stride, pad = shape->kernel / 2;
    const double flops = 2.0 * (double)(out_side * out_side * shape->kernel * shape->kernel * shape->channels);
    depthwise_run run = {
        kernels,
        {shape->side, shape->side, shape->channels, out_side, out_side, shape->kernel, shape->kernel, shape->stride, pad, pad},
        numbers(shape->side * shape->side * shape->channels),
        numbers(shape->kernel * shape->kernel * shape->channels),
        numbers(shape->channels),
        numbers(out_side * out_side * shape->channels),
    };
    const struct {
        const char *name;
        void (*work)(void *);
    } passes[] = {{"", run_depthwise}, {" input gradient", run_depthwise_input_gradient},
                  {" weight gradient", run_depthwise_weight_gradient}};

    for (size_t i = 0; i < 3; i++) {
        char name[40];
        snprintf(name, sizeof name, "dw %zux%zu /%zu%s", shape->kernel, shape->kernel, shape->stride, passes[i].name);
        bench_flops(kernels, name, shape->side, shape->channels, shape->channels, flops, passes[i].work, &run);
    }
    free(run.in), free(run.weights), free(run.bias), free(run.out);
}

/* Passes over 392 pixels (so that they stay in the cache) and over 12544 (past it). */
typedef struct channel_run {
    const oc__kernels *kernels;
    size_t n, channels;
    float *x, *y, *a, *b, *sum, *sum2;
} channel_run;

static void run_scale_shift(void *user) {
    const channel_run *r = user;
    r->kernels->scale_shift(r->n, r->channels, r->x, r->a, r->b, NULL, 0, 6, r->y);
}

static void run_channel_sums(void *user) {
    const channel_run *r = user;
    r->kernels->channel_sums(r->n, r->channels, r->x, r->a, r->sum, r->sum2);
}

static void run_channel_gradient_sums(void *user) {
    const channel_run *r = user;
    r->kernels->channel_gradient_sums(r->n, r->channels, r->x, r->y, NULL, r->a, r->sum, r->sum2);
}

static void run_channel_gradient(void *user) {
    const channel_run *r = user;
    r->kernels->channel_gradient(r->n, r->channels, r->x, r->y, NULL, r->a, r->b, r->b, r->y);
}

static void bench_channels(const oc__kernels *kernels, size_t n, size_t channels) {
    channel_run run = {kernels, n, channels, numbers(n * channels), numbers(n * channels), numbers(channels), numbers(channels),
                       numbers(channels), numbers(channels)};
    const struct {
        const char *name;
        void (*work)(void *);
        double n_passes;
    } passes[] = {{"scale_shift", run_scale_shift, 2},
                  {"channel_sums", run_channel_sums, 1},
                  {"channel_gradient_sums", run_channel_gradient_sums, 2},
                  {"channel_gradient", run_channel_gradient, 3}};

    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        const double seconds = measure(kernels, probe, 0, passes[i].work, &run).seconds;
        const double bytes = passes[i].n_passes * (double)(n * channels * sizeof(float));
        printf("%-28s %6zu x %4zu   %9.1f us %8.1f GB/s\n", passes[i].name, n, channels, seconds * 1e6, bytes / seconds * 1e-9);
    }
    free(run.x), free(run.y), free(run.a), free(run.b), free(run.sum), free(run.sum2);
}

static uint8_t *bytes(size_t n) {
    uint8_t *made = (uint8_t *)numbers(n / sizeof(float) + 1);
    for (size_t i = 0; i < n; i++) made[i] = (uint8_t)(i * 2654435761u >> 24);
    return made;
}

static void bench_ops(const oc__kernels *kernels, const char *name, size_t side, size_t in, size_t out, double ops,
                      void (*work)(void *), void *user) {
    const speed got = measure(kernels, probe_int8, ops, work, user);
    printf("int8 %-23s %4zu^2 %5zu %5zu %9.1f us %8.1f GOP/s   %5.1f %%\n", name, side, in, out, got.seconds * 1e6,
           ops / got.seconds * 1e-9, got.share * 100);
}

/* Pixels lie one after the other, whatever the taps: the work is the same. */
typedef struct int8_run {
    const oc__int8_kernels *k8;
    size_t n_pixels, n_out;
    oc__int8_tile tile;
    const uint8_t *in;
    size_t in_stride;
    const int8_t *packed;
    size_t panel;
    uint8_t *c;
} int8_run;

static void run_int8_product(void *user) {
    const int8_run *run = user;
    const size_t rows = run->k8->rows, columns = run->k8->columns;
    const uint8_t *a[64 * OC__INT8_MAX_ROWS];

    for (size_t row = 0; row < run->n_pixels; row += rows) {
        const size_t rows_left = run->n_pixels - row;
        for (size_t t = 0; t < run->tile.n_taps; t++) {
            for (size_t r = 0; r < rows; r++) {
                const size_t pixel = row + (r < rows_left ? r : 0) + t;
                a[t * rows + r] = run->in + (pixel < run->n_pixels ? pixel : 0) * run->in_stride;
            }
        }
        for (size_t column = 0; column < run->n_out; column += columns) {
            const size_t columns_left = run->n_out - column;
            oc__int8_tile tile = run->tile;
            tile.rows = rows_left < rows ? rows_left : rows;
            tile.columns = columns_left < columns ? columns_left : columns;
            tile.a = a;
            tile.b = run->packed + column / columns * run->panel;
            tile.bias += column;
            tile.multiplier += column;
            tile.c = run->c + row * run->n_out + column;
            run->k8->gemm(&tile);
        }
    }
}

static void bench_int8_product(const oc__kernels *kernels, const product_shape *shape) {
    const oc__int8_kernels *k8 = &kernels->int8;
    const size_t n_pixels = shape->side * shape->side, n_taps = shape->kernel * shape->kernel,
                 depth = shape->in == 3 ? 4 : shape->in;
    size_t packed_size;
    if (!oc__int8_packed_size(&packed_size, k8, n_taps, depth, shape->out)) exit(1);
    uint8_t *in = bytes(n_pixels * depth + 4), *packed = bytes(packed_size), *c = bytes(n_pixels * shape->out);
    float *multiplier = numbers(shape->out + OC__INT8_MAX_COLUMNS);
    int32_t *bias = (int32_t *)(void *)bytes((shape->out + OC__INT8_MAX_COLUMNS) * sizeof(int32_t));
    for (size_t i = 0; i < shape->out + OC__INT8_MAX_COLUMNS; i++) bias[i] = 0, multiplier[i] = 1e-4f;
    int8_run run = {.k8 = k8, .n_pixels = n_pixels, .n_out = shape->out, .in = in, .in_stride = depth,
                    .packed = (const int8_t *)packed, .panel = n_taps * ((depth + 3) / 4 * 4) * k8->columns, .c = c,
                    .tile = {.n_taps = n_taps, .depth = depth, .bias = bias, .multiplier = multiplier, .zero = 3, .high = 255,
                             .c_stride = shape->out}};
    bench_ops(kernels, shape->name, shape->side, shape->in, shape->out,
              2.0 * (double)(n_pixels * n_taps * shape->in * shape->out), run_int8_product, &run);
    free(in), free(packed), free(c), free(multiplier), free(bias);
}

typedef struct int8_depthwise_run {
    const oc__int8_kernels *k8;
    oc__depthwise shape;
    oc__int8_channels channels;
    uint8_t *in, *out;
} int8_depthwise_run;

static void run_int8_depthwise(void *user) {
    const int8_depthwise_run *run = user;
    run->k8->depthwise(&run->shape, 0, run->shape.out_height, run->in, &run->channels, run->out);
}

static void bench_int8_depthwise(const oc__kernels *kernels, const depthwise_shape *shape) {
    const size_t out_side = (shape->side + shape->stride - 1) / shape->stride, pad = shape->kernel / 2,
                 padded = shape->channels + 64;
    int8_depthwise_run run = {.k8 = &kernels->int8,
                              .shape = {shape->side, shape->side, shape->channels, out_side, out_side, shape->kernel,
                                        shape->kernel, shape->stride, pad, pad},
                              .in = bytes(shape->side * shape->side * shape->channels),
                              .out = bytes(out_side * out_side * shape->channels)};
    uint8_t *weights = bytes(oc__int8_depthwise_packed_size(run.k8, &run.shape));
    float *multiplier = numbers(padded);
    int32_t *bias = (int32_t *)(void *)bytes(padded * sizeof(int32_t));
    char name[24];
    for (size_t i = 0; i < padded; i++) bias[i] = 0, multiplier[i] = 1e-3f;
    run.channels = (oc__int8_channels){(const int8_t *)weights, bias, multiplier, 3, 3, 0, 255};
    snprintf(name, sizeof name, "dw %zux%zu /%zu", shape->kernel, shape->kernel, shape->stride);
    bench_ops(kernels, name, shape->side, shape->channels, shape->channels,
              2.0 * (double)(out_side * out_side * shape->kernel * shape->kernel * shape->channels), run_int8_depthwise, &run);
    free(run.in), free(run.out), free(weights), free(multiplier), free(bias);
}

static void bench_int8(const oc__kernels *kernels) {
    double best = 0;

    for (int i = 0; i < N_ROUNDS; i++) best = fmax(best, probe_int8(kernels));
    printf("%s, int8: tiles %zu x %zu; per cent are of %.1f GOP/s\n", kernels->name, kernels->int8.rows, kernels->int8.columns,
           best);
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) bench_int8_product(kernels, &products[i]);
    for (size_t i = 0; i < sizeof depthwises / sizeof *depthwises; i++) bench_int8_depthwise(kernels, &depthwises[i]);
}

static void bench(const oc__kernels *kernels) {
    double best = 0;

    for (int i = 0; i < N_ROUNDS; i++) best = fmax(best, probe(kernels));
    printf("%s: tiles %zu x %zu and %zu x %zu; multiply-add alone %.1f GFLOP/s, per cent are of that, measured in turns\n",
           kernels->name, kernels->gemm_rows, kernels->gemm_columns, kernels->gemm_tn_rows, kernels->gemm_tn_columns, best);
    printf("%-28s %6s %5s %5s\n", "", "side", "in", "out");
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) bench_product(kernels, &products[i]);
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        if (products[i].kernel == 1) bench_tn(kernels, &products[i]);
    }
    for (size_t i = 0; i < sizeof depthwises / sizeof *depthwises; i++) bench_depthwise(kernels, &depthwises[i]);
    bench_channels(kernels, 392, 96);
    bench_channels(kernels, 392, 24);
    bench_channels(kernels, 12544, 96);
}

int main(int argc, char **argv) {
    const oc__kernels *tables[8];
    const size_t n = oc__kernels_all(tables);
    bool found = false;

    for (size_t i = 0; i < n; i++) {
        if (argc > 1 ? strcmp(argv[1], tables[i]->name) != 0 : i + 1 < n) continue;
        if (argc < 3) bench(tables[i]);
        bench_int8(tables[i]);
        found = true;
    }
    if (!found) fprintf(stderr, "bench_kernels: this CPU has no %s\n", argv[1]);
    return !found;
}
