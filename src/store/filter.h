/* Metadata expressions: "key eq 'value' and (other ne 'x' or 'a key' eq 'it''s')". SPDX-License-Identifier: MIT */
#ifndef OC_STORE_FILTER_H
#define OC_STORE_FILTER_H

#include "memory.h"

#define OC__MAX_FILTER_BYTES 65536
#define OC__MAX_FILTER_TERMS 100
#define OC__MAX_FILTER_DEPTH 30

/* An expression as SQL over `p.seq`, and the values of its parameters, which come from the user and are nowhere in the SQL. */
typedef struct oc__filter {
    oc__buffer sql;      /* ends in NUL */
    oc__buffer text;     /* the parameters, one after the other, each ending in NUL */
    size_t n_parameters; /* two for each comparison: key, value */
} oc__filter;

/* OC_E_ARGUMENT with the place where it goes wrong. Free with oc__filter_free in any case. */
oc_status oc__filter_parse(oc__filter *out, oc_context *context, const char *expression, oc_error *err);
void oc__filter_free(oc__filter *filter);

#endif
