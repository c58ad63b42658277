/* Convolution: dense, grouped and depthwise; a fully connected layer is a 1x1 convolution of 1x1 pictures.
 * SPDX-License-Identifier: MIT
 *
 * Dense and grouped: a matrix product whose rows are output pixels. Row pointers lead to the input pixels under each tap of
 * the kernel (indirect convolution: Dukhan 2019), so nothing is copied; a tap outside the picture points to zeros.
 * The second input, if any, is added to the result before the clamp. */
#include <string.h>

#include "op.h"
#include "thread.h"

#define MAX_TAPS 225
#define GRADIENT_PIECES 4    /* partial sums of the weights' gradient */
#define GRADIENT_BLOCK 256   /* pixels whose rows stay in cache while all tiles of the weights' gradient pass over them */

typedef struct sizes {
    size_t n_rows;                 /* output pixels of the batch */
    size_t n_taps, depth, columns; /* of one group: taps, input channels, output channels */
    size_t panels;                 /* of one group */
    size_t packed;                 /* floats of one group's packed weights */
    size_t packed_transposed;      /* of one group, for the gradient by the input */
    bool pointwise;                /* output pixel = input pixel */
} sizes;

static bool is_depthwise(const oc__call *call) {
    const oc__node *node = call->node;
    return node->groups == call->in_shape[0].c && node->groups == node->channels && node->groups > 1 && node->n_inputs == 1
           && node->window.dilation == 1;
}

static sizes sizes_of(const oc__call *call) {
    const oc__node *node = call->node;
    const oc__window *window = &node->window;
    sizes s = {.n_rows = (size_t)call->out_shape.n * call->out_shape.h * call->out_shape.w,
               .n_taps = (size_t)window->kernel_height * window->kernel_width,
               .depth = call->in_shape[0].c / node->groups,
               .columns = node->channels / node->groups};
    s.panels = (s.columns + call->kernels->gemm_columns - 1) / call->kernels->gemm_columns;
    oc__gemm_packed_size(&s.packed, call->kernels, s.n_taps, s.depth, s.columns);
    oc__gemm_packed_size(&s.packed_transposed, call->kernels, 1, s.columns, s.n_taps * s.depth);
    s.pointwise = s.n_taps == 1 && window->stride == 1 && window->pad_top + window->pad_left + window->pad_bottom
                  + window->pad_right == 0;
    return s;
}

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const oc__param *weights = &graph->params[node->params[0]];
    oc_status status = oc__window_shape(out, &node->window, &in[0], err);
    if (status) return status;
    if (node->channels < 1 || node->channels > 65536 || node->groups < 1 || node->channels % node->groups
        || in[0].c % node->groups)
        return oc__fail(err, OC_E_CORRUPT, "%u groups do not divide %u and %u channels", node->groups, in[0].c, node->channels);
    if (weights->rank != 4 || weights->dimensions[0] != node->channels
        || weights->dimensions[1] != node->window.kernel_height || weights->dimensions[2] != node->window.kernel_width
        || weights->dimensions[3] != in[0].c / node->groups)
        return oc__fail(err, OC_E_CORRUPT, "its weights do not have the shape %u x %u x %u x %u", node->channels,
                        node->window.kernel_height, node->window.kernel_width, in[0].c / node->groups);
    if (node->n_params > 1) {
        const oc__param *bias = &graph->params[node->params[1]];
        if (bias->rank != 1 || bias->dimensions[0] != node->channels)
            return oc__fail(err, OC_E_CORRUPT, "its bias does not have %u elements", node->channels);
    }
    out->c = node->channels;
    if (node->n_inputs > 1 && memcmp(out, &in[1], sizeof *out) != 0)
        return oc__fail(err, OC_E_CORRUPT, "what is added does not have the shape of the output");
    return OC_OK;
}

/* Packed: each group's weights, each group's bias padded to whole panels, `depth` zeros; when training, each group's
 * transposed weights. Depthwise: weights [taps][channels], bias. */
