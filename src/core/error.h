/* The error a function hands back to its caller. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_ERROR_H
#define OC_CORE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include <ocellus/ocellus.h>

#if defined(__GNUC__)
#define OC__PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define OC__PRINTF(text, first)
#endif

/* Fills *err (if not NULL) and returns `code`, so that callers write `return oc__fail(...)`. A message that does not fit is
 * cut at a character's boundary. Do not format floating-point numbers here: they follow the host's locale. */
oc_status oc__fail(oc_error *err, oc_status code, const char *format, ...) OC__PRINTF(3, 4);

/* Puts "prefix: " before the message that err already holds. Returns its code. */
oc_status oc__fail_in(oc_error *err, oc_status code, const char *prefix);

/* Ends the text after `length` bytes, or before the UTF-8 character that this would divide. */
void oc__cut_text(char *text, size_t length);

/* Reads a struct of the caller's, whose first field is its size, into `known` (`known_size` bytes): missing fields become
 * 0. OC_E_ARGUMENT if it is NULL or smaller than `least`; OC_E_UNSUPPORTED if fields we do not know are not 0. */
oc_status oc__struct_read(void *known, size_t known_size, size_t least, const void *theirs, const char *what, oc_error *err);

/* Writes as much of `known` as the caller's struct has room for, keeping its size field. */
oc_status oc__struct_write(void *theirs, const void *known, size_t known_size, size_t least, const char *what, oc_error *err);

#endif
