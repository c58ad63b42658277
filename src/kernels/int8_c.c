/* 8-bit integer inference, reference. SPDX-License-Identifier: MIT */
#include <math.h>

#include "clamp.h"
#include "set.h"

#define ROWS OC__INT8_ROWS_c
#define COLUMNS OC__INT8_COLUMNS_c
#define BLOCK OC__INT8_BLOCK_c

static uint8_t byte_of(float v, int32_t zero, int32_t low, int32_t high) {
    const long q = lrintf(v) + zero;
    return (uint8_t)(q < low ? low : q > high ? high : q);
}

void oc__int8_gemm_c(const oc__int8_tile *tile) {
    const size_t fours = (tile->depth + 3) / 4;

    for (size_t r = 0; r < tile->rows; r++) {
        int32_t sum[COLUMNS];
        for (size_t j = 0; j < COLUMNS; j++) sum[j] = tile->bias[j];
        for (size_t t = 0; t < tile->n_taps; t++) {
            const uint8_t *a = tile->a[t * ROWS + r];
            const int8_t *b = tile->b + t * fours * COLUMNS * 4;
            for (size_t k = 0; k < tile->depth; k++) {
                for (size_t j = 0; j < COLUMNS; j++) sum[j] += a[k] * b[(k / 4 * COLUMNS + j) * 4 + k % 4];
            }
        }
        for (size_t j = 0; j < tile->columns; j++) { /* 8 columns lie in their own order */
            float v = (float)sum[j] * tile->multiplier[j];
            if (tile->add) v += (float)(tile->add[r * tile->add_stride + j] - tile->add_zero) * tile->add_multiplier;
            if (tile->c) tile->c[r * tile->c_stride + j] = byte_of(v, tile->zero, tile->low, tile->high);
            else tile->real[r * tile->c_stride + j] = oc__clamp(v, tile->real_low, tile->real_high);
        }
    }
}

/* The sum of one channel of one output pixel, whose first tap meets row `y` and column `x` of the input. */
static int32_t depthwise_sum(const oc__depthwise *shape, ptrdiff_t y, ptrdiff_t x, const uint8_t *in, int32_t in_zero,
                             const int8_t *weights, size_t n_quads) {
    int32_t sum = 0;

    for (size_t i = 0; i < shape->kernel_height; i++) {
        for (size_t j = 0; j < shape->kernel_width; j++) {
            const ptrdiff_t row = y + (ptrdiff_t)i, column = x + (ptrdiff_t)j;
            const bool inside = row >= 0 && row < (ptrdiff_t)shape->height && column >= 0 && column < (ptrdiff_t)shape->width;
            const int32_t value =
                inside ? in[((size_t)row * shape->width + (size_t)column) * shape->channels] : in_zero;
            sum += value * weights[(j * n_quads + i / 4) * BLOCK * 4 + i % 4];
        }
    }
    return sum;
}

void oc__int8_depthwise_c(const oc__depthwise *shape, size_t begin, size_t end, const uint8_t *in,
                          const oc__int8_channels *channels, uint8_t *out) {
    const oc__int8_quads quads = oc__int8_quads_of(shape);
    const size_t block_size = quads.n_rows * shape->kernel_width * quads.n_quads * BLOCK * 4;

    for (size_t y = begin; y < end; y++) {
        const ptrdiff_t top = (ptrdiff_t)(y * shape->stride) - (ptrdiff_t)shape->pad_top;
        for (size_t x = 0; x < shape->out_width; x++) {
            const ptrdiff_t left = (ptrdiff_t)(x * shape->stride) - (ptrdiff_t)shape->pad_left;
            for (size_t c = 0; c < shape->channels; c++) { /* 16 channels lie in their own order */
                const int8_t *weights = channels->weights + c / BLOCK * block_size + c % BLOCK * 4;
                const int32_t sum = depthwise_sum(shape, top, left, in + c, channels->in_zero, weights, quads.n_quads);
                out[(y * shape->out_width + x) * shape->channels + c] =
                    byte_of((float)(sum + channels->bias[c]) * channels->multiplier[c], channels->zero, channels->low,
                            channels->high);
            }
        }
    }
}

void oc__int8_add_c(size_t n, const uint8_t *a, const uint8_t *b, const oc__int8_sum *sum, uint8_t *out) {
    for (size_t i = 0; i < n; i++) {
        const float x = (float)(a[i] - sum->a_zero) * sum->a_multiplier, y = (float)(b[i] - sum->b_zero) * sum->b_multiplier;
        out[i] = byte_of(x + y, sum->zero, sum->low, sum->high);
    }
}

void oc__int8_quantise_c(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out) {
    const float low = (float)-zero, high = (float)(255 - zero);

    for (size_t i = 0; i < n; i++) {
        float v = x[i] * inverse;
        v = v > low ? v : low; /* NaN becomes the lowest */
        v = v < high ? v : high;
        out[i] = (uint8_t)(lrintf(v) + zero);
    }
}

void oc__int8_quantise_threes_c(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out) {
    for (size_t i = 0; i < n; i++) {
        oc__int8_quantise_c(3, x + 3 * i, inverse, zero, out + 4 * i);
        out[4 * i + 3] = (uint8_t)zero;
    }
}

void oc__int8_dequantise_c(size_t n, const uint8_t *q, float scale, int32_t zero, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = (float)(q[i] - zero) * scale;
}

void oc__int8_channel_sums_c(size_t n, size_t channels, const uint8_t *in, int32_t *sums) {
    for (size_t p = 0; p < n; p++) {
        for (size_t c = 0; c < channels; c++) sums[c] += in[p * channels + c];
    }
}

void oc__int8_largest_c(size_t n_taps, size_t channels, const uint8_t *const *taps, uint8_t *out) {
    for (size_t c = 0; c < channels; c++) {
        uint8_t largest = taps[0][c];
        for (size_t t = 1; t < n_taps; t++) largest = taps[t][c] > largest ? taps[t][c] : largest;
        out[c] = largest;
    }
}
