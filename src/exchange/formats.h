/* The formats' readers and writers, for this room only. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_FORMATS_H
#define OC_EXCHANGE_FORMATS_H

#include "exchange.h"
#include "file.h"
#include "json.h"

#define OC__MAX_SMALL_FILE_BYTES (16u << 20) /* of a file that speaks of one picture */

oc_status oc__coco_read(oc_annotations *set, const oc__source *source, oc_error *err);
oc_status oc__coco_read_normalised(oc_annotations *set, const oc__source *source, oc_error *err);
oc_status oc__coco_write(const oc_annotations *set, const char *path, oc_error *err);
oc_status oc__coco_write_normalised(const oc_annotations *set, const char *path, oc_error *err);
oc_status oc__customvision_read(oc_annotations *set, const oc__source *source, oc_error *err);
oc_status oc__customvision_write(const oc_annotations *set, const char *path, oc_error *err);

/* Adds a picture whose name a file gives, below the source's prefix. */
oc_status oc__source_picture(uint32_t *out, bool *is_new, oc_annotations *set, const oc__source *source, const char *name,
                             oc_error *err);

/* A file's name as notes call it, kept by the set. NULL if there is no memory. */
const char *oc__source_name(oc_annotations *set, const char *path, oc_error *err);

/* A file that is being written. `line` is for its caller to fill: oc__output_flush hands it to the file and empties it. */
typedef struct oc__output {
    oc__stream stream;
    oc__buffer line;
} oc__output;

oc_status oc__output_begin(oc__output *output, oc_context *context, const char *path, oc_error *err);
void oc__output_flush(oc__output *output);

/* Puts the file in place, unless `status` says that something failed. */
oc_status oc__output_end(oc__output *output, oc_status status, oc_error *err);

/* What `extra` holds for a format: the slice behind {"FORMAT": ...}; false if nothing. */
bool oc__extra_of(oc__slice *out, const char *extra, const char *format);

/* Appends what an object has for a format to JSON members that stand in the buffer already: ',"a":1,"b":2'. */
void oc__append_extra_members(oc__buffer *buffer, const char *extra, const char *format);

/* Appends ,"metadata":{...}, or nothing if there is none. */
void oc__append_metadata(oc__buffer *buffer, const oc_annotations *set, const oc__known_picture *picture);

/* Numbers for all tags or pictures: their own, if each has one and no two the same, or else 1, 2, ... The caller frees *out. */
oc_status oc__number_tags(int64_t **out, const oc_annotations *set, oc_error *err);
oc_status oc__number_pictures(int64_t **out, const oc_annotations *set, oc_error *err);

#endif
