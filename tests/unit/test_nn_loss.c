/* Losses against plain formulas in double precision, and their gradients against those formulas' central differences.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "random.h"
#include "support.h"

#define MOST 512

static oc_context *context;
static oc__random rng;

static double normal(double deviation) { return deviation * oc__random_normal(&rng); }
static size_t below(size_t n) { return (size_t)oc__random_below(&rng, n); }

static void begin(void) {
    context = new_threads_context(2, NULL);
    oc__random_seed(&rng, 1, 1);
}
static void end(void) { end_context(context); }

/* The loss as plainly as can be, of double inputs. */
typedef double (*plain_fn)(const double *x, const void *about);

/* Checks a loss and its gradient at x. */
static void check_loss(double loss, const float *gradient, const float *x, size_t n, plain_fn plain, const void *about,
                       double step, const char *what) {
    double at[MOST], largest = 0, slopes[MOST];
    ck_assert_uint_le(n, MOST);
    for (size_t i = 0; i < n; i++) at[i] = x[i];
    double expected = plain(at, about);
    check_that(fabs(loss - expected) <= 1e-6 * fmax(1, fabs(expected)), "%s: loss %.9g, expected %.9g", what, loss, expected);
    for (size_t i = 0; i < n; i++) {
        at[i] = (double)x[i] + step;
        slopes[i] = plain(at, about);
        at[i] = (double)x[i] - step;
        slopes[i] = (slopes[i] - plain(at, about)) / (2 * step);
        at[i] = x[i];
        largest = fmax(largest, fabs(slopes[i]));
    }
    for (size_t i = 0; i < n; i++)
        check_that(fabs((double)gradient[i] - slopes[i]) <= 1e-5 * fabs(slopes[i]) + 2e-6 * largest + 1e-9,
                   "%s: slope %zu of %zu is %.9g, expected %.9g", what, i, n, (double)gradient[i], slopes[i]);
}

static void check_finite(double loss, const float *gradient, size_t n, const char *what) {
    check_that(isfinite(loss), "%s: loss %g", what, loss);
    for (size_t i = 0; i < n; i++) check_that(isfinite(gradient[i]), "%s: slope %zu is %g", what, i, (double)gradient[i]);
}

/* Softmax cross-entropy. */
typedef struct class_case {
    oc__class_targets targets;
    size_t n, classes;
    double temperature; /* of a distillation */
    const float *teacher;
} class_case;

static double log_share(const double *row, size_t classes, size_t k, double temperature) {
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < classes; i++) top = fmax(top, row[i] / temperature);
    for (size_t i = 0; i < classes; i++) sum += exp(row[i] / temperature - top);
    return row[k] / temperature - top - log(sum);
}

static double plain_cross_entropy(const double *x, const void *about) {
    const class_case *c = about;
    const oc__class_targets *t = &c->targets;
    double loss = 0, count = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (t->labels && t->labels[i] < 0) continue;
        count += !t->labels || !t->class_weights ? 1 : (double)t->class_weights[t->labels[i]];
        for (size_t k = 0; k < c->classes; k++) {
            double share = t->labels ? t->labels[i] == (int32_t)k : (double)t->shares[i * c->classes + k];
            share = share * (1 - (double)t->smoothing) + (double)t->smoothing / (double)c->classes;
            double weight = t->class_weights ? (double)t->class_weights[k] : 1;
            loss -= weight * share * log_share(x + i * c->classes, c->classes, k, 1);
        }
    }
    return count > 0 ? loss / count : 0;
}

