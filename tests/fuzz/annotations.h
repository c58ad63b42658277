/* What the fuzz targets for annotation files share. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_FUZZ_ANNOTATIONS_H
#define OC_TESTS_FUZZ_ANNOTATIONS_H

#include <stddef.h>
#include <stdint.h>

/* The target. With OC_FUZZ_REPLAY defined, `main` gives it the files named on the command line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How to read an input: as `format`, in a file of that name in a folder that holds the picture "a.bmp" too. Text of a folder's
 * format may need `beside`, a second file. */
typedef struct fuzz_door {
    const char *format, *file, *beside, *beside_text;
} fuzz_door;

/* The input's first byte chooses the door, its second a format to write what was read in; that must be readable. */
void fuzz_annotations(const uint8_t *data, size_t size, const fuzz_door *doors, size_t n_doors);

#endif
