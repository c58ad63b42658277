/* SPDX-License-Identifier: MIT
 *
 * From light to bytes: lens, sensor, and what a camera's own program does. */
#include "scene.h"

#include <string.h>

#define CURVE_SIZE 4096
#define CURVE_TOP 6.0f

#define MAX_REACH 15

/* to[i] = the weighted sum of sources[0 .. 2 * reach][i]. */
static void weigh(const float *const *sources, const float *weight, int reach, float *to, int n) {
    for (int i = 0; i < n; i++) {
        to[i] = weight[0] * sources[reach][i];
    }
    for (int k = 1; k <= reach; k++) {
        const float *a = sources[reach - k], *b = sources[reach + k];
        for (int i = 0; i < n; i++) {
            to[i] += weight[k] * (a[i] + b[i]);
        }
    }
}

static void defocus(float *light, float *spare, int width, int height, float deviation) {
    float weight[MAX_REACH + 1], total = 0;
    int reach = (int)(deviation * 2.5f) + 1;
    reach = reach > MAX_REACH ? MAX_REACH : reach;
    for (int k = 0; k <= reach; k++) {
        float t = (float)k / deviation, e = 1 - t * t / 16; /* (1 - x/8)^8 stands in for exp(-x) with x = t^2 / 2 */
        e = maxf(e, 0);
        e *= e;
        e *= e;
        e *= e;
        weight[k] = e;
        total += k == 0 ? e : 2 * e;
    }
    for (int k = 0; k <= reach; k++) {
        weight[k] /= total;
    }
    float padded[3 * (MAX_SIDE + 2 * MAX_REACH)];
    const float *sources[2 * MAX_REACH + 1];
    size_t row = 3 * (size_t)width;
    for (int y = 0; y < height; y++) {
        const float *from = light + (size_t)y * row;
        for (int x = -reach; x < width + reach; x++) {
            int inside = x < 0 ? 0 : x >= width ? width - 1 : x;
            memcpy(padded + 3 * (x + reach), from + 3 * inside, 3 * sizeof *from);
        }
        for (int k = 0; k <= 2 * reach; k++) {
            sources[k] = padded + 3 * k;
        }
        weigh(sources, weight, reach, spare + (size_t)y * row, 3 * width);
    }
    for (int y = 0; y < height; y++) {
        for (int k = 0; k <= 2 * reach; k++) {
            int inside = y + k - reach;
            inside = inside < 0 ? 0 : inside >= height ? height - 1 : inside;
            sources[k] = spare + (size_t)inside * row;
        }
        weigh(sources, weight, reach, light + (size_t)y * row, 3 * width);
    }
}

static void shake(float *light, float *spare, int width, int height, float dx, float dy) {
    enum { STEPS = 9 };
    memcpy(spare, light, 3 * (size_t)width * (size_t)height * sizeof *light);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float sum[3] = {0};
            for (int k = 0; k < STEPS; k++) {
                float t = (float)k / (STEPS - 1) - 0.5f;
                float u = clampf((float)x + dx * t, 0, (float)width - 1.01f);
                float v = clampf((float)y + dy * t, 0, (float)height - 1.01f);
                int ix = (int)u, iy = (int)v;
                float fx = u - (float)ix, fy = v - (float)iy;
                const float *a = spare + 3 * ((size_t)iy * (size_t)width + (size_t)ix), *b = a + 3 * (size_t)width;
                for (int c = 0; c < 3; c++) {
                    sum[c] += mix(mix(a[c], a[c + 3], fx), mix(b[c], b[c + 3], fx), fy) * (1.0f / STEPS);
                }
            }
            memcpy(light + 3 * ((size_t)y * (size_t)width + (size_t)x), sum, sizeof sum);
        }
    }
}

/* The film curve and the sRGB one in a table over the square root of light, which spends its entries on the dark. */
static void make_curve(unsigned char *curve, float contrast) {
    for (int i = 0; i < CURVE_SIZE; i++) {
        double root = (double)i / (CURVE_SIZE - 1);
        double x = root * root * CURVE_TOP;
        x = x < 0.55 ? x : 0.55 + 0.45 * (1 - 1 / (1 + (x - 0.55) / 0.45 + (x - 0.55) * (x - 0.55)));
        double y = x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
        y = y + contrast * (y * y * (3 - 2 * y) - y);
        y = y < 0 ? 0 : y > 1 ? 1 : y;
        curve[i] = (unsigned char)(y * 255 + 0.5);
    }
}

static void sharpen_rows(unsigned char *rgb, float *spare, int width, int height, float amount) {
    size_t n = (size_t)width * (size_t)height * 3, row = 3 * (size_t)width;
    for (size_t i = 0; i < n; i++) {
        spare[i] = (float)rgb[i];
    }
    for (int y = 1; y + 1 < height; y++) {
        for (size_t x = 3; x + 3 < row; x++) {
            const float *p = spare + (size_t)y * row + x;
            float around = 0.25f * (p[-3] + p[3] + *(p - row) + p[row]);
            rgb[(size_t)y * row + x] = (unsigned char)(clampf(*p + amount * (*p - around), 0, 255) + 0.5f);
        }
    }
}

void develop(const camera *c, uint64_t noise_seed, float *light, float *spare, int width, int height, unsigned char *rgb) {
    int side = width < height ? width : height;
    float unit = (float)side / 256;
    if (c->move_x != 0 || c->move_y != 0) {
        shake(light, spare, width, height, c->move_x * unit, c->move_y * unit);
    }
    if (c->blur * unit > 0.2f) {
        defocus(light, spare, width, height, c->blur * unit);
    }
    unsigned char curve[CURVE_SIZE];
    make_curve(curve, c->contrast);
    rng r = {noise_seed};
    float reach = 1 / (0.25f * (float)(width * width + height * height));
    float gain = c->noise * 1.2f, dark = c->noise * 0.12f, keep = 0.55f * c->grain_size;
    float balance[3] = {c->balance.x, c->balance.y, c->balance.z}, last[3] = {0};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float dx = (float)x - 0.5f * (float)width, dy = (float)y - 0.5f * (float)height;
            float fall = 1 - c->vignette * (dx * dx + dy * dy) * reach;
            size_t i = 3 * ((size_t)y * (size_t)width + (size_t)x);
            for (int k = 0; k < 3; k++) {
                float v = light[i + (size_t)k] * fall * balance[k];
                if (c->noise > 0) {
                    last[k] = last[k] * keep + rng_normal(&r) * (1 - 0.4f * keep);
                    v += last[k] * (gain * sqrtf(v * 0.25f) + dark);
                }
                float index = sqrtf(clampf(v, 0, CURVE_TOP) / CURVE_TOP) * (CURVE_SIZE - 1) + 0.5f;
                rgb[i + (size_t)k] = curve[(int)index];
            }
        }
    }
    if (c->sharpen > 0) {
        sharpen_rows(rgb, spare, width, height, c->sharpen);
    }
}
