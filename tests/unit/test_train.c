/* Training: minimising, softmax regression, folds, options, whole trainings. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "classifier_graph.h"
#include "dataset.h"
#include "distort.h"
#include "discriminant.h"
#include "folds.h"
#include "golden.h"
#include "lbfgs.h"
#include "memory.h"
#include "random.h"
#include "regression.h"
#include "support.h"
#include "temperature.h"
#include "train.h"
#include "tune.h"

static bool always(void *user) {
    (void)user;
    return true;
}

static double quadratic(void *user, const float *x, float *gradient) {
    double value = 0;
    (void)user;
    for (int i = 0; i < 20; i++) {
        double weight = pow(1.5, i), off = (double)x[i] - i;
        value += 0.5 * weight * off * off;
        gradient[i] = (float)(weight * off);
    }
    return value + 3;
}

static double rosenbrock(void *user, const float *x, float *gradient) {
    double value = 0, slope[10] = {0};
    (*(int *)user)++;
    for (int i = 0; i + 1 < 10; i++) {
        double a = (double)x[i + 1] - (double)x[i] * x[i], b = 1 - (double)x[i];
        value += 100 * a * a + b * b;
        slope[i] += -400 * a * x[i] - 2 * b;
        slope[i + 1] += 200 * a;
    }
    for (int i = 0; i < 10; i++) gradient[i] = (float)slope[i];
    return value;
}

START_TEST(test_lbfgs) {
    oc_context *context = new_threads_context(1, NULL);
    float x[20] = {0};
    int n_calls = 0;
    oc__lbfgs p = {.context = context, .n = 20, .objective = quadratic, .go_on = always, .tolerance = 1e-5,
        .max_iterations = 500};
    ck_assert_int_eq(oc__lbfgs_minimise(&p, x, NULL), OC_OK);
    ck_assert_double_eq_tol(p.value, 3, 1e-4);
    ck_assert_uint_lt(p.n_iterations, 200);
    for (int i = 0; i < 20; i++) check_that(fabs((double)x[i] - i) < 1e-2, "x[%d] is %g", i, (double)x[i]);
    for (int i = 0; i < 10; i++) x[i] = i % 2 ? 1 : -1.2f;
    p = (oc__lbfgs){.context = context, .n = 10, .objective = rosenbrock, .go_on = always, .user = &n_calls,
        .tolerance = 1e-5, .max_iterations = 500};
    ck_assert_int_eq(oc__lbfgs_minimise(&p, x, NULL), OC_OK);
    /* From this start there is a second minimum, of 3.98658, as well as the one of 0. */
    ck_assert_msg(p.value < 1e-6 || fabs(p.value - 3.98658) < 1e-3, "value %g", p.value);
    ck_assert_int_lt(n_calls, 600);
    for (int i = 0; i < 10; i++) x[i] = 0;
    ck_assert_int_eq(oc__lbfgs_minimise(&p, x, NULL), OC_OK);
    for (int i = 0; i < 10; i++) check_that(fabs((double)x[i] - 1) < 1e-2, "x[%d] is %g", i, (double)x[i]);
    p.max_iterations = 0;
    ck_assert_int_eq(oc__lbfgs_minimise(&p, x, NULL), OC_OK);
    ck_assert_uint_eq(p.n_iterations, 0);
    end_context(context);
}
END_TEST

/* The objective and its gradient at weights and biases on scaled features, in double precision. */
typedef struct problem {
    size_t n, dim, n_tags;
    const float *features;
    const uint32_t *tags;
    double *x, scale, l2;
} problem;

static void scale(problem *p) {
    double squares = 0;
    p->x = calloc(p->n * p->dim, sizeof(double));
    for (size_t k = 0; k < p->dim; k++) {
        double mean = 0;
        for (size_t i = 0; i < p->n; i++) mean += (double)p->features[i * p->dim + k] / (double)p->n;
        for (size_t i = 0; i < p->n; i++) p->x[i * p->dim + k] = (double)p->features[i * p->dim + k] - mean;
    }
    for (size_t i = 0; i < p->n * p->dim; i++) squares += p->x[i] * p->x[i];
    p->scale = 1 / (sqrt(squares / (double)(p->n * p->dim)) + 1e-12);
    for (size_t i = 0; i < p->n * p->dim; i++) p->x[i] *= p->scale;
}

static double evaluate(const problem *p, const double *w, double *gradient) {
    size_t n_weights = p->n_tags * p->dim;
    double value = 0;
    for (size_t i = 0; i < n_weights; i++) {
        value += 0.5 * p->l2 * w[i] * w[i];
        gradient[i] = p->l2 * w[i];
    }
    for (size_t t = 0; t < p->n_tags; t++) gradient[n_weights + t] = 0;
    for (size_t i = 0; i < p->n; i++) {
        double logits[8], top = -INFINITY, sum = 0;
        for (size_t t = 0; t < p->n_tags; t++) {
            logits[t] = w[n_weights + t];
            for (size_t k = 0; k < p->dim; k++) logits[t] += w[t * p->dim + k] * p->x[i * p->dim + k];
            top = fmax(top, logits[t]);
        }
        for (size_t t = 0; t < p->n_tags; t++) sum += exp(logits[t] - top);
        value -= (logits[p->tags[i]] - top - log(sum)) / (double)p->n;
        for (size_t t = 0; t < p->n_tags; t++) {
            double slope = (exp(logits[t] - top) / sum - (t == p->tags[i])) / (double)p->n;
            gradient[n_weights + t] += slope;
            for (size_t k = 0; k < p->dim; k++) gradient[t * p->dim + k] += slope * p->x[i * p->dim + k];
        }
    }
    return value;
}

