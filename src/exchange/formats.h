/* What the formats' readers and writers share, for this room only. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_FORMATS_H
#define OC_EXCHANGE_FORMATS_H

#include "exchange.h"
#include "file.h"
#include "json.h"

#define OC__MAX_SMALL_FILE_BYTES (16u << 20) /* of a file that speaks of one picture */
#define OC__MAX_FOLDER_DEPTH 16

oc__read_fn oc__coco_read, oc__createml_read, oc__csv_read, oc__customvision_read, oc__cvat_read, oc__folder_read,
    oc__labelstudio_read, oc__voc_read, oc__yolo_read;
oc__write_fn oc__coco_write, oc__createml_write, oc__csv_write, oc__customvision_write, oc__cvat_write, oc__folder_write,
    oc__labelstudio_write, oc__voc_write, oc__yolo_write;
void oc__voc_place(oc__buffer *path, const oc__annotations *set, const oc__known_picture *picture);
void oc__yolo_place(oc__buffer *path, const oc__annotations *set, const oc__known_picture *picture);

/* What a file or folder is: its format and the files to read. */
#define OC__MAX_SOURCES 8
typedef struct oc__detected {
    oc_context *context;
    const char *format; /* static */
    char *folder;       /* where the pictures' names begin */
    size_t n_sources;
    oc__source sources[OC__MAX_SOURCES];
    char *paths[OC__MAX_SOURCES];
} oc__detected;

/* Looks at a file's first bytes, or at what a folder holds. `format` is what the caller says it is, or NULL. Free with
 * oc__detected_free, also after a failure. OC_E_NOT_FOUND, OC_E_IO, OC_E_FORMAT. */
oc_status oc__detect(oc__detected *out, oc_context *context, const char *path, const oc__exchange_format *format,
                     oc_error *err);
void oc__detected_free(oc__detected *found);

/* Adds a picture whose name a file gives, below the source's prefix. */
oc_status oc__source_picture(uint32_t *out, bool *is_new, oc__annotations *set, const oc__source *source, const char *name,
                             oc_error *err);

/* Files below a folder, in the order of their names: paths below it. Hidden ones are left out. */
typedef struct oc__tree {
    oc_context *context;
    char **paths;
    size_t n, capacity;
} oc__tree;

oc_status oc__tree_list(oc__tree *tree, oc_context *context, const char *folder, oc_error *err);
void oc__tree_free(oc__tree *tree);

/* The name of a split, static, that `name` (`size` bytes) is: "train", "valid", "val", "test" and their like; NULL if it is
 * none. */
const char *oc__split_of(const char *name, size_t size);

/* The splits that oc__split_of knows; NULL past the last one. */
const char *oc__split_at(size_t index);

/* A small text file, with a NUL behind and without its byte-order mark. The caller frees *bytes; *text lies in it.
 * OC_E_CORRUPT if it holds zero bytes. */
oc_status oc__text_file(uint8_t **bytes, char **text, oc_context *context, const char *path, oc_error *err);

/* Takes the next line of a text off, without its end; NULL after the last. */
char *oc__next_line(char **text);

/* A file that is being written. `line` is for its caller to fill: oc__output_flush hands it to the file and empties it. */
typedef struct oc__output {
    oc__stream stream;
    oc__buffer line;
} oc__output;

oc_status oc__output_begin(oc__output *output, oc_context *context, const char *path, oc_error *err);
void oc__output_flush(oc__output *output);

/* Puts the file in place, unless `status` says that something failed. */
oc_status oc__output_end(oc__output *output, oc_status status, oc_error *err);

/* Writes what is in a buffer as a file below a folder, whose own folder is made. Empties the buffer. */
oc_status oc__output_file(oc__buffer *buffer, const char *folder, const char *path, oc_error *err);

/* Copies a picture's file to `path` below a folder. *missing: it is not there. */
oc_status oc__output_picture(bool *missing, const oc__annotations *set, const oc__known_picture *picture, const char *folder,
                             const char *path, oc_error *err);

/* What `extra` holds for a family: the slice behind {"FAMILY": ...}; false if nothing. */
bool oc__extra_of(oc__slice *out, const char *extra, const char *family);

/* The same as the text that a JSON string stands for; NULL if it holds none. The caller frees *out. OC_E_NOMEM. */
oc_status oc__extra_text(char **out, oc_context *context, const char *extra, const char *family, oc_error *err);

/* Keeps a text as extra, {"FAMILY":"text"}. */
oc_status oc__extra_keep(const char **out, oc__annotations *set, const char *text, const char *family, oc_error *err);

/* Appends the members that an object has for a family, but for `but` (or NULL), to JSON members that stand in the buffer
 * already:
 * ',"a":1,"b":2'. */
void oc__append_extra_members(oc__buffer *buffer, const char *extra, const char *family, const char *but);

/* Appends ,"key":{...}, or nothing if there is no metadata. */
void oc__append_metadata(oc__buffer *buffer, const oc__annotations *set, const oc__known_picture *picture, const char *key);

/* Whether a mark can be written in a format of that family: a box's place must be known in what it takes, and another shape
 * must be the family's own. */
bool oc__can_write(const oc__annotations *set, const oc__mark *mark, const oc__exchange_format *format);

#endif
