/* What the tests of model files share. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_OCM_SUPPORT_H
#define OC_TESTS_OCM_SUPPORT_H

#include "golden.h"
#include "memory.h"
#include "ocm.h"
#include "ocm_cursor.h"
#include "ocm_layout.h"

/* An allocator that counts and, if asked, fails. */
typedef struct recorder {
    size_t n_live;   /* blocks not yet released */
    size_t n;        /* requests since it was set to 0 */
    size_t largest;  /* likewise */
    size_t fail_at;  /* this request fails, counted from 1; 0: none */
    bool fail_after; /* and all after it */
} recorder;

/* A context of one thread on this recorder, with kernels. */
oc_context *support_context(recorder *record);

/* The file of a golden model. Free with oc__buffer_free. */
oc__buffer support_file(oc_context *context, int which);

/* A copy that is exactly as large as it says, so that a sanitizer sees a read past its end. */
uint8_t *support_copy(const uint8_t *data, size_t size);

void support_put_u32(uint8_t *p, uint32_t value);

/* Where the contents of a section begin; the test fails if it is not there. */
size_t support_section(const uint8_t *data, const char *type);

/* golden_describe into a string, to be freed. */
char *support_describe(const oc_model *model);

#endif
