/* What the files of the ONNX reader share. SPDX-License-Identifier: MIT
 *
 * A file's tensors are laid out channels first, ours channels last. A map, which is a tensor that depends on the picture,
 * therefore says how its elements lie in the output of the node of our graph that holds them: its dimensions, in the order of
 * the file, are made of factors, and each factor is a run along one axis of that output. Reshaping regroups and splits factors,
 * transposing reorders them, and neither moves any data; only an operator that needs a certain layout does
 * (oc__onnx_settle). The batch is always 1, which is a dimension without factors. */
#ifndef OC_FORMAT_ONNX_READER_H
#define OC_FORMAT_ONNX_READER_H

#include "memory.h"
#include "onnx.h"
#include "onnx_message.pb-c.h"

#define OC__ONNX_MAX_RANK 8
#define OC__ONNX_MAX_FACTORS 16
#define OC__ONNX_MAX_INPUTS 1024  /* of a node */
#define OC__ONNX_MAX_OUTPUTS 256  /* of a node */
#define OC__ONNX_MAX_FOLDED 65536 /* elements of what folding makes larger than it was */

#define OC__ONNX_MAX_STEP 0x7FFFFFFF /* of a slice */

enum { OC__ONNX_HEIGHT, OC__ONNX_WIDTH, OC__ONNX_CHANNEL };

/* `size` elements, `step` apart, along an axis of a node's output. All factors of a map together cover the output once. */
typedef struct oc__onnx_factor {
    uint32_t axis, size, step;
} oc__onnx_factor;

enum { OC__ONNX_FAILED, OC__ONNX_CONSTANT, OC__ONNX_MAP };

typedef struct oc__onnx_value {
    const char *name; /* the file's */
    int kind;
    uint32_t rank, dims[OC__ONNX_MAX_RANK];
    /* A constant: one of the two. */
    size_t count;
    float *floats;
    int64_t *integers;
    /* A map: scale * the node's output + shift. */
    uint32_t node;
    float scale, shift;
    uint32_t n_factors;
    oc__onnx_factor factors[OC__ONNX_MAX_FACTORS];
    /* What failed: which node of the file. */
    size_t failure;
} oc__onnx_value;

/* What is known of each node of our graph while it grows. */
typedef struct oc__onnx_made {
    oc__shape shape;  /* of the output, at the input's size */
    const char *name; /* the file's value that it is */
    bool affine;      /* made for a multiplication and an addition: a depthwise 1x1 convolution */
} oc__onnx_made;

typedef struct oc__onnx_failure {
    size_t node; /* of the file */
    oc_status status;
    char message[248];
} oc__onnx_failure;

typedef struct oc__onnx_reader {
    oc_context *context;
    oc_error *err;
    const OcOnnx__Graph *file;
    int64_t opset;
    size_t budget; /* bytes that constants and weights may still take */
    oc__graph graph;
    oc__onnx_made *made; /* one a node of the graph */
    size_t made_capacity;
    oc__onnx_value *values;
    size_t n_values, value_capacity;
    uint32_t *table; /* values by name: an index + 1, or 0; open addressing */
    size_t table_size;
    oc__onnx_failure *failures; /* the first few */
    size_t n_failures, failure_capacity;
} oc__onnx_reader;

/* A node of the file at work. in[i] is NULL where an optional input is left out. Values are the reader's own; out[i] is
 * empty before, with its name set. */
typedef struct oc__onnx_call {
    oc__onnx_reader *reader;
    const OcOnnx__Node *node;
    oc__onnx_value **in;
    size_t n_in;
    oc__onnx_value *out;
    size_t n_out;
} oc__onnx_call;

/* --- values (onnx_value.c) --- */

void oc__onnx_value_free(oc__onnx_reader *r, oc__onnx_value *value);
oc_status oc__onnx_add_value(oc__onnx_reader *r, oc__onnx_value *value, oc_error *err); /* takes it over */
oc__onnx_value *oc__onnx_find(const oc__onnx_reader *r, const char *name);              /* NULL: none */

/* Makes room for a constant of the dimensions in `value` (rank and dims are set): floats, or integers if `whole`. */
oc_status oc__onnx_constant(oc__onnx_reader *r, oc__onnx_value *value, bool whole, oc_error *err);
oc_status oc__onnx_copy_constant(oc__onnx_reader *r, oc__onnx_value *out, const oc__onnx_value *in, oc_error *err);
double oc__onnx_element(const oc__onnx_value *constant, size_t index);

/* The product of dimensions first .. end - 1. Values are made so that it fits. */
size_t oc__onnx_product(const oc__onnx_value *value, uint32_t first, uint32_t end);

/* An axis that may count from the end; fails if it is out of range. `rank` may be a result's. */
oc_status oc__onnx_axis(uint32_t *out, int64_t axis, uint32_t rank, oc_error *err);

/* --- tensors and attributes of the file (onnx_tensor.c) --- */

oc_status oc__onnx_tensor(oc__onnx_reader *r, oc__onnx_value *out, const OcOnnx__Tensor *tensor, oc_error *err);

