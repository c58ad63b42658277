/* Networks in double precision. SPDX-License-Identifier: MIT */
#include "nn_reference.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t reference_count(const reference *r, uint32_t node) {
    const oc__shape *s = &r->shapes[node];
    return (size_t)s->n * s->c * s->h * s->w;
}

reference *reference_create(const oc__graph *graph, uint32_t n, uint32_t height, uint32_t width, bool training) {
    reference *r = calloc(1, sizeof *r);
    oc_error err = OC_ERROR_INIT;
    r->graph = graph;
    r->training = training;
    r->shapes = calloc(graph->n_nodes, sizeof *r->shapes);
    r->values = calloc(graph->n_nodes, sizeof *r->values);
    r->params = calloc(graph->n_params + 1, sizeof *r->params);
    ck_assert_msg(oc__graph_shapes(r->shapes, graph, n, height, width, &err) == OC_OK, "%s", err.message);
    for (uint32_t i = 0; i < graph->n_nodes; i++) r->values[i] = calloc(reference_count(r, i), sizeof(double));
    for (size_t i = 0; i < graph->n_params; i++) {
        r->params[i] = calloc(graph->params[i].count, sizeof(double));
        for (size_t j = 0; j < graph->params[i].count; j++) r->params[i][j] = graph->params[i].values[j];
    }
    return r;
}

void reference_free(reference *r) {
    for (size_t i = 0; i < r->graph->n_nodes; i++) free(r->values[i]);
    for (size_t i = 0; i < r->graph->n_params; i++) free(r->params[i]);
    free(r->values);
    free(r->params);
    free(r->shapes);
    free(r);
}

static double at(const reference *r, uint32_t node, size_t n, ptrdiff_t y, ptrdiff_t x, size_t c, bool *inside) {
    const oc__shape *s = &r->shapes[node];
    *inside = y >= 0 && x >= 0 && y < (ptrdiff_t)s->h && x < (ptrdiff_t)s->w;
    return *inside ? r->values[node][((n * s->h + (size_t)y) * s->w + (size_t)x) * s->c + c] : 0;
}

/* To the nearest bfloat16, ties to even. */
static double rounded(double x) {
    int exponent;
    double fraction = frexp(x, &exponent);
    return ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
}

static bool rounds(const reference *r, const oc__node *node) {
    bool depthwise = node->groups > 1 && node->groups == node->channels && node->n_inputs == 1 &&
                     node->groups == r->shapes[node->inputs[0]].c && node->window.dilation == 1;
    return r->bf16 && node->op == OC__OP_CONV && !depthwise;
}

static double window(reference *r, const oc__node *node, size_t n, size_t y, size_t x, size_t c) {
    const oc__window *w = &node->window;
    const oc__shape *in = &r->shapes[node->inputs[0]];
    double sum = 0, most = -INFINITY, second = -INFINITY;
    size_t count = 0, depth = in->c / node->groups, group = node->op == OC__OP_CONV ? c / (node->channels / node->groups) : 0;
    for (size_t i = 0; i < w->kernel_height; i++)
        for (size_t j = 0; j < w->kernel_width; j++) {
            ptrdiff_t iy = (ptrdiff_t)(y * w->stride + i * w->dilation) - (ptrdiff_t)w->pad_top;
            ptrdiff_t ix = (ptrdiff_t)(x * w->stride + j * w->dilation) - (ptrdiff_t)w->pad_left;
            bool inside;
            if (node->op == OC__OP_CONV) {
                const double *weights = r->params[node->params[0]] + ((c * w->kernel_height + i) * w->kernel_width + j) * depth;
                for (size_t k = 0; k < depth; k++) {
                    double value = at(r, node->inputs[0], n, iy, ix, group * depth + k, &inside);
                    sum += rounds(r, node) ? rounded(weights[k]) * rounded(value) : weights[k] * value;
                }
                continue;
            }
            double value = at(r, node->inputs[0], n, iy, ix, c, &inside);
            if (!inside && (node->mode & OC__POOL_COUNT_PADDING) && iy < (ptrdiff_t)(in->h + w->pad_bottom) &&
                ix < (ptrdiff_t)(in->w + w->pad_right))
                count++;
            if (!inside) continue;
            count++;
            sum += value;
            second = value > most ? most : value > second ? value : second;
            most = value > most ? value : most;
        }
    if (node->op == OC__OP_MEAN_POOL) return count ? sum / (double)count : 0;
    if (node->op == OC__OP_MAX_POOL) {
        if (most - second < r->nearest) r->nearest = most - second;
        return count ? most : 0;
    }
    if (node->n_params > 1) sum += r->params[node->params[1]][c];
    if (node->n_inputs > 1) {
        bool inside;
        sum += at(r, node->inputs[1], n, (ptrdiff_t)y, (ptrdiff_t)x, c, &inside);
    }
    return sum;
}

