/* Convolution in 8-bit integers. SPDX-License-Identifier: MIT
 *
 * As in float32 (op_conv.c), a dense one is a matrix product whose rows are led to by pointers, and pixels outside the picture
 * are a row of the input's zero point; so they count as 0 and the correction for the zero point is the same for all pixels:
 *   sum of (a - zero) w = sum of a w - zero * sum of w, the latter within the bias. */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "conv.h"
#include "quantise.h"
#include "memory.h"
#include "thread.h"

/* A row of taps of a first convolution, whose pixels are four bytes, lies together in the picture: it is taken as one tap. */
#define MAX_ROW_TAPS 15
#define ROW_BYTES (MAX_ROW_TAPS * 4)

/* Where the parts of `packed` lie, in bytes. */
typedef struct layout {
    size_t group;                     /* bytes of one group's weights */
    size_t padded;                    /* columns of one group, or channels, up to whole panels or blocks */
    size_t bias, multiplier, outside; /* offsets */
    size_t size;
} layout;

static size_t aligned(size_t size) { return (size + OC__ALIGNMENT - 1) / OC__ALIGNMENT * OC__ALIGNMENT; }

static layout layout_of(const oc__call *call, const oc__conv_sizes *s) {
    const oc__int8_kernels *k8 = &call->kernels->int8;
    layout l = {0};
    bool depthwise = call->node->op == OC__OP_INT8_DEPTHWISE;
    size_t n_groups = depthwise ? 1 : call->node->groups, unit = depthwise ? k8->depthwise_block : k8->columns;
    size_t columns = depthwise ? call->node->channels : s->columns;
    l.padded = (columns + unit - 1) / unit * unit;
    if (depthwise) {
        oc__depthwise shape = oc__conv_depthwise(call);
        l.group = oc__int8_depthwise_packed_size(k8, &shape);
    } else {
        oc__int8_packed_size(&l.group, k8, s->n_taps, s->depth, s->columns);
    }
    l.bias = aligned(n_groups * l.group);
    l.multiplier = l.bias + aligned(n_groups * l.padded * sizeof(int32_t));
    l.outside = l.multiplier + aligned(n_groups * l.padded * sizeof(float));
    l.size = l.outside + aligned(s->depth + 4 + ROW_BYTES);
    return l;
}

static size_t n_packed(const oc__call *call) {
    oc__conv_sizes s = oc__conv_sizes_of(call);
    return (layout_of(call, &s).size + sizeof(float) - 1) / sizeof(float);
}

/* Quantises one filter; bias and multiplier go where the kernel wants them. */
static void pack_filter(int8_t *to, int32_t *to_bias, float *to_multiplier, const oc__call *call, const float *weights,
                        size_t n, float bias) {
    const oc__quant *in = &call->in_quant[0], *out = &call->out_quant;
    double scale = oc__int8_weight_scale(weights, n, bias, in->scale);
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        to[i] = (int8_t)lrint(fmin(fmax(weights[i] / scale, -127), 127));
        sum += to[i];
    }
    *to_bias = (int32_t)lrint(bias / (in->scale * scale)) - in->zero * sum;
    *to_multiplier = (float)(out->scale > 0 ? in->scale * scale / out->scale : in->scale * scale);
}

