/* Pictures with rare tags come more often. SPDX-License-Identifier: MIT */
#include "balance.h"

#include <math.h>

#include "memory.h"

#define MAX_REPEATS 8

static uint32_t repeats(const oc__training_set *set, const oc__labelled *sample, const size_t *counts, size_t most) {
    double times = 1;
    for (uint32_t k = 0; k < sample->n_tags; k++)
        times = fmax(times, sqrt((double)most / (double)counts[set->labels[sample->first + k]]));
    return (uint32_t)fmin(round(times), MAX_REPEATS);
}

oc_status oc__balanced_picks(uint32_t **out, size_t *n, oc_context *context, const oc__training_set *set, const uint32_t *usable,
                             size_t n_usable, oc_error *err) {
    size_t *counts = oc__alloc_zero(context, set->n_tags * sizeof *counts), most = 0, n_picks = 0;
    uint32_t *picks = oc__alloc_array(context, n_usable, MAX_REPEATS * sizeof *picks);
    oc_status status = counts && picks ? OC_OK : oc__fail_nomem(err, context, n_usable * MAX_REPEATS * sizeof *picks, "training");
    for (size_t i = 0; i < n_usable && !status; i++) {
        const oc__labelled *sample = &set->samples[usable[i]];
        for (uint32_t k = 0; k < sample->n_tags; k++) {
            size_t count = ++counts[set->labels[sample->first + k]];
            most = count > most ? count : most;
        }
    }
    for (size_t i = 0; i < n_usable && !status; i++)
        for (uint32_t k = repeats(set, &set->samples[usable[i]], counts, most); k > 0; k--) picks[n_picks++] = (uint32_t)i;
    oc__free(context, counts);
    if (status) {
        oc__free(context, picks);
        return status;
    }
    *out = picks;
    *n = n_picks;
    return OC_OK;
}
