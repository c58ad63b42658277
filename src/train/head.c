/* The kinds of heads. SPDX-License-Identifier: MIT */
#include "head.h"

#include "discriminant.h"
#include "memory.h"

const char *const oc__head_names[OC__N_HEADS] = {"regression", "discriminant"};

struct oc__head_fitter {
    oc_context *context;
    oc__fitter *regression; /* one of the two */
    oc__discriminant *discriminant;
};

const double *oc__head_strengths(size_t *n, uint32_t kind) {
    static const double l2[] = {1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4}, shrinkages[] = {0.6, 0.3, 0.1, 0.03};
    *n = kind == OC__HEAD_REGRESSION ? sizeof l2 / sizeof *l2 : sizeof shrinkages / sizeof *shrinkages;
    return kind == OC__HEAD_REGRESSION ? l2 : shrinkages;
}

oc_status oc__head_fitter_create(oc__head_fitter **out, uint32_t kind, oc_context *context, const oc__rows *rows,
                                 const oc__progress *progress, oc_error *err) {
    oc__head_fitter *f = oc__alloc_zero(context, sizeof *f);
    if (!f) return oc__fail_nomem(err, context, sizeof *f, "classifier");
    f->context = context;
    oc_status status = kind == OC__HEAD_REGRESSION ? oc__fitter_create(&f->regression, context, rows, progress, err)
                                                   : oc__discriminant_create(&f->discriminant, context, rows, err);
    if (status) oc__head_fitter_free(f);
    else *out = f;
    return status;
}

void oc__head_fitter_free(oc__head_fitter *f) {
    if (!f) return;
    oc__fitter_free(f->regression);
    oc__discriminant_free(f->discriminant);
    oc__free(f->context, f);
}

oc_status oc__head_fit(oc__linear *out, oc__head_fitter *f, double strength, oc_error *err) {
    return f->regression ? oc__fitter_fit(out, f->regression, strength, err)
                         : oc__discriminant_fit(out, f->discriminant, strength, err);
}
