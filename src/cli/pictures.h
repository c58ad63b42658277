/* The pictures named on the command line: files, folders and standard input.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

#include <ocellus/ocellus.h>

#include "text.h"

/* Zero-initialise. */
typedef struct pictures {
    char **names; /* paths, and "-" for standard input */
    bool *found;  /* found in a folder: it may well be no picture */
    size_t n;
    size_t n_failed; /* operands that could not be taken; each has been reported */
    text_list owned;
    void *input; /* what standard input held */
    size_t input_size;
} pictures;

/* Collects the pictures that the operands name. Reads standard input for an operand "-". */
void pictures_collect(pictures *p, char *const *operands, size_t n, bool recursive);
void pictures_free(pictures *p);

/* Picture `index`, as the library takes it. */
oc_image pictures_image(const pictures *p, size_t index);

#endif
