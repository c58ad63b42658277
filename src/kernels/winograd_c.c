/* Winograd's transforms for 3x3 convolutions, reference. SPDX-License-Identifier: MIT */
#include "clamp.h"
#include "set.h"
#include "winograd.h"

/* out = matrix x in x its transpose, for one channel; element (i, j) of the matrix is at i * row + j * column. */
static void transform_by(const float *matrix, size_t row, size_t column, size_t n_out, size_t n_in, const float *in,
                         float *out) {
    float half[OC__WINOGRAD_MAX_SIDE * OC__WINOGRAD_MAX_SIDE];

    for (size_t i = 0; i < n_out; i++) {
        for (size_t x = 0; x < n_in; x++) {
            float sum = 0;
            for (size_t y = 0; y < n_in; y++) sum += matrix[i * row + y * column] * in[y * n_in + x];
            half[i * n_in + x] = sum;
        }
    }
    for (size_t i = 0; i < n_out; i++) {
        for (size_t j = 0; j < n_out; j++) {
            float sum = 0;
            for (size_t x = 0; x < n_in; x++) sum += matrix[j * row + x * column] * half[i * n_in + x];
            out[i * n_out + j] = sum;
        }
    }
}

static void transform(const float *matrix, size_t n_out, size_t n_in, const float *in, float *out) {
    transform_by(matrix, n_in, 1, n_out, n_in, in, out);
}

static void transform_transposed(const float *matrix, size_t n_out, size_t n_in, const float *in, float *out) {
    transform_by(matrix, 1, n_out, n_out, n_in, in, out);
}

void oc__winograd_input_c(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride) {
    const size_t side = m + 2, n = side * side;
    float in[OC__WINOGRAD_MAX_POINTS] = {0}, points[OC__WINOGRAD_MAX_POINTS];

    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < n; i++) in[i] = pixels[i][c];
        transform(m == 2 ? oc__winograd_input_2 : oc__winograd_input_4, side, side, in, points);
        for (size_t i = 0; i < n; i++) out[i * out_stride + c] = points[i];
    }
}

void oc__winograd_output_c(const oc__winograd_tile *tile) {
    const size_t m = tile->m, side = m + 2;
    float points[OC__WINOGRAD_MAX_POINTS] = {0}, sums[OC__WINOGRAD_MAX_POINTS];

    for (size_t c = 0; c < tile->channels; c++) {
        for (size_t i = 0; i < side * side; i++) points[i] = tile->in[i * tile->in_stride + c];
        transform(m == 2 ? oc__winograd_output_2 : oc__winograd_output_4, m, side, points, sums);
        for (size_t y = 0; y < tile->height; y++) {
            for (size_t x = 0; x < tile->width; x++) {
                const size_t at = y * tile->row_stride + x * tile->pixel_stride + c;
                float value = sums[y * m + x];
                if (tile->bias) value += tile->bias[c];
                if (tile->add) value += tile->add[at];
                tile->out[at] = oc__clamp(value, tile->low, tile->high);
            }
        }
    }
}

void oc__winograd_filter_c(size_t m, size_t n, const float *filters, ptrdiff_t tap_stride, float *out, size_t out_stride) {
    const size_t side = m + 2;
    float filter[9], points[OC__WINOGRAD_MAX_POINTS];

    for (size_t j = 0; j < n; j++) {
        for (size_t t = 0; t < 9; t++) filter[t] = filters[(ptrdiff_t)t * tap_stride + (ptrdiff_t)j];
        transform(m == 2 ? oc__winograd_filter_2 : oc__winograd_filter_4, side, 3, filter, points);
        for (size_t i = 0; i < side * side; i++) out[i * out_stride + j] = points[i];
    }
}

void oc__winograd_output_gradient_c(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride) {
    const size_t side = m + 2;
    float in[OC__WINOGRAD_MAX_POINTS], points[OC__WINOGRAD_MAX_POINTS];

    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < m * m; i++) in[i] = pixels[i][c];
        transform_transposed(m == 2 ? oc__winograd_output_2 : oc__winograd_output_4, side, m, in, points);
        for (size_t i = 0; i < side * side; i++) out[i * out_stride + c] = points[i];
    }
}

void oc__winograd_filter_gradient_c(size_t m, size_t n, const float *points, size_t point_stride, float *out,
                                    size_t tap_stride) {
    const size_t side = m + 2;
    float in[OC__WINOGRAD_MAX_POINTS], filter[9];

    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < side * side; i++) in[i] = points[i * point_stride + j];
        transform_transposed(m == 2 ? oc__winograd_filter_2 : oc__winograd_filter_4, 3, side, in, filter);
        for (size_t t = 0; t < 9; t++) out[t * tap_stride + j] = filter[t];
    }
}
