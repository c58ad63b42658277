/* Ocellus: train, measure and run image classifiers on your own CPU.
 * SPDX-License-Identifier: MIT
 *
 * This header is the whole interface of the library and its manual. It is in tutorial order: read it from the top.
 *
 *   1. Versions and errors        5. Training
 *   2. The context                6. Models
 *   3. Pictures                   7. Predicting
 *   4. Data sets                  8. Reports
 *                                 9. Base networks
 *                                10. Projects
 *                                11. Annotation files
 *
 * The shortest useful program:
 *
 *     oc_context *context = NULL;
 *     oc_dataset *dataset = NULL;
 *     oc_trainer *trainer = NULL;
 *     oc_model *model = NULL;
 *     oc_error error = OC_ERROR_INIT;
 *     if (oc_context_create(&context, NULL, &error) == OC_OK
 *         && oc_dataset_load_folder(&dataset, context, "pictures", &error) == OC_OK
 *         && oc_trainer_create(&trainer, context, dataset, &error) == OC_OK
 *         && oc_trainer_run(&model, trainer, NULL, NULL, &error) == OC_OK
 *         && oc_model_save(model, "parts.ocm", &error) == OC_OK)
 *         puts("trained");
 *     else
 *         fprintf(stderr, "%s\n", error.message);
 *     oc_model_free(model);
 *     oc_trainer_free(trainer);
 *     oc_dataset_free(dataset);
 *     oc_context_free(context);
 *
 * Rules that hold for every function
 *
 *   Errors     A function that can fail returns an oc_status: OC_OK, or a negative OC_E_ code. Its last parameter is the
 *              caller's own oc_error, or NULL. On failure every `out` parameter is NULL (or zero) and nothing has changed
 *              unless the function says otherwise. Any function that returns a status may also give OC_E_ARGUMENT (a
 *              pointer that must not be NULL is NULL) and OC_E_NOMEM; these two are not always listed again. A getter that
 *              is given NULL returns 0, NULL or "". The library never prints, never exits, never aborts on input.
 *   Ownership  Whatever a function stores in `out` belongs to the caller, who gives it to the matching oc_*_free. Every
 *              oc_*_free accepts NULL. A handle keeps alive the handles it was made from: free them in any order.
 *              Strings and pointers that a getter returns belong to the handle and live as long as it does.
 *   Threads    An oc_context may be used by any number of threads. An oc_model, oc_result, oc_report and oc_picture never
 *              change: share them freely. Any other handle serves one thread at a time. Freeing a handle while another
 *              thread uses that same handle is an error of the caller's.
 *              After fork(), the child must not use handles made by the parent.
 *   Text       All strings are UTF-8 and end in NUL. Numbers are written and read the same in every locale.
 *   Structs    A struct that crosses the boundary begins with its own size, which the caller sets (use the OC_..._INIT
 *              macros), oc_error and the structs that getters fill included. Structs only ever grow at their end: what an
 *              older program's struct lacks counts as 0, but one that is smaller than in version 0.1 is OC_E_ARGUMENT. In an
 *              options struct a field that is 0 means its default. A struct that is larger than the library knows is
 *              accepted if what lies beyond is all zero, and refused with OC_E_UNSUPPORTED if not.
 */
#ifndef OCELLUS_OCELLUS_H
#define OCELLUS_OCELLUS_H

#include <stddef.h>
#include <stdint.h>

#include "version.h"

#ifndef OC_API
#if defined(_WIN32)
#define OC_API __declspec(dllimport)
#elif defined(__GNUC__)
#define OC_API __attribute__((visibility("default")))
#else
#define OC_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------------
 * 1. Versions and errors
 * ------------------------------------------------------------------------------------------------------------------ */

/* The version of the library that is loaded (OC_VERSION is the version of this header), as 0x00MMmmpp. Any thread. */
OC_API uint32_t oc_version(void);

/* The same as text, for instance "0.1.0". A static string. */
OC_API const char *oc_version_string(void);

typedef int32_t oc_status;

/* Codes are only ever added, and never change their value. A caller should treat an unknown negative code as a failure
 * whose message says what it is. */
#define OC_OK 0
#define OC_E_ARGUMENT (-1)     /* a parameter is NULL, out of range or not of the form the function takes */
#define OC_E_NOMEM (-2)        /* the allocator gave nothing, or the context's memory limit was reached */
#define OC_E_IO (-3)           /* the operating system refused: open, read, write, sync or rename; errno's text is given */
#define OC_E_LIMIT (-4)        /* the input is larger than a limit of the context allows; the message names the limit */
#define OC_E_FORMAT (-5)       /* not a kind of file the function knows */
#define OC_E_CORRUPT (-6)      /* the right kind of file, but damaged, truncated or inconsistent */
#define OC_E_UNSUPPORTED (-7)  /* well-formed, but made by a newer version or with a feature this library lacks */
#define OC_E_CANCELLED (-8)    /* cancelled by the progress callback or by oc_trainer_cancel */
#define OC_E_NOT_FOUND (-9)    /* the named thing does not exist */
#define OC_E_DATA (-10)        /* the data set cannot be used for this: one tag only, too few pictures, ... */
#define OC_E_STATE (-11)       /* the handle is busy, or the calls came in the wrong order */
#define OC_E_INTERNAL (-12)    /* a fault of the library's own: please report it */

/* The name of a code, for instance "OC_E_CORRUPT"; "OC_E_UNKNOWN" for a code this library does not know. A static string. */
OC_API const char *oc_status_name(oc_status status);

/* Filled in by the function that fails; untouched by one that succeeds. The message is one line without a newline; it
 * names the thing, the place and the bound: "model.ocm: section 3 ends at 4096, file has 4000 bytes". */
typedef struct oc_error {
    uint32_t struct_size;
    oc_status code;
    char message[248];
} oc_error;

#define OC_ERROR_INIT {sizeof(oc_error), OC_OK, {0}}

/* ---------------------------------------------------------------------------------------------------------------------
 * 2. The context: memory, limits, log and worker threads. One is enough for a program.
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct oc_context oc_context;

#define OC_LOG_WARNING 1 /* something the user should know: a picture was skipped, a tag has one picture */
#define OC_LOG_INFO 2    /* what was chosen and why */
#define OC_LOG_DEBUG 3

/* Receives one line without a newline. It may be called from any thread that is inside a library call, from one at a time,
 * and must not call the library. */
typedef void (*oc_log_fn)(void *user, int level, const char *line);

/* Options of a context. 0 means the default. */
typedef struct oc_context_options {
    uint32_t struct_size;
    uint32_t n_threads; /* threads that work on one call, the caller's included; default: the processors available;
                           at most 256 */

    /* The host's allocator; both or neither. `allocate` returns memory aligned as malloc's, or NULL. Both may be called
     * from any thread. Default: malloc and free. All memory of the library's own comes from here, libpng's and zlib's too;
     * what libjpeg-turbo takes is bounded by the limits below before it is called. */
    void *(*allocate)(void *user, size_t size);
    void (*release)(void *user, void *memory);
    void *allocator_user;

    oc_log_fn log; /* default: nothing is logged */
    void *log_user;
    int32_t log_level; /* the most talkative level wanted; default OC_LOG_WARNING */

    uint32_t max_image_side;      /* pixels a side of a picture; default 16384, at most 65535 */
    uint64_t max_image_pixels;    /* width x height of a picture; default 100,000,000 */
    uint64_t max_image_bytes;     /* bytes of an encoded picture; default 64 MiB */
    uint32_t max_image_ratio;     /* longer side over shorter side; default 100 */
    uint32_t max_image_scans;     /* scans of a progressive JPEG; default 100 */
    uint32_t max_image_chunks;    /* ancillary chunks of a PNG or GIF, marker segments of a JPEG; default 1000 */
    uint64_t max_model_bytes;     /* bytes of a model file; default 1 GiB */
    uint64_t max_memory;          /* bytes allocated at one time through this context, itself not counted; default: no
                                     limit. Threads that come near it at the same moment may both be refused */
} oc_context_options;

#define OC_CONTEXT_OPTIONS_INIT {sizeof(oc_context_options), 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* Makes a context. `options` may be NULL: all defaults. The options are copied. Starts n_threads - 1 worker threads.
 * Errors: OC_E_ARGUMENT, OC_E_NOMEM, OC_E_UNSUPPORTED, OC_E_STATE (no thread could be started). */
OC_API oc_status oc_context_create(oc_context **out, const oc_context_options *options, oc_error *err);
OC_API void oc_context_free(oc_context *context);

/* The number of threads that work on one call, the caller's included. */
OC_API uint32_t oc_context_n_threads(const oc_context *context);

/* The instruction set the kernels use: "c", "avx2", "avx512", "avx512vnni", "avx512bf16" or "neon". The environment variable
 * OCELLUS_CPU, read when the context is made, holds it down to one of those; it cannot raise it above what the CPU has. A
 * static string. */
OC_API const char *oc_context_cpu(const oc_context *context);

/* ---------------------------------------------------------------------------------------------------------------------
 * 3. Pictures
 * ------------------------------------------------------------------------------------------------------------------ */

/* How an oc_image holds its picture. */
#define OC_IMAGE_PATH 1    /* `data` is the path of a picture file, ending in NUL */
#define OC_IMAGE_ENCODED 2 /* `data` is `size` bytes of a picture file: JPEG, PNG, BMP or GIF */
#define OC_IMAGE_GRAY8 16  /* raw pixels, one byte each */
#define OC_IMAGE_RGB8 17   /* raw pixels, 3 bytes each */
#define OC_IMAGE_BGR8 18
#define OC_IMAGE_RGBA8 19 /* raw pixels, 4 bytes each; alpha is not premultiplied and is laid over white */
#define OC_IMAGE_BGRA8 20

/* A picture that the caller holds. The library reads it during the call only, unless the function says that it copies.
 *
 * For picture files, EXIF orientation is honoured (an invalid value means upright), the first frame of a GIF is taken,
 * transparent pixels are laid over white, 16-bit samples become 8-bit, CMYK and YCCK JPEGs become RGB. Embedded colour
 * profiles are not applied.
 * For raw pixels, `width` and `height` are in pixels, row 0 is the top, and row y begins at
 * (const uint8_t *)data + y * stride. A stride of 0 means rows without padding; a negative stride means that rows lie
 * bottom up and `data` points to the top row all the same. */
typedef struct oc_image {
    uint32_t struct_size;
    uint32_t format; /* one of OC_IMAGE_... */
    uint32_t width;  /* raw pixels only */
    uint32_t height; /* raw pixels only */
    ptrdiff_t stride;
    const void *data;
    size_t size;      /* OC_IMAGE_ENCODED: bytes. Raw pixels: bytes readable at data, checked if not 0 and stride >= 0 */
    const char *name; /* what messages and reports call the picture; NULL: its path, or "picture" (in a data set "picture N",
                         counted from 0) */
} oc_image;

#define OC_IMAGE_INIT {sizeof(oc_image), 0, 0, 0, 0, NULL, 0, NULL}

/* A picture read and decoded: upright, RGB, 8 bits a channel. Immutable. */
typedef struct oc_picture oc_picture;

/* Reads and decodes a picture.
 * Errors: OC_E_ARGUMENT, OC_E_NOMEM, OC_E_IO, OC_E_NOT_FOUND (no such file), OC_E_FORMAT (not a picture file we read),
 * OC_E_CORRUPT (damaged or truncated), OC_E_UNSUPPORTED (a variant or a kind of picture we do not read), OC_E_LIMIT. */
OC_API oc_status oc_picture_open(oc_picture **out, oc_context *context, const oc_image *image, oc_error *err);
OC_API void oc_picture_free(oc_picture *picture);

/* Describes the decoded pixels as an OC_IMAGE_RGB8 image, which may be given to any function here. The caller sets
 * image->struct_size. The pixels live as long as the picture. */
OC_API oc_status oc_picture_image(const oc_picture *picture, oc_image *image, oc_error *err);

/* Writes it as a file, complete or not at all: a PNG, or a JPEG of good quality if the path ends in ".jpg" or ".jpeg".
 * Errors: as of oc_model_save; OC_E_LIMIT for a JPEG of more than 65,500 pixels a side. */
