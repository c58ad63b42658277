/* SPDX-License-Identifier: MIT */
#include "parts.h"

const char *const part_names[N_PART_KINDS] = {"washer", "nut", "gear", "screw", "spring", "bracket"};

/* A flat shape of distance `flat`, lifted to z = 0 .. height with rounded edges. */
static float extrude(float flat, float z, float height, float bevel) {
    float a = flat + bevel, b = absf(z - height * 0.5f) - height * 0.5f + bevel;
    float inside = minf(maxf(a, b), 0);
    a = maxf(a, 0);
    b = maxf(b, 0);
    return inside + (a > 0 && b > 0 ? length2(a, b) : a + b) - bevel;
}

static float hexagon(float x, float y, float apothem) {
    x = absf(x);
    y = absf(y);
    return maxf(x, 0.5f * x + 0.8660254f * y) - apothem;
}

/* 0 at the crest of a thread to 1 at its root. */
static float thread_wave(float along, float y, float z, float pitch) {
    float phase = along / pitch + angle_of(z, y) * (0.5f / PI);
    return absf(fract(phase) - 0.5f) * 2;
}

static float washer(const part *p, vec3 at) {
    float r = length2(at.x, at.y);
    float flat = maxf(r - p->outer, p->inner - r);
    if (p->gap > 0) { /* a spring washer: split, its ends apart in height */
        at.z -= 0.045f * angle_of(at.y, at.x) / PI + 0.045f;
        if (at.x < 0) {
            flat = maxf(flat, p->gap - absf(at.y - 0.35f * (at.x + p->outer)));
        }
    }
    return extrude(flat, at.z, p->height, p->bevel);
}

static float nut(const part *p, vec3 at) {
    float r = length2(at.x, at.y);
    float wave = thread_wave(at.z, at.x, at.y, p->pitch);
    float flat = hexagon(at.x, at.y, p->outer);
    float d = extrude(flat, at.z, p->height, p->bevel);
    float above = absf(at.z - p->height * 0.5f) - p->height * 0.5f;
    d = maxf(d, (r - p->outer * 1.03f + above * 1.7f) * 0.5f); /* the chamfer of its corners */
    float bore = p->inner - 0.055f * wave;
    bore = maxf(bore, p->inner + (above + 0.05f) * 1.2f);
    return maxf(d, (bore - r) * 0.8f);
}

static float gear(const part *p, vec3 at) {
    float r = length2(at.x, at.y);
    float tip = p->outer, root = p->outer - p->wire;
    float flat = r - root;
    if (r > root - 0.05f) {
        float step = 2 * PI / (float)p->n;
        float turn = angle_of(at.y, at.x) / step;
        int tooth = floor_int(turn + 0.5f);
        float inside = (turn - (float)tooth) * step;
        int index = tooth - p->missing_tooth + (tooth < p->missing_tooth ? p->n : 0);
        index += index < 0 ? p->n : 0;
        /* The chord stands for the arc: a sector is narrow. */
        float side = absf(inside) * r, t = (r - root) / p->wire;
        float room = step * r * 0.5f - side + 0.02f;
        if (index >= p->n_missing) {
            float half = step * root * mix(0.31f, 0.13f, t + 0.25f * t * (t - 1));
            flat = minf(flat, maxf(maxf(r - tip, (side - half) * 0.85f), root - 0.05f - r));
        } else { /* a stump; the next tooth is nearer than this sector knows */
            float stump = root + p->wire * (0.1f + 0.35f * noise_smooth(at.x * 9 + p->noise_x, at.y * 9 + at.z * 4));
            flat = minf(flat, maxf(maxf(r - stump, (side - step * root * 0.3f) * 0.8f), root - 0.05f - r));
            flat = minf(flat, length2(room, maxf(r - tip, 0)));
        }
    }
    flat = maxf(flat, p->inner - r);
    if (p->keyway > 0) {
        flat = maxf(flat, -maxf(absf(at.y) - p->keyway, absf(at.x - p->inner) - p->keyway * 1.3f));
    }
    float web_in = p->inner + 0.16f, web_out = root - 0.1f;
    if (p->n_holes > 0) {
        float step = 2 * PI / (float)p->n_holes;
        float turn = angle_of(at.y, at.x) + p->spin;
        turn -= step * (float)floor_int(turn / step + 0.5f);
        float x = r * cosine(turn) - (web_in + web_out) * 0.5f, y = r * sine(turn);
        flat = maxf(flat, (web_out - web_in) * 0.33f - length2(x, y));
    }
    float d = extrude(flat, at.z, p->height, p->bevel);
    if (p->recess > 0) {
        float ring = maxf(web_in - r, r - web_out);
        float floor_z = p->height * (1 - p->recess);
        d = maxf(d, -maxf(ring + (at.z - floor_z) * 0.25f, floor_z - at.z));
    }
    return d;
}

