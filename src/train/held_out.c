/* What a classifier says of pictures that it has not seen. SPDX-License-Identifier: MIT */
#include "held_out.h"

#include <string.h>

#include "classifier_graph.h"
#include "cross_validation.h"
#include "discriminant.h"
#include "memory.h"
#include "temperature.h"

#define N_FOLDS 5

/* Moves the samples that could be read to the front, and their tags. */
static size_t keep_readable(oc__features *f, uint32_t *tags, const oc__told_apart *set) {
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->status[i]) continue;
        if (n != i) memcpy(f->values + n * f->dim, f->values + i * f->dim, f->dim * sizeof(float));
        f->content[n] = set->groups ? set->groups[i] : f->content[i];
        tags[n++] = set->tags[i];
    }
    return n;
}

oc_status oc__held_out_probabilities(float *out, const oc_model *base, const oc__told_apart *set, oc__progress *progress,
                                     oc_error *err) {
    oc_context *context = base->context;
    oc__features f = {0};
    oc__validated v = {0};
    oc__head head;
    double temperature;
    const oc__extraction what = {.n_views = 1, .skip_broken = true, .quiet = true, .seed = set->seed, .cache = set->cache};
    size_t row = set->n_tags * sizeof(float), n = 0;
    uint32_t *tags = oc__alloc_array(context, set->n, sizeof *tags);
    if (!tags) return oc__fail_nomem(err, context, set->n * sizeof *tags, "cross-validation");
    oc__progress_stage(progress, "reading pictures", 0, 0.7, set->n);
    oc_status status = oc__features_extract(&f, base, set->samples, set->n, &what, progress, err);
    if (!status) {
        f.n = keep_readable(&f, tags, set);
        oc__take_roots(&f);
        if (f.n < 4) status = oc__fail(err, OC_E_DATA, "%zu pictures can be read, cross-validation needs at least 4", f.n);
    }
    const oc__head_choice choice = {.kinds = {true, f.dim <= OC__MAX_DISCRIMINANT}};
    const oc__validation pictures = {.features = &f, .tags = tags, .n_tags = set->n_tags, .n_folds = N_FOLDS};
    if (!status) status = oc__divide_and_validate(&v, &head, &pictures, &choice, set->seed, progress, err);
    const oc__held_out held_out = {v.logits, tags, v.folds, f.n, set->n_tags, 1};
    if (!status) status = oc__calibrate_logits(v.logits, &temperature, context, &held_out, v.n_folds, err);
    for (size_t i = 0; i < set->n && !status; i++) {
        if (f.status[i])
            out[i * set->n_tags] = -1;
        else
            memcpy(out + i * set->n_tags, v.logits + n++ * set->n_tags, row);
    }
    oc__validated_free(&v, context);
    oc__features_free(&f);
    oc__free(context, tags);
    return status;
}
