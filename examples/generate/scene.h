/* SPDX-License-Identifier: MIT
 *
 * A scene: parts on a ground, a light, a camera; and the picture that a camera takes of it. */
#ifndef GENERATE_SCENE_H
#define GENERATE_SCENE_H

#include "parts.h"

#include <stddef.h>

#define MAX_OBJECTS 24
#define MAX_SIDE 4096 /* pixels */

typedef enum finish { FINISH_TUMBLED, FINISH_TURNED, FINISH_BRUSHED, FINISH_POLISHED } finish;

typedef struct material {
    vec3 colour;
    float metal;     /* 1 metal, 0 plastic or stone */
    float roughness; /* of its reflections, 0 to 1 */
    finish finish;
    float grain; /* strength of the finish's relief */
    float dirt;
} material;

typedef struct object {
    part part;
    material material;
    vec3 at;      /* where its local origin lies */
    vec3 axis[3]; /* its local x, y, z in the world */
    float size;   /* world units per local unit */
    vec3 centre;  /* of a sphere around it, */
    float reach;  /* and that sphere's radius */
    float radius; /* on the ground, around its middle; for placing without overlap */
    float middle_x, middle_y;
    int wanted; /* a part that carries a tag, no clutter */
} object;

typedef enum ground_kind {
    GROUND_WOOD,
    GROUND_METAL,
    GROUND_CONCRETE,
    GROUND_CLOTH,
    GROUND_LAMINATE,
    GROUND_MAT,
    N_GROUNDS
} ground_kind;

typedef struct ground {
    ground_kind kind;
    vec3 colour, second;
    float turn_x, turn_y; /* direction of its grain */
    float scale, shift_x, shift_y;
    float stains;
    float sheet; /* a second surface covers the far side of this line; above 9: none */
    float sheet_x, sheet_y;
    vec3 sheet_colour;
} ground;

typedef struct lamp {
    vec3 to, side, up; /* towards it, and its frame */
    vec3 colour;
    float width, height; /* half extents of the soft box, as tangents */
} lamp;

typedef struct camera {
    vec3 at, right, up, forward;
    float reach; /* tangent of half the view along the shorter side */
    float exposure;
    vec3 balance;
    float vignette, noise, grain_size;
    float blur;           /* deviation in pixels at 256 pixels a side */
    float move_x, move_y; /* motion blur in pixels, likewise */
    float sharpen, contrast;
    int quality; /* of the JPEG */
    int chroma;  /* 1: colour at full resolution, 2: half */
} camera;

typedef struct scene {
    int n_objects;
    object objects[MAX_OBJECTS];
    ground ground;
    int n_lamps;
    lamp lamps[3];
    float penumbra;
    vec3 sky, floor_light;
    float room_x, room_y;
    camera camera;
    uint64_t noise_seed;
} scene;

typedef struct picture {
    int width, height;
    unsigned char *rgb;
} picture;

/* What of an object shows: a box in pixels (right and bottom past the end) and how many pixels. */
typedef struct visible {
    int left, top, right, bottom, n_pixels;
} visible;

/* Everything but the objects. `calm` leaves out what hurts a test picture: blur, noise, stains. */
void scene_begin(scene *s, rng *r, int calm);
/* Adds one object about the point (x, y), `size` in world units (the view is about 2 wide at its middle).
 * NULL if it would stand on another, or if the scene is full. */
object *scene_add(scene *s, rng *r, part_kind kind, int damaged, float x, float y, float size, float spacing);
/* Scatters up to `n` pieces of clutter. */
void scene_clutter(scene *s, rng *r, int n);

/* Renders into a new picture of at most MAX_SIDE a side; `shown` (MAX_OBJECTS entries) may be NULL.
 * 0, or -1 if memory ran out. */
int scene_render(const scene *s, int width, int height, picture *out, visible *shown);

/* The camera's own part: linear light to bytes. `light` is overwritten; `spare` is as large. */
void develop(const camera *c, uint64_t noise_seed, float *light, float *spare, int width, int height, unsigned char *rgb);

vec3 ground_colour(const ground *g, float x, float y, float *height, float *gloss);

#endif