START_TEST(test_softmax_regression) {
    enum { N = 60, DIM = 5, TAGS = 3, SIZE = TAGS * DIM + TAGS };
    oc_context *context = new_threads_context((uint32_t)_i % 3 + 1, NULL);
    static const double strengths[] = {1, 0.1, 0.01, 0.001};
    float features[N * DIM];
    uint32_t tags[N];
    const float *rows[N];
    oc__random random;
    oc__progress progress;
    oc__fitter *fitter;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    oc__random_seed(&random, (uint64_t)_i, 0);
    for (size_t i = 0; i < N; i++) {
        tags[i] = (uint32_t)(i % TAGS);
        rows[i] = features + i * DIM;
        for (size_t k = 0; k < DIM; k++) /* of different sizes; the last is constant */
            features[i * DIM + k] = k == DIM - 1 ? 2 : (float)(pow(4,
                (double)k) * (oc__random_normal(&random) + (tags[i] == k)) + 5);
    }
    problem p = {N, DIM, TAGS, features, tags, NULL, 0, 0};
    scale(&p);
    oc__rows all = {rows, tags, N, DIM, TAGS, NULL, false};
    ck_assert_int_eq(oc__fitter_create(&fitter, context, &all, &progress, NULL), OC_OK);
    double descent[SIZE] = {0};
    for (int s = 0; s < 4; s++) {
        oc__linear linear;
        double w[SIZE], gradient[SIZE], norm = 0, size = 0;
        p.l2 = strengths[s];
        ck_assert_int_eq(oc__fitter_fit(&linear, fitter, p.l2, NULL), OC_OK);
        for (size_t t = 0; t < TAGS; t++) { /* back to scaled features */
            double bias = linear.weights[TAGS * DIM + t];
            for (size_t k = 0; k < DIM; k++) {
                w[t * DIM + k] = linear.weights[t * DIM + k] / p.scale;
                bias += (double)linear.weights[t * DIM + k] * ((double)features[k] - p.x[k] / p.scale);
            }
            w[TAGS * DIM + t] = bias;
        }
        double value = evaluate(&p, w, gradient);
        for (int i = 0; i < SIZE; i++) {
            norm += gradient[i] * gradient[i];
            size += w[i] * w[i];
        }
        check_that(sqrt(norm) < 3e-4 * fmax(1, sqrt(size)), "strength %g: the gradient's norm is %g", p.l2, sqrt(norm));
        double best = 0;
        for (int step = 0; step < 20000; step++) { /* plain gradient descent */
            best = evaluate(&p, descent, gradient);
            for (int i = 0; i < SIZE; i++) descent[i] -= 0.5 * gradient[i];
        }
        check_that(value < best + 1e-4 * (1 + best), "strength %g: %g, descent finds %g", p.l2, value, best);
        check_that(value > best - 1e-4 * (1 + best), "strength %g: below the minimum", p.l2);
        float probabilities[TAGS], sum = 0;
        oc__linear_apply(probabilities, &linear, rows[0]);
        for (int t = 0; t < TAGS; t++) sum += probabilities[t];
        check_that(fabsf(sum - 1) < 1e-6f, "probabilities");
        oc__linear_free(&linear);
    }
    oc__fitter_free(fitter);
    free(p.x);
    end_context(context);
}
END_TEST

