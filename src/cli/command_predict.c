/* ocellus predict: what a model says of pictures.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "counting.h"
#include "json.h"
#include "pictures.h"
#include "platform.h"
#include "progress.h"
#include "session.h"
#include "text.h"
#include "unknown.h"

#define BATCH 32
#define MAX_NAME_COLUMNS 48

#define DEFAULT_TOP 3

typedef struct predict_options {
    const char *model;
    char *const *operands;
    size_t n_operands;
    bool recursive;
    long long n_top;
    double threshold;
    const char *precision;
    long long n_tiles;
    bool store;
    const char *application;
    const char *draw; /* the picture file to write, or a folder for one for each picture */
    const char *explain; /* the same for what spoke for a tag, */
    const char *tag;     /* this one; NULL: the most probable */
    bool count;
    double unknown;
    const char *region, *expect;
    general_options general;
} predict_options;

/* What the lines of the output share, and what has come of the pictures so far. */
typedef struct prediction {
    const predict_options *options;
    const oc_model *model;
    oc_context *context;
    oc_predictor *predictor;
    pictures pictures;
    size_t name_columns;
    size_t tag_columns;
    size_t n_done;
    size_t n_failed;
    size_t n_passed_over;
    oc_project *project; /* where predictions are stored; NULL: nowhere */
    char *folder;        /* of the project */
    const char *iteration;
    bool draws_into_folder;
    text_list drawn; /* files */
    counting counting;
    unknown_objects unknown;
} prediction;

static void measure_columns(prediction *p) {
    for (size_t i = 0; i < oc_model_n_tags(p->model); i++) {
        size_t width = text_width(oc_model_tag(p->model, i));
        p->tag_columns = width > p->tag_columns ? width : p->tag_columns;
    }
    for (size_t i = 0; i < p->pictures.n; i++) {
        char *name = text_printable(p->pictures.names[i]);
        size_t width = text_width(name);
        free(name);
        if (width <= MAX_NAME_COLUMNS && width > p->name_columns) p->name_columns = width;
    }
}

/* The numbers of the answers that are wanted, of which there are *n. The caller frees them. Where a picture has any number of
 * tags those are wanted that count as given, unless the options say otherwise. */
static size_t *wanted_answers(size_t *n, const prediction *p, const oc_result *result) {
    const predict_options *o = p->options;
    uint32_t kind = oc_model_kind(p->model);
    bool several = kind == OC_MODEL_MULTILABEL || kind == OC_MODEL_DETECTION;
    long long n_top = o->n_top >= 0 ? o->n_top : several ? 0 : DEFAULT_TOP;
    size_t n_all = oc_result_count(result), *wanted = text_allocate((n_all + 1) * sizeof(*wanted));
    *n = 0;
    for (size_t i = 0; i < n_all && (n_top == 0 || (long long)*n < n_top); i++) {
        oc_box box = OC_BOX_INIT;
        oc_result_get(result, i, &box, NULL);
        double threshold = o->threshold >= 0 ? o->threshold : kind == OC_MODEL_DETECTION ? 0.5 : oc_model_threshold(p->model, (size_t)box.tag);
        if ((double)box.probability >= threshold) wanted[(*n)++] = i;
    }
    return wanted;
}

/* From which probability on a detector's boxes are shown. */
static double known_from(const prediction *p) { return p->options->threshold >= 0 ? p->options->threshold : 0.5; }

/* Where it is, in fractions, if the model says so. */
static void print_place(const prediction *p, const oc_box *box) {
    if (oc_model_kind(p->model) == OC_MODEL_DETECTION)
        printf("  left %.3f  top %.3f  width %.3f  height %.3f", (double)box->left, (double)box->top, (double)box->width,
               (double)box->height);
}

static void write_place(json *j, const prediction *p, const oc_box *box) {
    if (oc_model_kind(p->model) != OC_MODEL_DETECTION) return;
    json_probability(j, "left", box->left);
    json_probability(j, "top", box->top);
    json_probability(j, "width", box->width);
    json_probability(j, "height", box->height);
}

