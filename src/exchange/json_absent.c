/* In place of the readers of JSON files in a library built without Jansson. SPDX-License-Identifier: MIT */
#include "formats.h"

const bool oc__json_present = false;

static oc_status absent(const oc__source *source, oc_error *err) {
    return oc__fail(err, OC_E_UNSUPPORTED, "%s: this library was built without JSON files (it needs Jansson when it is built)",
                    source->path);
}

oc_status oc__coco_read(oc_annotations *set, const oc__source *source, oc_error *err) {
    (void)set;
    return absent(source, err);
}

oc_status oc__coco_read_normalised(oc_annotations *set, const oc__source *source, oc_error *err) {
    (void)set;
    return absent(source, err);
}

oc_status oc__customvision_read(oc_annotations *set, const oc__source *source, oc_error *err) {
    (void)set;
    return absent(source, err);
}
