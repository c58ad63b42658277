/* The base networks that training starts from: built in, installed beside the library, the user's own. SPDX-License-Identifier:
 * MIT
 *
 * A base is a model file NAME.ocm of kind OC__KIND_BASE; beside it may lie NAME.ocm.sha256, as sha256sum writes it, and then
 * the file is only taken if that is its checksum. */
#ifndef OC_WORKFLOW_BASE_H
#define OC_WORKFLOW_BASE_H

#include "model.h"

/* The name of the built-in base. */
#define OC__BUILTIN_BASE "compact"
#define OC__INSTALLED_BASE "standard"
#define OC__OBJECT_TAG "object" /* of the detector that a base brings, */
#define OC__DETECTOR_SIDE 256   /* at the side of the input at which it learned */
#define OC__BEST_BASE "auto" /* the installed one if it is there, or else the built-in one */

/* One base that can be opened by its name. */
typedef struct oc__base_entry {
    uint32_t place;  /* OC_BASE_... */
    char *name;
    char *path;      /* NULL: built in */
    uint64_t n_bytes;
    char sha256[65]; /* the checksum that is written down; "" if none is */
} oc__base_entry;

typedef struct oc__base_list {
    oc_context *context;
    oc__base_entry *entries;
    size_t n, capacity;
} oc__base_list;

/* The built-in base, then the user's, then the installed ones, each in the order of their names; a name is listed once, where
 * it would be opened from. A folder that is not there is empty. */
oc_status oc__base_list_all(oc__base_list *out, oc_context *context, oc_error *err);
void oc__base_list_free(oc__base_list *list);

/* Opens a base by its name, or by the path of its file (which holds a '/' or ends in ".ocm"). It has the properties "name" and
 * "sha256" (of its file). OC_E_NOT_FOUND (the message lists the names there are), OC_E_CORRUPT (also: not the file whose
 * checksum was written down), OC_E_ARGUMENT (a model that is no base), and those of oc__ocm_read. */
oc_status oc__base_open(oc_model **out, oc_context *context, const char *name, oc_error *err);

/* The same with the detector that the base brings, or NULL if it brings none: of one tag, pretrained, for detectors to begin with. */
oc_status oc__base_open_both(oc_model **out, oc_model **detector, oc_context *context, const char *name, oc_error *err);

/* Replaces the caller's reference to a base by the same for pictures of size x size. OC_E_ARGUMENT unless that is a multiple of 32 from
 * 64 on and the network can take it. */
oc_status oc__base_resize(oc_model **base, uint64_t size, oc_error *err);

/* The same with the weights of a classifier that was trained on it. OC_E_DATA if it was not. */
oc_status oc__base_take_weights(oc_model **base, const oc_model *classifier, oc_error *err);

/* Makes a base of an ONNX file, or takes a base's own file, and names it. See oc_base_import. */
oc_status oc__base_import(oc_model **out, oc_context *context, const char *path, const oc_import_options *options,
                          oc_error *err);

/* Writes a base with its checksum to the user's folder under its name. OC_E_STATE if one of that name is there, unless
 * `replace`. OC_E_ARGUMENT: a name that cannot be used. */
oc_status oc__base_store(const oc_model *base, bool replace, oc_error *err);

/* Removes one of the user's bases. OC_E_NOT_FOUND; OC_E_ARGUMENT if it is built in or installed. */
oc_status oc__base_remove(oc_context *context, const char *name, oc_error *err);

/* OC_E_DATA unless `model` was trained on `base`: their checksums are compared. */
oc_status oc__base_check(const oc_model *model, const oc_model *base, oc_error *err);

#endif