/* Along +x from the top of the head at 0; the axis at y = z = 0 (the pose lays it down). */
static float screw(const part *p, vec3 at) {
    float r = length2(at.y, at.z);
    float end = p->cut > 0 ? p->cut + 0.09f * (noise_fractal(at.y * 3 + p->noise_x, at.z * 3) - 0.5f) : p->length;
    float radius = p->outer;
    if (r < p->outer * 1.6f && at.x > p->head_height - 0.05f) {
        float wave = thread_wave(at.x, at.y, at.z, p->pitch);
        float depth = p->wire * smoothstep(p->gap, p->gap + p->pitch, at.x);
        if (at.x > p->stripped_from && at.x < p->stripped_to) {
            float worn = noise_smooth(at.x * 8 + p->noise_x, at.y * 6 + at.z * 7);
            wave = mix(wave, 0.75f, clampf(0.55f + 0.6f * worn, 0, 1));
        }
        radius -= depth * wave;
        if (p->recess > 0 && p->cut <= 0) { /* a point */
            radius = minf(radius, (end - at.x) * p->recess + 0.02f);
        }
    }
    float shank = maxf((r - radius) * 0.8f, at.x - end);
    shank = maxf(shank, (r - p->outer + (at.x - end + 0.06f)) * 0.7f);
    float head = 0;
    float h = p->head_height, outer = p->head_radius;
    if (p->head == HEAD_HEX) {
        head = extrude(hexagon(at.z, at.y, outer), at.x, h, 0.02f);
        head = maxf(head, (r - outer * 1.05f - at.x * 1.7f) * 0.5f);
    } else if (p->head == HEAD_PAN) {
        float bulge = length2(maxf(r - outer * 0.45f, 0), maxf(h - at.x, 0) * (outer * 0.55f / h)) - outer * 0.55f;
        head = maxf(bulge * 0.7f, at.x - h);
    } else if (p->head == HEAD_SOCKET) {
        float knurl = 0.012f * sine(angle_of(at.z, at.y) * 36);
        head = extrude(r - outer + (at.x > 0.06f ? knurl : 0), at.x, h, 0.035f);
    } else {
        head = maxf((r - outer + maxf(at.x - 0.05f, 0) * (outer - p->outer) / h) * 0.75f, maxf(-at.x, at.x - h - 0.1f));
    }
    if (p->slot == 1 || p->slot == 2) {
        float s = sine(p->spin), c = cosine(p->spin);
        float u = at.y * c + at.z * s, v = at.z * c - at.y * s;
        float cut = maxf(absf(u) - outer * 0.11f, at.x - h * 0.5f);
        if (p->slot == 2) {
            float bar = maxf(absf(v) - outer * 0.11f, absf(u) - outer * 0.55f);
            cut = maxf(minf(maxf(absf(u) - outer * 0.11f, absf(v) - outer * 0.55f), bar), at.x - h * 0.6f);
        }
        head = maxf(head, -cut);
    } else if (p->slot == 3) {
        head = maxf(head, -maxf(hexagon(at.y, at.z, outer * 0.52f), at.x - h * 0.6f));
    }
    return minf(shank, head);
}

