/* Reading networks from ONNX files. SPDX-License-Identifier: MIT
 *
 * Image networks whose graph can be represented: see docs/onnx.md. Built only with protobuf-c; without it each function
 * returns OC_E_UNSUPPORTED and says so. */
#ifndef OC_FORMAT_ONNX_H
#define OC_FORMAT_ONNX_H

#include "model.h"

#define OC__ONNX_NCHW 1
#define OC__ONNX_NHWC 2

typedef struct oc__onnx_options {
    uint32_t layout;        /* OC__ONNX_... of the input; 0: the one whose channels are 3 */
    uint32_t width, height; /* of the input; 0: the file's */
    const char *features;   /* a node or value; NULL: what goes into the classifier, or else the first output */
    bool whole;             /* all outputs that can be represented, instead of features */
} oc__onnx_options;

#define OC__ONNX_N_MAPS 3

/* How an input's values follow from pixels, as far as the file says. */
typedef struct oc__onnx_preparation {
    bool known;
    uint32_t channels; /* OC__CHANNELS_... */
    float mean, scale; /* of all channels, as in oc__prepare_rule */
} oc__onnx_preparation;

/* Free with oc__onnx_network_free. */
typedef struct oc__onnx_network {
    oc__graph graph;        /* outputs: features and feature maps, or with `whole` those of the file */
    uint32_t width, height; /* of the input */
    char *features;         /* the value that became the features; with `whole` NULL */
    bool cut;               /* a classifier was found behind it and left out */
    uint32_t n_maps;        /* outputs 1, 2, ...: the last maps of the feature's path at these strides */
    uint32_t strides[OC__ONNX_N_MAPS];
    char producer[96];
    oc__onnx_preparation preparation;
} oc__onnx_network;

/* Reads a file from memory, which is not kept. Messages begin with `name`, and those about a node name it, its operator and
 * the reason. OC_E_FORMAT, OC_E_CORRUPT, OC_E_UNSUPPORTED, OC_E_ARGUMENT (an input size is needed; no such features),
 * OC_E_LIMIT, OC_E_NOMEM. */
oc_status oc__onnx_read(oc__onnx_network *out, oc_context *context, const uint8_t *data, size_t size, const char *name,
                        const oc__onnx_options *options, oc_error *err);
void oc__onnx_network_free(oc__onnx_network *network);

/* Whether this library was built with the reader. */
extern const bool oc__onnx_present;

#endif
