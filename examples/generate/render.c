/* SPDX-License-Identifier: MIT
 *
 * Sphere tracing of each object inside its own box, then shading with soft shadows, ambient occlusion and the reflection
 * of a room with lamps. Pixels where something changes are traced at three more points. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

#define FAR 1e9f
#define GROUND (-1)

typedef struct ray {
    vec3 from, way;
} ray;

typedef struct sample {
    vec3 light;
    vec3 normal;
    int object;
} sample;

static vec3 local_vector(const object *o, vec3 w) { return v3(dot(w, o->axis[0]), dot(w, o->axis[1]), dot(w, o->axis[2])); }

/* A world point in the object's frame and unit. */
static vec3 local_point(const object *o, vec3 w) { return scale(local_vector(o, sub(w, o->at)), 1 / o->size); }

/* A cheap test before the exact one: does a ray pass within `margin` of the sphere around an object? */
static int passes(const object *o, ray w, float margin) {
    vec3 off = sub(o->centre, w.from);
    float along = dot(off, w.way), r = o->reach + margin;
    float apart = dot(off, off);
    return along > 0 ? apart - along * along < r * r : apart < r * r;
}

/* Where a ray is inside the object's box, grown by `margin`. */
static int enter_box(const part *p, ray l, float margin, float *from, float *to) {
    const float low[3] = {p->box_low.x, p->box_low.y, p->box_low.z}, high[3] = {p->box_high.x, p->box_high.y, p->box_high.z};
    const float start[3] = {l.from.x, l.from.y, l.from.z}, way[3] = {l.way.x, l.way.y, l.way.z};
    float t0 = *from, t1 = *to;
    for (int i = 0; i < 3; i++) {
        float inverse = 1 / (absf(way[i]) < 1e-7f ? 1e-7f : way[i]);
        float a = (low[i] - margin - start[i]) * inverse, b = (high[i] + margin - start[i]) * inverse;
        t0 = maxf(t0, minf(a, b));
        t1 = minf(t1, maxf(a, b));
    }
    *from = t0;
    *to = t1;
    return t0 < t1;
}

static ray local_ray(const object *o, ray w) { return (ray){local_point(o, w.from), local_vector(o, w.way)}; }

/* The nearest object along a ray before *t (world units), or GROUND. */
static int trace(const scene *s, ray w, float *t, float pixel) {
    int found = GROUND;
    for (int i = 0; i < s->n_objects; i++) {
        const object *o = &s->objects[i];
        if (!passes(o, w, 0)) {
            continue;
        }
        ray l = local_ray(o, w);
        float at = 0, end = *t / o->size;
        if (!enter_box(&o->part, l, 0.01f, &at, &end)) {
            continue;
        }
        float close = pixel * 0.25f / o->size;
        for (int step = 0; step < 56 && at < end; step++) {
            float d = part_distance(&o->part, add(l.from, scale(l.way, at)));
            if (d < close) {
                *t = at * o->size;
                found = i;
                break;
            }
            at += maxf(d, 2 * close);
        }
    }
    return found;
}

/* How much of the key light arrives at a point, 0 to 1. */
static float shadow(const scene *s, vec3 at) {
    float light = 1;
    vec3 to = s->lamps[0].to;
    for (int i = 0; i < s->n_objects && light > 0.01f; i++) {
        const object *o = &s->objects[i];
        float t = 0.0f, end = 3 / o->size, spread = s->penumbra;
        if (!passes(o, (ray){at, to}, 0.35f * spread * o->size)) {
            continue;
        }
        ray l = local_ray(o, (ray){at, to});
        if (!enter_box(&o->part, l, 0.02f + 0.35f * spread, &t, &end)) {
            continue;
        }
        t = maxf(t, 0.02f);
        float least = 1;
        for (int step = 0; step < 14 && t < end; step++) {
            float d = part_distance(&o->part, add(l.from, scale(l.way, t)));
            least = minf(least, d / (spread * t + 0.004f));
            if (least < -1) {
                break;
            }
            t += maxf(absf(d), 0.035f);
        }
        float here = clampf(0.5f + 0.5f * least, 0, 1);
        light = minf(light, here * here * (3 - 2 * here));
    }
    return light;
}