/* A helix along x, lying on z = 0. */
static float spring(const part *p, vec3 at) {
    at.z -= p->outer + p->wire;
    float r = length2(at.y, at.z);
    float uneven = p->bend > 0 ? 0.25f / p->length : 0; /* overstretched: coils widen towards one end */
    float stretch = uneven * at.x * at.x;
    float phase = (at.x + stretch) / p->pitch + angle_of(at.z, at.y) * (0.5f / PI);
    float along = (fract(phase) - 0.5f) * p->pitch * 0.9f / maxf(1 + 2 * uneven * at.x, 0.4f);
    float d = (length2(r - p->outer, along) - p->wire) * 0.8f;
    float half = p->length;
    /* Ends follow the wire: cut between coils, not through them. */
    float turn = ((float)floor_int(phase)) * p->pitch;
    d = maxf(d, minf(p->pitch, maxf(absf(turn + 0.5f * p->pitch) - half - stretch, -p->pitch)) * 0.5f);
    return maxf(d, absf(at.x) - half - p->pitch);
}

/* An angle: one plate on the ground, one standing at x = -length. */
static float bracket(const part *p, vec3 at) {
    float corner = 0.12f;
    float ax = absf(at.x) - p->length + corner, ay = absf(at.y) - p->outer + corner;
    float flat = minf(maxf(ax, ay), 0) + length2(maxf(ax, 0), maxf(ay, 0)) - corner;
    float step = 2 * p->length / (float)(p->n_holes + 1);
    for (int i = 0; i < p->n_holes; i++) {
        float x = at.x + p->length - step * ((float)i + 1) - 0.05f;
        flat = maxf(flat, p->inner - length2(x, at.y));
    }
    float d = extrude(flat, at.z, p->height, p->bevel);
    if (p->wire > 0) {
        float z = at.z - p->wire * 0.5f;
        float bz = absf(z) - p->wire * 0.5f + corner;
        float wall = minf(maxf(bz, ay), 0) + length2(maxf(bz, 0), maxf(ay, 0)) - corner;
        wall = maxf(wall, p->inner - length2(at.y, z - p->wire * 0.08f));
        d = minf(d, extrude(wall, at.x + p->length, p->height, p->bevel));
    }
    return d;
}

static float clutter(const part *p, vec3 at) {
    switch (p->kind) {
    case PART_PEBBLE: {
        float wobble = 0.16f * noise_smooth(at.x * 1.7f + p->noise_x, at.y * 1.7f + at.z * 1.3f);
        vec3 q = v3(at.x, at.y / p->inner, (at.z - p->height * 0.42f) / p->height);
        return (sqrtf(dot(q, q)) - 0.85f - wobble) * minf(p->height, p->inner) * 0.8f;
    }
    case PART_ROD: {
        float y = at.y - p->bend * at.x * at.x;
        float over = maxf(absf(at.x) - p->length, 0);
        return (sqrtf(y * y + (at.z - p->outer) * (at.z - p->outer) + over * over) - p->outer) * 0.85f;
    }
    case PART_COIN: {
        float r = length2(at.x, at.y);
        float rim = extrude(r - 1, at.z, p->height, p->bevel);
        return maxf(rim, -maxf(r - 0.88f, p->height * 0.86f - at.z));
    }
    case PART_RING: {
        float r = length2(at.x, at.y * 1.15f);
        return (length2(r - 0.85f, at.z - p->wire) - p->wire) * 0.85f;
    }
    default: { /* a curl of swarf */
        float turn = angle_of(at.y, at.x);
        float r = length2(at.x, at.y) - 0.75f - 0.07f * turn - 0.25f * (at.z - p->height * 0.5f);
        float d = maxf(absf(r) - 0.025f, absf(at.z - p->height * 0.5f) - p->height * 0.5f);
        return maxf(d, (absf(turn) - p->length) * 0.6f) * 0.85f;
    }
    }
}