START_TEST(test_cross_entropy) {
    begin();
    for (int round = 0; round < 400; round++) {
        float logits[MOST], gradient[MOST], shares[MOST], weights[16];
        int32_t labels[16];
        class_case c = {.n = below(8), .classes = 1 + below(9)};
        size_t count = c.n * c.classes;
        for (size_t i = 0; i < count; i++) logits[i] = (float)normal(round % 2 ? 1 : 6);
        for (size_t i = 0; i < c.n; i++) {
            double sum = 0;
            labels[i] = (int32_t)below(c.classes + 1) - 1;
            for (size_t k = 0; k < c.classes; k++) sum += shares[i * c.classes + k] = (float)oc__random_unit(&rng);
            for (size_t k = 0; k < c.classes; k++) shares[i * c.classes + k] /= (float)sum;
        }
        for (size_t k = 0; k < c.classes; k++) weights[k] = (float)below(4);
        if (round % 3 == 0) c.targets.shares = shares;
        else c.targets.labels = labels;
        if (round % 4 < 2) c.targets.class_weights = weights;
        if (round % 5 < 3) c.targets.smoothing = 0.1f;
        double loss = oc__cross_entropy(gradient, context, logits, &c.targets, c.n, c.classes);
        check_loss(loss, gradient, logits, count, plain_cross_entropy, &c, 1e-5, "cross-entropy");
    }
    end();
}
END_TEST

/* Logits of any size, among them those whose probability is below what single precision holds. */
START_TEST(test_extreme_logits) {
    static const float extremes[] = {0, 1, -1, 50, -50, 88, -88, 104, 1e4f, -1e4f, 1e30f, -1e30f, FLT_MAX, -FLT_MAX};
    begin();
    for (int round = 0; round < 3000; round++) {
        float logits[3 * 7], rows[3 * 7], gradient[3 * 7];
        int32_t labels[3];
        class_case c = {.targets = {.labels = labels}, .n = 3, .classes = 1 + below(7)};
        double x[3 * 7], counted = 0;
        for (size_t i = 0; i < 3 * c.classes; i++)
            x[i] = logits[i] = round % 2 ? extremes[below(14)] : (float)normal(20);
        for (int i = 0; i < 3; i++) counted += (labels[i] = (int32_t)below(c.classes + 1) - 1) >= 0;
        memcpy(rows, logits, sizeof rows);
        oc__softmax(rows, 3, c.classes);
        double got = oc__cross_entropy(gradient, context, logits, &c.targets, 3, c.classes);
        double expected = plain_cross_entropy(x, &c);
        check_that(fabs(got - expected) <= 1e-5 + 1e-6 * expected, "round %d: loss %g, expected %g", round, got, expected);
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < c.classes; k++) {
                double p = exp(log_share(x + i * c.classes, c.classes, k, 1));
                double slope = labels[i] < 0 ? 0 : (p - (labels[i] == (int32_t)k)) / counted;
                check_that(fabs((double)rows[i * c.classes + k] - p) < 1e-6, "probability %g, expected %g",
                           (double)rows[i * c.classes + k], p);
                check_that(fabs((double)gradient[i * c.classes + k] - slope) < 1e-6, "slope");
            }
    }
    end();
}
END_TEST

static double plain_distillation(const double *x, const void *about) {
    const class_case *c = about;
    double loss = 0, teacher[MOST];
    for (size_t i = 0; i < c->n * c->classes; i++) teacher[i] = c->teacher[i];
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->classes; k++) {
            double p = log_share(teacher + i * c->classes, c->classes, k, c->temperature);
            loss += exp(p) * (p - log_share(x + i * c->classes, c->classes, k, c->temperature));
        }
    return c->n ? c->temperature * c->temperature * loss / (double)c->n : 0;
}