static size_t n_packed(const oc__call *call) {
    sizes s = sizes_of(call);
    if (is_depthwise(call)) return (s.n_taps + 1) * call->node->channels;
    size_t group = s.packed + s.panels * call->kernels->gemm_columns + (call->training ? s.packed_transposed : 0);
    return call->node->groups * group + s.depth;
}

static void pack(float *packed, const oc__call *call) {
    sizes s = sizes_of(call);
    const oc__node *node = call->node;
    const float *weights = call->params[0]->values;
    const float *bias = node->n_params > 1 ? call->params[1]->values : NULL;
    if (is_depthwise(call)) {
        for (size_t c = 0; c < node->channels; c++)
            for (size_t t = 0; t < s.n_taps; t++) packed[t * node->channels + c] = weights[c * s.n_taps + t];
        for (size_t c = 0; c < node->channels; c++) packed[s.n_taps * node->channels + c] = bias ? bias[c] : 0;
        return;
    }
    size_t filter = s.n_taps * s.depth, padded = s.panels * call->kernels->gemm_columns;
    for (size_t g = 0; g < node->groups; g++, packed += s.packed)
        oc__gemm_pack(packed, call->kernels, s.n_taps, s.depth, s.columns, weights + g * s.columns * filter, s.depth, 1,
                      filter);
    for (size_t g = 0; g < node->groups; g++, packed += padded)
        for (size_t j = 0; j < padded; j++) packed[j] = bias && j < s.columns ? bias[g * s.columns + j] : 0;
    memset(packed, 0, s.depth * sizeof *packed);
    packed += s.depth;
    if (!call->training) return;
    for (size_t g = 0; g < node->groups; g++, packed += s.packed_transposed)
        oc__gemm_pack(packed, call->kernels, 1, s.columns, filter, weights + g * s.columns * filter, 0, filter, 1);
}

/* Where the parts of `packed` lie. */
static const float *packed_bias(const oc__call *call, const sizes *s) { return call->packed + call->node->groups * s->packed; }
static const float *packed_zeros(const oc__call *call, const sizes *s) {
    return packed_bias(call, s) + call->node->groups * s->panels * call->kernels->gemm_columns;
}
static const float *packed_transposed(const oc__call *call, const sizes *s) { return packed_zeros(call, s) + s->depth; }

/* The pixel of the input under tap (0, 0) of output pixel `row`; may lie outside. */
typedef struct corner {
    size_t image;
    ptrdiff_t y, x;
} corner;

static corner corner_of(const oc__call *call, size_t row) {
    const oc__window *window = &call->node->window;
    size_t plane = (size_t)call->out_shape.h * call->out_shape.w, in_plane = row % plane;
    return (corner){row / plane, (ptrdiff_t)(in_plane / call->out_shape.w * window->stride) - (ptrdiff_t)window->pad_top,
                    (ptrdiff_t)(in_plane % call->out_shape.w * window->stride) - (ptrdiff_t)window->pad_left};
}

/* Index of the input pixel under a tap, or -1 outside. */
static ptrdiff_t pixel_under(const oc__call *call, const corner *at, size_t tap) {
    const oc__window *window = &call->node->window;
    const oc__shape *in = &call->in_shape[0];
    ptrdiff_t y = at->y + (ptrdiff_t)(tap / window->kernel_width * window->dilation);
    ptrdiff_t x = at->x + (ptrdiff_t)(tap % window->kernel_width * window->dilation);
    if (y < 0 || x < 0 || y >= (ptrdiff_t)in->h || x >= (ptrdiff_t)in->w) return -1;
    return ((ptrdiff_t)at->image * in->h + y) * in->w + x;
}

