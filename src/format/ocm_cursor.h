/* Reading a section of a model file: nothing outside it is ever touched. SPDX-License-Identifier: MIT */
#ifndef OC_FORMAT_OCM_CURSOR_H
#define OC_FORMAT_OCM_CURSOR_H

#include "context.h"

static inline uint16_t oc__le16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t oc__le32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t oc__le64(const uint8_t *p) { return oc__le32(p) | (uint64_t)oc__le32(p + 4) << 32; }

/* After a failure `status` stays set, every further read gives zeros and err keeps the first message: a function checks
 * once, before it acts on what it read. */
typedef struct oc__cursor {
    const uint8_t *data;
    size_t size, at;
    size_t file_offset; /* of data[0], for messages */
    char name[32];      /* "section 3 (WGHT)" */
    oc_context *context;
    oc_error *err;
    oc_status status;
} oc__cursor;

/* The next n bytes, or NULL. `what` names them in the message. */
const uint8_t *oc__cursor_take(oc__cursor *cursor, size_t n, const char *what);

uint32_t oc__cursor_u32(oc__cursor *cursor, const char *what);
float oc__cursor_f32(oc__cursor *cursor, const char *what);

/* A number of records that follow, each of at least `record` bytes: no more than fit in what is left, and at most `most`. */
uint32_t oc__cursor_count(oc__cursor *cursor, size_t record, size_t most, const char *what);

/* A length of `least` to `most` and as many bytes, none of them NUL: a copy that ends in NUL. NULL on failure. */
char *oc__cursor_text(oc__cursor *cursor, size_t least, size_t most, const char *what);

/* Passes over zeros up to a multiple of `step`, a power of two, in the section. */
void oc__cursor_align(oc__cursor *cursor, size_t step);

/* Fails if something is left. */
void oc__cursor_end(oc__cursor *cursor);

/* Fails with "section 3 (WGHT): ...", unless the cursor has failed already. */
void oc__cursor_fail(oc__cursor *cursor, oc_status status, const char *format, ...) OC__PRINTF(3, 4);

#endif
