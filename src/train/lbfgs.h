/* Minimising a smooth function of many variables. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_LBFGS_H
#define OC_TRAIN_LBFGS_H

#include <stdbool.h>

#include "context.h"

/* The value at x, and the gradient into `gradient`. */
typedef double (*oc__objective_fn)(void *user, const float *x, float *gradient);

/* Limited-memory BFGS (Liu and Nocedal 1989) with a line search to the strong Wolfe conditions' first (sufficient decrease,
 * Armijo) and a curvature safeguard: updates that would lose positive definiteness are left out. Starts from x and leaves the
 * minimum there. Stops when the gradient's norm is below `tolerance` times max(1, |x|), when no step makes progress in
 * single precision any more, after max_iterations, or when go_on(user) says no. */
typedef struct oc__lbfgs {
    oc_context *context;
    size_t n;
    oc__objective_fn objective;
    bool (*go_on)(void *user);
    void *user;
    double tolerance;
    unsigned max_iterations;
    unsigned n_iterations; /* out */
    double value;          /* out */
} oc__lbfgs;

oc_status oc__lbfgs_minimise(oc__lbfgs *problem, float *x, oc_error *err);

#endif
