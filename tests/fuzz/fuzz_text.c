/* Fuzzes the annotation formats of XML, tables and plain text. SPDX-License-Identifier: MIT */
#include "annotations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const fuzz_door doors[] = {{"voc", "x.xml", NULL, NULL},
                                      {"cvat", "x.xml", NULL, NULL},
                                      {"csv", "x.csv", NULL, NULL},
                                      {"yolo", "a.txt", "data.yaml", "names: [a, b, 'c d']\n"},
                                      {"yolo", "data.yaml", "a.txt", "0 0.5 0.5 1 1\n2 0.1 0.1 0.2 0.1 0.2 0.3\n"}};
    fuzz_annotations(data, size, doors, sizeof doors / sizeof *doors);
    return 0;
}
