/* Annotation files in and out. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_EXCHANGE_H
#define OC_EXCHANGE_EXCHANGE_H

#include "annotations.h"
#include "memory.h"
#include "progress.h"

/* One file, or folder of files, that a reader reads. */
typedef struct oc__source {
    const char *path;
    const char *split;  /* of all its pictures; "" if it says itself, or none */
    const char *prefix; /* stands before the pictures' names: "train/", or "" */
} oc__source;

typedef struct oc__exchange_format oc__exchange_format;
typedef oc_status oc__read_fn(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err);
typedef oc_status oc__write_fn(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err);

struct oc__exchange_format {
    const char *name, *help;
    const char *family; /* under which its opaque parts are kept */
    const char *file;   /* how its one file is called; NULL: it is a folder of files */
    const char *needs;  /* the build option without which it cannot be read, or NULL */
    uint32_t holds;     /* OC__HOLDS_... */
    oc__read_fn *read;  /* NULL: built without it */
    oc__write_fn *write;

    /* Where a picture's copy belongs, below the folder that is written; NULL: where its path says. */
    void (*place)(oc__buffer *path, const oc__annotations *set, const oc__known_picture *picture);
    bool copies; /* `write` copies the pictures itself, as often as it needs to */
};

/* Format `index`; NULL past the last one. */
const oc__exchange_format *oc__exchange_format_at(size_t index);

/* The one of that name. OC_E_ARGUMENT. */
oc_status oc__exchange_find_format(const oc__exchange_format **out, const char *name, oc_error *err);

/* Reads what lies at `path`. `format` may be NULL: as it looks; `pictures` too: beside it. `report` must outlive the set. */
oc_status oc__annotations_load(oc__annotations **out, oc_context *context, oc_exchange *report, const char *path,
                               const char *format, const char *pictures, oc_error *err);

/* Writes a set as oc_project_export says, and counts in the set's report what was written. `flags` is a sum of OC_EXCHANGE_...
 */
oc_status oc__annotations_save(oc__annotations *set, const char *path, const oc__exchange_format *format, uint32_t flags,
                               oc__progress *progress, oc_error *err);

#endif