static void print_result(prediction *p, const char *name, const oc_image *image, const oc_result *result) {
    char *shown = text_printable(name);
    size_t width = text_width(shown), n, *wanted = wanted_answers(&n, p, result);
    printf("%s", shown);
    free(shown);
    if (width > p->name_columns) {
        printf("\n");
        width = 0;
    }
    if (n == 0 && p->options->threshold < 0)
        printf("%*s  (none of the tags)\n", (int)(p->name_columns - width), "");
    else if (n == 0)
        printf("%*s  (nothing is at least %.4g %% probable)\n", (int)(p->name_columns - width), "",
               100 * p->options->threshold);
    for (size_t i = 0; i < n; i++) {
        oc_box box = OC_BOX_INIT;
        const char *tag = oc_result_tag_name(result, wanted[i]);
        oc_result_get(result, wanted[i], &box, NULL);
        printf("%*s  %s%*s  %5.1f %%", (int)(p->name_columns - width), "", tag, (int)(p->tag_columns - text_width(tag)), "",
               100 * (double)box.probability);
        print_place(p, &box);
        printf("\n");
        width = 0;
    }
    unknown_print(&p->unknown, image, result, known_from(p), (int)p->name_columns);
    if (oc_result_novelty(result) >= 0.5)
        printf("%*s  (unlike the pictures that the model was trained on: %.0f %%)\n", (int)p->name_columns, "",
               100 * oc_result_novelty(result));
    counting_print(&p->counting, result);
    free(wanted);
}

static void write_result(prediction *p, const char *name, const oc_image *image, const oc_result *result) {
    json j = {.compact = true};
    size_t n, *wanted = wanted_answers(&n, p, result);
    json_object(&j, NULL);
    json_text(&j, "picture", name);
    json_array(&j, "predictions");
    for (size_t i = 0; i < n; i++) {
        oc_box box = OC_BOX_INIT;
        oc_result_get(result, wanted[i], &box, NULL);
        json_object(&j, NULL);
        json_text(&j, "tag", oc_result_tag_name(result, wanted[i]));
        json_probability(&j, "probability", box.probability);
        write_place(&j, p, &box);
        json_end_object(&j);
    }
    json_end_array(&j);
    unknown_json(&p->unknown, &j, image, result, known_from(p));
    if (oc_result_novelty(result) >= 0) json_probability(&j, "novelty", oc_result_novelty(result));
    counting_json(&p->counting, &j, result);
    json_end_object(&j);
    free(wanted);
}

static void write_failure(const char *name, const oc_error *error) {
    json j = {.compact = true};
    json_object(&j, NULL);
    json_text(&j, "picture", name);
    json_object(&j, "error");
    json_text(&j, "code", oc_status_name(error->code));
    json_text(&j, "message", error->message);
    json_end_object(&j);
    json_end_object(&j);
}

/* Stores a prediction, if that was asked for. What cannot be stored is reported, and counts as failed. */
static void store_result(prediction *p, const oc_image *image, const oc_result *result) {
    oc_error error = OC_ERROR_INIT;
    size_t n = oc_result_count(result);
    if (p->project == NULL) return;
    oc_answer *answers = text_allocate((n + 1) * sizeof(*answers));
    const oc_answer **pointers = text_allocate((n + 1) * sizeof(*pointers));
    for (size_t i = 0; i < n; i++) {
        oc_box box = OC_BOX_INIT;
        oc_result_get(result, i, &box, NULL);
        answers[i] = (oc_answer){sizeof(oc_answer), box.probability, oc_result_tag_name(result, i), box.left, box.top,
                                 box.width, box.height};
        pointers[i] = &answers[i];
    }
    if (oc_project_store_prediction(NULL, p->project, p->iteration, image, pointers, n, p->options->application,
                                    &error) != OC_OK) {
        console_failure(&error);
        p->n_failed++;
    }
    free(answers);
    free(pointers);
}

/* Where drawings go; NULL: nowhere. */
static const char *drawing_target(const prediction *p) {
    return p->options->draw != NULL ? p->options->draw : p->options->explain;
}

/* The file that a picture is drawn into; NULL if another was drawn into it. */
static const char *drawing_of(prediction *p, const char *name) {
    const char *slash = strrchr(name, '/'), *target = drawing_target(p);
    char *path = p->draws_into_folder ? text_format("%s/%s.png", target, slash != NULL ? slash + 1 : name)
                                      : text_format("%s", target);
    if (text_list_has(&p->drawn, path)) {
        console_error("%s: two of the pictures would be drawn into it", path);
        free(path);
        return NULL;
    }
    text_list_add(&p->drawn, path);
    return path;
}

/* Draws what was found, if that was asked for, the most probable on top. What cannot be drawn is reported, and counts as
 * failed. */
