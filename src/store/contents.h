/* The files of pictures and models: each lies under the hash of its bytes. SPDX-License-Identifier: MIT
 *
 * A file is complete and synced before the row that refers to it is, and goes only when the row is gone for good; so a row
 * always has its file, and at worst a file is left over. */
#ifndef OC_STORE_CONTENTS_H
#define OC_STORE_CONTENTS_H

#include "store.h"

#define OC__FILES "files"
#define OC__LOST "lost" /* where verifying puts files that belong to nothing */

/* The path of a file: "FOLDER/files/ab/abcd....jpg". The caller frees it; NULL if there is no memory. */
char *oc__contents_path(const oc_project *project, const char *hash, const char *ending);

/* The hash in the path of one of the project's files; false if it is none. */
bool oc__contents_hash(char hash[65], const oc_project *project, const char *path);

/* ".jpg", ".png", ".bmp" or ".gif", by the first bytes; NULL if it is none of them. */
const char *oc__contents_ending(const uint8_t *data, size_t size);

/* Inside a change: makes sure that the bytes lie in their place. `known`: a row refers to them already. */
oc_status oc__contents_put(oc_project *project, const char *hash, const char *ending, const void *data, size_t size, bool known,
                           oc_error *err);

/* Inside a change: the file may go once the change has become lasting, if nothing refers to it then. */
oc_status oc__contents_drop(oc_project *project, const char *hash, const char *ending, oc_error *err);

/* Whether a row refers to these bytes: a picture's, a version's, a prediction's or an iteration's. If that cannot be told, yes.
 */
bool oc__contents_used(oc_project *project, const char *hash);

/* A file that the database names. */
typedef struct oc__known_file {
    oc__contents_item item;
    int64_t n_bytes; /* -1: not known */
} oc__known_file;

/* All of them, each once. The caller frees *out, also on failure. */
oc_status oc__contents_all(oc__known_file **out, size_t *n, oc_project *project, oc_error *err);

/* How a change ends: what was put is made to last; or it is taken away again; and what was dropped goes. */
oc_status oc__contents_settle(oc_project *project, oc_error *err);
void oc__contents_undo(oc_project *project);
void oc__contents_sweep(oc_project *project);

#endif