/* How open the sky is above a point of the ground, from how near the objects are. */
static float ground_open(const scene *s, vec3 at) {
    float open = 1;
    for (int i = 0; i < s->n_objects; i++) {
        const object *o = &s->objects[i];
        const float reach = 0.45f;
        vec3 apart = sub(o->centre, at);
        float near_enough = o->reach + reach * o->size;
        if (dot(apart, apart) > near_enough * near_enough) {
            continue;
        }
        vec3 p = local_point(o, at);
        const part *q = &o->part;
        if (p.x < q->box_low.x - reach || p.x > q->box_high.x + reach || p.y < q->box_low.y - reach ||
            p.y > q->box_high.y + reach || p.z < q->box_low.z - reach) {
            continue;
        }
        float near = maxf(part_distance(q, p), 0), far = maxf(part_distance(q, add(p, local_vector(o, v3(0, 0, 0.2f)))), 0);
        open *= (0.45f + 0.55f * smoothstep(0, 0.16f, near)) * (0.7f + 0.3f * smoothstep(0, 0.45f, far));
    }
    return open;
}

/* The light that a mirror would see in this direction. */
static vec3 room(const scene *s, vec3 way, float roughness, float key) {
    float soft = 0.06f + roughness * 0.5f;
    float up = smoothstep(-0.1f - soft, 0.15f + soft, way.z);
    float fold = 1.6f / (0.6f + absf(way.z));
    float clutter = noise_smooth(way.x * fold + s->room_x, way.y * fold + s->room_y);
    clutter = mix(clutter, 0.5f, clampf(roughness * 1.4f, 0, 1));
    vec3 above = scale(s->sky, (0.45f + 0.8f * maxf(way.z, 0)) * (0.35f + 1.3f * clutter));
    vec3 c = mix3(scale(s->floor_light, 0.5f), above, up);
    for (int i = 0; i < s->n_lamps; i++) {
        const lamp *l = &s->lamps[i];
        float facing = dot(way, l->to);
        if (facing < 0.2f) {
            continue;
        }
        float a = absf(dot(way, l->side)) / facing, b = absf(dot(way, l->up)) / facing;
        float w = smoothstep(l->width + soft, maxf(l->width - soft, -0.2f), a) *
                  smoothstep(l->height + soft, maxf(l->height - soft, -0.2f), b);
        float spread = (l->width * l->height) / ((l->width + soft) * (l->height + soft));
        c = add(c, scale(l->colour, w * (0.35f + 1.3f * spread) * (i == 0 ? key : 1)));
    }
    return c;
}

/* The relief that machining leaves, as a tilt of the normal (local frame). */
static vec3 finish_tilt(const object *o, vec3 p) {
    const material *m = &o->material;
    float nx = o->part.noise_x, ny = o->part.noise_y;
    float strength = 0.05f * m->grain;
    switch (m->finish) {
    case FINISH_TURNED: {
        float r = length2(p.x, p.y) + 1e-4f;
        float groove = noise_smooth(r * 24 + nx, p.z * 3 + ny) - 0.5f + 0.4f * (noise_fractal(r * 5 + nx, ny) - 0.5f);
        return v3(p.x / r * groove * strength * 3, p.y / r * groove * strength * 3, 0);
    }
    case FINISH_BRUSHED: {
        float groove = noise_smooth(p.x * 2 + nx, (p.y + p.z * 0.3f) * 36 + ny) - 0.5f;
        return v3(0, groove * strength * 3.4f, 0);
    }
    case FINISH_TUMBLED: {
        float a = noise_smooth(p.x * 7 + nx, (p.y + 0.7f * p.z) * 7 + ny) - 0.5f;
        float b = noise_smooth(p.x * 7 + ny, (p.y - 0.7f * p.z) * 7 + nx) - 0.5f;
        float fine = noise_smooth(p.x * 26 + p.z * 9, p.y * 26) - 0.5f;
        return v3((a + 0.5f * fine) * strength * 3, (b + 0.5f * fine) * strength * 3, 0);
    }
    default: {
        float a = noise_smooth(p.x * 2.5f + nx, p.y * 2.5f + p.z + ny) - 0.5f;
        return v3(a * strength * 1.3f, -a * strength, 0);
    }
    }
}

