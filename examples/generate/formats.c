/* SPDX-License-Identifier: MIT
 *
 * Each file of the manifest names the picture (.ppm) that a reader must get from it: upright, RGB, transparency over white,
 * 16-bit samples brought to 8. The differences allowed are 0 where the format keeps everything, 1 where readers may
 * round in two ways, and more for JPEG. */
#include "formats.h"

#include "encode.h"
#include "scene.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct gallery {
    const char *directory;
    bytes manifest;
    int n_files;
    int width, height;
    size_t n; /* pixels */
    unsigned char *rgb, *grey;
    unsigned char *alpha;  /* a slope from clear to solid */
    unsigned char *cutout; /* 1 where the keyed and the GIF picture are clear */
} gallery;

static void put_file(const gallery *g, const char *name, bytes *content) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", g->directory, name) >= (int)sizeof path) {
        die("%s: the path is too long", g->directory);
    }
    bytes_write(content, path);
    bytes_free(content);
}

static void put_reference(const gallery *g, const char *name, const unsigned char *rgb) {
    bytes b = {0};
    char head[64];
    int size = snprintf(head, sizeof head, "P6\n%d %d\n255\n", g->width, g->height);
    bytes_put(&b, head, (size_t)size);
    bytes_put(&b, rgb, 3 * g->n);
    put_file(g, name, &b);
}

static void put_listed(gallery *g, const char *name, bytes *content, int orientation, int most, double mean,
                       const char *reference) {
    char line[256];
    int size = snprintf(line, sizeof line, "%s,%d,%d,%g,%s\n", name, orientation, most, mean, reference);
    put_file(g, name, content);
    bytes_put(&g->manifest, line, (size_t)size);
    g->n_files++;
}

static unsigned char over_white(unsigned value, unsigned alpha) {
    return (unsigned char)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* How a picture is stored so that a reader who turns it by `orientation` sees it upright. */
static unsigned char *stored(const gallery *g, int orientation, int *width, int *height) {
    int w = g->width, h = g->height, swap = orientation >= 5 && orientation <= 8;
    unsigned char *out = need(malloc(3 * g->n));
    *width = swap ? h : w;
    *height = swap ? w : h;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int sx = x, sy = y;
            switch (orientation) {
            case 2:
                sx = w - 1 - x;
                break;
            case 3:
                sx = w - 1 - x, sy = h - 1 - y;
                break;
            case 4:
                sy = h - 1 - y;
                break;
            case 5:
                sx = y, sy = x;
                break;
            case 6:
                sx = y, sy = w - 1 - x;
                break;
            case 7:
                sx = h - 1 - y, sy = w - 1 - x;
                break;
            case 8:
                sx = h - 1 - y, sy = x;
                break;
            default:
                break;
            }
            memcpy(out + 3 * ((size_t)sy * (size_t)*width + (size_t)sx), g->rgb + 3 * ((size_t)y * (size_t)w + (size_t)x), 3);
        }
    }
    return out;
}