static void draw_result(prediction *p, const char *name, const oc_image *image, const oc_result *result) {
    oc_error error = OC_ERROR_INIT;
    oc_picture *picture = NULL, *drawn = NULL;
    if (p->options->draw == NULL) return;
    size_t n, *wanted = wanted_answers(&n, p, result);
    oc_box *boxes = text_allocate((n + 1) * sizeof(*boxes));
    const oc_box **pointers = text_allocate((n + 1) * sizeof(*pointers));
    char **names = text_allocate((n + 1) * sizeof(*names));
    for (size_t i = 0; i < n; i++) {
        const oc_box blank = OC_BOX_INIT;
        size_t from = wanted[n - 1 - i];
        boxes[i] = blank;
        oc_result_get(result, from, &boxes[i], NULL);
        pointers[i] = &boxes[i];
        names[i] = text_format("%s %.0f%%", oc_result_tag_name(result, from), 100 * (double)boxes[i].probability);
    }
    const char *path = drawing_of(p, name);
    if (path == NULL) {
        p->n_failed++;
    } else if (oc_picture_open(&picture, p->context, image, &error) != OC_OK ||
               oc_picture_draw(&drawn, picture, pointers, (const char *const *)names, n, &error) != OC_OK ||
               oc_picture_save(drawn, path, &error) != OC_OK) {
        console_failure(&error);
        p->n_failed++;
    }
    oc_picture_free(drawn);
    oc_picture_free(picture);
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
    free(pointers);
    free(boxes);
    free(wanted);
}

/* The same for what spoke for a tag. */
static void draw_explanation(prediction *p, const char *name, const oc_image *image) {
    oc_error error = OC_ERROR_INIT;
    oc_explain how = OC_EXPLAIN_INIT;
    oc_explanation *explanation = NULL;
    oc_picture *drawn = NULL;
    if (p->options->explain == NULL) return;
    how.tag = p->options->tag;
    const char *path = drawing_of(p, name);
    if (path == NULL) {
        p->n_failed++;
    } else if (oc_predictor_explain(&explanation, p->predictor, image, &how, &error) != OC_OK ||
               oc_explanation_picture(&drawn, explanation, &error) != OC_OK ||
               oc_picture_save(drawn, path, &error) != OC_OK) {
        console_failure(&error);
        p->n_failed++;
    }
    oc_picture_free(drawn);
    oc_explanation_free(explanation);
}

/* A batch tells of its first failure only, so each of its failures is asked for again alone. */
static void handle_missing(prediction *p, size_t index) {
    oc_error error = OC_ERROR_INIT;
    oc_result *result = NULL;
    oc_image image = pictures_image(&p->pictures, index);
    const char *name = p->pictures.names[index];
    if (oc_predictor_run(&result, p->predictor, &image, &error) == OC_OK) {
        if (p->options->general.json)
            write_result(p, name, &image, result);
        else
            print_result(p, name, &image, result);
        store_result(p, &image, result);
        draw_result(p, name, &image, result);
        draw_explanation(p, name, &image);
        oc_result_free(result);
        p->n_done++;
    } else if (error.code == OC_E_FORMAT && p->pictures.found[index]) {
        p->n_passed_over++;
    } else {
        console_failure(&error);
        if (p->options->general.json) write_failure(name, &error);
        p->n_failed++;
    }
}

static int open_store(prediction *p, session *s) {
    oc_error error = OC_ERROR_INIT;
    if (!p->options->store) return STATUS_DONE;
    if (!session_names_iteration(&p->folder, &p->iteration, p->options->model)) {
        console_error("%s: is no project, so predictions cannot be stored in it", p->options->model);
        return STATUS_FAILED;
    }
    return oc_project_open(&p->project, s->context, p->folder, &error) == OC_OK ? STATUS_DONE : console_failure(&error);
}

/* Whether what is to be drawn can be. */
static int check_drawing(prediction *p) {
    const char *target = drawing_target(p), *option = p->options->draw != NULL ? "--draw" : "--explain";
    bool detects = oc_model_kind(p->model) == OC_MODEL_DETECTION;
    if (target == NULL) return STATUS_DONE;
    p->draws_into_folder = platform_path_kind(target) == PATH_FOLDER;
    if (p->options->draw != NULL && !detects) {
        console_error("--draw goes with a model that finds objects in boxes, which %s does not", p->options->model);
        return STATUS_FAILED;
    }
    if (p->options->explain != NULL && detects) {
        console_error("--explain goes with a classifier; what %s finds, --draw shows", p->options->model);
        return STATUS_FAILED;
    }
    if (p->draws_into_folder || p->pictures.n <= 1) return STATUS_DONE;
    console_error("%s %s: is no folder, and there are %zu pictures to draw", option, target, p->pictures.n);
    return STATUS_FAILED;
}

