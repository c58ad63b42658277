/* What the tests of the interface share. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW true
#endif
#endif
#ifndef SLOW
#define SLOW false
#endif

bool quick(void) { return getenv("OCELLUS_TEST_QUICK") != NULL; }

int scaled(int n, int when_slow) { return SLOW || quick() ? when_slow : n; }

uint32_t mix(uint32_t x) {
    x = (x ^ 61) ^ (x >> 16);
    x *= 9;
    x ^= x >> 4;
    x *= 0x27d4eb2du;
    return x ^ (x >> 15);
}

/* ---- pictures ---- */

const char *const kind_names[N_KINDS] = {"stripes", "checks", "blobs"};

void paint(uint8_t *pixels, int kind, uint32_t seed) {
    uint32_t phase = mix(seed) % 6, period = 4 + mix(seed + 77) % 3, centre = 10 + mix(seed + 5) % 12;
    uint32_t dark = mix(seed + 9) % 70, light = 160 + mix(seed + 11) % 60;
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) {
            uint32_t dx = x > centre ? x - centre : centre - x, dy = y > centre ? y - centre : centre - y;
            bool bright = kind == STRIPES  ? (y + phase) / period % 2
                          : kind == CHECKS ? ((x + phase) / period + (y + phase) / period) % 2
                                           : dx * dx + dy * dy < 60 + 10 * phase;
            for (uint32_t c = 0; c < 3; c++)
                pixels[(y * SIDE + x) * 3 + c] =
                    (uint8_t)((bright ? light : dark) + mix(seed * 131 + y * 997 + x * 7 + c) % 30);
        }
}

oc_image raw_image(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t format) {
    oc_image image = OC_IMAGE_INIT;
    image.format = format;
    image.width = width;
    image.height = height;
    image.data = pixels;
    return image;
}

static void big32(uint8_t *to, uint32_t x) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(x >> (24 - 8 * i));
}

static void little32(uint8_t *to, uint32_t x) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(x >> (8 * i));
}

static uint32_t crc32_of(const uint8_t *data, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++) crc = crc & 1 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

/* `to` points to the chunk's beginning, its data are in place. */
static uint8_t *finish_chunk(uint8_t *to, const char *type, uint32_t size) {
    big32(to, size);
    memcpy(to + 4, type, 4);
    big32(to + 8 + size, crc32_of(to + 4, size + 4));
    return to + 12 + size;
}

bytes make_png(const uint8_t *rgb, uint32_t width, uint32_t height) {
    uint32_t row = width * 3, raw = (row + 1) * height, a = 1, b = 0;
    ck_assert_uint_lt(raw, 65536); /* one stored block */
    uint8_t *file = malloc(raw + 128), *at = file;
    ck_assert_ptr_nonnull(file);
    memcpy(at, "\x89PNG\r\n\x1a\n", 8);
    at += 8;
    big32(at + 8, width);
    big32(at + 12, height);
    memcpy(at + 16, "\x08\x02\0\0\0", 5);
    at = finish_chunk(at, "IHDR", 13);
    uint8_t *z = at + 8;
    memcpy(z, "\x78\x01\x01", 3);
    z[3] = (uint8_t)raw;
    z[4] = (uint8_t)(raw >> 8);
    z[5] = (uint8_t)~raw;
    z[6] = (uint8_t)(~raw >> 8);
    for (uint32_t y = 0; y < height; y++) {
        z[7 + y * (row + 1)] = 0;
        memcpy(z + 8 + y * (row + 1), rgb + y * row, row);
    }
    for (uint32_t i = 0; i < raw; i++) {
        a = (a + z[7 + i]) % 65521;
        b = (b + a) % 65521;
    }
    big32(z + 7 + raw, b << 16 | a);
    at = finish_chunk(at, "IDAT", raw + 11);
    at = finish_chunk(at, "IEND", 0);
    return (bytes){file, (size_t)(at - file)};
}

bytes make_bmp(const uint8_t *rgb, uint32_t width, uint32_t height) {
    uint32_t row = (width * 3 + 3) / 4 * 4, size = 54 + row * height;
    uint8_t *file = calloc(1, size);
    ck_assert_ptr_nonnull(file);
    memcpy(file, "BM", 2);
    little32(file + 2, size);
    little32(file + 10, 54);
    little32(file + 14, 40);
    little32(file + 18, width);
    little32(file + 22, height);
    file[26] = 1;
    file[28] = 24;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < 3; c++) file[54 + (height - 1 - y) * row + x * 3 + c] = rgb[(y * width + x) * 3 + 2 - c];
    return (bytes){file, size};
}

oc_image encoded_image(bytes file) {
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_ENCODED;
    image.data = file.data;
    image.size = file.size;
    return image;
}

/* ---- files ---- */

void make_folder(char path[256]) {
    const char *root = getenv("TMPDIR");
    snprintf(path, 256, "%s/ocellus-api-XXXXXX", root && *root ? root : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

void join(char out[512], const char *folder, const char *name) { snprintf(out, 512, "%s/%s", folder, name); }

void remove_folder(const char *path) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder))) {
        char inner[512];
        struct stat about;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        join(inner, path, entry->d_name);
        ck_assert_int_eq(lstat(inner, &about), 0);
        if (S_ISDIR(about.st_mode)) remove_folder(inner);
        else ck_assert_int_eq(unlink(inner), 0);
    }
    closedir(folder);
    ck_assert_int_eq(rmdir(path), 0);
}

