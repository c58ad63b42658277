/* Linear discriminant analysis. SPDX-License-Identifier: MIT */
#include "discriminant.h"

#include <math.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"

#define ROWS 128 /* that are gathered at a time */
#define PANEL 64 /* rows of a matrix that are worked on at a time */

struct oc__discriminant {
    oc_context *context;
    size_t dim, n_tags;
    float *means;      /* [n_tags][dim], off the middle; 0 where a tag has no row */
    float *middle;     /* [dim], the mean of all rows */
    float *log_shares; /* [n_tags] */
    float *scatter;    /* [dim][dim] on and above the diagonal: the covariance within tags */
    double variance;   /* its mean on the diagonal */
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void find_means(oc__discriminant *d, const oc__rows *rows, double *sums, float *counts) {
    const oc__kernels *k = d->context->kernels;
    size_t dim = d->dim;
    memset(sums, 0, dim * sizeof *sums);
    for (size_t i = 0; i < rows->n; i++)
        for (size_t c = 0; c < dim; c++) sums[c] += rows->features[i][c];
    for (size_t c = 0; c < dim; c++) d->middle[c] = (float)(sums[c] / (double)rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        float *mean = d->means + rows->tags[i] * dim;
        k->add_scaled(dim, 1, rows->features[i], mean);
        k->add_scaled(dim, -1, d->middle, mean);
        counts[rows->tags[i]]++;
    }
    for (size_t t = 0; t < d->n_tags; t++) {
        float *mean = d->means + t * dim;
        for (size_t c = 0; c < dim && counts[t] > 0; c++) mean[c] /= counts[t];
        /* A tag without rows is never the answer, but its logit stays a number. */
        d->log_shares[t] = counts[t] <= 0 ? -30 : rows->balance ? 0 : logf(counts[t] / (float)rows->n);
    }
}

/* The mean product of what rows differ by from their tag's mean, or from the middle. `block` has room for ROWS rows. */
static void find_scatter(oc__discriminant *d, const oc__rows *rows, bool within, float *block) {
    const oc__kernels *k = d->context->kernels;
    size_t dim = d->dim;
    memset(d->scatter, 0, dim * dim * sizeof *d->scatter);
    for (size_t at = 0; at < rows->n; at += ROWS) {
        size_t n = smaller(rows->n - at, ROWS);
        for (size_t i = 0; i < n; i++) {
            float *x = block + i * dim;
            memcpy(x, rows->features[at + i], dim * sizeof *x);
            k->add_scaled(dim, -1, d->middle, x);
            if (within) k->add_scaled(dim, -1, d->means + rows->tags[at + i] * dim, x);
        }
        for (size_t row = 0; row < dim; row += PANEL)
            oc__gemm_tn_add(k, smaller(dim - row, PANEL), dim - row, n, block + row, dim, block + row, dim,
                            d->scatter + row * dim + row, dim);
    }
    d->variance = 0;
    for (size_t c = 0; c < dim; c++) d->variance += (double)d->scatter[c * dim + c] / ((double)rows->n * (double)dim);
    for (size_t row = 0; row < dim; row++)
        for (size_t c = row; c < dim; c++) d->scatter[row * dim + c] /= (float)rows->n;
}

oc_status oc__discriminant_create(oc__discriminant **out, oc_context *context, const oc__rows *rows, oc_error *err) {
    size_t dim = rows->dim;
    oc__discriminant *d = oc__alloc_zero(context, sizeof *d);
    if (!d) return oc__fail_nomem(err, context, sizeof *d, "classifier");
    d->context = context;
    d->dim = dim;
    d->n_tags = rows->n_tags;
    d->means = oc__alloc_zero(context, rows->n_tags * dim * sizeof *d->means);
    d->middle = oc__alloc_array(context, dim, sizeof *d->middle);
    d->log_shares = oc__alloc_array(context, rows->n_tags, sizeof *d->log_shares);
    d->scatter = oc__alloc_array(context, dim, dim * sizeof *d->scatter);
    double *sums = oc__alloc_array(context, dim, sizeof *sums);
    float *counts = oc__alloc_zero(context, rows->n_tags * sizeof *counts);
    float *block = oc__alloc_array(context, dim, ROWS * sizeof *block);
    bool all = d->means && d->middle && d->log_shares && d->scatter && sums && counts && block;
    if (all) {
        find_means(d, rows, sums, counts);
        find_scatter(d, rows, true, block);
        /* One row a tag, or equal ones: what all rows differ by is the best that is known of how they vary. */
        if (d->variance <= 0) find_scatter(d, rows, false, block);
        if (d->variance <= 0) d->variance = 1;
    }
    oc__free(context, sums);
    oc__free(context, counts);
    oc__free(context, block);
    if (!all) {
        oc__discriminant_free(d);
        return oc__fail_nomem(err, context, dim * dim * sizeof(float), "classifier");
    }
    *out = d;
    return OC_OK;
}

void oc__discriminant_free(oc__discriminant *d) {
    if (!d) return;
    oc__free(d->context, d->means);
    oc__free(d->context, d->middle);
    oc__free(d->context, d->log_shares);
    oc__free(d->context, d->scatter);
    oc__free(d->context, d);
}

/* Cholesky's factor U of a symmetric matrix, U'U, in place on and above the diagonal. A panel of rows at a time, then what it
 * takes from the rest as one product. `negative` has room for PANEL x dim. False: not positive definite. */
static bool factorise(float *a, size_t dim, float *negative, const oc__kernels *k) {
    for (size_t at = 0; at < dim; at += PANEL) {
        size_t end = smaller(at + PANEL, dim), rest = dim - end;
        for (size_t i = at; i < end; i++) {
            float *row = a + i * dim;
            for (size_t j = at; j < i; j++) k->add_scaled(dim - i, -a[j * dim + i], a + j * dim + i, row + i);
            if (!(row[i] > 0)) return false;
            float scale = 1 / sqrtf(row[i]);
            for (size_t c = i; c < dim; c++) row[c] *= scale;
        }
        for (size_t i = at; i < end; i++)
            for (size_t c = 0; c < rest; c++) negative[(i - at) * rest + c] = -a[i * dim + end + c];
        for (size_t row = end; row < dim; row += PANEL)
            oc__gemm_tn_add(k, smaller(dim - row, PANEL), dim - row, end - at, negative + (row - end), rest, a + at * dim + row,
                            dim, a + row * dim + row, dim);
    }
    return true;
}

/* Solves U'U x = b in place. */
static void solve(float *x, const float *u, size_t dim, const oc__kernels *k) {
    for (size_t i = 0; i < dim; i++) {
        x[i] /= u[i * dim + i];
        k->add_scaled(dim - i - 1, -x[i], u + i * dim + i + 1, x + i + 1);
    }
    for (size_t i = dim; i-- > 0;)
        x[i] = (float)((x[i] - k->dot(dim - i - 1, u + i * dim + i + 1, x + i + 1)) / u[i * dim + i]);
}

oc_status oc__discriminant_fit(oc__linear *out, const oc__discriminant *d, double shrinkage, oc_error *err) {
    const oc__kernels *k = d->context->kernels;
    size_t dim = d->dim, n_weights = d->n_tags * dim;
    oc__linear linear = {.context = d->context, .dim = dim, .n_tags = d->n_tags};
    float *factor = oc__alloc_array(d->context, dim, dim * sizeof *factor);
    float *negative = oc__alloc_array(d->context, dim, PANEL * sizeof *negative);
    linear.weights = oc__alloc_array(d->context, n_weights + d->n_tags, sizeof(float));
    oc_status status = OC_OK;
    if (!factor || !negative || !linear.weights)
        status = oc__fail_nomem(err, d->context, dim * dim * sizeof *factor, "classifier");
    for (size_t i = 0; i < dim && !status; i++) {
        for (size_t c = i; c < dim; c++) factor[i * dim + c] = (float)(1 - shrinkage) * d->scatter[i * dim + c];
        factor[i * dim + i] += (float)(shrinkage * d->variance);
    }
    if (!status && !factorise(factor, dim, negative, k))
        status = oc__fail(err, OC_E_INTERNAL, "a shrinkage of %g leaves the covariance singular", shrinkage);
    for (size_t t = 0; t < d->n_tags && !status; t++) {
        const float *mean = d->means + t * dim;
        float *weights = linear.weights + t * dim;
        memcpy(weights, mean, dim * sizeof *weights);
        solve(weights, factor, dim, k);
        linear.weights[n_weights + t] =
            (float)(d->log_shares[t] - 0.5 * k->dot(dim, weights, mean) - k->dot(dim, weights, d->middle));
    }
    oc__free(d->context, factor);
    oc__free(d->context, negative);
    if (status) oc__linear_free(&linear);
    else *out = linear;
    return status;
}
