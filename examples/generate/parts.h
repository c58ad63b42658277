/* SPDX-License-Identifier: MIT
 *
 * Machine parts as signed distance functions, each in its own frame: it lies on the plane z = 0 and is about 1 in radius. */
#ifndef GENERATE_PARTS_H
#define GENERATE_PARTS_H

#include "maths.h"

typedef enum part_kind {
    PART_WASHER,
    PART_NUT,
    PART_GEAR,
    PART_SCREW,
    PART_SPRING,
    PART_BRACKET,
    N_PART_KINDS, /* those below are clutter and never carry a tag */
    PART_PEBBLE = N_PART_KINDS,
    PART_ROD,
    PART_COIN,
    PART_RING,
    PART_SHAVING,
    N_SHAPES
} part_kind;

extern const char *const part_names[N_PART_KINDS];

typedef enum screw_head { HEAD_HEX, HEAD_PAN, HEAD_SOCKET, HEAD_COUNTERSUNK } screw_head;

/* A bite out of the material (a chip). */
typedef struct bite {
    vec3 at;
    float radius;
} bite;

typedef struct part {
    part_kind kind;
    float outer, inner, height, bevel; /* radii, thickness, rounding of edges */
    float pitch, wire, length;         /* threads, springs and screws */
    float spin;                        /* an angle or a phase that differs from part to part */
    int n;                             /* teeth, holes, sides */
    int n_holes;                       /* lightening holes of a gear, holes of a bracket */
    float recess;                      /* how much thinner a gear's web is */
    float keyway;                      /* half its width; 0: none */
    float gap;                         /* half the gap of a spring washer; 0: closed */
    float head_radius, head_height;
    screw_head head;
    int slot; /* 0 none, 1 slotted, 2 cross, 3 hexagon socket */
    vec3 box_low, box_high;

    int n_bites;
    bite bites[3];
    int cracked;
    float crack_x, crack_y, crack_dx, crack_dy, crack_length, crack_width;
    float bend, bend_from, bend_dx, bend_dy;
    int missing_tooth, n_missing;
    float stripped_from, stripped_to; /* where a screw has lost its thread */
    float cut;                        /* the tip of a screw is broken off here; 0: whole */
    float rust;                       /* 0 clean to 1 covered */
    float noise_x, noise_y;
} part;

/* A random part of this kind, whole. */
void part_make(part *p, part_kind kind, rng *r);
/* Gives it one or two kinds of damage that a look can find. */
void part_damage(part *p, rng *r);
float part_distance(const part *p, vec3 at);

#endif