static void row_pointers(const float **a, const oc__call *call, const sizes *s, size_t row, size_t rows, size_t channel) {
    size_t tile_rows = call->kernels->gemm_rows, stride = call->in_shape[0].c;
    const float *zeros = packed_zeros(call, s);
    for (size_t r = 0; r < tile_rows; r++) {
        size_t this_row = row + (r < rows ? r : rows - 1);
        if (s->pointwise) {
            a[r] = call->in[0] + this_row * stride + channel;
            continue;
        }
        corner at = corner_of(call, this_row);
        for (size_t t = 0; t < s->n_taps; t++) {
            ptrdiff_t pixel = pixel_under(call, &at, t);
            a[t * tile_rows + r] = pixel < 0 ? zeros : call->in[0] + (size_t)pixel * stride + channel;
        }
    }
}

typedef struct job {
    const oc__call *call;
    sizes s;
    size_t rows_per_task;
} job;

/* Tasks of whole tiles, small enough to share out and large enough to be worth it. No result depends on the cut. */
static size_t rows_per_task(const oc__call *call, size_t n_rows) {
    size_t tile = call->kernels->gemm_rows, tiles = (n_rows + tile - 1) / tile;
    size_t per_task = tiles / (8 * (size_t)call->context->n_threads);
    return tile * (per_task < 1 ? 1 : per_task > 16 ? 16 : per_task);
}

/* Panel `p` of group `g`, for `rows` output pixels from `row` on, whose pointers are in `a`. */
static void dense_tile(const oc__call *call, const sizes *s, const float *const *a, size_t row, size_t rows, size_t g, size_t p) {
    const oc__kernels *kernels = call->kernels;
    const oc__node *node = call->node;
    size_t column = p * kernels->gemm_columns, left = s->columns - column;
    size_t at = row * node->channels + g * s->columns + column;
    oc__gemm_tile tile = {
        .rows = rows,
        .columns = left < kernels->gemm_columns ? left : kernels->gemm_columns,
        .n_taps = s->n_taps,
        .depth = s->depth,
        .a = a,
        .b = call->packed + g * s->packed + p * (s->packed / s->panels),
        .bias = packed_bias(call, s) + (g * s->panels + p) * kernels->gemm_columns,
        .add = node->n_inputs > 1 ? call->in[1] + at : NULL,
        .add_stride = node->channels,
        .low = node->low,
        .high = node->high,
        .c = call->out + at,
        .c_stride = node->channels,
    };
    kernels->gemm(&tile);
}

/* A band of output pixels, all channels: pixels stay in cache while the weights pass. */
static void dense_rows_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const oc__call *call = j->call;
    const sizes *s = &j->s;
    const float *a[MAX_TAPS * OC__GEMM_MAX_ROWS];
    size_t end = (task + 1) * j->rows_per_task < s->n_rows ? (task + 1) * j->rows_per_task : s->n_rows;
    (void)worker;
    for (size_t row = task * j->rows_per_task; row < end; row += call->kernels->gemm_rows) {
        size_t rows = end - row < call->kernels->gemm_rows ? end - row : call->kernels->gemm_rows;
        for (size_t g = 0; g < call->node->groups; g++) {
            row_pointers(a, call, s, row, rows, g * s->depth);
            for (size_t p = 0; p < s->panels; p++) dense_tile(call, s, a, row, rows, g, p);
        }
    }
}

/* A panel of channels, all output pixels: weights stay in cache while the pixels pass. */
static void dense_panel_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const oc__call *call = j->call;
    const sizes *s = &j->s;
    const float *a[MAX_TAPS * OC__GEMM_MAX_ROWS];
    size_t g = task / s->panels, p = task % s->panels;
    (void)worker;
    for (size_t row = 0; row < s->n_rows; row += call->kernels->gemm_rows) {
        size_t rows = s->n_rows - row < call->kernels->gemm_rows ? s->n_rows - row : call->kernels->gemm_rows;
        row_pointers(a, call, s, row, rows, g * s->depth);
        dense_tile(call, s, a, row, rows, g, p);
    }
}

