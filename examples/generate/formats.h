/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_FORMATS_H
#define GENERATE_FORMATS_H

#include <stdint.h>

/* Writes one scene in every kind of file a reader must understand, the pictures it must see, and manifest.csv.
 * Returns the number of files in the manifest. */
int write_formats(const char *directory, uint64_t seed, int width, int height);

#endif