static void write_jpegs(gallery *g) {
    static const struct {
        const char *name;
        jpeg_options options;
        int most;
        double mean;
        const char *reference;
    } files[] = {
        {"jpeg-baseline-444.jpg", {.across = 1, .down = 1}, 40, 4, "reference.ppm"},
        {"jpeg-baseline-422.jpg", {.across = 2, .down = 1}, 80, 5, "reference.ppm"},
        {"jpeg-baseline-440.jpg", {.across = 1, .down = 2}, 80, 5, "reference.ppm"},
        {"jpeg-baseline-420.jpg", {.across = 2, .down = 2}, 80, 5, "reference.ppm"},
        {"jpeg-baseline-411.jpg", {.across = 4, .down = 1}, 100, 5, "reference.ppm"},
        {"jpeg-restart-420.jpg", {.across = 2, .down = 2, .restart = 3}, 80, 5, "reference.ppm"},
        {"jpeg-restart-444.jpg", {.restart = 1}, 40, 4, "reference.ppm"},
        {"jpeg-progressive-444.jpg", {.progressive = 1}, 40, 4, "reference.ppm"},
        {"jpeg-progressive-420.jpg", {.progressive = 1, .across = 2, .down = 2}, 80, 5, "reference.ppm"},
        {"jpeg-progressive-restart.jpg", {.progressive = 1, .restart = 5}, 40, 4, "reference.ppm"},
        {"jpeg-rgb-adobe.jpg", {.colour = JPEG_RGB}, 40, 4, "reference.ppm"},
        {"jpeg-grey.jpg", {.colour = JPEG_GREY}, 32, 4, "reference-grey.ppm"},
        {"jpeg-grey-progressive.jpg", {.colour = JPEG_GREY, .progressive = 1}, 32, 4, "reference-grey.ppm"},
        {"jpeg-cmyk-adobe.jpg", {.colour = JPEG_CMYK}, 48, 4, "reference.ppm"},
        {"jpeg-ycck-adobe.jpg", {.colour = JPEG_YCCK}, 48, 4, "reference.ppm"},
        {"jpeg-ycck-adobe-420.jpg", {.colour = JPEG_YCCK, .across = 2, .down = 2}, 100, 5, "reference.ppm"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        jpeg_options options = files[i].options;
        options.quality = 95;
        options.orientation = -1;
        bytes b = {0};
        encode_jpeg(&b, g->rgb, g->width, g->height, &options);
        put_listed(g, files[i].name, &b, 1, files[i].most, files[i].mean, files[i].reference);
    }
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        for (int orientation = 0; orientation <= 9; orientation++) {
            int width, height;
            unsigned char *turned = stored(g, orientation, &width, &height);
            jpeg_options options = {.quality = 95, .orientation = orientation, .big_endian = big_endian};
            char name[64];
            snprintf(name, sizeof name, "exif-%s-%d.jpg", big_endian ? "mm" : "ii", orientation);
            bytes b = {0};
            encode_jpeg(&b, turned, width, height, &options);
            put_listed(g, name, &b, orientation, 40, 4, "reference.ppm");
            free(turned);
        }
    }
}

/* A palette's picture: its colours, an index for each pixel, and what it looks like. */
typedef struct indexed {
    unsigned char palette[768];
    int n_colours;
    unsigned char *index, *rgb;
} indexed;

static void fill_indexed(const gallery *g, indexed *p) {
    for (size_t i = 0; i < g->n; i++) {
        memcpy(p->rgb + 3 * i, p->palette + 3 * p->index[i], 3);
    }
}

static void make_indexed(const gallery *g, indexed *p) {
    p->index = need(malloc(g->n));
    p->rgb = need(malloc(3 * g->n));
}

static void free_indexed(indexed *p) {
    free(p->index);
    free(p->rgb);
}

/* 6 x 7 x 6 levels; the last four entries are left over, the very last for transparency. */
static void make_cube(const gallery *g, indexed *p) {
    make_indexed(g, p);
    p->n_colours = 256;
    memset(p->palette, 0, sizeof p->palette);
    for (int i = 0; i < 252; i++) {
        p->palette[3 * i] = (unsigned char)(i / 42 * 51);
        p->palette[3 * i + 1] = (unsigned char)((i / 6 % 7 * 255 + 3) / 6);
        p->palette[3 * i + 2] = (unsigned char)(i % 6 * 51);
    }
    for (size_t i = 0; i < g->n; i++) {
        const unsigned char *c = g->rgb + 3 * i;
        p->index[i] = (unsigned char)((c[0] + 25) / 51 * 42 + (c[1] * 6 + 127) / 255 * 6 + (c[2] + 25) / 51);
    }
    fill_indexed(g, p);
}

/* `n` steps of grey, or from dark blue to pale yellow. */
static void make_steps(const gallery *g, indexed *p, int n, int coloured) {
    static const int dark[3] = {20, 30, 90}, pale[3] = {250, 230, 120};
    make_indexed(g, p);
    p->n_colours = n;
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < 3; c++) {
            int low = coloured ? dark[c] : 0, high = coloured ? pale[c] : 255;
            p->palette[3 * i + c] = (unsigned char)(low + (high - low) * i / (n - 1));
        }
    }
    for (size_t i = 0; i < g->n; i++) {
        p->index[i] = (unsigned char)((g->grey[i] * (n - 1) + 127) / 255);
    }
    fill_indexed(g, p);
}