static vec3 part_normal(const part *q, vec3 p, float e) {
    float a = part_distance(q, v3(p.x + e, p.y - e, p.z - e)), b = part_distance(q, v3(p.x - e, p.y - e, p.z + e));
    float c = part_distance(q, v3(p.x - e, p.y + e, p.z - e)), d = part_distance(q, v3(p.x + e, p.y + e, p.z + e));
    return normal(v3(a - b - c + d, -a - b + c + d, -a + b - c + d));
}

static vec3 shade_part(const scene *s, const object *o, ray w, float t, float pixel, vec3 *normal_out) {
    vec3 at = add(w.from, scale(w.way, t)), p = local_point(o, at);
    const part *q = &o->part;
    const material *m = &o->material;
    vec3 n = part_normal(q, p, maxf(pixel * 0.35f / o->size, 0.003f));
    float deep = part_distance(q, add(p, scale(n, 0.1f))) * 10;
    float open = clampf(0.25f + 0.75f * deep, 0.15f, 1);
    vec3 plain = add(add(scale(o->axis[0], n.x), scale(o->axis[1], n.y)), scale(o->axis[2], n.z));
    *normal_out = plain;

    float rust = 0, relief = 0;
    float broad = noise_fractal(p.x * 1.4f + q->noise_x, (p.y + 0.6f * p.z) * 1.4f + q->noise_y);
    if (q->rust > 0) {
        float fine = noise_fractal(p.x * 5 + q->noise_y, (p.y + 0.8f * p.z) * 5 + q->noise_x);
        float cover = 0.8f - 0.5f * q->rust;
        rust = smoothstep(cover - 0.05f, cover + 0.07f, broad * 0.75f + fine * 0.35f);
        relief = fine - 0.5f;
    }
    vec3 tilt = scale(finish_tilt(o, p), 1 - rust);
    if (rust > 0) {
        float bx = noise_smooth(p.x * 16, (p.y + p.z) * 16) - 0.5f;
        float by = noise_smooth(p.x * 16 + 9, (p.y + p.z) * 16 + 4) - 0.5f;
        tilt = add(tilt, scale(v3(bx, by, 0), 0.9f * rust));
    }
    n = normal(add(n, tilt));
    n = add(add(scale(o->axis[0], n.x), scale(o->axis[1], n.y)), scale(o->axis[2], n.z));

    vec3 base = m->colour;
    float roughness = m->roughness, metal = m->metal * (1 - rust);
    if (m->dirt > 0) {
        float grime = smoothstep(0.45f, 0.75f, broad + 0.35f * (1 - open)) * m->dirt;
        base = mix3(base, v3(0.09f, 0.075f, 0.06f), grime * 0.8f);
        roughness = mix(roughness, 0.75f, grime);
    }
    if (rust > 0) {
        float fresh = clampf(0.35f + relief * 1.6f + 0.7f * (broad - 0.5f), 0, 1);
        vec3 brown = mix3(v3(0.085f, 0.04f, 0.025f), v3(0.3f, 0.145f, 0.07f), fresh);
        base = mix3(base, brown, rust);
        roughness = mix(roughness, 0.95f, rust);
    }

    vec3 start = add(at, scale(plain, 0.012f * o->size + pixel));
    float facing = dot(n, s->lamps[0].to);
    float key = dot(plain, s->lamps[0].to) > -0.1f ? shadow(s, start) : 0;
    vec3 mirror = sub(w.way, scale(n, 2 * dot(w.way, n)));
    float grazing = 1 - clampf(-dot(w.way, n), 0, 1);
    float fresnel = grazing * grazing * grazing * grazing * grazing;
    float f0 = 0.04f;
    vec3 spec = mix3(v3(f0, f0, f0), base, metal);
    spec = mix3(spec, v3(1, 1, 1), fresnel * (1 - 0.8f * roughness));
    vec3 seen = room(s, mirror, roughness, key);
    /* A downward mirror ray near the ground sees the ground in the object's own shadow. */
    float low = mirror.z < 0 ? mix(1, 0.55f, clampf(-mirror.z * 2, 0, 1)) : 1;
    vec3 c = scale(mul(spec, seen), open * low);
    vec3 diffuse = scale(base, (1 - metal) + 0.12f * metal);
    vec3 around = add(scale(s->sky, (0.5f + 0.5f * n.z) * open), scale(s->floor_light, (0.5f - 0.5f * n.z) * 0.5f * open));
    around = add(around, scale(s->lamps[0].colour, maxf(facing, 0) * key * 0.75f));
    if (s->n_lamps > 1) {
        around = add(around, scale(s->lamps[1].colour, maxf(dot(n, s->lamps[1].to), 0) * open * 0.6f));
    }
    return add(c, mul(diffuse, around));
}