OC_API oc_status oc_picture_save(const oc_picture *picture, const char *path, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 4. Data sets: pictures with tags, in the order in which they were added
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct oc_dataset oc_dataset;

/* An empty data set, to be filled with oc_dataset_add. */
OC_API oc_status oc_dataset_create(oc_dataset **out, oc_context *context, oc_error *err);

/* A folder with one sub-folder per tag, whose name is the tag. Sub-folders and files are taken in the order of their
 * names' bytes. Hidden entries (a name that begins with a dot) are passed over; other entries that are not pictures
 * (judged by their first bytes), pictures beside the sub-folders, deeper folders and empty sub-folders are passed over
 * with a note. Pictures are only opened, not decoded.
 * Errors: OC_E_NOT_FOUND, OC_E_IO, OC_E_DATA (a tag is not UTF-8; no picture at all), OC_E_NOMEM. */
OC_API oc_status oc_dataset_load_folder(oc_dataset **out, oc_context *context, const char *path, oc_error *err);

/* A CSV file (RFC 4180, UTF-8, with or without byte-order mark) whose first line names its columns, in any order: `path`
 * (relative to the CSV file's folder, or absolute), `tag` or `tags`, and optionally `split`. Other columns are passed over.
 * `tags` holds any number of tags with '|' between them, or nothing. With the columns `left`, `top`, `width` and `height` (see
 * oc_dataset_add_boxes) each row is an object, a picture has as many rows as objects, and one row without tag and box if it has none.
 * Errors: OC_E_NOT_FOUND, OC_E_IO, OC_E_FORMAT (a column is missing), OC_E_CORRUPT (with the line), OC_E_DATA (no rows),
 * OC_E_LIMIT (over 256 MiB). A picture that does not exist is found out when it is read, not here. */
OC_API oc_status oc_dataset_load_csv(oc_dataset **out, oc_context *context, const char *path, oc_error *err);

/* The samples of `dataset` whose split is `split` ("train", "test", ...), with all its tags.
 * Errors: OC_E_NOT_FOUND if there is none. */
OC_API oc_status oc_dataset_select_split(oc_dataset **out, const oc_dataset *dataset, const char *split, oc_error *err);

OC_API void oc_dataset_free(oc_dataset *dataset);

/* Adds a picture with its tag. The path, the encoded bytes or the pixels are copied. `tag` must be valid UTF-8 of 1 to 256
 * bytes without control characters, and is made if it is new. `split` may be NULL: none.
 * Errors: OC_E_ARGUMENT, OC_E_LIMIT (more than 10,000 tags). */
OC_API oc_status oc_dataset_add(oc_dataset *dataset, const oc_image *image, const char *tag, const char *split, oc_error *err);

/* The same with `n` tags: several for a picture that shows several things, 0 for one that shows nothing that has a tag. */
OC_API oc_status oc_dataset_add_tags(oc_dataset *dataset, const oc_image *image, const char *const *tags, size_t n,
                                     const char *split, oc_error *err);

/* A tag in its place: of a data set, or an answer of a model. */
typedef struct oc_box {
    uint32_t struct_size;
    int32_t tag;       /* index into the data set's or the model's tags */
    float probability; /* 0 to 1; of a data set 1 */
    float left;        /* where, as fractions of the upright picture's width and height. For a classifier: all of it */
    float top;
    float width;
    float height;
} oc_box;

#define OC_BOX_INIT {sizeof(oc_box), 0, 0, 0, 0, 0, 0}

/* The same for detection: with `n` objects, each of a tag and in a box of four numbers: left, top, width and height, as fractions of
 * the upright picture's width and height (up to 0.02 beyond its edge is taken for rounding). 0 objects: a picture without any. The
 * pictures of a data set have boxes all or none. Errors: OC_E_ARGUMENT (a box is empty or reaches out of the picture), OC_E_STATE (the
 * data set has pictures without boxes; or, of the two functions above, with boxes). */
OC_API oc_status oc_dataset_add_boxes(oc_dataset *dataset, const oc_image *image, const char *const *tags, const float *boxes,
                                      size_t n, const char *split, oc_error *err);

/* Not 0 if its pictures have boxes. */
OC_API int oc_dataset_has_boxes(const oc_dataset *dataset);

/* The boxes of sample `index`: how many, and box `k`. The caller sets box->struct_size. OC_E_NOT_FOUND if out of range. */
OC_API size_t oc_dataset_sample_n_boxes(const oc_dataset *dataset, size_t index);
OC_API oc_status oc_dataset_sample_box(const oc_dataset *dataset, size_t index, size_t k, oc_box *box, oc_error *err);

OC_API size_t oc_dataset_count(const oc_dataset *dataset);
OC_API size_t oc_dataset_n_tags(const oc_dataset *dataset);

/* The name of tag `tag`, 0 <= tag < oc_dataset_n_tags; tags are in the order of their first use. NULL if out of range. */
OC_API const char *oc_dataset_tag(const oc_dataset *dataset, size_t tag);

/* What sample `index` is called, its tag (of several the first) and its split ("" if none). NULL or -1 if out of range, and for
 * the tag of one that has none. */
OC_API const char *oc_dataset_sample_name(const oc_dataset *dataset, size_t index);
OC_API int32_t oc_dataset_sample_tag(const oc_dataset *dataset, size_t index);
OC_API const char *oc_dataset_sample_split(const oc_dataset *dataset, size_t index);

/* How many tags sample `index` bears, and tag `k` of those; -1 if out of range. */
OC_API size_t oc_dataset_sample_n_tags(const oc_dataset *dataset, size_t index);
OC_API int32_t oc_dataset_sample_tag_at(const oc_dataset *dataset, size_t index, size_t k);

/* What was passed over while loading, one line each: "pictures/readme.txt: not a picture". NULL if out of range. */
OC_API size_t oc_dataset_n_notes(const oc_dataset *dataset);
OC_API const char *oc_dataset_note(const oc_dataset *dataset, size_t index);

/* A copy of the picture with boxes drawn into it, each in its tag's colour and with the name names[k] above it (UTF-8;
 * characters other than those of ASCII become small boxes), or none if that or `names` is NULL; the last is on top. Boxes may
 * be any, of a result, a data set or a mistake; of each its place and tag are looked at, and what lies outside of the picture
 * is not drawn. Errors: OC_E_ARGUMENT. */
OC_API oc_status oc_picture_draw(oc_picture **out, const oc_picture *picture, const oc_box *const *boxes,
                                 const char *const *names, size_t n, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 5. Training
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct oc_trainer oc_trainer;
typedef struct oc_model oc_model;

#define OC_OPTION_INTEGER 1
#define OC_OPTION_NUMBER 2
#define OC_OPTION_BOOLEAN 3 /* "true" or "false" */
#define OC_OPTION_TEXT 4    /* minimum and maximum are of its length in bytes */

/* One hyper-parameter. Strings are static. */
typedef struct oc_option {
    uint32_t struct_size;
    uint32_t type;
    const char *key;
    const char *default_value;
    const char *help;
    double minimum;
    double maximum;
} oc_option;

#define OC_OPTION_INIT {sizeof(oc_option), 0, NULL, NULL, NULL, 0, 0}

/* Describes hyper-parameter `index`, counted from 0. OC_E_NOT_FOUND past the last one. Any thread. */
OC_API oc_status oc_trainer_option(uint32_t index, oc_option *option, oc_error *err);

/* A domain: what is known to suit a kind of pictures, as settings of hyper-parameters. Names and identifiers are those of
 * Azure Custom Vision's domains. Strings are static. */
typedef struct oc_domain {
    uint32_t struct_size;
    uint32_t detection;    /* not 0: for objects in boxes; 0: for classification */
    const char *id;        /* a UUID */
    const char *name;      /* for instance "General (compact)"; unique among those for detection, and among the others */
    const char *settings;  /* KEY=VALUE, with blanks between; "" where it sets nothing and is "General" under another name */
    const char *help;
} oc_domain;

#define OC_DOMAIN_INIT {sizeof(oc_domain), 0, NULL, NULL, NULL, NULL}

/* Domain `index`, counted from 0. OC_E_NOT_FOUND past the last one. Any thread.
 *
 * A domain is chosen by the hyper-parameter `domain`, or in a project for all of its trainings (oc_project_info). Only letters and
 * digits of its name or identifier count, small or capital: "general-compact" is "General (compact)". It sets those
 * hyper-parameters that are at their defaults. */
OC_API oc_status oc_trainer_domain(uint32_t index, oc_domain *domain, oc_error *err);

/* A trainer for the samples that `dataset`, made with the same context, has now. Pictures added to it later are not seen.
 * Errors: OC_E_DATA: fewer than 4 pictures in all. That there are 2 tags with pictures at least is looked at by oc_trainer_run, as
 * anomalies are told without. */
OC_API oc_status oc_trainer_create(oc_trainer **out, oc_context *context, const oc_dataset *dataset, oc_error *err);
OC_API void oc_trainer_free(oc_trainer *trainer);

/* Sets a hyper-parameter from text, as listed by oc_trainer_option.
 * Errors: OC_E_NOT_FOUND (no such key; the message lists them), OC_E_ARGUMENT (not a value it takes; the message says
 * which). */
OC_API oc_status oc_trainer_set(oc_trainer *trainer, const char *key, const char *value, oc_error *err);

/* Pictures to measure on that training never sees, in a data set of the same context. Without them the model is measured by
 * stratified cross-validation on the training pictures, each predicted by a model that did not see it. NULL takes the test set
 * away. Errors: OC_E_ARGUMENT (of another context), OC_E_DATA: a tag that the training pictures lack, or no pictures. */
OC_API oc_status oc_trainer_set_test(oc_trainer *trainer, const oc_dataset *dataset, oc_error *err);

/* Where training stands. */
typedef struct oc_progress {
    uint32_t struct_size;
    const char *stage;      /* what is being done, for people: "features", ... A static string */
    double fraction;        /* of the whole, 0 to 1, never falling */
    double seconds_elapsed; /* since the run began */
    double seconds_left;    /* an estimate; negative while there is none */
} oc_progress;

/* Called on the thread that called the running function, some ten times a second. A return value other than 0 cancels. It
 * must not use the handle that runs, except oc_trainer_cancel. */
typedef int (*oc_progress_fn)(void *user, const oc_progress *progress);

/* Trains. Takes the features that a frozen base network (option `base`; see section 9) gives of every picture in a few views
 * and fits a head to them: a softmax classifier with L2 regularisation by L-BFGS (Liu and Nocedal 1989) or linear discriminant
 * analysis (Fisher 1936) with a covariance shrunk towards its mean variance (Friedman 1989), of which and at what strength
 * cross-validation decides (the option `head`; the property "head" tells which). So it does on the side of the network's input,
 * the base's own or a larger one up to 288 (the option `size`; the property "input"). Its probabilities are calibrated: the
 * logits are divided by the temperature (Guo et al. 2017; the property "temperature") at which the pictures held out by the
 * cross-validation are least surprising; not where there is none, for a test set and a given strength. The same data set,
 * options and instruction set give the same model, whatever the number of threads.
 *
 * If a picture bears several tags or none, or the options `labels` or `negative` say so, the model tells of each tag by itself
 * whether a picture bears it: one logistic regression a tag, of one strength, calibrated out of fold (Platt 1999, shrunk towards
 * what fits all tags together). A tag counts as given from its threshold on (oc_model_threshold): where F1 was best in the
 * cross-validation. Pictures that bear the `negative` tag bear none, and the model does not get it.
 *
 * Of pictures with objects in boxes it makes a detector: a feature pyramid and heads on the base, all of it but the base's beginning
 * trained by AdamW on views of the pictures (docs/architecture.md), which begins with the detector that the base brings. Without a test set
 * it is measured by other detectors, each trained without some of the pictures (the option `folds`); then the model is trained on all.
 *
 * A picture that cannot be read is logged as a warning and left out (see the option skip_broken).
 * Errors: OC_E_CANCELLED, OC_E_DATA, OC_E_NOMEM, OC_E_STATE (already running), and with skip_broken=false those of
 * oc_picture_open. May be called again: it trains anew. */
OC_API oc_status oc_trainer_run(oc_model **out, oc_trainer *trainer, oc_progress_fn progress, void *user, oc_error *err);

/* Makes the run under way return OC_E_CANCELLED soon, or the next one if none is under way. From any thread, and from a
 * signal handler. */
OC_API void oc_trainer_cancel(oc_trainer *trainer);

/* ---------------------------------------------------------------------------------------------------------------------
 * 6. Models
 * ------------------------------------------------------------------------------------------------------------------ */

/* Reads a model file (.ocm; see docs/model-format.md). Nothing of the file is executed, and nothing is allocated that the
 * file's size does not justify.
 * Errors: OC_E_NOT_FOUND, OC_E_IO, OC_E_FORMAT, OC_E_CORRUPT, OC_E_UNSUPPORTED, OC_E_LIMIT, OC_E_NOMEM. */
OC_API oc_status oc_model_load(oc_model **out, oc_context *context, const char *path, oc_error *err);

/* The same from memory, which the library does not keep. `name` is what messages call it; NULL: "model". */
OC_API oc_status oc_model_load_memory(oc_model **out, oc_context *context, const void *data, size_t size, const char *name,
                                      oc_error *err);

/* Writes a model file: complete or not at all. It is written beside `path`, synced and then renamed over it. If only the
 * last step, syncing the folder, fails, that is an error although the new file stands.
 * Errors: OC_E_NOT_FOUND (there is no such folder), OC_E_IO (the message names the step). */
OC_API oc_status oc_model_save(const oc_model *model, const char *path, oc_error *err);

/* Hands the model file's bytes to `write`, in one or more pieces. A return value other than 0 stops with OC_E_CANCELLED. */
typedef int (*oc_write_fn)(void *user, const void *data, size_t size);
OC_API oc_status oc_model_write(const oc_model *model, oc_write_fn write, void *user, oc_error *err);

OC_API void oc_model_free(oc_model *model);

OC_API size_t oc_model_n_tags(const oc_model *model);

/* The name of tag `tag`, 0 <= tag < oc_model_n_tags. NULL if out of range. */
OC_API const char *oc_model_tag(const oc_model *model, size_t tag);

#define OC_MODEL_BASE 1           /* a base network: see section 9 */
#define OC_MODEL_CLASSIFICATION 2 /* a picture has one tag */
#define OC_MODEL_MULTILABEL 3     /* a picture has any number of tags */
#define OC_MODEL_DETECTION 4      /* a picture has any number of objects, each of a tag and in a box */

OC_API uint32_t oc_model_kind(const oc_model *model);

/* From which probability on tag `tag` counts as given, of a multilabel model. 0 for others, and if out of range. */
OC_API double oc_model_threshold(const oc_model *model, size_t tag);

/* What is known of the model, as text: "kind" ("classification" or "multilabel"), "library", "created" (UTC, ISO 8601), "base",
 * "base_sha256", "base_licence" (where the base states one), "input" ("160x160 ..."), "n_parameters",
 * "n_training_pictures", "option.seed", ... The order is fixed for a model. oc_model_property returns NULL for a key it does
 * not have; _at returns OC_E_NOT_FOUND past the last one. */
OC_API const char *oc_model_property(const oc_model *model, const char *key);
OC_API oc_status oc_model_property_at(const oc_model *model, size_t index, const char **key, const char **value, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 7. Predicting
 * ------------------------------------------------------------------------------------------------------------------ */

/* What a network's arithmetic is done in. */
#define OC_PRECISION_FP32 0 /* single precision: the default */
#define OC_PRECISION_BF16 1 /* products of bfloat16, sums in single precision; single precision where the CPU has no bfloat16 */
#define OC_PRECISION_INT8 2 /* 8-bit integers: two to four times as fast, a little less exact. The same bits on every CPU */

typedef struct oc_predictor oc_predictor;
typedef struct oc_result oc_result;

typedef struct oc_predictor_options {
    uint32_t struct_size;
    uint32_t precision; /* OC_PRECISION_... */
    uint32_t tiles; /* of a detector, for pictures that show much more than those it was trained on, in parts: so many along the
                       longer side, up to 16; 0 and 1: the picture as a whole. Tiles overlap by a quarter, what is at a seam is
                       told once, and the whole picture is looked at too, for what is larger */
} oc_predictor_options;

#define OC_PREDICTOR_OPTIONS_INIT {sizeof(oc_predictor_options), OC_PRECISION_FP32, 0}

/* A model plus the scratch memory of one thread. Make one for each thread that predicts; they share the model. `options` may be
 * NULL: all defaults. Errors: OC_E_ARGUMENT for a model file that is a base network, which has no tags, for more than 16 tiles,
 * or for more than one of a model that is no detector; OC_E_UNSUPPORTED for int8 with a model whose file does not tell the
 * ranges of its values, which training finds. */
OC_API oc_status oc_predictor_create(oc_predictor **out, const oc_model *model, const oc_predictor_options *options,
                                     oc_error *err);
OC_API void oc_predictor_free(oc_predictor *predictor);

/* Predicts one picture. Errors: those of oc_picture_open. */
OC_API oc_status oc_predictor_run(oc_result **out, oc_predictor *predictor, const oc_image *image, oc_error *err);

/* Predicts `n` pictures, sharing the work among the context's threads: faster than n calls. results[i] is what
 * oc_predictor_run would have given for *images[i], or NULL where that picture failed. Returns OC_OK if all went well, or
 * else the first failure's code and message; the other results are there all the same and are the caller's to free. A NULL
 * among the images fails that one. */
OC_API oc_status oc_predictor_run_batch(oc_result **results, oc_predictor *predictor, const oc_image *const *images, size_t n,
                                        oc_error *err);

OC_API void oc_result_free(oc_result *result);

/* The answers, most probable first (equal ones in the order of the tags). A classifier gives every tag once, and their
 * probabilities add up to 1; but not those of a multilabel model, of whose answers those count whose probability is at least
 * oc_model_threshold of their tag. A detector gives up to 300 objects (of each tile) of at least 1 %, which do not add up to anything; of boxes of one tag
 * that overlap (intersection over union above 0.6) it gives the most probable one. */
OC_API size_t oc_result_count(const oc_result *result);

/* Answer `index`. The caller sets box->struct_size. OC_E_NOT_FOUND if out of range. */
OC_API oc_status oc_result_get(const oc_result *result, size_t index, oc_box *box, oc_error *err);

/* The name of answer `index`'s tag. NULL if out of range. */
OC_API const char *oc_result_tag_name(const oc_result *result, size_t index);

/* How unlike the pictures that a classifier was trained on the picture is, 0 to 1: from 0.5 on it is likely none of what the model
 * knows, whatever its probabilities say. By the distance of its features from the nearest training picture's, against those of training
 * pictures from each other: 0.5 is two standard deviations above their mean. -1 if the model does not tell: a detector, or of an older
 * version. */
OC_API double oc_result_novelty(const oc_result *result);

/* Which of a detector's answers to count. 0: the default. */
typedef struct oc_tally_options {
    uint32_t struct_size;
    uint32_t reserved;
    double probability; /* those of at least this: default 0.5 */
    double left;        /* whose boxes' centres lie in this part of the picture, in fractions of its sides: */
    double top;         /* default the whole */
    double width;
    double height;
} oc_tally_options;

#define OC_TALLY_OPTIONS_INIT {sizeof(oc_tally_options), 0, 0, 0, 0, 0, 0}

/* Counts objects: counts[t] receives how many there are of tag t, for each of the model's n_counts tags. `options` may be NULL.
 * Errors: OC_E_ARGUMENT (no detector's result; another number of tags; a part that is not within the picture). */
OC_API oc_status oc_result_tally(const oc_result *result, const oc_tally_options *options, uint64_t *counts, size_t n_counts,
                                 oc_error *err);

/* Which of what a second detector proposes is unknown to the first. 0: the default. */
typedef struct oc_unknown_options {
    uint32_t struct_size;
    uint32_t reserved;
    double probability; /* proposals of at least this: default 0.2 */
    double known;       /* what answers of at least this tell is known: default 0.5 */
} oc_unknown_options;

#define OC_UNKNOWN_OPTIONS_INIT {sizeof(oc_unknown_options), 0, 0, 0}

/* The things in a picture that a detector does not know, unknown goods on a shelf, say: of the boxes `proposed`, by the detector of the
 * base network (oc_base_open_detector) in the same picture, those that share at most 40 % of the smaller box with one of `result`
 * or with a more probable one of their own. Boxes of over 70 % of the picture, which show it and not a thing in it, count in neither.
 * The new result is of the proposing model's tags and lives as long as the caller wants. `options` may be NULL.
 * Errors: OC_E_ARGUMENT (not two detectors' results; out of range), OC_E_NOMEM. */
OC_API oc_status oc_result_unknown(oc_result **out, const oc_result *result, const oc_result *proposed,
                                   const oc_unknown_options *options, oc_error *err);

/* What in a picture spoke for a tag. */

/* How to explain. 0 or NULL: the default. */
typedef struct oc_explain {
    uint32_t struct_size;
    uint32_t side;   /* of the map, in cells: 2 to 64, default 8; the time grows with its square */
    const char *tag; /* default: the most probable one */
} oc_explain;

#define OC_EXPLAIN_INIT {sizeof(oc_explain), 0, NULL}

typedef struct oc_heat_map {
    uint32_t struct_size;
    uint32_t side;
    const char *tag;
    float probability;   /* of the tag, in the whole picture */
    float reserved;
    const float *values; /* side x side, row by row from the top: by how much the logarithm of the tag's odds falls if what is
                            around a cell is hidden. Above 0: it spoke for the tag. Below: against it */
} oc_heat_map;

#define OC_HEAT_MAP_INIT {sizeof(oc_heat_map), 0, NULL, 0, 0, NULL}

/* Explains what a classifier says of a picture: blurs one part after the other, two cells wide and high, and sees what that
 * changes (Zeiler and Fergus 2014), side x side predictions, shared among the context's threads. `explain` may be NULL. Errors:
 * OC_E_NOT_FOUND (no such tag), OC_E_UNSUPPORTED (a detector), OC_E_ARGUMENT, those of oc_picture_open. */
typedef struct oc_explanation oc_explanation;
OC_API oc_status oc_predictor_explain(oc_explanation **out, oc_predictor *predictor, const oc_image *image,
                                      const oc_explain *explain, oc_error *err);
OC_API void oc_explanation_free(oc_explanation *explanation);

/* The map; what it points to lives as long as the explanation. */
OC_API oc_status oc_explanation_get(const oc_explanation *explanation, oc_heat_map *map, oc_error *err);

/* The picture in grey, with what spoke for the tag in red and yellow and what spoke against it in blue. Large JPEGs are reduced
 * to at least twice the network's input. The caller frees it. */
OC_API oc_status oc_explanation_picture(oc_picture **out, const oc_explanation *explanation, oc_error *err);

/* Streams: what a predictor says of one frame after the other. */

/* How to follow objects. 0: the default. */
typedef struct oc_tracker_options {
    uint32_t struct_size;
    uint32_t min_frames; /* an object counts once it has been seen in so many frames on end: default 3 */
    uint32_t max_missed; /* an object that has been unseen for more frames is given up: default 10 */
    uint32_t reserved;
    double probability;  /* boxes from this probability on are looked at: default 0.5 */
    double overlap;      /* a box belongs to an object if it overlaps by this where the object is expected: default 0.3 */
} oc_tracker_options;

#define OC_TRACKER_OPTIONS_INIT {sizeof(oc_tracker_options), 0, 0, 0, 0, 0}

/* An object that is followed. */
typedef struct oc_track {
    uint32_t struct_size;
    int32_t tag;
    uint64_t id;         /* counted from 1, in the order in which objects became certain */
    const char *tag_name;
    float probability;   /* of the box that it was last seen in */
    float left;          /* where it is, smoothed, or expected while it is unseen */
    float top;
    float width;
    float height;
    uint32_t n_frames;   /* that it has been seen in */
    uint32_t n_missed;   /* that it has been unseen for; 0: it is seen */
    uint32_t is_new;     /* 1 in the frame in which it became certain: count it now */
} oc_track;

#define OC_TRACK_INIT {sizeof(oc_track), 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0}

/* Follows the objects that a detector finds from frame to frame, so that each is counted once: SORT (Bewley et al. 2016), Kalman
 * filters that foretell where objects will be, and the assignment of boxes to objects with the greatest overlap in sum. An object that
 * has become certain is followed by boxes of at least half of the probability, too, where there is no better one (ByteTrack, Zhang et
 * al. 2022), and a box that overlaps an object that is followed is no new one. Objects keep their tag. Serves one thread. `options` may be NULL. Errors: OC_E_ARGUMENT (out of range; no detector). */
typedef struct oc_tracker oc_tracker;
OC_API oc_status oc_tracker_create(oc_tracker **out, const oc_model *model, const oc_tracker_options *options, oc_error *err);
OC_API void oc_tracker_free(oc_tracker *tracker);

/* Takes what the model found in the next frame. On failure all is as before. */
OC_API oc_status oc_tracker_update(oc_tracker *tracker, const oc_result *result, oc_error *err);

/* The objects that are certain and not given up, in the order of their ids. */
OC_API size_t oc_tracker_count(const oc_tracker *tracker);
OC_API oc_status oc_tracker_get(const oc_tracker *tracker, size_t index, oc_track *track, oc_error *err);

/* How many objects of a tag have become certain so far. */
OC_API uint64_t oc_tracker_total(const oc_tracker *tracker, size_t tag);

/* When to raise an alarm. 0: the default. */
typedef struct oc_alarm_options {
    uint32_t struct_size;
    uint32_t frames;    /* looked back at: default 10, at most 64 */
    uint32_t on;        /* of them with the tag, and the alarm is raised: default 7 of 10 */
    uint32_t off;       /* of them or fewer, and it is cleared: default 3 of 10; below `on` */
    double probability; /* a frame has the tag from this probability on: default 0.5 */
    const char *tag;    /* not left out */
} oc_alarm_options;

#define OC_ALARM_OPTIONS_INIT {sizeof(oc_alarm_options), 0, 0, 0, 0, NULL}

#define OC_ALARM_OFF 0     /* nothing */
#define OC_ALARM_RAISED 1  /* it begins with this frame */
#define OC_ALARM_ON 2      /* it goes on */
#define OC_ALARM_CLEARED 3 /* it ends with this frame */

/* Tells once that a tag is there, and once that it is gone, however single frames flicker: of a classifier or a detector. Serves
 * one thread. Errors: OC_E_NOT_FOUND (no such tag), OC_E_ARGUMENT (out of range). */
typedef struct oc_alarm oc_alarm;
OC_API oc_status oc_alarm_create(oc_alarm **out, const oc_model *model, const oc_alarm_options *options, oc_error *err);
OC_API void oc_alarm_free(oc_alarm *alarm);

/* Takes what the model said of the next frame. *state receives OC_ALARM_... */
OC_API oc_status oc_alarm_update(oc_alarm *alarm, const oc_result *result, uint32_t *state, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 8. Reports: how good a model is on pictures it was not trained on
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct oc_report oc_report;

/* Measures `model` on the pictures of `dataset`, matching tags by name. A picture that cannot be read is logged, counted
 * (oc_report_n_skipped) and left out. `options` (how to predict) and `progress` may be NULL.
 * Errors: OC_E_DATA (a tag that the model lacks; no readable picture), OC_E_CANCELLED, OC_E_NOMEM, those of
 * oc_predictor_create. */
OC_API oc_status oc_model_evaluate(oc_report **out, const oc_model *model, const oc_dataset *dataset,
                                   const oc_predictor_options *options, oc_progress_fn progress, void *user, oc_error *err);

/* How the model was measured when it was trained. OC_E_NOT_FOUND if the model file holds no report. */
OC_API oc_status oc_model_report(oc_report **out, const oc_model *model, oc_error *err);

/* How good a classifier was with how many pictures. */
typedef struct oc_learning_point {
    uint32_t struct_size;
    uint32_t is_measured; /* 1: by cross-validation when it was trained; 0: expected */
    uint64_t n_pictures;  /* learned from */
    double accuracy;      /* share of other pictures whose most probable tag is right */
} oc_learning_point;

#define OC_LEARNING_POINT_INIT {sizeof(oc_learning_point), 0, 0, 0}

/* The learning curve: with about a quarter, half and all of the pictures as measured, and last what is expected with twice as
 * many, since errors fall as a power of the number of pictures (Hestness et al. 2017). The caller sets point->struct_size.
 * OC_E_NOT_FOUND past the last point, and if the model does not say: it is no classifier for pictures of one tag, had fewer than eight
 * pictures a tag, or is of an older version. */
OC_API oc_status oc_model_learning(const oc_model *model, size_t index, oc_learning_point *point, oc_error *err);

OC_API void oc_report_free(oc_report *report);

#define OC_REPORT_TEST_SET 1         /* on pictures kept apart */
#define OC_REPORT_CROSS_VALIDATION 2 /* each picture predicted by a model that was not trained on it */

OC_API uint32_t oc_report_method(const oc_report *report);

/* Folds of the cross-validation; 1 for a test set. */
OC_API uint32_t oc_report_n_folds(const oc_report *report);

/* Pictures measured on, and pictures left out because they could not be read. */
OC_API size_t oc_report_count(const oc_report *report);
OC_API size_t oc_report_n_skipped(const oc_report *report);

OC_API size_t oc_report_n_tags(const oc_report *report);
OC_API const char *oc_report_tag(const oc_report *report, size_t tag);

/* From which probability on tag `tag` counts as given: oc_model_threshold. */
OC_API double oc_report_threshold(const oc_report *report, size_t tag);

/* OC_MODEL_...: what was measured. Where a picture has any number of tags, each was or was not given it at the tag's own
 * threshold (oc_model_threshold), and answers of less than 0.01 are only remembered if the picture bears the tag. */
OC_API uint32_t oc_report_kind(const oc_report *report);

/* Share of the pictures whose most probable tag is right, 0 to 1, at no threshold. Of a multilabel model: that were given just
 * the tags that they bear (subset accuracy). Of a detector 0: see oc_report_box_metrics. */
OC_API double oc_report_accuracy(const oc_report *report);

/* Share of all pairs of a picture and a tag that are wrong (Hamming loss). */
OC_API double oc_report_hamming_loss(const oc_report *report);

/* How far probabilities are from what they say: the expected calibration error (Naeini et al. 2015), the mean over the pictures
 * of the difference between probability and accuracy within their bin of oc_report_reliability; 0 is perfect. */
OC_API double oc_report_calibration_error(const oc_report *report);

/* The pictures whose most probable tag has a probability from `low` to below `high` (1 belongs to the last bin). Of a multilabel
 * model: the pairs of a picture and a tag, from 0.01 on. */
typedef struct oc_reliability {
    uint32_t struct_size;
    uint32_t n_pictures;
    double low;
    double high;
    double probability; /* mean, of the most probable tag; 0 without pictures */
    double accuracy;    /* share of them that is right: the same as `probability`, if probabilities mean what they say */
} oc_reliability;

#define OC_RELIABILITY_INIT {sizeof(oc_reliability), 0, 0, 0, 0, 0}

/* Bin `bin` of ten of equal width, counted from 0: what a reliability diagram shows. The caller sets reliability->struct_size.
 * OC_E_NOT_FOUND past the last one. */
OC_API oc_status oc_report_reliability(const oc_report *report, size_t bin, oc_reliability *reliability, oc_error *err);

#define OC_TAGS_TOGETHER (-1) /* every picture counts the same (micro average) */
#define OC_TAGS_MEAN (-2)     /* every tag that has pictures counts the same (macro average) */

#define OC_THRESHOLD_OWN (-1.0) /* each tag's own: oc_model_threshold */

/* A picture counts as predicted `tag` if that is its most probable tag and its probability is at least the threshold; of a
 * multilabel model, if the tag's probability is at least the threshold (those below 0.01 are as 0.01).
 * A share whose denominator is 0 is given as 0. */
typedef struct oc_metrics {
    uint32_t struct_size;
    uint32_t n_pictures;      /* pictures that bear the tag */
    uint32_t n_predicted;     /* pictures predicted to bear it */
    uint32_t n_correct;       /* pictures predicted to bear it that do */
    double precision;         /* n_correct / n_predicted */
    double recall;            /* n_correct / n_pictures */
    double f1;                /* harmonic mean of the two */
    double average_precision; /* area under the precision-recall curve (sum over ranks, no interpolation), at no threshold.
                                 Together and mean: the mean over tags that have pictures */
    double precision_deviation; /* standard deviation over the folds; 0 for a test set */
    double recall_deviation;
    double average_precision_deviation;
} oc_metrics;

#define OC_METRICS_INIT {sizeof(oc_metrics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* The figures of one tag, or OC_TAGS_TOGETHER, or OC_TAGS_MEAN, at a probability threshold from 0 to 1 (0: the most
 * probable tag always counts) or OC_THRESHOLD_OWN. The caller sets metrics->struct_size. Errors: OC_E_ARGUMENT. */
OC_API oc_status oc_report_metrics(const oc_report *report, int32_t tag, double threshold, oc_metrics *metrics, oc_error *err);

/* What a threshold brings: answers of at least that probability are left to the model, the others to a human. */
typedef struct oc_operating_point {
    uint32_t struct_size;
    uint32_t reserved;
    double threshold;
    uint64_t n_predicted; /* answers from the threshold on */
    uint64_t n_correct;   /* of those */
    double precision;     /* n_correct / n_predicted */
    double recall;        /* n_correct / the pictures that bear the tag */
    double f1;
    double share;         /* n_predicted / all pictures: what is left to the model. Of a multilabel model: / all remembered answers */
} oc_operating_point;

#define OC_OPERATING_POINT_INIT {sizeof(oc_operating_point), 0, 0, 0, 0, 0, 0, 0, 0}

/* All thresholds that make a difference, from the highest down, with what each brings for one tag or for OC_TAGS_TOGETHER: the
 * curve of precision over recall. An answer is a picture's most probable tag; of a multilabel model every tag, from 0.01 on.
 * Errors: OC_E_ARGUMENT (no such tag), OC_E_UNSUPPORTED (a detector: see oc_report_box_metrics). */
typedef struct oc_curve oc_curve;
OC_API oc_status oc_report_curve(oc_curve **out, const oc_report *report, int32_t tag, oc_error *err);
OC_API void oc_curve_free(oc_curve *curve);
OC_API size_t oc_curve_count(const oc_curve *curve);
OC_API oc_status oc_curve_get(const oc_curve *curve, size_t index, oc_operating_point *point, oc_error *err);

#define OC_GOAL_PRECISION 1 /* the lowest threshold with at least this precision: how much can be left to the model */
#define OC_GOAL_RECALL 2    /* the highest threshold with at least this recall: how sure one can be and miss no more */
#define OC_GOAL_F1 3        /* the threshold with the greatest F1, whatever `value` */

/* The point of a curve that reaches a goal; `value` is 0 to 1. OC_E_NOT_FOUND if none does. */
OC_API oc_status oc_curve_find(const oc_curve *curve, uint32_t goal, double value, oc_operating_point *point, oc_error *err);

#define OC_OVERLAP_STANDARD 0.3

/* How good a detector is. An object counts as found if a box of its tag, of at least the probability, overlaps it (intersection over
 * union) by at least the overlap; each object is found once, by the most probable boxes first, and every other box is wrong. ap50, ap,
 * average_recall and those by size are those of COCO (to which they are equal: 100 boxes a picture and tag; areas as in a picture of the input's size), at no probability. */
typedef struct oc_box_metrics {
    uint32_t struct_size;
    uint32_t n_pictures;     /* pictures with objects of the tag */
    uint64_t n_objects;
    uint64_t n_predicted;    /* boxes */
    uint64_t n_correct;      /* boxes that found an object */
    double precision;        /* n_correct / n_predicted */
    double recall;           /* n_correct / n_objects */
    double f1;
    double ap50;             /* average precision at an overlap of 0.5 */
    double ap;               /* its mean over overlaps of 0.5, 0.55, ..., 0.95 */
    double average_recall;   /* of all boxes, over the same overlaps */
    double best_probability; /* from which on boxes have to count for the greatest F1 at this overlap; of several tags the mean */
    double best_f1;          /* that F1 */
    double ap_small;         /* `ap` of objects by their area in pixels of the network's input: up to 32 x 32, */
    double ap_medium;        /* up to 96 x 96, */
    double ap_large;         /* and larger; -1 where there are none */
    double precision_deviation; /* standard deviations over the folds; 0 for a test set */
    double recall_deviation;
    double ap50_deviation;
    double ap_deviation;
} oc_box_metrics;

#define OC_BOX_METRICS_INIT {sizeof(oc_box_metrics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* The figures of one tag, or OC_TAGS_TOGETHER, or OC_TAGS_MEAN, at a probability and an overlap, each 0 to 1. oc_report_metrics gives
 * the same for the overlap OC_OVERLAP_STANDARD (its threshold 0: all boxes; OC_THRESHOLD_OWN: 0.5), with objects in the place of
 * pictures and ap50 as average precision. The caller sets metrics->struct_size. Errors: OC_E_ARGUMENT (out of range; not the report of
 * a detector). */
OC_API oc_status oc_report_box_metrics(const oc_report *report, int32_t tag, double probability, double overlap,
                                       oc_box_metrics *metrics, oc_error *err);

/* What a detector got wrong. */
#define OC_MISTAKE_MISSED 1       /* no box found the object */
#define OC_MISTAKE_FALSE 2        /* a box where no object is */
#define OC_MISTAKE_WRONG_TAG 3    /* a box on an object of another tag */
#define OC_MISTAKE_BADLY_PLACED 4 /* a box that overlaps an object of its tag by 0.1 or more, but not enough */
#define OC_MISTAKE_DOUBLE 5       /* a box on an object that another box has found already */

typedef struct oc_box_mistake {
    uint32_t struct_size;
    uint32_t kind;    /* OC_MISTAKE_... */
    uint64_t picture; /* its number in the report */
    const char *name; /* of the picture, as in oc_report_entry */
    double overlap;   /* of the box with the object; 0 where there is but one of the two */
    oc_box found;     /* the box; its tag is -1 if the object was missed */
    oc_box truth;     /* the object; its tag is -1 if there is none */
} oc_box_mistake;

#define OC_BOX_MISTAKE_INIT {sizeof(oc_box_mistake), 0, 0, NULL, 0, OC_BOX_INIT, OC_BOX_INIT}

/* Every box of at least the probability that finds no object by the overlap (as oc_report_box_metrics counts), with the reason,
 * and every object that was missed and is in no other mistake; picture by picture, the most probable box first, then what was
 * missed. Errors: OC_E_ARGUMENT (out of range; not the report of a detector). */
typedef struct oc_box_mistake_list oc_box_mistake_list;
OC_API oc_status oc_report_box_mistakes(oc_box_mistake_list **out, const oc_report *report, double probability, double overlap,
                                        oc_error *err);
OC_API void oc_box_mistake_list_free(oc_box_mistake_list *list);
OC_API size_t oc_box_mistake_list_count(const oc_box_mistake_list *list);

/* Mistake `index`. The caller sets mistake->struct_size; the name lives as long as the report. OC_E_NOT_FOUND if there is none. */
OC_API oc_status oc_box_mistake_list_get(const oc_box_mistake_list *list, size_t index, oc_box_mistake *mistake, oc_error *err);

/* Pictures that bear tag `truth` and whose most probable tag is `predicted`. Of a multilabel model: that bear `truth`, and were
 * given `predicted` which they lack (or bear, if it is the same tag). 0 if out of range. */
OC_API uint64_t oc_report_confusion(const oc_report *report, size_t truth, size_t predicted);

/* One picture of the report. */
typedef struct oc_report_entry {
    uint32_t struct_size;
    int32_t truth;      /* the tag it bears (of several the first); -1 if it bears none */
    int32_t predicted;  /* its most probable tag; -1 if no answer is remembered */
    float probability;  /* of that */
    uint32_t fold;      /* which fold held it out; 0 for a test set */
    const char *name;   /* NULL in a report that comes from a model file: names of pictures are not stored there */
} oc_report_entry;

#define OC_REPORT_ENTRY_INIT {sizeof(oc_report_entry), 0, 0, 0, 0, NULL}

/* Picture `index`, 0 <= index < oc_report_count. The caller sets entry->struct_size. OC_E_NOT_FOUND if out of range. */
OC_API oc_status oc_report_get(const oc_report *report, size_t index, oc_report_entry *entry, oc_error *err);

/* One of the tags of a picture, and what was said of it. */
typedef struct oc_report_said {
    uint32_t struct_size;
    int32_t tag;
    float probability; /* negative if it is not remembered: of the true tag, where a picture has one and another was predicted */
    uint32_t bears;    /* 1 if the picture bears the tag */
    uint32_t given;    /* 1 if it was predicted */
} oc_report_said;

#define OC_REPORT_SAID_INIT {sizeof(oc_report_said), 0, 0, 0, 0}

/* The tags that picture `index` bears or may bear, in the order of the tags; where a picture has one tag, the predicted one and
 * then, if that is another, the true one. The caller sets said->struct_size. OC_E_NOT_FOUND if out of range. */
OC_API size_t oc_report_n_answers(const oc_report *report, size_t index);
OC_API oc_status oc_report_answer(const oc_report *report, size_t index, size_t k, oc_report_said *said, oc_error *err);

/* Writes the report as one HTML page that needs nothing else, complete or not at all: figures with intervals, what can be left to
 * the model and what to a human, curves, the most certain mistakes and the pictures of each confusion, made small. Pictures are
 * read from the paths that they have as names; where that cannot be, their names stand alone. Errors: as of oc_model_save. */
OC_API oc_status oc_report_save_page(const oc_report *report, const char *path, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 9. Base networks: what training starts from
 *
 * One is built into the library. Others lie as model files in the folder that is installed with the library
 * (<prefix>/share/ocellus/base) and in the user's own: $OCELLUS_BASE_PATH, or else $XDG_DATA_HOME/ocellus/base or
 * ~/.local/share/ocellus/base. A file's checksum is written down beside it (NAME.ocm.sha256, as sha256sum does) when it is
 * stored, and a file that no longer has it is refused. The trainer's option `base` names the one to train on; a model remembers
 * its name and checksum (the properties "base" and "base_sha256").
 * ------------------------------------------------------------------------------------------------------------------ */

#define OC_BASE_BUILTIN 1
#define OC_BASE_USER 2
#define OC_BASE_INSTALLED 3

/* A base network that can be opened by its name. */
typedef struct oc_base {
    uint32_t struct_size;
    uint32_t place;     /* one of OC_BASE_... */
    const char *name;
    const char *path;   /* its file; NULL if it is built in */
    const char *sha256; /* the checksum that is written down; "" if none is */
    uint64_t n_bytes;   /* of its file */
} oc_base;

#define OC_BASE_INIT {sizeof(oc_base), 0, NULL, NULL, NULL, 0}

/* What base networks there were when the list was made: the built-in one, then the user's, then those installed, each in the
 * order of their names. Where two have the same name, the one listed is the one that is opened. The files are not read; whether
 * one is sound, oc_base_open tells. Errors: OC_E_IO (a folder cannot be read), OC_E_NOMEM. */
typedef struct oc_base_list oc_base_list;
OC_API oc_status oc_base_list_create(oc_base_list **out, oc_context *context, oc_error *err);
OC_API void oc_base_list_free(oc_base_list *list);
OC_API size_t oc_base_list_count(const oc_base_list *list);

/* Entry `index`, 0 <= index < oc_base_list_count. The caller sets base->struct_size; the strings live as long as the list.
 * OC_E_NOT_FOUND if out of range. */
OC_API oc_status oc_base_list_get(const oc_base_list *list, size_t index, oc_base *base, oc_error *err);

/* Opens a base network by its name, or by the path of its file (a path holds a '/' or ends in ".ocm"), and checks it. "auto" is
 * the best of the library's own: "standard" where it is installed, or else "compact", which is built in. It is an
 * oc_model without tags, whose properties say what it is: "name", "sha256" (of its file), "input", "n_parameters",
 * "n_multiply_adds", "licence", ...
 * Errors: OC_E_NOT_FOUND (the message lists what there is), OC_E_CORRUPT (damaged, or not the file that was stored),
 * OC_E_ARGUMENT (a trained model), and those of oc_model_load. */
OC_API oc_status oc_base_open(oc_model **out, oc_context *context, const char *name, oc_error *err);

/* The detector that a base network brings, which detectors that are trained on it begin with: of one tag, "object", for things of
 * whatever kind. It proposes boxes before anything has been trained. Errors: those of oc_base_open, OC_E_UNSUPPORTED if it brings
 * none. */
OC_API oc_status oc_base_open_detector(oc_model **out, oc_context *context, const char *name, oc_error *err);

#define OC_LAYOUT_NCHW 1 /* [picture][channel][row][column] */
#define OC_LAYOUT_NHWC 2 /* [picture][row][column][channel] */

#define OC_RESIZE_SQUASH 1    /* to the network's size, whatever the picture's aspect */
#define OC_RESIZE_CROP 2      /* the largest centred part of the right aspect */
#define OC_RESIZE_LETTERBOX 3 /* all of the picture, centred, the rest black */

/* How a network is taken over. 0 or NULL: as the file says, or else what is stated here. */
typedef struct oc_import_options {
    uint32_t struct_size;
    uint32_t layout;        /* of the input: OC_LAYOUT_...; default: the one in which it has 3 channels */
    uint32_t width;         /* of the input; needed if the file leaves it open */
    uint32_t height;        /* likewise */
    uint32_t channels;      /* OC_IMAGE_RGB8 or OC_IMAGE_BGR8: the order in the input; default: RGB */
    uint32_t resize;        /* OC_RESIZE_...; default: crop */
    const char *mean;       /* input = (pixel of 0 to 255 - mean) / deviation: a number, or three in the order of */
    const char *deviation;  /* the input's channels, with commas. Default where neither is given: what the file's own
                               metadata or the first layers of the network tell, or else those of ImageNet, with a warning */
    const char *features;   /* the node or value whose output, averaged over its pixels, is the features; default: what goes
                               into the classifier at the network's end (the last matrix product or 1x1 convolution, if only
                               functions, pooling and other shapes follow it), or else the first output */
    const char *name;       /* what the base is to be called; default: its file's name without its ending */
    const char *licence;    /* the terms of the weights, for the record */
} oc_import_options;

#define OC_IMPORT_OPTIONS_INIT {sizeof(oc_import_options), 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL}

/* Makes a base network of an ONNX file (operator sets 1 to 21; see docs/onnx.md for what can be represented), whose weights may
 * all be trained further, or takes one from a model file. `options` may be NULL. Nothing of the file is executed, and no other
 * file is opened. Errors: OC_E_NOT_FOUND, OC_E_IO, OC_E_FORMAT, OC_E_CORRUPT, OC_E_UNSUPPORTED (the message names the node, its
 * operator and the reason; or the library was built without ONNX), OC_E_ARGUMENT (a size is needed; there are no such features;
 * an option is out of range), OC_E_LIMIT, OC_E_NOMEM. */
OC_API oc_status oc_base_import(oc_model **out, oc_context *context, const char *path, const oc_import_options *options,
                                oc_error *err);

/* Stores a base network under its name (the property "name": 1 to 64 letters, digits, '.', '_' and '-') in the user's folder,
 * which is made if need be. Errors: OC_E_STATE (there is one of that name, and `replace` is 0), OC_E_ARGUMENT (not a base, or a
 * name that cannot be used), OC_E_NOT_FOUND (no folder is known), OC_E_IO. */
OC_API oc_status oc_base_store(const oc_model *base, int replace, oc_error *err);

/* Removes a base network from the user's folder. Errors: OC_E_NOT_FOUND, OC_E_ARGUMENT (it is built in or installed),
 * OC_E_IO. */
OC_API oc_status oc_base_remove(oc_context *context, const char *name, oc_error *err);

/* OC_OK if `model` was trained on the base network `base`, which oc_base_open gave; OC_E_DATA, with a message that names both,
 * if it was trained on another or does not say. */
OC_API oc_status oc_base_check(const oc_model *model, const oc_model *base, oc_error *err);

/* How many numbers a base network says of a picture. 0 for a model that is none. */
OC_API size_t oc_base_n_features(const oc_model *base);

/* Writes those numbers for the whole of every picture of a data set of the same context, a row each in the order of the
 * samples, to `values`, which has room for `n_values` = oc_dataset_count x oc_base_n_features. `progress` may be NULL.
 * Errors: OC_E_ARGUMENT (not a base; another number of values), OC_E_CANCELLED, OC_E_NOMEM, and those of oc_picture_open for
 * the first picture that cannot be read. */
OC_API oc_status oc_base_features(float *values, size_t n_values, const oc_model *base, const oc_dataset *dataset,
                                  oc_progress_fn progress, void *user, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 10. Projects: pictures, tags and regions on disk, for a working life
 *
 * A project is a folder: a database (project.db) and the pictures' and models' files, each under the hash of its bytes, so that
 * the same picture is kept once. Any number of programs may read a project while one changes it. Every change is made wholly or
 * not at all, whatever happens meanwhile, and lasts once the function has returned.
 *
 * Projects, tags, pictures and regions have identifiers (UUIDs, as text) that never change. Where a function takes a tag, it
 * takes the identifier or the name; where it takes a picture, the identifier or the SHA-256 of its file, or the first six or
 * more characters of one of them, if no other picture has the same. Lists are snapshots: they never change, and their strings
 * live as long as they do. Moments are UTC in ISO 8601: "2026-01-31T23:59:59Z".
 *
 * Besides what is listed, every function that reads or changes a project may give OC_E_IO, OC_E_CORRUPT and OC_E_STATE (another
 * program has been writing for more than ten seconds).
 * ------------------------------------------------------------------------------------------------------------------ */

#define OC_ID_SIZE 37 /* bytes of an identifier with its NUL */

#define OC_PROJECT_MULTICLASS 1 /* each picture has one tag */
#define OC_PROJECT_MULTILABEL 2 /* each picture has any number of tags */
#define OC_PROJECT_DETECTION 3  /* pictures have regions, and each region a tag */
#define OC_PROJECT_ANOMALY 4    /* what is normal, and what is not */

#define OC_KEEP_FOREVER 1000000 /* days */

typedef struct oc_project oc_project;

/* What a project is. In oc_project_create and oc_project_update the first part is what it is to be: 0 or NULL is the default,
 * or leaves it as it was, and the rest is not looked at. */
typedef struct oc_project_info {
    uint32_t struct_size;
    uint32_t kind;           /* OC_PROJECT_...; default: multiclass */
    const char *name;        /* 1 to 256 bytes without control characters; default: the folder's name */
    const char *description; /* up to 4096 bytes */
    const char *domain;      /* what kind of pictures: the name or identifier of a domain (see oc_domain); default: "General" */
    const char *id;
    const char *created;
    const char *modified;
    uint64_t n_tags;
    uint64_t n_pictures;
    uint64_t n_untagged; /* pictures without a tag */
    uint64_t n_regions;
    uint64_t n_bytes;    /* of the pictures' files */
    uint32_t n_iterations;
    uint32_t keep_days;  /* of the first part: days that stored predictions are kept, or OC_KEEP_FOREVER; default: 30 */
} oc_project_info;

#define OC_PROJECT_INFO_INIT {sizeof(oc_project_info), 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0}

/* Makes a project in the folder `path`, which is made if need be, and opens it. `info` may be NULL.
 * Errors: OC_E_STATE (there is a project already), OC_E_ARGUMENT. */
OC_API oc_status oc_project_create(oc_project **out, oc_context *context, const char *path, const oc_project_info *info,
                                   oc_error *err);

/* Opens a project; one made by an older version of the library is brought up to date.
 * Errors: OC_E_NOT_FOUND, OC_E_FORMAT (not a project), OC_E_UNSUPPORTED (made by a newer version). */
OC_API oc_status oc_project_open(oc_project **out, oc_context *context, const char *path, oc_error *err);

/* Closes it. A change that was begun and not ended is undone. */
OC_API void oc_project_free(oc_project *project);

/* What the project is now. The caller sets info->struct_size; the strings live until the next call of this function for this
 * project, or its end. */
OC_API oc_status oc_project_get_info(oc_project *project, oc_project_info *info, oc_error *err);

/* Changes the first part of what the project is. Multiclass and multilabel may be exchanged; multiclass only while no picture
 * has more than one tag. A project without tags may become of any kind, and where its domain is none of that kind, of the domain
 * "General". Errors: OC_E_ARGUMENT, OC_E_DATA (that kind cannot be; the message says why), OC_E_NOT_FOUND (no such domain for
 * that kind; the message lists them). */
OC_API oc_status oc_project_update(oc_project *project, const oc_project_info *info, oc_error *err);

/* Makes all that follows one change, until it is ended: much faster for many small changes, and all of them happen or none.
 * A function that fails in between undoes its own part alone. Other programs can read meanwhile, but not write. Calls may be
 * nested. `keep` 0 undoes it. Errors of oc_project_end: OC_E_STATE (none was begun; or a failure, such as a full disk, has
 * undone all of it already); then nothing has changed. */
OC_API oc_status oc_project_begin(oc_project *project, oc_error *err);
OC_API oc_status oc_project_end(oc_project *project, int keep, oc_error *err);

#define OC_PROBLEM_DATABASE 1   /* the database is damaged or contradicts itself */
#define OC_PROBLEM_MISSING 2    /* a picture's file is not there */
#define OC_PROBLEM_CHANGED 3    /* a picture's file no longer has the bytes that were stored */
#define OC_PROBLEM_LEFT_OVER 4  /* a file that belongs to nothing: an addition was interrupted */
#define OC_PROBLEM_UNFINISHED 5 /* a file that was not written to its end, likewise; nothing refers to it */

#define OC_VERIFY_REPAIR 1 /* finish or undo what was interrupted: files that belong to nothing go to the folder "lost", those
                              missing are looked for there, and counts that are wrong are counted again */
#define OC_VERIFY_FORGET 2 /* with OC_VERIFY_REPAIR: remove pictures whose file is gone, and all that was known of them */

typedef struct oc_problem {
    uint32_t struct_size;
    uint32_t kind;       /* OC_PROBLEM_... */
    int32_t repaired;    /* not 0: it is no more */
    const char *picture; /* its identifier; "" if the problem is not a picture's */
    const char *message; /* "files/ab/abcd.jpg: belongs to nothing" */
} oc_problem;

#define OC_PROBLEM_INIT {sizeof(oc_problem), 0, 0, NULL, NULL}

/* Checks all of a project: the database, and every byte of every picture's file. `flags` is a sum of OC_VERIFY_...; 0 changes
 * nothing. An empty list means that all is well. With OC_VERIFY_REPAIR the project is locked against writing meanwhile.
 * `progress` may be NULL. Errors: OC_E_CANCELLED. */
typedef struct oc_problem_list oc_problem_list;
OC_API oc_status oc_project_verify(oc_problem_list **out, oc_project *project, uint32_t flags, oc_progress_fn progress,
                                   void *user,
                                   oc_error *err);
OC_API void oc_problem_list_free(oc_problem_list *list);
OC_API size_t oc_problem_list_count(const oc_problem_list *list);
OC_API oc_status oc_problem_list_get(const oc_problem_list *list, size_t index, oc_problem *problem, oc_error *err);

/* Writes all of a project, as it is at one moment, into one file: a tar archive, complete or not at all; an older file of that
 * name is replaced. Meanwhile others can read and (but for the rare case that somebody deletes pictures just then) change the
 * project. `progress` may be NULL. Errors: OC_E_STATE (a change was begun and not ended), OC_E_NOT_FOUND (a file of the project
 * is missing), OC_E_CANCELLED, OC_E_IO. */
OC_API oc_status oc_project_backup(oc_project *project, const char *path, oc_progress_fn progress, void *user, oc_error *err);

/* Makes a project of a backup in the folder `path`, which is made if need be, checks all of it, and opens it. If it fails the
 * same call may be made again. Errors: OC_E_STATE (there is a project already), OC_E_FORMAT (no backup), OC_E_CORRUPT,
 * OC_E_CANCELLED. */
OC_API oc_status oc_project_restore(oc_project **out, oc_context *context, const char *backup, const char *path,
                                    oc_progress_fn progress, void *user, oc_error *err);

/* Tags */

#define OC_TAG_REGULAR 1
#define OC_TAG_NEGATIVE 2        /* none of the others; at most one a project, alone on its pictures, and not in detection */
#define OC_TAG_GENERAL_PRODUCT 3 /* goods that no other tag names */

typedef struct oc_tag {
    uint32_t struct_size;
    uint32_t type;           /* OC_TAG_...; default: regular */
    const char *name;        /* 1 to 256 bytes of UTF-8 without control characters */
    const char *description; /* up to 4096 bytes */
    const char *colour;      /* "" or "#rrggbb" */
    const char *id;
    uint64_t n_pictures;     /* that bear it */
    uint64_t n_regions;
    const char *extra;       /* JSON of up to 1 MiB that is kept as it is: what only another program understands; "" if none */
} oc_tag;

#define OC_TAG_INIT {sizeof(oc_tag), 0, NULL, NULL, NULL, NULL, 0, 0, NULL}

/* Makes a tag. `id` may be NULL, or has room for OC_ID_SIZE bytes. Of `tag`, `id` and the counts are not looked at.
 * Errors: OC_E_STATE (there is a tag of that name, or a negative one already), OC_E_ARGUMENT, OC_E_DATA (a negative tag in
 * detection), OC_E_LIMIT (more than 10,000 tags). */
OC_API oc_status oc_project_add_tag(char *id, oc_project *project, const oc_tag *tag, oc_error *err);

/* Changes a tag: 0 or NULL leaves a field as it was. Errors: those of oc_project_add_tag, OC_E_NOT_FOUND. */
OC_API oc_status oc_project_update_tag(oc_project *project, const char *tag, const oc_tag *change, oc_error *err);

/* Gives `into` to all that bears `from`, and removes `from`. Errors: OC_E_NOT_FOUND, OC_E_ARGUMENT (the same tag),
 * OC_E_DATA. */
OC_API oc_status oc_project_merge_tags(oc_project *project, const char *from, const char *into, oc_error *err);

/* Removes a tag from all pictures, its regions too. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_delete_tag(oc_project *project, const char *tag, oc_error *err);

/* The tags in the order in which they were made. */
typedef struct oc_tag_list oc_tag_list;
OC_API oc_status oc_project_tags(oc_tag_list **out, oc_project *project, oc_error *err);
OC_API void oc_tag_list_free(oc_tag_list *list);
OC_API size_t oc_tag_list_count(const oc_tag_list *list);
OC_API oc_status oc_tag_list_get(const oc_tag_list *list, size_t index, oc_tag *tag, oc_error *err);

/* Pictures */

/* What is known of a picture as it is added. */
typedef struct oc_labels {
    uint32_t struct_size;
    uint32_t n_tags;
    const char *const *tags; /* of the picture; each is made if it is new */
    uint32_t n_metadata;
    const char *const *keys; /* of n_metadata pairs: 1 to 256 bytes, the values up to 4096 */
    const char *const *values;
    const char *split; /* "train", "test", ...: up to 64 bytes; "": none */
    const char *extra; /* JSON of up to 1 MiB that is kept as it is: what only another program understands; "": none */
} oc_labels;

#define OC_LABELS_INIT {sizeof(oc_labels), 0, NULL, 0, NULL, NULL, NULL, NULL}

typedef struct oc_addition {
    uint32_t struct_size;
    int32_t duplicate; /* not 0: the same bytes were there already; what `labels` says was added to them */
    char id[40];
} oc_addition;

#define OC_ADDITION_INIT {sizeof(oc_addition), 0, {0}}

/* Adds a picture (OC_IMAGE_PATH or OC_IMAGE_ENCODED; its bytes are kept as they are) after decoding it to see that it can be.
 * `labels` and `addition` may be NULL. Errors: those of oc_picture_open, OC_E_UNSUPPORTED (raw pixels), OC_E_ARGUMENT,
 * OC_E_DATA (these tags cannot be on one picture, or are for regions), OC_E_STATE. */
OC_API oc_status oc_project_add_picture(oc_addition *addition, oc_project *project, const oc_image *image,
                                        const oc_labels *labels,
                                        oc_error *err);

/* What became of a folder's files. */
typedef struct oc_folder_summary {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t n_added;
    uint64_t n_duplicates;
    uint64_t n_skipped; /* files that are no pictures or cannot be read; each is logged as a warning */
} oc_folder_summary;

#define OC_FOLDER_SUMMARY_INIT {sizeof(oc_folder_summary), 0, 0, 0, 0}

/* Adds the pictures of a folder, and those of its sub-folders with the sub-folder's name as their tag (in a detection project
 * without). `labels` (what all of them get) and `summary` may be NULL. Some hundred pictures are one change: what has been
 * reported as progress lasts, and after an interruption the same call goes on. Errors: OC_E_CANCELLED, OC_E_NOT_FOUND,
 * OC_E_DATA; in any case `summary` says what was done. */
OC_API oc_status oc_project_add_folder(oc_folder_summary *summary, oc_project *project, const char *path,
                                       const oc_labels *labels,
                                       oc_progress_fn progress, void *user, oc_error *err);

/* Puts another picture in a picture's place: it keeps its identifier, tags, regions and metadata. Errors: those of
 * oc_project_add_picture, OC_E_NOT_FOUND, OC_E_STATE (the new one is in the project already). */
OC_API oc_status oc_project_replace_picture(oc_project *project, const char *picture, const oc_image *image, oc_error *err);

/* The rest is for `n` pictures at once, in one change. Errors: OC_E_NOT_FOUND (the message says which). */
OC_API oc_status oc_project_delete_pictures(oc_project *project, const char *const *pictures, size_t n, oc_error *err);

#define OC_LABEL_ADD 1    /* besides the tags that they have */
#define OC_LABEL_SET 2    /* instead of the tags that they have */
#define OC_LABEL_REMOVE 3 /* take it away, if they have it */

/* Gives or takes a tag. Errors: OC_E_NOT_FOUND, OC_E_DATA (it cannot be on a picture beside another; or the project is for
 * detection, where tags come from regions). */
OC_API oc_status oc_project_label_pictures(oc_project *project, const char *const *pictures, size_t n, const char *tag,
                                           uint32_t how,
                                           oc_error *err);

/* Sets a metadata pair, or takes it away (`value` NULL). */
OC_API oc_status oc_project_set_metadata(oc_project *project, const char *const *pictures, size_t n, const char *key,
                                         const char *value, oc_error *err);

/* Says which split they belong to: "train", "test", ...; "": none. */
OC_API oc_status oc_project_set_split(oc_project *project, const char *const *pictures, size_t n, const char *split,
                                      oc_error *err);

#define OC_PICTURES_ALL 0
#define OC_PICTURES_TAGGED 1
#define OC_PICTURES_UNTAGGED 2

#define OC_ORDER_OLDEST 1 /* in the order in which they were added: the default */
#define OC_ORDER_NEWEST 2
#define OC_ORDER_NAME 3   /* by the bytes of their names */

/* Which pictures, and in which order. 0 or NULL: no condition. */
typedef struct oc_picture_filter {
    uint32_t struct_size;
    uint32_t state;           /* OC_PICTURES_... */
    const char *const *tags;  /* pictures that bear any of these */
    uint32_t n_tags;
    uint32_t order;           /* OC_ORDER_... */
    const char *metadata;     /* an expression: "key eq 'value' and (other ne 'x' or 'a key' eq 'it''s')"; `and` before `or`;
                                 a picture without the key is not equal */
    const char *name;         /* pictures whose name holds this, letters of ASCII in either case */
    const char *added_after;  /* at this moment or later: "2026-01-31", or to the second */
    const char *added_before; /* before this moment */
    uint64_t offset;          /* how many to pass over */
    uint64_t limit;           /* how many at most: default 50, at most 10,000 */
} oc_picture_filter;

#define OC_PICTURE_FILTER_INIT {sizeof(oc_picture_filter), 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 0, 0}

/* A picture of a project. */
typedef struct oc_picture_info {
    uint32_t struct_size;
    uint32_t width; /* of the upright picture, in pixels */
    uint32_t height;
    uint32_t n_tags;
    uint32_t n_regions;
    uint32_t n_metadata;
    const char *id;
    const char *name; /* its path as it was added, or the name that it was given */
    const char *sha256;
    const char *path; /* of its file in the project */
    const char *added;
    uint64_t n_bytes;
    const char *split; /* "" if none */
    const char *extra; /* as in oc_labels */
} oc_picture_info;

#define OC_PICTURE_INFO_INIT {sizeof(oc_picture_info), 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL}

/* A page of pictures. `filter` may be NULL. Errors: OC_E_ARGUMENT (the message says where an expression goes wrong),
 * OC_E_NOT_FOUND (no such tag). */
typedef struct oc_picture_list oc_picture_list;
OC_API oc_status oc_project_pictures(oc_picture_list **out, oc_project *project, const oc_picture_filter *filter,
                                     oc_error *err);

/* One picture, as a list of one. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_picture(oc_picture_list **out, oc_project *project, const char *picture, oc_error *err);

/* How many pictures the filter lets through, whatever its offset and limit. */
OC_API oc_status oc_project_count_pictures(uint64_t *n, oc_project *project, const oc_picture_filter *filter, oc_error *err);

OC_API void oc_picture_list_free(oc_picture_list *list);
OC_API size_t oc_picture_list_count(const oc_picture_list *list);

/* Picture `index`, 0 <= index < oc_picture_list_count, and what it has: `k` is below n_tags or n_metadata. The caller
 * sets the struct_size. OC_E_NOT_FOUND if out of range; NULL from the one that returns a string. */
OC_API oc_status oc_picture_list_get(const oc_picture_list *list, size_t index, oc_picture_info *info, oc_error *err);
OC_API const char *oc_picture_list_tag(const oc_picture_list *list, size_t index, size_t k);
OC_API oc_status oc_picture_list_metadata(const oc_picture_list *list, size_t index, size_t k, const char **key,
                                          const char **value,
                                          oc_error *err);

/* A picture made small: upright, of its own aspect, the longer side of `side` pixels (1 to 4096) or its own size if
 * that is less.
 * Errors: OC_E_NOT_FOUND, OC_E_ARGUMENT, and those of oc_picture_open. */
OC_API oc_status oc_project_thumbnail(oc_picture **out, oc_project *project, const char *picture, uint32_t side, oc_error *err);

/* Regions: boxes in the pictures of a detection project, and other shapes (polygons, masks, key points, ...) which any project
 * keeps untouched but which are not trained on. A picture has the tags of its boxes. */

#define OC_REGION_BOX 1
#define OC_REGION_OTHER 2 /* all that is known of it is in `extra` */

/* What became of a region that was to be added. */
#define OC_REGION_STORED 1
#define OC_REGION_CLIPPED 2   /* it was cut at the picture's edge, and stored */
#define OC_REGION_DUPLICATE 3 /* just the same one was there already */
#define OC_REGION_REFUSED 4   /* it was left out; `reason` says why */

typedef struct oc_region {
    uint32_t struct_size;
    uint32_t kind;       /* OC_REGION_...; default: box */
    const char *picture;
    const char *tag;     /* made if it is new; of another shape also NULL: none */
    double left;         /* where, as fractions of the upright picture's width and height, or in pixels where asked for */
    double top;
    double width;
    double height;
    const char *extra;   /* JSON of up to 1 MiB that is kept as it is: the polygon that the box is of, ...; "" or NULL: none */
    const char *id;
    const char *created; /* this and the rest are not looked at in what is given */
    const char *reason;
    uint32_t outcome;    /* OC_REGION_STORED or the like */
    uint32_t reserved;
} oc_region;

#define OC_REGION_INIT {sizeof(oc_region), 0, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0, 0}

#define OC_REGIONS_PIXELS 1 /* boxes are in pixels of the upright picture */
#define OC_REGIONS_CLIP 2   /* cut boxes at the picture's edge; without it one that stands over by more than rounding is refused */
#define OC_REGIONS_SKIP 4   /* leave out what is refused; without it all fail with the first */

/* Adds `n` regions in one change. `flags` is a sum of OC_REGIONS_...; `out` (the regions as they are now, one for each, in the
 * same order, with their outcomes) may be NULL. A box is refused if it is not of finite numbers, has no area, or lies outside.
 * Errors: OC_E_ARGUMENT, OC_E_NOT_FOUND (no such picture), OC_E_DATA (a box is refused, or the project is not for detection);
 * the message says which and why. */
typedef struct oc_region_list oc_region_list;
OC_API oc_status oc_project_add_regions(oc_region_list **out, oc_project *project, const oc_region *const *regions, size_t n,
                                        uint32_t flags, oc_error *err);

/* Changes the regions that have the `id`s of `changes`: moves them (all four numbers 0: it stays), gives another tag (NULL: it
 * keeps its own) or another `extra` (likewise). All or none. Errors: those of oc_project_add_regions. */
OC_API oc_status oc_project_update_regions(oc_project *project, const oc_region *const *changes, size_t n, uint32_t flags,
                                           oc_error *err);

/* Removes regions. All or none. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_delete_regions(oc_project *project, const char *const *ids, size_t n, oc_error *err);

/* The regions of `n` pictures, or (n = 0) of all, picture by picture in the order in which they were made. `flags` is 0 or
 * OC_REGIONS_PIXELS. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_regions(oc_region_list **out, oc_project *project, const char *const *pictures, size_t n,
                                    uint32_t flags, oc_error *err);
OC_API void oc_region_list_free(oc_region_list *list);
OC_API size_t oc_region_list_count(const oc_region_list *list);
OC_API oc_status oc_region_list_get(const oc_region_list *list, size_t index, oc_region *region, oc_error *err);

/* Training */

/* The project's pictures that have a tag, with their splits, as a data set to train or measure on. Later changes of the project
 * do not change it, but a picture that is deleted from the project can no longer be read.
 * Errors: OC_E_DATA (no picture has a tag), OC_E_UNSUPPORTED (a picture has several tags, or the project is not for
 * classification). */
OC_API oc_status oc_project_dataset(oc_dataset **out, oc_project *project, oc_error *err);

/* Data versions: what there was to train on at some moment, that is the pictures that had a tag, with their tags (or regions)
 * and splits. One never changes, and keeps the files of its pictures even if they are deleted from the project. A version is
 * made when something is trained on it, or by name. Where a function takes a version, it takes the name or the identifier. */
typedef struct oc_version_entry {
    uint32_t struct_size;
    uint32_t n_iterations; /* that were trained on it */
    const char *id;
    const char *name;      /* "" if it has none */
    const char *created;
    uint64_t n_pictures;
} oc_version_entry;

#define OC_VERSION_ENTRY_INIT {sizeof(oc_version_entry), 0, NULL, NULL, NULL, 0}

typedef struct oc_version_list oc_version_list;

/* Keeps the data as they are now under a name. Errors: OC_E_ARGUMENT, OC_E_STATE (there is one of that name, or nothing has
 * changed since another one was named). */
OC_API oc_status oc_project_add_version(oc_project *project, const char *name, oc_error *err);

/* All versions, in the order in which they were made. */
OC_API oc_status oc_project_versions(oc_version_list **out, oc_project *project, oc_error *err);
OC_API void oc_version_list_free(oc_version_list *list);
OC_API size_t oc_version_list_count(const oc_version_list *list);
OC_API oc_status oc_version_list_get(const oc_version_list *list, size_t index, oc_version_entry *version, oc_error *err);

/* Its pictures with the tags that they had then. Errors: OC_E_NOT_FOUND, OC_E_UNSUPPORTED. */
OC_API oc_status oc_project_version_dataset(oc_dataset **out, oc_project *project, const char *version, oc_error *err);

/* Takes its name away; without iterations the version goes, with what pictures only it still held. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_delete_version(oc_project *project, const char *version, oc_error *err);

/* Iterations: every training of a project is kept with its settings, the data that it saw, its figures, its log and its model.
 * Where a function takes an iteration, it takes the name under which it is published, its own name or its identifier; NULL is
 * the default one, or else the newest. */
typedef struct oc_iteration {
    uint32_t struct_size;
    uint32_t is_default;     /* not 0: the one that is taken where none is named */
    const char *id;
    const char *name;        /* "Iteration 3" */
    const char *published;   /* "" if it is not */
    const char *created;
    const char *version;     /* identifier of the data version that it was trained on: the same for the same data */
    const char *settings;    /* JSON: an object of texts */
    const char *library;     /* version of the library that trained it */
    const char *log;         /* lines of text */
    const char *path;        /* of its model file in the project */
    const char *sha256;      /* of that */
    uint64_t n_bytes;        /* of that */
    uint64_t n_pictures;     /* in the data version, those measured on included */
    uint64_t n_measured;
    double seconds;          /* that training took */
    double accuracy;         /* see section 8; the means over the tags, at no threshold */
    double precision;
    double recall;
    double average_precision;
    uint32_t method;         /* OC_REPORT_TEST_SET or OC_REPORT_CROSS_VALIDATION */
    uint32_t is_new;         /* not 0: the call that gave this trained it */
} oc_iteration;

#define OC_ITERATION_INIT                                                                                                      \
    {sizeof(oc_iteration), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* How to train. 0 or NULL: the default. */
typedef struct oc_training {
    uint32_t struct_size;
    uint32_t n_options;
    const char *const *keys;   /* hyper-parameters, as oc_trainer_option lists them */
    const char *const *values;
    const char *name;          /* the iteration's; default: "Iteration N" */
    const char *test_split;    /* pictures of this split are measured on and not learnt from */
    double test_share;         /* the same for this share (0 to 0.9) of the pictures that have no split, chosen by the bytes of
                                  their files: as pictures are added, each stays where it is */
    uint32_t force;            /* not 0: train even if nothing has changed */
    uint32_t reserved;
    const char *version;       /* train on this data version; default: on the pictures as they are now */
} oc_training;

#define OC_TRAINING_INIT {sizeof(oc_training), 0, NULL, NULL, NULL, NULL, 0, 0, 0, NULL}

typedef struct oc_iteration_list oc_iteration_list;

/* Trains on the project's pictures that have a tag, as they are now, and keeps the iteration, which `out` holds alone. If an
 * iteration was trained on the same data with the same settings already, `out` holds that one (its is_new is 0) and nothing is
 * done, unless forced. Without pictures to measure on, the model is measured by cross-validation. Meanwhile the project can be
 * changed through other handles. `training` and `progress` may be NULL. Nothing is kept of a training that fails or
 * is cancelled.
 * Errors: those of oc_project_dataset, oc_trainer_create, oc_trainer_set, oc_trainer_set_test and oc_trainer_run; OC_E_STATE (a
 * change was begun and not ended; another iteration has that name). */
OC_API oc_status oc_project_train(oc_iteration_list **out, oc_project *project, const oc_training *training,
                                  oc_progress_fn progress, void *user, oc_error *err);

/* All iterations in the order in which they were trained; or one, as a list of one. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_iterations(oc_iteration_list **out, oc_project *project, oc_error *err);
OC_API oc_status oc_project_iteration(oc_iteration_list **out, oc_project *project, const char *iteration, oc_error *err);
OC_API void oc_iteration_list_free(oc_iteration_list *list);
OC_API size_t oc_iteration_list_count(const oc_iteration_list *list);
OC_API oc_status oc_iteration_list_get(const oc_iteration_list *list, size_t index, oc_iteration *iteration, oc_error *err);

/* The model of an iteration, which may outlive it. Errors: OC_E_NOT_FOUND, and those of oc_model_load. */
OC_API oc_status oc_project_model(oc_model **out, oc_project *project, const char *iteration, oc_error *err);

/* The pictures that an iteration was trained and measured on, with the tags that they had then, though they may have been
 * changed or deleted since. Errors: OC_E_NOT_FOUND, OC_E_UNSUPPORTED. */
OC_API oc_status oc_project_iteration_dataset(oc_dataset **out, oc_project *project, const char *iteration, oc_error *err);

/* Makes an iteration the default one; NULL: none is. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_set_default(oc_project *project, const char *iteration, oc_error *err);

/* Publishes an iteration under a name, instead of the one that it had; NULL takes that away.
 * Errors: OC_E_NOT_FOUND, OC_E_ARGUMENT, OC_E_STATE (another iteration goes by that name). */
OC_API oc_status oc_project_publish(oc_project *project, const char *iteration, const char *name, oc_error *err);

/* Removes an iteration, its model and its stored predictions, and what pictures only it still held.
 * Errors: OC_E_NOT_FOUND, OC_E_STATE (it is published). */
OC_API oc_status oc_project_delete_iteration(oc_project *project, const char *iteration, oc_error *err);

/* Stored predictions: pictures with what an iteration said of them, kept for as many days as the project's keep_days says
 * (those that are older go when one is stored or the project is opened), to be looked at and to learn from. */

/* One of a model's answers, with its tag's name. */
typedef struct oc_answer {
    uint32_t struct_size;
    float probability;
    const char *tag;
    float left; /* where, as in oc_box */
    float top;
    float width;
    float height;
} oc_answer;

#define OC_ANSWER_INIT {sizeof(oc_answer), 0, NULL, 0, 0, 1, 1}

/* Stores a prediction: the picture (OC_IMAGE_PATH or OC_IMAGE_ENCODED) and `n` answers, the most probable first, of which the
 * first 200 are kept. `iteration` is the one that gave them (NULL: the default one); `application` (up to 256 bytes, or NULL)
 * is what asked. `id` may be NULL, or has room for OC_ID_SIZE bytes. Errors: those of oc_project_add_picture,
 * OC_E_NOT_FOUND. */
OC_API oc_status oc_project_store_prediction(char *id, oc_project *project, const char *iteration, const oc_image *image,
                                             const oc_answer *const *answers, size_t n, const char *application, oc_error *err);

#define OC_PREDICTIONS_NEWEST 1 /* the default */
#define OC_PREDICTIONS_OLDEST 2
#define OC_PREDICTIONS_SUGGESTED 3 /* the most useful to label first: those of which the model was least sure */

/* Which stored predictions, and in which order. 0 or NULL: no condition. */
typedef struct oc_prediction_filter {
    uint32_t struct_size;
    uint32_t order;         /* OC_PREDICTIONS_... */
    const char *iteration;
    const char *application;
    const char *after;      /* at this moment or later: "2026-01-31", or to the second */
    const char *before;     /* before this moment */
    const char *tag;        /* those that gave this tag a probability from min_probability to max_probability */
    double min_probability;
    double max_probability; /* default: 1 */
    uint64_t offset;
    uint64_t limit;         /* default 50, at most 10,000 */
} oc_prediction_filter;

#define OC_PREDICTION_FILTER_INIT {sizeof(oc_prediction_filter), 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0}

typedef struct oc_stored_prediction {
    uint32_t struct_size;
    uint32_t n_answers;
    const char *id;
    const char *iteration;   /* its name */
    const char *application; /* "" if it was not told */
    const char *created;
    const char *name;        /* of the picture */
    const char *sha256;
    const char *path;        /* of its file in the project */
    double uncertainty;      /* entropy of the probabilities: 0 (sure) to 1 (all tags alike) */
} oc_stored_prediction;

#define OC_STORED_PREDICTION_INIT {sizeof(oc_stored_prediction), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0}

/* A page of stored predictions, and how many the filter lets through. `filter` may be NULL. Errors: OC_E_ARGUMENT,
 * OC_E_NOT_FOUND (no such iteration). */
typedef struct oc_prediction_list oc_prediction_list;
OC_API oc_status oc_project_predictions(oc_prediction_list **out, oc_project *project, const oc_prediction_filter *filter,
                                        oc_error *err);
OC_API oc_status oc_project_count_predictions(uint64_t *n, oc_project *project, const oc_prediction_filter *filter,
                                              oc_error *err);
OC_API void oc_prediction_list_free(oc_prediction_list *list);
OC_API size_t oc_prediction_list_count(const oc_prediction_list *list);

/* Prediction `index`, and its answer `k` < n_answers, in the order in which they were stored. OC_E_NOT_FOUND if out of
 * range. */
OC_API oc_status oc_prediction_list_get(const oc_prediction_list *list, size_t index, oc_stored_prediction *prediction,
                                        oc_error *err);
OC_API oc_status oc_prediction_list_answer(const oc_prediction_list *list, size_t index, size_t k, oc_answer *answer,
                                           oc_error *err);

/* Makes pictures of the project of stored predictions, which are stored predictions no more. `labels` (what all of them get)
 * may be NULL. All or none. Errors: OC_E_NOT_FOUND, and those of oc_project_add_picture. */
OC_API oc_status oc_project_promote_predictions(oc_project *project, const char *const *ids, size_t n, const oc_labels *labels,
                                                oc_error *err);

/* Removes stored predictions. All or none. Errors: OC_E_NOT_FOUND. */
OC_API oc_status oc_project_delete_predictions(oc_project *project, const char *const *ids, size_t n, oc_error *err);

/* Searching by example. (By tag, metadata and name: see oc_picture_filter.) */

/* What is looked for. 0 or NULL: the default. */
typedef struct oc_search {
    uint32_t struct_size;
    uint32_t limit;        /* at most so many matches: default 10, at most 10,000 */
    const char *picture;   /* pictures like this one of the project, itself left out; or */
    const oc_image *image; /* like this one */
    const char *base;      /* the base network whose features are compared: default the best of the library's own */
    const oc_picture_filter *filter; /* among these (offset and limit are not looked at); default: all */
    double min_score;      /* -1 to 1; default 0 */
} oc_search;

#define OC_SEARCH_INIT {sizeof(oc_search), 0, NULL, NULL, NULL, NULL, 0}

/* A picture that is like the example. */
typedef struct oc_match {
    uint32_t struct_size;
    float score; /* the cosine of the two pictures' features: 1 the same, around 0 nothing in common */
    const char *picture;
    const char *name;
    const char *path; /* of its file in the project */
} oc_match;

#define OC_MATCH_INIT {sizeof(oc_match), 0, NULL, NULL, NULL}

/* The pictures that are most like one, the most alike first: exact, over all of them. Features are computed for those of which
 * they are not known yet (which is most of the time that the first search takes) and kept in the project. A picture that cannot
 * be read is logged and left out. `progress` may be NULL. Errors: OC_E_ARGUMENT (neither picture nor image, or both),
 * OC_E_NOT_FOUND, OC_E_CANCELLED (what was computed is kept), those of oc_base_open, and of oc_picture_open for the example. */
typedef struct oc_match_list oc_match_list;
OC_API oc_status oc_project_similar(oc_match_list **out, oc_project *project, const oc_search *search, oc_progress_fn progress,
                                    void *user, oc_error *err);
OC_API void oc_match_list_free(oc_match_list *list);
OC_API size_t oc_match_list_count(const oc_match_list *list);
OC_API oc_status oc_match_list_get(const oc_match_list *list, size_t index, oc_match *match, oc_error *err);

/* Checking the data: what is likely to spoil a training or its measurement, with the pictures and with what to do. */

#define OC_SEVERITY_HINT 1    /* could be better */
#define OC_SEVERITY_WARNING 2 /* costs accuracy, or makes figures look better than they are */
#define OC_SEVERITY_SERIOUS 3 /* cannot be trained on, or contradicts itself */

#define OC_FINDING_UNREADABLE 1     /* pictures that cannot be read */
#define OC_FINDING_NO_TAGS 2        /* pictures without a tag; serious if that is all of them */
#define OC_FINDING_TOO_FEW 3        /* a tag with few pictures: serious below 2, a warning below 5 (detection: 15), a hint
                                       below 50 */
#define OC_FINDING_IMBALANCE 4      /* the largest tag has more than twice (a warning: ten times) the pictures of the smallest */
#define OC_FINDING_CONTRADICTION 5  /* nearly the same picture under different tags */
#define OC_FINDING_LEAK 6           /* nearly the same picture in different splits */
#define OC_FINDING_DUPLICATE 7      /* nearly the same picture more than once */
#define OC_FINDING_LITTLE_VARIETY 8 /* a tag of which half the pictures or more are nearly the same as others of it */
#define OC_FINDING_WRONG_TAG 9      /* a tag that is likely wrong */
#define OC_FINDING_MISSING_TAG 10   /* a tag that is likely missing, where pictures bear several */
#define OC_FINDING_CONFUSED 11      /* a tag whose pictures are often taken for another's */
#define OC_FINDING_BLURRED 12
#define OC_FINDING_DARK 13
#define OC_FINDING_BRIGHT 14
#define OC_FINDING_FLAT 15          /* hardly any difference between light and dark */
#define OC_FINDING_TINY 16          /* a side below 64 pixels */
#define OC_FINDING_ODD_SHAPE 17     /* one side more than five times the other */
#define OC_FINDING_SMALL_BOX 18     /* a box with a side below 4 pixels */
#define OC_FINDING_LARGE_BOX 19     /* a box around nearly the whole picture */
#define OC_FINDING_DOUBLE_BOX 20    /* two boxes in the same place */
#define OC_FINDING_MISSING_BOX 21   /* an object that likely has no box */
#define OC_FINDING_WRONG_BOX 22     /* a box that is likely of another tag, or badly placed */

#define OC_CHECK_QUICK 1 /* what can be told without looking at the pictures themselves */

/* How to check. 0 or NULL: the default. */
typedef struct oc_check {
    uint32_t struct_size;
    uint32_t flags;        /* a sum of OC_CHECK_... */
    const char *base;      /* the base network whose features are compared: default the best of the library's own */
    const char *iteration; /* of a project for detection, whose boxes are compared with those there are: default the newest */
} oc_check;

#define OC_CHECK_INIT {sizeof(oc_check), 0, NULL, NULL}

typedef struct oc_finding {
    uint32_t struct_size;
    uint32_t kind;       /* OC_FINDING_... */
    uint32_t severity;   /* OC_SEVERITY_... */
    const char *tag;     /* that it is about; NULL: none, or several */
    const char *other;   /* the other one of two; NULL */
    const char *message; /* "the tag 'pear' has 3 pictures" */
    const char *advice;  /* what to do about it */
    size_t n_places;     /* where it is: oc_finding_list_place */
} oc_finding;

#define OC_FINDING_INIT {sizeof(oc_finding), 0, 0, NULL, NULL, NULL, NULL, 0}

/* A picture that a finding is about, or a place in it. */
typedef struct oc_finding_place {
    uint32_t struct_size;
    float score;         /* the larger the worse, within one finding; 0 where that makes no sense */
    const char *picture;
    const char *name;
    const char *tag;     /* the tag in question; NULL: none */
    const char *other;   /* what it more likely is; NULL */
    const char *twin;    /* the picture that is nearly the same; NULL */
    const char *region;  /* the region in question; NULL */
    float left;          /* where, as fractions of the picture; a width of 0: all of it */
    float top;
    float width;
    float height;
} oc_finding_place;

#define OC_FINDING_PLACE_INIT {sizeof(oc_finding_place), 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0}

/* Checks the pictures, tags and regions of a project: the most serious findings first, in each the worst places first. Nothing
 * is changed. An empty list means that nothing was found.
 *
 * Nearly the same pictures are found by their features and thumbnails, each compared with each other. Wrong and missing tags: the
 * pictures are divided into five parts, nearly the same ones into one, and a classifier that has not seen a part says what its
 * pictures show (after Northcutt et al. 2021, Confident learning); a tag is doubted if another is 20 times as probable. Missing
 * and wrong boxes: an iteration's detector finds boxes again that are not there. Blur: Crete et al. 2007. docs/benchmarks.md says
 * how many of these are right. What was computed of pictures is kept in the project.
 * `check` and `progress` may be NULL. Errors: OC_E_CANCELLED, OC_E_NOT_FOUND (the iteration), those of oc_base_open. */
typedef struct oc_finding_list oc_finding_list;
OC_API oc_status oc_project_check(oc_finding_list **out, oc_project *project, const oc_check *check, oc_progress_fn progress,
                                  void *user, oc_error *err);
OC_API void oc_finding_list_free(oc_finding_list *list);
OC_API size_t oc_finding_list_count(const oc_finding_list *list);
OC_API oc_status oc_finding_list_get(const oc_finding_list *list, size_t index, oc_finding *finding, oc_error *err);

/* Place `place` of finding `index`. OC_E_NOT_FOUND if there is none. */
OC_API oc_status oc_finding_list_place(const oc_finding_list *list, size_t index, size_t place, oc_finding_place *out,
                                       oc_error *err);

/* Labelling with help */

#define OC_SUGGEST_SURE 1   /* the surest first: many can be confirmed at once */
#define OC_SUGGEST_USEFUL 2 /* the most useful to label first: those that the model is unsure of, and unlike those before */
#define OC_SUGGEST_ALIKE 3  /* groups of pictures that look alike, the largest first: one tag for all of a group; without an
                               iteration, too */

/* What to suggest. 0 or NULL: the default. */
typedef struct oc_suggest {
    uint32_t struct_size;
    uint32_t order;          /* OC_SUGGEST_...; default: the surest first, or without an iteration groups */
    uint64_t limit;          /* at most so many pictures; default: all */
    double min_probability;  /* of tags and boxes, 0 to 1. Default: the best tag, however probable; where pictures bear several,
                                those at their thresholds; boxes from 0.5 on */
    const char *iteration;   /* default: the chosen one, or else the newest. "base:NAME": what the detector of a base network proposes
                                (oc_base_open_detector), boxes from 0.2 on; nothing needs to have been trained */
    const char *base;        /* by whose features pictures are alike: default the best of the library's own */
    const oc_picture_filter *filter; /* among these (offset and limit are not looked at); default: pictures without a tag */
} oc_suggest;

#define OC_SUGGEST_INIT {sizeof(oc_suggest), 0, 0, 0, NULL, NULL, NULL}

typedef struct oc_suggestion {
    uint32_t struct_size;
    uint32_t group;      /* of pictures that look alike, counted from 1; 0: they were not grouped */
    const char *picture;
    const char *name;
    const char *path;    /* of its file in the project */
    float uncertainty;   /* 0 sure to 1 unsure: how near the best two tags are, or how near to its threshold the tag or box that
                            is nearest */
    uint32_t n_boxes;    /* tags (boxes of the whole picture), or objects in boxes: oc_suggestion_list_box */
} oc_suggestion;

#define OC_SUGGESTION_INIT {sizeof(oc_suggestion), 0, NULL, NULL, NULL, 0, 0}

/* Suggests tags, or boxes, for pictures that have none. An iteration says which; without one, and with OC_SUGGEST_ALIKE, pictures
 * are put into groups by their features (Ward 1963), of eight on the average, those nearest to the middle of each first.
 * OC_SUGGEST_USEFUL takes one picture after the other for which uncertainty times distance (1 - cosine of the features) from those
 * taken is greatest. Pictures that cannot be read are logged and left out. `suggest` and `progress` may be NULL.
 * Errors: OC_E_NOT_FOUND (the iteration), OC_E_STATE (an order that takes an iteration, and there is none), OC_E_CANCELLED, those
 * of oc_base_open. */
typedef struct oc_suggestion_list oc_suggestion_list;
OC_API oc_status oc_project_suggest(oc_suggestion_list **out, oc_project *project, const oc_suggest *suggest,
                                    oc_progress_fn progress, void *user, oc_error *err);
OC_API void oc_suggestion_list_free(oc_suggestion_list *list);
OC_API size_t oc_suggestion_list_count(const oc_suggestion_list *list);
OC_API oc_status oc_suggestion_list_get(const oc_suggestion_list *list, size_t index, oc_suggestion *suggestion, oc_error *err);

/* Box `box` of suggestion `index`, the most probable first. OC_E_NOT_FOUND. */
OC_API oc_status oc_suggestion_list_box(const oc_suggestion_list *list, size_t index, size_t box, oc_box *out, oc_error *err);

/* The tag that a box's `tag` means; NULL if out of range. */
OC_API const char *oc_suggestion_list_tag(const oc_suggestion_list *list, size_t tag);

/* Gives the pictures of `n` suggestions (n = 0: of all) the tags or boxes that are suggested with at least that probability, in one
 * change. Pictures that have got a tag meanwhile are left as they are. *n_accepted (may be NULL) receives how many pictures got
 * something. Errors: OC_E_NOT_FOUND (an index), OC_E_STATE. */
OC_API oc_status oc_project_accept(uint64_t *n_accepted, oc_project *project, const oc_suggestion_list *list, const size_t *indices,
                                   size_t n, double min_probability, oc_error *err);

/* ---------------------------------------------------------------------------------------------------------------------
 * 11. Annotation files: pictures, tags and regions in and out, in the formats of other programs
 *
 * Formats have names: "folder" (one folder a tag), "csv", "coco", "coco-normalised" (boxes in fractions), "voc", "yolo",
 * "createml", "labelstudio", "cvat", "customvision" (tagged-images.json). docs/projects.md says what each can hold. What a
 * format cannot hold, and what cannot be used, is left out and told in a report. What only another program understands
 * (polygons, masks, rotated boxes, key points, attributes) is kept as it came, in `extra` of tags, pictures and regions,
 * and written again in that format.
 *
 * Files are read as untrusted: a name in them never leads out of the folder that the pictures are looked for in; of an
 * absolute path or a URL the last part is taken.
 * ------------------------------------------------------------------------------------------------------------------ */

#define OC_EXCHANGE_NO_PICTURES 1 /* writing: annotations alone, without copies of the pictures */

/* How to read or write. 0 or NULL: the default. */
typedef struct oc_exchange_options {
    uint32_t struct_size;
    uint32_t flags;       /* a sum of OC_EXCHANGE_... */
    const char *from;     /* the source's format; default: as it looks */
    const char *to;       /* the format to write; not left out */
    const char *pictures; /* the folder in which the source's pictures are looked for; default: where its annotations lie,
                             and "images" or "JPEGImages" there */
} oc_exchange_options;

#define OC_EXCHANGE_OPTIONS_INIT {sizeof(oc_exchange_options), 0, NULL, NULL, NULL}

/* What became of it all. Never changes. */
typedef struct oc_exchange oc_exchange;

typedef struct oc_exchange_summary {
    uint32_t struct_size;
    uint32_t n_notes;
    const char *format;    /* that was read (import) or written */
    uint64_t n_pictures;   /* in the source; of those: */
    uint64_t n_added;      /* import: new in the project */
    uint64_t n_duplicates; /* import: there already; what the source says of them was added to them */
    uint64_t n_missing;    /* not there as files */
    uint64_t n_tags;       /* different ones */
    uint64_t n_labels;     /* tags on whole pictures that were taken over, */
    uint64_t n_boxes;      /* boxes, */
    uint64_t n_others;     /* and other shapes */
    uint64_t n_left_out;   /* of all kinds, missing pictures too: the sum over those notes */
} oc_exchange_summary;

#define OC_EXCHANGE_SUMMARY_INIT {sizeof(oc_exchange_summary), 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0}

#define OC_NOTE_LEFT_OUT 1 /* it was not taken over */
#define OC_NOTE_CHANGED 2  /* it was taken over, but not as it was */

/* One reason for which something was left out or changed, and how often. */
typedef struct oc_note {
    uint32_t struct_size;
    uint32_t outcome; /* OC_NOTE_... */
    const char *reason;
    uint64_t n;
    uint32_t n_examples; /* the first few places: "a.xml: object 3" */
    uint32_t reserved;
} oc_note;

#define OC_NOTE_INIT {sizeof(oc_note), 0, NULL, 0, 0, 0}

OC_API void oc_exchange_free(oc_exchange *exchange);
OC_API oc_status oc_exchange_get(const oc_exchange *exchange, oc_exchange_summary *summary, oc_error *err);

/* Note `index` < n_notes, and the place that it gives as example `k` < n_examples. OC_E_NOT_FOUND or NULL if out of range. */
OC_API oc_status oc_exchange_note(const oc_exchange *exchange, size_t index, oc_note *note, oc_error *err);
OC_API const char *oc_exchange_example(const oc_exchange *exchange, size_t index, size_t k);

/* Adds what a file or folder holds to a project. A project without tags and pictures becomes of the kind that the source
 * needs: for detection if it has boxes, multilabel if a picture has several tags. Into others goes what their kind can
 * hold. Some hundred pictures are one change: what has been reported as progress lasts, and after an interruption the same
 * call goes on without adding anything twice. (Between oc_project_begin and oc_project_end all of it is one change.)
 * `out`, `options` and `progress` may be NULL. Errors: OC_E_NOT_FOUND, OC_E_FORMAT (of no known format, or not of the one
 * named), OC_E_CORRUPT, OC_E_LIMIT, OC_E_UNSUPPORTED (the library was built without that format), OC_E_CANCELLED. */
OC_API oc_status oc_project_import(oc_exchange **out, oc_project *project, const char *source,
                                   const oc_exchange_options *options, oc_progress_fn progress, void *user, oc_error *err);

/* A project of the cloud service's. */
typedef struct oc_service {
    uint32_t struct_size;
    uint32_t reserved;
    const char *endpoint; /* "https://NAME.cognitiveservices.azure.com" */
    const char *key;      /* its training key; it is sent to the endpoint alone */
    const char *project;  /* its identifier */
} oc_service;

#define OC_SERVICE_INIT {sizeof(oc_service), 0, NULL, NULL, NULL}

/* Adds what a project of the service holds: its tags with their types and descriptions, and its pictures, called by their
 * identifiers there, with their tags or boxes and metadata. An empty project becomes of its kind. Each picture is one
 * change, so that after an interruption the same call goes on with those that are not there yet. Where the service asks for
 * patience (429) or has a fault, it is asked again after a while, up to some minutes. `out` and `progress` may be NULL.
 * Errors: OC_E_UNSUPPORTED (built without it), OC_E_ARGUMENT, OC_E_IO (no connection, or the service refuses),
 * OC_E_NOT_FOUND (no such project), OC_E_CORRUPT, OC_E_CANCELLED. */
OC_API oc_status oc_project_pull(oc_exchange **out, oc_project *project, const oc_service *service, oc_progress_fn progress,
                                 void *user, oc_error *err);

/* What was archived. */
typedef struct oc_archive {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t n_iterations;  /* that were trained */
    uint64_t n_models;      /* files of exported models */
    uint64_t n_answers;     /* what iterations answer on the project's own pictures */
    uint64_t n_predictions; /* pictures of stored predictions */
    uint64_t n_missing;     /* what the service did not give; each is logged as a warning */
} oc_archive;

#define OC_ARCHIVE_INIT {sizeof(oc_archive), 0, 0, 0, 0, 0, 0}

/* Saves what else the service knows of a project, as it tells it, before it is gone: in `folder`, which is made, project.json,
 * tags.json, iterations.json, of each iteration that was trained iterations/ID/performance.json (at a threshold of 0.5 and an
 * overlap of 0.3), answers.json (what it answers on the project's own pictures: references to compare with) and the models that
 * were exported as PLATFORM-FLAVOR.zip, and predictions.json with the pictures of stored predictions as predictions/ID.jpg.
 * After an interruption the same call goes on: files of models and pictures that are there are not fetched again. `archive` and
 * `progress` may be NULL. Errors: those of oc_project_pull. */
OC_API oc_status oc_service_archive(oc_archive *archive, oc_context *context, const oc_service *service, const char *folder,
                                    oc_progress_fn progress, void *user, oc_error *err);

/* Writes a project, as it is at one moment, as a folder of pictures and annotations, wholly or not at all. `path` must not
 * be there or be an empty folder. Where annotations are one file, a `path` that ends as such files do (".json", ".xml",
 * ".csv") gets that file alone, in place of an older one. Importing the folder gives the same project again, as far as the
 * format holds it. `options` must say `to`. Errors: OC_E_ARGUMENT, OC_E_STATE (the folder is not empty), OC_E_CANCELLED. */
OC_API oc_status oc_project_export(oc_exchange **out, oc_project *project, const char *path, const oc_exchange_options *options,
                                   oc_progress_fn progress, void *user, oc_error *err);

/* Writes what `source` holds in another format, without a project. `path` is as in oc_project_export, errors are those of
 * both. */
OC_API oc_status oc_annotations_convert(oc_exchange **out, oc_context *context, const char *source, const char *path,
                                        const oc_exchange_options *options, oc_progress_fn progress, void *user, oc_error *err);

/* A format. */
typedef struct oc_format_info {
    uint32_t struct_size;
    uint32_t can_read; /* 0: this library was built without the library that reading it takes; writing needs none */
    const char *name;
    const char *description;
} oc_format_info;

#define OC_FORMAT_INFO_INIT {sizeof(oc_format_info), 0, NULL, NULL}

/* Format `index`, from 0 on. OC_E_NOT_FOUND past the last one. */
OC_API oc_status oc_annotation_format(size_t index, oc_format_info *info, oc_error *err);

#ifdef __cplusplus
}
#endif

#endif
