/* Applying a model's network to pictures. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_APPLY_H
#define OC_MODEL_APPLY_H

#include "model.h"

#define OC__MAX_TILES 16

/* How to predict. */
typedef struct oc__how {
    uint32_t precision; /* OC_PRECISION_... */
    uint32_t n_tiles;   /* of a detector, along a picture's longer side; 0 and 1: the picture as a whole */
} oc__how;

/* One thread's scratch memory for a model, which must outlive it. */
typedef struct oc__applier oc__applier;

oc_status oc__applier_create(oc__applier **out, const oc_model *model, uint32_t precision, oc_error *err);
void oc__applier_free(oc__applier *applier);

/* Prepares a view (NULL: whole) of a decoded picture by the model's rule and runs the network. *values receives the first
 * output, *n its length; valid until the next call. */
oc_status oc__apply_bitmap(const float **values, size_t *n, oc__applier *applier, const oc__bitmap *bitmap,
                           const oc__view *view, oc_error *err);

/* Of the last picture that a classifier was applied to: how unlike the training pictures it is, 0 to 1, 0.5 being where it should not
 * be believed any more; below 0 if the model does not tell. */
float oc__apply_novelty(const oc__applier *applier);

/* The same for a picture still to be opened. */
oc_status oc__apply(const float **values, size_t *n, oc__applier *applier, const oc_image *image, oc_error *err);

/* The same for a detector: the objects found, whose items the caller frees; with more than one tile along the picture's longer
 * side, in parts (see tiles.c). */
oc_status oc__apply_detector(oc__detections *out, oc__applier *applier, const oc_image *image, uint32_t n_tiles, oc_error *err);

/* In a view of a decoded picture, as fractions of the view. */
oc_status oc__apply_detector_bitmap(oc__detections *out, oc__applier *applier, const oc__bitmap *bitmap, const oc__view *view,
                                    oc_error *err);

/* What was found in a tile, in fractions of the picture. */
typedef struct oc__piece {
    oc__detection found;
    uint32_t tile;
    bool cut; /* it touches an inner edge of the tile, so that the object goes on in another */
} oc__piece;

/* Leaves one piece for each object, at the front, and returns their number. */
size_t oc__pieces_put_together(oc__piece *pieces, size_t n);

/* In a decoded picture in n tiles along its longer side. */
oc_status oc__apply_detector_tiled(oc__detections *out, oc__applier *applier, const oc__bitmap *bitmap, uint32_t n,
                                   oc_error *err);

#endif
