/* Frames of a stream: pictures by their names, or JPEGs one after the other on standard input.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_FRAMES_H
#define CLI_FRAMES_H

#include "pictures.h"

/* Zero-initialise. */
typedef struct frames {
    pictures pictures;
    bool from_input;
    size_t next;
    unsigned char *bytes; /* of standard input, as yet unread: `used` of the first `n` belong to the frame given out last */
    size_t n, used, capacity;
    bool ended;
    char name[32];
} frames;

/* The operands are files and folders (all pictures in them, in the order of their names' bytes), or "-" alone. Returns an exit
 * code, after having said what is wrong. */
int frames_open(frames *f, char *const *operands, size_t n);
void frames_close(frames *f);

/* The next frame, valid until the next call; false at the end. What is no JPEG on standard input is passed over. */
bool frames_next(frames *f, oc_image *image);

#endif
