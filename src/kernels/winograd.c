/* Winograd's matrices, and packing filters for them. SPDX-License-Identifier: MIT */
#include "winograd.h"

#include "kernels.h"

const float oc__winograd_input_2[16] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
const float oc__winograd_output_2[8] = {1, 1, 1, 0, 0, 1, -1, -1};
const double oc__winograd_filter_2[12] = {1, 0, 0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0, 0, 1};

const float oc__winograd_input_4[36] = {
    4, 0, -5, 0, 1, 0, 0, -4, -4, 1, 1, 0, 0, 4, -4, -1, 1, 0, 0, -2, -1, 2, 1, 0, 0, 2, -1, -2, 1, 0, 0, 4, 0, -5, 0, 1,
};
const float oc__winograd_output_4[24] = {1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 0, 0, 1, -1, 8, -8, 1};
const double oc__winograd_filter_4[18] = {
    1.0 / 4, 0, 0, -1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6, 1.0 / 6, -1.0 / 6, 1.0 / 24, 1.0 / 12, 1.0 / 6, 1.0 / 24, -1.0 / 12,
    1.0 / 6, 0, 0, 1,
};

/* The points of one filter, whose element (i, j) is at filter[(i * 3 + j) * stride]. */
static void transform_filter(double *points, size_t side, const double *matrix, const float *filter, size_t stride) {
    for (size_t i = 0; i < side; i++) {
        double row[3];
        for (size_t x = 0; x < 3; x++) {
            row[x] = 0;
            for (size_t y = 0; y < 3; y++) row[x] += matrix[i * 3 + y] * filter[(y * 3 + x) * stride];
        }
        for (size_t j = 0; j < side; j++)
            points[i * side + j] = row[0] * matrix[j * 3] + row[1] * matrix[j * 3 + 1] + row[2] * matrix[j * 3 + 2];
    }
}

void oc__winograd_pack(float *packed, const oc__kernels *kernels, size_t m, size_t depth, size_t columns, const float *filters) {
    const size_t width = kernels->gemm_columns, side = m + 2, panels = (columns + width - 1) / width;
    const double *matrix = m == 2 ? oc__winograd_filter_2 : oc__winograd_filter_4;

    for (size_t column = 0; column < panels * width; column++) {
        for (size_t k = 0; k < depth; k++) {
            double points[OC__WINOGRAD_MAX_POINTS] = {0};
            if (column < columns) transform_filter(points, side, matrix, filters + column * 9 * depth + k, depth);
            for (size_t i = 0; i < side * side; i++) {
                packed[((i * panels + column / width) * depth + k) * width + column % width] = (float)points[i];
            }
        }
    }
}
