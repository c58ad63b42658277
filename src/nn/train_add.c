/* Additions that read views. SPDX-License-Identifier: MIT */
#include "train_add.h"

#include <math.h>

#include "thread.h"

/* Scratch: a vector of ones, one of zeros, then for each worker a block of either input. */
static size_t n_worker(const oc__addition *a) { return 2 * OC__UNIT_BLOCK * (size_t)a->shape.c; }

size_t oc__addition_n_scratch(const oc__addition *a) {
    return 2 * (size_t)a->shape.c + a->context->n_threads * n_worker(a);
}

static bool clamps(const oc__view *view) { return view->map.low > -INFINITY || view->map.high < INFINITY; }

/* scale_shift adds: the first input goes through its own map if that has no clamp, otherwise through ones and zeros. */
static void add_task(void *argument, size_t piece, uint32_t worker) {
    const oc__addition *a = argument;
    size_t channels = a->shape.c, n = (size_t)a->shape.n * a->shape.h * a->shape.w, end = oc__piece_begin(n, piece + 1);
    float *block = a->scratch + 2 * channels + worker * n_worker(a);
    bool through = a->in[0].mapped && !clamps(&a->in[0]);
    const float *scale = through ? a->in[0].map.scale : a->scratch, *shift = through ? a->in[0].map.shift : scale + channels;
    for (size_t p = oc__piece_begin(n, piece); p < end; p += OC__UNIT_BLOCK) {
        size_t count = end - p < OC__UNIT_BLOCK ? end - p : OC__UNIT_BLOCK;
        const float *x = a->in[0].data + p * channels;
        if (!through) x = oc__view_block(&a->in[0], a->kernels, channels, p, count, block);
        const float *y = oc__view_block(&a->in[1], a->kernels, channels, p, count, block + OC__UNIT_BLOCK * channels);
        a->kernels->scale_shift(count, channels, x, scale, shift, y, a->low, a->high, a->out + p * channels);
    }
}

void oc__addition_forward(const oc__addition *addition) {
    oc__addition a = *addition;
    if (a.in[1].mapped && !clamps(&a.in[1]) && !(a.in[0].mapped && !clamps(&a.in[0]))) { /* the order makes no difference */
        a.in[0] = addition->in[1];
        a.in[1] = addition->in[0];
    }
    for (size_t c = 0; c < a.shape.c; c++) {
        a.scratch[c] = 1;
        a.scratch[a.shape.c + c] = 0;
    }
    oc__parallel(a.context, OC__N_PIECES, add_task, &a);
}