START_TEST(test_distil_logits) {
    begin();
    for (int round = 0; round < 200; round++) {
        float logits[MOST], teacher[MOST], gradient[MOST];
        class_case c = {.n = below(6), .classes = 1 + below(12), .temperature = round % 3 + 1, .teacher = teacher};
        size_t count = c.n * c.classes;
        for (size_t i = 0; i < count; i++) logits[i] = (float)normal(3);
        for (size_t i = 0; i < count; i++) teacher[i] = (float)normal(3);
        double loss = oc__distil_logits(gradient, context, logits, teacher, c.n, c.classes, (float)c.temperature);
        check_loss(loss, gradient, logits, count, plain_distillation, &c, 1e-5, "distillation");
        for (size_t i = 0; i < count; i++) logits[i] = (round + i) % 3 ? 1e4f : -1e4f;
        loss = oc__distil_logits(gradient, context, logits, teacher, c.n, c.classes, (float)c.temperature);
        check_finite(loss, gradient, count, "distillation far off");
        loss = oc__distil_logits(gradient, context, teacher, teacher, c.n, c.classes, (float)c.temperature);
        check_that(fabs(loss) < 1e-6, "the teacher's own logits are %g off", loss);
        loss = oc__distil_logits(gradient, context, teacher, logits, c.n, c.classes, (float)c.temperature);
        check_finite(loss, gradient, count, "distillation from far off");
    }
    end();
}
END_TEST

/* Sigmoid losses. */
typedef struct sigmoid_case {
    oc__sigmoid_loss loss;
    size_t n;
} sigmoid_case;

/* log(1 + exp(x)) */
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

static double plain_sigmoid(const double *x, const void *about) {
    const sigmoid_case *c = about;
    double sum = 0, count = 0, alpha = (double)c->loss.alpha, gamma = (double)c->loss.gamma;
    for (size_t i = 0; i < c->n; i++) {
        double t = (double)c->loss.targets[i], weight = c->loss.weights ? (double)c->loss.weights[i] : 1;
        if (t < 0 || weight == 0) continue;
        double log_p = -softplus(-x[i]), log_q = -softplus(x[i]), p = exp(log_p), q = exp(log_q);
        double entropy = -(t * log_p + (1 - t) * log_q), value = entropy;
        if (c->loss.kind == OC__FOCAL)
            value *= pow(t * q + (1 - t) * p, gamma) * (alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t));
        if (c->loss.kind == OC__QUALITY_FOCAL) value *= pow(fabs(t * q - (1 - t) * p), gamma);
        if (c->loss.kind == OC__VARIFOCAL) value *= t > 0 ? t : alpha * pow(p, gamma);
        sum += weight * value;
        count++;
    }
    if (c->loss.divisor > 0) count = c->loss.divisor;
    return count > 0 ? sum / count : 0;
}

START_TEST(test_sigmoid_losses) {
    static const float gammas[] = {0, 1, 1.5f, 2, 3}, alphas[] = {0.25f, 0.75f, -1};
    begin();
    for (int round = 0; round < 1200; round++) {
        float logits[64], targets[64], weights[64], gradient[64];
        sigmoid_case c = {.loss = {.kind = (uint32_t)_i, .gamma = gammas[round % 5], .alpha = alphas[round / 5 % 3],
                                   .targets = targets, .weights = round % 2 ? weights : NULL,
                                   .divisor = round % 7 == 0 ? 3.5 : 0},
                          .n = below(64)};
        if (c.loss.kind == OC__VARIFOCAL && c.loss.alpha < 0) c.loss.alpha = 1;
        for (size_t i = 0; i < c.n; i++) {
            logits[i] = (float)normal(3);
            targets[i] = round % 3 ? (float)below(3) - 1 : (float)oc__random_unit(&rng); /* hard, some left out; or soft */
            weights[i] = (float)below(3) / 2;
        }
        double loss = oc__sigmoid_loss_of(gradient, context, logits, &c.loss, c.n);
        check_loss(loss, gradient, logits, c.n, plain_sigmoid, &c, 1e-6, "sigmoid loss");
        for (size_t i = 0; i < c.n; i++)
            if (targets[i] < 0 || (c.loss.weights && weights[i] == 0)) ck_assert(gradient[i] == 0);
    }
    end();
}
END_TEST

