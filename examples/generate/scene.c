/* SPDX-License-Identifier: MIT
 *
 * What stands where, of what, under which light: all the chance is here. */
#include "scene.h"

/* Chance is drawn one full expression at a time: C leaves the order of a call's arguments open, and with it the picture. */
static vec3 tint(rng *r, vec3 c, float spread) {
    float level = rng_range(r, 1 - spread, 1 + spread);
    float red = level * rng_range(r, 1 - spread * 0.3f, 1 + spread * 0.3f);
    float green = level * rng_range(r, 1 - spread * 0.2f, 1 + spread * 0.2f);
    float blue = level * rng_range(r, 1 - spread * 0.3f, 1 + spread * 0.3f);
    return v3(clampf(c.x * red, 0, 1), clampf(c.y * green, 0, 1), clampf(c.z * blue, 0, 1));
}

/* Drawn alike for every kind of part, so that colour does not give the kind away. */
static void make_material(material *m, rng *r, int steel) {
    static const struct {
        vec3 colour;
        float metal, rough_low, rough_high;
    } kinds[] = {
        {{0.62f, 0.61f, 0.59f}, 1, 0.15f, 0.45f}, /* steel */
        {{0.72f, 0.73f, 0.75f}, 1, 0.08f, 0.3f},  /* zinc, nickel */
        {{0.62f, 0.61f, 0.59f}, 1, 0.3f, 0.6f},   /* dull steel */
        {{0.74f, 0.66f, 0.42f}, 1, 0.2f, 0.4f},   /* yellow zinc */
        {{0.83f, 0.61f, 0.28f}, 1, 0.15f, 0.4f},  /* brass */
        {{0.78f, 0.45f, 0.3f}, 1, 0.2f, 0.45f},   /* copper, bronze */
        {{0.1f, 0.1f, 0.105f}, 1, 0.25f, 0.5f},   /* black oxide */
        {{0.85f, 0.85f, 0.84f}, 1, 0.35f, 0.6f},  /* aluminium */
        {{0.62f, 0.6f, 0.53f}, 0, 0.4f, 0.6f},    /* nylon */
        {{0.035f, 0.035f, 0.04f}, 0, 0.3f, 0.6f}, /* black plastic */
    };
    int i = steel || rng_chance(r, 0.45f) ? rng_below(r, 3) : rng_below(r, 10);
    m->colour = tint(r, kinds[i].colour, 0.14f);
    m->metal = kinds[i].metal;
    m->roughness = rng_range(r, kinds[i].rough_low, kinds[i].rough_high);
    m->finish = (finish)rng_below(r, 4);
    m->grain = rng_range(r, 0.3f, 1);
    m->dirt = rng_chance(r, 0.5f) ? rng_range(r, 0.1f, 0.6f) : 0;
}

static void make_ground(ground *g, rng *r, int calm) {
    g->kind = (ground_kind)rng_below(r, N_GROUNDS);
    float a = rng_range(r, 0, 2 * PI);
    g->turn_x = cosine(a);
    g->turn_y = sine(a);
    g->scale = rng_range(r, 0.75f, 1.4f);
    g->shift_x = rng_range(r, 0, 16);
    g->shift_y = rng_range(r, 0, 16);
    g->stains = !calm && rng_chance(r, 0.5f) ? rng_range(r, 0.2f, 0.8f) : 0;
    static const vec3 colours[N_GROUNDS][4] = {
        {{0.42f, 0.29f, 0.18f}, {0.26f, 0.16f, 0.09f}, {0.55f, 0.43f, 0.29f}, {0.15f, 0.095f, 0.06f}},
        {{0.5f, 0.5f, 0.5f}, {0.36f, 0.37f, 0.39f}, {0.6f, 0.58f, 0.55f}, {0.2f, 0.2f, 0.21f}},
        {{0.38f, 0.37f, 0.35f}, {0.26f, 0.25f, 0.24f}, {0.5f, 0.47f, 0.42f}, {0.16f, 0.16f, 0.17f}},
        {{0.07f, 0.095f, 0.16f}, {0.42f, 0.4f, 0.36f}, {0.2f, 0.055f, 0.045f}, {0.07f, 0.07f, 0.07f}},
        {{0.62f, 0.62f, 0.6f}, {0.1f, 0.1f, 0.11f}, {0.22f, 0.3f, 0.38f}, {0.5f, 0.44f, 0.34f}},
        {{0.025f, 0.075f, 0.055f}, {0.035f, 0.055f, 0.1f}, {0.06f, 0.06f, 0.065f}, {0.2f, 0.21f, 0.22f}},
    };
    const vec3 *row = colours[g->kind];
    g->colour = tint(r, row[rng_below(r, 4)], 0.25f);
    float darker = rng_range(r, 0.4f, 0.7f);
    g->second = scale(tint(r, g->colour, 0.2f), darker);
    g->sheet = 10;
    if (!calm && rng_chance(r, 0.22f)) {
        a = rng_range(r, 0, 2 * PI);
        g->sheet_x = cosine(a);
        g->sheet_y = sine(a);
        g->sheet = rng_range(r, 0.1f, 0.9f);
        static const vec3 sheets[4] = {{0.7f, 0.69f, 0.66f}, {0.5f, 0.38f, 0.24f}, {0.12f, 0.12f, 0.13f}, {0.25f, 0.27f, 0.3f}};
        g->sheet_colour = tint(r, sheets[rng_below(r, 4)], 0.2f);
    }
}