static vec3 shade_ground(const scene *s, ray w, vec3 at, float key, float open) {
    float height, gloss, ahead, unused;
    const vec3 to = s->lamps[0].to;
    vec3 base = ground_colour(&s->ground, at.x, at.y, &height, &gloss);
    const float e = 0.012f;
    float flat = 1 / length2(to.x, to.y);
    ground_colour(&s->ground, at.x + to.x * flat * e, at.y + to.y * flat * e, &ahead, &unused);
    float slope = clampf((ahead - height) / e, -0.9f, 0.9f);
    float facing = clampf(to.z - slope * length2(to.x, to.y) * 0.7f, 0, 1.2f);
    vec3 light = add(scale(s->sky, open), scale(s->lamps[0].colour, facing * key * 0.75f));
    if (s->n_lamps > 1) {
        light = add(light, scale(s->lamps[1].colour, s->lamps[1].to.z * open * 0.6f));
    }
    vec3 c = mul(base, light);
    if (gloss > 0.09f) { /* duller grounds show no reflection */
        vec3 n = normal(v3(-slope * to.x * flat * 0.35f, -slope * to.y * flat * 0.35f, 1));
        vec3 mirror = sub(w.way, scale(n, 2 * dot(w.way, n)));
        float grazing = 1 - clampf(-dot(w.way, n), 0, 1);
        float amount = s->ground.kind == GROUND_METAL ? 0.55f : gloss * (0.07f + 0.9f * grazing * grazing * grazing * grazing);
        vec3 colour = s->ground.kind == GROUND_METAL ? base : v3(1, 1, 1);
        vec3 seen = room(s, mirror, s->ground.kind == GROUND_METAL ? 0.55f : 0.35f, key);
        c = add(scale(c, s->ground.kind == GROUND_METAL ? 0.6f : 1), scale(mul(colour, seen), amount * open));
    }
    return c;
}

/* Shadow and openness of the ground on a grid of every other pixel: both are smooth. */
typedef struct ground_grid {
    int width, height;
    float *values; /* two for each */
} ground_grid;

static ray pixel_ray(const camera *c, float x, float y, int width, int height) {
    float half = (float)(width < height ? width : height) * 0.5f;
    float u = (x - (float)width * 0.5f) / half * c->reach, v = ((float)height * 0.5f - y) / half * c->reach;
    return (ray){c->at, normal(add(c->forward, add(scale(c->right, u), scale(c->up, v))))};
}

static vec3 meet_ground(ray w, float *t) {
    *t = w.way.z < -0.02f ? -w.from.z / w.way.z : -w.from.z / -0.02f;
    return v3(w.from.x + w.way.x * *t, w.from.y + w.way.y * *t, 0);
}

static int make_grid(const scene *s, ground_grid *g, int width, int height) {
    g->width = width / 2 + 2;
    g->height = height / 2 + 2;
    g->values = malloc((size_t)g->width * (size_t)g->height * 2 * sizeof *g->values);
    if (!g->values) {
        return -1;
    }
    for (int y = 0; y < g->height; y++) {
        for (int x = 0; x < g->width; x++) {
            float t;
            vec3 at = meet_ground(pixel_ray(&s->camera, (float)x * 2, (float)y * 2, width, height), &t);
            float *value = g->values + 2 * ((size_t)y * (size_t)g->width + (size_t)x);
            value[0] = shadow(s, v3(at.x, at.y, 0.001f));
            value[1] = ground_open(s, at);
        }
    }
    return 0;
}

static void look_up_grid(const ground_grid *g, float x, float y, float *key, float *open) {
    x = clampf(x * 0.5f, 0, (float)g->width - 1.01f);
    y = clampf(y * 0.5f, 0, (float)g->height - 1.01f);
    int ix = (int)x, iy = (int)y;
    float fx = x - (float)ix, fy = y - (float)iy;
    const float *a = g->values + 2 * ((size_t)iy * (size_t)g->width + (size_t)ix), *b = a + 2 * g->width;
    *key = mix(mix(a[0], a[2], fx), mix(b[0], b[2], fx), fy);
    *open = mix(mix(a[1], a[3], fx), mix(b[1], b[3], fx), fy);
}

