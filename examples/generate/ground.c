/* SPDX-License-Identifier: MIT */
#include "scene.h"

static vec3 wood(const ground *g, float u, float v, float *height) {
    float plank = fract(v * 0.55f) < 0.5f ? 0.0f : 3.7f; /* two planks of different growth */
    float warp = noise_fractal(u * 0.35f + plank, v * 0.9f + plank);
    float rings = fract((v * 1.3f + warp * 1.6f + plank) * 4);
    rings = rings < 0.75f ? rings / 0.75f : (1 - rings) * 4;
    float fibre = noise_fractal(u * 0.6f, v * 16);
    float pore = smoothstep(0.62f, 0.78f, noise_smooth(u * 3, v * 42 + plank));
    float t = clampf(0.15f + 0.5f * rings * (0.5f + 0.5f * warp) + 0.5f * (fibre - 0.4f) + 0.25f * pore, 0, 1);
    float seam = absf(fract(v * 0.55f * 2) - 0.5f) * 2;
    float groove = smoothstep(0.988f, 1.0f, seam);
    *height = 0.012f * fibre - 0.012f * pore - 0.05f * groove;
    return scale(mix3(g->colour, g->second, t), 1 - 0.75f * groove);
}

static vec3 metal(const ground *g, float u, float v, float *height) {
    float streak = noise_fractal(u * 0.35f, v * 26) * 0.6f + noise_smooth(u * 1.5f, v * 90) * 0.4f;
    float line = absf(noise_fractal(u * 0.5f + 5, v * 0.9f) - 0.5f);
    float scratch = line < 0.004f ? 1.0f : 0.0f;
    float blotch = noise_fractal(u * 0.6f, v * 0.6f);
    *height = 0.008f * streak - 0.004f * scratch;
    return scale(g->colour, 0.62f + 0.38f * streak + 0.22f * (blotch - 0.5f) + 0.15f * scratch);
}

static vec3 concrete(const ground *g, float u, float v, float *height) {
    float broad = noise_fractal(u * 0.9f, v * 0.9f), fine = noise_fractal(u * 7, v * 7);
    float pit = smoothstep(0.7f, 0.8f, noise_smooth(u * 7 + 3, v * 7)) * smoothstep(0.45f, 0.6f, broad);
    float stone = smoothstep(0.66f, 0.72f, noise_smooth(u * 11, v * 11 + 5));
    *height = 0.03f * fine + 0.012f * broad - 0.06f * pit;
    vec3 c = scale(g->colour, 0.6f + 0.45f * broad + 0.4f * (fine - 0.5f) - 0.35f * pit);
    return mix3(c, scale(g->second, 1.1f), stone * 0.35f);
}

static vec3 cloth(const ground *g, float u, float v, float *height) {
    float wave = 0.25f * noise_fractal(u * 1.2f, v * 1.2f);
    float x = u * 20 + wave * 2, y = v * 20 - wave * 2;
    float warp = absf(sine(x * PI)), weft = absf(sine(y * PI));
    int over = (floor_int(x) + floor_int(y)) & 1;
    float thread = over ? warp * (0.6f + 0.4f * weft) : weft * (0.6f + 0.4f * warp);
    float fuzz = over ? noise_smooth(x * 4, y * 1.2f) : noise_smooth(x * 1.2f, y * 4);
    float fold = noise_fractal(u * 0.45f + 2, v * 0.45f);
    *height = 0.022f * thread + 0.008f * fuzz + 0.12f * fold;
    vec3 c = over ? g->colour : mix3(g->colour, g->second, 0.45f);
    return scale(c, 0.45f + 0.5f * thread + 0.35f * (fuzz - 0.5f) + 0.2f * fold);
}

static vec3 laminate(const ground *g, float u, float v, float *height) {
    float broad = noise_fractal(u * 0.5f, v * 0.5f), fine = noise_smooth(u * 26, v * 26);
    float line = absf(noise_fractal(u * 0.7f + 9, v * 0.4f) - 0.47f);
    float scratch = line < 0.003f ? 1.0f : 0.0f;
    *height = 0.004f * fine;
    return scale(g->colour, 0.9f + 0.14f * (broad - 0.5f) + 0.07f * (fine - 0.5f) - 0.12f * scratch);
}

static vec3 mat(const ground *g, float u, float v, float *height) {
    float fine = noise_fractal(u * 10, v * 10), broad = noise_fractal(u * 0.8f, v * 0.8f);
    float x = absf(fract(u * 2.2f) - 0.5f), y = absf(fract(v * 2.2f) - 0.5f);
    float line = 1 - smoothstep(0.006f, 0.013f, minf(x, y));
    float worn = smoothstep(0.35f, 0.6f, broad + 0.3f * (fine - 0.5f));
    *height = 0.016f * fine;
    vec3 c = scale(g->colour, 0.75f + 0.35f * broad + 0.3f * (fine - 0.5f));
    return mix3(c, v3(0.42f, 0.44f, 0.36f), line * worn * 0.6f);
}

/* Colour, relief and gloss of the ground at a point of the plane. */
vec3 ground_colour(const ground *g, float x, float y, float *height, float *gloss) {
    float u = (x * g->turn_x + y * g->turn_y) * g->scale + g->shift_x;
    float v = (y * g->turn_x - x * g->turn_y) * g->scale + g->shift_y;
    vec3 c;
    static const float glosses[N_GROUNDS] = {0.22f, 0.8f, 0.05f, 0.0f, 0.35f, 0.08f};
    *gloss = glosses[g->kind];
    float past = x * g->sheet_x + y * g->sheet_y - g->sheet;
    if (past > 0) {
        float fine = noise_fractal(u * 9, v * 9);
        *height = 0.006f * fine;
        *gloss = 0.1f;
        return scale(g->sheet_colour, 0.86f + 0.16f * fine + 0.1f * noise_fractal(u, v) - 0.3f * maxf(0, 1 - past * 60));
    }
    switch (g->kind) {
    case GROUND_WOOD:
        c = wood(g, u, v, height);
        break;
    case GROUND_METAL:
        c = metal(g, u, v, height);
        break;
    case GROUND_CONCRETE:
        c = concrete(g, u, v, height);
        break;
    case GROUND_CLOTH:
        c = cloth(g, u, v, height);
        break;
    case GROUND_LAMINATE:
        c = laminate(g, u, v, height);
        break;
    default:
        c = mat(g, u, v, height);
        break;
    }
    if (g->stains > 0) {
        float n = noise_fractal(u * 0.55f + 7, v * 0.55f + 3);
        float stain = smoothstep(0.58f, 0.68f, n) * g->stains;
        c = mix3(c, mul(c, v3(0.5f, 0.42f, 0.35f)), stain);
        *gloss += 0.15f * stain;
    }
    if (g->sheet < 9 && past > -0.03f) { /* the sheet's shadow along its edge */
        c = scale(c, 0.62f - past * (0.38f / 0.03f));
    }
    return c;
}
