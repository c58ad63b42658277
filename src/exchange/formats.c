/* The formats of annotation files. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"

#if OC_WITH_JSON
#define JSON(reader) reader
#else
#define JSON(reader) NULL
#endif
#if OC_WITH_XML
#define XML(reader) reader
#else
#define XML(reader) NULL
#endif

#define COCO                                                                                                                   \
    (OC__HOLDS_BOXES | OC__HOLDS_TAGS | OC__HOLDS_SPLIT | OC__HOLDS_SIZE | OC__HOLDS_METADATA | OC__HOLDS_DETAILS |            \
     OC__HOLDS_UNUSED | OC__HOLDS_BARE | OC__HOLDS_OTHERS)

static const oc__exchange_format formats[] = {
    {"folder", "a folder for each tag", "folder", NULL, NULL, OC__HOLDS_TAGS | OC__HOLDS_SPLITS | OC__HOLDS_BARE,
     oc__folder_read, oc__folder_write, NULL, true},
    {"csv", "a table with a row for each box or tag of a picture", "csv", "labels.csv", NULL,
     OC__HOLDS_BOXES | OC__HOLDS_TAGS | OC__HOLDS_SPLIT | OC__HOLDS_METADATA | OC__HOLDS_BARE, oc__csv_read, oc__csv_write,
     NULL, false},
    {"coco", "COCO: one JSON file, boxes in pixels", "coco", "annotations.json", "json", COCO | OC__HOLDS_PIXELS,
     JSON(oc__coco_read), oc__coco_write, NULL, false},
    {"createml", "Create ML: one JSON file, boxes in pixels", "createml", "annotations.json", "json",
     OC__HOLDS_BOXES | OC__HOLDS_TAGS | OC__HOLDS_BARE | OC__HOLDS_OTHERS | OC__HOLDS_PIXELS, JSON(oc__createml_read),
     oc__createml_write, NULL, false},
    {"cvat", "CVAT for images: one XML file, boxes in pixels", "cvat", "annotations.xml", "xml",
     OC__HOLDS_BOXES | OC__HOLDS_TAGS | OC__HOLDS_SPLIT | OC__HOLDS_SIZE | OC__HOLDS_COLOUR | OC__HOLDS_UNUSED |
         OC__HOLDS_BARE | OC__HOLDS_OTHERS | OC__HOLDS_PIXELS,
     XML(oc__cvat_read), oc__cvat_write, NULL, false},
    {"labelstudio", "Label Studio's JSON export", "labelstudio", "tasks.json", "json",
     OC__HOLDS_BOXES | OC__HOLDS_TAGS | OC__HOLDS_SIZE | OC__HOLDS_METADATA | OC__HOLDS_BARE | OC__HOLDS_OTHERS,
     JSON(oc__labelstudio_read), oc__labelstudio_write, NULL, false},
    {"voc", "Pascal VOC: an XML file for each picture, boxes in pixels", "voc", NULL, "xml",
     OC__HOLDS_BOXES | OC__HOLDS_SPLITS | OC__HOLDS_SIZE | OC__HOLDS_BARE | OC__HOLDS_OTHERS | OC__HOLDS_PIXELS,
     XML(oc__voc_read), oc__voc_write, oc__voc_place, false},
    {"yolo", "YOLO: a text file for each picture, with data.yaml", "yolo", NULL, NULL,
     OC__HOLDS_BOXES | OC__HOLDS_SPLITS | OC__HOLDS_UNUSED | OC__HOLDS_BARE | OC__HOLDS_OTHERS, oc__yolo_read, oc__yolo_write,
     oc__yolo_place, false},
    {"coco-normalised", "COCO with boxes in fractions, as the service's migration script writes it", "coco", "annotations.json",
     "json", COCO, JSON(oc__coco_read), oc__coco_write, NULL, false},
    {"customvision", "the service's tagged-images.json", "customvision", "tagged-images.json", "json",
     OC__HOLDS_BOXES | OC__HOLDS_TAGS | OC__HOLDS_METADATA | OC__HOLDS_BARE, JSON(oc__customvision_read),
     oc__customvision_write, NULL, false},
};

const oc__exchange_format *oc__exchange_format_at(size_t index) {
    return index < sizeof formats / sizeof *formats ? &formats[index] : NULL;
}

oc_status oc__exchange_find_format(const oc__exchange_format **out, const char *name, oc_error *err) {
    char known[200] = "";
    for (size_t i = 0; (*out = oc__exchange_format_at(i)); i++) {
        if (strcmp((*out)->name, name) == 0) return OC_OK;
        if (strlen(known) + strlen((*out)->name) + 3 < sizeof known) strcat(strcat(known, i ? ", " : ""), (*out)->name);
    }
    return oc__fail(err, OC_E_ARGUMENT, "'%.40s' is no format of annotations; there are: %s", name, known);
}