static oc__depthwise depthwise_of(const oc__call *call) {
    const oc__window *window = &call->node->window;
    return (oc__depthwise){call->in_shape[0].h,   call->in_shape[0].w,  call->node->channels, call->out_shape.h,
                           call->out_shape.w,     window->kernel_height, window->kernel_width, window->stride,
                           window->pad_top,       window->pad_left};
}

static size_t in_image(const oc__call *call) { return (size_t)call->in_shape[0].h * call->in_shape[0].w * call->in_shape[0].c; }
static size_t out_image(const oc__call *call) { return (size_t)call->out_shape.h * call->out_shape.w * call->out_shape.c; }

/* Tasks are bands of rows of one picture. */
#define DEPTHWISE_BANDS 4

static void depthwise_task(void *argument, size_t task, uint32_t worker) {
    const oc__call *call = argument;
    oc__depthwise d = depthwise_of(call);
    size_t image = task / DEPTHWISE_BANDS, band = task % DEPTHWISE_BANDS;
    (void)worker;
    call->kernels->depthwise(&d, d.out_height * band / DEPTHWISE_BANDS, d.out_height * (band + 1) / DEPTHWISE_BANDS,
                             call->in[0] + image * in_image(call), call->packed,
                             call->packed + d.kernel_height * d.kernel_width * d.channels, call->node->low, call->node->high,
                             call->out + image * out_image(call));
}

static void forward(const oc__call *call) {
    if (is_depthwise(call)) {
        oc__parallel(call->context, (size_t)call->out_shape.n * DEPTHWISE_BANDS, depthwise_task, (void *)(uintptr_t)call);
        return;
    }
    job j = {call, sizes_of(call), 0};
    if (j.s.n_rows < j.s.columns * j.s.n_taps) { /* fewer pixels than weights for each input channel */
        oc__parallel(call->context, call->node->groups * j.s.panels, dense_panel_task, &j);
        return;
    }
    j.rows_per_task = rows_per_task(call, j.s.n_rows);
    oc__parallel(call->context, (j.s.n_rows + j.rows_per_task - 1) / j.rows_per_task, dense_rows_task, &j);
}

/* Backward. Scratch: GRADIENT_PIECES partial weight gradients, then for each worker the rows of one tile's or one block's
 * unfolded pixels. */
static size_t unfolded_size(const oc__call *call, const sizes *s) {
    size_t rows = call->kernels->gemm_rows > GRADIENT_BLOCK ? call->kernels->gemm_rows : GRADIENT_BLOCK;
    return s->pointwise ? 0 : rows * s->n_taps * s->depth;
}

static size_t n_scratch(const oc__call *call) {
    if (!call->training) return 0;
    sizes s = sizes_of(call);
    if (is_depthwise(call)) return OC__N_PIECES * call->params[0]->count;
    return GRADIENT_PIECES * call->params[0]->count + call->context->n_threads * unfolded_size(call, &s);
}

static float *unfolded(const oc__call *call, const sizes *s, uint32_t worker) {
    return call->scratch + GRADIENT_PIECES * call->params[0]->count + worker * unfolded_size(call, s);
}

/* c[rows][columns] = out gradient's rows x transposed weights of group g. */
static void transposed_product(const oc__call *call, const sizes *s, size_t row, size_t rows, size_t g, float *c,
                               size_t stride) {
    oc__gemm_rows(call->kernels, rows, s->n_taps * s->depth, s->columns,
                  call->out_gradient + row * call->node->channels + g * s->columns, call->node->channels,
                  packed_transposed(call, s) + g * s->packed_transposed, c, stride);
}

static void pointwise_input_gradient_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const oc__call *call = j->call;
    size_t end = (task + 1) * j->rows_per_task < j->s.n_rows ? (task + 1) * j->rows_per_task : j->s.n_rows;
    size_t tile = call->kernels->gemm_rows, stride = call->in_shape[0].c;
    (void)worker;
    for (size_t row = task * j->rows_per_task; row < end; row += tile)
        for (size_t g = 0; g < call->node->groups; g++)
            transposed_product(call, &j->s, row, end - row < tile ? end - row : tile, g,
                               call->in_gradient[0] + row * stride + g * j->s.depth, stride);
}

