/* Shapes. SPDX-License-Identifier: MIT */
#include "shape.h"

#include "checked.h"

bool oc__shape_multiply(size_t *count, const uint32_t *dimensions, size_t rank, size_t unit) {
    size_t product = 1, bytes;
    if (rank > OC__MAX_RANK) return false;
    for (size_t i = 0; i < rank; i++)
        if (dimensions[i] < 1 || dimensions[i] > OC__MAX_DIMENSION || !oc__mul(&product, product, dimensions[i])) return false;
    if (!oc__mul(&bytes, product, unit)) return false;
    *count = product;
    return true;
}

bool oc__shape_count(size_t *count, const oc__shape *shape) {
    const uint32_t dimensions[4] = {shape->n, shape->c, shape->h, shape->w};
    return oc__shape_multiply(count, dimensions, 4, sizeof(float));
}