static void put_packed_png(gallery *g, const char *name, const indexed *p, int depth, int type, int interlaced,
                           const char *reference) {
    size_t w = (size_t)g->width, row_size = (w * (size_t)depth + 7) / 8;
    unsigned char *rows = need(calloc(row_size, (size_t)g->height));
    for (size_t y = 0; y < (size_t)g->height; y++) {
        for (size_t x = 0; x < w; x++) {
            size_t bit = x * (size_t)depth;
            unsigned char *to = rows + y * row_size + bit / 8;
            *to = (unsigned char)(*to | p->index[y * w + x] << (8 - depth - (int)(bit % 8)));
        }
    }
    png_options options = {.depth = depth, .type = type, .interlaced = interlaced};
    if (type == PNG_COLOR_TYPE_PALETTE) {
        options.palette = p->palette;
        options.n_colours = p->n_colours;
    }
    bytes b = {0};
    encode_png(&b, rows, g->width, g->height, &options);
    put_listed(g, name, &b, 1, 0, 0, reference);
    free(rows);
}

static void write_small_pngs(gallery *g) {
    for (int depth = 1; depth <= 4; depth *= 2) {
        for (int coloured = 0; coloured < 2; coloured++) {
            indexed p;
            char name[64], reference[64];
            const char *kind = coloured ? "palette" : "grey";
            make_steps(g, &p, 1 << depth, coloured);
            snprintf(reference, sizeof reference, "reference-%s-%dbit.ppm", kind, depth);
            put_reference(g, reference, p.rgb);
            for (int interlaced = 0; interlaced < 2; interlaced++) {
                snprintf(name, sizeof name, "png-%s-%dbit%s.png", kind, depth, interlaced ? "-interlaced" : "");
                put_packed_png(g, name, &p, depth, coloured ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY, interlaced,
                               reference);
            }
            if (coloured && depth != 2) {
                bytes b = {0};
                snprintf(name, sizeof name, "bmp-%dbit.bmp", depth);
                encode_bmp(&b, p.index, g->width, g->height, depth == 1 ? BMP_1 : BMP_4, p.palette, p.n_colours);
                put_listed(g, name, &b, 1, 0, 0, reference);
            }
            free_indexed(&p);
        }
    }
}

/* Channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
static void put_true_png(gallery *g, const char *name, int channels, int depth, int interlaced, const char *reference) {
    static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    size_t sample = (size_t)depth / 8, n_channels = (size_t)channels;
    unsigned char *rows = need(malloc(g->n * n_channels * sample));
    int colours = channels >= 3 ? 3 : 1, has_alpha = channels % 2 == 0;
    for (size_t i = 0; i < g->n; i++) {
        for (int c = 0; c < channels; c++) {
            int is_alpha = has_alpha && c == channels - 1;
            unsigned value = is_alpha ? g->alpha[i] : colours == 3 ? g->rgb[3 * i + (size_t)c] : g->grey[i];
            unsigned char *to = rows + (i * n_channels + (size_t)c) * sample;
            to[0] = (unsigned char)value;
            if (depth == 16) { /* near the exact 257 * value, so that cutting and rounding differ by 1 at most */
                to[1] = (unsigned char)(is_alpha ? value : (value + 90 * (i % 3)) % 256);
            }
        }
    }
    png_options options = {.depth = depth, .type = types[channels], .interlaced = interlaced};
    bytes b = {0};
    encode_png(&b, rows, g->width, g->height, &options);
    int loose = depth == 16 || has_alpha;
    put_listed(g, name, &b, 1, loose ? (depth == 16 && has_alpha ? 2 : 1) : 0, loose ? 1 : 0, reference);
    free(rows);
}