static void pack(float *packed, const oc__call *call) {
    const oc__int8_kernels *k8 = &call->kernels->int8;
    oc__conv_sizes s = oc__conv_sizes_of(call);
    layout l = layout_of(call, &s);
    const oc__node *node = call->node;
    char *base = (char *)packed;
    int8_t bytes[OC__INT8_MAX_DEPTH];
    int32_t *bias = (int32_t *)(void *)(base + l.bias);
    float *multiplier = (float *)(void *)(base + l.multiplier);
    bool depthwise = node->op == OC__OP_INT8_DEPTHWISE;
    size_t columns = depthwise ? node->channels : s.columns, filter = s.n_taps * s.depth;
    memset(packed, 0, l.size);
    memset(base + l.outside, call->in_quant[0].zero, l.size - l.outside);
    for (size_t c = 0; c < node->channels; c++) {
        size_t g = c / columns, in_group = c % columns;
        size_t at = g * l.padded + (depthwise ? oc__int8_channel_at(k8, in_group) : oc__int8_column_at(k8, in_group));
        pack_filter(bytes, &bias[at], &multiplier[at], call, call->params[0]->values + c * filter, filter,
                    node->n_params > 1 ? call->params[1]->values[c] : 0);
        int8_t *to = (int8_t *)(base + g * l.group);
        if (depthwise) {
            oc__depthwise shape = oc__conv_depthwise(call);
            oc__int8_depthwise_pack(to, k8, &shape, c, bytes);
        } else {
            oc__int8_pack(to, k8, s.n_taps, s.depth, in_group, bytes);
        }
    }
}

typedef struct job {
    bool rows_of_taps;
    const oc__call *call;
    oc__conv_sizes s;
    layout l;
    size_t rows_per_task, row_tasks;
    oc__int8_tile tile; /* what is the same in all */
} job;

/* Where the bytes of a row of taps are whose first pixel is in column x of a line, or NULL outside; `edge` takes a copy if some
 * lie outside. */
static const uint8_t *row_of_taps(uint8_t *edge, const uint8_t *line, const uint8_t *outside, ptrdiff_t x,
                                  const oc__call *call) {
    ptrdiff_t taps = (ptrdiff_t)call->node->window.kernel_width, width = (ptrdiff_t)call->in_shape[0].w;
    if (!line) return outside;
    if (x >= 0 && x + taps <= width) return line + x * 4;
    for (ptrdiff_t k = 0; k < taps; k++)
        memcpy(edge + k * 4, x + k >= 0 && x + k < width ? line + (x + k) * 4 : outside, 4);
    return edge;
}

/* Pointers for the tile of `rows` output pixels from `row` on, of the group whose first input channel is `channel`. */
static void row_pointers(const uint8_t **a, uint8_t (*edges)[ROW_BYTES], const job *j, size_t row, size_t rows,
                         size_t channel) {
    const oc__call *call = j->call;
    const oc__window *w = &call->node->window;
    const oc__shape *in = &call->in_shape[0];
    size_t tile_rows = call->kernels->int8.rows, stride = in->c;
    const uint8_t *from = oc__bytes_in(call, 0) + channel, *outside = (const uint8_t *)call->packed + j->l.outside;
    if (j->s.pointwise) {
        for (size_t r = 0; r < tile_rows; r++) a[r] = from + (row + (r < rows ? r : rows - 1)) * stride;
        return;
    }
    size_t plane = (size_t)call->out_shape.h * call->out_shape.w;
    size_t image_number = row / plane, out_y = row % plane / call->out_shape.w, out_x = row % plane % call->out_shape.w;
    for (size_t r = 0; r < tile_rows; r++) {
        const uint8_t *image = from + image_number * in->h * in->w * stride, **to = a + r;
        ptrdiff_t corner_y = (ptrdiff_t)(out_y * w->stride) - (ptrdiff_t)w->pad_top;
        ptrdiff_t corner_x = (ptrdiff_t)(out_x * w->stride) - (ptrdiff_t)w->pad_left;
        for (uint32_t i = 0; i < w->kernel_height; i++) {
            ptrdiff_t y = corner_y + (ptrdiff_t)(i * w->dilation), x = corner_x;
            bool row_inside = y >= 0 && y < (ptrdiff_t)in->h;
            const uint8_t *line = image + (row_inside ? (size_t)y * in->w * stride : 0);
            if (j->rows_of_taps) {
                *to = row_of_taps(edges[i * tile_rows + r], row_inside ? line : NULL, outside, x, call);
                to += tile_rows;
                continue;
            }
            for (uint32_t k = 0; k < w->kernel_width; k++, x += w->dilation, to += tile_rows)
                *to = row_inside && x >= 0 && x < (ptrdiff_t)in->w ? line + (size_t)x * stride : outside;
        }
        if (r + 1 >= rows) continue; /* the last one again */
        if (++out_x == call->out_shape.w) {
            out_x = 0;
            if (++out_y == call->out_shape.h) {
                out_y = 0;
                image_number++;
            }
        }
    }
}

