/* What became of a file's parts that could not be taken over as they were. SPDX-License-Identifier: MIT */
#include "notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "text.h"

oc_status oc__exchange_create(oc_exchange **out, oc_context *context, oc_error *err) {
    oc_exchange *exchange = oc__alloc_zero(context, sizeof *exchange);
    if (!exchange) return oc__fail_nomem(err, context, sizeof *exchange, "report");
    exchange->context = oc__context_retain(context);
    exchange->summary.format = "";
    *out = exchange;
    return OC_OK;
}

void oc__exchange_free(oc_exchange *exchange) {
    if (!exchange) return;
    oc_context *context = exchange->context;
    for (size_t i = 0; i < exchange->n; i++)
        for (uint32_t k = 0; k < exchange->notes[i].n_examples; k++) oc__free(context, exchange->notes[i].examples[k]);
    oc__free(context, exchange->notes);
    oc__free(context, exchange);
    oc__context_release(context);
}

static oc_status find_group(oc__note_group **out, oc_exchange *exchange, uint32_t outcome, const char *reason, oc_error *err) {
    for (size_t i = 0; i < exchange->n; i++) {
        *out = &exchange->notes[i];
        if ((*out)->outcome == outcome && strcmp((*out)->reason, reason) == 0) return OC_OK;
    }
    oc_status status =
        oc__reserve(&exchange->notes, &exchange->capacity, exchange->n, sizeof *exchange->notes, exchange->context, err);
    if (status) return status;
    *out = &exchange->notes[exchange->n++];
    **out = (oc__note_group){.reason = reason, .outcome = outcome};
    exchange->summary.n_notes = (uint32_t)exchange->n;
    return OC_OK;
}

oc_status oc__note_count(oc_exchange *exchange, uint32_t outcome, const char *reason, uint64_t n, oc_error *err) {
    oc__note_group *group;
    oc_status status = n ? find_group(&group, exchange, outcome, reason, err) : OC_OK;
    if (status || !n) return status;
    group->n += n;
    if (outcome == OC_NOTE_LEFT_OUT) exchange->summary.n_left_out += n;
    return OC_OK;
}

oc_status oc__note(oc_exchange *exchange, uint32_t outcome, const char *reason, oc_error *err, const char *where, ...) {
    char text[512];
    oc__note_group *group;
    oc_status status = oc__note_count(exchange, outcome, reason, 1, err);
    if (!status) status = find_group(&group, exchange, outcome, reason, err);
    if (status || group->n_examples == OC__MAX_EXAMPLES) return status;
    va_list arguments;
    va_start(arguments, where);
    int length = vsnprintf(text, sizeof text, where, arguments);
    va_end(arguments);
    if (length < 0)
        text[0] = 0;
    else if ((size_t)length >= sizeof text)
        oc__cut_text(text, sizeof text - 1);
    for (char *p = text; *p; p++) /* a file's name may be anything */
        if ((unsigned char)*p < 0x20 || *p == 0x7F) *p = ' ';
    if (!oc__utf8_valid(text, strlen(text)))
        for (char *p = text; *p; p++)
            if ((unsigned char)*p >= 0x80) *p = '?';
    if (!(group->examples[group->n_examples] = oc__strdup(exchange->context, text)))
        return oc__fail_nomem(err, exchange->context, sizeof text, "report");
    group->n_examples++;
    return OC_OK;
}