/* The closed form, in double precision and by Gauss' elimination. */
static void discriminant_reference(double *w, const problem *p, double shrinkage, bool balance) {
    size_t dim = p->dim;
    double *c = calloc(dim * (dim + 1), sizeof *c), *mean = calloc(p->n_tags * dim, sizeof *mean), variance = 0;
    double counts[8] = {0};
    for (size_t i = 0; i < p->n; i++) counts[p->tags[i]]++;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < dim; k++) mean[p->tags[i] * dim + k] += (double)p->features[i * dim + k] / counts[p->tags[i]];
    for (size_t t = 0; t < p->n_tags; t++) {
        double *weights = w + t * dim, bias = 0;
        memset(c, 0, dim * (dim + 1) * sizeof *c);
        for (size_t i = 0; i < p->n; i++)
            for (size_t a = 0; a < dim; a++)
                for (size_t b = 0; b < dim; b++)
                    c[a * (dim + 1) + b] += ((double)p->features[i * dim + a] - mean[p->tags[i] * dim + a])
                                            * ((double)p->features[i * dim + b] - mean[p->tags[i] * dim + b]) / (double)p->n;
        for (size_t a = variance = 0; a < dim; a++) variance += c[a * (dim + 1) + a] / (double)dim;
        for (size_t a = 0; a < dim; a++) {
            for (size_t b = 0; b < dim; b++) c[a * (dim + 1) + b] *= 1 - shrinkage;
            c[a * (dim + 1) + a] += shrinkage * variance;
            c[a * (dim + 1) + dim] = mean[t * dim + a];
        }
        for (size_t a = 0; a < dim; a++)
            for (size_t b = 0; b < dim; b++) {
                double factor = c[b * (dim + 1) + a] / c[a * (dim + 1) + a];
                for (size_t k = a; k <= dim && b != a; k++) c[b * (dim + 1) + k] -= factor * c[a * (dim + 1) + k];
            }
        for (size_t a = 0; a < dim; a++) {
            weights[a] = c[a * (dim + 1) + dim] / c[a * (dim + 1) + a];
            bias -= 0.5 * weights[a] * mean[t * dim + a];
        }
        w[p->n_tags * dim + t] = bias + (balance ? 0 : log(counts[t] / (double)p->n));
    }
    free(c);
    free(mean);
}

START_TEST(test_discriminant) {
    enum { N = 150, DIM = 131, TAGS = 3 };
    static const double shrinkages[] = {1, 0.3, 0.03};
    static float features[N * DIM];
    static double w[TAGS * DIM + TAGS];
    oc_context *context = new_threads_context(1, NULL);
    uint32_t tags[N];
    const float *rows[N];
    oc__random random;
    oc__random_seed(&random, (uint64_t)_i, 0);
    size_t n = _i % 2 ? N : 12, dim = _i % 3 ? DIM : 7;
    for (size_t i = 0; i < n; i++) {
        tags[i] = (uint32_t)(i * i % 7 % TAGS);
        rows[i] = features + i * dim;
        for (size_t k = 0; k < dim; k++)
            features[i * dim + k] = (float)(oc__random_normal(&random) * (double)(1 + k % 3) + 2 * (k % TAGS == tags[i])) + 3;
    }
    const problem p = {n, dim, TAGS, features, tags, NULL, 0, 0};
    for (int balance = 0; balance < 2; balance++) {
        oc__rows all = {rows, tags, n, dim, TAGS, NULL, balance};
        oc__discriminant *discriminant;
        ck_assert_int_eq(oc__discriminant_create(&discriminant, context, &all, NULL), OC_OK);
        for (int s = 0; s < 3; s++) {
            oc__linear linear;
            ck_assert_int_eq(oc__discriminant_fit(&linear, discriminant, shrinkages[s], NULL), OC_OK);
            discriminant_reference(w, &p, shrinkages[s], balance);
            for (size_t i = 0; i < n; i++)
                for (size_t t = 1; t < TAGS; t++) { /* differences: what all logits have in common is nothing */
                    double expected = w[TAGS * dim + t] - w[TAGS * dim];
                    double got = (double)oc__linear_logit(&linear, t, rows[i]) - (double)oc__linear_logit(&linear, 0, rows[i]);
                    for (size_t k = 0; k < dim; k++) expected += (w[t * dim + k] - w[k]) * (double)rows[i][k];
                    check_that(fabs(got - expected) < 2e-4 * (1 + fabs(expected)),
                               "shrinkage %g, row %zu, tag %zu: %g, expected %g", shrinkages[s], i, t, got, expected);
                }
            oc__linear_free(&linear);
        }
        oc__discriminant_free(discriminant);
    }
    end_context(context);
}
END_TEST

/* What cannot be told apart, and a tag without rows, still give numbers. */
START_TEST(test_discriminant_of_little) {
    oc_context *context = new_threads_context(1, NULL);
    static const float same[] = {1, 2, 3}, other[] = {2, 2, 3};
    for (int equal = 0; equal < 2; equal++) {
        const float *rows[] = {same, equal ? same : other};
        const uint32_t tags[] = {0, 1};
        oc__rows all = {rows, tags, 2, 3, 3, NULL, false};
        oc__discriminant *discriminant;
        oc__linear linear;
        float p[3];
        ck_assert_int_eq(oc__discriminant_create(&discriminant, context, &all, NULL), OC_OK);
        ck_assert_int_eq(oc__discriminant_fit(&linear, discriminant, 0.1, NULL), OC_OK);
        oc__linear_apply(p, &linear, same);
        check_that(equal ? fabsf(p[0] - p[1]) < 1e-6f : p[0] > p[1], "%g and %g", (double)p[0], (double)p[1]);
        check_that(p[2] < 1e-6f, "the tag without rows: %g", (double)p[2]);
        oc__linear_free(&linear);
        oc__discriminant_free(discriminant);
    }
    end_context(context);
}
END_TEST

