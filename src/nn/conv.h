/* What the files of the convolution share. SPDX-License-Identifier: MIT */
#ifndef OC_NN_CONV_H
#define OC_NN_CONV_H

#include "op.h"

#define OC__MAX_TAPS 225

typedef struct oc__conv_sizes {
    size_t n_rows;                 /* output pixels of the batch */
    size_t n_taps, depth, columns; /* of one group: taps, input channels, output channels */
    size_t panels;                 /* of one group */
    size_t packed;                 /* floats of one group's packed weights */
    size_t packed_transposed;      /* of one group, for the gradient by the input */
    bool pointwise;                /* output pixel = input pixel */
} oc__conv_sizes;

oc__conv_sizes oc__conv_sizes_of(const oc__call *call);

/* Each channel by its own kernel, in the way that the depthwise kernels take. */
bool oc__conv_is_depthwise(const oc__call *call);
oc__depthwise oc__conv_depthwise(const oc__call *call);

/* The weights of a group: element (tap, input channel, output channel) is at
 * first[tap * tap_stride + channel * k_stride + output * column_stride]. */
typedef struct oc__conv_weights {
    const float *first;
    ptrdiff_t tap_stride, k_stride, column_stride;
} oc__conv_weights;

oc__conv_weights oc__conv_weights_of(const oc__call *call, size_t group);

/* Where the parts of `packed` lie. */
const float *oc__conv_bias(const oc__call *call, const oc__conv_sizes *s);
const float *oc__conv_zeros(const oc__call *call, const oc__conv_sizes *s);
const float *oc__conv_transposed(const oc__call *call, const oc__conv_sizes *s);

/* The pixel of the input under tap (0, 0) of output pixel `row`; may lie outside. */
typedef struct oc__conv_corner_at {
    size_t image;
    ptrdiff_t y, x;
} oc__conv_corner_at;

oc__conv_corner_at oc__conv_corner(const oc__call *call, size_t row);

/* Index of the input pixel under a tap, or -1 outside. */
ptrdiff_t oc__conv_pixel(const oc__call *call, const oc__conv_corner_at *at, size_t tap);

typedef struct oc__conv_job {
    const oc__call *call;
    oc__conv_sizes s;
    size_t rows_per_task;
} oc__conv_job;

/* Tasks of whole tiles, small enough to share out and large enough to be worth it. No result depends on the cut. */
size_t oc__conv_rows_per_task(const oc__call *call, size_t tile_rows, size_t n_rows);

/* Floats of one picture. */
static inline size_t oc__conv_in_image(const oc__call *call) {
    return (size_t)call->in_shape[0].h * call->in_shape[0].w * call->in_shape[0].c;
}
static inline size_t oc__conv_out_image(const oc__call *call) {
    return (size_t)call->out_shape.h * call->out_shape.w * call->out_shape.c;
}

/* Tasks of a depthwise convolution are bands of rows of one picture. */
#define OC__DEPTHWISE_BANDS 4

void oc__conv_forward(const oc__call *call);
void oc__conv_backward(const oc__call *call);
size_t oc__conv_n_scratch(const oc__call *call);

/* By Winograd's method; call->method is the side of its output tiles, or 0. In training it is chosen for the whole batch. */
uint32_t oc__conv_method(const oc__call *call);
uint32_t oc__conv_training_method(const oc__call *call);
size_t oc__conv_winograd_n_packed(const oc__call *call);
size_t oc__conv_winograd_n_scratch(const oc__call *call);
void oc__conv_winograd_pack(float *packed, const oc__call *call);
void oc__conv_winograd_forward(const oc__call *call);

/* The gradient of the weights by the same method, with tiles of m. */
size_t oc__conv_winograd_gradient_n_scratch(const oc__call *call, uint32_t m);
void oc__conv_winograd_gradient(const oc__call *call, uint32_t m);

/* Pointers to side x side pixels from (y, x) on, which wrap below 0; to `zeros` outside the picture. */
void oc__conv_winograd_pixels(const float **pixels, size_t side, const float *picture, const oc__shape *shape, size_t y,
                              size_t x, const float *zeros);

/* With call->bf16, of what is not depthwise. Pairs count as floats. */
size_t oc__conv_bf16_n_packed(const oc__call *call);
void oc__conv_bf16_pack(float *packed, const oc__call *call);
size_t oc__conv_bf16_n_scratch(const oc__call *call);
void oc__conv_bf16_forward(const oc__call *call);
const oc__bf16_pair *oc__conv_bf16_transposed(const oc__call *call, size_t group); /* packed when training */

#endif