static void predict_batch(prediction *p, size_t first, size_t n) {
    oc_image images[BATCH];
    const oc_image *pointers[BATCH];
    oc_result *results[BATCH] = {NULL};
    for (size_t i = 0; i < n; i++) {
        images[i] = pictures_image(&p->pictures, first + i);
        pointers[i] = &images[i];
    }
    oc_predictor_run_batch(results, p->predictor, pointers, n, NULL);
    oc_error error = OC_ERROR_INIT;
    bool storing = p->project != NULL && oc_project_begin(p->project, NULL) == OC_OK; /* all of the batch in one change */
    for (size_t i = 0; i < n; i++) {
        if (results[i] == NULL) {
            handle_missing(p, first + i);
            continue;
        }
        if (p->options->general.json)
            write_result(p, p->pictures.names[first + i], &images[i], results[i]);
        else
            print_result(p, p->pictures.names[first + i], &images[i], results[i]);
        store_result(p, &images[i], results[i]);
        draw_result(p, p->pictures.names[first + i], &images[i], results[i]);
        draw_explanation(p, p->pictures.names[first + i], &images[i]);
        oc_result_free(results[i]);
        p->n_done++;
    }
    if (storing && oc_project_end(p->project, 1, &error) != OC_OK) {
        console_failure(&error);
        p->n_failed++;
    }
}

static int conclude(const prediction *p) {
    size_t n_failed = p->n_failed + p->pictures.n_failed;
    if (p->n_passed_over > 0 && !p->options->general.quiet)
        console_note("note: passed over %zu file%s that %s not a picture", p->n_passed_over, p->n_passed_over == 1 ? "" : "s",
                     p->n_passed_over == 1 ? "is" : "are");
    if (platform_interrupt() != 0) return console_interrupted("the pictures after the last one shown were not predicted");
    if (p->n_done == 0 && n_failed == 0) console_error("no picture was found");
    if (n_failed > 0 && p->n_done > 0) console_error("%zu of %zu could not be predicted", n_failed, n_failed + p->n_done);
    return p->n_done == 0 ? STATUS_FAILED : n_failed > 0 ? STATUS_PARTLY : STATUS_DONE;
}

static int predict_all(prediction *p) {
    progress bar;
    double began = platform_seconds();
    size_t n = p->pictures.n;
    /* Results that run down the same terminal are progress enough. */
    progress_begin(&bar, p->options->general.quiet || n <= BATCH || !console_can_redraw() || platform_is_terminal(stdout));
    platform_defer_interrupts();
    for (size_t first = 0; first < n && platform_interrupt() == 0; first += BATCH) {
        predict_batch(p, first, n - first < BATCH ? n - first : BATCH);
        if (!console_flush_output()) break;
        oc_progress now = {.struct_size = sizeof(now), .stage = "predicting"};
        size_t n_tried = first + BATCH < n ? first + BATCH : n;
        now.fraction = (double)n_tried / (double)n;
        now.seconds_elapsed = platform_seconds() - began;
        now.seconds_left = now.seconds_elapsed * (double)(n - n_tried) / (double)n_tried;
        progress_update(&bar, &now);
    }
    progress_end(&bar);
    return conclude(p);
}

