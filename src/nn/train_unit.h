/* Training in units: a convolution, its batch norm and its clamp as one step. SPDX-License-Identifier: MIT
 *
 * Of a unit only the convolution's raw output is kept. Its value is a map of it, channel by channel, clamp(raw * scale +
 * shift), which whoever reads the value applies to a block of pixels just before use. The sums that the batch norm needs,
 * forward and backward, are taken from blocks that are in cache anyway. So a step reads and writes each tensor once or twice
 * where running the operators one by one passes over it ten times.
 *
 * Pixels are cut into OC__N_PIECES pieces by the shape alone and every sum runs in the order of the pieces: the same bits for
 * any number of threads. */
#ifndef OC_NN_TRAIN_UNIT_H
#define OC_NN_TRAIN_UNIT_H

#include "conv.h"

#define OC__UNIT_BLOCK 256 /* pixels whose sums are taken in single precision before they go on in double */

/* A value as its readers see it: a map of `data`, or `data` itself. */
typedef struct oc__view {
    const float *data;
    bool mapped;
    oc__channel_map map;
} oc__view;

/* Vectors of a unit's channels, kept from forward to backward. The gradient of the raw output is
 * slope * (gradient through the clamp) + tilt * raw + offset. */
enum { OC__UNIT_MEAN, OC__UNIT_INVERSE, OC__UNIT_SCALE, OC__UNIT_SHIFT, OC__UNIT_SLOPE, OC__UNIT_TILT, OC__UNIT_OFFSET,
       OC__UNIT_N_FIGURES };

/* One unit at work. */
typedef struct oc__unit {
    oc__call conv; /* as for oc__op_conv; `out` is the raw output; out_gradient and scratch are the unit's business */
    const oc__node *norm;
    oc__param *norm_params[4];
    oc__view in;    /* the convolution's input */
    float *figures; /* OC__UNIT_N_FIGURES vectors */
    float *value;   /* where the value is written out for readers that know no views, or NULL */
    float *scratch; /* oc__unit_n_scratch floats */

    bool backward; /* the unit goes backward at all */
    const float *gradient;   /* of the value; not changed, since others may share it */
    float *norm_gradient[2]; /* by scale and shift, or NULL */
    bool accumulate;         /* conv.in_gradient[0] is added to */
    double *sums;            /* OC__N_PIECES times two vectors: sums of the gradient, and of its product with raw - mean */
    bool summed;             /* they are there already */
    double *below_sums;      /* where to take these sums for the unit that is the input, which is complete hereby; or NULL */
    const float *below_mean;
} oc__unit;

/* How a kind of convolution runs in a unit. */
typedef struct oc__unit_kind {
    size_t (*n_scratch)(const oc__unit *unit);
    /* Writes the raw output and, for each piece, its sums: of raw, and of (raw - running mean) squared. */
    void (*forward)(const oc__unit *unit, double *sums);
    /* Writes the gradients by weights and input; slope, tilt and offset are there. */
    void (*backward)(const oc__unit *unit);
    bool reads_views; /* else the input must lie written out */
} oc__unit_kind;

extern const oc__unit_kind oc__unit_pointwise, oc__unit_depthwise, oc__unit_other;

const oc__unit_kind *oc__unit_kind_of(const oc__call *conv);
size_t oc__unit_n_scratch(const oc__unit *unit);
void oc__unit_forward(const oc__unit *unit);
void oc__unit_backward(const oc__unit *unit);

/* For the kinds. Pixels [first, first + n) of a view of so many channels, in `to` unless they lie there as they are. */
const float *oc__view_block(const oc__view *view, const oc__kernels *kernels, size_t channels, size_t first, size_t n,
                            float *to);
/* The gradient of raw output pixels [first, first + n). */
void oc__unit_raw_gradient(const oc__unit *unit, size_t first, size_t n, float *to);
/* Takes the sums of raw output pixels [first, first + n) into a piece's; block: 2 x channels floats. */
void oc__unit_sum_raw(const oc__unit *unit, double *sums, size_t first, size_t n, float *block);
/* Takes the sums for the unit below, if wanted, over input pixels [first, first + n), whose gradient is complete. */
void oc__unit_sum_below(const oc__unit *unit, size_t piece, size_t first, size_t n, float *block);
void oc__unit_clear_below(const oc__unit *unit, size_t piece);

/* The floats that a worker's sums take: two vectors of the wider side's channels. */
size_t oc__unit_n_block(const oc__unit *unit);

#endif