START_TEST(test_extreme_sigmoids) {
    static const float logits[] = {1e4f, -1e4f, 100, -100, 89, -89, 0, 1e30f, -1e30f, 17, -17, 40, -40};
    static const float soft[] = {0, 1, 0.5f, 1e-30f, 0.999f, -1};
    begin();
    for (int kind = 0; kind < 4; kind++)
        for (int gamma = 0; gamma < 5; gamma++)
            for (int t = 0; t < 6; t++)
                for (size_t i = 0; i < sizeof logits / sizeof *logits; i++) {
                    sigmoid_case c = {.loss = {.kind = (uint32_t)kind, .gamma = (float)gamma / 2, .alpha = 0.5f,
                                               .targets = &soft[t]}, .n = 1};
                    float gradient;
                    double x = logits[i], loss = oc__sigmoid_loss_of(&gradient, context, &logits[i], &c.loss, 1);
                    double expected = plain_sigmoid(&x, &c);
                    check_finite(loss, &gradient, 1, "sigmoid loss");
                    check_that(fabs(loss - expected) <= 1e-6 * fabs(expected) + 1e-30, "kind %d: %g by %g: %g, expected %g",
                               kind, x, (double)soft[t], loss, expected);
                    if (soft[t] == 1 && x < -80 && kind < 3) ck_assert(gradient < -0.2f);
                }
    end();
}
END_TEST

/* Boxes. The trade-off factor of CIoU is held while a difference is taken. */
typedef struct box_case {
    const float *targets, *weights;
    double trade_off[MOST / 4], divisor;
    size_t n;
    uint32_t kind;
} box_case;

static double plain_box(const double *box, const float *target, uint32_t kind, double *trade_off) {
    double x0 = fmin(box[0], box[2]), x1 = fmax(box[0], box[2]), y0 = fmin(box[1], box[3]), y1 = fmax(box[1], box[3]);
    double u0 = target[0], v0 = target[1], u1 = target[2], v1 = target[3], pi = acos(-1);
    double shared = fmax(0, fmin(x1, u1) - fmax(x0, u0)) * fmax(0, fmin(y1, v1) - fmax(y0, v0));
    double both = (x1 - x0) * (y1 - y0) + (u1 - u0) * (v1 - v0) - shared, iou = shared / both;
    double width = fmax(x1, u1) - fmin(x0, u0), height = fmax(y1, v1) - fmin(y0, v0);
    if (kind == OC__GIOU) return 1 - iou + (width * height - both) / (width * height);
    double v = 4 / (pi * pi) * pow(atan((u1 - u0) / (v1 - v0)) - atan((x1 - x0) / (y1 - y0)), 2);
    if (isnan(*trade_off)) *trade_off = v > 0 ? v / (1 - iou + v) : 0;
    double distance = pow((x0 + x1 - u0 - u1) / 2, 2) + pow((y0 + y1 - v0 - v1) / 2, 2);
    return 1 - iou + distance / (width * width + height * height) + *trade_off * v;
}

static double plain_boxes(const double *x, const void *about) {
    box_case *c = (box_case *)(uintptr_t)about;
    double sum = 0, count = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->weights && c->weights[i] == 0) continue;
        sum += (c->weights ? (double)c->weights[i] : 1) * plain_box(x + 4 * i, c->targets + 4 * i, c->kind, &c->trade_off[i]);
        count++;
    }
    if (c->divisor > 0) count = c->divisor;
    return count > 0 ? sum / count : 0;
}

START_TEST(test_boxes) {
    begin();
    for (int round = 0; round < 1000; round++) {
        float boxes[MOST], targets[MOST], weights[MOST / 4], gradient[MOST];
        box_case c = {.targets = targets, .weights = round % 2 ? weights : NULL, .n = below(20), .kind = (uint32_t)_i,
                      .divisor = round % 5 == 0 ? 7 : 0};
        double scale = round % 3 ? 1 : 640;
        for (size_t i = 0; i < c.n; i++) {
            for (int k = 0; k < 2; k++) {
                double at = oc__random_unit(&rng), size = 0.05 + oc__random_unit(&rng);
                targets[4 * i + (size_t)k] = (float)(scale * at);
                targets[4 * i + (size_t)k + 2] = (float)(scale * (at + size));
                at += 0.3 * oc__random_normal(&rng) + (below(8) == 0 ? 2 : 0); /* some far away */
                size *= exp(0.5 * oc__random_normal(&rng));
                bool swapped = below(8) == 0;
                boxes[4 * i + (size_t)(swapped ? k + 2 : k)] = (float)(scale * at);
                boxes[4 * i + (size_t)(swapped ? k : k + 2)] = (float)(scale * (at + size));
            }
            weights[i] = (float)below(4) / 2;
            c.trade_off[i] = NAN;
        }
        double loss = oc__box_loss(gradient, context, boxes, targets, c.weights, c.n, c.kind, c.divisor);
        check_loss(loss, gradient, boxes, 4 * c.n, plain_boxes, &c, 1e-7 * scale, "boxes");
    }
    end();
}
END_TEST