float part_distance(const part *p, vec3 at) {
    if (p->bend != 0 && p->kind < N_PART_KINDS) {
        if (p->kind == PART_SCREW) {
            float over = maxf(at.x - p->bend_from, 0);
            at.y -= p->bend * over * over;
        } else if (p->kind == PART_SPRING) {
            at.y -= p->bend * at.x * at.x;
        } else {
            float over = maxf(at.x * p->bend_dx + at.y * p->bend_dy - p->bend_from, 0);
            at.z -= p->bend * over * over;
        }
    }
    float d;
    switch (p->kind) {
    case PART_WASHER:
        d = washer(p, at);
        break;
    case PART_NUT:
        d = nut(p, at);
        break;
    case PART_GEAR:
        d = gear(p, at);
        break;
    case PART_SCREW:
        d = screw(p, at);
        break;
    case PART_SPRING:
        d = spring(p, at);
        break;
    case PART_BRACKET:
        d = bracket(p, at);
        break;
    default:
        return clutter(p, at);
    }
    for (int i = 0; i < p->n_bites; i++) {
        vec3 off = sub(at, p->bites[i].at);
        float near = sqrtf(dot(off, off)) - p->bites[i].radius;
        if (-near > d - 0.1f) {
            near += p->bites[i].radius * 0.7f * (noise_fractal((at.x + at.z) * 2.5f + p->noise_x, (at.y - at.z) * 2.5f) - 0.5f);
            d = maxf(d, -near * 0.7f);
        }
    }
    if (p->cracked) {
        float x = at.x - p->crack_x, y = at.y - p->crack_y;
        float along = x * p->crack_dx + y * p->crack_dy, side = y * p->crack_dx - x * p->crack_dy;
        if (along > -0.2f && along < p->crack_length && absf(side) < 0.2f) {
            side += 0.16f * (noise_fractal(along * 2.2f + p->noise_x, 3.5f) - 0.5f) * clampf(along * 4 + 0.4f, 0.3f, 1);
            float width = p->crack_width * clampf(1.2f - along / p->crack_length, 0, 1);
            d = maxf(d, (width - absf(side)) * 0.7f);
        }
    }
    return d;
}

static void set_box(part *p, float x, float y, float z) {
    p->box_low = v3(-x, -y, 0);
    p->box_high = v3(x, y, z);
}

