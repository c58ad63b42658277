/* What the tests of the interface share: pictures made in memory, hosts that count and fail, small models.
 * SPDX-License-Identifier: MIT */
#ifndef OC_TEST_API_SUPPORT_H
#define OC_TEST_API_SUPPORT_H

#include <check.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <ocellus/ocellus.h>

/* Set by the caller's environment to run only what is quick, for instance under valgrind. */
bool quick(void);

/* n while unhurried, fewer under a sanitizer or with OCELLUS_TEST_QUICK. */
int scaled(int n, int when_slow);

/* A number that depends on `seed` alone. */
uint32_t mix(uint32_t seed);

/* ---- pictures ---- */

#define SIDE 32
enum { STRIPES, CHECKS, BLOBS, N_KINDS };
extern const char *const kind_names[N_KINDS];

/* RGB pixels of SIDE x SIDE; colours, phase and noise vary with the seed. */
void paint(uint8_t *pixels, int kind, uint32_t seed);
oc_image raw_image(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t format);

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

/* Files by hand, of RGB pixels. Free `data`. */
bytes make_png(const uint8_t *rgb, uint32_t width, uint32_t height);
bytes make_bmp(const uint8_t *rgb, uint32_t width, uint32_t height);
oc_image encoded_image(bytes file);

/* ---- files ---- */

/* A new folder in the system's one for such. Removed, with what it holds, by remove_folder. */
void make_folder(char path[256]);
void remove_folder(const char *path);
size_t count_entries(const char *path);
void join(char out[512], const char *folder, const char *name);
void write_file(const char *path, const void *data, size_t size);
bytes read_whole(const char *path);
oc_image path_image(const char *path);

/* ---- a host that counts ---- */

typedef struct host {
    atomic_size_t n_calls, n_blocks, n_bytes, peak;
    size_t fail_at;    /* the call that fails, counted from 1; 0: none */
    bool fail_forever; /* and all after it */
    atomic_size_t n_failed;
} host;

void *host_allocate(void *user, size_t size);
void host_release(void *user, void *memory);
oc_context_options host_options(host *h, uint32_t n_threads);

/* ---- handles ---- */

/* Check that a call gave OC_OK, and say its message if not. */
#define OK(call)                                                                                                            \
    do {                                                                                                                    \
        oc_error e_ = OC_ERROR_INIT, *err = &e_;                                                                            \
        oc_status s_ = (call);                                                                                              \
        ck_assert_msg(s_ == OC_OK, "%s: %s: %s", #call, oc_status_name(s_), e_.message);                                    \
        ck_assert_msg(e_.code == OC_OK && !e_.message[0], "%s: succeeded but touched the error", #call);                    \
    } while (0)

/* Check that a call gives a code, the same in the caller's error, with a message of one line. */
#define FAILS(expected, call)                                                                                               \
    do {                                                                                                                    \
        oc_error e_ = OC_ERROR_INIT, *err = &e_;                                                                            \
        oc_status s_ = (call);                                                                                              \
        check_failure(s_, expected, err, #call);                                                                            \
    } while (0)
void check_failure(oc_status got, oc_status expected, const oc_error *err, const char *call);

/* FAILS for a function with an `out`, which is `handle`: it must be NULL afterwards. */
#define FAILS_OUT(expected, handle, call)                                                                                   \
    do {                                                                                                                    \
        memset(&(handle), 0x5A, sizeof(handle));                                                                            \
        FAILS(expected, call);                                                                                              \
        ck_assert_msg((handle) == NULL, "%s: out is not NULL", #call);                                                      \
    } while (0)

oc_context *new_context(uint32_t n_threads);

/* `per_kind` pictures of each kind, seeds from `seed` on. */
oc_dataset *new_dataset(oc_context *context, int n_kinds, int per_kind, uint32_t seed);
oc_trainer *new_trainer(oc_context *context, const oc_dataset *dataset);

/* Quick settings: one view, two folds, one strength. */
void make_quick(oc_trainer *trainer);
oc_model *train(oc_context *context, const oc_dataset *dataset, const char *seed);
oc_model *small_model(oc_context *context);

/* The model file's bytes. With `masked`, the property "created" and the checksums that cover it are blanked. */
bytes model_bytes(const oc_model *model);

/* Probabilities of all tags, in the order of the tags, for painted picture (kind, seed). */
void predict_painted(float *probabilities, oc_predictor *predictor, int kind, uint32_t seed);

int run_suite(Suite *suite);

#endif