/* Boxes that are points or lines, that touch, or that are one and the same. */
START_TEST(test_degenerate_boxes) {
    static const float ends[] = {0, 1, 1, 2, -1, 1e4f, 1e-30f, 1e-45f, FLT_MAX, -FLT_MAX};
    begin();
    for (int round = 0; round < 20000; round++) {
        float box[4], target[4], gradient[4];
        for (int k = 0; k < 4; k++) box[k] = ends[below(10)];
        for (int k = 0; k < 4; k++) target[k] = ends[below(10)];
        double loss = oc__box_loss(gradient, context, box, target, NULL, 1, (uint32_t)_i, 0);
        check_finite(loss, gradient, 4, "a degenerate box");
        check_that(loss >= 0 && loss <= 3.0001, "loss %g", loss);
    }
    float box[4] = {1, 2, 4, 9}, away[4] = {20, 20, 21, 21}, gradient[4];
    ck_assert_double_eq(oc__box_loss(gradient, context, box, box, NULL, 1, (uint32_t)_i, 0), 0);
    for (int k = 0; k < 4; k++) ck_assert(gradient[k] == 0); /* a perfect box stays */
    ck_assert_double_gt(oc__box_loss(gradient, context, box, away, NULL, 1, (uint32_t)_i, 0), 1);
    ck_assert(gradient[2] < 0 && gradient[3] < 0); /* it is drawn to a target that it does not touch */
    end();
}
END_TEST

typedef struct difference_case {
    const float *targets, *weights, *mean, *deviation;
    double beta;
    size_t n, width;
} difference_case;

static double plain_smooth_l1(const double *x, const void *about) {
    const difference_case *c = about;
    double sum = 0, count = 0;
    for (size_t i = 0; i < c->n; i++) {
        double off = fabs(x[i] - (double)c->targets[i]), weight = c->weights ? (double)c->weights[i] : 1;
        sum += weight * (off < c->beta ? off * off / (2 * c->beta) : off - c->beta / 2);
        count += weight != 0;
    }
    return count > 0 ? sum / count : 0;
}

static double plain_squares(const double *x, const void *about) {
    const difference_case *c = about;
    double sum = 0;
    for (size_t i = 0; i < c->n * c->width; i++) {
        double mean = c->mean ? (double)c->mean[i % c->width] : 0, deviation = c->mean ? (double)c->deviation[i % c->width] : 1;
        double off = x[i] - ((double)c->targets[i] - mean) / deviation;
        sum += off * off / 2;
    }
    return c->n ? sum / (double)(c->n * c->width) : 0;
}

static double plain_cosines(const double *x, const void *about) {
    const difference_case *c = about;
    double sum = 0;
    for (size_t i = 0; i < c->n; i++) {
        double product = 0, a = 0, b = 0;
        for (size_t k = 0; k < c->width; k++) {
            double u = x[i * c->width + k], v = (double)c->targets[i * c->width + k];
            product += u * v;
            a += u * u;
            b += v * v;
        }
        sum += 1 - product / sqrt(a * b);
    }
    return c->n ? sum / (double)c->n : 0;
}

