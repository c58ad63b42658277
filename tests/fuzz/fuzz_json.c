/* Fuzzes the annotation formats of JSON. SPDX-License-Identifier: MIT */
#include "annotations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const fuzz_door doors[] = {{"coco", "x.json", NULL, NULL},
                                      {"coco-normalised", "x.json", NULL, NULL},
                                      {"customvision", "x.json", NULL, NULL},
                                      {"createml", "x.json", NULL, NULL},
                                      {"labelstudio", "x.json", NULL, NULL}};
    fuzz_annotations(data, size, doors, sizeof doors / sizeof *doors);
    return 0;
}
