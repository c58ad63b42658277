/* Groups of pictures that look alike. SPDX-License-Identifier: MIT */
#include "look_alikes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"
#include "random.h"
#include "thread.h"

#define MOST 3000 /* rows that are grouped; the time grows with their square */

/* A group under way: its rows' sum and their number; 0: it has gone into another one. */
typedef struct merger {
    oc_context *context;
    size_t n, dim;
    float *sums;
    double *squares; /* of the sums' lengths */
    uint32_t *sizes;
    uint32_t *chain;
    size_t n_chain;
    double *gaps; /* of the last in the chain to each */
} merger;

/* Two groups that became one, and how much farther apart its rows are for it. */
typedef struct merging {
    uint32_t a, b;
    double cost;
} merging;

static double square_of(const merger *m, size_t a) {
    const oc__kernels *k = m->context->kernels;
    return k->dot(m->dim, m->sums + a * m->dim, m->sums + a * m->dim);
}

/* What it costs to merge: |A| |B| / (|A| + |B|) times the squared distance of the middles. */
static double cost_of(const merger *m, size_t a, size_t b) {
    const oc__kernels *k = m->context->kernels;
    double na = m->sizes[a], nb = m->sizes[b], product = k->dot(m->dim, m->sums + a * m->dim, m->sums + b * m->dim);
    double squares = m->squares[a] / (na * na) + m->squares[b] / (nb * nb) - 2 * product / (na * nb);
    return na * nb / (na + nb) * (squares > 0 ? squares : 0);
}

#define TASK 64

static void gap_task(void *argument, size_t task, uint32_t worker) {
    merger *m = argument;
    size_t last = m->chain[m->n_chain - 1], end = (task + 1) * TASK < m->n ? (task + 1) * TASK : m->n;
    (void)worker;
    for (size_t i = task * TASK; i < end; i++) m->gaps[i] = m->sizes[i] && i != last ? cost_of(m, last, i) : INFINITY;
}

/* The group nearest to the last of the chain; of equally near ones the one before it in the chain, or else the first. */
static size_t nearest(merger *m) {
    size_t best = m->n_chain > 1 ? m->chain[m->n_chain - 2] : m->n;
    oc__parallel(m->context, (m->n + TASK - 1) / TASK, gap_task, m);
    for (size_t i = 0; i < m->n; i++)
        if (m->gaps[i] < INFINITY && (best == m->n || m->gaps[i] < m->gaps[best])) best = i;
    return best;
}

/* All n - 1 mergings, in the order in which chains find them. */
static oc_status merge_all(merger *m, merging *mergings, oc__progress *progress, oc_error *err) {
    size_t n_mergings = 0, first = 0;
    while (n_mergings + 1 < m->n) {
        while (m->n_chain == 0) {
            if (m->sizes[first])
                m->chain[m->n_chain++] = (uint32_t)first;
            else
                first++;
        }
        size_t near = nearest(m);
        uint32_t last = m->chain[m->n_chain - 1];
        if (m->n_chain < 2 || near != m->chain[m->n_chain - 2]) {
            m->chain[m->n_chain++] = (uint32_t)near;
            continue;
        }
        mergings[n_mergings++] = (merging){(uint32_t)near, last, m->gaps[near]}; /* each is the other's nearest */
        for (size_t k = 0; k < m->dim; k++) m->sums[near * m->dim + k] += m->sums[last * m->dim + k];
        m->squares[near] = square_of(m, near);
        m->sizes[near] += m->sizes[last];
        m->sizes[last] = 0;
        m->n_chain -= 2;
        if (!oc__progress_step(progress, 1, 0)) return oc__progress_status(progress, err);
    }
    return OC_OK;
}

