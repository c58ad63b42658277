/* Convolution with products in bfloat16. SPDX-License-Identifier: MIT
 *
 * The input is rounded to bfloat16 once, each picture with its padding as zeros around it, so that every tap lies in memory:
 * a row of taps is one run, and counts as one tap, where there is one group and no dilation. */
#include <math.h>
#include <string.h>

#include "conv.h"
#include "thread.h"

/* Sizes of what conv_bf16.c works on; of one group where nothing else is said. */
typedef struct sizes {
    size_t n_rows;                 /* output pixels of the batch */
    size_t n_taps, depth, columns; /* taps, input channels, output channels */
    size_t pairs, pixel;           /* of one tap; of a pixel of all groups */
    size_t height, width;          /* of the padded picture */
    size_t panels, packed;         /* packed: pairs */
    size_t runs, run;              /* taps as the kernel is told of them, and pairs of each */
} sizes;

static sizes sizes_of(const oc__call *call) {
    const oc__node *node = call->node;
    const oc__window *w = &node->window;
    const oc__shape *in = &call->in_shape[0];
    sizes s = {.n_rows = (size_t)call->out_shape.n * call->out_shape.h * call->out_shape.w,
               .n_taps = (size_t)w->kernel_height * w->kernel_width,
               .depth = in->c / node->groups,
               .columns = node->channels / node->groups,
               .height = (size_t)in->h + w->pad_top + w->pad_bottom,
               .width = (size_t)in->w + w->pad_left + w->pad_right};
    bool by_rows = node->groups == 1 && w->dilation == 1;
    s.pairs = (s.depth + 1) / 2;
    s.pixel = s.pairs * node->groups;
    s.panels = (s.columns + call->bf16->columns - 1) / call->bf16->columns;
    oc__bf16_packed_size(&s.packed, call->bf16, s.n_taps, s.depth, s.columns);
    s.runs = by_rows ? w->kernel_height : s.n_taps;
    s.run = s.n_taps / s.runs * s.pairs;
    return s;
}

/* Of one group, for the gradient by the input. */
static size_t n_transposed(const oc__call *call, const sizes *s) {
    size_t n = 0;
    oc__bf16_packed_size(&n, call->bf16, 1, s->columns, s->n_taps * s->depth);
    return n;
}

/* Packed: each group's weights, each group's bias padded to whole panels; when training, each group's transposed weights. */
size_t oc__conv_bf16_n_packed(const oc__call *call) {
    sizes s = sizes_of(call);
    return call->node->groups *
           (s.packed + s.panels * call->bf16->columns + (call->training ? n_transposed(call, &s) : 0));
}

const oc__bf16_pair *oc__conv_bf16_transposed(const oc__call *call, size_t group) {
    sizes s = sizes_of(call);
    return (const oc__bf16_pair *)(const void *)call->packed +
           call->node->groups * (s.packed + s.panels * call->bf16->columns) + group * n_transposed(call, &s);
}

void oc__conv_bf16_pack(float *packed, const oc__call *call) {
    sizes s = sizes_of(call);
    const oc__node *node = call->node;
    const float *weights = call->params[0]->values, *bias = node->n_params > 1 ? call->params[1]->values : NULL;
    size_t filter = s.n_taps * s.depth, padded = s.panels * call->bf16->columns;
    for (size_t g = 0; g < node->groups; g++, packed += s.packed) {
        oc__conv_weights w = oc__conv_weights_of(call, g);
        oc__bf16_pack((oc__bf16_pair *)(void *)packed, call->bf16, s.n_taps, s.depth, s.columns, w.first, w.tap_stride,
                      w.k_stride, w.column_stride);
    }
    for (size_t g = 0; g < node->groups; g++, packed += padded)
        for (size_t j = 0; j < padded; j++) packed[j] = bias && j < s.columns ? bias[g * s.columns + j] : 0;
    for (size_t g = 0; g < node->groups && call->training; g++, packed += n_transposed(call, &s))
        oc__bf16_pack((oc__bf16_pair *)(void *)packed, call->bf16, 1, s.columns, filter, weights + g * s.columns * filter, 0,
                      (ptrdiff_t)filter, 1);
}

/* Scratch: the padded pictures, in pairs. */
size_t oc__conv_bf16_n_scratch(const oc__call *call) {
    sizes s = sizes_of(call);
    return call->in_shape[0].n * s.height * s.width * s.pixel;
}

typedef struct job {
    const oc__call *call;
    sizes s;
    oc__bf16_pair *pictures;
    size_t rows_per_task;
} job;

#define ROWS_TO_ROUND 4 /* of pixels, in one task */

static void round_row(const job *j, size_t row) {
    const oc__call *call = j->call;
    const sizes *s = &j->s;
    const oc__shape *in = &call->in_shape[0];
    const oc__window *w = &call->node->window;
    size_t image = row / s->height, y = row % s->height, inner = in->w * s->pixel;
    oc__bf16_pair *to = j->pictures + row * s->width * s->pixel;
    if (y < w->pad_top || y >= w->pad_top + (size_t)in->h) {
        memset(to, 0, s->width * s->pixel * sizeof *to);
        return;
    }
    const float *from = call->in[0] + (image * in->h + y - w->pad_top) * in->w * in->c;
    memset(to, 0, w->pad_left * s->pixel * sizeof *to);
    to += w->pad_left * s->pixel;
    if (s->depth % 2 == 0) call->bf16->pair_neighbours(1, (size_t)in->w * in->c, from, 0, to, 0);
    else call->bf16->pair_neighbours(in->w * (size_t)call->node->groups, s->depth, from, s->depth, to, s->pairs);
    memset(to + inner, 0, w->pad_right * s->pixel * sizeof *to);
}