static void make_lamps(scene *s, rng *r) {
    s->n_lamps = 2 + rng_below(r, 2);
    float turn = rng_range(r, 0, 2 * PI);
    float warmth = rng_range(r, -0.12f, 0.2f);
    float key = rng_range(r, 1.3f, 2.6f);
    for (int i = 0; i < s->n_lamps; i++) {
        lamp *l = &s->lamps[i];
        float rise = i == 0 ? rng_range(r, 0.55f, 1.2f) : rng_range(r, 0.35f, 1.4f);
        float a = i == 0 ? turn : turn + rng_range(r, 1.5f, 4.8f);
        l->to = v3(cosine(rise) * cosine(a), cosine(rise) * sine(a), sine(rise));
        l->side = normal(cross(l->to, v3(0, 0, 1)));
        l->up = cross(l->side, l->to);
        l->width = rng_range(r, 0.1f, 0.5f);
        l->height = rng_range(r, 0.1f, 0.35f);
        float level = i == 0 ? key : key * rng_range(r, 0.12f, 0.4f);
        l->colour = scale(v3(1 + warmth, 1, 1 - warmth), level);
    }
    s->penumbra = rng_chance(r, 0.3f) ? rng_range(r, 0.02f, 0.06f) : rng_range(r, 0.06f, 0.3f);
    s->sky = scale(v3(1 - warmth * 0.6f, 1, 1 + warmth * 0.7f), key * rng_range(r, 0.1f, 0.34f));
    s->room_x = rng_range(r, 0, 16);
    s->room_y = rng_range(r, 0, 16);
}

static void make_camera(camera *c, rng *r, int calm) {
    float tilt = rng_chance(r, 0.3f) ? rng_range(r, 0, 0.15f) : rng_range(r, 0.1f, 0.85f);
    float roll = rng_range(r, 0, 2 * PI), distance = rng_range(r, 3.2f, 6.5f);
    c->forward = v3(sine(tilt) * cosine(roll), sine(tilt) * sine(roll), -cosine(tilt));
    c->at = scale(c->forward, -distance);
    vec3 any = v3(-sine(roll), cosine(roll), 0);
    float lean = rng_range(r, -0.2f, 0.2f);
    vec3 side = any, up = cross(side, c->forward);
    c->right = add(scale(side, cosine(lean)), scale(up, sine(lean)));
    c->up = cross(c->right, c->forward);
    c->reach = 1 / distance;
    float x = rng_range(r, -1, 1);
    c->exposure = 1 + 0.28f * x;
    if (rng_chance(r, 0.12f)) {
        c->exposure *= rng_chance(r, 0.5f) ? 1.35f : 0.62f;
    }
    float warm = rng_range(r, -0.1f, 0.1f), green = rng_range(r, -0.04f, 0.04f);
    c->balance = v3(1 + warm, 1 + green, 1 - warm);
    c->vignette = rng_range(r, 0.05f, 0.4f);
    c->noise = rng_chance(r, 0.3f) ? rng_range(r, 0.012f, 0.04f) : rng_range(r, 0.002f, 0.012f);
    c->grain_size = rng_range(r, 0, 1);
    c->blur = rng_chance(r, 0.2f) ? rng_range(r, 0.8f, 1.9f) : rng_range(r, 0.25f, 0.7f);
    if (rng_chance(r, 0.1f)) {
        float a = rng_range(r, 0, 2 * PI), way = rng_range(r, 2, 6);
        c->move_x = way * cosine(a);
        c->move_y = way * sine(a);
    }
    c->sharpen = rng_chance(r, 0.5f) ? rng_range(r, 0.2f, 0.7f) : 0;
    c->contrast = rng_range(r, 0, 0.35f);
    c->quality = 68 + rng_below(r, 28);
    c->chroma = rng_chance(r, 0.75f) ? 2 : 1;
    if (calm) {
        c->exposure = 1;
        c->balance = v3(1, 1, 1);
        c->noise = c->move_x = c->move_y = c->sharpen = 0;
        c->blur = 0.8f;
        c->vignette = 0.1f;
    }
}

void scene_begin(scene *s, rng *r, int calm) {
    *s = (scene){0};
    make_ground(&s->ground, r, calm);
    make_lamps(s, r);
    make_camera(&s->camera, r, calm);
    float lit = maxf(s->lamps[0].to.z, 0) * s->lamps[0].colour.y * 0.6f + s->sky.y;
    s->floor_light = scale(s->ground.colour, lit);
    /* A camera meters: a dark ground is exposed longer, though never enough to make it grey. */
    float bright = lit * (0.3f * s->ground.colour.x + 0.6f * s->ground.colour.y + 0.1f * s->ground.colour.z);
    s->camera.exposure *= 0.33f / (0.55f * bright + 0.2f * lit + 0.03f);
    s->noise_seed = rng_bits(r);
}