void part_make(part *p, part_kind kind, rng *r) {
    *p = (part){.kind = kind, .outer = 1, .stripped_from = 9, .stripped_to = 9};
    p->noise_x = rng_range(r, 0, 16);
    p->noise_y = rng_range(r, 0, 16);
    p->spin = rng_range(r, 0, 2 * PI);
    p->bevel = rng_range(r, 0.01f, 0.035f);
    switch (kind) {
    case PART_WASHER:
        p->inner = rng_range(r, 0.32f, 0.68f);
        p->height = rng_range(r, 0.08f, 0.2f);
        p->bevel = rng_range(r, 0.012f, 0.05f);
        if (rng_chance(r, 0.18f)) {
            p->gap = rng_range(r, 0.02f, 0.05f);
            p->inner = rng_range(r, 0.55f, 0.7f);
            p->height = rng_range(r, 0.16f, 0.24f);
        }
        set_box(p, 1, 1, p->height + (p->gap > 0 ? 0.1f : 0));
        break;
    case PART_NUT:
        p->outer = 0.866f;
        p->inner = rng_range(r, 0.44f, 0.6f);
        p->height = rng_range(r, 0.35f, 0.9f);
        p->pitch = rng_range(r, 0.09f, 0.16f);
        set_box(p, 1, 1, p->height);
        break;
    case PART_GEAR:
        p->n = 9 + rng_below(r, 24);
        p->wire = clampf(4.2f / (float)p->n, 0.12f, 0.27f);
        p->inner = rng_range(r, 0.14f, 0.3f);
        p->height = rng_range(r, 0.14f, 0.4f);
        p->missing_tooth = rng_below(r, p->n);
        p->recess = rng_chance(r, 0.5f) ? rng_range(r, 0.25f, 0.6f) : 0;
        p->keyway = rng_chance(r, 0.4f) ? p->inner * rng_range(r, 0.2f, 0.35f) : 0;
        p->n_holes = rng_chance(r, 0.45f) ? 3 + rng_below(r, 4) : 0;
        set_box(p, 1, 1, p->height);
        break;
    case PART_SCREW:
        p->head = (screw_head)rng_below(r, 4);
        p->slot = p->head == HEAD_HEX ? 0 : p->head == HEAD_SOCKET ? 3 : 1 + rng_below(r, 2);
        p->length = 2;
        p->outer = rng_range(r, 0.15f, 0.3f);
        p->pitch = p->outer * rng_range(r, 0.4f, 0.62f);
        p->wire = p->pitch * 0.55f;
        p->head_radius = p->outer * rng_range(r, 1.6f, 1.95f);
        p->head_height = p->outer * (p->head == HEAD_SOCKET ? rng_range(r, 1.6f, 2.1f) : rng_range(r, 0.9f, 1.3f));
        p->gap = p->head_height + (rng_chance(r, 0.5f) ? 0 : rng_range(r, 0.1f, 0.6f)); /* the thread begins here */
        p->recess = p->head == HEAD_COUNTERSUNK && rng_chance(r, 0.6f) ? rng_range(r, 0.4f, 0.7f) : 0;
        p->box_low = v3(0, -p->head_radius * 1.16f, -p->head_radius * 1.16f);
        p->box_high = v3(p->length, p->head_radius * 1.16f, p->head_radius * 1.16f);
        break;
    case PART_SPRING:
        p->outer = rng_range(r, 0.25f, 0.42f);
        p->wire = rng_range(r, 0.04f, 0.075f);
        p->pitch = p->wire * rng_range(r, 2.6f, 4.2f);
        p->length = rng_range(r, 0.7f, 0.95f);
        set_box(p, p->length + p->pitch, p->outer + p->wire, 2 * (p->outer + p->wire));
        break;
    case PART_BRACKET:
        p->length = rng_range(r, 0.75f, 0.95f);
        p->outer = rng_range(r, 0.26f, 0.5f);
        p->height = rng_range(r, 0.06f, 0.12f);
        p->inner = rng_range(r, 0.1f, 0.16f);
        p->n_holes = 1 + rng_below(r, 3);
        p->wire = rng_chance(r, 0.7f) ? rng_range(r, 0.5f, 1.0f) : 0;
        set_box(p, p->length, p->outer, maxf(p->height, p->wire));
        break;
    case PART_PEBBLE:
        p->height = rng_range(r, 0.4f, 0.7f);
        p->inner = rng_range(r, 0.6f, 0.95f);
        set_box(p, 1.02f, 1.02f * p->inner, p->height * 1.5f);
        break;
    case PART_ROD:
        p->length = 0.95f;
        p->outer = rng_range(r, 0.03f, 0.1f);
        p->bend = rng_chance(r, 0.5f) ? 0 : rng_range(r, -0.5f, 0.5f);
        set_box(p, p->length + p->outer, p->outer + absf(p->bend), 2 * p->outer);
        break;
    case PART_COIN:
        p->height = rng_range(r, 0.1f, 0.16f);
        set_box(p, 1, 1, p->height);
        break;
    case PART_RING:
        p->wire = rng_range(r, 0.05f, 0.14f);
        set_box(p, 1, 1, 2 * p->wire);
        break;
    default:
        p->height = rng_range(r, 0.08f, 0.4f);
        p->length = rng_range(r, 0.7f, 2.8f);
        set_box(p, 1.1f, 1.1f, p->height);
        break;
    }
}

static void chip(part *p, rng *r) {
    int n = 1 + rng_below(r, 2);
    for (int i = 0; i < n && p->n_bites < 3; i++) {
        bite *b = &p->bites[p->n_bites++];
        float a = rng_range(r, 0, 2 * PI), reach = p->kind == PART_NUT ? 1.0f : p->outer;
        if (p->kind == PART_NUT) { /* at a corner */
            a = PI / 6 + PI / 3 * (float)rng_below(r, 6);
        }
        b->radius = rng_range(r, 0.2f, 0.36f);
        b->at = v3(reach * cosine(a), reach * sine(a), rng_chance(r, 0.5f) ? p->height : p->height * 0.5f);
        if (p->kind == PART_SCREW) {
            b->radius = p->head_radius * rng_range(r, 0.5f, 0.75f);
            b->at = v3(p->head_height * 0.4f, p->head_radius * cosine(a), p->head_radius * absf(sine(a)));
        } else if (p->kind == PART_BRACKET) {
            b->at = v3(p->length, rng_chance(r, 0.5f) ? p->outer : -p->outer * rng_range(r, 0, 1), p->height);
        }
    }
}