size_t count_entries(const char *path) {
    DIR *folder = opendir(path);
    size_t n = 0;
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder)) n++;
    closedir(folder);
    return n - 2;
}

void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot create %s", path);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

bytes read_whole(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    bytes b = {malloc(size + 1), size};
    ck_assert_ptr_nonnull(b.data);
    ck_assert_uint_eq(fread(b.data, 1, size, file), size);
    fclose(file);
    return b;
}

oc_image path_image(const char *path) {
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    return image;
}

/* ---- a host that counts ---- */

/* Stands before each block, so that the bytes can be given back. */
typedef union block {
    size_t size;
    max_align_t align;
} block;

void *host_allocate(void *user, size_t size) {
    host *h = user;
    size_t call = atomic_fetch_add(&h->n_calls, 1) + 1;
    if (h->fail_at && (call == h->fail_at || (h->fail_forever && call > h->fail_at))) {
        atomic_fetch_add(&h->n_failed, 1);
        return NULL;
    }
    block *b = malloc(sizeof *b + size);
    if (!b) return NULL;
    b->size = size;
    atomic_fetch_add(&h->n_blocks, 1);
    size_t now = atomic_fetch_add(&h->n_bytes, size) + size, peak = atomic_load(&h->peak);
    while (now > peak && !atomic_compare_exchange_weak(&h->peak, &peak, now)) continue;
    memset(b + 1, 0xA5, size < 4096 ? size : 4096); /* so that nobody relies on zeros */
    return b + 1;
}

void host_release(void *user, void *memory) {
    host *h = user;
    block *b = (block *)memory - 1;
    if (!memory) abort();
    atomic_fetch_sub(&h->n_blocks, 1);
    atomic_fetch_sub(&h->n_bytes, b->size);
    free(b);
}

oc_context_options host_options(host *h, uint32_t n_threads) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = n_threads;
    options.allocate = host_allocate;
    options.release = host_release;
    options.allocator_user = h;
    return options;
}

/* ---- handles ---- */

void check_failure(oc_status got, oc_status expected, const oc_error *err, const char *call) {
    ck_assert_msg(got == expected, "%s: gave %s, expected %s (%s)", call, oc_status_name(got), oc_status_name(expected),
                  err->message);
    ck_assert_msg(err->code == expected, "%s: returned %s but the error says %s", call, oc_status_name(got),
                  oc_status_name(err->code));
    ck_assert_msg(err->message[0] && strlen(err->message) < sizeof err->message && !strpbrk(err->message, "\r\n"),
                  "%s: its message is not one line", call);
}

oc_context *new_context(uint32_t n_threads) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = NULL;
    options.n_threads = n_threads;
    OK(oc_context_create(&context, &options, err));
    return context;
}

oc_dataset *new_dataset(oc_context *context, int n_kinds, int per_kind, uint32_t seed) {
    uint8_t pixels[SIDE * SIDE * 3];
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_dataset *dataset = NULL;
    OK(oc_dataset_create(&dataset, context, err));
    for (int i = 0; i < per_kind; i++)
        for (int kind = 0; kind < n_kinds; kind++) {
            paint(pixels, kind, seed + (uint32_t)i);
            OK(oc_dataset_add(dataset, &image, kind_names[kind], NULL, err));
        }
    return dataset;
}

oc_trainer *new_trainer(oc_context *context, const oc_dataset *dataset) {
    oc_trainer *trainer = NULL;
    OK(oc_trainer_create(&trainer, context, dataset, err));
    return trainer;
}

void make_quick(oc_trainer *trainer) {
    OK(oc_trainer_set(trainer, "views", "1", err));
    OK(oc_trainer_set(trainer, "folds", "2", err));
    OK(oc_trainer_set(trainer, "l2", "0.01", err));
    OK(oc_trainer_set(trainer, "size", "160", err)); /* or else it is chosen */
}

oc_model *train(oc_context *context, const oc_dataset *dataset, const char *seed) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model = NULL;
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "seed", seed, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert_ptr_nonnull(model);
    oc_trainer_free(trainer);
    return model;
}

oc_model *small_model(oc_context *context) {
    oc_dataset *dataset = new_dataset(context, N_KINDS, 4, 1);
    oc_model *model = train(context, dataset, "0");
    oc_dataset_free(dataset);
    return model;
}

static int append(void *user, const void *data, size_t size) {
    bytes *b = user;
    uint8_t *grown = realloc(b->data, b->size + size + 1);
    if (!grown) return 1;
    memcpy(grown + b->size, data, size);
    *b = (bytes){grown, b->size + size};
    return 0;
}

bytes model_bytes(const oc_model *model) {
    bytes b = {NULL, 0};
    OK(oc_model_write(model, append, &b, err));
    ck_assert_uint_gt(b.size, 0);
    return b;
}

void predict_painted(float *probabilities, oc_predictor *predictor, int kind, uint32_t seed) {
    uint8_t pixels[SIDE * SIDE * 3];
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_result *result = NULL;
    paint(pixels, kind, seed);
    OK(oc_predictor_run(&result, predictor, &image, err));
    for (size_t i = 0; i < oc_result_count(result); i++) {
        oc_box box = OC_BOX_INIT;
        OK(oc_result_get(result, i, &box, err));
        probabilities[box.tag] = box.probability;
    }
    oc_result_free(result);
}

int run_suite(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