static void batch_norm(reference *r, const oc__node *node, uint32_t index) {
    const oc__shape *s = &r->shapes[index];
    size_t pixels = (size_t)s->n * s->h * s->w;
    for (size_t c = 0; c < s->c; c++) {
        const double *x = r->values[node->inputs[0]] + c;
        double mean = r->params[node->params[2]][c], variance = r->params[node->params[3]][c];
        if (r->training && !node->frozen) {
            mean = variance = 0;
            for (size_t p = 0; p < pixels; p++) mean += x[p * s->c] / (double)pixels;
            for (size_t p = 0; p < pixels; p++) variance += (x[p * s->c] - mean) * (x[p * s->c] - mean) / (double)pixels;
        }
        for (size_t p = 0; p < pixels; p++)
            r->values[index][p * s->c + c] = (x[p * s->c] - mean) / sqrt(variance + (double)node->epsilon)
                                             * r->params[node->params[0]][c] + r->params[node->params[1]][c];
    }
}

static double clamp(reference *r, double x, double low, double high) {
    r->nearest = fmin(r->nearest, fmin(fabs(x - low), fabs(x - high)));
    return x < low ? low : x > high ? high : x;
}

static double function_of(reference *r, const oc__function *f, double x) {
    double alpha = f->alpha, beta = f->beta;
    switch (f->code) {
    case OC__FUNCTION_LEAKY_RELU: return clamp(r, x, 0, INFINITY) + alpha * clamp(r, x, -INFINITY, 0);
    case OC__FUNCTION_HARD_SIGMOID: return clamp(r, alpha * x + beta, 0, 1);
    case OC__FUNCTION_HARD_SWISH: return x * clamp(r, x + 3, 0, 6) / 6;
    case OC__FUNCTION_SIGMOID: return 1 / (1 + exp(-x));
    case OC__FUNCTION_SILU: return x / (1 + exp(-x));
    case OC__FUNCTION_TANH: return tanh(x);
    case OC__FUNCTION_EXP: return exp(x);
    case OC__FUNCTION_SQRT: return sqrt(clamp(r, x, 0, INFINITY) + alpha);
    default: return x;
    }
}

/* Everything that an input pixel adds to the output, spelled out. */
static void transposed(reference *r, const oc__node *node, uint32_t index) {
    const oc__window *w = &node->window;
    const oc__shape *s = &r->shapes[index], *in = &r->shapes[node->inputs[0]];
    size_t per_group = node->channels / node->groups, depth = in->c / node->groups;
    for (size_t i = 0; i < reference_count(r, index); i++)
        r->values[index][i] = node->n_params > 1 ? r->params[node->params[1]][i % s->c] : 0;
    for (size_t p = 0; p < (size_t)in->n * in->h * in->w; p++)
        for (size_t i = 0; i < w->kernel_height; i++)
            for (size_t j = 0; j < w->kernel_width; j++) {
                ptrdiff_t y = (ptrdiff_t)(p / in->w % in->h * w->stride + i * w->dilation) - (ptrdiff_t)w->pad_top;
                ptrdiff_t x = (ptrdiff_t)(p % in->w * w->stride + j * w->dilation) - (ptrdiff_t)w->pad_left;
                if (y < 0 || x < 0 || y >= (ptrdiff_t)s->h || x >= (ptrdiff_t)s->w) continue;
                double *to = r->values[index] + ((p / in->w / in->h * s->h + (size_t)y) * s->w + (size_t)x) * s->c;
                for (size_t k = 0; k < in->c; k++)
                    for (size_t o = 0; o < per_group; o++)
                        to[k / depth * per_group + o] +=
                            r->values[node->inputs[0]][p * in->c + k] *
                            r->params[node->params[0]][((k * w->kernel_height + i) * w->kernel_width + j) * per_group + o];
            }
}

