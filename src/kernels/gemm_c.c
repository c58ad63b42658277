/* Matrix products, reference. SPDX-License-Identifier: MIT */
#include "clamp.h"
#include "set.h"

#define ROWS OC__GEMM_ROWS_c
#define COLUMNS OC__GEMM_COLUMNS_c

void oc__gemm_c(const oc__gemm_tile *tile) {
    float sum[ROWS][COLUMNS] = {{0}};
    const float *b = tile->b;

    for (size_t t = 0; t < tile->n_taps; t++) {
        const float *const *a = tile->a + t * ROWS;
        for (size_t k = 0; k < tile->depth; k++, b += COLUMNS) {
            for (size_t r = 0; r < ROWS; r++) {
                for (size_t j = 0; j < COLUMNS; j++) sum[r][j] += a[r][k] * b[j];
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

void oc__gemm_tn_c(const oc__gemm_tn_tile *tile) {
    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t j = 0; j < tile->columns; j++) {
            float sum = 0;
            for (size_t m = 0; m < tile->depth; m++) sum += tile->a[m * tile->a_stride + r] * tile->b[m * tile->b_stride + j];
            tile->c[r * tile->c_stride + j] += sum;
        }
    }
}
