/* Minimising a smooth function of many variables. SPDX-License-Identifier: MIT */
#include "lbfgs.h"

#include <math.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"

#define HISTORY 10

/* The last steps (differences of x) and what they changed in the gradient, in a ring. */
typedef struct memory {
    float *steps[HISTORY], *changes[HISTORY];
    double curvature[HISTORY]; /* 1 / (step . change) */
    unsigned count, newest;
} memory;

/* direction = -(approximate inverse Hessian) x gradient: the two-loop recursion. */
static void find_direction(float *direction, const memory *m, const float *gradient, size_t n, const oc__kernels *k) {
    double alpha[HISTORY];
    for (size_t i = 0; i < n; i++) direction[i] = -gradient[i];
    for (unsigned j = 0; j < m->count; j++) {
        unsigned at = (m->newest + HISTORY - j) % HISTORY;
        alpha[at] = m->curvature[at] * k->dot(n, m->steps[at], direction);
        k->add_scaled(n, (float)-alpha[at], m->changes[at], direction);
    }
    if (m->count) {
        double scale = 1 / (m->curvature[m->newest] * k->dot(n, m->changes[m->newest], m->changes[m->newest]));
        for (size_t i = 0; i < n; i++) direction[i] *= (float)scale;
    }
    for (unsigned j = m->count; j-- > 0;) {
        unsigned at = (m->newest + HISTORY - j) % HISTORY;
        double beta = m->curvature[at] * k->dot(n, m->changes[at], direction);
        k->add_scaled(n, (float)(alpha[at] - beta), m->steps[at], direction);
    }
}

/* Tries steps along the direction until the value falls enough; then x, gradient and value are those of the new place. A step
 * that is too long is shortened to the minimum of the parabola through what is known, within bounds. */
static bool search(oc__lbfgs *p, float *x, const float *direction, float *gradient, double *value, double slope, double step,
                   float *trial, float *trial_gradient) {
    for (int attempt = 0; attempt < 25; attempt++) {
        for (size_t i = 0; i < p->n; i++) trial[i] = x[i] + (float)step * direction[i];
        double now = p->objective(p->user, trial, trial_gradient);
        if (now <= *value + 1e-4 * step * slope) {
            memcpy(x, trial, p->n * sizeof *x);
            memcpy(gradient, trial_gradient, p->n * sizeof *x);
            *value = now;
            return true;
        }
        double better = isfinite(now) ? -slope * step * step / (2 * (now - *value - slope * step)) : 0;
        step = better > 0.5 * step ? 0.5 * step : better < 0.1 * step ? 0.1 * step : better;
    }
    return false;
}

static void remember(memory *m, const float *x, const float *old_x, const float *gradient, const float *old_gradient, size_t n,
                     const oc__kernels *k) {
    unsigned at = m->count ? (m->newest + 1) % HISTORY : 0;
    for (size_t i = 0; i < n; i++) {
        m->steps[at][i] = x[i] - old_x[i];
        m->changes[at][i] = gradient[i] - old_gradient[i];
    }
    double product = k->dot(n, m->steps[at], m->changes[at]);
    if (!(product > 1e-10 * k->dot(n, m->changes[at], m->changes[at]))) return;
    m->curvature[at] = 1 / product;
    m->newest = at;
    if (m->count < HISTORY) m->count++;
}

oc_status oc__lbfgs_minimise(oc__lbfgs *p, float *x, oc_error *err) {
    const oc__kernels *k = p->context->kernels;
    size_t n = p->n;
    memory m = {.count = 0};
    float *block = oc__alloc_array(p->context, n, (2 * HISTORY + 6) * sizeof *block);
    if (!block) return oc__fail_nomem(err, p->context, n * (2 * HISTORY + 6) * sizeof *block, "classifier");
    for (int i = 0; i < HISTORY; i++) {
        m.steps[i] = block + (size_t)(2 * i) * n;
        m.changes[i] = block + (size_t)(2 * i + 1) * n;
    }
    float *gradient = block + 2 * HISTORY * n, *direction = gradient + n, *old_x = direction + n, *old_gradient = old_x + n;
    float *trial = old_gradient + n, *trial_gradient = trial + n;
    p->value = p->objective(p->user, x, gradient);
    for (p->n_iterations = 0; p->n_iterations < p->max_iterations && p->go_on(p->user); p->n_iterations++) {
        double norm = sqrt(k->dot(n, gradient, gradient)), size = sqrt(k->dot(n, x, x));
        if (norm <= p->tolerance * (size > 1 ? size : 1)) break;
        find_direction(direction, &m, gradient, n, k);
        double slope = k->dot(n, gradient, direction);
        if (!(slope < 0)) { /* rounding spoilt the history: begin it anew */
            m.count = 0;
            find_direction(direction, &m, gradient, n, k);
            slope = -norm * norm;
        }
        memcpy(old_x, x, n * sizeof *x);
        memcpy(old_gradient, gradient, n * sizeof *x);
        double before = p->value;
        if (!search(p, x, direction, gradient, &p->value, slope, m.count ? 1 : 1 / (norm > 1 ? norm : 1), trial,
                    trial_gradient)) {
            if (m.count == 0) break;
            m.count = 0;
            continue;
        }
        remember(&m, x, old_x, gradient, old_gradient, n, k);
        if (before - p->value <= 1e-9 * fabs(before)) break;
    }
    oc__free(p->context, block);
    return OC_OK;
}