START_TEST(test_folds) {
    oc_context *context = new_threads_context(1, NULL);
    oc__random random;
    oc__random_seed(&random, 1, 0);
    for (int round = 0; round < 500; round++) {
        uint32_t tags[60], folds[60], again[60], n_folds = 2 + (uint32_t)oc__random_below(&random, 6), used = n_folds,
            same = n_folds;
        uint64_t content[60];
        size_t n = 1 + (size_t)oc__random_below(&random, 60), n_tags = 1 + (size_t)oc__random_below(&random, 4), distinct = 0;
        bool twins = round % 2;
        for (size_t i = 0; i < n; i++) {
            tags[i] = (uint32_t)oc__random_below(&random, n_tags);
            content[i] = twins ? oc__random_below(&random, 1 + (uint64_t)n / 2) : i * 77 + 5;
        }
        ck_assert_int_eq(oc__folds_assign(folds, &used, context, tags, content, n, n_tags, 9, NULL), OC_OK);
        ck_assert_int_eq(oc__folds_assign(again, &same, context, tags, content, n, n_tags, 9, NULL), OC_OK);
        check_that(used == same && memcmp(folds, again, n * sizeof *folds) == 0, "not the same twice");
        size_t counts[8] = {0};
        for (size_t i = 0; i < n; i++) {
            bool first = true;
            check_that(folds[i] < used, "fold %u of %u", folds[i], used);
            counts[folds[i]]++;
            for (size_t j = 0; j < i; j++)
                if (content[i] == content[j]) {
                    check_that(folds[i] == folds[j], "twins in different folds");
                    first = false;
                }
            distinct += first;
        }
        check_that(used == (distinct < n_folds ? distinct : n_folds), "%u folds of %u, %zu different pictures", used,
            n_folds, distinct);
        for (uint32_t f = 0; f < used; f++) check_that(counts[f] > 0, "fold %u is empty", f);
        for (size_t t = 0; t < n_tags && !twins; t++) { /* stratified: a tag's counts differ by one at most */
            size_t of_tag[8] = {0}, least = 99, most = 0;
            for (size_t i = 0; i < n; i++) of_tag[folds[i]] += tags[i] == t;
            for (uint32_t f = 0; f < used; f++) {
                least = of_tag[f] < least ? of_tag[f] : least;
                most = of_tag[f] > most ? of_tag[f] : most;
            }
            check_that(most - least <= 1, "tag %zu: %zu to %zu a fold", t, least, most);
        }
    }
    end_context(context);
}
END_TEST

/* Tags drawn by known probabilities, whose logits were multiplied by a known temperature's inverse: it must be found again, and
 * the probabilities with it. Rankings stay; threads do not matter; one picture moves little. */
START_TEST(test_temperature) {
    enum { N = 4000, TAGS = 4, FOLDS = 5 };
    static const double factors[] = {0.25, 1, 3};
    static float true_ones[N * TAGS], skewed[N * TAGS], again[N * TAGS];
    static uint32_t tags[N], folds[N];
    for (int c = 0; c < 3; c++) {
        oc__random random;
        double temperature = 0, same = 0, off = 0;
        oc__random_seed(&random, (uint64_t)c, 0);
        for (size_t i = 0; i < N; i++) {
            double logits[TAGS], sum = 0, drawn = oc__random_unit(&random);
            for (size_t t = 0; t < TAGS; t++) {
                logits[t] = 2 * oc__random_normal(&random);
                sum += exp(logits[t]);
            }
            tags[i] = TAGS - 1;
            for (size_t t = TAGS; t-- > 0;) {
                true_ones[i * TAGS + t] = (float)(exp(logits[t]) / sum);
                skewed[i * TAGS + t] = (float)(factors[c] * logits[t]);
            }
            for (size_t t = 0; t < TAGS; t++) {
                drawn -= (double)true_ones[i * TAGS + t];
                if (drawn >= 0) continue;
                tags[i] = (uint32_t)t;
                break;
            }
            folds[i] = (uint32_t)(i % FOLDS);
        }
        memcpy(again, skewed, sizeof again);
        const oc__held_out held_out = {skewed, tags, folds, N, TAGS, 1}, held_out_again = {again, tags, folds, N, TAGS, 1};
        oc_context *one = new_threads_context(1, NULL), *three = new_threads_context(3, NULL);
        ck_assert_int_eq(oc__calibrate_logits(skewed, &temperature, one, &held_out, FOLDS, NULL), OC_OK);
        ck_assert_int_eq(oc__calibrate_logits(again, &same, three, &held_out_again, FOLDS, NULL), OC_OK);
        ck_assert_mem_eq(skewed, again, sizeof again);
        ck_assert(temperature == same);
        check_that(fabs(temperature / factors[c] - 1) < 0.08, "factor %g: temperature %g", factors[c], temperature);
        for (size_t i = 0; i < N * TAGS; i++) off = fmax(off, fabs((double)skewed[i] - (double)true_ones[i]));
        check_that(off < 0.04, "factor %g: a probability is off by %g", factors[c], off);
        float sure[2] = {9, 0}; /* right, without a doubt: no reason to go to the bound */
        uint32_t tag = 0, fold = 0;
        const oc__held_out alone = {sure, &tag, &fold, 1, 2, 1};
        ck_assert_int_eq(oc__calibrate_logits(sure, &temperature, one, &alone, 1, NULL), OC_OK);
        check_that(sure[0] > 0.99f && sure[1] >= 0 && temperature > 0.5 && temperature < 2, "temperature %g", temperature);
        end_context(one);
        end_context(three);
    }
}
END_TEST