static int predict(const predict_options *o) {
    session s = {0};
    oc_model *model = NULL;
    oc_error error = OC_ERROR_INIT;
    prediction p = {.options = o};
    oc_predictor_options how;
    int status = session_precision(&how, o->precision);
    how.tiles = (uint32_t)o->n_tiles;
    if (status == STATUS_DONE) status = session_open(&s, &o->general);
    if (status == STATUS_DONE) status = session_load_model(&model, &s, o->model);
    if (status == STATUS_DONE) status = open_store(&p, &s);
    if (status == STATUS_DONE && oc_predictor_create(&p.predictor, model, &how, &error) != OC_OK)
        status = console_failure(&error);
    if (status == STATUS_DONE) {
        p.model = model;
        p.context = s.context;
        pictures_collect(&p.pictures, o->operands, o->n_operands, o->recursive);
        measure_columns(&p);
        status = check_drawing(&p);
        if (status == STATUS_DONE) status = counting_begin(&p.counting, model, o->count, o->region, o->expect, o->threshold);
        if (status == STATUS_DONE) status = unknown_begin(&p.unknown, s.context, model, o->unknown);
        if (status == STATUS_DONE) status = predict_all(&p);
    }
    counting_end(&p.counting);
    unknown_end(&p.unknown);
    text_list_free(&p.drawn);
    pictures_free(&p.pictures);
    oc_predictor_free(p.predictor);
    oc_project_free(p.project);
    free(p.folder);
    oc_model_free(model);
    session_close(&s);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    predict_options o = {.n_top = -1, .threshold = -1, .n_tiles = 1, .unknown = -1};
    int n_operands = 0;
    const cli_option own[] = {
        {"top", 'n', OPTION_INTEGER, "N",
         "show at most N answers for each picture (default 3, or where a picture has any number of tags, and with 0: all)", 0,
         1e9, &o.n_top},
        {"threshold", 0, OPTION_NUMBER, "P",
         "show only answers of at least this probability, 0 to 1 (default 0, where a picture has any number of tags each tag's "
         "own threshold, and of a detector 0.5)",
         0, 1, &o.threshold},
        PRECISION_OPTION(o.precision),
        TILES_OPTION(o.n_tiles),
        {"store", 0, OPTION_FLAG, NULL, "keep the pictures and the answers in the project whose model it is", 0, 0, &o.store},
        {"application", 0, OPTION_TEXT, "NAME", "with --store: what asks, for the record", 0, 0, &o.application},
        {"draw", 0, OPTION_TEXT, "FILE",
         "write the picture with the boxes and names of what was found in it, as a PNG or (FILE ends in .jpg) a JPEG; several "
         "pictures go into "
         "a folder that FILE names, each as NAME.png",
         0, 0, &o.draw},
        {"explain", 0, OPTION_TEXT, "FILE",
         "write the picture with what spoke for the most probable tag in warm colours, and what spoke against it in blue; FILE as "
         "for --draw",
         0, 0, &o.explain},
        {"explain-tag", 0, OPTION_TEXT, "TAG", "with --explain: for this tag", 0, 0, &o.tag},
        {"count", 0, OPTION_FLAG, NULL, "count the objects of each tag", 0, 0, &o.count},
        {"region", 0, OPTION_TEXT, "LEFT,TOP,WIDTH,HEIGHT",
         "count those whose centres lie in this part of the picture, in fractions of its sides", 0, 0, &o.region},
        {"unknown", 0, OPTION_NUMBER, "P",
         "also show things that the model does not know: what the base network's detector proposes with at least this probability (0.2, say)", 0,
         1, &o.unknown},
        {"expect", 0, OPTION_TEXT, "TAG=N,...", "say what is missing and what is extra, of what should be there", 0, 0, &o.expect},
        {"recursive", 'r', OPTION_FLAG, NULL, "predict the pictures in folders and the folders below them", 0, 0, &o.recursive},
    };
    const option_group groups[] = {{"Options", own, sizeof(own) / sizeof(own[0])}, general_group(&o.general)};
    int status = options_parse(self, groups, sizeof(groups) / sizeof(groups[0]), argc, argv, &n_operands);
    if (status != OPTIONS_PARSED) return status;
    if (n_operands == 0) return options_misused(self, "predict takes a model and the pictures to predict");
    if (n_operands == 1) return options_misused(self, "'%s' is the model; name the pictures to predict after it", argv[0]);
    if (o.draw != NULL && o.explain != NULL) return options_misused(self, "--draw and --explain exclude each other");
    if (o.tag != NULL && o.explain == NULL) return options_misused(self, "--explain-tag goes with --explain");
    if (o.application != NULL && !o.store) return options_misused(self, "--application goes with --store");
    o.model = argv[0];
    o.operands = argv + 1;
    o.n_operands = (size_t)n_operands - 1;
    return predict(&o);
}

const command command_predict = {
    "predict",
    "tell the tags of pictures",
    "predict MODEL PICTURE... [options]",
    "Shows the most probable tags of each picture, the best first; if the model was trained on pictures of any number of tags, those that the picture has; if it was trained on objects in boxes, each object with its box, in fractions of the picture's width and height. A picture is a JPEG, PNG, BMP or GIF file, or - for "
    "standard input. A picture that cannot be read is reported and the others are predicted all the same; the exit code is "
    "then 3.\n"
    "\n"
    "MODEL is a model file, or a project: PROJECT for its default iteration, or PROJECT@ITERATION.\n"
    "\n"
    "With --json each picture gives one line, which is one JSON object.",
    "    ocellus predict parts.ocm photo.jpg\n"
    "    ocellus predict parts@production photo.jpg --store\n"
    "    ocellus predict shelf.ocm photo.jpg --draw found.png\n"
    "    ocellus predict shelf.ocm photo.jpg --tiles 4 --expect 'milk=6,juice=4'\n"
    "    ocellus predict parts.ocm photo.jpg --explain why.png\n"
    "    ocellus predict parts.ocm --recursive --top 1 incoming/\n"
    "    camera | ocellus predict parts.ocm --json -\n",
    run,
};