const OcOnnx__Attribute *oc__onnx_attribute(const OcOnnx__Node *node, const char *name); /* NULL: not there */
int64_t oc__onnx_int(const OcOnnx__Node *node, const char *name, int64_t standard);
float oc__onnx_float(const OcOnnx__Node *node, const char *name, float standard);
bool oc__onnx_text_is(const OcOnnx__Node *node, const char *name, const char *value, bool standard);

/* Whole numbers from the attribute `name`, or from input `input` where the opset is at least `since` (0: never); *n = 0 if
 * neither is there. Fails if there are more than `most` or input `input` is not a constant. */
oc_status oc__onnx_ints(int64_t *out, size_t *n, size_t most, const oc__onnx_call *call, const char *name, size_t input,
                        int64_t since, oc_error *err);

/* --- maps (onnx_map.c) --- */

/* Adds a node to the graph and works its shape out. */
oc_status oc__onnx_emit(uint32_t *out, oc__onnx_reader *r, const oc__node *node, oc_error *err);
oc__node oc__onnx_node(uint32_t op, uint32_t input);

/* A parameter of the graph, within the budget. */
oc_status oc__onnx_param(uint32_t *out, oc__onnx_reader *r, uint32_t rank, const uint32_t *dimensions, oc_error *err);

/* *out becomes node `node`'s output in the standard layout: of rank 4 {1, c, h, w}, of rank 2 {1, c}, ... */
void oc__onnx_map(oc__onnx_value *out, const oc__onnx_reader *r, uint32_t node, uint32_t rank);

/* Makes the node hold the map's very values: emits its scale and shift. */
oc_status oc__onnx_plain(oc__onnx_reader *r, oc__onnx_value *map, oc_error *err);

/* The same, and in the standard layout: rank 4 {1, c, h, w}, 3 {1, c, w}, 2 {1, c}, 1 {c}. Fails where that is not possible. */
oc_status oc__onnx_settle(oc__onnx_reader *r, oc__onnx_value *map, oc_error *err);

/* The factors of dimension `dim`: their number, the first in *first. */
uint32_t oc__onnx_factors_of(uint32_t *first, const oc__onnx_value *map, uint32_t dim);

/* Whether dimension `dim` is the whole of one axis, in its order; *axis receives which. */
bool oc__onnx_whole_axis(uint32_t *axis, const oc__onnx_reader *r, const oc__onnx_value *map, uint32_t dim);

/* Size of an axis of a node's output. */
uint32_t oc__onnx_axis_size(const oc__onnx_reader *r, uint32_t node, uint32_t axis);

/* Regroups the elements into other dimensions of the same number. Fails where a factor cannot be split. */
oc_status oc__onnx_regroup(oc__onnx_value *map, uint32_t rank, const uint32_t *dims, oc_error *err);
void oc__onnx_permute(oc__onnx_value *map, const uint32_t *order);

/* y[c] = x[c] * scale[c] + shift[c] (NULL: 1, 0; n elements each, of which there is one a channel, or one for all). */
oc_status oc__onnx_affine(uint32_t *out, oc__onnx_reader *r, uint32_t node, const float *scale, const float *shift, size_t n,
                          oc_error *err);

/* --- operators --- */

typedef oc_status (*oc__onnx_handler)(const oc__onnx_call *call, oc_error *err);

/* Of pictures (onnx_layer.c). */
oc_status oc__onnx_conv(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_batch_norm(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_gemm(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_matmul(const oc__onnx_call *call, oc_error *err);

/* Of windows and whole pictures (onnx_pool.c). */
oc_status oc__onnx_window(oc__window *out, bool *ceil, const oc__onnx_call *call, const oc__shape *in, oc_error *err);
oc_status oc__onnx_pool(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_reduce(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_resize(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_pad(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_legacy_pad(const oc__onnx_call *call, oc_error *err);

/* Of numbers (onnx_pointwise.c). */
oc_status oc__onnx_activation(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_binary(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_softmax(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_scaler(const oc__onnx_call *call, oc_error *err);

/* Of shapes (onnx_shape.c). */
oc_status oc__onnx_identity(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_reshape(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_transpose(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_concat(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_slice(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_split(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_shape(const oc__onnx_call *call, oc_error *err);

/* Where all inputs are constants (onnx_fold.c). */
oc_status oc__onnx_fold_constant(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_fill(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_cast(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_binary(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_unary(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_transpose(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_concat(const oc__onnx_call *call, oc_error *err);
oc_status oc__onnx_fold_gather(const oc__onnx_call *call, oc_error *err);

/* --- the end (onnx_cut.c) --- */

/* Fails as the file's node `node` failed. */
oc_status oc__onnx_fail(const oc__onnx_reader *r, size_t node, oc_error *err);

/* Fills out->graph: only what its outputs need, with clamps and factors joined to what they follow. */
oc_status oc__onnx_tidy(oc__onnx_network *out, oc__onnx_reader *r, const uint32_t *outputs, uint32_t n, oc_error *err);

/* Chooses the features and maps and fills in all that `out` says of them. */
oc_status oc__onnx_cut(oc__onnx_network *out, oc__onnx_reader *r, const oc__onnx_options *options, oc_error *err);

#endif
