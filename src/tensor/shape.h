/* Shapes. SPDX-License-Identifier: MIT */
#ifndef OC_TENSOR_SHAPE_H
#define OC_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC__MAX_RANK 8
#define OC__MAX_DIMENSION 0x7FFFFFFFu

/* What flows between operators: n pictures of h x w pixels of c channels, in memory [n][h][w][c]. A vector is 1 x 1. */
typedef struct oc__shape {
    uint32_t n, c, h, w;
} oc__shape;

/* The product of dimensions, each 1 .. OC__MAX_DIMENSION, rank 0 .. OC__MAX_RANK; false if one is out of range or `unit` times
 * the product (unit: bytes of an element) does not fit size_t. The one place where shapes are multiplied. */
bool oc__shape_multiply(size_t *count, const uint32_t *dimensions, size_t rank, size_t unit);

/* Elements of a shape; false as above, for float32. */
bool oc__shape_count(size_t *count, const oc__shape *shape);

#endif
