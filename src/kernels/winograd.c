/* Winograd's matrices, and packing filters for them. SPDX-License-Identifier: MIT */
#include "winograd.h"

#include "kernels.h"

const float oc__winograd_input_2[16] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
const float oc__winograd_output_2[8] = {1, 1, 1, 0, 0, 1, -1, -1};
const double oc__winograd_filter_2[12] = {1, 0, 0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0, 0, 1};

#define A OC__WINOGRAD_A
#define B OC__WINOGRAD_B
#define A2 OC__WINOGRAD_A2
#define B2 OC__WINOGRAD_B2
#define AT_A (2.0 * A2 * (A2 - B2)) /* the product of the distances to the other points */
#define AT_B (2.0 * B2 * (B2 - A2))

const float oc__winograd_input_4[36] = {
    A2 * B2, 0, -(A2 + B2), 0, 1, 0, 0, -A * B2, -B2, A,       1, 0,          0, A *B2, -B2, -A, 1, 0,
    0, -A2 * B, -A2,        B, 1, 0, 0, A2 *B,   -A2, -B,      1, 0,          0, A2 *B2, 0, -(A2 + B2), 0, 1,
};
const float oc__winograd_output_4[24] = {
    1, 1, 1, 1, 1, 0, 0, A, -A, B, -B, 0, 0, A2, A2, B2, B2, 0, 0, A *A2, -A * A2, B *B2, -B * B2, 1,
};
const double oc__winograd_filter_4[18] = {
    1.0 / (A2 * B2), 0,          0,         1.0 / AT_A, A / AT_A, A2 / AT_A, 1.0 / AT_A, -A / AT_A, A2 / AT_A,
    1.0 / AT_B,      B / AT_B,   B2 / AT_B, 1.0 / AT_B, -B / AT_B, B2 / AT_B, 0,         0,         1,
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

void oc__winograd_pack(float *packed, const oc__kernels *kernels, size_t m, size_t depth, size_t columns, const float *filters,
                       size_t panel) {
    const size_t width = kernels->gemm_columns, side = m + 2, panels = (columns + width - 1) / width;
    const double *matrix = m == 2 ? oc__winograd_filter_2 : oc__winograd_filter_4;

    for (size_t k = 0; k < depth; k++) {
        for (size_t j = 0, column = panel * width; j < width; j++, column++) {
            double points[OC__WINOGRAD_MAX_POINTS] = {0};
            if (column < columns) transform_filter(points, side, matrix, filters + column * 9 * depth + k, depth);
            for (size_t i = 0; i < side * side; i++) {
                packed[((i * panels + panel) * depth + k) * width + j] = (float)points[i];
            }
        }
    }
}
