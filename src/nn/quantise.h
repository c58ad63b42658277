/* Inference in 8-bit integers. SPDX-License-Identifier: MIT
 *
 * A node's output is held as bytes, value = scale * (byte - zero), the scale and the zero point from the range that calibration
 * found (Jacob et al. 2018). Weights are signed bytes with a scale for each output channel. Quantising turns a graph into one
 * whose nodes compute on bytes where they can and on float32 elsewhere, with conversions in between; it is run like any
 * other. All arithmetic on bytes is exact or rounded in one defined way (kernels' int8.h): the same bits on every CPU. */
#ifndef OC_NN_QUANTISE_H
#define OC_NN_QUANTISE_H

#include "op.h"
#include "program.h"

/* Operators that only a program has, never a file. */
#define OC__OP_INT8 1000
enum {
    OC__OP_INT8_QUANTISE = OC__OP_INT8, /* floats to bytes; 3 channels become 4, the last one zero, if node->channels is 4 */
    OC__OP_INT8_DEQUANTISE,
    OC__OP_INT8_CONV, /* gives bytes, or floats if the output has no scale */
    OC__OP_INT8_DEPTHWISE,
    OC__OP_INT8_ADD,
    OC__OP_INT8_MAX_POOL,
    OC__OP_INT8_GLOBAL_POOL, /* gives bytes or floats */
    OC__OP_INT8_CONCAT,
    OC__N_OPS_INT8
};

/* NULL for a number that names none. */
const oc__op *oc__int8_op_find(uint32_t number);

extern const oc__op oc__op_int8_conv, oc__op_int8_depthwise;

/* Quantises a simplified graph, which is used up, in place. `ranges` are of the original graph's nodes; sources[i] is the
 * original node that node i computes. *quants becomes one entry a node of the new graph, scale 0 where the output is float32;
 * the caller frees it. Outputs are float32. A node whose range is not known, or too odd for bytes, stays as it is. */
oc_status oc__graph_quantise(oc__graph *graph, oc__quant **quants, const uint32_t *sources, const oc__range *ranges,
                             uint32_t height, uint32_t width, oc_error *err);

/* The scale and zero point for a range, widened to hold 0; false if it is empty or too odd. */
bool oc__quant_of(oc__quant *out, oc__range range);

/* The byte nearest to a value, within 0 .. 255; infinities are the ends. */
int32_t oc__quant_byte(const oc__quant *quant, float value);

/* The longest sum of products of a byte and a weight, so that with bias and correction it stays below 2^31. */
#define OC__INT8_MAX_DEPTH 16384

/* A filter's step: its largest weight becomes 127, unless the bias needs a coarser one to fit 2^28 steps. */
double oc__int8_weight_scale(const float *weights, size_t n, float bias, float in_scale);

static inline const uint8_t *oc__bytes_in(const oc__call *call, uint32_t input) {
    return (const uint8_t *)(const void *)call->in[input];
}
static inline uint8_t *oc__bytes_out(const oc__call *call) { return (uint8_t *)(void *)call->out; }

#endif