/* Where an output row or column lies in the input, by the formulas of ONNX. */
static double resized_from(const oc__node *node, size_t at, double out, double in, int axis) {
    double numerator = node->sizes[2 * axis], denominator = node->sizes[2 * axis + 1];
    double scale = denominator == 0 ? out / in : numerator / denominator, x;
    switch (node->mode & 6) {
    case OC__RESIZE_ALIGN_CORNERS: x = out == 1 ? 0 : (double)at * (in - 1) / (out - 1); break;
    case OC__RESIZE_ASYMMETRIC: x = (double)at / scale; break;
    case OC__RESIZE_HALF_PIXEL_1: x = out == 1 ? 0 : ((double)at + 0.5) / scale - 0.5; break;
    default: x = ((double)at + 0.5) / scale - 0.5;
    }
    x = rint(x * 1e9) / 1e9; /* ties are ties */
    if (!(node->mode & OC__RESIZE_BILINEAR)) {
        switch (node->mode & 24) {
        case OC__RESIZE_ROUND_DOWN: x = ceil(x - 0.5); break;
        case OC__RESIZE_ROUND_UP: x = floor(x + 0.5); break;
        case OC__RESIZE_FLOOR: x = floor(x); break;
        default: x = ceil(x);
        }
    }
    return x < 0 ? 0 : x > in - 1 ? in - 1 : x;
}

static double resized(reference *r, const oc__node *node, const oc__shape *s, size_t n, size_t oy, size_t ox, size_t c) {
    const oc__shape *in = &r->shapes[node->inputs[0]];
    double y = resized_from(node, oy, s->h, in->h, 0), x = resized_from(node, ox, s->w, in->w, 1), sum = 0;
    for (size_t iy = 0; iy < in->h; iy++)
        for (size_t ix = 0; ix < in->w; ix++) {
            bool inside;
            double weight = fmax(0, 1 - fabs(y - (double)iy)) * fmax(0, 1 - fabs(x - (double)ix));
            sum += weight * at(r, node->inputs[0], n, (ptrdiff_t)iy, (ptrdiff_t)ix, c, &inside);
        }
    return sum;
}

static ptrdiff_t padded_from(const oc__node *node, size_t to, int before, ptrdiff_t side) {
    ptrdiff_t from = (ptrdiff_t)to - (ptrdiff_t)node->sizes[before];
    if (node->mode == OC__PAD_EDGE) return from < 0 ? 0 : from >= side ? side - 1 : from;
    if (node->mode == OC__PAD_REFLECT) return from < 0 ? -from : from >= side ? 2 * side - 2 - from : from;
    return from;
}

static double padded(reference *r, const oc__node *node, size_t n, size_t y, size_t x, size_t c) {
    const oc__shape *in = &r->shapes[node->inputs[0]];
    bool inside;
    ptrdiff_t k = padded_from(node, c, 4, in->c), iy = padded_from(node, y, 0, in->h), ix = padded_from(node, x, 1, in->w);
    double value = k < 0 || k >= (ptrdiff_t)in->c ? 0 : at(r, node->inputs[0], n, iy, ix, (size_t)k, &inside);
    return k < 0 || k >= (ptrdiff_t)in->c || !inside ? (double)node->function.alpha : value;
}

static double softmax(reference *r, const oc__node *node, size_t pixel, size_t c, size_t channels) {
    const double *x = r->values[node->inputs[0]] + pixel * channels;
    double sum = 0;
    for (size_t k = 0; k < channels; k++) sum += exp(x[k] - x[c]);
    return 1 / sum;
}

static double global_max(reference *r, const oc__node *node, size_t n, size_t c) {
    const oc__shape *in = &r->shapes[node->inputs[0]];
    double most = -INFINITY, second = -INFINITY;
    for (size_t p = 0; p < (size_t)in->h * in->w; p++) {
        double value = r->values[node->inputs[0]][(n * in->h * in->w + p) * in->c + c];
        second = value > most ? most : value > second ? value : second;
        most = fmax(most, value);
    }
    r->nearest = fmin(r->nearest, most - second);
    return most;
}

/* The second operand of an addition or multiplication. */
static double second(const reference *r, const oc__node *node, size_t n, size_t y, size_t x, size_t c) {
    const oc__shape *b = &r->shapes[node->inputs[1]];
    return r->values[node->inputs[1]][((n * b->h + y % b->h) * b->w + x % b->w) * b->c + c % b->c];
}