static void write_pngs(gallery *g, const indexed *cube) {
    put_true_png(g, "png-rgb.png", 3, 8, 0, "reference.ppm");
    put_true_png(g, "png-rgb-interlaced.png", 3, 8, 1, "reference.ppm");
    put_true_png(g, "png-rgba.png", 4, 8, 0, "reference-alpha.ppm");
    put_true_png(g, "png-rgba-interlaced.png", 4, 8, 1, "reference-alpha.ppm");
    put_true_png(g, "png-grey.png", 1, 8, 0, "reference-grey.ppm");
    put_true_png(g, "png-grey-alpha.png", 2, 8, 0, "reference-grey-alpha.ppm");
    put_true_png(g, "png-rgb-16bit.png", 3, 16, 0, "reference.ppm");
    put_true_png(g, "png-rgb-16bit-interlaced.png", 3, 16, 1, "reference.ppm");
    put_true_png(g, "png-rgba-16bit.png", 4, 16, 0, "reference-alpha.ppm");
    put_true_png(g, "png-grey-16bit.png", 1, 16, 0, "reference-grey.ppm");
    put_true_png(g, "png-grey-alpha-16bit.png", 2, 16, 0, "reference-grey-alpha.ppm");
    put_packed_png(g, "png-palette.png", cube, 8, PNG_COLOR_TYPE_PALETTE, 0, "reference-palette.ppm");
    put_packed_png(g, "png-palette-interlaced.png", cube, 8, PNG_COLOR_TYPE_PALETTE, 1, "reference-palette.ppm");
    write_small_pngs(g);

    unsigned char *changed = need(malloc(3 * g->n)), *seen = need(malloc(3 * g->n)), clear[252];
    for (int i = 0; i < 252; i++) {
        clear[i] = (unsigned char)(i * 5);
    }
    for (size_t i = 0; i < 3 * g->n; i++) {
        seen[i] = over_white(cube->rgb[i], clear[cube->index[i / 3]]);
    }
    put_reference(g, "reference-palette-alpha.ppm", seen);
    png_options options = {.depth = 8,
                           .type = PNG_COLOR_TYPE_PALETTE,
                           .palette = cube->palette,
                           .n_colours = cube->n_colours,
                           .alpha = clear,
                           .n_alpha = 252};
    bytes b = {0};
    encode_png(&b, cube->index, g->width, g->height, &options);
    put_listed(g, "png-palette-trns.png", &b, 1, 1, 1, "reference-palette-alpha.ppm");

    static const unsigned char key[3] = {255, 0, 254};
    for (size_t i = 0; i < g->n; i++) {
        memcpy(changed + 3 * i, g->cutout[i] ? key : g->rgb + 3 * i, 3);
        memset(seen + 3 * i, 255, 3);
        if (!g->cutout[i]) {
            memcpy(seen + 3 * i, g->rgb + 3 * i, 3);
        }
    }
    put_reference(g, "reference-key.ppm", seen);
    png_options keyed = {.depth = 8, .type = PNG_COLOR_TYPE_RGB, .key = key};
    encode_png(&b, changed, g->width, g->height, &keyed);
    put_listed(g, "png-rgb-trns.png", &b, 1, 0, 0, "reference-key.ppm");
    free(changed);
    free(seen);
}

static void write_bmps(gallery *g, const indexed *cube) {
    static const struct {
        const char *name;
        bmp_layout layout;
    } exact[] = {{"bmp-24bit.bmp", BMP_24}, {"bmp-24bit-top-down.bmp", BMP_24_TOP_DOWN}, {"bmp-32bit.bmp", BMP_32}};
    for (int i = 0; i < 3; i++) {
        bytes b = {0};
        encode_bmp(&b, g->rgb, g->width, g->height, exact[i].layout, NULL, 0);
        put_listed(g, exact[i].name, &b, 1, 0, 0, "reference.ppm");
    }
    bytes b = {0};
    encode_bmp(&b, cube->index, g->width, g->height, BMP_8, cube->palette, cube->n_colours);
    put_listed(g, "bmp-8bit.bmp", &b, 1, 0, 0, "reference-palette.ppm");
    unsigned char *seen = need(malloc(3 * g->n));
    for (int green_bits = 6; green_bits >= 5; green_bits--) {
        for (size_t i = 0; i < 3 * g->n; i++) {
            int bits = i % 3 == 1 ? green_bits : 5, top = (1 << bits) - 1;
            seen[i] = (unsigned char)(((g->rgb[i] >> (8 - bits)) * 255 + top / 2) / top);
        }
        const char *reference = green_bits == 6 ? "reference-565.ppm" : "reference-555.ppm";
        put_reference(g, reference, seen);
        encode_bmp(&b, g->rgb, g->width, g->height, green_bits == 6 ? BMP_565 : BMP_555, NULL, 0);
        put_listed(g, green_bits == 6 ? "bmp-16bit-565.bmp" : "bmp-16bit-555.bmp", &b, 1, 1, 1, reference);
    }
    free(seen);
}

