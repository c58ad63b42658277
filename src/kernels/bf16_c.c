/* bfloat16, reference. SPDX-License-Identifier: MIT */
#include <string.h>

#include "clamp.h"
#include "set.h"

#define ROWS 4
#define COLUMNS 8

static float bf16_to_float(uint32_t bits) {
    const uint32_t upper = bits << 16;
    float value;
    memcpy(&value, &upper, sizeof value);
    return value;
}

static uint32_t bf16_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t exponent = bits & 0x7f800000, fraction = bits & 0x007fffff;
    if (exponent == 0) return (bits & 0x80000000) >> 16;
    if (exponent == 0x7f800000 && fraction) return bits >> 16 | 0x40;
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static float add_pair(float sum, oc__bf16_pair a, oc__bf16_pair b) {
    sum += bf16_to_float(a & 0xffff) * bf16_to_float(b & 0xffff);
    return sum + bf16_to_float(a >> 16) * bf16_to_float(b >> 16);
}

static void gemm(const oc__bf16_tile *tile) {
    float sum[ROWS][COLUMNS] = {{0}};
    const oc__bf16_pair *b = tile->b;

    for (size_t t = 0; t < tile->n_taps; t++) {
        const oc__bf16_pair *const *a = tile->a + t * ROWS;
        for (size_t k = 0; k < tile->depth; k++, b += COLUMNS) {
            for (size_t r = 0; r < ROWS; r++) {
                for (size_t j = 0; j < COLUMNS; j++) sum[r][j] = add_pair(sum[r][j], a[r][k], b[j]);
            }
        }
    }
    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t j = 0; j < tile->columns; j++) {
            float value = sum[r][j];
            if (tile->bias) value += tile->bias[j];
            if (tile->add) value += tile->add[r * tile->add_stride + j];
            tile->c[r * tile->c_stride + j] = oc__clamp(value, tile->low, tile->high);
        }
    }
}

static void gemm_tn(const oc__bf16_tn_tile *tile) {
    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t j = 0; j < tile->columns; j++) {
            float sum = 0;
            for (size_t m = 0; m < tile->depth; m++) {
                sum = add_pair(sum, tile->a[m * tile->a_stride + r], tile->b[m * tile->b_stride + j]);
            }
            tile->c[r * tile->c_stride + j] += sum;
        }
    }
}

static void pair_neighbours(size_t n_rows, size_t n, const float *from, size_t from_stride, oc__bf16_pair *to,
                            size_t to_stride) {
    for (size_t r = 0; r < n_rows; r++, from += from_stride, to += to_stride) {
        for (size_t i = 0; i < n; i += 2) to[i / 2] = bf16_of(from[i]) | (i + 1 < n ? bf16_of(from[i + 1]) << 16 : 0);
    }
}

static void pair_rows(size_t n_rows, size_t n, const float *from, size_t from_stride, oc__bf16_pair *to, size_t to_stride) {
    for (size_t r = 0; r < n_rows; r += 2, from += 2 * from_stride, to += to_stride) {
        for (size_t i = 0; i < n; i++) to[i] = bf16_of(from[i]) | (r + 1 < n_rows ? bf16_of(from[from_stride + i]) << 16 : 0);
    }
}

const oc__bf16_kernels oc__bf16_c = {
    .rows = ROWS,
    .columns = COLUMNS,
    .gemm = gemm,
    .tn_rows = ROWS,
    .tn_columns = COLUMNS,
    .gemm_tn = gemm_tn,
    .pair_neighbours = pair_neighbours,
    .pair_rows = pair_rows,
};
