/* What became of a file's parts that could not be taken over as they were. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_NOTES_H
#define OC_EXCHANGE_NOTES_H

#include "context.h"

#define OC__MAX_EXAMPLES 10 /* more are only counted */

typedef struct oc__note_group {
    const char *reason; /* static */
    uint32_t outcome;   /* OC_NOTE_... */
    uint32_t n_examples;
    uint64_t n;
    char *examples[OC__MAX_EXAMPLES];
} oc__note_group;

/* The report, see ocellus.h. */
struct oc_exchange {
    oc_context *context;
    oc_exchange_summary summary;
    oc__note_group *notes;
    size_t n, capacity;
};

oc_status oc__exchange_create(oc_exchange **out, oc_context *context, oc_error *err);
void oc__exchange_free(oc_exchange *exchange);

/* Counts one more for a reason, a static text, and keeps where it was as an example. OC_E_NOMEM. */
oc_status oc__note(oc_exchange *exchange, uint32_t outcome, const char *reason, oc_error *err, const char *where, ...)
    OC__PRINTF(5, 6);

/* Counts `n` more, which may be 0, without an example. */
oc_status oc__note_count(oc_exchange *exchange, uint32_t outcome, const char *reason, uint64_t n, oc_error *err);

#endif