/* One picture: unfolded gradients of a tile of pixels, added to the pixels they come from. */
static void folded_input_gradient_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const oc__call *call = j->call;
    const sizes *s = &j->s;
    size_t per_image = s->n_rows / call->out_shape.n, filter = s->n_taps * s->depth, stride = call->in_shape[0].c;
    size_t tile = call->kernels->gemm_rows, end = (task + 1) * per_image;
    float *rows_gradient = unfolded(call, s, worker);
    memset(call->in_gradient[0] + task * in_image(call), 0, in_image(call) * sizeof(float));
    for (size_t row = task * per_image; row < end; row += tile)
        for (size_t g = 0; g < call->node->groups; g++) {
            size_t rows = end - row < tile ? end - row : tile;
            transposed_product(call, s, row, rows, g, rows_gradient, filter);
            for (size_t r = 0; r < rows; r++) {
                corner at = corner_of(call, row + r);
                for (size_t t = 0; t < s->n_taps; t++) {
                    ptrdiff_t pixel = pixel_under(call, &at, t);
                    if (pixel < 0) continue;
                    float *to = call->in_gradient[0] + (size_t)pixel * stride + g * s->depth;
                    const float *from = rows_gradient + r * filter + t * s->depth;
                    for (size_t k = 0; k < s->depth; k++) to[k] += from[k];
                }
            }
        }
}

/* Input pixels under all taps of `rows` output pixels, [rows][taps][depth]. */
static void unfold(float *to, const oc__call *call, const sizes *s, size_t row, size_t rows, size_t channel) {
    for (size_t r = 0; r < rows; r++) {
        corner at = corner_of(call, row + r);
        for (size_t t = 0; t < s->n_taps; t++, to += s->depth) {
            ptrdiff_t pixel = pixel_under(call, &at, t);
            if (pixel < 0) memset(to, 0, s->depth * sizeof *to);
            else memcpy(to, call->in[0] + (size_t)pixel * call->in_shape[0].c + channel, s->depth * sizeof *to);
        }
    }
}

static void weight_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const job *j = argument;
    const oc__call *call = j->call;
    const sizes *s = &j->s;
    size_t filter = s->n_taps * s->depth, n = call->params[0]->count;
    size_t begin = s->n_rows * piece / GRADIENT_PIECES, end = s->n_rows * (piece + 1) / GRADIENT_PIECES;
    float *sum = call->scratch + piece * n;
    memset(sum, 0, n * sizeof *sum);
    for (size_t row = begin; row < end; row += GRADIENT_BLOCK)
        for (size_t g = 0; g < call->node->groups; g++) {
            size_t rows = end - row < GRADIENT_BLOCK ? end - row : GRADIENT_BLOCK;
            const float *b = call->in[0] + row * call->in_shape[0].c + g * s->depth;
            size_t b_stride = call->in_shape[0].c;
            if (!s->pointwise) {
                float *pixels = unfolded(call, s, worker);
                unfold(pixels, call, s, row, rows, g * s->depth);
                b = pixels;
                b_stride = filter;
            }
            oc__gemm_tn_add(call->kernels, s->columns, filter, rows,
                            call->out_gradient + row * call->node->channels + g * s->columns, call->node->channels, b, b_stride,
                            sum + g * s->columns * filter, filter);
        }
}

static void bias_gradient(const oc__call *call, size_t n_rows) {
    float *gradient = call->param_gradient[1];
    memset(gradient, 0, call->node->channels * sizeof *gradient);
    for (size_t row = 0; row < n_rows; row++)
        call->kernels->add_scaled(call->node->channels, 1, call->out_gradient + row * call->node->channels, gradient);
}