/* Turns an object about its own x by `roll`, dips its x by `pitch`, then turns it about the upright by `yaw`. */
static void set_axes(object *o, float pitch, float roll, float yaw) {
    float cy = cosine(yaw), sy = sine(yaw), cp = cosine(pitch), sp = sine(pitch), cr = cosine(roll), sr = sine(roll);
    vec3 x = v3(cp, 0, -sp), y = v3(0, 1, 0), z = v3(sp, 0, cp);
    vec3 y2 = add(scale(y, cr), scale(z, sr)), z2 = sub(scale(z, cr), scale(y, sr));
    vec3 all[3] = {x, y2, z2};
    for (int i = 0; i < 3; i++) {
        vec3 a = all[i];
        o->axis[i] = v3(a.x * cy - a.y * sy, a.x * sy + a.y * cy, a.z);
    }
}

static vec3 to_world(const object *o, vec3 p) {
    return add(add(scale(o->axis[0], p.x * o->size), scale(o->axis[1], p.y * o->size)), scale(o->axis[2], p.z * o->size));
}

object *scene_add(scene *s, rng *r, part_kind kind, int damaged, float x, float y, float size, float spacing) {
    if (s->n_objects == MAX_OBJECTS) {
        return NULL;
    }
    object *o = &s->objects[s->n_objects];
    *o = (object){.size = size, .wanted = kind < N_PART_KINDS, .middle_x = x, .middle_y = y};
    part_make(&o->part, kind, r);
    if (damaged) {
        part_damage(&o->part, r);
    }
    make_material(&o->material, r, o->part.rust > 0); /* brass and plastic do not rust */
    const part *p = &o->part;
    float yaw = rng_range(r, 0, 2 * PI), pitch = 0, roll = 0, lift = 0;
    if (kind == PART_SCREW) {
        /* Head and tip both touch the ground. */
        float head = p->head_radius, span = p->length - p->head_height;
        pitch = angle_of(head - p->outer, span);
        roll = p->head == HEAD_HEX ? PI / 3 * (float)rng_below(r, 6) : rng_range(r, 0, 2 * PI);
        if (p->bend != 0) { /* a bent one lies on its side */
            roll = rng_chance(r, 0.5f) ? 0 : PI;
        }
        lift = head * cosine(pitch) + p->head_height * sine(pitch);
    } else if (kind == PART_NUT && rng_chance(r, 0.22f)) {
        roll = PI / 2; /* on one of its flats */
        lift = 0.866f;
    } else if (kind == PART_PEBBLE || kind == PART_SHAVING) {
        static const vec3 stones[3] = {{0.3f, 0.28f, 0.25f}, {0.14f, 0.13f, 0.12f}, {0.5f, 0.45f, 0.38f}};
        if (kind == PART_PEBBLE) {
            o->material.colour = tint(r, stones[rng_below(r, 3)], 0.25f);
            o->material.metal = 0;
            o->material.roughness = 0.9f;
            o->material.dirt = 0.6f;
        }
    } else if (kind == PART_RING && rng_chance(r, 0.7f)) {
        o->material = (material){.colour = v3(0.03f, 0.03f, 0.032f), .roughness = 0.5f};
    }
    set_axes(o, pitch, roll, yaw);
    vec3 middle = scale(add(p->box_low, p->box_high), 0.5f);
    vec3 off = to_world(o, middle);
    o->at = v3(x - off.x, y - off.y, lift * size);
    vec3 half = scale(sub(p->box_high, p->box_low), 0.5f * size);
    o->centre = add(o->at, off);
    o->reach = sqrtf(dot(half, half));
    o->radius = length2(half.x, half.y);
    if (kind == PART_WASHER || kind == PART_GEAR || kind == PART_NUT || kind > PART_BRACKET) {
        o->radius = maxf(half.x, half.y);
    }
    for (int i = 0; i < s->n_objects; i++) {
        const object *other = &s->objects[i];
        if (length2(other->middle_x - x, other->middle_y - y) < (other->radius + o->radius) * spacing) {
            return NULL;
        }
    }
    s->n_objects++;
    return o;
}

void scene_clutter(scene *s, rng *r, int n) {
    static const part_kind kinds[] = {PART_PEBBLE, PART_PEBBLE, PART_ROD, PART_COIN, PART_RING, PART_SHAVING, PART_SHAVING};
    for (int i = 0; i < n; i++) {
        part_kind kind = kinds[rng_below(r, 7)];
        float size = kind == PART_PEBBLE    ? rng_range(r, 0.03f, 0.12f)
                     : kind == PART_SHAVING ? rng_range(r, 0.1f, 0.25f)
                     : kind == PART_ROD     ? rng_range(r, 0.3f, 0.9f)
                                            : rng_range(r, 0.15f, 0.4f);
        float x = rng_range(r, -1.3f, 1.3f), y = rng_range(r, -1.3f, 1.3f);
        scene_add(s, r, kind, 0, x, y, size, 0.95f);
    }
}