START_TEST(test_differences) {
    begin();
    for (int round = 0; round < 300; round++) {
        float values[MOST], targets[MOST], weights[MOST], gradient[MOST], mean[16], deviation[16];
        difference_case c = {.targets = targets, .beta = round % 3 ? 0.5 * (round % 3) : 0, .n = below(20),
                             .width = 1 + below(16)};
        size_t count = c.n * c.width;
        for (size_t i = 0; i < count; i++) {
            values[i] = (float)normal(1);
            targets[i] = (float)normal(1);
            weights[i] = (float)below(3);
        }
        for (size_t k = 0; k < c.width; k++) mean[k] = (float)normal(1);
        for (size_t k = 0; k < c.width; k++) deviation[k] = (float)exp(normal(0.5));
        double loss = oc__squared_error(gradient, context, values, targets, count);
        check_loss(loss, gradient, values, count, plain_squares, &c, 1e-5, "squared error");
        loss = oc__cosine_loss(gradient, context, values, targets, c.n, c.width);
        if (c.width > 1) check_loss(loss, gradient, values, count, plain_cosines, &c, 1e-6, "cosine");
        c.mean = mean;
        c.deviation = deviation;
        loss = oc__distil_features(gradient, context, values, targets, mean, deviation, c.n, c.width);
        check_loss(loss, gradient, values, count, plain_squares, &c, 1e-5, "features");
        c.n = count;
        c.weights = round % 2 ? weights : NULL;
        loss = oc__smooth_l1(gradient, context, values, targets, c.weights, count, (float)c.beta, 0);
        check_loss(loss, gradient, values, count, plain_smooth_l1, &c, 1e-7, "smooth L1");
    }
    float far[2] = {1e30f, -1e30f}, zeros[2] = {0, 0}, tiny[2] = {1e-45f, 0}, gradient[2];
    ck_assert_double_eq_tol(oc__smooth_l1(gradient, context, far, zeros, NULL, 2, 1, 0), 1e30, 1e24);
    ck_assert(gradient[0] == 0.5f && gradient[1] == -0.5f);
    ck_assert_double_eq(oc__smooth_l1(gradient, context, zeros, zeros, NULL, 2, 0, 0), 0);
    ck_assert(gradient[0] == 0);
    ck_assert_double_eq(oc__cosine_loss(gradient, context, zeros, far, 1, 2), 1);
    ck_assert(gradient[0] == 0 && gradient[1] == 0);
    check_finite(oc__cosine_loss(gradient, context, tiny, far, 1, 2), gradient, 2, "cosine of nearly nothing");
    check_finite(oc__cosine_loss(gradient, context, far, tiny, 1, 2), gradient, 2, "cosine to nearly nothing");
    end();
}
END_TEST

/* No rows, no labels, no weights: a loss of 0 that moves nothing. */
START_TEST(test_nothing_counts) {
    float logits[6] = {1, 2, 3, 4, 5, 6}, gradient[6], none[6] = {-1, -1, -1, -1, -1, -1}, zeros[6] = {0};
    int32_t labels[2] = {-1, -5};
    oc__class_targets nobody = {.labels = labels}, weightless = {.labels = (int32_t[]){0, 1}, .class_weights = zeros};
    oc__sigmoid_loss left_out = {.kind = OC__FOCAL, .alpha = 0.25f, .gamma = 2, .targets = none};
    begin();
    for (int which = 0; which < 5; which++) {
        double loss = 1;
        memset(gradient, 0xFF, sizeof gradient);
        size_t n = 6;
        if (which == 0) loss = oc__cross_entropy(gradient, context, logits, &nobody, 2, 3);
        if (which == 1) loss = oc__cross_entropy(gradient, context, logits, &weightless, 2, 3);
        if (which == 2) loss = oc__sigmoid_loss_of(gradient, context, logits, &left_out, 6);
        if (which == 3) loss = oc__box_loss(gradient, context, logits, logits + 2, zeros, 1, OC__GIOU, 0), n = 4;
        if (which == 4) loss = oc__smooth_l1(gradient, context, logits, none, zeros, 6, 1, 0);
        ck_assert_double_eq(loss, 0);
        for (size_t i = 0; i < n; i++) check_that(gradient[i] == 0, "loss %d: slope %g", which, (double)gradient[i]);
    }
    ck_assert_double_eq(oc__cross_entropy(gradient, context, logits, &nobody, 0, 3), 0);
    ck_assert_double_eq(oc__sigmoid_loss_of(gradient, context, logits, &left_out, 0), 0);
    ck_assert_double_eq(oc__box_loss(gradient, context, logits, logits, NULL, 0, OC__CIOU, 0), 0);
    ck_assert_double_eq(oc__smooth_l1(gradient, context, logits, logits, NULL, 0, 1, 0), 0);
    ck_assert_double_eq(oc__squared_error(gradient, context, logits, logits, 0), 0);
    ck_assert_double_eq(oc__distil_logits(gradient, context, logits, logits, 0, 3, 2), 0);
    ck_assert_double_eq(oc__distil_features(gradient, context, logits, logits, logits, logits, 0, 3), 0);
    ck_assert_double_eq(oc__cosine_loss(gradient, context, logits, logits, 0, 3), 0);
    end();
}
END_TEST