static void run_tile(const job *j, const uint8_t *const *a, size_t row, size_t rows, size_t g, size_t column) {
    const oc__call *call = j->call;
    const oc__int8_kernels *k8 = &call->kernels->int8;
    size_t left = j->s.columns - column, at = row * call->node->channels + g * j->s.columns + column;
    size_t place = g * j->l.padded + column;
    const char *base = (const char *)call->packed;
    oc__int8_tile tile = j->tile;
    tile.rows = rows;
    tile.columns = left < k8->columns ? left : k8->columns;
    tile.a = a;
    tile.b = (const int8_t *)base + g * j->l.group + column * (j->l.group / j->l.padded);
    tile.bias = (const int32_t *)(const void *)(base + j->l.bias) + place;
    tile.multiplier = (const float *)(const void *)(base + j->l.multiplier) + place;
    if (call->node->n_inputs > 1) tile.add = oc__bytes_in(call, 1) + at;
    if (call->out_quant.scale > 0) tile.c = oc__bytes_out(call) + at;
    else tile.real = call->out + at;
    k8->gemm(&tile);
}

/* A band of output pixels, all channels: pixels stay in cache while the weights pass. */
static void rows_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const uint8_t *a[OC__MAX_TAPS * OC__INT8_MAX_ROWS];
    uint8_t edges[MAX_ROW_TAPS * OC__INT8_MAX_ROWS][ROW_BYTES];
    size_t tile_rows = j->call->kernels->int8.rows, columns = j->call->kernels->int8.columns;
    size_t end = (task + 1) * j->rows_per_task < j->s.n_rows ? (task + 1) * j->rows_per_task : j->s.n_rows;
    (void)worker;
    for (size_t row = task * j->rows_per_task; row < end; row += tile_rows) {
        size_t rows = end - row < tile_rows ? end - row : tile_rows;
        for (size_t g = 0; g < j->call->node->groups; g++) {
            row_pointers(a, edges, j, row, rows, g * j->s.depth);
            for (size_t c = 0; c < j->s.columns; c += columns) run_tile(j, a, row, rows, g, c);
        }
    }
}

/* A panel of channels, a band of output pixels: weights stay in cache while the pixels pass. */
static void panel_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const uint8_t *a[OC__MAX_TAPS * OC__INT8_MAX_ROWS];
    uint8_t edges[MAX_ROW_TAPS * OC__INT8_MAX_ROWS][ROW_BYTES];
    size_t tile_rows = j->call->kernels->int8.rows, panel = task / j->row_tasks, band = task % j->row_tasks;
    size_t panels = j->l.padded / j->call->kernels->int8.columns, g = panel / panels,
           column = panel % panels * j->call->kernels->int8.columns;
    size_t end = (band + 1) * j->rows_per_task < j->s.n_rows ? (band + 1) * j->rows_per_task : j->s.n_rows;
    (void)worker;
    for (size_t row = band * j->rows_per_task; row < end; row += tile_rows) {
        size_t rows = end - row < tile_rows ? end - row : tile_rows;
        row_pointers(a, edges, j, row, rows, g * j->s.depth);
        run_tile(j, a, row, rows, g, column);
    }
}