START_TEST(test_options) {
    oc__train_options options, before;
    oc_option option;
    oc_error err = OC_ERROR_INIT;
    uint32_t n = 0;
    oc__train_options_default(&options);
    ck_assert(options.seed == 0 && options.views >= 1 && oc__train_folds(&options) >= 2 && options.l2 == 0 && options.mirror
        && options.skip_broken);
    for (; oc__train_option(n, &option, &err) == OC_OK; n++) {
        ck_assert(option.struct_size == sizeof option && option.help[0] && option.minimum < option.maximum);
        ck_assert_int_eq(oc__train_options_set(&options, option.key, option.default_value, &err), OC_OK);
        if (option.type != OC_OPTION_TEXT || option.minimum > 0)
            ck_assert_int_eq(oc__train_options_set(&options, option.key, "", &err), OC_E_ARGUMENT);
        if (option.type != OC_OPTION_TEXT || strcmp(option.key, "labels") == 0 || strcmp(option.key, "head") == 0)
            ck_assert_int_eq(oc__train_options_set(&options, option.key, "maybe", &err), OC_E_ARGUMENT);
        if (option.type != OC_OPTION_TEXT || option.minimum > 0) ck_assert_ptr_nonnull(strstr(err.message, option.key));
    }
    ck_assert_uint_eq(n, 28);
    char path[OC__MAX_OPTION_TEXT + 1]; /* one byte more than fits */
    memset(path, 'x', sizeof path);
    path[OC__MAX_OPTION_TEXT] = 0;
    ck_assert_int_eq(oc__train_options_set(&options, "base", path, &err), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__train_options_set(&options, "base", path + 1, &err), OC_OK);
    ck_assert_int_eq(oc__train_option(UINT32_MAX, &option, &err), OC_E_NOT_FOUND);
    static const struct {
        const char *key, *value;
        oc_status status;
    } cases[] = {{"seed", "9007199254740991", OC_OK},          {"seed", "9007199254740992", OC_E_ARGUMENT}, {"seed", "-1",
        OC_E_ARGUMENT},
                 {"seed", "18446744073709551616", OC_E_ARGUMENT}, {"seed", "1.5", OC_E_ARGUMENT},          {"views", "0",
                     OC_E_ARGUMENT},
                 {"views", "1", OC_OK},                        {"views", "64", OC_OK},                      {"views", "65",
                     OC_E_ARGUMENT},
                 {"folds", "1", OC_E_ARGUMENT},                {"folds", "2", OC_OK},                       {"l2", "0.25",
                     OC_OK},
                 {"l2", "1e-3", OC_OK},                        {"l2", "0,25", OC_E_ARGUMENT},               {"l2", "-1",
                     OC_E_ARGUMENT},
                 {"l2", "1e4", OC_E_ARGUMENT},                 {"l2", "nan", OC_E_ARGUMENT},                {"l2", "inf",
                     OC_E_ARGUMENT},
                 {"mirror", "false", OC_OK},                   {"mirror", "0", OC_E_ARGUMENT}, {"minutes", "-1", OC_E_ARGUMENT}, {"minutes", "0.5", OC_OK}, {"mosaic", "false", OC_OK},
                 {"crop", "no", OC_E_ARGUMENT},              {"mirror",
                     "TRUE", OC_E_ARGUMENT},
                 {"Seed", "1", OC_E_NOT_FOUND},                {"", "1", OC_E_NOT_FOUND},                   {"seed ", "1",
                     OC_E_NOT_FOUND}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        before = options;
        check_that(oc__train_options_set(&options, cases[i].key, cases[i].value, &err) == cases[i].status, "%s = %s",
            cases[i].key, cases[i].value);
        if (cases[i].status) check_that(memcmp(&before, &options, sizeof options) == 0, "a refused value changed something");
        if (cases[i].status == OC_E_NOT_FOUND) check_that(strstr(err.message, "skip_broken") != NULL,
            "does not list them: %s", err.message);
    }
    ck_assert(options.views == 64 && options.folds == 2 && options.l2 == 1e-3 && !options.mirror);
    oc_context *context = new_threads_context(1, NULL);
    oc_model *model;
    ck_assert_int_eq(oc__model_create(&model, context, NULL), OC_OK);
    ck_assert_int_eq(oc__train_options_store(model, &options, NULL), OC_OK);
    ck_assert_uint_eq(model->n_properties, n - 3); /* places are not stored */
    ck_assert_str_eq(oc__model_property(model, "option.seed"), "9007199254740991");
    ck_assert_str_eq(oc__model_property(model, "option.l2"), "0.001");
    ck_assert_str_eq(oc__model_property(model, "option.mirror"), "false");
    oc__model_release(model);
    end_context(context);
}
END_TEST