/* Large batches are shared among threads; the bits are the same. */
#define ROWS 96
#define WIDTH 500
START_TEST(test_threads) {
    enum { N = ROWS * WIDTH };
    static float x[N], t[N], first[9][N], gradient[N];
    static int32_t labels[ROWS];
    double losses[9];
    oc__random_seed(&rng, 3, 3);
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)normal(2);
        t[i] = (float)oc__random_unit(&rng);
    }
    for (size_t i = 0; i < ROWS; i++) labels[i] = (int32_t)below(WIDTH);
    oc__class_targets targets = {.labels = labels, .smoothing = 0.1f};
    oc__sigmoid_loss focal = {.kind = OC__FOCAL, .alpha = 0.25f, .gamma = 2, .targets = t};
    for (uint32_t threads = 1; threads <= 5; threads += 2) {
        context = new_threads_context(threads, NULL);
        for (int which = 0; which < 9; which++) {
            double loss = 0;
            switch (which) {
            case 0: loss = oc__cross_entropy(gradient, context, x, &targets, ROWS, WIDTH); break;
            case 1: loss = oc__sigmoid_loss_of(gradient, context, x, &focal, N); break;
            case 2: loss = oc__box_loss(gradient, context, x, t, NULL, N / 4, OC__GIOU, 0); break;
            case 3: loss = oc__box_loss(gradient, context, x, t, NULL, N / 4, OC__CIOU, 0); break;
            case 4: loss = oc__smooth_l1(gradient, context, x, t, NULL, N, 1, 0); break;
            case 5: loss = oc__squared_error(gradient, context, x, t, N); break;
            case 6: loss = oc__distil_logits(gradient, context, x, t, ROWS, WIDTH, 2); break;
            case 7: loss = oc__distil_features(gradient, context, x, t, x, t, ROWS, WIDTH); break;
            case 8: loss = oc__cosine_loss(gradient, context, x, t, ROWS, WIDTH); break;
            }
            if (threads == 1) {
                losses[which] = loss;
                memcpy(first[which], gradient, sizeof gradient);
            }
            check_that(memcmp(&loss, &losses[which], sizeof loss) == 0, "loss %d, %u threads", which, threads);
            check_that(memcmp(gradient, first[which], sizeof gradient) == 0, "gradient %d, %u threads", which, threads);
        }
        end_context(context);
    }
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_cross_entropy, 0}, {test_extreme_logits, 0},   {test_distil_logits, 0},
                               {test_sigmoid_losses, 4}, {test_extreme_sigmoids, 0}, {test_boxes, 2},
                               {test_degenerate_boxes, 2}, {test_differences, 0},   {test_nothing_counts, 0},
                               {test_threads, 0}};
    return RUN_UNIT_TESTS("nn losses", tests);
}
