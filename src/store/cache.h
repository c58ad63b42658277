/* What was computed of pictures, kept so that it need not be computed again. SPDX-License-Identifier: MIT
 *
 * FOLDER/cache.db may be thrown away at any time: nothing depends on it but speed. It holds sets of rows. A row is what one
 * rule gives for one picture file: a number that tells the picture's contents apart and some floats, with a checksum. A row
 * that does not fit its checksum is not there. A cache that is damaged is made anew, and one that cannot be opened or written
 * keeps nothing; neither is an error. Other processes may use it at the same time. */
#ifndef OC_STORE_CACHE_H
#define OC_STORE_CACHE_H

#include "store.h"

#define OC__CACHE "cache.db"

typedef struct oc__cache oc__cache;

/* Serves one thread; closed before the project is. Fails for lack of memory only. */
oc_status oc__cache_open(oc__cache **out, oc_project *project, oc_error *err);
void oc__cache_close(oc__cache *cache);

/* The number of the set of rows of n_values floats by the rule that `key` describes in full, made if it is new. Sets that are
 * not used make room for it where the cache has grown large. */
oc_status oc__cache_set(size_t *set, oc__cache *cache, const char *key, size_t n_values, oc_error *err);

/* The row of the file with this SHA-256, if there is one. */
bool oc__cache_get(float *values, uint64_t *content, oc__cache *cache, size_t set, const char *hash);

/* Keeps a row; it lasts once oc__cache_flush has been called, which should be soon, for others cannot write meanwhile. */
void oc__cache_put(oc__cache *cache, size_t set, const char *hash, const float *values, uint64_t content);
void oc__cache_flush(oc__cache *cache);

/* Calls `function` for all rows of a set, in the order in which they lie, until it returns false. `digest` is the file's SHA-256. */
typedef bool (*oc__cache_fn)(void *user, const uint8_t digest[32], const float *values, uint64_t content);
void oc__cache_scan(oc__cache *cache, size_t set, oc__cache_fn function, void *user);

#endif