static void round_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    size_t n = j->call->in_shape[0].n * j->s.height, end = (task + 1) * ROWS_TO_ROUND;
    (void)worker;
    for (size_t row = task * ROWS_TO_ROUND; row < end && row < n; row++) round_row(j, row);
}

/* Pointers to the runs under `rows` output pixels from `row` on. */
static void find_runs(const oc__bf16_pair **a, const job *j, size_t row, size_t rows, size_t g) {
    const oc__call *call = j->call;
    const sizes *s = &j->s;
    const oc__window *w = &call->node->window;
    size_t tile_rows = call->bf16->rows, out_width = call->out_shape.w, out_height = call->out_shape.h;
    size_t runs_in_row = s->runs / w->kernel_height;
    for (size_t r = 0; r < tile_rows; r++) {
        size_t at = row + (r < rows ? r : rows - 1), x = at % out_width, y = at / out_width % out_height;
        size_t image = at / out_width / out_height;
        const oc__bf16_pair *corner =
            j->pictures + ((image * s->height + y * w->stride) * s->width + x * w->stride) * s->pixel + g * s->pairs;
        for (size_t t = 0; t < s->runs; t++)
            a[t * tile_rows + r] =
                corner + (t / runs_in_row * s->width + t % runs_in_row) * w->dilation * s->pixel;
    }
}

static void product_tile(const job *j, const oc__bf16_pair *const *a, size_t row, size_t rows, size_t g, size_t p) {
    const oc__call *call = j->call;
    const oc__node *node = call->node;
    const sizes *s = &j->s;
    size_t width = call->bf16->columns, column = p * width, left = s->columns - column;
    size_t at = row * node->channels + g * s->columns + column;
    bool clamps = node->function.code == OC__FUNCTION_NONE; /* else the function does, once the row is there */
    const oc__bf16_pair *weights = (const oc__bf16_pair *)(const void *)call->packed;
    const float *bias = call->packed + node->groups * s->packed;
    oc__bf16_tile tile = {
        .rows = rows,
        .columns = left < width ? left : width,
        .n_taps = s->runs,
        .depth = s->run,
        .a = a,
        .b = weights + g * s->packed + column * s->n_taps * s->pairs,
        .bias = bias + g * s->panels * width + column,
        .add = node->n_inputs > 1 ? call->in[1] + at : NULL,
        .add_stride = node->channels,
        .low = clamps ? node->low : -INFINITY,
        .high = clamps ? node->high : INFINITY,
        .c = call->out + at,
        .c_stride = node->channels,
    };
    call->bf16->gemm(&tile);
    for (size_t r = 0; !clamps && r < rows; r++) oc__op_finish_some(call, tile.c + r * node->channels, tile.columns);
}

/* A band of output pixels, all channels: pixels stay in cache while the weights pass. */
static void rows_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const oc__bf16_pair *a[OC__MAX_TAPS * OC__BF16_MAX_ROWS];
    size_t end = (task + 1) * j->rows_per_task < j->s.n_rows ? (task + 1) * j->rows_per_task : j->s.n_rows;
    size_t tile_rows = j->call->bf16->rows;
    (void)worker;
    for (size_t row = task * j->rows_per_task; row < end; row += tile_rows) {
        size_t rows = end - row < tile_rows ? end - row : tile_rows;
        for (size_t g = 0; g < j->call->node->groups; g++) {
            find_runs(a, j, row, rows, g);
            for (size_t p = 0; p < j->s.panels; p++) product_tile(j, a, row, rows, g, p);
        }
    }
}

/* A panel of channels, all output pixels: weights stay in cache while the pixels pass. */
static void panel_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    const oc__bf16_pair *a[OC__MAX_TAPS * OC__BF16_MAX_ROWS];
    size_t g = task / j->s.panels, p = task % j->s.panels, tile_rows = j->call->bf16->rows;
    (void)worker;
    for (size_t row = 0; row < j->s.n_rows; row += tile_rows) {
        size_t rows = j->s.n_rows - row < tile_rows ? j->s.n_rows - row : tile_rows;
        find_runs(a, j, row, rows, g);
        product_tile(j, a, row, rows, g, p);
    }
}

void oc__conv_bf16_forward(const oc__call *call) {
    job j = {.call = call, .s = sizes_of(call), .pictures = (oc__bf16_pair *)(void *)call->scratch};
    size_t n_rows = call->in_shape[0].n * j.s.height;
    oc__parallel(call->context, (n_rows + ROWS_TO_ROUND - 1) / ROWS_TO_ROUND, round_task, &j);
    if (j.s.n_rows < j.s.columns * j.s.n_taps) { /* fewer pixels than weights for each input channel */
        oc__parallel(call->context, call->node->groups * j.s.panels, panel_task, &j);
        return;
    }
    j.rows_per_task = oc__conv_rows_per_task(call, call->bf16->rows, j.s.n_rows);
    oc__parallel(call->context, (j.s.n_rows + j.rows_per_task - 1) / j.rows_per_task, rows_task, &j);
}