static int by_cost(const void *a, const void *b) {
    const merging *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

static uint32_t root_of(uint32_t *parents, uint32_t i) {
    while (parents[i] != i) i = parents[i] = parents[parents[i]];
    return i;
}

/* Makes the cheapest mergings, until there are so many groups; groups[i] tells which row stands for row i's. */
static void cut(uint32_t *groups, merging *mergings, size_t n, size_t n_groups) {
    if (n > 1) qsort(mergings, n - 1, sizeof *mergings, by_cost);
    for (size_t i = 0; i < n; i++) groups[i] = (uint32_t)i;
    for (size_t i = 0; i + n_groups < n; i++) {
        uint32_t a = root_of(groups, mergings[i].a), b = root_of(groups, mergings[i].b);
        groups[a < b ? b : a] = a < b ? a : b;
    }
    for (size_t i = 0; i < n; i++) groups[i] = root_of(groups, (uint32_t)i);
}

/* Groups rows[chosen[0]], rows[chosen[1]], ...: middles, of length 1, and their number. */
static oc_status find_middles(float *middles, size_t *n_middles, oc_context *context, const float *rows, size_t dim,
                              const uint32_t *chosen, size_t n, size_t n_groups, oc__progress *progress, oc_error *err) {
    const oc__kernels *k = context->kernels;
    merger m = {.context = context, .n = n, .dim = dim};
    m.sums = oc__alloc_array(context, n, dim * sizeof(float));
    m.squares = oc__alloc_array(context, n, sizeof *m.squares);
    m.sizes = oc__alloc_array(context, n, sizeof *m.sizes);
    m.chain = oc__alloc_array(context, n + 1, sizeof *m.chain);
    m.gaps = oc__alloc_array(context, n, sizeof *m.gaps);
    merging *mergings = oc__alloc_array(context, n, sizeof *mergings);
    uint32_t *groups = oc__alloc_array(context, n, sizeof *groups);
    oc_status status = OC_OK;
    if (!m.sums || !m.squares || !m.sizes || !m.chain || !m.gaps || !mergings || !groups)
        status = oc__fail_nomem(err, context, n * dim * sizeof(float), "grouping pictures");
    for (size_t i = 0; i < n && !status; i++) {
        memcpy(m.sums + i * dim, rows + chosen[i] * dim, dim * sizeof(float));
        m.squares[i] = square_of(&m, i);
        m.sizes[i] = 1;
    }
    if (!status) status = merge_all(&m, mergings, progress, err);
    if (!status) {
        cut(groups, mergings, n, n_groups);
        *n_middles = 0;
        for (size_t g = 0; g < n; g++) {
            if (groups[g] != g) continue;
            float *middle = middles + (*n_middles)++ * dim;
            memset(middle, 0, dim * sizeof *middle);
            for (size_t i = g; i < n; i++)
                for (size_t d = 0; d < dim && groups[i] == g; d++) middle[d] += rows[chosen[i] * dim + d];
            double squares = k->dot(dim, middle, middle);
            for (size_t d = 0; d < dim && squares > 0; d++) middle[d] = (float)((double)middle[d] / sqrt(squares));
        }
    }
    oc__free(context, m.sums);
    oc__free(context, m.squares);
    oc__free(context, m.sizes);
    oc__free(context, m.chain);
    oc__free(context, m.gaps);
    oc__free(context, mergings);
    oc__free(context, groups);
    return status;
}

/* A group's number and size, to be put in order. */
typedef struct counted {
    uint32_t number, size;
} counted;

static int by_size(const void *a, const void *b) {
    const counted *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static oc_status assign(oc__groups *g, const float *rows, size_t dim, const float *middles, size_t n_middles, oc_error *err) {
    const oc__kernels *k = g->context->kernels;
    counted *order = oc__alloc_array(g->context, n_middles, sizeof *order);
    uint32_t *places = oc__alloc_array(g->context, n_middles, sizeof *places);
    oc_status status = OC_OK;
    if (!order || !places) status = oc__fail_nomem(err, g->context, n_middles * sizeof *order, "grouping pictures");
    for (uint32_t i = 0; i < n_middles && !status; i++) order[i] = (counted){i, 0};
    for (size_t i = 0; i < g->n && !status; i++) {
        g->nearness[i] = -2;
        for (uint32_t m = 0; m < n_middles; m++) {
            float cosine = (float)k->dot(dim, rows + i * dim, middles + m * dim);
            if (cosine <= g->nearness[i]) continue;
            g->nearness[i] = cosine;
            g->of[i] = m;
        }
        order[g->of[i]].size++;
    }
    if (!status) {
        qsort(order, n_middles, sizeof *order, by_size);
        for (uint32_t i = 0; i < n_middles; i++) {
            places[order[i].number] = i;
            g->n_groups += order[i].size > 0;
        }
        for (size_t i = 0; i < g->n; i++) g->of[i] = places[g->of[i]];
    }
    oc__free(g->context, order);
    oc__free(g->context, places);
    return status;
}

oc_status oc__groups_make(oc__groups *out, oc_context *context, const float *rows, size_t n, size_t dim, size_t n_groups,
                          oc__progress *progress, oc_error *err) {
    oc__groups g = {.context = context, .n = n};
    size_t n_chosen = n < MOST ? n : MOST, n_middles = 0;
    oc__random random;
    oc_status status = OC_OK;
    if (n_groups > n_chosen) n_groups = n_chosen;
    g.of = oc__alloc_array(context, n, sizeof *g.of);
    g.nearness = oc__alloc_array(context, n, sizeof *g.nearness);
    uint32_t *chosen = oc__alloc_array(context, n, sizeof *chosen);
    float *middles = oc__alloc_array(context, n_groups, dim * sizeof *middles);
    if (!g.of || !g.nearness || !chosen || !middles)
        status = oc__fail_nomem(err, context, n_groups * dim * sizeof *middles, "grouping pictures");
    if (!status && n) {
        for (size_t i = 0; i < n; i++) chosen[i] = (uint32_t)i;
        oc__random_seed(&random, 0, 0);
        if (n > MOST) oc__random_shuffle(&random, chosen, n);
        status = find_middles(middles, &n_middles, context, rows, dim, chosen, n_chosen, n_groups, progress, err);
        if (!status) status = assign(&g, rows, dim, middles, n_middles, err);
    }
    oc__free(context, chosen);
    oc__free(context, middles);
    if (status)
        oc__groups_free(&g);
    else
        *out = g;
    return status;
}

void oc__groups_free(oc__groups *g) {
    if (!g->context) return;
    oc__free(g->context, g->of);
    oc__free(g->context, g->nearness);
    *g = (oc__groups){0};
}