static sample take_sample(const scene *s, const ground_grid *g, float x, float y, int width, int height) {
    const camera *c = &s->camera;
    ray w = pixel_ray(c, x, y, width, height);
    float t;
    vec3 at = meet_ground(w, &t);
    float pixel = 2 / (float)(width < height ? width : height);
    sample out = {.normal = v3(0, 0, 1)};
    out.object = trace(s, w, &t, pixel);
    if (out.object == GROUND) {
        float key, open;
        look_up_grid(g, x, y, &key, &open);
        out.light = shade_ground(s, w, at, key, open);
    } else {
        out.light = shade_part(s, &s->objects[out.object], w, t, pixel, &out.normal);
    }
    out.light.x = minf(out.light.x * c->exposure, 5); /* so that one bright sample does not own a pixel's edge */
    out.light.y = minf(out.light.y * c->exposure, 5);
    out.light.z = minf(out.light.z * c->exposure, 5);
    return out;
}

static int differ(const sample *a, const sample *b) {
    if (a->object != b->object) {
        return 1;
    }
    if (a->object == GROUND) {
        return 0;
    }
    float x = a->light.y, y = b->light.y;
    return absf(x - y) > 0.25f * (x + y) + 0.02f || dot(a->normal, b->normal) < 0.8f;
}

static void see(visible *v, int x, int y) {
    if (v->n_pixels++ == 0) {
        *v = (visible){x, y, x + 1, y + 1, 1};
    }
    v->left = x < v->left ? x : v->left;
    v->top = y < v->top ? y : v->top;
    v->right = x >= v->right ? x + 1 : v->right;
    v->bottom = y >= v->bottom ? y + 1 : v->bottom;
}

/* An object covers a pixel if at least half of the samples hit it. */
static int covering(const int *hits, int n) {
    for (int i = 0; i < n; i++) {
        int same = 0;
        for (int k = 0; k < n; k++) {
            same += hits[k] == hits[i];
        }
        if (hits[i] != GROUND && 2 * same >= n) {
            return hits[i];
        }
    }
    return GROUND;
}

int scene_render(const scene *s, int width, int height, picture *out, visible *shown) {
    size_t n = (size_t)width * (size_t)height;
    sample *samples = malloc(n * sizeof *samples);
    float *light = malloc(n * 3 * sizeof *light), *spare = malloc(n * 3 * sizeof *spare);
    unsigned char *rgb = malloc(n * 3);
    ground_grid grid = {0};
    int status = -1;
    if (!samples || !light || !spare || !rgb || make_grid(s, &grid, width, height) != 0) {
        goto done;
    }
    if (shown) {
        memset(shown, 0, MAX_OBJECTS * sizeof *shown);
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            samples[(size_t)y * (size_t)width + (size_t)x] =
                take_sample(s, &grid, (float)x + 0.5f, (float)y + 0.5f, width, height);
        }
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            size_t i = (size_t)y * (size_t)width + (size_t)x;
            const sample *a = &samples[i];
            int edge = (x > 0 && differ(a, a - 1)) || (x + 1 < width && differ(a, a + 1)) || (y > 0 && differ(a, a - width)) ||
                       (y + 1 < height && differ(a, a + width));
            vec3 c = a->light;
            int covered = a->object;
            if (edge) {
                static const float at[4][2] = {{0.5f, 0.5f}, {0.8f, 0.25f}, {0.15f, 0.35f}, {0.6f, 0.9f}};
                int hits[4] = {a->object};
                c = scale(c, 0.25f);
                for (int k = 1; k < 4; k++) {
                    sample one = take_sample(s, &grid, (float)x + at[k][0], (float)y + at[k][1], width, height);
                    c = add(c, scale(one.light, 0.25f));
                    hits[k] = one.object;
                }
                covered = covering(hits, 4);
            }
            if (shown && covered != GROUND) {
                see(&shown[covered], x, y);
            }
            light[3 * i] = c.x;
            light[3 * i + 1] = c.y;
            light[3 * i + 2] = c.z;
        }
    }
    develop(&s->camera, s->noise_seed, light, spare, width, height, rgb);
    *out = (picture){width, height, rgb};
    rgb = NULL;
    status = 0;
done:
    free(grid.values);
    free(samples);
    free(light);
    free(spare);
    free(rgb);
    return status;
}