static void forward(const oc__call *call) {
    const oc__node *node = call->node;
    const oc__quant *out = &call->out_quant;
    job j = {.call = call, .s = oc__conv_sizes_of(call)};
    j.l = layout_of(call, &j.s);
    j.tile = (oc__int8_tile){.n_taps = j.s.n_taps, .depth = j.s.depth, .c_stride = node->channels, .real_low = node->low,
                             .real_high = node->high};
    j.rows_of_taps = call->in_shape[0].c == 4 && node->groups == 1 && node->window.dilation == 1 && j.s.n_taps > 1;
    if (j.rows_of_taps) { /* the packed weights are the same */
        j.tile.n_taps = node->window.kernel_height;
        j.tile.depth = 4 * (size_t)node->window.kernel_width;
    }
    if (node->n_inputs > 1) {
        j.tile.add_stride = node->channels;
        j.tile.add_zero = call->in_quant[1].zero;
        j.tile.add_multiplier = out->scale > 0 ? call->in_quant[1].scale / out->scale : call->in_quant[1].scale;
    }
    if (out->scale > 0) {
        j.tile.zero = out->zero;
        j.tile.low = oc__quant_byte(out, node->low);
        j.tile.high = oc__quant_byte(out, node->high);
    }
    size_t tile_rows = call->kernels->int8.rows, tiles = (j.s.n_rows + tile_rows - 1) / tile_rows;
    size_t panels = node->groups * (j.l.padded / call->kernels->int8.columns), per_task;
    if (j.s.n_rows < j.s.columns * j.s.n_taps) { /* fewer pixels than weights for each input channel */
        per_task = panels < 8 ? (tiles + 1) / 2 : tiles;
        j.rows_per_task = per_task * tile_rows;
        j.row_tasks = (tiles + per_task - 1) / per_task;
        oc__parallel(call->context, panels * j.row_tasks, panel_task, &j);
        return;
    }
    per_task = tiles / (8 * (size_t)call->context->n_threads);
    per_task = per_task < 1 ? 1 : per_task > 16 ? 16 : per_task;
    j.rows_per_task = per_task * tile_rows;
    oc__parallel(call->context, (tiles + per_task - 1) / per_task, rows_task, &j);
}

/* Pairs of output rows, which share input rows, stay together. */
static size_t n_bands(const oc__call *call) {
    size_t pairs = (call->out_shape.h + 1) / 2;
    return pairs < 8 ? pairs : 8;
}

static void depthwise_task(void *argument, size_t task, uint32_t worker) {
    const oc__call *call = argument;
    const oc__node *node = call->node;
    oc__depthwise shape = oc__conv_depthwise(call);
    oc__conv_sizes s = oc__conv_sizes_of(call);
    layout l = layout_of(call, &s);
    const char *base = (const char *)call->packed;
    oc__int8_channels channels = {.weights = (const int8_t *)base,
                                  .bias = (const int32_t *)(const void *)(base + l.bias),
                                  .multiplier = (const float *)(const void *)(base + l.multiplier),
                                  .in_zero = call->in_quant[0].zero,
                                  .zero = call->out_quant.zero,
                                  .low = oc__quant_byte(&call->out_quant, node->low),
                                  .high = oc__quant_byte(&call->out_quant, node->high)};
    size_t bands = n_bands(call), image = task / bands, band = task % bands, pairs = (shape.out_height + 1) / 2;
    size_t begin = pairs * band / bands * 2, end = pairs * (band + 1) / bands * 2;
    (void)worker;
    call->kernels->int8.depthwise(&shape, begin, end < shape.out_height ? end : shape.out_height,
                                  oc__bytes_in(call, 0) + image * oc__conv_in_image(call), &channels,
                                  oc__bytes_out(call) + image * oc__conv_out_image(call));
}

static void depthwise_forward(const oc__call *call) {
    oc__parallel(call->context, call->out_shape.n * n_bands(call), depthwise_task, (void *)(uintptr_t)call);
}

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    return oc__op_conv.shape(out, graph, node, in, err);
}

const oc__op oc__op_int8_conv = {.name = "int8 conv", .min_inputs = 1, .max_inputs = 2, .min_params = 1, .max_params = 2,
                                 .shape = shape, .n_packed = n_packed, .pack = pack, .forward = forward};

const oc__op oc__op_int8_depthwise = {.name = "int8 depthwise", .min_inputs = 1, .max_inputs = 1, .min_params = 1,
                                      .max_params = 2, .shape = shape, .n_packed = n_packed, .pack = pack,
                                      .forward = depthwise_forward};
