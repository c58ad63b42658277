/* SPDX-License-Identifier: MIT
 *
 * Noise comes from tiles made once: a picture takes about a million look-ups. */
#include "maths.h"

#define FEATURES 32 /* features of the coarsest octave along the side of the fractal tile */

static float fractal_tile[NOISE_SIDE * NOISE_SIDE];
static float smooth_tile[NOISE_SIDE * NOISE_SIDE];

static float lattice(int x, int y, int period, int octave) {
    rng r = {(uint64_t)((y % period) * period + x % period) * 0x9e3779b97f4a7c15u + (uint64_t)octave * 7919u};
    rng_bits(&r);
    return rng_range(&r, 0, 1);
}

static float value_noise(float x, float y, int period, int octave) {
    int ix = floor_int(x), iy = floor_int(y);
    float fx = x - (float)ix, fy = y - (float)iy;
    fx = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
    fy = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
    float top = mix(lattice(ix, iy, period, octave), lattice(ix + 1, iy, period, octave), fx);
    float bottom = mix(lattice(ix, iy + 1, period, octave), lattice(ix + 1, iy + 1, period, octave), fx);
    return mix(top, bottom, fy);
}

void noise_prepare(void) {
    for (int y = 0; y < NOISE_SIDE; y++) {
        for (int x = 0; x < NOISE_SIDE; x++) {
            float u = (float)x / NOISE_SIDE, v = (float)y / NOISE_SIDE, sum = 0, weight = 0.5f;
            int period = FEATURES;
            for (int octave = 0; octave < 5; octave++) {
                sum += weight * value_noise(u * (float)period, v * (float)period, period, octave);
                weight *= 0.55f;
                period *= 2;
            }
            fractal_tile[y * NOISE_SIDE + x] = clampf((sum - 0.53f) * 1.6f + 0.5f, 0, 1);
            smooth_tile[y * NOISE_SIDE + x] = value_noise(u * 128, v * 128, 128, 9);
        }
    }
}

static float look_up(const float *tile, float x, float y) {
    int ix = floor_int(x), iy = floor_int(y);
    float fx = x - (float)ix, fy = y - (float)iy;
    int x0 = ix & (NOISE_SIDE - 1), x1 = (ix + 1) & (NOISE_SIDE - 1);
    const float *top = tile + (iy & (NOISE_SIDE - 1)) * NOISE_SIDE;
    const float *bottom = tile + ((iy + 1) & (NOISE_SIDE - 1)) * NOISE_SIDE;
    float a = top[x0] + (top[x1] - top[x0]) * fx;
    float b = bottom[x0] + (bottom[x1] - bottom[x0]) * fx;
    return a + (b - a) * fy;
}

float noise_fractal(float x, float y) {
    return look_up(fractal_tile, x * (NOISE_SIDE / FEATURES), y * (NOISE_SIDE / FEATURES));
}

float noise_smooth(float x, float y) { return look_up(smooth_tile, x * (NOISE_SIDE / 128), y * (NOISE_SIDE / 128)); }
