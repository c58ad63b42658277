/* A face of letters to write into pictures. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_FACE_H
#define OC_IMAGE_FACE_H

#include <stdbool.h>
#include <stdint.h>

#define OC__FACE_WIDTH 5
#define OC__FACE_HEIGHT 9
#define OC__FACE_UNKNOWN 127 /* stands for every character that the face lacks */

/* Whether a letter has a dot at x < OC__FACE_WIDTH, y < OC__FACE_HEIGHT. */
bool oc__face_dot(uint32_t letter, uint32_t x, uint32_t y);

/* The next letter of a text in UTF-8, which is moved behind it; 0 at its end. */
uint32_t oc__face_next(const char **text);

#endif