/* Pictures of two kinds: stripes across and stripes down; `twins`: all the same one. */
static oc_dataset *pictures(oc_context *context, size_t n, bool twins, oc_error *err) {
    oc_dataset *d = NULL;
    oc__random random;
    oc__random_seed(&random, 4, 0);
    if (oc__dataset_create(&d, context, err)) return NULL;
    for (size_t i = 0; i < n; i++) {
        uint8_t pixels[24 * 20 * 3];
        oc_image image = OC_IMAGE_INIT;
        for (size_t j = 0; j < sizeof pixels; j++) {
            size_t x = j / 3 % 24, y = j / 72, along = i % 2 && !twins ? x : y;
            pixels[j] = (uint8_t)((along % 6 < 3 ? 60 : 190) + (twins ? 0 : oc__random_below(&random, 60)));
        }
        image.format = OC_IMAGE_RGB8;
        image.width = 24;
        image.height = 20;
        image.data = pixels;
        if (oc__dataset_add(d, &image, i % 2 ? "down" : "across", NULL, err)) {
            oc__dataset_free(d);
            return NULL;
        }
    }
    return d;
}

static oc_status train(oc_model **out, oc_context *context, size_t n, bool twins, const oc__train_options *options,
    oc_error *err) {
    oc_model *base = NULL;
    oc__progress progress;
    oc_status status = golden_model(&base, context, GOLDEN_BASE, err);
    oc_dataset *d = status ? NULL : pictures(context, n, twins, err);
    oc__progress_begin(&progress, NULL, NULL, NULL);
    if (!status && !d) status = OC_E_NOMEM;
    if (!status) {
        oc__training_set set = {.samples = d->samples, .n = d->n_samples, .tags = (const char *const *)d->tags,
            .n_tags = d->n_tags, .labels = d->labels, .several = oc__train_several(options, oc__dataset_several(d)),
            .negative = OC__NONE};
        status = oc__train_classifier(out, base, &set, options, true, &progress, err);
    }
    oc__dataset_free(d);
    oc__model_release(base);
    return status;
}

START_TEST(test_same_model) {
    oc__train_options options;
    oc_model *models[3];
    oc_context *contexts[3];
    oc__train_options_default(&options);
    for (int i = 0; i < 3; i++) {
        oc_error err = OC_ERROR_INIT;
        contexts[i] = new_threads_context(i == 1 ? 4 : 1, NULL);
        options.seed = i == 2;
        ck_assert_msg(train(&models[i], contexts[i], 20, false, &options, &err) == OC_OK, "%s", err.message);
    }
    const oc__graph *a = &models[0]->graph, *b = &models[1]->graph, *other = &models[2]->graph;
    bool differs = false;
    ck_assert(a->n_params == b->n_params && a->n_nodes == b->n_nodes);
    for (size_t i = 0; i < a->n_params; i++) {
        ck_assert_mem_eq(a->params[i].values, b->params[i].values, a->params[i].count * sizeof(float));
        differs |= memcmp(a->params[i].values, other->params[i].values, a->params[i].count * sizeof(float)) != 0;
    }
    ck_assert_msg(differs, "another seed gives the same model");
    const oc__measurement *m = models[0]->measurement, *same = models[1]->measurement;
    ck_assert(m->n == 20 && same->n == 20 && m->n_folds == 5 && m->method == OC_REPORT_CROSS_VALIDATION);
    for (size_t i = 0; i < 20; i++) {
        ck_assert(m->entries[i].predicted == same->entries[i].predicted && m->entries[i].fold == same->entries[i].fold);
        ck_assert(m->entries[i].probability == same->entries[i].probability && m->entries[i].probability >= 0);
    }
    static const char *const keys[] = {"head", "l2", "shrinkage", "temperature"};
    for (int i = 0; i < 4; i++) {
        const char *here = oc__model_property(models[0], keys[i]), *there = oc__model_property(models[1], keys[i]);
        check_that(here ? there && strcmp(here, there) == 0 : !there, "%s", keys[i]);
    }
    for (int i = 0; i < 3; i++) {
        oc__model_release(models[i]);
        end_context(contexts[i]);
    }
}
END_TEST

