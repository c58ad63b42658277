/* Packing 8-bit weights. SPDX-License-Identifier: MIT */
#include "checked.h"
#include "kernels.h"

size_t oc__int8_column_at(const oc__int8_kernels *kernels, size_t column) {
    const size_t size = kernels->columns, in_panel = column % size, group = in_panel / 4;
    return column - in_panel + (group / 2 + group % 2 * (size / 8)) * 4 + in_panel % 4;
}

size_t oc__int8_channel_at(const oc__int8_kernels *kernels, size_t channel) {
    const size_t size = kernels->depthwise_block, in_block = channel % size, group = in_block / 4;
    return channel - in_block + (group / 4 + group % 4 * (size / 16)) * 4 + in_block % 4;
}

bool oc__int8_packed_size(size_t *out, const oc__int8_kernels *kernels, size_t n_taps, size_t depth, size_t columns) {
    const size_t width = kernels->columns, panels = columns / width + (columns % width != 0);
    size_t size;

    if (!oc__round_up(&size, depth, 4) || !oc__mul(&size, size, n_taps) || !oc__mul(&size, size, width) ||
        !oc__mul(&size, size, panels)) {
        return false;
    }
    *out = size;
    return true;
}

void oc__int8_pack(int8_t *packed, const oc__int8_kernels *kernels, size_t n_taps, size_t depth, size_t column,
                   const int8_t *filter) {
    const size_t width = kernels->columns, fours = (depth + 3) / 4;
    int8_t *to = packed + column / width * n_taps * fours * width * 4 + oc__int8_column_at(kernels, column % width) * 4;

    for (size_t t = 0; t < n_taps; t++) {
        for (size_t k = 0; k < depth; k++) to[(t * fours + k / 4) * width * 4 + k % 4] = filter[t * depth + k];
    }
}

oc__int8_quads oc__int8_quads_of(const oc__depthwise *shape) {
    const size_t n_rows = shape->stride == 1 && shape->kernel_height % 4 != 0 ? 2 : 1;
    return (oc__int8_quads){n_rows, (shape->kernel_height + n_rows - 1 + 3) / 4};
}

/* Of one block. */
static size_t block_size(const oc__int8_kernels *kernels, const oc__depthwise *shape) {
    const oc__int8_quads quads = oc__int8_quads_of(shape);
    return quads.n_rows * shape->kernel_width * quads.n_quads * kernels->depthwise_block * 4;
}

size_t oc__int8_depthwise_packed_size(const oc__int8_kernels *kernels, const oc__depthwise *shape) {
    const size_t block = kernels->depthwise_block;
    return (shape->channels + block - 1) / block * block_size(kernels, shape);
}

void oc__int8_depthwise_pack(int8_t *packed, const oc__int8_kernels *kernels, const oc__depthwise *shape, size_t channel,
                             const int8_t *filter) {
    const size_t block = kernels->depthwise_block, height = shape->kernel_height, width = shape->kernel_width;
    const oc__int8_quads quads = oc__int8_quads_of(shape);
    int8_t *to = packed + channel / block * block_size(kernels, shape) + oc__int8_channel_at(kernels, channel % block) * 4;

    for (size_t n = 0; n < quads.n_rows; n++) {
        for (size_t i = 0; i < height; i++) {
            const size_t row = i + n * shape->stride;
            for (size_t j = 0; j < width; j++) {
                to[((n * width + j) * quads.n_quads + row / 4) * block * 4 + row % 4] = filter[i * width + j];
            }
        }
    }
}
