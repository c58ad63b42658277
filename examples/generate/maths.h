/* SPDX-License-Identifier: MIT
 *
 * Small vectors, approximate functions and random numbers. Everything is built from IEEE additions, multiplications,
 * divisions and square roots alone, so that the same arguments give the same picture on every machine (a libm's sinf does
 * not promise that). */
#ifndef GENERATE_MATHS_H
#define GENERATE_MATHS_H

#include <math.h>
#include <stdint.h>

#define PI 3.14159265f

typedef struct vec3 {
    float x, y, z;
} vec3;

static inline vec3 v3(float x, float y, float z) { return (vec3){x, y, z}; }
static inline vec3 add(vec3 a, vec3 b) { return v3(a.x + b.x, a.y + b.y, a.z + b.z); }
static inline vec3 sub(vec3 a, vec3 b) { return v3(a.x - b.x, a.y - b.y, a.z - b.z); }
static inline vec3 mul(vec3 a, vec3 b) { return v3(a.x * b.x, a.y * b.y, a.z * b.z); }
static inline vec3 scale(vec3 a, float s) { return v3(a.x * s, a.y * s, a.z * s); }
static inline float dot(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline vec3 cross(vec3 a, vec3 b) { return v3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x); }
static inline vec3 normal(vec3 a) { return scale(a, 1.0f / sqrtf(dot(a, a) + 1e-20f)); }
static inline float minf(float a, float b) { return a < b ? a : b; }
static inline float maxf(float a, float b) { return a > b ? a : b; }
static inline float absf(float a) { return fabsf(a); }
static inline float clampf(float a, float low, float high) { return minf(maxf(a, low), high); }
static inline float mix(float a, float b, float t) { return a + (b - a) * t; }
static inline vec3 mix3(vec3 a, vec3 b, float t) { return add(scale(a, 1 - t), scale(b, t)); }
static inline float length2(float x, float y) { return sqrtf(x * x + y * y); }

static inline float smoothstep(float low, float high, float x) {
    float t = clampf((x - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}

static inline int floor_int(float x) {
    int i = (int)x;
    return i - (x < (float)i);
}

static inline float fract(float x) { return x - (float)floor_int(x); }

/* Error below 1e-5. */
static inline float sine(float x) {
    x -= 2 * PI * (float)floor_int(x / (2 * PI) + 0.5f);
    if (x > PI / 2) {
        x = PI - x;
    } else if (x < -PI / 2) {
        x = -PI - x;
    }
    float s = x * x;
    return x * (1 + s * (-1 / 6.0f + s * (1 / 120.0f + s * (-1 / 5040.0f + s * (1 / 362880.0f)))));
}

static inline float cosine(float x) { return sine(x + PI / 2); }

/* The angle of (x, y), -PI to PI; error below 3e-4. */
static inline float angle_of(float y, float x) {
    float ax = absf(x), ay = absf(y);
    float a = minf(ax, ay) / (maxf(ax, ay) + 1e-20f);
    float s = a * a;
    float r = ((-0.0464964749f * s + 0.15931422f) * s - 0.327622764f) * s * a + a;
    r = ay > ax ? PI / 2 - r : r;
    r = x < 0 ? PI - r : r;
    return y < 0 ? -r : r;
}

/* SplitMix64. */
typedef struct rng {
    uint64_t state;
} rng;

static inline uint64_t rng_bits(rng *r) {
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [low, high). */
static inline float rng_range(rng *r, float low, float high) {
    return low + (high - low) * ((float)(rng_bits(r) >> 40) * (1.0f / 16777216.0f));
}

/* Uniform in 0 .. n - 1. */
static inline int rng_below(rng *r, int n) { return (int)((rng_bits(r) >> 33) % (uint64_t)n); }

static inline int rng_chance(rng *r, float p) { return rng_range(r, 0, 1) < p; }

/* Near enough to normal, deviation 1: the sum of four 16-bit numbers. */
static inline float rng_normal(rng *r) {
    uint64_t b = rng_bits(r);
    int sum = (int)(b & 0xffff) + (int)(b >> 16 & 0xffff) + (int)(b >> 32 & 0xffff) + (int)(b >> 48);
    return ((float)sum - 131070.0f) * (1.0f / 37837.0f);
}

/* A random stream of its own for each (seed, word, number). */
static inline rng rng_for(uint64_t seed, const char *word, uint64_t number) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *word; word++) {
        h = (h ^ (unsigned char)*word) * 0x100000001b3u;
    }
    rng r = {seed ^ h};
    r.state = rng_bits(&r) + number * 0xd1342543de82ef95u;
    r.state = rng_bits(&r);
    return r;
}

/* Two square tiles of noise that repeat without a seam; noise_prepare fills them, once. */
#define NOISE_SIDE 512
void noise_prepare(void);
/* Five octaves of value noise, feature size 1, mean 0.5, about 0.1 to 0.9. */
float noise_fractal(float x, float y);
/* One octave of smooth noise, feature size 1, 0 to 1. */
float noise_smooth(float x, float y);

#endif