/* Blurring evens out and keeps the mean, noise is as strong as it says, covering takes a part; each now and then. */
START_TEST(test_distort) {
    enum { SIDE = 96, SIZE = SIDE * SIDE * 3 };
    const int n = is_light() ? 60 : 200;
    static float before[SIZE], after[SIZE];
    const oc__prepare_rule rule = {.width = SIDE, .height = SIDE};
    oc_context *context = new_threads_context(1, NULL);
    int changed[3] = {0};
    double strongest = 0, smallest = 1, largest = 0;
    for (size_t i = 0; i < SIZE; i++) before[i] = (float)(i / 3 % SIDE % 2 ? 1.5 : 0.5);
    for (uint64_t run = 0; run < (uint64_t)n; run++)
        for (int kind = 0; kind < 3; kind++) {
            oc__random random;
            double sum = 0, squares = 0, difference = 0;
            size_t n_zero = 0;
            bool within = true;
            oc__random_seed(&random, run, (uint64_t)kind);
            memcpy(after, before, sizeof after);
            if (kind == 0) ck_assert_int_eq(oc__distort_blur(after, context, &rule, &random, NULL), OC_OK);
            if (kind == 1) oc__distort_noise(after, &rule, &random);
            if (kind == 2) oc__distort_erase(after, &rule, &random);
            changed[kind] += memcmp(before, after, sizeof after) != 0;
            for (size_t i = 0; i < SIZE; i++) {
                double value = (double)after[i];
                sum += value / SIZE;
                squares += (value - 1) * (value - 1) / SIZE;
                difference = fmax(difference, fabs(value - (double)before[i]));
                n_zero += after[i] == 0;
                within = within && value >= 0 && value <= 1.5;
            }
            ck_assert(kind == 1 || within);
            double covered = (double)n_zero / SIZE;
            if (kind < 2) ck_assert_msg(fabs(sum - 1) < 0.02, "the mean is %g", sum);
            if (kind == 0) ck_assert(squares <= 0.25 + 1e-6);
            if (kind == 1) strongest = fmax(strongest, sqrt(squares - 0.25));
            if (kind == 2 && covered > 0) smallest = fmin(smallest, covered);
            if (kind == 2) largest = fmax(largest, covered);
        }
    for (int kind = 0; kind < 3; kind++) check_that(changed[kind] > n / 20 && changed[kind] < n / 2, "%d: %d", kind, changed[kind]);
    ck_assert_msg(strongest > 0.15 && strongest < 0.27, "noise of %g", strongest);
    ck_assert_msg(smallest > 0.01 && largest > 0.15 && largest < 0.21, "covers %g to %g", smallest, largest);
    end_context(context);
}
END_TEST

/* Fine-tuning learns what the head alone does not, changes no node before the first that it may, and gives the same bits for any
 * number of threads. */
START_TEST(test_tune) {
    enum { N = 24, FROZEN = 3 };
    oc__graph tuned[2];
    for (int run = 0; run < 2; run++) {
        oc_context *context = new_threads_context(run ? 3 : 1, NULL);
        oc_dataset *d = pictures(context, N, false, NULL);
        oc_model *base;
        oc__progress progress;
        oc__train_options options;
        oc__view_source source;
        uint32_t picks[N];
        float nothing[2 * 4096 + 2] = {0};
        oc_error err = OC_ERROR_INIT;
        oc__train_options_default(&options);
        oc__progress_begin(&progress, NULL, NULL, NULL);
        ck_assert_int_eq(golden_model(&base, context, GOLDEN_BASE, NULL), OC_OK);
        const oc__training_set set = {.samples = d->samples, .n = N, .tags = (const char *const *)d->tags, .n_tags = 2,
            .labels = d->labels, .negative = OC__NONE};
        ck_assert_int_eq(oc__view_source_open(&source, context, &set, &base->rule, &options, &progress, NULL), OC_OK);
        oc__shape shapes[64];
        ck_assert_uint_le(base->graph.n_nodes, 64);
        ck_assert_int_eq(oc__graph_shapes(shapes, &base->graph, 1, base->rule.height, base->rule.width, NULL), OC_OK);
        const oc__linear linear = {context, shapes[base->graph.outputs[0]].c, 2, nothing};
        ck_assert_uint_le(linear.dim, 4096);
        ck_assert_int_eq(oc__classifier_graph(&tuned[run], &base->graph, false, &linear, 1, NULL), OC_OK);
        for (uint32_t i = 0; i < N; i++) picks[i] = i;
        const oc__tuning tuning = {&source, picks, N, d->labels, NULL, FROZEN, (uint32_t)base->graph.n_nodes, 1, 40, 0, NULL, true, NULL};
        ck_assert_msg(oc__tune(&tuned[run], &tuning, &progress, &err) == OC_OK, "%s", err.message);
        for (uint32_t i = 0; i < base->graph.n_nodes; i++)
            for (uint32_t k = 0; k < base->graph.nodes[i].n_params; k++) {
                uint32_t p = base->graph.nodes[i].params[k];
                size_t size = base->graph.params[p].count * sizeof(float);
                bool same = memcmp(base->graph.params[p].values, tuned[run].params[p].values, size) == 0;
                check_that(i >= FROZEN || same, "node %u was to stay as it is", i);
                check_that(i < FROZEN || same == (k > 1), "node %u, parameter %u: %s", i, k, same ? "the same" : "moved");
            }
        oc__view_source_close(&source);
        oc__model_release(base);
        oc__dataset_free(d);
        if (run) {
            for (size_t p = 0; p < tuned[0].n_params; p++)
                ck_assert_mem_eq(tuned[0].params[p].values, tuned[1].params[p].values,
                    tuned[0].params[p].count * sizeof(float));
            oc_context *first = tuned[0].context;
            oc__graph_free(&tuned[0]);
            oc__graph_free(&tuned[1]);
            end_context(first);
            end_context(context);
        }
    }
}
END_TEST