static void depthwise_input_gradient_task(void *argument, size_t task, uint32_t worker) {
    const oc__call *call = argument;
    oc__depthwise d = depthwise_of(call);
    size_t image = task / DEPTHWISE_BANDS, band = task % DEPTHWISE_BANDS;
    (void)worker;
    call->kernels->depthwise_input_gradient(&d, d.height * band / DEPTHWISE_BANDS, d.height * (band + 1) / DEPTHWISE_BANDS,
                                            call->out_gradient + image * out_image(call), call->packed,
                                            call->in_gradient[0] + image * in_image(call));
}

static void depthwise_weight_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    oc__depthwise d = depthwise_of(call);
    size_t n = call->params[0]->count, images = call->out_shape.n;
    float *sum = call->scratch + piece * n;
    (void)worker;
    memset(sum, 0, n * sizeof *sum);
    for (size_t image = images * piece / OC__N_PIECES; image < images * (piece + 1) / OC__N_PIECES; image++)
        call->kernels->depthwise_weight_gradient(&d, 0, d.out_height, call->in[0] + image * in_image(call),
                                                 call->out_gradient + image * out_image(call), sum);
}

static void add_pieces(const oc__call *call, size_t n_pieces) {
    size_t n = call->params[0]->count;
    for (size_t piece = 1; piece < n_pieces; piece++)
        call->kernels->add_scaled(n, 1, call->scratch + piece * n, call->scratch);
}

static void depthwise_backward(const oc__call *call) {
    void *argument = (void *)(uintptr_t)call;
    size_t n_taps = (size_t)call->node->window.kernel_height * call->node->window.kernel_width, channels = call->node->channels;
    if (call->param_gradient[0]) {
        oc__parallel(call->context, OC__N_PIECES, depthwise_weight_gradient_task, argument);
        add_pieces(call, OC__N_PIECES);
        for (size_t c = 0; c < channels; c++)
            for (size_t t = 0; t < n_taps; t++) call->param_gradient[0][c * n_taps + t] = call->scratch[t * channels + c];
    }
    if (call->in_gradient[0])
        oc__parallel(call->context, (size_t)call->out_shape.n * DEPTHWISE_BANDS, depthwise_input_gradient_task, argument);
}

static void backward(const oc__call *call) {
    job j = {call, sizes_of(call), 0};
    if (call->param_gradient[1]) bias_gradient(call, j.s.n_rows);
    if (is_depthwise(call)) {
        depthwise_backward(call);
        return;
    }
    if (call->param_gradient[0]) {
        oc__parallel(call->context, GRADIENT_PIECES, weight_gradient_task, &j);
        add_pieces(call, GRADIENT_PIECES);
        memcpy(call->param_gradient[0], call->scratch, call->params[0]->count * sizeof(float));
    }
    if (call->in_gradient[0] && j.s.pointwise) {
        j.rows_per_task = rows_per_task(call, j.s.n_rows);
        oc__parallel(call->context, (j.s.n_rows + j.rows_per_task - 1) / j.rows_per_task, pointwise_input_gradient_task, &j);
    } else if (call->in_gradient[0]) {
        oc__parallel(call->context, call->out_shape.n, folded_input_gradient_task, &j);
    }
    if (call->node->n_inputs > 1 && call->in_gradient[1])
        memcpy(call->in_gradient[1], call->out_gradient, j.s.n_rows * call->node->channels * sizeof(float));
}

static uint64_t n_macs(const oc__node *node, const oc__shape *in, const oc__shape *out) {
    return (uint64_t)out->h * out->w * out->c * node->window.kernel_height * node->window.kernel_width * (in->c / node->groups);
}

const oc__op oc__op_conv = {
    .name = "conv",
    .min_inputs = 1,
    .max_inputs = 2,
    .min_params = 1,
    .max_params = 2,
    .shape = shape,
    .n_packed = n_packed,
    .n_scratch = n_scratch,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .n_macs = n_macs,
};
