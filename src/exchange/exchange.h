/* Annotation files in and out. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_EXCHANGE_H
#define OC_EXCHANGE_EXCHANGE_H

#include "annotations.h"

/* One file, or folder of files, that a reader reads. */
typedef struct oc__source {
    const char *path;
    const char *split;  /* of all its pictures; "" if it says itself, or none */
    const char *prefix; /* stands before the pictures' names: "train/", or "" */
} oc__source;

typedef struct oc__exchange_format {
    const char *name, *help;
    const char *family; /* under which its opaque parts are kept */
    uint32_t holds; /* OC__HOLDS_... */
    bool is_folder; /* writes a folder of files */
    oc_status (*read)(oc_annotations *set, const oc__source *source, oc_error *err);
    oc_status (*write)(const oc_annotations *set, const char *path, oc_error *err);
} oc__exchange_format;

/* Format `index`; NULL past the last one. */
const oc__exchange_format *oc__exchange_format_at(size_t index);

/* See oc_annotations_load and oc_annotations_save. `format` may be NULL: the file tells. */
oc_status oc__annotations_load(oc_annotations **out, oc_context *context, const char *path, const char *format,
                               const char *pictures, oc_error *err);
oc_status oc__annotations_save(oc_annotations *set, const char *path, const char *format, oc_error *err);

/* Whether the libraries for JSON and XML are there. */
extern const bool oc__json_present, oc__xml_present;

#endif
