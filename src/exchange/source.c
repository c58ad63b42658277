/* What the readers of annotation files share. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"

oc_status oc__source_picture(uint32_t *out, bool *is_new, oc_annotations *set, const oc__source *source, const char *name,
                             oc_error *err) {
    const char *called = oc__source_name(set, source->path, err);
    if (!called) return OC_E_NOMEM;
    size_t prefix = strlen(source->prefix), size = strlen(name);
    char path[OC__MAX_PATH_BYTES + 2];
    bool plain = prefix == 0 || size + prefix > OC__MAX_PATH_BYTES || name[0] == '/' || name[0] == '\\';
    if (!plain) {
        memcpy(path, source->prefix, prefix);
        memcpy(path + prefix, name, size + 1);
    }
    oc_status status = oc__annotations_picture(out, is_new, set, plain ? name : path, called, err);
    if (!status && *is_new && source->split[0]) {
        const char *split = oc__annotations_text(set, source->split, strlen(source->split), err);
        if (!split) return OC_E_NOMEM;
        set->pictures[*out].split = split;
    }
    return status;
}

const char *oc__source_name(oc_annotations *set, const char *path, oc_error *err) {
    const char *last = set->n_pictures ? set->pictures[set->n_pictures - 1].source : NULL;
    return last && strcmp(last, path) == 0 ? last : oc__annotations_text(set, path, strlen(path), err);
}