static void crack(part *p, rng *r) {
    float a = rng_range(r, 0, 2 * PI), c = cosine(a), s = sine(a);
    float turn = rng_range(r, -0.35f, 0.35f);
    p->cracked = 1;
    p->crack_x = c;
    p->crack_y = s;
    p->crack_dx = -(c * cosine(turn) - s * sine(turn));
    p->crack_dy = -(s * cosine(turn) + c * sine(turn));
    p->crack_length = rng_range(r, 0.55f, 0.9f);
    if (p->kind == PART_BRACKET) {
        p->crack_x = rng_range(r, -0.3f, 0.5f) * p->length;
        p->crack_y = -p->outer;
        p->crack_dx = 0.1f;
        p->crack_dy = 0.995f;
        p->crack_length = p->outer * rng_range(r, 0.9f, 1.7f);
    }
    p->crack_width = rng_range(r, 0.022f, 0.042f);
}

static void bend(part *p, rng *r) {
    if (p->kind == PART_SCREW) {
        p->bend_from = p->head_height + rng_range(r, 0.2f, 0.7f);
        p->bend = rng_range(r, 0.22f, 0.42f);
        p->bend = rng_chance(r, 0.5f) ? p->bend : -p->bend;
        float reach = (p->length - p->bend_from) * (p->length - p->bend_from) * p->bend;
        p->box_high.y += maxf(reach, 0);
        p->box_low.y += minf(reach, 0);
    } else if (p->kind == PART_SPRING) {
        p->bend = rng_range(r, 0.25f, 0.6f);
        p->box_high.y += p->bend * 1.2f;
    } else {
        float a = rng_range(r, 0, 2 * PI);
        p->bend_dx = cosine(a);
        p->bend_dy = sine(a);
        if (p->kind == PART_BRACKET) {
            p->bend_dx = 1;
            p->bend_dy = 0;
        }
        p->bend_from = rng_range(r, -0.1f, 0.25f);
        p->bend = rng_range(r, 0.35f, 0.7f);
        p->box_high.z += p->bend * (1 - p->bend_from) * (1 - p->bend_from);
    }
}

static void damage_once(part *p, rng *r) {
    int which = 1 + rng_below(r, 3);
    if (rng_chance(r, 0.17f)) {
        p->rust = rng_range(r, 0.4f, 0.85f);
        return;
    }
    switch (p->kind) {
    case PART_WASHER:
        which == 1 ? chip(p, r) : which == 2 ? crack(p, r) : bend(p, r);
        break;
    case PART_NUT:
        which == 1 ? crack(p, r) : chip(p, r);
        break;
    case PART_GEAR:
        if (which == 1) {
            crack(p, r);
        } else if (which == 2 && p->n < 20) {
            chip(p, r);
        } else {
            p->n_missing = 1 + rng_below(r, 2) + (p->n > 18);
        }
        break;
    case PART_SCREW:
        if (which == 1) {
            bend(p, r);
        } else if (which == 2) {
            p->stripped_from = p->gap + rng_range(r, 0.1f, 0.4f);
            p->stripped_to = p->stripped_from + rng_range(r, 0.4f, 0.7f);
        } else if (rng_chance(r, 0.5f)) {
            p->cut = p->length * rng_range(r, 0.55f, 0.75f);
        } else {
            chip(p, r);
        }
        break;
    case PART_SPRING:
        bend(p, r);
        break;
    default:
        which == 1 ? bend(p, r) : which == 2 ? crack(p, r) : chip(p, r);
        break;
    }
}

void part_damage(part *p, rng *r) {
    damage_once(p, r);
    if (rng_chance(r, 0.25f)) {
        if (p->rust > 0) {
            damage_once(p, r);
        } else {
            p->rust = rng_range(r, 0.2f, 0.5f);
        }
    }
}