/* A fine-tuned model is at least as good by cross-validation as one whose base is as it was; otherwise that is what one gets. */
START_TEST(test_advance) {
    oc__train_options options;
    oc_model *quick, *advanced;
    oc_error err = OC_ERROR_INIT;
    oc_context *context = new_threads_context(2, NULL);
    oc__train_options_default(&options);
    options.views = 1;
    options.folds = 3;
    ck_assert_int_eq(train(&quick, context, 20, false, &options, &err), OC_OK);
    for (int budget = 0; budget < 2; budget++) {
        options.steps = budget ? 0 : 30;
        options.minutes = budget ? 0.02 : 0;
        ck_assert_msg(train(&advanced, context, 20, false, &options, &err) == OC_OK, "%s", err.message);
        ck_assert_uint_eq(advanced->measurement->n, 20);
        ck_assert_uint_eq(advanced->measurement->n_folds, 3);
        const oc__graph *a = &quick->graph, *b = &advanced->graph;
        bool moved = false, tuned = oc__model_property(advanced, "n_steps") != NULL;
        for (size_t p = 0; p + 2 < a->n_params; p++)
            moved |= memcmp(a->params[p].values, b->params[p].values, a->params[p].count * sizeof(float)) != 0;
        check_that(moved == tuned, "tuned: %d, moved: %d", tuned, moved);
        if (!tuned) ck_assert_str_eq(oc__model_property(advanced, "head"), oc__model_property(quick, "head"));
        oc__model_release(advanced);
    }
    oc__model_release(quick);
    end_context(context);
}
END_TEST

/* Nothing can be learned from one picture, however often it is there. */
START_TEST(test_twins) {
    oc_context *context = new_threads_context(1, NULL);
    oc__train_options options;
    oc_model *model = NULL;
    oc_error err = OC_ERROR_INIT;
    oc__train_options_default(&options);
    ck_assert_int_eq(train(&model, context, 6, true, &options, &err), OC_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.message, "the same"));
    end_context(context);
}
END_TEST

/* 400 pictures that can be read bear the first tag, four of them and 28 others the second, one the third, one none. */
static oc_status balance(oc_context *context, void *user, oc_error *err) {
    oc__labelled samples[431] = {{0}};
    const uint32_t labels[] = {0, 1, 2};
    const char *const tags[] = {"many", "few", "one"};
    uint32_t usable[430], *picks = NULL, counts[430] = {0};
    size_t n = 0;
    (void)user;
    for (uint32_t i = 0; i < 431; i++) {
        samples[i].first = i < 401 ? 0 : i < 429 ? 1 : 2;
        samples[i].n_tags = i == 430 ? 0 : i >= 397 && i < 401 ? 2 : 1;
        if (i > 0) usable[i - 1] = i;
    }
    const oc__training_set set = {.samples = samples, .n = 431, .tags = tags, .n_tags = 3, .labels = labels};
    oc_status status = oc__balanced_picks(&picks, &n, context, &set, usable, 430, err);
    if (status) return status;
    for (size_t i = 0; i < n; i++) {
        check_that(picks[i] < 430, "pick %u", picks[i]);
        counts[picks[i]]++;
    }
    /* 400 bear the first tag, 32 the second: sqrt(400 / 32) is 3.5; sqrt(400) is more than 8 */
    for (uint32_t i = 0; i < 430; i++) {
        uint32_t expected = i < 396 ? 1 : i < 428 ? 4 : i < 429 ? 8 : 1;
        check_that(counts[i] == expected, "picture %u comes %u times, expected %u", i, counts[i], expected);
    }
    oc__free(context, picks);
    return OC_OK;
}

START_TEST(test_balance) {
    sweep_allocations(balance, NULL, false);
}
END_TEST

static oc_status train_small(oc_context *context, void *user, oc_error *err) {
    oc__train_options options;
    oc_model *model = NULL;
    oc__train_options_default(&options);
    options.views = 1;
    options.folds = 2;
    options.l2 = 0.1;
    options.steps = *(const uint64_t *)user;
    oc_status status = train(&model, context, 4, false, &options, err);
    if (!status) oc__model_release(model);
    return status;
}

START_TEST(test_memory_runs_out) {
    uint64_t no_steps = 0, one_step = 1;
    sweep_allocations(train_small, &no_steps, false);
    sweep_allocations(train_small, &one_step, false);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_lbfgs, 0},   {test_softmax_regression, 6}, {test_discriminant, 6},
                               {test_discriminant_of_little, 0}, {test_folds, 0}, {test_temperature, 0},
                               {test_options, 0},
                               {test_distort, 0}, {test_tune, 0}, {test_balance, 0}, {test_advance, 0}, {test_same_model, 0}, {test_twins, 0},            {test_memory_runs_out, 0}};
    return RUN_UNIT_TESTS("training", tests);
}
