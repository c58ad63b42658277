/* Text and numbers, independent of the locale. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_TEXT_H
#define OC_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool oc__utf8_valid(const char *text, size_t size);

/* True if `text` may name a tag: UTF-8, 1 to 256 bytes, no control characters. */
bool oc__tag_valid(const char *text);

/* The whole of `text` as a number; false if it is not one or does not fit. No leading or trailing blanks. */
bool oc__parse_u64(const char *text, uint64_t *out);
bool oc__parse_double(const char *text, double *out);

/* The shortest of %.6g .. %.17g that reads back as the same number, with a point. `out` has room for 32 bytes. */
void oc__print_double(char *out, double value);

#endif