static void write_gifs(gallery *g, const indexed *cube) {
    unsigned char *changed = need(malloc(g->n)), *seen = need(malloc(3 * g->n));
    bytes b = {0};
    gif_options options = {.palette = cube->palette, .transparent = -1};
    encode_gif(&b, cube->index, g->width, g->height, &options);
    put_listed(g, "gif-plain.gif", &b, 1, 0, 0, "reference-palette.ppm");
    options.interlaced = 1;
    encode_gif(&b, cube->index, g->width, g->height, &options);
    put_listed(g, "gif-interlaced.gif", &b, 1, 0, 0, "reference-palette.ppm");
    options.interlaced = 0;
    options.local_palette = 1;
    encode_gif(&b, cube->index, g->width, g->height, &options);
    put_listed(g, "gif-local-palette.gif", &b, 1, 0, 0, "reference-palette.ppm");
    options.local_palette = 0;
    for (size_t i = 0; i < g->n; i++) {
        changed[i] = (unsigned char)(251 - cube->index[i]);
    }
    options.second = changed;
    encode_gif(&b, cube->index, g->width, g->height, &options);
    put_listed(g, "gif-animated.gif", &b, 1, 0, 0, "reference-palette.ppm");
    options.second = NULL;
    options.transparent = 255;
    for (size_t i = 0; i < g->n; i++) {
        changed[i] = g->cutout[i] ? 255 : cube->index[i];
        memset(seen + 3 * i, 255, 3);
        if (!g->cutout[i]) {
            memcpy(seen + 3 * i, cube->rgb + 3 * i, 3);
        }
    }
    put_reference(g, "reference-palette-key.ppm", seen);
    encode_gif(&b, changed, g->width, g->height, &options);
    put_listed(g, "gif-transparent.gif", &b, 1, 0, 0, "reference-palette-key.ppm");
    free(changed);
    free(seen);
}

/* No symmetry: a gear, a screw and a washer, each in its own corner. */
static void render_scene(gallery *g, uint64_t seed) {
    rng r = rng_for(seed, "formats", 0);
    scene s;
    picture p;
    scene_begin(&s, &r, 1);
    float wide = g->width > g->height ? (float)g->width / (float)g->height : 1;
    scene_add(&s, &r, PART_GEAR, 0, 0, 0, 0.5f, 0.9f);
    scene_add(&s, &r, PART_SCREW, 0, -0.75f * wide, -0.3f, 0.42f, 0.6f);
    scene_add(&s, &r, PART_WASHER, 0, 0.7f * wide, 0.45f, 0.3f, 0.6f);
    if (scene_render(&s, g->width, g->height, &p, NULL) != 0) {
        die("out of memory");
    }
    g->rgb = p.rgb;
}

int write_formats(const char *directory, uint64_t seed, int width, int height) {
    gallery g = {.directory = directory, .width = width, .height = height, .n = (size_t)width * (size_t)height};
    render_scene(&g, seed);
    g.grey = need(malloc(g.n));
    g.alpha = need(malloc(g.n));
    g.cutout = need(malloc(g.n));
    unsigned char *seen = need(malloc(3 * g.n));
    for (size_t i = 0; i < g.n; i++) {
        const unsigned char *c = g.rgb + 3 * i;
        int x = (int)(i % (size_t)width), y = (int)(i / (size_t)width), dx = 3 * x - width, dy = 3 * y - height;
        g.grey[i] = (unsigned char)((299 * c[0] + 587 * c[1] + 114 * c[2] + 500) / 1000);
        g.alpha[i] = (unsigned char)(width > 1 ? 255 * x / (width - 1) : 255);
        g.cutout[i] = dx * dx + dy * dy < width * height / 2;
    }
    bytes_put(&g.manifest, "file,orientation,max_difference,mean_difference,reference\n", 58);
    for (int alpha = 0; alpha < 2; alpha++) {
        for (int grey = 0; grey < 2; grey++) {
            for (size_t i = 0; i < 3 * g.n; i++) {
                seen[i] = over_white(grey ? g.grey[i / 3] : g.rgb[i], alpha ? g.alpha[i / 3] : 255);
            }
            static const char *const names[2][2] = {{"reference.ppm", "reference-grey.ppm"},
                                                    {"reference-alpha.ppm", "reference-grey-alpha.ppm"}};
            put_reference(&g, names[alpha][grey], seen);
        }
    }
    indexed cube;
    make_cube(&g, &cube);
    put_reference(&g, "reference-palette.ppm", cube.rgb);
    write_jpegs(&g);
    write_pngs(&g, &cube);
    write_bmps(&g, &cube);
    write_gifs(&g, &cube);
    free_indexed(&cube);
    int n_files = g.n_files;
    put_file(&g, "manifest.csv", &g.manifest);
    free(seen);
    free(g.rgb);
    free(g.grey);
    free(g.alpha);
    free(g.cutout);
    return n_files;
}