static void run_node(reference *r, uint32_t index) {
    const oc__node *node = &r->graph->nodes[index];
    const oc__shape *s = &r->shapes[index], *in = &r->shapes[node->inputs[0]];
    double *out = r->values[index];
    if (node->op == OC__OP_BATCH_NORM) {
        batch_norm(r, node, index);
        return;
    }
    if (node->op == OC__OP_CONV_TRANSPOSED) {
        transposed(r, node, index);
        return;
    }
    for (size_t n = 0; n < s->n; n++)
        for (size_t y = 0; y < s->h; y++)
            for (size_t x = 0; x < s->w; x++)
                for (size_t c = 0; c < s->c; c++) {
                    const size_t place[3] = {y, x, c};
                    size_t from_place[3];
                    bool inside;
                    double *to = &out[((n * s->h + y) * s->w + x) * s->c + c];
                    size_t pixel = (n * s->h + y) * s->w + x, k = c;
                    uint32_t from = 0;
                    switch (node->op) {
                    case OC__OP_ADD:
                        *to = r->values[node->inputs[0]][pixel * s->c + c] + second(r, node, n, y, x, c);
                        break;
                    case OC__OP_MULTIPLY:
                        *to = r->values[node->inputs[0]][pixel * s->c + c] * second(r, node, n, y, x, c);
                        break;
                    case OC__OP_RESIZE: *to = resized(r, node, s, n, y, x, c); break;
                    case OC__OP_PAD: *to = padded(r, node, n, y, x, c); break;
                    case OC__OP_RESHAPE: *to = r->values[node->inputs[0]][pixel * s->c + c]; break;
                    case OC__OP_TRANSPOSE:
                        for (int i = 0; i < 3; i++) from_place[node->sizes[i]] = place[i];
                        *to = at(r, node->inputs[0], n, (ptrdiff_t)from_place[0], (ptrdiff_t)from_place[1], from_place[2],
                                 &inside);
                        break;
                    case OC__OP_SLICE:
                        for (int i = 0; i < 3; i++)
                            from_place[i] = node->sizes[3 * i] + place[i] * node->sizes[3 * i + 2];
                        *to = at(r, node->inputs[0], n, (ptrdiff_t)from_place[0], (ptrdiff_t)from_place[1], from_place[2],
                                 &inside);
                        break;
                    case OC__OP_SOFTMAX: *to = softmax(r, node, pixel, c, s->c); break;
                    case OC__OP_GLOBAL_MAX_POOL: *to = global_max(r, node, n, c); break;
                    case OC__OP_CHANNEL_SHUFFLE: /* viewed as groups x rest, transposed */
                        k = c % node->groups * (s->c / node->groups) + c / node->groups;
                        *to = r->values[node->inputs[0]][pixel * s->c + k];
                        break;
                    case OC__OP_CONCAT:
                        while (k >= r->shapes[node->inputs[from]].c) k -= r->shapes[node->inputs[from++]].c;
                        *to = r->values[node->inputs[from]][pixel * r->shapes[node->inputs[from]].c + k];
                        break;
                    case OC__OP_GLOBAL_POOL:
                        *to = 0;
                        for (size_t p = 0; p < (size_t)in->h * in->w; p++)
                            *to += r->values[node->inputs[0]][(n * in->h * in->w + p) * s->c + c] / ((double)in->h * in->w);
                        break;
                    case OC__OP_ACTIVATION:
                        *to = function_of(r, &node->function, r->values[node->inputs[0]][pixel * s->c + c]);
                        break;
                    default: *to = window(r, node, n, y, x, c);
                    }
                }
}

void reference_run(reference *r) {
    r->nearest = INFINITY;
    for (uint32_t i = 1; i < r->graph->n_nodes; i++) {
        const oc__node *node = &r->graph->nodes[i];
        run_node(r, i);
        for (size_t j = 0; j < reference_count(r, i); j++) {
            double *x = &r->values[i][j];
            *x = clamp(r, *x, (double)node->low, (double)node->high);
        }
    }
}

double reference_loss(const reference *r, double *const *weights) {
    double loss = 0;
    for (uint32_t i = 0; i < r->graph->n_outputs; i++)
        for (size_t j = 0; j < reference_count(r, r->graph->outputs[i]); j++)
            loss += weights[i][j] * r->values[r->graph->outputs[i]][j];
    return loss;
}
